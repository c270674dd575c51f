package db

import (
	"context"
	"fmt"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// migration is one step of the schema. Steps are only ever appended: a
// database remembers how many it has taken. A step runs in one transaction
// together with the mark that it ran, so that a crash repeats it whole or not
// at all. A step too large for that is run again and again from the cursor that
// it gave back, kept in the same transaction as the part that it did, until it
// gives back none.
type migration struct {
	name string
	run  func(tx *Tx, from []byte) (next []byte, err error)
}

// whole is a step that fits in one transaction.
func whole(run func(*Tx) error) func(*Tx, []byte) ([]byte, error) {
	return func(tx *Tx, _ []byte) ([]byte, error) { return nil, run(tx) }
}

// migrations is the list. The first marks an empty database.
var migrations = []migration{
	{"begin", whole(func(*Tx) error { return nil })},
	{"sets for the fields of contacts", indexFields},
	{"what each number was texted", rememberTexts},
	{"ranges of moments and numbers of contacts", indexFields},
	{"codes of accounts for opt-out pages", giveLinkCodes},
	{"queue and owners of conversations", placeConversations},
	{"words of messages", indexMessages},
	{"who answered campaigns", gatherReplied},
}

// schema is what the database knows of its own age.
type schema struct {
	Steps int       `cbor:"1,keyasint"`
	At    time.Time `cbor:"2,keyasint"`
	// Cursor is how far the step after these has come, nil before and after.
	Cursor []byte `cbor:"3,keyasint,omitempty"`
}

// NewerError refuses data that a newer binary has migrated.
type NewerError struct{ Data, Binary int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the database was written by a newer version (schema %d, this program knows %d): "+
		"start the newer program, or restore a backup made before the upgrade", e.Data, e.Binary)
}

// tellEvery is how many parts of a long step pass between two words of it: with
// a thousand records a part, some seconds.
const tellEvery = 50

func (s *Store) migrate(ctx context.Context, steps []migration, tell func(step string, parts int)) error {
	var have schema
	if err := s.View(ctx, func(tx *Tx) (err error) {
		have, _, err = get[schema](tx, meta("schema"))
		return err
	}); err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	if have.Steps > len(steps) {
		return &NewerError{Data: have.Steps, Binary: len(steps)}
	}
	old, parts := have.Steps > 0, 0
	for have.Steps < len(steps) {
		step, now := steps[have.Steps], have
		if old && parts%tellEvery == 0 {
			tell(step.name, parts)
		}
		if err := s.Update(ctx, func(tx *Tx) error {
			next, err := step.run(tx, have.Cursor)
			if err != nil {
				return err
			}
			now = schema{Steps: have.Steps, Cursor: next}
			if next == nil {
				now.Steps++
			}
			return put(tx, meta("schema"), now)
		}); err != nil {
			return fmt.Errorf("migration %q: %w", step.name, err)
		}
		parts++
		if now.Steps > have.Steps {
			parts = 0
		}
		have = now
	}
	return nil
}

// indexPart is how many records one transaction of a step over records takes.
const indexPart = 1000

// overRecords is a step that does something with every record of a noun, account
// by account and part by part. Its cursor is the account, and then the key of
// its record done last. To repeat a part must change nothing; nobody else writes
// before the schema is reached.
func overRecords[T any](n noun, part int, do func(tx *Tx, account liadesk.ID, list []T) error) func(*Tx, []byte) ([]byte, error) {
	return func(tx *Tx, from []byte) ([]byte, error) {
		var account liadesk.ID
		if len(from) <= len(account) {
			// Those before are done: begin the account behind them.
			copy(account[:], from)
			next, err := tx.AccountIDs(account, 1)
			if err != nil || len(next) == 0 {
				return nil, err
			}
			account = next[0]
			from = in(account, n)
		}
		copy(account[:], from)
		list, keys, err := scan[T](tx, key(from).after(), in(account, n).end(), part, false)
		if err != nil {
			return nil, err
		}
		if err := do(tx, account, list); err != nil {
			return nil, err
		}
		if len(list) < part {
			return account[:], nil
		}
		return keys[len(keys)-1], nil
	}
}

// indexFields writes the sets that audiences over fields ask for, for contacts
// that were stored before there were any.
var indexFields = overRecords(nContact, indexPart, func(tx *Tx, account liadesk.ID, list []liadesk.Contact) error {
	batch := tx.ContactBatch(account)
	for _, c := range list {
		for _, set := range fieldSetsOf(nil, c) {
			batch.bit(set, c.Dense, true)
		}
	}
	return batch.Flush()
})

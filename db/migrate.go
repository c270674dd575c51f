package db

import (
	"context"
	"fmt"
	"time"
)

// migration is one step of the schema. Steps are only ever appended: a
// database remembers how many it has taken. A step runs in one transaction
// together with the mark that it ran, so that a crash repeats it whole or not
// at all; a step too large for that keeps a cursor of its own.
type migration struct {
	name string
	run  func(*Tx) error
}

// migrations is the list. The first marks an empty database.
var migrations = []migration{
	{"begin", func(*Tx) error { return nil }},
}

// schema is what the database knows of its own age.
type schema struct {
	Steps int       `cbor:"1,keyasint"`
	At    time.Time `cbor:"2,keyasint"`
}

// NewerError refuses data that a newer binary has migrated.
type NewerError struct{ Data, Binary int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the database was written by a newer version (schema %d, this program knows %d): "+
		"start the newer program, or restore a backup made before the upgrade", e.Data, e.Binary)
}

func (s *Store) migrate(ctx context.Context, steps []migration) error {
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
	for i := have.Steps; i < len(steps); i++ {
		if err := s.Update(ctx, func(tx *Tx) error {
			if err := steps[i].run(tx); err != nil {
				return err
			}
			return put(tx, meta("schema"), schema{Steps: i + 1})
		}); err != nil {
			return fmt.Errorf("migration %q: %w", steps[i].name, err)
		}
	}
	return nil
}

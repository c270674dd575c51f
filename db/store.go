// Package db stores the domain's records and their indexes on an ordered
// key-value engine (package kv). There is one file per noun; its methods on Tx
// are questions and changes of the domain ("the contact with this number"),
// and each changes a record and its indexes together.
//
// Rooms open a transaction with View or Update and may combine the methods of
// several nouns in it: what must be true together is written together.
// A transaction's function may run twice (another engine retries on conflict),
// so it is pure: no I/O, no sends, no clock that matters, and every variable
// that it fills is reset at its beginning.
package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/liadesk"
)

// Store is the database of the whole installation.
type Store struct {
	engine kv.Engine
	shared sharedRecords
	shuts  atomic.Uint64 // see Shuts
}

// New puts a store on an engine and brings its data to this binary's schema.
// It refuses data that a newer binary wrote. The store owns the engine from
// then on.
func New(ctx context.Context, engine kv.Engine) (*Store, error) {
	return NewTelling(ctx, engine, func(string, int) {})
}

// NewTelling is New for a start that people wait for: data of an older binary
// can take minutes. Tell hears the name of a step when it begins, with 0, and
// from then on every so often how many parts of it are done; of an empty
// database it hears nothing.
func NewTelling(ctx context.Context, engine kv.Engine, tell func(step string, parts int)) (*Store, error) {
	s := &Store{engine: engine}
	if err := s.migrate(ctx, migrations, tell); err != nil {
		return nil, err
	}
	return s, nil
}

// View reads in one consistent state. Keep it short: one page, never a whole
// export, for a read transaction held long makes the file grow.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	return s.engine.View(ctx, func(tx kv.Tx) error { return fn(&Tx{kv: tx, shared: &s.shared}) })
}

// Update changes things together: all of it is on the disk when Update
// returns nil, and none of it when it returns an error.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	var last *Tx // a callback may run twice; what the last run asked for counts
	err := s.engine.Update(ctx, func(tx kv.Tx) error {
		last = &Tx{kv: tx, shared: &s.shared}
		if err := fn(last); err != nil {
			return err
		}
		return last.finish()
	})
	if err != nil || last == nil {
		return cannotStore(err)
	}
	if last.shuts {
		s.shuts.Add(1) // before anybody is told that it is stored
	}
	for _, fn := range last.after {
		fn()
	}
	return nil
}

// cannotStore says what a disk that takes no more means for the person whose
// change it was: nothing is wrong with the change, and somebody must look after
// the disk. Other errors pass as they are.
func cannotStore(err error) error {
	switch {
	case errors.Is(err, kv.ErrNoSpace):
		return &liadesk.Error{Kind: liadesk.KindUnavailable, Code: "disk_full", Text: "nothing can be saved", Cause: err}
	case errors.Is(err, kv.ErrUncertain):
		return &liadesk.Error{Kind: liadesk.KindUnavailable, Code: "disk_failed", Text: "nothing can be saved", Cause: err}
	}
	return err
}

// Backup writes a consistent copy of the database while others go on.
func (s *Store) Backup(ctx context.Context, w io.Writer) (int64, error) {
	return s.engine.Backup(ctx, w)
}

// Close ends the store and its engine.
func (s *Store) Close() error { return s.engine.Close() }

// Tx is one transaction. It is valid only inside the function it was given to.
type Tx struct {
	kv     kv.Tx
	shared *sharedRecords
	after  []func()
	texted map[string][]liadesk.Texted // what was read and written of nTexted, by key

	// Written at the end, once for all that changed them.
	flights map[string]*flight
	gates   map[liadesk.ID]bool
	shuts   bool // it forbids or allows texts; see Store.Shuts
}

// finish writes what a transaction gathers.
func (tx *Tx) finish() error {
	if err := tx.putFlights(); err != nil {
		return err
	}
	return tx.shutGates()
}

// AfterCommit lets something follow once all of the transaction is stored,
// such as telling listeners; not at all when it fails. It is for verbs that
// work in somebody else's transaction. Fn runs before Update returns, outside
// the transaction, and must not wait.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// Page asks for a part of a list: what follows After (exclusive, an opaque
// cursor that an earlier answer gave), at most Limit records.
type Page struct {
	After string
	Limit int
}

// MaxPage is the most records that one page of a list may hold.
const MaxPage = 200

// Size is the limit within 1 and MaxPage; 0 means 50.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return 50
	}
	return min(p.Limit, MaxPage)
}

// get reads one record; the second result is false when there is none.
func get[T any](tx *Tx, k key) (T, bool, error) {
	var v T
	b, err := tx.kv.Get(k)
	if err != nil || b == nil {
		return v, false, err
	}
	if err := decode(b, &v); err != nil {
		return v, false, fmt.Errorf("record %x: %w", []byte(k), err)
	}
	return v, true, nil
}

// put writes one record.
func put[T any](tx *Tx, k key, v T) error {
	var stored error
	err := encoded(v, func(b []byte) error {
		stored = tx.kv.Put(k, b)
		return nil
	})
	if err != nil {
		return fmt.Errorf("record %x: %w", []byte(k), err)
	}
	return stored
}

// getMany reads records by key in one round trip and leaves out the absent.
func getMany[T any](tx *Tx, keys []key) ([]T, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	raw := make([][]byte, len(keys))
	for i, k := range keys {
		raw[i] = k
	}
	values, err := tx.kv.GetMulti(raw)
	if err != nil {
		return nil, err
	}
	found := 0
	for _, b := range values {
		if b != nil {
			found++
		}
	}
	out := make([]T, found) // filled in place: a record may be large
	at := 0
	for i, b := range values {
		if b == nil {
			continue
		}
		if err := decode(b, &out[at]); err != nil {
			return nil, fmt.Errorf("record %x: %w", raw[i], err)
		}
		at++
	}
	return out, nil
}

// scan reads the records of a range in key order (or from its end).
func scan[T any](tx *Tx, from, to key, limit int, reverse bool) ([]T, []key, error) {
	pairs, err := tx.kv.Scan(from, to, limit, reverse)
	if err != nil {
		return nil, nil, err
	}
	out := make([]T, len(pairs))
	keys := make([]key, len(pairs))
	for i, p := range pairs {
		if err := decode(p.Value, &out[i]); err != nil {
			return nil, nil, fmt.Errorf("record %x: %w", p.Key, err)
		}
		keys[i] = p.Key
	}
	return out, keys, nil
}

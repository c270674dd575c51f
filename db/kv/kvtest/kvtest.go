// Package kvtest holds what every engine of package kv must show. An engine's
// own tests call Run; nothing else of the product imports it.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
)

// Subject is an engine to put to the test.
type Subject struct {
	// New opens an engine on an empty place of its own. The suite closes it.
	New func(t testing.TB) kv.Engine
	// Restore opens an engine on what Backup wrote.
	Restore func(t testing.TB, backup []byte) kv.Engine
}

// Run holds an engine to all the promises of package kv, and once more with
// every callback run twice, as engines do that try again after a conflict.
func Run(t *testing.T, s Subject) {
	t.Helper()
	suite(t, s)
	t.Run("callbacks run twice", func(t *testing.T) {
		suite(t, Subject{
			New:     func(t testing.TB) kv.Engine { return Twice(s.New(t)) },
			Restore: func(t testing.TB, b []byte) kv.Engine { return Twice(s.Restore(t, b)) },
		})
	})
}

func suite(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"absent and empty are told apart", absentAndEmpty},
		{"keys and values of every allowed size", sizes},
		{"keys of any bytes come in byte order", order},
		{"scans keep to their bounds, limit and direction", scans},
		{"own writes are visible and merged", ownWrites},
		{"scans pass over what this transaction emptied", emptied},
		{"slices belong to the caller", ownership},
		{"a view cannot write", readOnly},
		{"a transaction ends with its callback", ended},
		{"a view keeps the state in which it began", isolation},
		{"an update is unseen until it ends", unseen},
		{"an error undoes the update", rollbackOnError},
		{"a panic undoes the update and goes on", rollbackOnPanic},
		{"a goroutine that ends inside undoes the update", rollbackOnExit},
		{"concurrent increments lose nothing", increments},
		{"failures beside others harm nobody", failuresBeside},
		{"an ended context writes nothing", contexts},
		{"a backup holds everything", backups},
		{"a backup stops with its context or its writer", backupStops},
		{"writers go on during a backup", backupMeanwhile},
		{"a closed engine says so", closed},
		{"it behaves like a sorted map", model},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, s) })
	}
}

// Twice wraps an engine so that every callback of Update runs twice, the first
// time in a transaction that is then given up. Tests of the rooms above use it
// to show that their callbacks are pure.
func Twice(e kv.Engine) kv.Engine { return twice{e} }

type twice struct{ kv.Engine }

var errAgain = errors.New("kvtest: once more")

func (e twice) Update(ctx context.Context, fn func(kv.Tx) error) error {
	err := e.Engine.Update(ctx, func(tx kv.Tx) error {
		_ = fn(tx) // the second run decides
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return e.Engine.Update(ctx, fn)
}

// open returns a new engine that is closed with the test.
func open(t testing.TB, s Subject) kv.Engine {
	t.Helper()
	e := s.New(t)
	t.Cleanup(func() { closeEngine(t, e) })
	return e
}

func closeEngine(t testing.TB, e kv.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func update(t testing.TB, e kv.Engine, fn func(tx kv.Tx) error) {
	t.Helper()
	if err := e.Update(t.Context(), fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t testing.TB, e kv.Engine, fn func(tx kv.Tx) error) {
	t.Helper()
	if err := e.View(t.Context(), fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

func put(t testing.TB, e kv.Engine, pairs ...string) {
	t.Helper()
	update(t, e, func(tx kv.Tx) error { return putAll(tx, pairs...) })
}

func putAll(tx kv.Tx, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// want checks the value of a key; "-" stands for absent.
func want(tx kv.Tx, key, value string) error {
	got, err := tx.Get([]byte(key))
	if err != nil {
		return err
	}
	if s := show(got); s != value {
		return fmt.Errorf("key %q has %q, want %q", key, s, value)
	}
	return nil
}

func show(v []byte) string {
	if v == nil {
		return "-"
	}
	return string(v)
}

// wantScan checks the keys that a scan returns.
func wantScan(tx kv.Tx, from, to []byte, limit int, reverse bool, keys ...string) error {
	pairs, err := tx.Scan(from, to, limit, reverse)
	if err != nil {
		return err
	}
	got := make([]string, len(pairs))
	for i, p := range pairs {
		got[i] = string(p.Key)
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", keys) {
		return fmt.Errorf("scan from %q to %q, limit %d, reverse %t: got %q, want %q", from, to, limit, reverse, got, keys)
	}
	return nil
}

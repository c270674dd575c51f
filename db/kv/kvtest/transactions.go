package kvtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
)

func readOnly(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "1")
	view(t, e, func(tx kv.Tx) error {
		for _, err := range []error{tx.Put([]byte("a"), nil), tx.Delete([]byte("a"))} {
			if !errors.Is(err, kv.ErrReadOnly) {
				return fmt.Errorf("%v, want ErrReadOnly", err)
			}
		}
		return want(tx, "a", "1")
	})
}

func ended(t *testing.T, s Subject) {
	e := open(t, s)
	var txs []kv.Tx
	keep := func(tx kv.Tx) error {
		txs = append(txs, tx)
		return tx.Delete([]byte("x"))
	}
	update(t, e, keep)
	if err := e.View(t.Context(), keep); !errors.Is(err, kv.ErrReadOnly) {
		t.Errorf("an error of a view came back as %v", err)
	}
	for _, tx := range txs {
		_, get := tx.Get([]byte("a"))
		_, multi := tx.GetMulti([][]byte{[]byte("a")})
		_, scan := tx.Scan(nil, nil, 1, false)
		for _, err := range []error{get, multi, scan, tx.Put([]byte("a"), nil), tx.Delete([]byte("a"))} {
			if !errors.Is(err, kv.ErrTxDone) {
				t.Errorf("after the callback: %v, want ErrTxDone", err)
			}
		}
	}
}

// isolation and unseen wait inside a callback for another transaction, which
// the rules forbid: it is the only way to be certain of the sequence. Neither
// writes enough to make an engine wait.
func isolation(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "old", "gone", "here")
	view(t, e, func(tx kv.Tx) error {
		if err := want(tx, "a", "old"); err != nil {
			return err
		}
		done := make(chan error)
		go func() {
			done <- e.Update(t.Context(), func(tx kv.Tx) error {
				return errors.Join(putAll(tx, "a", "new", "b", "new"), tx.Delete([]byte("gone")))
			})
		}()
		if err := <-done; err != nil {
			return err
		}
		return errors.Join(want(tx, "a", "old"), want(tx, "b", "-"), wantScan(tx, nil, nil, 9, false, "a", "gone"))
	})
	view(t, e, func(tx kv.Tx) error { return wantScan(tx, nil, nil, 9, false, "a", "b") })
}

func unseen(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "old")
	update(t, e, func(tx kv.Tx) error {
		if err := putAll(tx, "a", "new", "b", "new"); err != nil {
			return err
		}
		done := make(chan error)
		go func() {
			done <- e.View(t.Context(), func(tx kv.Tx) error {
				return errors.Join(want(tx, "a", "old"), want(tx, "b", "-"))
			})
		}()
		return <-done
	})
	view(t, e, func(tx kv.Tx) error { return want(tx, "b", "new") })
}

// spoil writes over everything that is there, then adds.
func spoil(tx kv.Tx) error {
	return errors.Join(putAll(tx, "a", "spoilt", "new", "x", "a", "twice"), tx.Delete([]byte("b")), putAll(tx, "b", "back"), tx.Delete([]byte("c")))
}

func unspoilt(t *testing.T, e kv.Engine) {
	t.Helper()
	put(t, e, "after", "1") // the engine goes on
	view(t, e, func(tx kv.Tx) error {
		return errors.Join(want(tx, "a", "1"), want(tx, "b", ""), want(tx, "c", "3"), wantScan(tx, nil, nil, 9, false, "a", "after", "b", "c"))
	})
}

func rollbackOnError(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "1", "b", "", "c", "3")
	failure := errors.New("of the callback")
	err := e.Update(t.Context(), func(tx kv.Tx) error { return errors.Join(spoil(tx), failure) })
	if !errors.Is(err, failure) {
		t.Errorf("got %v, want the error of the callback", err)
	}
	unspoilt(t, e)
}

func rollbackOnPanic(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "1", "b", "", "c", "3")
	for _, call := range []func(context.Context, func(kv.Tx) error) error{e.Update, e.View} {
		func() {
			defer func() {
				if p := recover(); p != "on purpose" {
					t.Errorf("recovered %v, want the panic of the callback", p)
				}
			}()
			err := call(t.Context(), func(tx kv.Tx) error {
				_ = spoil(tx) // fails in a view, as it should
				panic("on purpose")
			})
			t.Errorf("returned %v, want a panic", err)
		}()
	}
	unspoilt(t, e)
}

func rollbackOnExit(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "1", "b", "", "c", "3")
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := e.Update(t.Context(), func(tx kv.Tx) error {
			_ = spoil(tx)
			runtime.Goexit() // what t.FailNow does
			return nil
		})
		t.Errorf("returned %v", err)
	}()
	<-done
	unspoilt(t, e)
}

// increment adds one to the number under a key.
func increment(tx kv.Tx, key string) error {
	v, err := tx.Get([]byte(key))
	if err != nil {
		return err
	}
	n := make([]byte, 8)
	if v != nil {
		copy(n, v)
	}
	binary.BigEndian.PutUint64(n, binary.BigEndian.Uint64(n)+1)
	return tx.Put([]byte(key), n)
}

func wantNumber(tx kv.Tx, key string, n uint64) error {
	v, err := tx.Get([]byte(key))
	if err != nil {
		return err
	}
	if len(v) != 8 || binary.BigEndian.Uint64(v) != n {
		return fmt.Errorf("%s is %x, want %d", key, v, n)
	}
	return nil
}

func increments(t *testing.T, s Subject) {
	e := open(t, s)
	const writers, each = 16, 20
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for range each {
				err := e.Update(t.Context(), func(tx kv.Tx) error {
					return errors.Join(increment(tx, "shared"), increment(tx, fmt.Sprintf("own-%02d", w)))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
				// Acknowledged is visible, to everybody and at once.
				if err := e.View(t.Context(), func(tx kv.Tx) error { _, err := tx.Get([]byte("shared")); return err }); err != nil {
					t.Errorf("View: %v", err)
				}
			}
		})
	}
	all.Wait()
	view(t, e, func(tx kv.Tx) error {
		err := wantNumber(tx, "shared", writers*each)
		for w := range writers {
			err = errors.Join(err, wantNumber(tx, fmt.Sprintf("own-%02d", w), each))
		}
		return err
	})
}

// failuresBeside lets every third update fail and every fourth panic, after
// having changed what the others change too.
func failuresBeside(t *testing.T, s Subject) {
	e := open(t, s)
	const writers, each = 12, 20
	failure := errors.New("on purpose")
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for range each {
				func() {
					defer func() {
						if p := recover(); p != nil && (w%4 != 1 || p != "on purpose") {
							t.Errorf("writer %d recovered %v", w, p)
						}
					}()
					err := e.Update(t.Context(), func(tx kv.Tx) error {
						if err := increment(tx, "shared"); err != nil {
							return err
						}
						switch {
						case w%4 == 1:
							_ = tx.Delete([]byte("shared"))
							panic("on purpose")
						case w%3 == 0:
							return errors.Join(tx.Delete([]byte("shared")), tx.Put([]byte("stray"), nil), failure)
						}
						return nil
					})
					if w%3 == 0 != errors.Is(err, failure) {
						t.Errorf("writer %d: %v", w, err)
					}
				}()
			}
		})
	}
	all.Wait()
	good := 0
	for w := range writers {
		if w%4 != 1 && w%3 != 0 {
			good++
		}
	}
	view(t, e, func(tx kv.Tx) error {
		return errors.Join(wantNumber(tx, "shared", uint64(good*each)), want(tx, "stray", "-"))
	})
}

func contexts(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "1")
	cause, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(kv.Tx) error { t.Error("the callback ran"); return nil }
	if err := e.Update(cause, never); !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want context.Canceled", err)
	}
	if err := e.View(cause, never); !errors.Is(err, context.Canceled) {
		t.Errorf("View: %v, want context.Canceled", err)
	}
	// One whose context ends after its callback has run learns what happened.
	late, cancelLate := context.WithCancel(t.Context())
	outcome := e.Update(late, func(tx kv.Tx) error { defer cancelLate(); return tx.Put([]byte("late"), []byte("x")) })
	view(t, e, func(tx kv.Tx) error {
		if outcome == nil {
			return want(tx, "late", "x")
		}
		return want(tx, "late", "-")
	})
}

func backups(t *testing.T, s Subject) {
	e := open(t, s)
	const n = 3000
	update(t, e, func(tx kv.Tx) error {
		for i := range n {
			if err := tx.Put(fmt.Appendf(nil, "key-%05d", i), bytes.Repeat([]byte{byte(i)}, i%700)); err != nil {
				return err
			}
		}
		return nil
	})
	var copied bytes.Buffer
	size, err := e.Backup(t.Context(), &copied)
	if err != nil || size != int64(copied.Len()) || size == 0 {
		t.Fatalf("Backup: %d, %v; wrote %d bytes", size, err, copied.Len())
	}
	put(t, e, "key-00001", "later")
	back := s.Restore(t, copied.Bytes())
	defer closeEngine(t, back)
	view(t, back, func(tx kv.Tx) error {
		pairs, err := tx.Scan(nil, nil, n+1, false)
		if err != nil || len(pairs) != n {
			return fmt.Errorf("%d pairs, %v; want %d", len(pairs), err, n)
		}
		for i, p := range pairs {
			if string(p.Key) != fmt.Sprintf("key-%05d", i) || !bytes.Equal(p.Value, bytes.Repeat([]byte{byte(i)}, i%700)) {
				return fmt.Errorf("pair %d came back as %q", i, p)
			}
		}
		return nil
	})
	put(t, back, "more", "x") // it is a database to go on with
	view(t, e, func(tx kv.Tx) error { return want(tx, "more", "-") })
}

// failingWriter takes so many bytes, then fails.
type failingWriter struct {
	room int
	err  error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.room {
		return 0, w.err
	}
	w.room -= len(p)
	return len(p), nil
}

func backupStops(t *testing.T, s Subject) {
	e := open(t, s)
	put(t, e, "a", "1")
	full := errors.New("the tape is full")
	if _, err := e.Backup(t.Context(), &failingWriter{err: full}); !errors.Is(err, full) {
		t.Errorf("Backup: %v, want the error of the writer", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Backup(ended, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("Backup: %v, want context.Canceled", err)
	}
	meanwhile, cancel := context.WithCancel(t.Context())
	_, err := e.Backup(meanwhile, writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil }))
	if err != nil && !errors.Is(err, context.Canceled) { // nil where one write was all
		t.Errorf("Backup: %v, want context.Canceled", err)
	}
	unharmed(t, e)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func unharmed(t *testing.T, e kv.Engine) {
	t.Helper()
	put(t, e, "b", "2")
	view(t, e, func(tx kv.Tx) error { return errors.Join(want(tx, "a", "1"), want(tx, "b", "2")) })
}

// backupMeanwhile writes at every piece of the copy, in twos that belong
// together: the copy must never hold one without the other.
func backupMeanwhile(t *testing.T, s Subject) {
	e := open(t, s)
	filler := bytes.Repeat([]byte("filler"), 1000)
	update(t, e, func(tx kv.Tx) error {
		for i := range 200 {
			if err := tx.Put(fmt.Appendf(nil, "filler-%03d", i), filler); err != nil {
				return err
			}
		}
		return nil
	})
	both := func(tx kv.Tx) error { return errors.Join(increment(tx, "first"), increment(tx, "zlast")) }
	update(t, e, both)
	var copied bytes.Buffer
	writes := uint64(1)
	_, err := e.Backup(t.Context(), writerFunc(func(p []byte) (int, error) {
		writes++
		if err := e.Update(t.Context(), both); err != nil {
			return 0, err
		}
		return copied.Write(p)
	}))
	if err != nil {
		t.Fatalf("Backup: %v", err)
	}
	view(t, e, func(tx kv.Tx) error {
		return errors.Join(wantNumber(tx, "first", writes), wantNumber(tx, "zlast", writes))
	})
	back := s.Restore(t, copied.Bytes())
	defer closeEngine(t, back)
	view(t, back, func(tx kv.Tx) error {
		return errors.Join(wantNumber(tx, "first", 1), wantNumber(tx, "zlast", 1))
	})
}

func closed(t *testing.T, s Subject) {
	e := s.New(t)
	put(t, e, "a", "1")
	var all sync.WaitGroup
	for range 8 { // those who write while it closes get one answer or the other
		all.Go(func() {
			if err := e.Update(t.Context(), func(tx kv.Tx) error { return increment(tx, "n") }); err != nil && !errors.Is(err, kv.ErrClosed) {
				t.Errorf("Update beside Close: %v", err)
			}
		})
		all.Go(func() {
			if err := e.View(t.Context(), func(tx kv.Tx) error { return want(tx, "a", "1") }); err != nil && !errors.Is(err, kv.ErrClosed) {
				t.Errorf("View beside Close: %v", err)
			}
		})
		all.Go(func() { closeEngine(t, e) })
	}
	all.Wait()
	never := func(kv.Tx) error { t.Error("the callback ran"); return nil }
	_, backup := e.Backup(t.Context(), io.Discard)
	for _, err := range []error{e.View(t.Context(), never), e.Update(t.Context(), never), backup} {
		if !errors.Is(err, kv.ErrClosed) {
			t.Errorf("after Close: %v, want ErrClosed", err)
		}
	}
	closeEngine(t, e)
}

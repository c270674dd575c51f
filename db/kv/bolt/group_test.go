package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db/kv"
)

func openAt(t testing.TB, path string) *Engine {
	t.Helper()
	e, err := Open(path, Options{})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	e.limits.age = time.Hour // groups end by what a test does, not by how fast it runs
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func openTemp(t testing.TB) *Engine {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "data.db"))
}

// hold takes the turn with an update that stays until release is called, and
// then ends with the given error.
func hold(t *testing.T, e *Engine, end error) (release func() error) {
	t.Helper()
	inside, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- e.Update(context.Background(), func(tx kv.Tx) error {
			close(inside)
			<-let
			return errors.Join(tx.Put([]byte("holder"), []byte("x")), end)
		})
	}()
	<-inside
	return func() error {
		close(let)
		return <-done
	}
}

// stands waits until so many are in line.
func stands(e *Engine, n int) {
	for {
		e.mu.Lock()
		got := len(e.line)
		e.mu.Unlock()
		if got == n {
			return
		}
		runtime.Gosched()
	}
}

// queue lets the callbacks stand in line, one behind the other, and returns
// their results once all are done.
func queue(t *testing.T, e *Engine, ctx context.Context, fns ...func(kv.Tx) error) (results func() []error) {
	t.Helper()
	errs := make([]error, len(fns))
	var all sync.WaitGroup
	for i, fn := range fns {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			errs[i] = errors.New("ended its goroutine")
			errs[i] = e.Update(ctx, fn)
		})
		stands(e, i+1)
	}
	return func() []error { all.Wait(); return errs }
}

func putter(key, value string) func(kv.Tx) error {
	return func(tx kv.Tx) error { return tx.Put([]byte(key), []byte(value)) }
}

func content(t *testing.T, e *Engine) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := e.View(t.Context(), func(tx kv.Tx) error {
		pairs, err := tx.Scan(nil, nil, 10000, false)
		for _, p := range pairs {
			m[string(p.Key)] = string(p.Value)
		}
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	return m
}

func TestThoseWhoWaitShareOneCommit(t *testing.T) {
	e := openTemp(t)
	release := hold(t, e, nil)
	fns := make([]func(kv.Tx) error, 10)
	for i := range fns {
		fns[i] = putter(fmt.Sprint(i), "x")
	}
	results := queue(t, e, t.Context(), fns...)
	if err := errors.Join(release(), errors.Join(results()...)); err != nil {
		t.Fatal(err)
	}
	if s := e.Stats(); s.Commits != 1 || s.Updates != 11 || s.Grouped != 10 || s.LargestGroup != 11 {
		t.Errorf("stats are %+v, want 11 updates in 1 commit", s)
	}
	if m := content(t, e); len(m) != 11 {
		t.Errorf("the map is %v", m)
	}
}

func TestALoneWriterWaitsForNobody(t *testing.T) {
	e := openTemp(t)
	for i := range 5 {
		if err := e.Update(t.Context(), putter("a", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		if s := e.Stats(); s.Commits != uint64(i+1) || s.Grouped != 0 {
			t.Fatalf("after %d updates: %+v", i+1, s)
		}
	}
	if e.db.NoSync || e.db.NoGrowSync {
		t.Error("commits do not wait for the disk")
	}
}

func TestAnUpdateThatOnlyReadsCostsNoCommit(t *testing.T) {
	e := openTemp(t)
	err := e.Update(t.Context(), func(tx kv.Tx) error { _, err := tx.Get([]byte("a")); return err })
	if s := e.Stats(); err != nil || s.Commits != 0 {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestAGroupEndsAtItsLimits(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  limits
		commits uint64
	}{
		{"members", limits{members: 4, bytes: 1 << 20, age: time.Hour}, 2},
		{"bytes", limits{members: 100, bytes: 2000, age: time.Hour}, 4}, // the holder and two; two; two; one
		{"age", limits{members: 100, bytes: 1 << 20, age: 0}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := openTemp(t)
			e.limits = c.limits
			release := hold(t, e, nil)
			fns := make([]func(kv.Tx) error, 7)
			for i := range fns {
				fns[i] = putter(fmt.Sprint(i), fmt.Sprintf("%01000d", i))
			}
			results := queue(t, e, t.Context(), fns...)
			if err := errors.Join(release(), errors.Join(results()...)); err != nil {
				t.Fatal(err)
			}
			if s := e.Stats(); s.Commits != c.commits || s.Updates != 8 {
				t.Errorf("stats are %+v, want 8 updates in %d commits", s, c.commits)
			}
		})
	}
}

func TestFailuresWithinAGroupUndoOnlyTheirOwn(t *testing.T) {
	failure := errors.New("on purpose")
	spoil := func(tx kv.Tx) error {
		return errors.Join(tx.Put([]byte("a"), []byte("spoilt")), tx.Delete([]byte("a")), tx.Put([]byte("a"), []byte("spoilt again")),
			tx.Delete([]byte("kept")), tx.Put([]byte("empty"), []byte("no more")), tx.Put([]byte("stray"), []byte("x")), tx.Delete([]byte("never")))
	}
	for _, holderFails := range []bool{false, true} {
		t.Run(fmt.Sprintf("first of the group fails %t", holderFails), func(t *testing.T) {
			e := openTemp(t)
			if err := e.Update(t.Context(), func(tx kv.Tx) error {
				return errors.Join(tx.Put([]byte("kept"), []byte("x")), tx.Put([]byte("empty"), nil))
			}); err != nil {
				t.Fatal(err)
			}
			var end error
			if holderFails {
				end = failure
			}
			release := hold(t, e, end)
			results := queue(t, e, t.Context(),
				putter("a", "1"),
				func(tx kv.Tx) error { return errors.Join(spoil(tx), failure) },
				func(tx kv.Tx) error { _ = spoil(tx); panic("on purpose") },
				func(tx kv.Tx) error { _ = spoil(tx); runtime.Goexit(); return nil },
				func(tx kv.Tx) error { // sees the first, and nothing of the three
					v, err := tx.Get([]byte("a"))
					if string(v) != "1" {
						err = fmt.Errorf("a = %q", v)
					}
					return errors.Join(err, tx.Put([]byte("b"), []byte("2")))
				},
				func(tx kv.Tx) error { return errors.Join(spoil(tx), failure) }, // the last, who commits for the others
			)
			if err := release(); !errors.Is(err, end) {
				t.Errorf("the holder got %v", err)
			}
			errs := results()
			if errs[0] != nil || errs[4] != nil || !errors.Is(errs[1], failure) || errs[2].Error() != "panic: on purpose" ||
				errs[3].Error() != "ended its goroutine" || !errors.Is(errs[5], failure) {
				t.Errorf("results are %v", errs)
			}
			want := map[string]string{"a": "1", "b": "2", "kept": "x", "empty": "", "holder": "x"}
			if holderFails {
				delete(want, "holder")
			}
			if m := content(t, e); fmt.Sprint(m) != fmt.Sprint(want) {
				t.Errorf("the map is %v, want %v", m, want)
			}
			if s := e.Stats(); s.Commits != 2 {
				t.Errorf("stats are %+v, want 1 commit for the group", s)
			}
		})
	}
}

func TestWhatCannotBeUndoneIsNotCommitted(t *testing.T) {
	e := openTemp(t)
	release := hold(t, e, nil)
	failure := errors.New("on purpose")
	results := queue(t, e, t.Context(), func(t kv.Tx) error {
		own := t.(*tx)
		own.log = append(own.log, change{key: nil, old: []byte("bbolt takes no empty key")})
		return failure
	}, putter("next", "x"))
	if err := release(); err == nil {
		t.Error("an update was acknowledged that was not committed")
	}
	if errs := results(); !errors.Is(errs[0], failure) || errs[1] != nil {
		t.Errorf("results are %v", errs)
	}
	if m := content(t, e); fmt.Sprint(m) != "map[next:x]" {
		t.Errorf("the map is %v", m)
	}
}

func TestOneWhoseContextEndsLeavesTheLine(t *testing.T) {
	e := openTemp(t)
	release := hold(t, e, nil)
	ctx, cancel := context.WithCancel(t.Context())
	impatient := queue(t, e, ctx, func(kv.Tx) error { t.Error("the callback ran"); return nil })
	cancel()
	if err := impatient()[0]; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	stands(e, 0)
	if err := release(); err != nil {
		t.Error(err)
	}
	if err := e.Update(t.Context(), putter("a", "1")); err != nil {
		t.Error(err)
	}
}

// endsWithItsTurn is a context that ends in the very moment in which the turn
// comes: when Done is asked for, which is after its owner has got in line.
type endsWithItsTurn struct {
	context.Context
	turn  func()
	ended bool
}

func (c *endsWithItsTurn) Done() <-chan struct{} {
	c.turn()
	c.ended = true
	done := make(chan struct{})
	close(done)
	return done
}

func (c *endsWithItsTurn) Err() error {
	if c.ended {
		return context.Canceled
	}
	return nil
}

func TestATurnThatComesTooLateIsPassedOn(t *testing.T) {
	e := openTemp(t)
	for range 50 { // it is left to chance which of the two is seen first
		if err := e.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx := &endsWithItsTurn{Context: t.Context(), turn: e.leave}
		err := e.Update(ctx, func(kv.Tx) error { t.Error("the callback ran"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Update: %v, want context.Canceled", err)
		}
		if e.busy {
			t.Fatal("nobody has the turn, and nobody can get it")
		}
	}
}

// TestATurnIsNeverLost ends contexts at any moment, also that in which the turn
// comes: those who stand behind must get it all the same.
func TestATurnIsNeverLost(t *testing.T) {
	e := openTemp(t)
	var good atomic.Uint64
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 60 {
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					for range (w*7 + i) % 50 {
						runtime.Gosched()
					}
					cancel()
				}()
				err := e.Update(ctx, func(tx kv.Tx) error {
					v, err := tx.Get([]byte("n"))
					if err != nil {
						return err
					}
					n := make([]byte, 8)
					copy(n, v)
					binary.BigEndian.PutUint64(n, binary.BigEndian.Uint64(n)+1)
					return tx.Put([]byte("n"), n)
				})
				switch {
				case err == nil:
					good.Add(1)
				case !errors.Is(err, context.Canceled):
					t.Errorf("Update: %v", err)
				}
				cancel()
			}
		})
	}
	all.Wait()
	n := make([]byte, 8)
	copy(n, content(t, e)["n"])
	if got := binary.BigEndian.Uint64(n); got != good.Load() {
		t.Errorf("%d updates were acknowledged, %d are there", good.Load(), got)
	}
	if e.busy || len(e.line) != 0 || e.group != nil {
		t.Error("somebody still has the turn")
	}
}

func TestCloseLetsTheLineFinish(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	e := openAt(t, path)
	release := hold(t, e, nil)
	results := queue(t, e, t.Context(), putter("a", "1"), putter("b", "2"))
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	stands(e, 3)
	if err := e.Update(t.Context(), putter("late", "x")); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Update beside Close: %v, want ErrClosed", err)
	}
	if err := errors.Join(release(), errors.Join(results()...), <-closed); err != nil {
		t.Fatal(err)
	}
	if m := content(t, openAt(t, path)); fmt.Sprint(m) != "map[a:1 b:2 holder:x]" {
		t.Errorf("the map is %v", m)
	}
}

func TestCheckTakesItsTurnBehindAGroup(t *testing.T) {
	e := openTemp(t)
	release := hold(t, e, nil)
	checked := make(chan error)
	go func() { checked <- e.Check(t.Context()) }()
	stands(e, 1)
	if err := errors.Join(release(), <-checked); err != nil {
		t.Fatal(err)
	}
	if m := content(t, e); len(m) != 1 {
		t.Errorf("the map is %v", m)
	}
}

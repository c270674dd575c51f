package bolt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"github.com/liadesk/campaigns/db/kv"
)

// writers is the line in which updates stand, and the group that shares the
// next commit.
//
// Writers take turns. Whoever has the turn runs its callback in its own
// goroutine, inside the transaction of the open group; then it hands the turn
// to the next in line and waits for the commit. Whoever finds nobody behind it
// (or the group full) commits for all. So a lone writer commits at once, those
// who come while a commit runs make up the next group, and nobody ever waits
// for a timer.
//
// A callback that fails must not take the others along, who have run before it
// in the same transaction. Its writes are undone from a log of the old values:
// cheaper than running the others again, and they run once only.
//
// What if the process dies at any point: nobody has been told of success before
// Commit returned, which is after the second sync; bbolt then either shows all
// of the group or none of it.
type writers struct {
	db     *bbolt.DB
	limits limits

	mu     sync.Mutex
	busy   bool            // somebody has the turn
	line   []chan struct{} // those who wait for it; closed when it is theirs
	closed bool

	// For whoever has the turn:
	group  *group
	failed error // set once the disk failed a commit: no more writing

	commits, updates, shared atomic.Uint64
	largest                  atomic.Int64
}

// limits end a group though others wait, so that the first of it need not wait
// for a stream of newcomers, nor memory hold what they all write.
type limits struct {
	members int
	bytes   int           // keys and values put
	age     time.Duration // since its first callback has run
}

var defaultLimits = limits{members: 256, bytes: 8 << 20, age: 5 * time.Millisecond}

// group is a transaction of bbolt with everybody whose writes are in it.
type group struct {
	tx      *bbolt.Tx
	bucket  *bbolt.Bucket
	members int
	bytes   int
	wrote   bool // else there is nothing to commit
	began   time.Time

	done chan struct{} // closed after the commit
	err  error         // its outcome, to read after done
}

func (g *group) full(l limits) bool {
	return g.members >= l.members || g.bytes >= l.bytes || time.Since(g.began) >= l.age
}

// Update implements kv.Engine.
func (w *writers) Update(ctx context.Context, fn func(kv.Tx) error) error {
	if err := w.enter(ctx); err != nil {
		return err
	}
	g, err := w.take(ctx, fn)
	if err != nil {
		return err
	}
	<-g.done
	return g.err
}

// take uses the turn for fn and passes it on, even when fn panics or ends its
// goroutine.
func (w *writers) take(ctx context.Context, fn func(kv.Tx) error) (*group, error) {
	defer w.leave()
	if err := ctx.Err(); err != nil {
		return nil, err // ended while waiting, in the moment when the turn came
	}
	if w.failed != nil {
		return nil, w.failed
	}
	if w.group == nil {
		btx, err := w.db.Begin(true)
		if err != nil {
			return nil, fmt.Errorf("cannot begin an update: %w", err)
		}
		w.group = &group{tx: btx, bucket: btx.Bucket(dataBucket), done: make(chan struct{})}
	}
	g := w.group
	// The first of a group needs no log: when it fails, the transaction goes.
	t := &tx{bucket: g.bucket, writable: true, logging: g.members > 0}
	joined := false
	defer func() {
		t.end()
		if !joined {
			w.revoke(g, t)
		}
	}()
	if err := fn(t); err != nil {
		return nil, err
	}
	joined = true
	if g.members == 0 {
		g.began = time.Now()
	}
	g.members++
	g.bytes += t.bytes
	g.wrote = g.wrote || t.wrote
	return g, nil
}

// revoke takes the writes of one callback out of a group.
func (w *writers) revoke(g *group, t *tx) {
	if g.members == 0 {
		w.abandon(nil)
		return
	}
	if err := t.undo(g.bucket); err != nil {
		w.abandon(fmt.Errorf("an update that shared the commit could not be undone: %w", err))
	}
}

// abandon gives the open group up: nothing of it is written, its members get err.
func (w *writers) abandon(err error) {
	g := w.group
	w.group = nil
	_ = g.tx.Rollback() // fails only for a transaction that has ended
	g.err = err
	close(g.done)
}

// enter waits for the turn. After nil the caller has it and must leave.
func (w *writers) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return kv.ErrClosed
	}
	turn := w.stand()
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.line, turn)
	if i < 0 {
		return nil // the turn came in the same moment, and must be passed on
	}
	w.line = slices.Delete(w.line, i, i+1)
	return ctx.Err()
}

// enterLast waits for the turn and lets nobody in afterwards.
func (w *writers) enterLast() {
	w.mu.Lock()
	w.closed = true
	turn := w.stand()
	w.mu.Unlock()
	<-turn
}

// stand puts the caller, who holds mu, in line.
func (w *writers) stand() chan struct{} {
	turn := make(chan struct{})
	if w.busy {
		w.line = append(w.line, turn)
	} else {
		w.busy = true
		close(turn)
	}
	return turn
}

// leave passes the turn on, and commits first when nobody is there to join or
// nobody may.
func (w *writers) leave() {
	w.mu.Lock()
	if g := w.group; g != nil && (len(w.line) == 0 || g.full(w.limits)) {
		w.mu.Unlock()
		w.settle()
		w.mu.Lock()
	}
	defer w.mu.Unlock()
	if len(w.line) == 0 {
		w.busy = false
		return
	}
	close(w.line[0])
	w.line = slices.Delete(w.line, 0, 1)
}

// settle commits the open group, if there is one. The caller has the turn.
func (w *writers) settle() {
	g := w.group
	if g == nil {
		return
	}
	if !g.wrote {
		w.abandon(nil)
		return
	}
	w.group = nil
	if g.err = w.commit(g.tx); g.err == nil {
		n := uint64(g.members)
		w.commits.Add(1)
		w.updates.Add(n)
		w.shared.Add(n - 1)
		w.largest.Store(max(w.largest.Load(), int64(n)))
	}
	close(g.done)
}

// commit writes a transaction to the disk and names what goes wrong.
//
// A full disk fails the write of the pages, before the meta page that makes
// them count: bbolt rolls back, and the next may try. After any other failure
// it stops writing for good: what the disk holds may differ from what the
// operating system shows, and to build upon it could lose what was acknowledged
// long ago.
func (w *writers) commit(btx *bbolt.Tx) (err error) {
	id := btx.ID()
	defer func() {
		if p := recover(); p != nil { // bbolt found its own pages inconsistent
			letGo(btx)
			err = w.fail(fmt.Errorf("%v", p))
		}
	}()
	err = btx.Commit()
	switch {
	case err == nil:
		return nil
	case isFull(err) && !w.visible(id):
		return fmt.Errorf("%w: %w", kv.ErrNoSpace, err)
	}
	return w.fail(err)
}

func (w *writers) fail(err error) error {
	w.failed = fmt.Errorf("%w (%w): look at the disk, then restart", kv.ErrUncertain, err)
	return w.failed
}

// visible tells whether readers already see the transaction with this id.
func (w *writers) visible(id int) bool {
	btx, err := w.db.Begin(false)
	if err != nil {
		return true // we do not know
	}
	defer func() { _ = btx.Rollback() }()
	return btx.ID() >= id
}

// letGo ends a transaction whose commit panicked, so that Close does not wait
// for it for ever.
func letGo(btx *bbolt.Tx) {
	defer func() { _ = recover() }() // what panicked once may do it again
	_ = btx.Rollback()
}

// isFull recognises that no more can be written: no space, no quota, or the
// limit of the size of files. Where bbolt extends the file it passes on the
// text of the fault only.
func isFull(err error) bool {
	return slices.ContainsFunc([]syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}, func(full syscall.Errno) bool {
		return errors.Is(err, full) || strings.HasSuffix(err.Error(), ": "+full.Error())
	})
}

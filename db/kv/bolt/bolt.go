// Package bolt keeps the data of package kv in one file with bbolt, and is the
// only package that knows bbolt.
//
// bbolt is a B+tree with copy on write: one writer at a time, readers who never
// wait, and a commit that is a write of the changed pages, a sync, a write of
// one of the two meta pages, and a sync. Around it this package adds
//
//   - commits in groups (group.go), since a commit costs the time of the disk
//     no matter how many writers it carries;
//   - a look at the file before bbolt touches it (whole.go): bbolt takes an
//     empty file for a new database, and one that was cut short kills the
//     process with a fault that no Go code can catch;
//   - the instance (instance.go), by which a lost database is noticed;
//   - errors that say what the operator does next.
//
// # Growth
//
// The file grows when pages are needed and none is free, and never shrinks.
// Pages which a writer replaced are free again once no reader can see them, so
// a long View or Backup makes the file grow by what is written meanwhile. The
// file is extended 16 MiB ahead, sparsely: its length says more than the disk
// has given. A backup has no free tail, and starting from a restored one is how
// a file gets small again.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/liadesk/campaigns/db/kv"
)

// Options tune Open; the zero value is right for the server.
type Options struct {
	// LockTimeout is how long Open waits for another process to let go of the
	// file before it answers kv.ErrLocked. 0 means one second, less than 0 not to
	// wait at all.
	LockTimeout time.Duration
	// MustExist makes Open answer an error that is fs.ErrNotExist, instead of
	// creating a database where there is none.
	MustExist bool
}

// mmapSize is how much address space is set aside for the file. It costs no
// memory. While the file is within, it grows without stopping the readers;
// beyond that, each further GiB waits until no reader is there.
var mmapSize = func() int {
	if strconv.IntSize == 32 {
		return 256 << 20
	}
	return 8 << 30
}()

var (
	dataBucket  = []byte("data") // the map
	metaBucket  = []byte("meta") // what the engine keeps about the file
	instanceKey = []byte("instance")
)

// Engine is an open database file. See kv.Engine for its promises.
type Engine struct {
	db       *bbolt.DB
	path     string
	instance string
	pageSize int

	closing   atomic.Bool
	closeOnce sync.Once
	closeErr  error

	writers // the line of writers and their commits
}

var _ kv.Engine = (*Engine)(nil)

// Open opens the database in the file at path, creating it with mode 0600 when
// there is none and never was. The folder must exist. It answers kv.ErrLocked
// when another process has it open, and *kv.DamagedError, with the file left as
// it is, when it is missing, empty or cut short where one is expected.
func Open(path string, opt Options) (*Engine, error) {
	f, fresh, err := openWhole(path, opt)
	if err != nil {
		return nil, err
	}
	db, instance, err := openBolt(path, f)
	if err != nil {
		return nil, err
	}
	if err := writeInstance(path, instance, fresh); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot write beside the database %s: %w", path, err), db.Close())
	}
	return newEngine(path, db, instance), nil
}

func newEngine(path string, db *bbolt.DB, instance string) *Engine {
	e := &Engine{db: db, path: path, instance: instance, pageSize: db.Info().PageSize}
	e.writers.db, e.limits = db, defaultLimits
	return e
}

// openWhole opens the file, locks it, and makes sure that bbolt can be let near
// it. All of it happens under the lock, so that nobody is judged while half
// written; fresh tells that the file is empty and may become a new database.
func openWhole(path string, opt Options) (f *os.File, fresh bool, err error) {
	flag := os.O_RDWR
	switch _, err := os.Stat(path); {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, fmt.Errorf("cannot look at the database: %w", err)
	case hadInstance(path):
		return nil, false, lost(path, "is missing")
	case opt.MustExist:
		return nil, false, noDatabase(path)
	default:
		flag |= os.O_CREATE
	}
	f, err = os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("cannot open the database: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the first error is the one to tell; closing lets go of the lock
		}
	}()
	if err := lock(f, opt.LockTimeout); err != nil {
		return nil, false, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, false, fmt.Errorf("cannot look at the database: %w", err)
	}
	// A restore may have put another file in its place while we waited.
	if now, err := os.Stat(path); err != nil || !os.SameFile(info, now) {
		return nil, false, fmt.Errorf("the database %s was replaced while it was being opened: try again", path)
	}
	if info.Size() > 0 {
		return f, false, whole(f, info.Size())
	}
	// An empty file is what a start that was cut off leaves behind, before
	// anything could be promised to anybody, unless there was a database here.
	switch {
	case hadInstance(path):
		return nil, false, lost(path, "is empty")
	case opt.MustExist:
		return nil, false, noDatabase(path)
	}
	return f, true, nil
}

func noDatabase(path string) error {
	return fmt.Errorf("there is no database yet: %w", &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist})
}

// openBolt gives the checked file to bbolt and makes sure of the two buckets.
// Damage deeper in the tree than the check looks may show as a panic or a fault
// within; both become an error here. (What lies deeper still is for Check.)
func openBolt(path string, f *os.File) (db *bbolt.DB, instance string, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			_ = f.Close() // lets go of the lock; the rest of bbolt's state is beyond use
			db, err = nil, damaged(path, "cannot be read: its pages are damaged", fmt.Errorf("%v", p))
		}
	}()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         lockTry, // f is locked already; this is for systems where lock is left to bbolt
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mmapSize,
		OpenFile:        func(string, int, os.FileMode) (*os.File, error) { return f, nil },
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, "", lockedError(path)
	case err != nil:
		return nil, "", fmt.Errorf("cannot open the database %s: %w", path, err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(metaBucket); b != nil && tx.Bucket(dataBucket) != nil {
			instance = string(b.Get(instanceKey))
		}
		return nil
	})
	if err == nil && instance == "" {
		instance = newInstance()
		err = db.Update(func(tx *bbolt.Tx) error {
			if _, err := tx.CreateBucketIfNotExists(dataBucket); err != nil {
				return err
			}
			b, err := tx.CreateBucketIfNotExists(metaBucket)
			if err != nil {
				return err
			}
			return b.Put(instanceKey, []byte(instance))
		})
	}
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("cannot prepare the database %s: %w", path, err), db.Close())
	}
	return db, instance, nil
}

// InstanceID names this database. It is drawn when the file is created and
// stays with the data: a backup, and what is restored from it, has the same.
func (e *Engine) InstanceID() string { return e.instance }

// Path returns the path of the file, as it was given to Open.
func (e *Engine) Path() string { return e.path }

// View implements kv.Engine.
func (e *Engine) View(ctx context.Context, fn func(kv.Tx) error) error {
	btx, err := e.read(ctx)
	if err != nil {
		return err
	}
	t := &tx{bucket: btx.Bucket(dataBucket)}
	defer func() {
		t.end()
		_ = btx.Rollback() // ends the reading; there is nothing to lose
	}()
	return fn(t)
}

// Backup implements kv.Engine. The copy is itself a database file for Open.
func (e *Engine) Backup(ctx context.Context, w io.Writer) (int64, error) {
	btx, err := e.read(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = btx.Rollback() }()
	out := &contextWriter{ctx: ctx, w: w}
	n, err := btx.WriteTo(out)
	if out.err != nil {
		err = out.err // as bbolt passes it on, only its text is left
	}
	if err != nil {
		return n, fmt.Errorf("the backup stopped after %d bytes: %w", n, err)
	}
	return n, nil
}

// read begins a reading transaction.
func (e *Engine) read(ctx context.Context) (*bbolt.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.closing.Load() {
		return nil, kv.ErrClosed
	}
	btx, err := e.db.Begin(false)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return nil, kv.ErrClosed
	}
	return btx, err
}

// contextWriter stops a copy between two writes, and remembers why it stopped.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
	err error
}

func (c *contextWriter) Write(p []byte) (n int, err error) {
	if err = c.ctx.Err(); err == nil {
		n, err = c.w.Write(p)
	}
	c.err = err
	return n, err
}

// Check reads the whole database and looks whether its tree holds together:
// every page used once, keys in order. nil means sound; *kv.DamagedError names
// the first faults. Writers wait while it runs, which takes about as long as
// reading the file.
func (e *Engine) Check(ctx context.Context) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	e.settle() // a group may be open that was handed on to us
	if e.failed != nil {
		return e.failed
	}
	// bbolt's check reads the list of free pages, which only a writer may.
	btx, err := e.db.Begin(true)
	if err != nil {
		return err
	}
	defer func() { _ = btx.Rollback() }()
	var faults []error
	for err := range btx.Check() { // must be read to its end, or its goroutine stays
		if len(faults) < 10 {
			faults = append(faults, err)
		}
	}
	if len(faults) > 0 {
		return damaged(e.path, "has damaged pages", errors.Join(faults...))
	}
	return nil
}

// Alone implements kv.Engine: bbolt locks its file.
func (e *Engine) Alone() bool { return true }

// Close implements kv.Engine. Those who stand in line still get their turn.
func (e *Engine) Close() error {
	e.closeOnce.Do(func() {
		e.closing.Store(true)
		e.enterLast()
		defer e.leave()
		e.settle()
		e.closeErr = e.db.Close()
	})
	return e.closeErr
}

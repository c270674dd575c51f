package kv

import (
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is; engines wrap them with the
// particulars.
var (
	// ErrReadOnly answers Put and Delete within View.
	ErrReadOnly = errors.New("kv: a read transaction cannot write")
	// ErrClosed answers every call to an engine after its Close.
	ErrClosed = errors.New("kv: the database is closed")
	// ErrTxDone answers calls to a Tx whose callback has returned.
	ErrTxDone = errors.New("kv: the transaction has ended")
	// ErrKeySize refuses keys of 0 or of more than MaxKeySize bytes.
	ErrKeySize = errors.New("kv: a key has 1 to 1024 bytes")
	// ErrValueSize refuses values of more than MaxValueSize bytes.
	ErrValueSize = errors.New("kv: a value has at most 1048576 bytes")
	// ErrLimit refuses a Scan without a positive limit.
	ErrLimit = errors.New("kv: a scan needs a limit above 0")
	// ErrLocked says that another process has the database open.
	ErrLocked = errors.New("the data folder is in use by another process")
	// ErrNoSpace says that the disk (or the quota) is full. Nothing was written;
	// the same update may succeed when there is room again.
	ErrNoSpace = errors.New("the disk with the database is full")
	// ErrUncertain says that the disk failed while committing, so that nobody
	// knows whether the update is there until the database is opened again.
	// Every later Update gets it too: a disk that lost one write is not trusted
	// with the next. Reading still works.
	ErrUncertain = errors.New("the disk failed while writing the database")
)

// DamagedError says that a database is not whole, and so was not opened. The
// engine has changed nothing: what is there can still be looked at.
type DamagedError struct {
	Path    string // the database file
	Problem string // what is wrong with it, as the second half of a sentence
	Remedy  string // what the operator does now, in whole sentences
	Err     error  // the fault beneath, or nil
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the database %s %s. %s", e.Path, e.Problem, e.Remedy)
}

func (e *DamagedError) Unwrap() error { return e.Err }

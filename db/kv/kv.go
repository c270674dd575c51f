// Package kv is the port between the product and whatever keeps its data: an
// ordered map from byte keys to byte values with transactions. Package db
// builds records and indexes on it and knows no other way to the disk.
//
// Every engine promises the same, and package kvtest proves it of each:
//
//   - Keys are 1 to MaxKeySize bytes, compared byte by byte; values are 0 to
//     MaxValueSize bytes. Any byte may occur in either.
//   - Update is serialisable and durable: when it returns nil the writes have
//     reached the disk and survive loss of power in that very moment. When it
//     returns an error nothing of that callback was written, with the one
//     exception of ErrUncertain.
//   - View sees one state of the whole map, the newest one acknowledged before
//     it began, and goes on seeing it whatever is written meanwhile.
//   - Inside a transaction its own writes are visible at once, to Get and
//     merged in order into Scan.
//   - An error from a callback, or a panic, undoes what that callback wrote
//     and nothing else. The panic goes on in the goroutine of the caller.
//
// # Rules for callbacks
//
// A callback may run more than once: engines that work by optimistic
// concurrency try again after a conflict. So it must be pure: it computes from
// what it reads and writes to its Tx, sets results by assignment (never append
// to or count up a variable outside), and neither sends, logs nor waits.
//
// A callback never calls View, Update, Backup or Close of the same engine,
// neither itself nor by waiting for a goroutine that does: a single-writer
// engine would wait for itself for ever.
//
// A transaction is held for milliseconds. Whoever walks over much reads a page,
// ends the transaction, and goes on from the last key in the next: an engine
// with versions keeps everything that was replaced since the oldest reader
// began, and its file grows meanwhile and never shrinks.
package kv

import (
	"context"
	"io"
)

// Sizes which every engine accepts, in bytes.
const (
	MaxKeySize   = 1024
	MaxValueSize = 1 << 20
)

// Pair is one entry of the map. Both slices belong to the receiver.
type Pair struct {
	Key, Value []byte
}

// Tx is the view of one callback on the map. It is good until the callback
// returns (ErrTxDone after that), for one goroutine at a time.
//
// Slices which come back are copies that belong to the caller: they outlive
// the transaction and may be changed. The copy costs some 50 ns plus 0.1 ns a
// byte, which is little beside decoding a record, and it removes the class of
// faults where a record points into a page that was reused. Slices passed in
// are not kept either: the caller may reuse them after the call.
type Tx interface {
	// Get returns the value of a key, or nil when there is none. A stored empty
	// value comes back non-nil with length 0.
	Get(key []byte) ([]byte, error)

	// GetMulti returns the values of many keys in one round trip, in the order
	// of the keys, nil where there is none. A key may occur twice.
	GetMulti(keys [][]byte) ([][]byte, error)

	// Put stores a value under a key and replaces what was there; a nil value
	// is stored as an empty one. ErrReadOnly within View.
	Put(key, value []byte) error

	// Delete removes a key; an absent one is fine. ErrReadOnly within View.
	Delete(key []byte) error

	// Scan returns the pairs with from <= key < to in byte order, at most limit
	// of them; with reverse set it starts from the upper end and goes down. A nil
	// from means from the first key, a nil to that there is no upper end; bounds
	// may be longer than a key (a page goes on after a key at key + 0x00).
	// limit must be positive (ErrLimit): one reads pages and never everything.
	Scan(from, to []byte, limit int, reverse bool) ([]Pair, error)
}

// Engine keeps the map. All its methods may be called from many goroutines.
type Engine interface {
	// View runs fn on one unchanging state of the map. It returns the error of fn
	// as it is, ctx's when ctx had ended before fn began, or ErrClosed.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn and makes what it wrote durable before it returns nil. It
	// returns the error of fn as it is, and ctx's when ctx ended before fn began;
	// nothing is written in both cases. Once fn has run, an end of ctx no longer
	// stops the commit, so that the answer says what happened. Else ErrClosed,
	// ErrNoSpace (nothing written) or ErrUncertain.
	Update(ctx context.Context, fn func(Tx) error) error

	// Backup writes a consistent copy of everything to w, in the engine's own
	// format, and returns the number of bytes. Others read and write meanwhile;
	// the copy is of the state when it began. It lasts as long as w takes: copy
	// to a local disk first and carry it away from there.
	Backup(ctx context.Context, w io.Writer) (int64, error)

	// Alone tells whether nobody else can write while this engine is open. Then
	// what its own updates do is all that ever changes, and may be remembered in
	// memory.
	Alone() bool

	// Close waits for the transactions which run, then lets go of the disk. Calls
	// that come later get ErrClosed; closing again is harmless.
	Close() error
}

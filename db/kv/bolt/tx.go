package bolt

import (
	"bytes"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/liadesk/campaigns/db/kv"
)

// tx is what a callback gets: the bucket of the map in a transaction of bbolt,
// which in an update it shares with those before and after it.
type tx struct {
	bucket   *bbolt.Bucket // nil once the callback has returned
	cursor   *bbolt.Cursor // for reads by key, made by the first
	writable bool
	logging  bool // keep old values, for undo
	wrote    bool
	bytes    int // put so far
	log      []change
}

// change is how a key was before a write.
type change struct {
	key, old []byte // old is nil when the key was absent
}

func (t *tx) end() { t.bucket = nil }

// undo takes the writes back, last first. A panic of bbolt becomes an error, so
// that the turn is passed on in any case.
func (t *tx) undo(b *bbolt.Bucket) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	for i := len(t.log) - 1; i >= 0 && err == nil; i-- {
		if c := t.log[i]; c.old == nil {
			err = b.Delete(c.key)
		} else {
			err = b.Put(c.key, c.old)
		}
	}
	return err
}

func (t *tx) Get(key []byte) ([]byte, error) {
	if err := t.check(key); err != nil {
		return nil, err
	}
	return bytes.Clone(t.look(key)), nil
}

// look is Bucket.Get with one cursor for all keys, for each has a stack.
func (t *tx) look(key []byte) []byte {
	if t.cursor == nil {
		t.cursor = t.bucket.Cursor()
	}
	if k, v := t.cursor.Seek(key); bytes.Equal(k, key) {
		return v
	}
	return nil
}

func (t *tx) GetMulti(keys [][]byte) ([][]byte, error) {
	if t.bucket == nil {
		return nil, kv.ErrTxDone
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		v, err := t.Get(key)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func (t *tx) Put(key, value []byte) error {
	if err := t.checkWrite(key); err != nil {
		return err
	}
	if len(value) > kv.MaxValueSize {
		return fmt.Errorf("%w, not %d", kv.ErrValueSize, len(value))
	}
	t.remember(key)
	t.wrote = true
	t.bytes += len(key) + len(value)
	// bbolt keeps the value until the commit, when the caller may have reused it
	// (it copies the key itself); and it tells an empty value from none by nil.
	return t.bucket.Put(key, append([]byte{}, value...))
}

func (t *tx) Delete(key []byte) error {
	if err := t.checkWrite(key); err != nil {
		return err
	}
	t.remember(key)
	t.wrote = true
	return t.bucket.Delete(key)
}

// remember notes the state of a key before it is written. The copy is needed:
// the page it lies in may be mapped elsewhere before the transaction ends.
func (t *tx) remember(key []byte) {
	if t.logging {
		t.log = append(t.log, change{bytes.Clone(key), bytes.Clone(t.look(key))})
	}
}

func (t *tx) check(key []byte) error {
	switch {
	case t.bucket == nil:
		return kv.ErrTxDone
	case len(key) == 0 || len(key) > kv.MaxKeySize:
		return fmt.Errorf("%w, not %d", kv.ErrKeySize, len(key))
	}
	return nil
}

func (t *tx) checkWrite(key []byte) error {
	if t.bucket != nil && !t.writable {
		return kv.ErrReadOnly
	}
	return t.check(key)
}

func (t *tx) Scan(from, to []byte, limit int, reverse bool) ([]kv.Pair, error) {
	switch {
	case t.bucket == nil:
		return nil, kv.ErrTxDone
	case limit <= 0:
		return nil, fmt.Errorf("%w, not %d", kv.ErrLimit, limit)
	}
	c := t.bucket.Cursor()
	first, value := c.Seek(from)
	if first == nil || to != nil && bytes.Compare(first, to) >= 0 {
		return nil, nil
	}
	var pairs []kv.Pair
	if !reverse {
		for k := first; k != nil && len(pairs) < limit; k, value = c.Next() {
			if to != nil && bytes.Compare(k, to) >= 0 {
				break
			}
			pairs = append(pairs, pair(k, value))
		}
		return pairs, nil
	}
	return t.scanDown(first, to, limit)
}

// scanDown walks from the upper end down to the key first, which is there.
//
// It goes by that key and not by the nil that Prev returns at the beginning:
// Prev returns nil in the middle too, on a page that this transaction has
// emptied and that is not merged before the commit. (Last would not even end on
// a bucket where all pages are like that, which first rules out.)
func (t *tx) scanDown(first, to []byte, limit int) ([]kv.Pair, error) {
	c := t.bucket.Cursor()
	var k, v []byte
	if to != nil {
		k, _ = c.Seek(to)
	}
	if k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	var pairs []kv.Pair
	for ; ; k, v = c.Prev() {
		switch {
		case k == nil:
			continue
		case bytes.Compare(k, first) < 0:
			return nil, errors.New("kv: the database is out of order; run its check")
		}
		pairs = append(pairs, pair(k, v))
		if len(pairs) == limit || bytes.Equal(k, first) {
			return pairs, nil
		}
	}
}

// pair copies key and value, into one piece of memory.
func pair(k, v []byte) kv.Pair {
	b := make([]byte, len(k)+len(v))
	copy(b, k)
	copy(b[len(k):], v)
	return kv.Pair{Key: b[:len(k):len(k)], Value: b[len(k):]}
}

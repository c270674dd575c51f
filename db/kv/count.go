package kv

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Counts says how often an engine was called.
type Counts struct {
	Gets, GetMultis, Puts, Deletes, Scans int64
	Views                                 int64 // read transactions begun
	Commits                               int64 // updates that ended well
}

// RoundTrips is how often an engine on the other side of a network would have
// been waited for: each call of a Tx, and each commit. Beginning a transaction
// travels with its first call, and nobody waits for the end of a read.
func (c Counts) RoundTrips() int64 {
	return c.Gets + c.GetMultis + c.Puts + c.Deletes + c.Scans + c.Commits
}

func (c Counts) String() string {
	return fmt.Sprintf("%d round trips (get %d, getmulti %d, put %d, delete %d, scan %d, commit %d)",
		c.RoundTrips(), c.Gets, c.GetMultis, c.Puts, c.Deletes, c.Scans, c.Commits)
}

// Counter is an engine that passes everything on to another and counts. Tests
// hold pages to their number of round trips with it.
type Counter struct {
	Engine
	gets, getMultis, puts, deletes, scans, views, commits atomic.Int64
}

// Counting wraps an engine.
func Counting(e Engine) *Counter { return &Counter{Engine: e} }

// Counts returns what was counted since the start or the last Reset.
func (c *Counter) Counts() Counts {
	return Counts{
		Gets: c.gets.Load(), GetMultis: c.getMultis.Load(), Puts: c.puts.Load(), Deletes: c.deletes.Load(),
		Scans: c.scans.Load(), Views: c.views.Load(), Commits: c.commits.Load(),
	}
}

// Reset begins again at nought.
func (c *Counter) Reset() {
	for _, n := range []*atomic.Int64{&c.gets, &c.getMultis, &c.puts, &c.deletes, &c.scans, &c.views, &c.commits} {
		n.Store(0)
	}
}

// View implements Engine.
func (c *Counter) View(ctx context.Context, fn func(Tx) error) error {
	c.views.Add(1)
	return c.Engine.View(ctx, func(tx Tx) error { return fn(countingTx{tx, c}) })
}

// Update implements Engine.
func (c *Counter) Update(ctx context.Context, fn func(Tx) error) error {
	err := c.Engine.Update(ctx, func(tx Tx) error { return fn(countingTx{tx, c}) })
	if err == nil {
		c.commits.Add(1)
	}
	return err
}

type countingTx struct {
	tx Tx
	c  *Counter
}

func (t countingTx) Get(key []byte) ([]byte, error) {
	t.c.gets.Add(1)
	return t.tx.Get(key)
}

func (t countingTx) GetMulti(keys [][]byte) ([][]byte, error) {
	t.c.getMultis.Add(1)
	return t.tx.GetMulti(keys)
}

func (t countingTx) Put(key, value []byte) error {
	t.c.puts.Add(1)
	return t.tx.Put(key, value)
}

func (t countingTx) Delete(key []byte) error {
	t.c.deletes.Add(1)
	return t.tx.Delete(key)
}

func (t countingTx) Scan(from, to []byte, limit int, reverse bool) ([]Pair, error) {
	t.c.scans.Add(1)
	return t.tx.Scan(from, to, limit, reverse)
}

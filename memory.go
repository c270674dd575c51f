package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How the garbage collector is set. With few sockets open, time is what matters:
// a small heap is collected every few milliseconds while texts go out, and that
// costs them a tenth of their pace, so it may grow by some spare room first. With
// thousands of visitors connected it is memory, for each of them costs some
// whether they say something or not.
const (
	manyListeners = 1000
	usualGC       = 100 // percent of what is in use, Go's own
	thriftyGC     = 50
	easyGC        = 400
	spareHeap     = 48 << 20 // bytes
	memoryTick    = 2 * time.Second
)

// liveHeap is the metric of what the last collection left in use.
const liveHeap = "/gc/heap/live:bytes"

// thrift sets the garbage collector by the number of those who listen and by
// what is in use, unless the operator has set it with GOGC.
type thrift struct {
	listeners func() int
	live      func() uint64 // bytes
	now       int
}

func newThrift(listeners func() int) *thrift {
	return &thrift{listeners: listeners, live: func() uint64 {
		sample := []metrics.Sample{{Name: liveHeap}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}}
}

// percent is how much the heap may grow before it is collected again.
func (t *thrift) percent() int {
	if t.listeners() >= manyListeners {
		return thriftyGC
	}
	return min(max(usualGC, int(spareHeap*100/max(1, t.live()))), easyGC)
}

func (t *thrift) tick(context.Context) error {
	if want := t.percent(); want != t.now && os.Getenv("GOGC") == "" {
		t.now = want
		debug.SetGCPercent(want)
	}
	return nil
}

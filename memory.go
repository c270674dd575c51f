package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// How the garbage collector is set. With few sockets open, time is what matters:
// texts go out a seventh slower when it works twice as often. With thousands of
// visitors connected it is memory, for each of them costs some whether they say
// something or not.
const (
	manyListeners = 1000
	usualGC       = 100 // percent, Go's own
	thriftyGC     = 50
	memoryTick    = 2 * time.Second
)

// thrift sets the garbage collector by the number of those who listen, unless
// the operator has set it with GOGC.
type thrift struct {
	listeners func() int
	now       int
}

func (t *thrift) tick(context.Context) error {
	want := usualGC
	if t.listeners() >= manyListeners {
		want = thriftyGC
	}
	if t.now == 0 {
		t.now = usualGC
	}
	if want != t.now && os.Getenv("GOGC") == "" {
		t.now = want
		debug.SetGCPercent(want)
	}
	return nil
}

package main

import (
	"runtime/debug"
	"testing"
)

func TestThousandsOfListenersMakeTheCollectorThrifty(t *testing.T) {
	t.Setenv("GOGC", "")
	was := debug.SetGCPercent(usualGC)
	defer debug.SetGCPercent(was)
	n := 0
	m := &thrift{listeners: func() int { return n }}
	for _, step := range []struct{ listeners, want int }{{0, usualGC}, {manyListeners, thriftyGC}, {manyListeners + 5, thriftyGC}, {3, usualGC}} {
		n = step.listeners
		if err := m.tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := debug.SetGCPercent(usualGC)
		debug.SetGCPercent(got)
		if got != step.want {
			t.Errorf("%d listeners: %d percent, want %d", n, got, step.want)
		}
	}
}

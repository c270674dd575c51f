package main

import (
	"runtime/debug"
	"testing"
)

func TestTheCollectorIsSetByWhoListensAndWhatIsInUse(t *testing.T) {
	t.Setenv("GOGC", "")
	was := debug.SetGCPercent(usualGC)
	defer debug.SetGCPercent(was)
	m := newThrift(nil)
	if m.live() > 1<<40 {
		t.Errorf("in use are %d bytes", m.live())
	}
	var listeners int
	var live uint64
	m.listeners, m.live = func() int { return listeners }, func() uint64 { return live }
	for _, step := range []struct {
		listeners int
		live      uint64
		want      int
	}{
		{0, 0, easyGC}, {0, 4 << 20, easyGC}, {0, 16 << 20, 300}, {0, 24 << 20, 200}, {0, 500 << 20, usualGC},
		{manyListeners, 0, thriftyGC}, {manyListeners + 5, 500 << 20, thriftyGC}, {3, 48 << 20, usualGC},
	} {
		listeners, live = step.listeners, step.live
		if err := m.tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := debug.SetGCPercent(usualGC)
		debug.SetGCPercent(got)
		if got != step.want {
			t.Errorf("%+v: %d percent", step, got)
		}
	}
}

package sms

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// Those who come while one is served are served at once, each hears its own
// error, and a serving that breaks off leaves nobody waiting.
func TestThoseWhoComeTogetherAreServedTogether(t *testing.T) {
	var g together[int]
	var served [][]int
	started, begin := make(chan struct{}), make(chan struct{})
	serve := func(list []int) []error {
		served = append(served, slices.Sorted(slices.Values(list)))
		if list[0] == 0 {
			close(started)
			<-begin
		}
		errs := make([]error, len(list))
		for i, n := range list {
			if n == 3 {
				errs[i] = fmt.Errorf("not %d", n)
			}
		}
		return errs
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := g.do(0, serve); err != nil {
			t.Error(err)
		}
	})
	<-started
	for n := 1; n <= mostTogether+5; n++ {
		all.Go(func() {
			if err := g.do(n, serve); (err != nil) != (n == 3) {
				t.Errorf("%d: %v", n, err)
			}
		})
	}
	for waits := 0; waits < mostTogether+5; {
		g.mu.Lock()
		waits = len(g.waiting)
		g.mu.Unlock()
	}
	close(begin)
	all.Wait()
	if len(served) != 3 || len(served[0]) != 1 || len(served[1]) != mostTogether || len(served[2]) != 5 {
		t.Errorf("served in parts of %d", len(served))
	}
	if g.busy || len(g.waiting) > 0 {
		t.Error("somebody waits still")
	}

	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		if err := g.do(1, func([]int) []error { panic("broken") }); err != nil {
			t.Error(err)
		}
	}()
	if err := g.do(1, func([]int) []error { return []error{errUnserved} }); !errors.Is(err, errUnserved) {
		t.Errorf("after it: %v", err)
	}
}

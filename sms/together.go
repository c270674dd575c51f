package sms

import (
	"errors"
	"sync"
)

// together lets callers that come while one is at work be served by the next
// one, all of them at once. It makes nobody wait who comes alone.
type together[T any] struct {
	mu      sync.Mutex
	busy    bool
	waiting []*guest[T]
}

// guest is a caller who waits: until done is closed, or until lead is, which
// makes it the one who serves.
type guest[T any] struct {
	item       T
	lead, done chan struct{}
	err        error
}

// mostTogether bounds what is served at once, and so how long it takes.
const mostTogether = 256

// errUnserved is what those hear whom a serving that panicked was for.
var errUnserved = errors.New("sms: what was asked together with others broke off")

// do has the item served by serve, which gets it with those that wait and gives
// an error, or nil, for each. Serve is called by one caller at a time.
func (g *together[T]) do(item T, serve func([]T) []error) error {
	me := &guest[T]{item: item, lead: make(chan struct{}), done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, me)
	if !g.busy {
		g.busy = true
		close(me.lead)
	}
	g.mu.Unlock()
	select {
	case <-me.done:
		return me.err
	case <-me.lead:
	}
	// The caller who leads is the first in line, so that it is served now.
	g.mu.Lock()
	n := min(len(g.waiting), mostTogether)
	guests := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	g.mu.Unlock()
	errs := make([]error, n)
	for i := range errs {
		errs[i] = errUnserved
	}
	defer func() {
		for i, o := range guests {
			o.err = errs[i]
			close(o.done)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.busy = len(g.waiting) > 0; g.busy {
			close(g.waiting[0].lead)
		}
	}()
	items := make([]T, n)
	for i, o := range guests {
		items[i] = o.item
	}
	copy(errs, serve(items))
	return errs[0]
}

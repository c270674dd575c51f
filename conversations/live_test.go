package conversations_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
)

// Whoever follows hears everything in its order, by one goroutine at a time,
// and of the end once, however the publishers and the stop fall.
func TestAFollowerHearsEverythingInItsOrder(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(0), "Hello")
	for range 50 {
		var mu sync.Mutex
		var heard []uint64
		over := make(chan struct{})
		stop := d.Live.Follow(a.Conversation.ID, func(e *conversations.Event) error {
			if !mu.TryLock() {
				t.Error("two at a time")
				return nil
			}
			defer mu.Unlock()
			heard = append(heard, e.Conversation.Messages)
			return nil
		}, func() { close(over) })
		c := a.Conversation
		for n := range uint64(12) {
			c.Messages = n
			d.Publish(c)
		}
		stop()
		stop()
		<-over
		mu.Lock()
		if len(heard) != 12 {
			t.Fatalf("heard %v", heard)
		}
		for n, got := range heard {
			if got != uint64(n) {
				t.Fatalf("heard %v", heard)
			}
		}
		mu.Unlock()
	}
	if n := d.Live.Listeners(); n != 0 {
		t.Errorf("%d still listen", n)
	}
}

// One who is too slow, or whose connection broke, is let go, and no other waits
// for them.
func TestAFollowerWhoCannotHearIsLetGo(t *testing.T) {
	h := conversations.NewHub(clockwork.NewFakeClock())
	d := open(t)
	d.Live = h
	a := d.write(t, "", clientID(0), "Hello")
	for name, hear := range map[string]func(block chan struct{}) error{
		"broken": func(chan struct{}) error { return errors.New("gone") },
		"slow":   func(block chan struct{}) error { <-block; return nil },
	} {
		block, over := make(chan struct{}), make(chan struct{})
		stop := h.Follow(a.Conversation.ID, func(*conversations.Event) error { return hear(block) }, func() { close(over) })
		for range 40 {
			d.Publish(a.Conversation)
		}
		close(block)
		<-over
		stop()
		if n := h.Listeners(); n != 0 {
			t.Errorf("%s: %d still listen", name, n)
		}
	}
	over := make(chan struct{})
	h.Close()
	h.Follow(liadesk.ID{1}, func(*conversations.Event) error { return nil }, func() { close(over) })
	<-over
}

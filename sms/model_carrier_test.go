package sms

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// modelCarrier is a carrier without a wire. It remembers everything it took.
type modelCarrier struct {
	mu    sync.Mutex
	taken []Outgoing // in order; a text's uuid is its place
	asked []Outgoing
	// answer, when set, decides about a post instead of taking it.
	answer func(m Outgoing, take func() string) (Receipt, error)
	// before runs before each post.
	before func(m Outgoing)
	lists  func(q ListQuery) (ListPage, error)
	at     []time.Time
	clock  func() time.Time
}

func (m *modelCarrier) Carrier(Credentials) Carrier { return m }

func (m *modelCarrier) Send(_ context.Context, o Outgoing) (Receipt, error) {
	if m.before != nil {
		m.before(o)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, o)
	take := func() string {
		m.taken = append(m.taken, o)
		at := time.Time{}
		if m.clock != nil {
			at = m.clock()
		}
		m.at = append(m.at, at)
		return uuidOf(len(m.taken) - 1)
	}
	if m.answer != nil {
		return m.answer(o, take)
	}
	return Receipt{UUID: take()}, nil
}

func uuidOf(i int) string { return fmt.Sprintf("uuid-%d", i) }

func (m *modelCarrier) List(_ context.Context, q ListQuery) (ListPage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lists != nil {
		return m.lists(q)
	}
	var all []Listed
	for i, o := range slices.Backward(m.taken) {
		if m.clock != nil && m.at[i].Before(q.Since) {
			continue
		}
		if q.From != "" && q.From != o.From || q.To != "" && q.To != o.To || m.clock != nil && m.at[i].After(q.Until) {
			continue
		}
		all = append(all, Listed{UUID: uuidOf(i), From: o.From, To: o.To, State: "sent", Units: 1, At: m.at[i]})
	}
	page := ListPage{}
	if q.Offset < len(all) {
		page.Texts = all[q.Offset:min(q.Offset+20, len(all))]
	}
	if q.Offset+20 < len(all) {
		page.Next = q.Offset + 20
	}
	return page, nil
}

// times counts how often each number was texted.
func (m *modelCarrier) times() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[string]int)
	for _, o := range m.taken {
		out[o.To]++
	}
	return out
}

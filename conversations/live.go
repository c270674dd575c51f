package conversations

import (
	"sync"

	"github.com/liadesk/campaigns/liadesk"
)

// Event is what happened in one conversation: its head as it is now, and the
// messages that were added or whose sending changed.
type Event struct {
	Conversation liadesk.Conversation
	Messages     []liadesk.Message
}

// queued is how many events a listener may be behind. One who falls further
// behind is let go; it reads the thread again when it comes back.
const queued = 64

// Hub hands events to listeners in this process: the team's pages listen to
// an account, a visitor's panel to its conversation. It keeps nothing, for
// what happened is in the store. A port of this shape can later be filled by
// a stream between several processes.
type Hub struct {
	mu      sync.Mutex
	topics  map[liadesk.ID]map[chan Event]struct{}
	present map[liadesk.ID]int // open pages by user
	closed  bool
}

// NewHub makes a hub without listeners.
func NewHub() *Hub {
	return &Hub{topics: make(map[liadesk.ID]map[chan Event]struct{}), present: make(map[liadesk.ID]int)}
}

// Listen hears of everything under a topic, an account's or a conversation's
// id, until the returned function is called. The channel is closed when the
// listener is too slow, or when the server stops.
func (h *Hub) Listen(topic liadesk.ID) (<-chan Event, func()) {
	ch := make(chan Event, queued)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(ch)
		return ch, func() {}
	}
	if h.topics[topic] == nil {
		h.topics[topic] = make(map[chan Event]struct{})
	}
	h.topics[topic][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(topic, ch)
	}
}

// ListenAs hears of everything in the actor's account, as Listen does, and
// counts the user as present meanwhile. An agent's page still has to leave
// out the inboxes that the agent does not serve.
func (h *Hub) ListenAs(actor liadesk.Actor) (<-chan Event, func()) {
	events, stop := h.Listen(actor.Account)
	h.mu.Lock()
	h.present[actor.User]++
	h.mu.Unlock()
	var once sync.Once
	return events, func() {
		once.Do(func() {
			h.mu.Lock()
			if h.present[actor.User]--; h.present[actor.User] <= 0 {
				delete(h.present, actor.User)
			}
			h.mu.Unlock()
		})
		stop()
	}
}

// Present tells whether a user has a page of the dashboard open.
func (h *Hub) Present(user liadesk.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.present[user] > 0
}

// Closed tells whether the hub ended because the server stops, rather than one
// listener because it was slow.
func (h *Hub) Closed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// drop ends a listener; the lock is held. Ending it twice is harmless.
func (h *Hub) drop(topic liadesk.ID, ch chan Event) {
	if _, ok := h.topics[topic][ch]; !ok {
		return
	}
	delete(h.topics[topic], ch)
	if len(h.topics[topic]) == 0 {
		delete(h.topics, topic)
	}
	close(ch)
}

func (h *Hub) publish(topic liadesk.ID, e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.topics[topic] {
		select {
		case ch <- e:
		default:
			h.drop(topic, ch)
		}
	}
}

// Close ends every listener and takes no new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for topic, listeners := range h.topics {
		for ch := range listeners {
			h.drop(topic, ch)
		}
	}
}

// Publish tells the team and the other end what was stored. It is called
// after the transaction that stored it.
func (s *Service) Publish(c liadesk.Conversation, added ...liadesk.Message) {
	e := Event{Conversation: c, Messages: added}
	s.Live.publish(c.AccountID, e)
	s.Live.publish(c.ID, e)
}

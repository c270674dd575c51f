package conversations

import (
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/liadesk"
)

// Event is what happened in one conversation: its head as it is now, and the
// messages that were added or whose sending changed.
type Event struct {
	Conversation liadesk.Conversation
	Messages     []liadesk.Message
	// Typing is who is writing at this moment, "" in events of anything else;
	// TypingVisitor says that it is the visitor. Of the conversation, such an event
	// names but the ids.
	Typing        string
	TypingVisitor bool
}

// queued is how many events a listener may be behind. One who falls further
// behind is let go; it reads the thread again when it comes back.
const queued = 64

// Hub hands events to listeners in this process: the team's pages listen to
// an account, a visitor's panel to its conversation. It keeps nothing, for
// what happened is in the store. A port of this shape can later be filled by
// a stream between several processes.
type Hub struct {
	clock   clockwork.Clock
	mu      sync.Mutex
	topics  map[liadesk.ID]map[chan Event]struct{}
	present map[liadesk.ID]int       // open pages by user
	left    map[liadesk.ID]time.Time // when the last one went, of those who have none
	closed  bool
}

// stayFor is how long somebody whose last page went away still counts as
// present: going from one page to the next takes a moment. Together with the
// time after which a connection that says nothing is given up, a closed lid is
// away within a minute.
const stayFor = 10 * time.Second

// NewHub makes a hub without listeners.
func NewHub(clock clockwork.Clock) *Hub {
	return &Hub{clock: clock, topics: make(map[liadesk.ID]map[chan Event]struct{}), present: make(map[liadesk.ID]int), left: make(map[liadesk.ID]time.Time)}
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
	delete(h.left, actor.User)
	h.mu.Unlock()
	var once sync.Once
	return events, func() {
		once.Do(func() {
			h.mu.Lock()
			if h.present[actor.User]--; h.present[actor.User] <= 0 {
				delete(h.present, actor.User)
				h.left[actor.User] = h.clock.Now()
			}
			h.mu.Unlock()
		})
		stop()
	}
}

// Present tells whether a user has a page of the dashboard open, or had until
// just now.
func (h *Hub) Present(user liadesk.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, gone := h.left[user]
	if gone && h.clock.Since(at) >= stayFor {
		delete(h.left, user)
		gone = false
	}
	return h.present[user] > 0 || gone
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
	s.Live.publish(c.AccountID, Event{Conversation: c, Messages: added})
	s.Live.publish(c.ID, Event{Conversation: c, Messages: publicOnly(added)})
}

package conversations

import (
	"sync"
	"sync/atomic"
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

// queued is how many events a listener may be behind. They are shared by all who
// hear them and so not to be changed: a place for a copy each would cost a quiet
// listener some 70 kB. One who falls further
// behind is let go; it reads the thread again when it comes back.
const queued = 64

// Hub hands events to listeners in this process: the team's pages listen to
// an account, a visitor's panel to its conversation. It keeps nothing, for
// what happened is in the store. A port of this shape can later be filled by
// a stream between several processes.
type Hub struct {
	clock   clockwork.Clock
	mu      sync.Mutex
	topics  map[liadesk.ID]map[*listener]struct{}
	present map[liadesk.ID]int       // open pages by user
	count   int                      // of listeners
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
	return &Hub{clock: clock, topics: make(map[liadesk.ID]map[*listener]struct{}), present: make(map[liadesk.ID]int), left: make(map[liadesk.ID]time.Time)}
}

// listener is one that hears of a topic.
type listener struct {
	events chan *Event
	// wake is called, with the hub locked, when there is something in events, or
	// when they ended; may be nil.
	wake  func()
	ended atomic.Bool
}

// Listen hears of everything under a topic, an account's or a conversation's
// id, until the returned function is called. The channel is closed when the
// listener is too slow, or when the server stops.
func (h *Hub) Listen(topic liadesk.ID) (<-chan *Event, func()) {
	l := &listener{events: make(chan *Event, queued)}
	return l.events, h.add(topic, l)
}

func (h *Hub) add(topic liadesk.ID, l *listener) (stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		h.finish(l)
		return func() {}
	}
	if h.topics[topic] == nil {
		h.topics[topic] = make(map[*listener]struct{}, 1)
	}
	h.topics[topic][l] = struct{}{}
	h.count++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(topic, l)
	}
}

// followed is how many events one who follows may be behind.
const followed = 16

// Follow is Listen for the thousands that hear of something now and then: hear
// is called for one event after the other, by a goroutine that lives only while
// there are any; over once at the end, also when hear fails.
func (h *Hub) Follow(topic liadesk.ID, hear func(*Event) error, over func()) (stop func()) {
	l := &listener{events: make(chan *Event, followed)}
	var busy atomic.Bool
	drain := func() {
		for {
			select {
			case e, more := <-l.events:
				if !more || hear(e) != nil {
					over()
					return // and stays busy: nobody drains again
				}
			default:
				busy.Store(false)
				// What came before that moment was left to us.
				if len(l.events) == 0 && !l.ended.Load() || !busy.CompareAndSwap(false, true) {
					return
				}
			}
		}
	}
	l.wake = func() {
		if busy.CompareAndSwap(false, true) {
			go drain()
		}
	}
	return h.add(topic, l)
}

// ListenAs hears of everything in the actor's account, as Listen does, and
// counts the user as present meanwhile. An agent's page still has to leave
// out the inboxes that the agent does not serve.
func (h *Hub) ListenAs(actor liadesk.Actor) (<-chan *Event, func()) {
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

// Listeners is how many listen, pages of the team and visitors together.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Closed tells whether the hub ended because the server stops, rather than one
// listener because it was slow.
func (h *Hub) Closed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// drop ends a listener; the lock is held. Ending it twice is harmless.
func (h *Hub) drop(topic liadesk.ID, l *listener) {
	if _, ok := h.topics[topic][l]; !ok {
		return
	}
	delete(h.topics[topic], l)
	h.count--
	if len(h.topics[topic]) == 0 {
		delete(h.topics, topic)
	}
	h.finish(l)
}

func (h *Hub) finish(l *listener) {
	close(l.events)
	l.ended.Store(true)
	if l.wake != nil {
		l.wake()
	}
}

func (h *Hub) publish(topic liadesk.ID, e *Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.topics[topic] {
		select {
		case l.events <- e:
			if l.wake != nil {
				l.wake()
			}
		default:
			h.drop(topic, l)
		}
	}
}

// Close ends every listener and takes no new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for topic, listeners := range h.topics {
		for l := range listeners {
			h.drop(topic, l)
		}
	}
}

// Publish tells the team and the other end what was stored. It is called
// after the transaction that stored it.
func (s *Service) Publish(c liadesk.Conversation, added ...liadesk.Message) {
	s.Live.publish(c.AccountID, &Event{Conversation: c, Messages: added})
	s.Live.publish(c.ID, &Event{Conversation: c, Messages: publicOnly(added)})
}

package conversations

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/liadesk"
)

// ticketLife is how long a ticket waits to be used.
const ticketLife = 30 * time.Second

// maxTickets bounds the memory that strangers can make us spend.
const maxTickets = 100_000

// Ticket lets one WebSocket in: a browser cannot send a header with a
// WebSocket's first request, and a token must not stand in an address, where
// logs would keep it. A ticket works once, within 30 seconds, for the
// conversation and the origin that it was made for. Tickets live in memory: a
// restart ends them, and the widget asks for another.
type Ticket struct {
	Account      liadesk.ID
	Conversation liadesk.ID
	Origin       string
	// Phone is the number that the visitor's token stands for, see db.Visitor.
	Phone string
}

// MayHear is what of an event the holder of a ticket may hear. Ok is false for
// one that tells nothing: of a thread that has moved to another phone.
func (t Ticket) MayHear(e *Event) (*Event, bool) {
	if !movedFrom(e.Conversation, t.Phone) {
		return e, true
	}
	cut := *e
	cut.Conversation, cut.Messages = before(e.Conversation, e.Messages)
	return &cut, e.Typing == ""
}

type tickets struct {
	clock clockwork.Clock
	mu    sync.Mutex
	held  map[string]heldTicket
}

type heldTicket struct {
	Ticket
	until time.Time
}

func newTickets(clock clockwork.Clock) *tickets {
	return &tickets{clock: clock, held: make(map[string]heldTicket)}
}

func (t *tickets) issue(ticket Ticket) (string, error) {
	now := t.clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.held) >= maxTickets {
		for name, held := range t.held {
			if now.After(held.until) {
				delete(t.held, name)
			}
		}
	}
	if len(t.held) >= maxTickets {
		return "", &liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_tickets",
			Text: "too many tickets are waiting", RetryAfter: ticketLife}
	}
	name := rand.Text()
	t.held[name] = heldTicket{ticket, now.Add(ticketLife)}
	return name, nil
}

func (t *tickets) redeem(name, origin string) (Ticket, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.held[name]
	delete(t.held, name)
	if !ok || t.clock.Now().After(held.until) || held.Origin != origin {
		return Ticket{}, liadesk.ErrUnauthenticated
	}
	return held.Ticket, nil
}

// Redeem takes a ticket that Ticket issued. It works once; a wrong origin
// uses it up too.
func (s *Service) Redeem(name, origin string) (Ticket, error) { return s.tickets.redeem(name, origin) }

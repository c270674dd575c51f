package conversations

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/speech"
)

// tickMost bounds one transaction of a tick.
const tickMost = 100

// accountsPage is how many accounts a tick reads at once.
const accountsPage = 100

// Tick does what time has brought to threads: an offer that nobody took goes to
// the next person, a snoozed thread comes back. Everything that it goes by is
// stored with the threads, so that one tick more or less, or a restart in
// between, changes nothing but the moment.
func (s *Service) Tick(ctx context.Context) error {
	var errs []error
	for after := (liadesk.ID{}); ; {
		var ids []liadesk.ID
		if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
			ids, err = tx.AccountIDs(after, accountsPage)
			return err
		}); err != nil {
			return err
		}
		for _, id := range ids {
			errs = append(errs, s.tickAccount(ctx, id))
			after = id
		}
		if len(ids) < accountsPage {
			return errors.Join(errs...)
		}
	}
}

func (s *Service) tickAccount(ctx context.Context, account liadesk.ID) error {
	var due, waiting bool
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		list, err := tx.ConversationsDue(account, s.now(), 1)
		if err != nil {
			return err
		}
		queue, err := tx.QueuedConversations(account, 1)
		due, waiting = len(list) > 0, len(queue) > 0
		return err
	}); err != nil || !due && !waiting {
		return err
	}
	var out []happening
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		out = nil
		list, err := tx.ConversationsDue(account, s.now(), tickMost)
		if err != nil {
			return err
		}
		for _, c := range list {
			h, err := s.climb(tx, c)
			if err != nil {
				return err
			}
			out = append(out, h)
		}
		drained, err := s.drain(tx, account)
		out = append(out, drained...)
		return err
	})
	if err == nil {
		s.publishAll(out)
	}
	return err
}

// climb takes a thread whose time has come one step on.
func (s *Service) climb(tx *db.Tx, c liadesk.Conversation) (happening, error) {
	var added []liadesk.Message
	put := func(m liadesk.Message, err error) error {
		added = append(added, m)
		return err
	}
	var err error
	now := s.now()
	if !c.SnoozedUntil.IsZero() && !c.SnoozedUntil.After(now) {
		err = put(s.wake(tx, &c))
	}
	if until := c.Offer.Until; err == nil && !until.IsZero() && !until.After(now) {
		switch c.Offer.Rung {
		case liadesk.RungOffered:
			var user liadesk.User
			if user, _, err = tx.User(c.AccountID, c.OwnerID); err != nil {
				break
			}
			if err = put(s.note(tx, &c, liadesk.EventMissed, "", user.Name)); err != nil {
				break
			}
			if err = s.next(tx, &c, user.ID); err == nil && c.Offer.Rung == liadesk.RungWaiting {
				added, err = s.nobody(tx, &c, added)
			}
		case liadesk.RungQueued, liadesk.RungAll:
			added, err = s.nobody(tx, &c, added)
		default:
			c.Offer.Until = time.Time{}
		}
	}
	if err != nil {
		return happening{}, err
	}
	c.Version++
	return happening{c, added}, tx.PutConversation(c)
}

// nobody takes a thread back to the visitor: nobody came, and they are told so.
// It stays in the queue for whoever comes.
func (s *Service) nobody(tx *db.Tx, c *liadesk.Conversation, added []liadesk.Message) ([]liadesk.Message, error) {
	c.Offer = liadesk.Offer{Rung: liadesk.RungWaiting, Tried: c.Offer.Tried}
	told, err := s.note(tx, c, liadesk.EventNobody, "", "")
	if err != nil {
		return nil, err
	}
	said, err := s.say(tx, c, liadesk.Message{Text: speech.Say(c.Language, speech.Nobody)})
	return append(added, told, said), err
}

// next takes an offer away from somebody who did not come: drain asks the next
// person, unless enough were asked one by one, or nobody is left who was not;
// then all are asked at once. If nobody is here at all, it waits.
func (s *Service) next(tx *db.Tx, c *liadesk.Conversation, missed liadesk.ID) error {
	tried := c.Offer.Passed(missed).Tried
	c.Owner, c.OwnerID = liadesk.OwnerQueue, liadesk.ID{}
	c.Offer = liadesk.Offer{Tried: tried}
	k, err := s.crewOf(tx, c.AccountID)
	if err != nil {
		return err
	}
	hands := k.serving(c.InboxID)
	_, another := liadesk.Choose(hands, nil, tried)
	switch {
	case len(hands) == 0:
		c.Offer.Rung = liadesk.RungWaiting
	case !another || len(tried) >= liadesk.MaxOffers:
		c.Offer.Rung, c.Offer.Until = liadesk.RungAll, s.now().Add(liadesk.OfferFor)
	}
	return nil
}

// say adds a message of LiaDesk's own.
func (s *Service) say(tx *db.Tx, c *liadesk.Conversation, m liadesk.Message) (liadesk.Message, error) {
	m.From, m.Author = liadesk.FromBot, botName
	return s.add(tx, c, m)
}

// botName is how LiaDesk presents itself.
const botName = "LiaDesk"

// Arrived tells the room that somebody can take a thread who could not a moment
// ago: they opened the dashboard, or went online.
func (s *Service) Arrived(ctx context.Context, account, user liadesk.ID) error {
	return s.drainFor(ctx, account, user)
}

func (s *Service) drainFor(ctx context.Context, account liadesk.ID, fresh ...liadesk.ID) error {
	waiting := false
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		queue, err := tx.QueuedConversations(account, 1)
		waiting = len(queue) > 0
		return err
	}); err != nil || !waiting {
		return err
	}
	var out []happening
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		out, err = s.drain(tx, account, fresh...)
		return err
	})
	if err == nil {
		s.publishAll(out)
	}
	return err
}

// turns remembers in which order people were given threads, so that of two who
// are equally busy the other one is next. It lives in memory: after a restart
// everybody begins anew.
type turns struct {
	mu   sync.Mutex
	n    uint64
	last map[liadesk.ID]uint64
}

func (t *turns) take(who liadesk.ID) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = make(map[liadesk.ID]uint64)
	}
	t.n++
	t.last[who] = t.n
	return t.n
}

func (t *turns) all() map[liadesk.ID]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := make(map[liadesk.ID]uint64, len(t.last))
	for id, n := range t.last {
		m[id] = n
	}
	return m
}

// publicOnly leaves out what is for the team alone.
func publicOnly(list []liadesk.Message) []liadesk.Message {
	return slices.DeleteFunc(slices.Clone(list), func(m liadesk.Message) bool { return m.Private })
}

package conversations

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/speech"
)

// tickMost bounds one transaction of a tick.
const tickMost = 100

// Tick does what time has brought to threads: an offer that nobody took goes to
// the next person, a snoozed thread comes back, a hand is free. Everything that
// it goes by is stored with the threads, so that one tick more or less, or a
// restart in between, changes nothing but the moment.
func (s *Service) Tick(ctx context.Context) error {
	return s.store.EachAccount(ctx, s.tickAccount)
}

func (s *Service) tickAccount(ctx context.Context, account liadesk.ID) error {
	work := false
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		due, err := tx.ConversationsDue(account, s.now(), 1)
		if work = len(due) > 0; err != nil || work {
			return err
		}
		work, err = s.someoneWaits(tx, account)
		return err
	}); err != nil || !work {
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

// someoneWaits tells whether drain may have something to do.
func (s *Service) someoneWaits(tx *db.Tx, account liadesk.ID) (bool, error) {
	k, err := s.crewOf(tx, account)
	if err != nil || len(k.users) == 0 {
		return false, err
	}
	list, err := tx.QueuedConversations(account, k.waits, 1)
	return len(list) > 0, err
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
	if at := c.Reach.TellAt; !at.IsZero() && !at.After(now) {
		if added, err = s.tell(tx, &c); err != nil {
			return happening{}, err
		}
	}
	if c.Status != liadesk.ConversationOpen {
		c.Version++
		return happening{c, added}, tx.PutConversation(c)
	}
	if !c.SnoozedUntil.IsZero() && !c.SnoozedUntil.After(now) {
		err = put(s.wake(tx, &c))
		c.Unread = max(c.Unread, 1) // it asks to be looked at
	}
	if by := c.Bot.AnswerBy; err == nil && !by.IsZero() && !by.After(now) {
		// The visitor asked for a person and then said nothing more.
		var more []liadesk.Message
		more, err = s.giveUpAsking(tx, &c)
		added = append(added, more...)
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
	m.From, m.Author = liadesk.FromBot, liadesk.BotName
	return s.add(tx, c, m)
}

// Arrived tells the room that somebody can take a thread who could not a moment
// ago: they opened the dashboard, or went online.
func (s *Service) Arrived(ctx context.Context, account, user liadesk.ID) error {
	waiting := false
	if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		waiting, err = s.someoneWaits(tx, account)
		return err
	}); err != nil || !waiting {
		return err
	}
	var out []happening
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		out, err = s.drain(tx, account, user)
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

package conversations

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// What people of the team do with a thread besides answering it.

// AddNote writes down something that the team alone reads. The same client id
// twice is one note.
func (s *Service) AddNote(ctx context.Context, actor liadesk.Actor, id liadesk.ID, text, clientID string) (liadesk.Message, error) {
	text, err := checkWriting(text, clientID)
	if err != nil {
		return liadesk.Message{}, err
	}
	var note liadesk.Message
	_, _, err = s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		m, repeated, err := writtenBefore(tx, *c, clientID)
		if err != nil || repeated {
			note = m
			return nil, err
		}
		m, err = s.add(tx, c, liadesk.Message{From: liadesk.FromAgent, AuthorID: actor.User, Author: actor.Name, Text: text, ClientID: clientID, Private: true})
		note = m
		return []liadesk.Message{m}, err
	})
	return note, err
}

// Assign gives a thread to a person of the team, who must serve its inbox. From
// is the owner whom the actor saw, as with Take.
func (s *Service) Assign(ctx context.Context, actor liadesk.Actor, id, to, from liadesk.ID) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		user, found, err := tx.User(c.AccountID, to)
		if err != nil {
			return nil, err
		}
		if !found || !user.Active() || !user.Serves(c.InboxID) {
			var v liadesk.Invalid
			v.Add("user_id", "cannot_answer_here")
			return nil, v.Err()
		}
		if c.Owner == liadesk.OwnerAgent && c.OwnerID == to && !c.Offer.Pending() {
			return nil, nil
		}
		if c.Owner == liadesk.OwnerAgent && c.OwnerID != from && c.OwnerID != actor.User && c.OwnerID != to {
			return nil, liadesk.Conflict("thread_taken", "somebody else has taken this conversation")
		}
		if to == actor.User {
			return s.take(tx, c, actor)
		}
		if err := s.own(tx, c, to); err != nil {
			return nil, err
		}
		c.Unread = max(c.Unread, 1) // it is new to them
		m, err := s.note(tx, c, liadesk.EventAssigned, actor.Name, user.Name)
		return []liadesk.Message{m}, err
	})
	return c, err
}

// Return gives a thread back to the team: somebody else is looked for, at the
// place in the queue that its visitor had.
func (s *Service) Return(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.Owner == liadesk.OwnerQueue || c.Status != liadesk.ConversationOpen {
			return nil, nil
		}
		if c.Owner == liadesk.OwnerBot {
			return s.handOff(tx, c, liadesk.HandoffByPerson)
		}
		since := s.now()
		if !c.WaitingSince.IsZero() {
			since = c.WaitingSince
		}
		s.enqueue(c, since)
		c.Offer.Tried = []liadesk.ID{actor.User} // who gives it back does not get it again
		c.Version++
		m, err := s.note(tx, c, liadesk.EventReturned, actor.Name, "")
		return []liadesk.Message{m}, err
	})
	return c, err
}

// HandOver gives a thread of LiaDesk's to the team; what people have already
// stays as it is.
func (s *Service) HandOver(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.Owner != liadesk.OwnerBot {
			return nil, nil
		}
		c.Status = liadesk.ConversationOpen
		return s.handOff(tx, c, liadesk.HandoffByPerson)
	})
	return c, err
}

// GiveToBot lets LiaDesk go on with a thread of a website. It answers the
// visitor's next message.
func (s *Service) GiveToBot(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.Owner == liadesk.OwnerBot {
			return nil, nil
		}
		k, err := s.knowledge(tx, c.AccountID)
		if err != nil {
			return nil, err
		}
		if c.Channel != liadesk.InboxWebsite || len(k.entries) == 0 {
			return nil, liadesk.Conflict("bot_has_nothing", "LiaDesk has no answers here yet")
		}
		c.Owner, c.OwnerID, c.Offer = liadesk.OwnerBot, liadesk.ID{}, liadesk.Offer{}
		c.Bot = c.Bot.Again()
		c.Unread, c.WaitingSince = 0, time.Time{}
		c.Version++
		m, err := s.note(tx, c, liadesk.EventToBot, actor.Name, "")
		return []liadesk.Message{m}, err
	})
	return c, err
}

// MaxSnooze is how far ahead a thread can be put off.
const MaxSnooze = 90 * 24 * time.Hour

// Snooze puts an open thread out of sight until a moment, or until the other
// side writes.
func (s *Service) Snooze(ctx context.Context, actor liadesk.Actor, id liadesk.ID, until time.Time) (liadesk.Conversation, error) {
	now := s.now()
	if !until.After(now) || until.Sub(now) > MaxSnooze {
		var v liadesk.Invalid
		v.Add("until", "not_ahead", "Days", int(MaxSnooze.Hours()/24))
		return liadesk.Conversation{}, v.Err()
	}
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.Status != liadesk.ConversationOpen {
			return nil, liadesk.Conflict("thread_resolved", "a resolved conversation is out of sight already")
		}
		var added []liadesk.Message
		if c.Owner != liadesk.OwnerAgent || c.Offer.Pending() {
			var err error
			if added, err = s.take(tx, c, actor); err != nil { // who puts it off has it
				return nil, err
			}
		}
		c.SnoozedUntil, c.Unread = until.UTC(), 0
		c.Version++
		m, err := s.note(tx, c, liadesk.EventSnoozed, actor.Name, until.UTC().Format(time.RFC3339))
		return append(added, m), err
	})
	return c, err
}

// Unsnooze brings a snoozed thread back before its time.
func (s *Service) Unsnooze(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if !c.Asleep() {
			return nil, nil
		}
		m, err := s.wake(tx, c)
		c.Version++
		return []liadesk.Message{m}, err
	})
	return c, err
}

// wake brings a snoozed thread back.
func (s *Service) wake(tx *db.Tx, c *liadesk.Conversation) (liadesk.Message, error) {
	c.SnoozedUntil = time.Time{}
	return s.note(tx, c, liadesk.EventWoken, "", "")
}

// LabelHandoff says that LiaDesk should not have handed a thread over, or takes
// that back. It counts for the report.
func (s *Service) LabelHandoff(ctx context.Context, actor liadesk.Actor, id liadesk.ID, wrong bool) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.HandedOverAt.IsZero() || c.HandoffWrong == wrong {
			return nil, nil
		}
		c.HandoffWrong = wrong
		c.Version++
		n := int64(1)
		if !wrong {
			n = -1
		}
		return nil, tx.CountTalkMany(*c, db.TalkWrong+string(c.HandoffReason), c.HandedOverAt, n)
	})
	return c, err
}

// AskForPerson gives a visitor's thread to the team because the visitor wants
// it, without a word being read. Whoever asks again instead of answering what
// LiaDesk wants to know gets a person at once. Once a person has it, or is looked
// for, it changes nothing.
func (s *Service) AskForPerson(ctx context.Context, inbox liadesk.Inbox, token string) (VisitorThread, error) {
	err := s.asVisitor(ctx, inbox, token, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.Owner != liadesk.OwnerBot {
			return nil, nil
		}
		if c.Status == liadesk.ConversationResolved {
			s.beginAgain(c)
			c.Status = liadesk.ConversationOpen
		}
		t := &talk{s: s, tx: tx, c: c, inbox: inbox}
		var err error
		if c.Bot.Handing != "" {
			err = t.pass(c.Bot.Handing)
		} else {
			err = t.handOver(liadesk.HandoffAsked)
		}
		if c.Owner != liadesk.OwnerBot {
			c.WaitingSince, c.Unread = s.now(), 1
		}
		return t.added, err
	})
	if err != nil {
		return VisitorThread{}, err
	}
	return s.ReadAsVisitor(ctx, inbox, token, liadesk.ID{})
}

// MaxRatingText is the longest that a visitor may say about a conversation, in
// characters.
const MaxRatingText = 1000

// Rate is how a visitor found a conversation, 1 to 5, in words if they like. A
// second one replaces the first.
func (s *Service) Rate(ctx context.Context, inbox liadesk.Inbox, token string, rating int, text string) error {
	var v liadesk.Invalid
	if rating < 1 || rating > 5 {
		v.Add("rating", "out_of_range", "Min", 1, "Max", 5)
	}
	if text = strings.TrimSpace(text); text != "" {
		text = cleanText(&v, text)
	}
	if len([]rune(text)) > MaxRatingText {
		v.Add("text", "too_long", "Max", MaxRatingText)
	}
	if err := v.Err(); err != nil {
		return err
	}
	return s.asVisitor(ctx, inbox, token, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if !MayRate(*c) {
			return nil, liadesk.Conflict("not_over", "a conversation is rated when it is over")
		}
		if c.Rating == rating && c.RatingText == text {
			return nil, nil
		}
		now := s.now()
		count := func(r int, at time.Time, n int64) error {
			what := db.TalkRated + strconv.Itoa(r)
			if err := tx.CountTalkMany(*c, what, at, n); err != nil || c.LastAgentID.IsZero() {
				return err
			}
			return tx.CountTalkOfMany(*c, c.LastAgentID, what, at, n)
		}
		if c.Rating > 0 {
			if err := count(c.Rating, c.RatedAt, -1); err != nil {
				return nil, err
			}
		}
		c.Rating, c.RatingText, c.RatedAt = rating, text, now
		c.Version++
		if err := count(rating, now, 1); err != nil {
			return nil, err
		}
		m, err := s.add(tx, c, liadesk.Message{From: liadesk.FromSystem, Private: true, Event: liadesk.EventRated, Subject: strconv.Itoa(rating), Text: text})
		return []liadesk.Message{m}, err
	})
}

// MayRate tells whether a visitor is asked how a conversation was: when it is
// over, and a person or LiaDesk has helped in it.
func MayRate(c liadesk.Conversation) bool {
	return c.Channel == liadesk.InboxWebsite && c.Status == liadesk.ConversationResolved && (!c.LastAgentID.IsZero() || c.Bot.Solved)
}

// SeenByVisitor notes up to which place of a thread the visitor with a ticket has
// seen it. It never goes back.
func (s *Service) SeenByVisitor(ctx context.Context, t Ticket, seq uint64) error {
	news := false
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		c, found, err := tx.Conversation(t.Account, t.Conversation)
		news = found && !movedFrom(c, t.Phone) && min(seq, c.Messages) > c.SeenSeq
		return err
	}); err != nil || !news {
		return err // who says the same again costs no write
	}
	_, _, err := s.change(ctx, liadesk.Actor{Account: t.Account, Role: liadesk.RoleAdministrator}, t.Conversation, func(_ *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if movedFrom(*c, t.Phone) {
			return nil, nil
		}
		c.SeenSeq = max(c.SeenSeq, min(seq, c.Messages))
		return nil, nil
	})
	return err
}

// asVisitor is the way every change of a thread by its visitor takes. A token
// that opens nothing is not found.
func (s *Service) asVisitor(ctx context.Context, inbox liadesk.Inbox, token string, fn func(*db.Tx, *liadesk.Conversation) ([]liadesk.Message, error)) error {
	var id liadesk.ID
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		c, found, err := s.threadOf(tx, inbox, token)
		if err == nil && !found {
			err = liadesk.ErrNotFound
		}
		id = c.ID
		return err
	}); err != nil {
		return err
	}
	_, _, err := s.change(ctx, liadesk.Actor{Account: inbox.AccountID, Role: liadesk.RoleAdministrator}, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		// The thread may have moved to a phone since.
		if _, still, err := s.threadOf(tx, inbox, token); err != nil || !still {
			return nil, errors.Join(err, liadesk.ErrNotFound)
		}
		return fn(tx, c)
	})
	return err
}

package conversations

import (
	"context"
	"errors"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Filter narrows the list of conversations. Zero fields do not narrow.
type Filter struct {
	// Status is open unless told otherwise.
	Status  liadesk.ConversationStatus
	Channel liadesk.InboxKind
	// Queue leaves only threads that nobody has taken; Mine only the actor's; Bot
	// only those that LiaDesk answers.
	Queue, Mine, Bot bool
	// Snoozed leaves only threads that are out of sight for now; without it they
	// are left out.
	Snoozed  bool
	Campaign liadesk.ID
}

// Matches tells whether a thread belongs to the list that the filter leaves to
// the actor.
func (f Filter) Matches(actor liadesk.Actor, c liadesk.Conversation) bool {
	status := f.Status
	if status == "" {
		status = liadesk.ConversationOpen
	}
	return actor.Serves(c.InboxID) && c.Status == status &&
		(f.Channel == "" || c.Channel == f.Channel) &&
		(!f.Queue || c.Owner == liadesk.OwnerQueue) &&
		(f.Snoozed == c.Asleep()) && (!f.Bot || c.Owner == liadesk.OwnerBot) &&
		(!f.Mine || c.Owner == liadesk.OwnerAgent && c.OwnerID == actor.User) &&
		(f.Campaign.IsZero() || c.CampaignID == f.Campaign)
}

// maxLooks bounds how many pages of the store one list may read to fill
// itself when a filter leaves most threads out; what follows is behind Next.
const maxLooks = 4

// List lists the threads that the actor may see, the last active first.
func (s *Service) List(ctx context.Context, actor liadesk.Actor, f Filter, page db.Page) (items []liadesk.Conversation, next string, err error) {
	if f.Status == "" {
		f.Status = liadesk.ConversationOpen
	}
	if f.Status != liadesk.ConversationOpen && f.Status != liadesk.ConversationResolved {
		var v liadesk.Invalid
		v.Add("status", "unknown_status")
		return nil, "", v.Err()
	}
	want := page.Size()
	err = s.store.View(ctx, func(tx *db.Tx) error {
		items, next = nil, page.After
		for range maxLooks {
			batch, following, err := tx.Conversations(actor.Account, f.Status, next, want-len(items))
			if err != nil {
				return err
			}
			for _, c := range batch {
				if f.Matches(actor, c) {
					items = append(items, c)
				}
			}
			if next = following; next == "" || len(items) >= want {
				break
			}
		}
		return nil
	})
	return items, next, err
}

// Unread counts the open threads with messages that nobody of the team has
// looked at, up to 100, among those that the actor may see.
func (s *Service) Unread(ctx context.Context, actor liadesk.Actor) (int, error) {
	var n int
	err := s.store.View(ctx, func(tx *db.Tx) error {
		n = 0
		list, err := tx.UnreadInboxes(actor.Account, 100)
		for _, inbox := range list {
			if actor.Serves(inbox) {
				n++
			}
		}
		return err
	})
	return n, err
}

// Seen notes that the team has looked at a thread.
func (s *Service) Seen(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	_, _, err := s.change(ctx, actor, id, func(_ *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		c.Unread = 0
		return nil, nil
	})
	return err
}

// Reply answers a thread. Who answers a thread that no person has takes it;
// another person's thread stays theirs. A text goes through the inbox's outbox
// in the same transaction, so that what stands in the thread is sent even if
// the server dies right now. The same client id twice is one message.
func (s *Service) Reply(ctx context.Context, actor liadesk.Actor, id liadesk.ID, text, clientID string) (liadesk.Message, error) {
	return s.reply(ctx, actor, id, text, clientID, nil)
}

func (s *Service) reply(ctx context.Context, actor liadesk.Actor, id liadesk.ID, text, clientID string, file *attachment) (liadesk.Message, error) {
	text, err := checkWriting(text, clientID)
	if err != nil {
		return liadesk.Message{}, err
	}
	var message liadesk.Message
	_, _, err = s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		m, repeated, err := writtenBefore(tx, *c, clientID)
		if err != nil || repeated {
			message = m
			return nil, err
		}
		m = liadesk.Message{From: liadesk.FromAgent, AuthorID: actor.User, Author: actor.Name, Text: text, ClientID: clientID}
		if err := s.reachable(tx, *c); err != nil {
			return nil, err
		}
		via, number := c.InboxID, c.Phone
		byText, err := s.textTo(tx, *c)
		if err != nil {
			return nil, err
		}
		if byText {
			m.ByText, via, number = true, c.Reach.InboxID, c.Reach.Phone
		}
		if file != nil {
			if byText || c.Channel == liadesk.InboxSMS {
				return nil, liadesk.Conflict("no_files_by_text", "a text cannot carry files")
			}
			if err := s.attach(tx, *c, *file); err != nil {
				return nil, err
			}
			m.File = &file.ref
		}
		if byText || c.Channel == liadesk.InboxSMS {
			if err := s.CheckText(text); err != nil {
				return nil, err
			}
			m.Delivery = liadesk.DeliveryPending
		}
		before := *c
		var added []liadesk.Message
		if !actor.User.IsZero() && (c.Owner != liadesk.OwnerAgent || c.OwnerID == actor.User || c.Offer.Pending()) {
			if added, err = s.take(tx, c, actor); err != nil {
				return nil, err
			}
		}
		c.Status, c.Unread, c.SnoozedUntil = liadesk.ConversationOpen, 0, time.Time{}
		if err := s.answered(tx, c, before, actor.User); err != nil {
			return nil, err
		}
		if m, err = s.add(tx, c, m); err != nil {
			return nil, err
		}
		message = m
		if m.Delivery == "" {
			s.follow(c, m)
			return append(added, m), nil
		}
		if byText {
			c.Reach.TextedAt = s.now()
		}
		tx.AfterCommit(func() { s.Wake(via) })
		return append(added, m), tx.PutOutbox(liadesk.OutboxItem{
			ID: s.ids(), AccountID: c.AccountID, InboxID: via, Cause: liadesk.CauseReply,
			Phone: number, Text: text, ConversationID: c.ID, MessageID: m.ID, CreatedAt: m.At,
		})
	})
	return message, err
}

// checkWriting cleans what somebody of the team writes and checks the id that
// makes it once.
func checkWriting(text, clientID string) (string, error) {
	var v liadesk.Invalid
	text = cleanText(&v, text)
	if len(clientID) > 64 {
		v.Add("client_id", "too_long", "Max", 64)
	}
	return text, v.Err()
}

// writtenBefore finds what an earlier try with the same client id wrote.
func writtenBefore(tx *db.Tx, c liadesk.Conversation, clientID string) (liadesk.Message, bool, error) {
	if clientID == "" {
		return liadesk.Message{}, false, nil
	}
	return tx.MessageByClientID(c.AccountID, c.ID, clientID)
}

// own makes a person the owner of a thread. An offer is taken with it, and
// LiaDesk falls silent.
func (s *Service) own(tx *db.Tx, c *liadesk.Conversation, who liadesk.ID) error {
	fromBot := c.Owner == liadesk.OwnerBot
	c.Owner, c.OwnerID, c.Offer = liadesk.OwnerAgent, who, liadesk.Offer{}
	c.Bot = c.Bot.Done()
	c.Version++
	if !fromBot {
		return nil
	}
	c.HandoffReason, c.HandedOverAt, c.HandoffWrong, c.AnsweredAt = liadesk.HandoffByPerson, s.now(), false, time.Time{}
	return tx.CountTalk(*c, db.TalkHandedOver+string(liadesk.HandoffByPerson), s.now())
}

// take makes the actor the owner of a thread, and notes it there if somebody
// else or LiaDesk had it.
func (s *Service) take(tx *db.Tx, c *liadesk.Conversation, actor liadesk.Actor) ([]liadesk.Message, error) {
	mine, queued := c.Owner == liadesk.OwnerAgent && c.OwnerID == actor.User, c.Owner == liadesk.OwnerQueue
	if mine && !c.Offer.Pending() {
		return nil, nil
	}
	if err := s.own(tx, c, actor.User); err != nil || mine || queued {
		return nil, err
	}
	m, err := s.note(tx, c, liadesk.EventTaken, actor.Name, "")
	return []liadesk.Message{m}, err
}

// answered counts a person's answer, and how long the visitor waited for the
// first one.
func (s *Service) answered(tx *db.Tx, c *liadesk.Conversation, before liadesk.Conversation, who liadesk.ID) error {
	now := s.now()
	if asked := c.CampaignAskedAt; !asked.IsZero() {
		c.CampaignAskedAt = time.Time{}
		if err := tx.CountChatWait(c.AccountID, c.CampaignID, c.ID[15], now.Sub(asked)); err != nil {
			return err
		}
	}
	if who.IsZero() {
		return nil
	}
	c.LastAgentID = who
	if c.AnsweredAt.IsZero() {
		c.AnsweredAt = now
		since := before.WaitingSince
		if since.IsZero() {
			since = before.HandedOverAt
		}
		if err := tx.CountTalk(*c, db.TalkAnswered, now); err != nil {
			return err
		}
		if !since.IsZero() && c.Channel == liadesk.InboxWebsite {
			if err := tx.CountTalkWait(*c, who, now.Sub(since), now); err != nil {
				return err
			}
		}
	}
	return errors.Join(tx.CountTalkOf(*c, who, db.TalkReplies, now), tx.CountTalk(*c, db.TalkReplies, now))
}

// Take makes the actor the owner. From is the owner whom the actor saw: if
// somebody else took the thread meanwhile, that stands and the actor is told.
func (s *Service) Take(ctx context.Context, actor liadesk.Actor, id liadesk.ID, from liadesk.ID) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.Owner == liadesk.OwnerAgent && c.OwnerID != actor.User && c.OwnerID != from && !c.Offer.Pending() {
			return nil, liadesk.Conflict("thread_taken", "somebody else has taken this conversation")
		}
		return s.take(tx, c, actor)
	})
	return c, err
}

// Resolve ends a thread for now; the other side's next message opens it again.
func (s *Service) Resolve(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Conversation, error) {
	return s.setStatus(ctx, actor, id, liadesk.ConversationResolved)
}

// Reopen takes a resolved thread back into the list.
func (s *Service) Reopen(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.Conversation, error) {
	return s.setStatus(ctx, actor, id, liadesk.ConversationOpen)
}

func (s *Service) setStatus(ctx context.Context, actor liadesk.Actor, id liadesk.ID, status liadesk.ConversationStatus) (liadesk.Conversation, error) {
	c, _, err := s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		if c.Status == status {
			return nil, nil
		}
		c.Status, c.Unread, c.WaitingSince = status, 0, time.Time{}
		c.SnoozedUntil, c.Offer = time.Time{}, liadesk.Offer{}
		c.Version++
		event := liadesk.EventReopened
		if status == liadesk.ConversationResolved {
			event = liadesk.EventResolved
			if err := s.closed(tx, *c, actor.User); err != nil {
				return nil, err
			}
		}
		m, err := s.note(tx, c, event, actor.Name, "")
		return []liadesk.Message{m}, err
	})
	return c, err
}

// closed counts the end of a thread: one that was handed over and that nobody
// answered was abandoned.
func (s *Service) closed(tx *db.Tx, c liadesk.Conversation, who liadesk.ID) error {
	now := s.now()
	what := db.TalkResolved
	if c.Channel == liadesk.InboxWebsite && !c.HandedOverAt.IsZero() && c.AnsweredAt.IsZero() {
		what = db.TalkAbandoned
	}
	if err := tx.CountTalk(c, what, now); err != nil || who.IsZero() {
		return err
	}
	return tx.CountTalkOf(c, who, what, now)
}

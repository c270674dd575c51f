package conversations

import (
	"context"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// That somebody is writing is told and never stored. What is told is good for
// some seconds; who goes on writing tells again.

// VisitorTypes tells the team that the visitor with a ticket is writing.
func (s *Service) VisitorTypes(ctx context.Context, t Ticket) error {
	var c liadesk.Conversation
	var found bool
	if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		c, found, err = tx.Conversation(t.Account, t.Conversation)
		return err
	}); err != nil || !found || c.Owner == liadesk.OwnerBot || movedFrom(c, t.Phone) {
		return err
	}
	s.Live.publish(t.Account, &Event{Conversation: c, Typing: c.Visitor, TypingVisitor: true})
	return nil
}

// AgentTypes tells the visitor and the rest of the team that somebody is
// answering. Who was asked to take the thread, takes it by that.
func (s *Service) AgentTypes(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	var c liadesk.Conversation
	if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		c, err = find(tx, actor, id)
		return err
	}); err != nil {
		return err
	}
	if c.Offer.Pending() && c.OwnerID == actor.User {
		if _, err := s.Take(ctx, actor, id, actor.User); err != nil {
			return err
		}
	}
	if c.Channel != liadesk.InboxWebsite || c.Owner == liadesk.OwnerBot {
		return nil
	}
	e := &Event{Conversation: c, Typing: actor.Name}
	s.Live.publish(c.AccountID, e)
	s.Live.publish(c.ID, e)
	return nil
}

package sms

import (
	"context"
	"errors"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Release lets sending go on in the whole installation after it was held: the
// database came from a backup, or runs under another public address.
//
// What was sent after the backup was made is not in the database, so the
// carrier's list is read first, for every SMS inbox, from the last claim that
// the database knows of: a text to a waiting recipient that no attempt owns is
// taken for that recipient's, and listed with the list as its evidence. What is
// not certain becomes unconfirmed, for a person to decide; it is not sent.
// Campaigns whose time came while sending was held are frozen first, so that
// they have recipients to hold the list against.
//
// An inbox whose list cannot be read keeps nobody waiting for the others: its
// campaigns are paused as "restored", and resuming one reads the list again.
// Its answers that waited become unconfirmed, for they may be out; the looks at
// the list that follow settle them.
//
// A long list takes minutes, for the carrier answers few questions a minute.
// Release notes that a person decided, works for a few seconds and leaves the
// rest to the ticks; until then Held says Releasing. A crash in the middle does
// no harm: what is marked is owned, and not found a second time.
func (s *Service) Release(ctx context.Context, actor liadesk.Actor) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	if err := s.Store.Update(ctx, (*db.Tx).SetReleasing); err != nil {
		return err
	}
	patience, cancel := context.WithTimeout(ctx, releasePatience)
	defer cancel()
	err := s.release(patience)
	if patience.Err() != nil && ctx.Err() == nil {
		return nil // the ticks go on
	}
	return err
}

// releasePatience is how long a person waits for a release.
const releasePatience = 5 * time.Second

// release does what a person decided by Release. Only one at a time reads the
// lists.
func (s *Service) release(ctx context.Context) error {
	if !s.releasing.TryLock() {
		return nil
	}
	defer s.releasing.Unlock()
	if h, held, err := s.Held(ctx); err != nil || !held || !h.Releasing {
		return err
	}
	inboxes, err := s.smsInboxes(ctx)
	if err != nil {
		return err
	}
	var unread []liadesk.Inbox
	for _, in := range inboxes {
		err := s.markByList(ctx, in.AccountID, in.ID)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrCarrierList) {
			s.Log.Warn("the carrier's list cannot be read; the inbox's campaigns stay paused", "inbox", in.ID.String(), "error", err)
			unread = append(unread, in)
		} else if err != nil {
			return err
		}
	}
	err = s.Store.Update(ctx, func(tx *db.Tx) error {
		held, _, err := tx.Held()
		if err != nil {
			return err
		}
		for _, in := range unread {
			l, err := tx.Lease(in.AccountID, in.ID)
			if err != nil {
				return err
			}
			if l.Gap, err = s.gapBegins(tx, in); err != nil {
				return err
			}
			if err := tx.PutLease(in.AccountID, in.ID, l); err != nil {
				return err
			}
			if err := s.doubtOutbox(tx, in, held.At); err != nil {
				return err
			}
			if err := s.pauseAll(tx, in.AccountID, liadesk.PauseRestored, func(c liadesk.SMSCampaign) bool {
				return c.InboxID == in.ID && !c.ScheduledAt.After(s.now())
			}); err != nil {
				return err
			}
		}
		return tx.ClearHeld()
	})
	if err == nil {
		s.Wake(liadesk.ID{})
	}
	return err
}

// doubtOutbox makes the texts unconfirmed that wait in an inbox's outbox since
// before sending was held. What was written since then is not out.
func (s *Service) doubtOutbox(tx *db.Tx, in liadesk.Inbox, before time.Time) error {
	l := newLedger(tx, in.AccountID, in.ID[15], s.now())
	for {
		items, err := tx.Outbox(in.AccountID, in.ID, recoverPage) // in the order in which they were written
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.CreatedAt.After(before) {
				return l.close()
			}
			a, err := l.takeOut(item)
			if err != nil {
				return err
			}
			ch, err := l.apply(a, liadesk.DeliveryEvent{Kind: liadesk.EventUncertain, AttemptID: a.ID, At: l.now, Code: "listed", Evidence: liadesk.EvidenceList})
			if err != nil {
				return err
			}
			if err := s.tell(tx, ch); err != nil {
				return err
			}
		}
		if len(items) == 0 {
			return l.close()
		}
	}
}

// takeOut makes an attempt whose outcome is open of a text that waits.
func (l *ledger) takeOut(item liadesk.OutboxItem) (liadesk.Attempt, error) {
	a := liadesk.Attempt{
		ID: item.ID, AccountID: item.AccountID, InboxID: item.InboxID, Cause: item.Cause, Phone: item.Phone, StartedAt: l.now, Deadline: l.now,
		ConversationID: item.ConversationID, MessageID: item.MessageID,
		Alone: &liadesk.Delivery{ID: item.ID, Phone: item.Phone, Status: liadesk.DeliverySending, AttemptID: item.ID, StartedAt: l.now},
	}
	if err := l.tx.OpenAttempt(a); err != nil {
		return a, err
	}
	return a, l.tx.DeleteOutbox(item)
}

func (s *Service) smsInboxes(ctx context.Context) ([]liadesk.Inbox, error) {
	var all []liadesk.Inbox
	for after := (liadesk.ID{}); ; {
		var ids []liadesk.ID
		var found []liadesk.Inbox
		err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
			found = nil
			if ids, err = tx.AccountIDs(after, accountsPage); err != nil {
				return err
			}
			for _, id := range ids {
				inboxes, err := tx.Inboxes(id)
				if err != nil {
					return err
				}
				for _, in := range inboxes {
					if in.SMS != nil {
						found = append(found, in)
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(ids) < accountsPage {
			return all, nil
		}
		after = ids[len(ids)-1]
	}
}

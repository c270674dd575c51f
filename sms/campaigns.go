package sms

import (
	"context"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// The refusals of these verbs, beside invalid input.
var (
	ErrSending     = liadesk.Conflict("sending", "the campaign is sending; cancel it first")
	ErrNotDraft    = liadesk.Conflict("not_a_draft", "only drafts can be changed; duplicate or replace the campaign")
	ErrStatus      = liadesk.Conflict("wrong_status", "the campaign's status does not allow this")
	ErrChanged     = liadesk.Conflict("changed", "somebody else changed the campaign meanwhile")
	ErrReplaced    = liadesk.Conflict("already_sending", "the campaign that this one replaces has begun to send")
	ErrInboxGone   = liadesk.Conflict("inbox_gone", "the campaign's inbox was deleted")
	ErrCarrierList = &liadesk.Error{Kind: liadesk.KindUnavailable, Code: "carrier_list_unavailable", Text: "the carrier's list of texts cannot be read now"}
)

// Create makes a draft, or with a time a scheduled campaign. Scheduling asks
// for somebody who can be reached; a draft does not.
func (s *Service) Create(ctx context.Context, actor liadesk.Actor, in Input) (liadesk.SMSCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.SMSCampaign{}, err
	}
	var c liadesk.SMSCampaign
	err := s.Store.Update(ctx, func(tx *db.Tx) (err error) {
		c, err = s.create(tx, actor, in)
		return err
	})
	return c, err
}

func (s *Service) create(tx *db.Tx, actor liadesk.Actor, in Input) (liadesk.SMSCampaign, error) {
	now := s.now()
	c := liadesk.SMSCampaign{
		ID: s.IDs(), AccountID: actor.Account, Status: liadesk.SMSDraft,
		CreatedAt: now, CreatedBy: actor.User, UpdatedAt: now, Version: 1,
	}
	in.by = actor.User
	if err := s.fill(tx, &c, in); err != nil {
		return c, err
	}
	if err := fixLinks(tx, &c); err != nil {
		return c, err
	}
	return c, tx.PutSMSCampaign(c)
}

// Update changes a draft; with a time it also schedules it. Input is whole:
// InputOf gives what is there now. A Version other than 0 must be the one that
// the person saw; else what somebody else changed meanwhile comes back as an
// error of liadesk.Changed, and nothing is stored.
func (s *Service) Update(ctx context.Context, actor liadesk.Actor, id liadesk.ID, in Input) (liadesk.SMSCampaign, error) {
	return s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.SMSCampaign) error {
		if c.Status != liadesk.SMSDraft {
			return ErrNotDraft
		}
		in.by = actor.User
		old := *c
		if err := s.fill(tx, c, in); err != nil {
			return err
		}
		if in.Version != 0 && in.Version != old.Version {
			if err := liadesk.Changed(old.Version, differences(old, *c)...); err != nil {
				return err
			}
		}
		return fixLinks(tx, c)
	})
}

// Schedule gives a draft its time.
func (s *Service) Schedule(ctx context.Context, actor liadesk.Actor, id liadesk.ID, when When) (liadesk.SMSCampaign, error) {
	return s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.SMSCampaign) error {
		if c.Status != liadesk.SMSDraft {
			return ErrNotDraft
		}
		if when.Version != 0 && when.Version != c.Version {
			return ErrChanged
		}
		in := InputOf(*c)
		in.Draft = false
		if !when.ScheduledAt.IsZero() || when.Schedule != nil {
			in.ScheduledAt, in.Schedule = when.ScheduledAt, when.Schedule
		}
		if !when.ExpiresAt.IsZero() {
			in.ExpiresAt = when.ExpiresAt
		}
		if in.ScheduledAt.IsZero() && in.Schedule == nil {
			var v liadesk.Invalid
			v.Add("scheduled_at", "required")
			return v.Err()
		}
		if err := s.fill(tx, c, in); err != nil {
			return err
		}
		if err := fixLinks(tx, c); err != nil {
			return err
		}
		return s.acknowledge(tx, actor, c, when)
	})
}

// Pause stops a campaign that is scheduled or sending at once: nothing more is
// claimed, and what is claimed but not yet posted goes back to waiting.
// Pausing a paused campaign changes nothing.
func (s *Service) Pause(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	return s.change(ctx, actor, id, func(_ *db.Tx, c *liadesk.SMSCampaign) error {
		if c.Status == liadesk.SMSPaused {
			return nil
		}
		if c.Status != liadesk.SMSScheduled && c.Status != liadesk.SMSSending {
			return ErrStatus
		}
		c.Status, c.Reason = liadesk.SMSPaused, liadesk.PauseByUser
		return nil
	})
}

// Resume lets a paused campaign go on: back to scheduled while its time is to
// come, else it sends. It is a person's decision, so one that missed its time
// starts now. A campaign that was paused because the database came from a
// backup first reads the carrier's list, and stays paused when that fails.
//
// While all sending is held, resuming any campaign that waits releases that
// first: see Release.
func (s *Service) Resume(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.SMSCampaign{}, err
	}
	c, err := s.Get(ctx, actor, id)
	if err != nil {
		return c, err
	}
	if c.Status.Waits() {
		if _, held, err := s.Held(ctx); err != nil {
			return c, err
		} else if held {
			// One decision is enough, also for a campaign that was paused by
			// hand before: the carrier's list is read, then it goes on.
			if err := s.Release(ctx, actor); err != nil {
				return c, err
			}
			if c, err = s.Get(ctx, actor, id); err != nil || c.Status != liadesk.SMSPaused {
				return c, err
			}
		}
	}
	if c.Status == liadesk.SMSPaused {
		unread, err := s.listUnread(ctx, c)
		if err != nil {
			return c, err
		}
		if unread {
			if err := s.markByList(ctx, c.AccountID, c.InboxID); err != nil {
				return c, err
			}
		}
	}
	c, err = s.change(ctx, actor, id, func(tx *db.Tx, c *liadesk.SMSCampaign) error {
		if c.Status != liadesk.SMSPaused {
			return ErrStatus
		}
		if _, found, err := tx.Inbox(c.AccountID, c.InboxID); err != nil {
			return err
		} else if !found {
			return ErrInboxGone
		}
		c.Reason = ""
		if !c.Frozen && c.StartedAt.IsZero() && c.ScheduledAt.After(s.now()) {
			c.Status = liadesk.SMSScheduled
			return nil
		}
		c.Status, c.Released = liadesk.SMSSending, true
		if c.UsualEnd {
			c.ExpiresAt, c.UsualEnd = time.Time{}, false // the next tick works it out anew
		}
		if c.StartedAt.IsZero() {
			c.StartedAt = s.now()
		}
		return nil
	})
	if err == nil {
		s.Wake(c.InboxID)
	}
	return c, err
}

// Cancel ends a campaign for good. Who was not handed over by now is left out
// as "cancelled"; that happens right here, and in the next ticks if the power
// goes meanwhile.
func (s *Service) Cancel(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	c, err := s.change(ctx, actor, id, func(_ *db.Tx, c *liadesk.SMSCampaign) error {
		if c.Status == liadesk.SMSCancelled {
			return nil
		}
		return s.cancel(c)
	})
	if err != nil {
		return c, err
	}
	return c, s.sweep(ctx, c)
}

func (s *Service) cancel(c *liadesk.SMSCampaign) error {
	if !c.Status.CanMove(liadesk.SMSCancelled) {
		return ErrStatus
	}
	c.Status, c.Reason, c.CompletedAt = liadesk.SMSCancelled, "", s.now()
	if c.Frozen {
		c.Sweep = liadesk.SweepCancelled
	}
	return nil
}

// Delete hides a campaign. What was sent, consent and opt-outs stay, and late
// reports are still merged. One that is sending must be cancelled first; one
// that is scheduled or paused is cancelled with it.
func (s *Service) Delete(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	c, err := s.change(ctx, actor, id, func(_ *db.Tx, c *liadesk.SMSCampaign) error {
		switch c.Status {
		case liadesk.SMSSending:
			return ErrSending
		case liadesk.SMSScheduled, liadesk.SMSPaused:
			if err := s.cancel(c); err != nil {
				return err
			}
		}
		c.DeletedAt = s.now()
		return nil
	})
	if err != nil {
		return err
	}
	return s.sweep(ctx, c)
}

// Duplicate makes a draft with the same title, text, inbox and audience, and
// no time.
func (s *Service) Duplicate(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.SMSCampaign{}, err
	}
	var c liadesk.SMSCampaign
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		old, err := s.find(tx, actor, id)
		if err != nil {
			return err
		}
		c = s.copyOf(old, actor)
		return tx.PutSMSCampaign(c)
	})
	return c, err
}

// copyOf is a draft like old. It is not checked: the inbox may be gone or the
// limits lower by now, and a draft is where that is mended.
func (s *Service) copyOf(old liadesk.SMSCampaign, actor liadesk.Actor) liadesk.SMSCampaign {
	now := s.now()
	return liadesk.SMSCampaign{
		ID: s.IDs(), AccountID: old.AccountID, Status: liadesk.SMSDraft,
		Title: old.Title, Message: old.Message, InboxID: old.InboxID, InboxName: old.InboxName,
		Purpose: old.Purpose, Audience: old.Audience, Fold: old.Fold, TrackClicks: old.TrackClicks,
		CreatedAt: now, CreatedBy: actor.User, UpdatedAt: now, Version: 1,
	}
}

// Replace makes a draft to stand in for a scheduled campaign. The scheduled one
// keeps its time: it is cancelled in the very transaction that schedules the
// draft (Update or Schedule), so that never both go out and, should the draft
// be left lying, the first one does. If the first has begun to send by then, or
// is through with it, the draft is refused with the code already_sending.
func (s *Service) Replace(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.SMSCampaign{}, err
	}
	var c liadesk.SMSCampaign
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		old, err := s.find(tx, actor, id)
		if err != nil {
			return err
		}
		if old.Status != liadesk.SMSScheduled {
			return ErrStatus
		}
		c = s.copyOf(old, actor)
		c.ReplacesID = old.ID
		return tx.PutSMSCampaign(c)
	})
	return c, err
}

// replaced cancels the campaign that c stands in for, in the transaction that
// schedules c.
func (s *Service) replaced(tx *db.Tx, c *liadesk.SMSCampaign) error {
	if c.ReplacesID.IsZero() {
		return nil
	}
	old, found, err := tx.SMSCampaign(c.AccountID, c.ReplacesID)
	if err != nil || !found || old.Status == liadesk.SMSCancelled {
		return err
	}
	if !replaceable(old) {
		return ErrReplaced
	}
	if err := s.cancel(&old); err != nil {
		return err
	}
	old.UpdatedAt, old.Version = s.now(), old.Version+1
	return tx.PutSMSCampaign(old)
}

// replaceable tells whether a campaign has not begun and can be cancelled in
// favour of another.
func replaceable(c liadesk.SMSCampaign) bool {
	return c.Status == liadesk.SMSScheduled || c.Status == liadesk.SMSPaused && c.StartedAt.IsZero()
}

// Get reads one campaign of an inbox that the actor sees.
func (s *Service) Get(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	if err := actor.Campaigns(); err != nil {
		return liadesk.SMSCampaign{}, err
	}
	var c liadesk.SMSCampaign
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		c, err = s.find(tx, actor, id)
		return err
	})
	return c, err
}

// find reads a campaign for an actor; one that was deleted, belongs to another
// account or to an inbox that the actor does not see is not there.
func (s *Service) find(tx *db.Tx, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	c, found, err := tx.SMSCampaign(actor.Account, id)
	if err != nil {
		return c, err
	}
	if !found || !c.DeletedAt.IsZero() || !actor.Serves(c.InboxID) {
		return liadesk.SMSCampaign{}, liadesk.ErrNotFound
	}
	return c, nil
}

// Card is a campaign with its figures, for lists.
type Card struct {
	Campaign liadesk.SMSCampaign
	Progress Progress
}

// List reads a page of campaigns, newest first, with the cursor of the next
// page, "" when there is none.
func (s *Service) List(ctx context.Context, actor liadesk.Actor, page db.Page) (cards []Card, next string, err error) {
	if err := actor.Campaigns(); err != nil {
		return nil, "", err
	}
	var after liadesk.ID
	if page.After != "" {
		if after, err = liadesk.ParseID(page.After); err != nil {
			var v liadesk.Invalid
			v.Add("after", "wrong_cursor")
			return nil, "", v.Err()
		}
	}
	err = s.Store.View(ctx, func(tx *db.Tx) error {
		cards, next = nil, ""
		var list []liadesk.SMSCampaign
		list, next, err = campaignsAfter(tx, actor, after, page.Size())
		if err != nil {
			return err
		}
		cards, err = s.cards(tx, actor.Account, list...)
		return err
	})
	return cards, next, err
}

// campaignsAfter lists the campaigns behind a place that the actor may see.
// Next is the place behind them, "" at the end.
func campaignsAfter(tx *db.Tx, actor liadesk.Actor, cursor liadesk.ID, size int) (list []liadesk.SMSCampaign, next string, err error) {
	for {
		batch, err := tx.SMSCampaigns(actor.Account, cursor, size+1)
		if err != nil {
			return nil, "", err
		}
		for _, c := range batch {
			if c.DeletedAt.IsZero() && actor.Serves(c.InboxID) {
				if len(list) == size {
					return list, cursor.String(), nil
				}
				list = append(list, c)
			}
			cursor = c.ID
		}
		if len(batch) <= size {
			return list, "", nil
		}
	}
}

// change runs one change of a campaign in a transaction, for administrators.
func (s *Service) change(ctx context.Context, actor liadesk.Actor, id liadesk.ID, fn func(*db.Tx, *liadesk.SMSCampaign) error) (liadesk.SMSCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.SMSCampaign{}, err
	}
	var c liadesk.SMSCampaign
	err := s.Store.Update(ctx, func(tx *db.Tx) (err error) {
		if c, err = s.find(tx, actor, id); err != nil {
			return err
		}
		if err := fn(tx, &c); err != nil {
			return err
		}
		c.UpdatedAt, c.Version = s.now(), c.Version+1
		return tx.PutSMSCampaign(c)
	})
	return c, err
}

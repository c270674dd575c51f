package sms

import (
	"context"
	"errors"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

const (
	// missedAfter is how late a campaign may begin by itself.
	missedAfter = time.Hour
	// maxJump is how far the wall clock may part from the monotonic one before
	// nobody should believe it, and steadyFor is how long it must then behave.
	maxJump   = time.Minute
	steadyFor = time.Minute
	// accountsPage is how many accounts a tick reads at a time.
	accountsPage = 100
	// noncesPage is how many old nonces one tick forgets per inbox.
	noncesPage = 500
)

// steadiness watches the wall clock.
type steadiness struct {
	offset time.Duration // wall minus monotonic, when last seen
	seen   bool
	until  time.Duration // monotonic: nothing is begun before
}

// clockSteady tells whether the wall clock can be believed. After a jump of
// more than a minute against the monotonic clock (somebody set it, the machine
// slept), nothing is frozen or claimed until it has been steady for a minute:
// a wrong clock would text people at night.
func (s *Service) clockSteady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mono := s.Monotonic()
	offset := time.Duration(s.now().UnixNano()) - mono
	if s.steady.seen && (offset-s.steady.offset).Abs() > maxJump {
		s.Log.Warn("the clock jumped; sending waits until it is steady", "by", (offset - s.steady.offset).String())
		s.steady.until = mono + steadyFor
	}
	s.steady.offset, s.steady.seen = offset, true
	return mono >= s.steady.until
}

// diskLow tells whether claiming must stop so that what is in flight can still
// be recorded.
func (s *Service) diskLow() bool {
	if s.FreeDisk == nil {
		return false
	}
	free, err := s.FreeDisk()
	return err == nil && free < lowDisk
}

// Tick does what time has brought: it begins campaigns that are due, goes on
// freezing, ends what has expired and completes what is done. Every step reads
// anew what the database says and is harmless when done twice; a tick that
// never came is made up for by the next.
func (s *Service) Tick(ctx context.Context) error {
	if !s.clockSteady() {
		return nil
	}
	if h, held, err := s.Held(ctx); err != nil || held {
		if h.Releasing {
			err = s.release(ctx)
		}
		return err
	}
	return s.Store.EachAccount(ctx, s.tickAccount)
}

func (s *Service) tickAccount(ctx context.Context, account liadesk.ID) error {
	var due, sending, paused, sweeping []liadesk.SMSCampaign
	var inboxes []liadesk.Inbox
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		if due, err = tx.SMSCampaignsDue(account, liadesk.SMSScheduled, s.now()); err != nil {
			return err
		}
		if sending, err = tx.SMSCampaignsDue(account, liadesk.SMSSending, time.Time{}); err != nil {
			return err
		}
		if paused, err = tx.SMSCampaignsDue(account, liadesk.SMSPaused, time.Time{}); err != nil {
			return err
		}
		if sweeping, err = tx.SMSCampaignsSweeping(account); err != nil {
			return err
		}
		inboxes, err = tx.Inboxes(account)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	low := s.diskLow()
	for _, c := range due {
		if low {
			break
		}
		begun, err := s.begin(ctx, c)
		if err == nil && begun.Status == liadesk.SMSSending {
			sending = append(sending, begun)
		}
		errs = append(errs, err)
	}
	for _, c := range sending {
		if !c.Frozen && !low {
			if err := s.freeze(ctx, c); err != nil {
				errs = append(errs, err)
				continue
			}
			s.Wake(c.InboxID)
		}
		errs = append(errs, s.limit(ctx, c))
		c, err := s.prolong(ctx, c)
		errs = append(errs, err, s.finish(ctx, c))
	}
	for _, c := range paused {
		if c.Reason == liadesk.PauseInbox {
			errs = append(errs, s.recoverGone(ctx, c))
		}
		errs = append(errs, s.finish(ctx, c))
	}
	for _, c := range sweeping {
		errs = append(errs, s.sweep(ctx, c))
	}
	for _, in := range inboxes {
		if in.Kind == liadesk.InboxSMS {
			errs = append(errs, s.forgetNonces(ctx, in))
		}
	}
	return errors.Join(errs...)
}

// begin lets a campaign whose time has come begin to send, or pauses it when it
// may not: more than an hour late, without a paid plan, without its inbox.
func (s *Service) begin(ctx context.Context, c liadesk.SMSCampaign) (liadesk.SMSCampaign, error) {
	id := c.ID
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		now := s.now()
		if c, found, err = tx.SMSCampaign(c.AccountID, id); err != nil || !found {
			return err
		}
		if c.Status != liadesk.SMSScheduled || c.ScheduledAt.After(now) {
			return nil // changed since it was read
		}
		account, _, err := tx.Account(c.AccountID)
		if err != nil {
			return err
		}
		_, inbox, err := tx.Inbox(c.AccountID, c.InboxID)
		if err != nil {
			return err
		}
		switch {
		case !account.Plan.Paid():
			c.Status, c.Reason = liadesk.SMSPaused, liadesk.PausePlan
		case !inbox:
			c.Status, c.Reason = liadesk.SMSPaused, liadesk.PauseInbox
		case now.Sub(c.ScheduledAt) > missedAfter && !c.Released:
			c.Status, c.Reason = liadesk.SMSPaused, liadesk.PauseMissed
		default:
			c.Status, c.StartedAt = liadesk.SMSSending, now
		}
		c.UpdatedAt, c.Version = now, c.Version+1
		return tx.PutSMSCampaign(c)
	})
	return c, err
}

// finish ends what is over: it puts aside whom an expired campaign did not
// reach, and completes a campaign with nobody waiting and nothing in flight.
// Texts of which nobody knows do not hold it back.
func (s *Service) finish(ctx context.Context, c liadesk.SMSCampaign) error {
	expired := !c.ExpiresAt.IsZero() && !s.now().Before(c.ExpiresAt)
	if c.UsualEnd && c.Status == liadesk.SMSPaused {
		expired = false // whoever resumes it gets another end
	}
	if expired && c.Frozen && c.Sweep == liadesk.SweepNone {
		err := s.Store.Update(ctx, func(tx *db.Tx) error {
			now, found, err := tx.SMSCampaign(c.AccountID, c.ID)
			if err != nil || !found || !now.Status.Waits() || !now.Frozen || now.Sweep != liadesk.SweepNone {
				return err
			}
			now.Sweep = liadesk.SweepExpired
			return tx.PutSMSCampaign(now)
		})
		if err != nil {
			return err
		}
		c.Sweep = liadesk.SweepExpired
	}
	if err := s.sweep(ctx, c); err != nil {
		return err
	}
	// Looking costs a read; only when it seems over is a change tried.
	over := false
	if err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		over, err = s.over(tx, c)
		return err
	}); err != nil || !over {
		return err
	}
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		now, found, err := tx.SMSCampaign(c.AccountID, c.ID)
		if err != nil || !found {
			return err
		}
		if over, err := s.over(tx, now); err != nil || !over {
			return err
		}
		now.Status, now.Reason, now.Sweep = liadesk.SMSCompleted, "", liadesk.SweepNone
		now.CompletedAt = s.now()
		now.UpdatedAt, now.Version = now.CompletedAt, now.Version+1
		return tx.PutSMSCampaign(now)
	})
}

// over tells whether a campaign has nobody waiting and nothing in flight. A
// paused one is over only when its time ran out: else a person is to decide.
func (s *Service) over(tx *db.Tx, c liadesk.SMSCampaign) (bool, error) {
	if !c.Frozen || c.Status != liadesk.SMSSending && (c.Status != liadesk.SMSPaused || c.Sweep == liadesk.SweepNone) {
		return false, nil
	}
	p, err := figures(tx, c.AccountID, c.ID)
	if err != nil {
		return false, err
	}
	return p.waiting() == 0 && p.rows[liadesk.DeliverySending] == 0, nil
}

// forgetNonces drops nonces that are no longer needed.
func (s *Service) forgetNonces(ctx context.Context, in liadesk.Inbox) error {
	now, old := s.now(), false
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		old, err = tx.OldNonces(in.AccountID, in.ID, now)
		return err
	})
	if err != nil || !old {
		return err
	}
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		_, err := tx.PruneNonces(in.AccountID, in.ID, now, noncesPage)
		return err
	})
}

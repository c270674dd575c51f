package sms

import (
	"context"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// StopAll is the emergency stop: it pauses every campaign of the account that
// sends or is scheduled, whatever its inbox, and tells how many those were.
// From the moment it returns nothing of them is claimed, and what is claimed
// but not yet posted goes back to waiting. Replies, confirmations and tests go
// on, for each of them answers somebody.
//
// It goes through the campaigns in bounded transactions, those that send first.
// If the power goes in between, some are paused and the others are not: pressing
// again does the rest, and does nothing to those that are paused. Each is resumed
// by itself, so that letting one go on starts no other.
func (s *Service) StopAll(ctx context.Context, actor liadesk.Actor) (paused int, err error) {
	if err := actor.ManageCampaigns(); err != nil {
		return 0, err
	}
	for _, status := range []liadesk.SMSStatus{liadesk.SMSSending, liadesk.SMSScheduled} {
		for {
			n := 0
			if err := s.Store.Update(ctx, func(tx *db.Tx) (err error) {
				n, err = s.pauseSome(tx, actor.Account, status, liadesk.PauseStopped, everyCampaign)
				return err
			}); err != nil {
				return paused, err
			}
			if paused += n; n == 0 {
				break
			}
		}
	}
	return paused, nil
}

// Stoppable tells whether StopAll would pause anything.
func (s *Service) Stoppable(ctx context.Context, actor liadesk.Actor) (bool, error) {
	if err := actor.Campaigns(); err != nil {
		return false, err
	}
	some := 0
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		for _, status := range []liadesk.SMSStatus{liadesk.SMSSending, liadesk.SMSScheduled} {
			list, err := tx.SMSCampaignsDue(actor.Account, status, time.Time{})
			if err != nil {
				return err
			}
			some += len(list)
		}
		return nil
	})
	return some > 0, err
}

func everyCampaign(liadesk.SMSCampaign) bool { return true }

// pauseSome pauses the campaigns of a status that which chooses, as many as one
// transaction takes, and tells how many those were.
func (s *Service) pauseSome(tx *db.Tx, account liadesk.ID, status liadesk.SMSStatus, reason liadesk.PauseReason, which func(liadesk.SMSCampaign) bool) (int, error) {
	some, err := tx.SMSCampaignsDue(account, status, time.Time{})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, c := range some {
		if !which(c) {
			continue
		}
		c.Status, c.Reason = liadesk.SMSPaused, reason
		c.UpdatedAt, c.Version = s.now(), c.Version+1
		if err := tx.PutSMSCampaign(c); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

package sms

import (
	"context"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Somebody who answers STOP must be heard. Whether the carrier can call us back
// shows only when it has: an inbox that was never called back may have no
// application behind its number, or an address that the carrier does not reach.
// Who schedules a marketing text from one in the dashboard says that they
// understand that, and it is kept with the campaign; programs are told by
// callback_seen_at of the inbox.

// unheard tells whether answers to a campaign may go unheard.
func unheard(tx *db.Tx, c liadesk.SMSCampaign) (bool, error) {
	if c.Purpose == liadesk.PurposeTransactional {
		return false, nil
	}
	in, found, err := tx.Inbox(c.AccountID, c.InboxID)
	return found && in.SMS != nil && in.SMS.CallbackSeenAt.IsZero(), err
}

// acknowledge refuses a person's scheduling of a campaign whose answers may go
// unheard, unless they said that they understand it.
func (s *Service) acknowledge(tx *db.Tx, actor liadesk.Actor, c *liadesk.SMSCampaign, when When) error {
	c.Unheard = nil
	if !when.Asked {
		return nil
	}
	risky, err := unheard(tx, *c)
	if err != nil || !risky {
		return err
	}
	if !when.Understood {
		var v liadesk.Invalid
		v.Add("understood", "unheard")
		return v.Err()
	}
	c.Unheard = &liadesk.Acknowledged{By: actor.User, At: s.now()}
	return nil
}

// Unheard tells whether answers to a campaign may go unheard, so that whoever
// schedules it has to say that they understand it.
func (s *Service) Unheard(ctx context.Context, c liadesk.SMSCampaign) (bool, error) {
	var risky bool
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		risky, err = unheard(tx, c)
		return err
	})
	return risky, err
}

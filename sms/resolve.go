package sms

import (
	"cmp"
	"context"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// The refusals of settling a text by a person.
var (
	ErrTooEarly = liadesk.Conflict("too_early_to_resend", "the carrier may still report on this text; it can be sent again ten minutes after its attempt ended")
	ErrOver     = liadesk.Conflict("campaign_over", "the campaign was cancelled or its time ran out, so nothing more is sent")
)

const (
	// resendAfter is how long after the end of a post nobody may send the text
	// again: most reports have come by then.
	resendAfter = 10 * time.Minute
	// resolvePage is how many texts one transaction settles.
	resolvePage = 200
)

// Resolved tells what came of settling: how many texts were settled, how many
// are left because it is too early to send them again, and how many were to be
// sent again and are held for sent, because the person answered or opened a link
// of theirs.
type Resolved struct {
	Resolved int
	TooEarly int
	Arrived  int
}

// Resolve settles one unconfirmed text by a person's word, named by the id of
// its row and, if it is to be of a certain campaign, by that. A text that is not
// unconfirmed (any more) is left as it is: it was
// settled already, by somebody else or by the carrier, who knows better. Done
// twice it changes nothing the second time.
//
// A resend puts the recipient back to those who wait. The old attempt is kept:
// should the carrier report on it after all, that proves the text was taken,
// and it is not sent again unless that has happened already. Then both
// attempts count on the row.
func (s *Service) Resolve(ctx context.Context, actor liadesk.Actor, campaign, delivery liadesk.ID, action liadesk.Resolution) (Resolved, error) {
	if err := mayResolve(actor, action); err != nil {
		return Resolved{}, err
	}
	var out Resolved
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		out = Resolved{}
		a, found, err := tx.Attempt(actor.Account, delivery)
		if err != nil {
			return err
		}
		if campaign.IsZero() {
			campaign = a.CampaignID
		}
		c, err := s.find(tx, actor, campaign)
		if err != nil {
			return err
		}
		if !found || a.Cause != liadesk.CauseCampaign || a.CampaignID != c.ID {
			return liadesk.ErrNotFound
		}
		row, found, err := tx.Delivery(actor.Account, c.ID, a.Phone)
		if err != nil || !found || row.ID != delivery {
			return err // it waits to be sent again, or was since
		}
		out, err = s.resolve(tx, actor, c, []liadesk.Delivery{row}, action)
		if err == nil && out.TooEarly > 0 {
			err = ErrTooEarly
		}
		return err
	})
	if err != nil {
		return Resolved{}, err
	}
	s.resent(action, out)
	return out, nil
}

// ResolveAll settles every unconfirmed text of a campaign as Resolve does, in
// bounded transactions. Those that it is too early to send again are left, and
// counted. If the power goes in the middle, the rest is still unconfirmed.
func (s *Service) ResolveAll(ctx context.Context, actor liadesk.Actor, campaign liadesk.ID, action liadesk.Resolution) (Resolved, error) {
	if err := mayResolve(actor, action); err != nil {
		return Resolved{}, err
	}
	var sum Resolved
	for after := ""; ; {
		var part Resolved
		var rows []liadesk.Delivery
		err := s.Store.Update(ctx, func(tx *db.Tx) error {
			part, rows = Resolved{}, nil
			c, err := s.find(tx, actor, campaign)
			if err != nil {
				return err
			}
			if rows, err = tx.CampaignDeliveries(c.AccountID, c.ID, liadesk.DeliveryUnconfirmed, after, resolvePage); err != nil {
				return err
			}
			part, err = s.resolve(tx, actor, c, rows, action)
			return err
		})
		if err != nil {
			return sum, err
		}
		sum.Resolved += part.Resolved
		sum.TooEarly += part.TooEarly
		sum.Arrived += part.Arrived
		s.resent(action, part)
		if len(rows) < resolvePage {
			return sum, nil
		}
		after = rows[len(rows)-1].Phone
	}
}

// Resendable tells whether a campaign may still text anybody again.
func Resendable(c liadesk.SMSCampaign, now time.Time) bool {
	return c.Status != liadesk.SMSCancelled && c.Sweep == liadesk.SweepNone && (c.ExpiresAt.IsZero() || now.Before(c.ExpiresAt))
}

// ResendAt is when a person may have an unconfirmed text sent again.
func ResendAt(d liadesk.Delivery) time.Time { return d.Deadline.Add(resendAfter) }

func mayResolve(actor liadesk.Actor, action liadesk.Resolution) error {
	if err := actor.ManageCampaigns(); err != nil {
		return err
	}
	if action.Event() == "" {
		var v liadesk.Invalid
		v.Add("action", "unknown_action")
		return v.Err()
	}
	return nil
}

// resent lets the sender look at once when texts wait again.
func (s *Service) resent(action liadesk.Resolution, r Resolved) {
	if action == liadesk.ResolveResend && r.Resolved > 0 {
		s.Wake(liadesk.ID{})
	}
}

// resolve brings a person's word to rows of one campaign.
func (s *Service) resolve(tx *db.Tx, actor liadesk.Actor, c liadesk.SMSCampaign, rows []liadesk.Delivery, action liadesk.Resolution) (Resolved, error) {
	var out Resolved
	now := s.now()
	if action == liadesk.ResolveResend {
		if !Resendable(c, now) {
			return out, ErrOver
		}
		if _, found, err := tx.Inbox(c.AccountID, c.InboxID); err != nil {
			return out, err
		} else if !found {
			return out, ErrInboxGone
		}
	}
	var ready, arrived []liadesk.Delivery
	for _, row := range rows {
		switch {
		case row.Status != liadesk.DeliveryUnconfirmed:
		case action == liadesk.ResolveResend && !row.Reacted().IsZero():
			arrived = append(arrived, row)
		case action == liadesk.ResolveResend && now.Before(ResendAt(row)):
			out.TooEarly++
		default:
			ready = append(ready, row)
		}
	}
	if len(arrived) > 0 {
		sent, err := s.resolve(tx, actor, c, arrived, liadesk.ResolveSent)
		if err != nil {
			return out, err
		}
		out.Arrived = sent.Resolved
	}
	if len(ready) == 0 {
		return out, nil
	}
	if action == liadesk.ResolveResend && c.Status == liadesk.SMSCompleted {
		// It has somebody waiting again; it completes anew when they are texted.
		c.Status, c.CompletedAt = liadesk.SMSSending, time.Time{}
		c.UpdatedAt, c.Version = now, c.Version+1
		if err := tx.PutSMSCampaign(c); err != nil {
			return out, err
		}
	}
	l := newLedger(tx, c.AccountID, c.ID[15], now)
	for _, row := range ready {
		a, found, err := tx.Attempt(c.AccountID, row.AttemptID)
		if err != nil {
			return out, err
		}
		if !found {
			continue // no row is without its attempt; the others are settled all the same
		}
		// What the text was uncertain for stays beside the decision, in words.
		e := liadesk.DeliveryEvent{Kind: action.Event(), AttemptID: a.ID, At: now, Evidence: liadesk.EvidencePerson, Text: cmp.Or(row.Error, row.ErrorCode)}
		if e.Kind == liadesk.EventGivenUp {
			e.Code = liadesk.CodeGivenUp
		}
		ch, err := l.apply(a, e)
		if err != nil {
			return out, err
		}
		if !ch.Changed {
			continue
		}
		out.Resolved++
		a.Settled = &liadesk.Settled{By: actor.User, At: now, Action: action}
		if err := tx.PutAttempt(a); err != nil {
			return out, err
		}
	}
	return out, l.close()
}

package sms

import (
	"context"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// RetryFailed makes a draft with the same text for those whom a campaign did
// not reach for a reason that may have passed. It goes through all that a
// campaign goes through: who opted out meanwhile is left out. The audience is a
// rule, not a list: who is reached after all until it begins is not texted
// again. Without anybody to text it is refused.
func (s *Service) RetryFailed(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.SMSCampaign, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return liadesk.SMSCampaign{}, err
	}
	var c liadesk.SMSCampaign
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		old, err := s.find(tx, actor, id)
		if err != nil {
			return err
		}
		if !old.Status.Ended() {
			return ErrStatus // it may still text them itself
		}
		t, err := figures(tx, old.AccountID, old.ID)
		if err != nil {
			return err
		}
		if retryable(t.failures) == 0 {
			return ErrNobodyToRetry
		}
		c = s.copyOf(old, actor)
		unreachable := "unreachable"
		c.Audience = liadesk.Rule{Field: "campaign." + old.ID.String(), Op: "eq", Value: &liadesk.RuleValue{Text: &unreachable}}
		return tx.PutSMSCampaign(c)
	})
	return c, err
}

// ErrNobodyToRetry says that no text of a campaign failed for a reason that may
// pass.
var ErrNobodyToRetry = liadesk.Conflict("nobody_to_retry", "no text failed for a reason that may have passed")

// retryable counts the failures for a reason that may pass.
func retryable(failures []Failure) (n int64) {
	for _, f := range failures {
		if liadesk.MayPass(f.Code) {
			n += f.Count
		}
	}
	return n
}

// Retryable is how many texts failed for a reason that may pass.
func (p Progress) Retryable() int64 { return retryable(p.Failures) }

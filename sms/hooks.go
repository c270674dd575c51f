package sms

import (
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// What other rooms tell this one, within their own transactions. The program
// registers these functions where the rooms are put together.

// OnDowngrade pauses everything that is scheduled or sending when an account's
// plan no longer includes campaigns. An upgrade releases nothing by itself.
func (s *Service) OnDowngrade(tx *db.Tx, a liadesk.Account) error {
	return s.pauseAll(tx, a.ID, liadesk.PausePlan, everyCampaign)
}

// OnInboxDelete pauses the campaigns of an inbox that is being deleted. They
// keep its name, can be duplicated to another inbox, and cannot be resumed.
// Texts that wait in its outbox will not go; their messages say so.
func (s *Service) OnInboxDelete(tx *db.Tx, in liadesk.Inbox) error {
	if in.Kind != liadesk.InboxSMS {
		return nil
	}
	for {
		items, err := tx.Outbox(in.AccountID, in.ID, db.MaxPage)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := tx.DeleteOutbox(item); err != nil {
				return err
			}
			if err := s.drop(tx, item, codeInboxGone); err != nil {
				return err
			}
		}
		if len(items) < db.MaxPage {
			break
		}
	}
	return s.pauseAll(tx, in.AccountID, liadesk.PauseInbox, func(c liadesk.SMSCampaign) bool { return c.InboxID == in.ID })
}

// codeInboxGone is why a text of the outbox did not go: its inbox was deleted.
const codeInboxGone = "inbox_gone"

// drop tells the message of a text that was taken from the outbox that it does
// not go, and why.
func (s *Service) drop(tx *db.Tx, item liadesk.OutboxItem, code string) error {
	if item.MessageID.IsZero() {
		return nil
	}
	return s.Conversations.TextState(tx, item.AccountID, item.ConversationID, item.MessageID, liadesk.DeliveryFailed, code)
}

// InboxUsers names the campaigns that would lose their inbox.
func (s *Service) InboxUsers(tx *db.Tx, in liadesk.Inbox) ([]liadesk.Ref, error) {
	if in.Kind != liadesk.InboxSMS {
		return nil, nil
	}
	return s.refs(tx, in.AccountID, func(c liadesk.SMSCampaign) bool { return c.InboxID == in.ID })
}

// TagUsers names the campaigns whose audience would change if a tag went:
// those that ask for it and whose audience is not frozen yet.
func (s *Service) TagUsers(tx *db.Tx, account liadesk.ID, tag string) ([]liadesk.Ref, error) {
	return s.refs(tx, account, func(c liadesk.SMSCampaign) bool { return !c.Frozen && c.Audience.AsksTag(tag) })
}

// refs names the campaigns that are scheduled and not over, of those that
// which chooses.
func (s *Service) refs(tx *db.Tx, account liadesk.ID, which func(liadesk.SMSCampaign) bool) ([]liadesk.Ref, error) {
	var refs []liadesk.Ref
	for _, status := range []liadesk.SMSStatus{liadesk.SMSScheduled, liadesk.SMSSending, liadesk.SMSPaused} {
		some, err := tx.SMSCampaignsDue(account, status, time.Time{})
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			if c.DeletedAt.IsZero() && which(c) {
				refs = append(refs, liadesk.Ref{ID: c.ID, Name: c.Title, Kind: "sms_campaign"})
			}
		}
	}
	return refs, nil
}

// pauseAll pauses the scheduled and sending campaigns of an account that which
// chooses.
func (s *Service) pauseAll(tx *db.Tx, account liadesk.ID, reason liadesk.PauseReason, which func(liadesk.SMSCampaign) bool) error {
	for _, status := range []liadesk.SMSStatus{liadesk.SMSScheduled, liadesk.SMSSending} {
		if _, err := s.pauseSome(tx, account, status, reason, which); err != nil {
			return err
		}
	}
	return nil
}

package conversations

import (
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// InboundText is a text that arrived from the carrier, checked and known to
// be new.
type InboundText struct {
	Account liadesk.ID
	Inbox   liadesk.Inbox
	Contact liadesk.Contact
	From    string // E.164
	Text    string
	// CarrierID is the carrier's id of the text.
	CarrierID string
	At        time.Time
	// CampaignID is the campaign whose text it answers, zero if none,
	// CampaignText that text as it was sent to this number, and CampaignAt when
	// the carrier took it, zero if that is not known.
	CampaignID   liadesk.ID
	CampaignText string
	CampaignAt   time.Time
	// Obeyed says that the text was a keyword (STOP, START, HELP) that was
	// done as asked: it stands in the thread, and nobody has to answer it.
	Obeyed bool
}

// ReceiveText puts a text into its thread, within the caller's transaction:
// the website's thread that texted this number last, if it answers that, else
// the thread of this inbox with this number; opened again if it was resolved.
// The campaign's text stands before the first answer to it. The caller
// publishes what it returns after its commit.
func (s *Service) ReceiveText(tx *db.Tx, in InboundText) (liadesk.Conversation, liadesk.Message, error) {
	none := func(err error) (liadesk.Conversation, liadesk.Message, error) {
		return liadesk.Conversation{}, liadesk.Message{}, err
	}
	c, onSite, err := s.threadTexted(tx, in)
	known := onSite
	if err == nil && !onSite {
		c, known, err = tx.ConversationByPhone(in.Account, in.Inbox.ID, in.From)
	}
	if err != nil {
		return none(err)
	}
	switch {
	case onSite:
		s.moveToPhone(&c, in.Contact)
	case !known:
		now := s.now()
		c = liadesk.Conversation{
			ID: s.ids(), AccountID: in.Account, Channel: liadesk.InboxSMS, InboxID: in.Inbox.ID,
			Owner: liadesk.OwnerBot, Phone: in.From, CreatedAt: now,
		}
	}
	if !onSite {
		c.ContactID = in.Contact.ID
	}
	fresh := !onSite && !in.CampaignID.IsZero() && c.CampaignID != in.CampaignID
	if fresh {
		c.CampaignID = in.CampaignID
		if _, err := s.add(tx, &c, liadesk.Message{
			From: liadesk.FromCampaign, Text: in.CampaignText, CampaignID: in.CampaignID, At: in.CampaignAt,
		}); err != nil {
			return none(err)
		}
	}
	if !known || fresh { // the first answer to a campaign begins something new
		if err := tx.CountTalk(c, db.TalkBegun, s.now()); err != nil {
			return none(err)
		}
	}
	if err := s.routeText(tx, &c); err != nil {
		return none(err)
	}
	unread, waiting := c.Unread, c.WaitingSince
	m, err := s.add(tx, &c, liadesk.Message{
		From: liadesk.FromVisitor, Author: in.Contact.Name, Text: in.Text, CarrierID: in.CarrierID, ByText: onSite,
	})
	if err != nil {
		return none(err)
	}
	if in.Obeyed {
		c.Unread, c.WaitingSince = unread, waiting
	}
	return c, m, tx.PutConversation(c)
}

// AddConfirmation notes in a thread what we answered to STOP, START or HELP,
// within the caller's transaction, and returns the message whose sending the
// outbox item should report.
func (s *Service) AddConfirmation(tx *db.Tx, c liadesk.Conversation, text string) (liadesk.Conversation, liadesk.Message, error) {
	m, err := s.add(tx, &c, liadesk.Message{From: liadesk.FromSystem, Text: text, Delivery: liadesk.DeliveryPending})
	if err != nil {
		return c, m, err
	}
	return c, m, tx.PutConversation(c)
}

// TextState notes what became of a text of ours, within the caller's
// transaction, and tells the listeners once that is stored. A thread or
// message that is gone is no error: the text was sent all the same.
func (s *Service) TextState(tx *db.Tx, account, conversation, message liadesk.ID, status liadesk.DeliveryStatus, code string) error {
	m, ok, err := tx.Message(account, conversation, message)
	if err != nil || !ok || m.Delivery == status && m.ErrorCode == code {
		return err
	}
	c, ok, err := tx.Conversation(account, conversation)
	if err != nil || !ok {
		return err
	}
	m.Delivery, m.ErrorCode = status, code
	if err := tx.ReplaceMessage(account, m); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.Publish(c, m) })
	return nil
}

// reachable refuses to answer through an inbox that is gone, and by text to a
// number that asked for none.
func (s *Service) reachable(tx *db.Tx, c liadesk.Conversation) error {
	inbox, ok, err := tx.Inbox(c.AccountID, c.InboxID)
	if err != nil {
		return err
	}
	if !ok || inbox.Kind != c.Channel {
		return ErrInboxGone
	}
	if c.Channel != liadesk.InboxSMS {
		return nil
	}
	_, out, err := tx.OptOutOf(c.AccountID, c.Phone)
	if err == nil && out {
		err = ErrOptedOut
	}
	return err
}

// Why a thread can't be answered.
var (
	ErrInboxGone = liadesk.Conflict("inbox_gone", "the inbox of this conversation was deleted")
	ErrOptedOut  = liadesk.Conflict("opted_out", "this number has opted out of texts")
)

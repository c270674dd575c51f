package sms

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/speech"
)

// replyWindow is how long after a text an answer counts as one to it.
const replyWindow = 72 * time.Hour

// maxInbound bounds what one text may bring: a text has at most some 1,600
// characters, and a stranger may send more.
const maxInbound = 16_000

// Receive takes a text that somebody sent to an inbox: keyword or reply, with
// all that follows from it, in one transaction. nil means that it is on the
// disk. The carrier repeats a callback whose answer it did not get; the second
// changes nothing.
//
// An opt-out holds from the moment of the commit: a text to the number that is
// claimed but not yet posted will not go.
func (s *Service) Receive(ctx context.Context, cb Callback) error {
	v, err := s.verify(ctx, cb, InboundPath(cb.Inbox))
	if err != nil {
		return err
	}
	var conversation liadesk.Conversation
	var messages []liadesk.Message
	answered := false
	err = s.Store.Update(ctx, func(tx *db.Tx) error {
		conversation, messages, answered = liadesk.Conversation{}, nil, false
		repeated, err := s.note(tx, v)
		if err != nil || repeated {
			return err
		}
		in := inbound{s: s, tx: tx, v: v, now: s.now()}
		if err := in.receive(); err != nil {
			return err
		}
		conversation, messages, answered = in.conversation, in.messages, in.answered
		return nil
	})
	if err != nil {
		return err
	}
	if len(messages) > 0 {
		s.Conversations.Publish(conversation, messages...)
	}
	if answered {
		s.Wake(v.inbox.ID)
	}
	return nil
}

// inbound is the reception of one text.
type inbound struct {
	s   *Service
	tx  *db.Tx
	v   signed
	now time.Time

	account  liadesk.Account
	from     string
	text     string
	optedOut bool

	conversation liadesk.Conversation
	messages     []liadesk.Message
	answered     bool
}

// carrierNumber reads a number as the carrier writes it, without its plus sign.
func carrierNumber(s string) (string, bool) { return phone.FromCarrier(s) }

func (in *inbound) receive() error {
	form := in.v.Form
	var ok bool
	if in.from, ok = carrierNumber(form.Get("From")); !ok {
		return nil // a sender id or short code: there is nobody to answer
	}
	in.text = form.Get("Text")
	if in.text == "" {
		in.text = form.Get("Body") // how a picture message has its text
	}
	in.text = strings.TrimSpace(clipText(Normalise(in.text), maxInbound))
	uuid := clipText(form.Get("MessageUUID"), 100)
	if uuid != "" {
		if fresh, err := in.tx.TakeInbound(in.v.account, in.v.inbox.ID, uuid); err != nil || !fresh {
			return err
		}
	}
	var found bool
	var err error
	if in.account, found, err = in.tx.Account(in.v.account); err != nil || !found {
		return err
	}
	if _, in.optedOut, err = in.tx.OptOutOf(in.account.ID, in.from); err != nil {
		return err
	}
	person, err := in.s.Contacts.ByPhoneOrNew(in.tx, in.account.ID, in.from, sourceSMS, in.now)
	if err != nil {
		return err
	}
	if person, err = in.s.Contacts.Alive(in.tx, person); err != nil {
		return err
	}
	keyword := in.keyword()
	row, campaign, err := in.answers()
	if err != nil {
		return err
	}
	site, err := in.s.Conversations.AnswersSite(in.tx, conversations.InboundText{Account: in.account.ID, Inbox: in.v.inbox, From: in.from,
		CampaignAt: row.AcceptedAt, Obeyed: keyword != KeywordNone})
	if err != nil {
		return err
	}
	if site { // it answers no campaign
		row, campaign = liadesk.Delivery{}, liadesk.SMSCampaign{}
	}
	if err := in.obey(keyword, row, campaign); err != nil {
		return err
	}
	return in.file(person, uuid, keyword, row, campaign)
}

// keyword is what the text asks for. The carrier knows words of its own, and
// what it took for an opt-out holds with it: that is always one of ours. What it
// took for an opt-in is one only of somebody who had opted out: else a YES
// answers a question.
func (in *inbound) keyword() Keyword {
	read := ReadKeyword(in.text, in.account.Settings, in.optedOut)
	switch intent := intentOf(in.v.Form.Get("MessageIntent")); {
	case intent == KeywordOptOut,
		read == KeywordNone && intent == KeywordHelp,
		read == KeywordNone && intent == KeywordOptIn && in.optedOut:
		return intent
	}
	return read
}

// answers finds the text that this one answers: the last of a campaign, through
// this inbox, within the window, that may have reached the number.
func (in *inbound) answers() (liadesk.Delivery, liadesk.SMSCampaign, error) {
	rows, err := in.tx.DeliveriesSince(in.account.ID, in.from, in.now.Add(-replyWindow), 20)
	if err != nil {
		return liadesk.Delivery{}, liadesk.SMSCampaign{}, err
	}
	for _, row := range mayHaveReached(rows) {
		c, found, err := in.tx.SMSCampaign(in.account.ID, row.CampaignID)
		if err != nil {
			return row, c, err
		}
		if found && c.InboxID == in.v.inbox.ID {
			return row, c, nil
		}
	}
	return liadesk.Delivery{}, liadesk.SMSCampaign{}, nil
}

// mayHaveReached leaves out the texts that nobody got, and puts those last that
// the carrier says failed on the way: an answer to one is proof of the contrary
// only if there is no other that it can answer.
func mayHaveReached(rows []liadesk.Delivery) []liadesk.Delivery {
	var reached, failed []liadesk.Delivery
	for _, row := range rows {
		switch {
		case row.Status != liadesk.DeliveryFailed && row.Status != liadesk.DeliveryUndelivered:
			reached = append(reached, row)
		case row.Proven():
			failed = append(failed, row)
		}
	}
	return append(reached, failed...)
}

// obey does what a keyword asks for and counts the answer, each person once:
// opt-outs beside replies, never among them, and no automatic answers.
func (in *inbound) obey(k Keyword, row liadesk.Delivery, c liadesk.SMSCampaign) error {
	old, name := row, ""
	switch k {
	case KeywordOptOut:
		if err := in.s.Contacts.OptOut(in.tx, in.account.ID, liadesk.OptOut{
			Number: in.from, At: in.now, Source: sourceKeyword, Text: in.text, CampaignID: c.ID,
		}); err != nil {
			return err
		}
		if row.OptedOutAt.IsZero() && !in.optedOut {
			row.OptedOutAt, name = in.now, "opt_outs"
		}
	case KeywordOptIn:
		return in.s.Contacts.OptIn(in.tx, in.account.ID, in.from, sourceKeyword, in.text, in.now)
	case KeywordNone:
		if kind := speech.ReadHint(in.text); kind != "" {
			if in.optedOut {
				return nil // said again, and no answer either
			}
			// Neither an opt-out nor an answer, until a person has read it.
			return in.s.Contacts.Hold(in.tx, in.account.ID, liadesk.Hold{
				Number: in.from, Kind: kind, At: in.now, Text: in.text, CampaignID: c.ID,
			})
		}
		if row.RepliedAt.IsZero() && !speech.IsAutomatic(in.text) {
			row.RepliedAt, name = in.now, "replies"
		}
	}
	if name == "" || c.ID.IsZero() {
		return nil
	}
	return countAnswer(in.tx, in.account.ID, old, row, name, in.now)
}

// countAnswer counts an answer of a moment, an opt-out or a reply, in the figures
// of the campaign that it answers and on the row of the text.
func countAnswer(tx *db.Tx, account liadesk.ID, old, row liadesk.Delivery, name string, at time.Time) error {
	l := newLedger(tx, account, row.ID[15], at)
	l.count(row.CampaignID, name, 1)
	if name == "replies" {
		l.answered(row)
	}
	if err := l.step(row.CampaignID, name, 1); err != nil {
		return err
	}
	if err := l.close(); err != nil {
		return err
	}
	return tx.PutDelivery(account, old, row)
}

// HoldDecided counts a held text as what a person read in it, in the transaction
// in which they say so: an opt-out or a reply from when it came.
func (s *Service) HoldDecided(tx *db.Tx, account liadesk.ID, h liadesk.Hold, v liadesk.Verdict) error {
	row, found, err := tx.Delivery(account, h.CampaignID, h.Number)
	if err != nil || !found || h.CampaignID.IsZero() {
		return err
	}
	old := row
	switch {
	case v == liadesk.VerdictOptOut && row.OptedOutAt.IsZero():
		row.OptedOutAt = h.At
		return countAnswer(tx, account, old, row, "opt_outs", h.At)
	case v == liadesk.VerdictKeep && row.RepliedAt.IsZero():
		row.RepliedAt = h.At
		return countAnswer(tx, account, old, row, "replies", h.At)
	}
	return nil
}

// file puts the text into its thread, and the confirmation of a keyword behind
// it and into the outbox.
func (in *inbound) file(person liadesk.Contact, uuid string, k Keyword, row liadesk.Delivery, c liadesk.SMSCampaign) error {
	text := in.text
	if media, err := strconv.Atoi(in.v.Form.Get("MediaCount")); text == "" || err == nil && media > 0 {
		text = strings.TrimSpace(text + " 📎") // pictures are the carrier's
	}
	received := conversations.InboundText{
		Account: in.account.ID, Inbox: in.v.inbox, Contact: person, From: in.from, Text: text, CarrierID: uuid, At: in.now,
		Obeyed: k != KeywordNone,
	}
	if !c.ID.IsZero() {
		texts, err := in.tx.Texted(in.account.ID, []string{in.from})
		if err != nil {
			return err
		}
		first := isFirst(texts[in.from], c.ID)
		sent, err := in.s.Render(in.account, WordingOf(c, first).AsWritten(), person)
		if err != nil {
			sent = c.Message
		}
		received.CampaignID, received.CampaignText, received.CampaignAt = c.ID, sent, row.AcceptedAt
	}
	conversation, message, err := in.s.Conversations.ReceiveText(in.tx, received)
	if err != nil {
		return err
	}
	in.conversation, in.messages = conversation, []liadesk.Message{message}
	answer := in.confirmation(k)
	if answer == "" {
		return nil
	}
	conversation, message, err = in.s.Conversations.AddConfirmation(in.tx, conversation, answer)
	if err != nil {
		return err
	}
	in.conversation, in.messages, in.answered = conversation, append(in.messages, message), true
	return in.tx.PutOutbox(liadesk.OutboxItem{
		ID: in.s.IDs(), AccountID: in.account.ID, InboxID: in.v.inbox.ID, Cause: liadesk.CauseConfirmation,
		Phone: in.from, Text: answer, ConversationID: conversation.ID, MessageID: message.ID, CreatedAt: in.now,
	})
}

// confirmation is the one answer to a keyword, "" when there is to be none: the
// carrier gives it, or STOP came from somebody who had said it already.
func (in *inbound) confirmation(k Keyword) string {
	if k == KeywordNone || in.carrierConfirms(k) || !in.v.inbox.SMS.CanReceive() {
		return ""
	}
	switch k {
	case KeywordOptOut:
		if in.optedOut {
			return ""
		}
		return in.account.Settings.OptOutReply
	case KeywordOptIn:
		return in.account.Settings.OptInReply
	}
	return in.account.Settings.HelpReply
}

// The keywords that Plivo answers by itself on long codes and toll-free numbers
// of the USA and Canada.
var carrierKeywords = map[Keyword][]string{
	KeywordOptOut: {"stop", "end", "quit", "cancel", "unsubscribe", "unsub", "stop all"},
	KeywordOptIn:  {"start", "yes", "resume", "unstop", "go"},
	KeywordHelp:   {"help", "info"},
}

// carrierConfirms tells whether the carrier confirms a keyword. It says so in
// MessageIntent; where it does not send that at all, its documented lists and
// countries tell.
func (in *inbound) carrierConfirms(k Keyword) bool {
	if in.v.Form.Has("MessageIntent") {
		return carrierAnswers(in.v.Form.Get("MessageIntent"), k)
	}
	country := phone.ClassOf(in.v.inbox.SMS.Number, "").Country
	return (country == "US" || country == "CA") && slices.Contains(carrierKeywords[k], foldKeyword(in.text))
}

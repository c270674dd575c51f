package conversations

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/speech"
)

// An answer that follows a visitor who has left. The visitor says where to; the
// answer of a person goes there when it was not seen on the page for a moment;
// a link leads back to the thread, and a text can be answered by text.

// mostFollowing is how much of an answer a text holds, in characters: two or
// three segments with what stands around it.
const mostFollowing = 240

// Ways are the ways to reach a visitor who has left that are set up in an inbox.
type Ways struct{ Text, Email bool }

// ways finds what can be offered. Texts is the inbox that texts, zero for none.
func (s *Service) ways(tx *db.Tx, inbox liadesk.Inbox) (w Ways, texts liadesk.Inbox, err error) {
	w.Email = s.Mails
	if inbox.Website == nil || inbox.Website.ReplyInboxID.IsZero() {
		return w, texts, nil
	}
	texts, found, err := tx.Inbox(inbox.AccountID, inbox.Website.ReplyInboxID)
	if err != nil || !found || texts.SMS == nil || !texts.SMS.CanReceive() {
		return w, liadesk.Inbox{}, err
	}
	w.Text = true
	return w, texts, nil
}

// LeaveReach notes where a visitor wants to be told of the answer: by e-mail, by
// text, or no more when both are "". A number is read in the account's region.
func (s *Service) LeaveReach(ctx context.Context, inbox liadesk.Inbox, token, email, number string) (VisitorThread, error) {
	email, number = strings.TrimSpace(email), strings.TrimSpace(number)
	err := s.asVisitor(ctx, inbox, token, func(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
		var v liadesk.Invalid
		ways, texts, err := s.ways(tx, inbox)
		if err != nil {
			return nil, err
		}
		r := c.Reach
		r.Email, r.Phone, r.InboxID, r.At = "", "", liadesk.ID{}, s.now()
		switch {
		case email == "":
		case !ways.Email:
			v.Add("email", "not_offered")
		default:
			if r.Email = cleanEmail(email); r.Email == "" {
				v.Add("email", "not_an_email")
			}
		}
		switch {
		case number == "":
		case !ways.Text:
			v.Add("phone", "not_offered")
		default:
			account, _, err := tx.Account(inbox.AccountID)
			if err != nil {
				return nil, err
			}
			n, err := phone.Parse(number, account.Settings.Region)
			switch {
			case err != nil:
				v.Add("phone", string(phone.ReasonOf(err)))
			case !n.CanText():
				v.Add("phone", "cannot_text")
			default:
				r.Phone, r.InboxID = n.E164, texts.ID
			}
		}
		if err := v.Err(); err != nil {
			return nil, err
		}
		return s.reachAt(tx, c, r)
	})
	if err != nil {
		return VisitorThread{}, err
	}
	return s.ReadAsVisitor(ctx, inbox, token, liadesk.ID{})
}

// reachAt notes a visitor's way to be reached in the thread, for the team to see.
func (s *Service) reachAt(tx *db.Tx, c *liadesk.Conversation, r liadesk.Reach) ([]liadesk.Message, error) {
	old := c.Reach
	if r.Email == old.Email && r.Phone == old.Phone && r.InboxID == old.InboxID {
		return nil, nil
	}
	if old.Moved > 0 && r.Phone != "" && r.Phone != old.MovedTo {
		// What comes from a third phone would be read on the second.
		return nil, liadesk.Conflict("number_settled", "the conversation goes on with another number")
	}
	if r.Phone != old.Phone || r.InboxID != old.InboxID {
		r.TextedAt, r.Texting = time.Time{}, false // what comes from the old number is no longer of this thread
	}
	if !r.Any() {
		r.TellAt, r.From = time.Time{}, 0
	}
	c.Reach = r
	known := liadesk.Identity{}
	if c.Identity != nil {
		known = *c.Identity
	}
	if known.Email == "" && r.Email != "" || known.Phone == "" && r.Phone != "" {
		if known.Email == "" {
			known.Email = r.Email
		}
		if known.Phone == "" {
			known.Phone = r.Phone
		}
		known.Verified = false // what was added is only said
		c.Identity = &known
	}
	var added []liadesk.Message
	for _, way := range []string{r.Email, r.Phone} {
		if way == "" || way == old.Email || way == old.Phone {
			continue
		}
		m, err := s.note(tx, c, liadesk.EventReach, "", way)
		if err != nil {
			return nil, err
		}
		added = append(added, m)
	}
	c.Version++
	return added, nil
}

// cleanEmail is an e-mail address as one writes to it, "" for what is none.
func cleanEmail(text string) string {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || len(a.Address) > liadesk.MaxIdentity || strings.ContainsAny(a.Address, "\r\n\x00 \"") ||
		!strings.Contains(a.Address[strings.LastIndexByte(a.Address, '@')+1:], ".") {
		return ""
	}
	return a.Address
}

// follow lets an answer go after its visitor, if they asked for it and do not
// see it before.
func (s *Service) follow(c *liadesk.Conversation, m liadesk.Message) {
	if c.Channel != liadesk.InboxWebsite || !c.Reach.Any() || !c.Reach.TellAt.IsZero() {
		return
	}
	c.Reach.TellAt, c.Reach.From = s.now().Add(liadesk.FollowFor), m.Seq
}

// tell sends what the visitor has not seen to where they asked for it. Text and
// e-mail wait in their outboxes from the transaction on that notes it here, so
// that a restart neither forgets nor repeats them.
func (s *Service) tell(tx *db.Tx, c *liadesk.Conversation) ([]liadesk.Message, error) {
	r := c.Reach
	c.Reach = r.Here()
	c.Reach.Texting = r.Texting
	list, err := tx.MessagesAfter(c.AccountID, c.ID, max(r.From-1, c.SeenSeq), ThreadPage)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(m liadesk.Message) bool { return m.Private || m.From != liadesk.FromAgent || m.ByText })
	if len(list) == 0 || !r.Any() {
		return nil, nil
	}
	texts := make([]string, len(list))
	for i, m := range list {
		texts[i] = m.Text
	}
	inbox, _, err := tx.Inbox(c.AccountID, c.InboxID)
	if err != nil {
		return nil, err
	}
	ways, via, err := s.ways(tx, inbox) // of an inbox that is gone, none by text
	if err != nil {
		return nil, err
	}
	t := telling{c: c, name: list[len(list)-1].Author, text: strings.Join(texts, "\n\n")}
	account, _, err := tx.Account(c.AccountID)
	if err != nil {
		return nil, err
	}
	t.company = account.Name
	// What was set up when the visitor left may be gone: then the team learns that
	// nobody told them.
	notTold := func(way string) (liadesk.Message, error) { return s.note(tx, c, liadesk.EventNotTold, "", way) }
	var added []liadesk.Message
	put := func(m liadesk.Message, failed error) {
		added, err = append(added, m), errors.Join(err, failed)
	}
	switch {
	case r.Phone == "":
	case ways.Text && via.ID == r.InboxID:
		put(s.tellByText(tx, t))
	default:
		put(notTold(r.Phone))
	}
	switch {
	case r.Email == "":
	case ways.Email:
		put(s.tellByMail(tx, t))
	default:
		put(notTold(r.Email))
	}
	return added, err
}

// telling is an answer that follows its visitor.
type telling struct {
	c                   *liadesk.Conversation
	company, name, text string
}

func (t telling) fill(l speech.Line, text, link string) string {
	return speech.Fill(t.c.Language, l, "company", t.company, "name", t.name, "text", text, "link", link)
}

func (s *Service) tellByText(tx *db.Tx, t telling) (liadesk.Message, error) {
	c := t.c
	event := liadesk.Message{From: liadesk.FromSystem, Private: true, Event: liadesk.EventTexted, Subject: c.Reach.Phone, Delivery: liadesk.DeliveryPending}
	if _, out, err := tx.OptOutOf(c.AccountID, c.Reach.Phone); err != nil || out {
		event.Event, event.Delivery = liadesk.EventNoText, ""
		if err != nil {
			return event, err
		}
		return s.add(tx, c, event)
	}
	link, err := s.linkBack(tx, *c, c.Reach.Phone)
	if err != nil {
		return event, err
	}
	text := t.fill(speech.TextAnswer, beginning(t.text, mostFollowing), link)
	if c.Reach.TextedAt.IsZero() {
		text += " " + speech.Say(c.Language, speech.TextStop)
	}
	c.Reach.TextedAt = s.now()
	m, err := s.add(tx, c, event)
	if err != nil {
		return m, err
	}
	inbox := c.Reach.InboxID
	tx.AfterCommit(func() { s.Wake(inbox) })
	return m, tx.PutOutbox(liadesk.OutboxItem{
		ID: s.ids(), AccountID: c.AccountID, InboxID: inbox, Cause: liadesk.CauseReply,
		Phone: c.Reach.Phone, Text: text, ConversationID: c.ID, MessageID: m.ID, CreatedAt: m.At,
	})
}

func (s *Service) tellByMail(tx *db.Tx, t telling) (liadesk.Message, error) {
	c := t.c
	link, err := s.linkBack(tx, *c, "")
	if err != nil {
		return liadesk.Message{}, err
	}
	m, err := s.add(tx, c, liadesk.Message{From: liadesk.FromSystem, Private: true, Event: liadesk.EventMailed, Subject: c.Reach.Email, Delivery: liadesk.DeliveryPending})
	if err != nil {
		return m, err
	}
	return m, tx.PutMail(liadesk.MailItem{
		ID: s.ids(), AccountID: c.AccountID, To: c.Reach.Email, From: t.company, Subject: t.fill(speech.MailSubject, "", ""),
		Text: t.fill(speech.MailAnswer, t.text, link), ConversationID: c.ID, MessageID: m.ID, CreatedAt: m.At,
	})
}

// linkBack makes the address that leads a visitor back to their thread. Phone is
// the number that it goes to by text.
func (s *Service) linkBack(tx *db.Tx, c liadesk.Conversation, phone string) (string, error) {
	code := strings.ToLower(rand.Text())
	err := tx.AddComeback(c.AccountID, digest(code), db.Comeback{ConversationID: c.ID, Phone: phone, Until: s.now().Add(liadesk.ComebackFor)}, s.now())
	return s.PublicURL + "/t/" + code, err
}

// ErrLinkOver says that a link does not lead back to a thread any more.
var ErrLinkOver = &liadesk.Error{Kind: liadesk.KindNotFound, Code: "link_over", Text: "this link leads to no conversation any more"}

// comeback finds the thread and the inbox that a code leads to.
func (s *Service) comeback(tx *db.Tx, code string) (liadesk.Conversation, liadesk.Inbox, db.Comeback, error) {
	none := func(err error) (liadesk.Conversation, liadesk.Inbox, db.Comeback, error) {
		if err == nil {
			err = ErrLinkOver
		}
		return liadesk.Conversation{}, liadesk.Inbox{}, db.Comeback{}, err
	}
	account, back, found, err := tx.Comeback(digest(code))
	if err != nil || !found || s.now().After(back.Until) {
		return none(err)
	}
	c, found, err := tx.Conversation(account, back.ConversationID)
	if err != nil || !found {
		return none(err)
	}
	inbox, found, err := tx.Inbox(account, c.InboxID)
	if err != nil || !found || inbox.Website == nil {
		return none(err)
	}
	return c, inbox, back, nil
}

// LinkBack finds where a link in a text or an e-mail leads: the page on which the
// visitor wrote, and the inbox whose site it must be on. Whatever looks at the
// link to see what is there uses nothing up.
func (s *Service) LinkBack(ctx context.Context, code string) (page string, inbox liadesk.Inbox, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		c, in, back, err := s.comeback(tx, code)
		if err == nil && s.usedUp(back) {
			err = ErrLinkOver
		}
		page, inbox = c.PageURL, in
		return err
	})
	return page, inbox, err
}

// againFor is how long after its first use a code gives the same token once
// more: for an answer that got lost, or a page that was loaded again.
const againFor = 15 * time.Minute

func (s *Service) usedUp(b db.Comeback) bool {
	return !b.UsedAt.IsZero() && s.now().Sub(b.UsedAt) > againFor
}

// ComeBack exchanges the code of a link for the token of its thread, once. The
// token is derived from the code, so that a repeated exchange gives the same.
func (s *Service) ComeBack(ctx context.Context, inbox liadesk.Inbox, code string) (token string, err error) {
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		c, in, back, err := s.comeback(tx, code)
		if err != nil {
			return err
		}
		if in.ID != inbox.ID || s.usedUp(back) {
			return ErrLinkOver
		}
		if back.UsedAt.IsZero() {
			back.UsedAt = s.now()
			if err := tx.PutComeback(c.AccountID, digest(code), back); err != nil {
				return err
			}
		}
		mac := hmac.New(sha256.New, s.secret)
		mac.Write([]byte("comeback\x00"))
		mac.Write([]byte(code))
		token = base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		return tx.PutVisitor(c.AccountID, digest(token), db.Visitor{ConversationID: c.ID, InboxID: c.InboxID, SeenAt: s.now(), Phone: back.Phone})
	})
	return token, err
}

// textTo tells whether a website's thread is answered by text now: its other
// side wrote by text last, and can be texted.
func (s *Service) textTo(tx *db.Tx, c liadesk.Conversation) (bool, error) {
	if c.Channel != liadesk.InboxWebsite || !c.Reach.Texting {
		return false, nil
	}
	inbox, found, err := tx.Inbox(c.AccountID, c.Reach.InboxID)
	if err != nil || !found || inbox.SMS == nil {
		return false, err
	}
	_, out, err := tx.OptOutOf(c.AccountID, c.Reach.Phone)
	return !out, err
}

// threadTexted finds the website's thread that a text answers: the last that
// texted this number through this inbox, unless a campaign or somebody in the
// number's own thread did so later, or it is too long ago. A keyword that was
// obeyed answers none.
func (s *Service) threadTexted(tx *db.Tx, in InboundText) (liadesk.Conversation, bool, error) {
	none := liadesk.Conversation{}
	if in.Obeyed {
		return none, false, nil
	}
	c, found, err := tx.ConversationTexted(in.Account, in.Inbox.ID, in.From)
	if err != nil || !found || s.now().Sub(c.Reach.TextedAt) > liadesk.TextsFor || in.CampaignAt.After(c.Reach.TextedAt) {
		return none, false, err
	}
	own, found, err := tx.ConversationByPhone(in.Account, in.Inbox.ID, in.From)
	if err != nil || found && own.LastFrom != liadesk.FromSystem && own.LastAt.After(c.Reach.TextedAt) {
		return none, false, err
	}
	return c, true, nil
}

// AnswersSite tells whether a text answers a website's thread, and so no
// campaign.
func (s *Service) AnswersSite(tx *db.Tx, in InboundText) (bool, error) {
	_, does, err := s.threadTexted(tx, in)
	return does, err
}

// moveToPhone makes a thread of a website one that its other side answers by
// text. Who answers from a phone holds it: the thread is of that contact.
func (s *Service) moveToPhone(c *liadesk.Conversation, person liadesk.Contact) {
	if c.Status == liadesk.ConversationResolved {
		s.beginAgain(c)
	}
	if c.ContactID.IsZero() {
		c.ContactID = person.ID
	}
	c.Bot = c.Bot.Done()
	c.Reach = c.Reach.Here()
	c.Reach.Texting = true
	if c.Reach.Moved == 0 {
		c.Reach.Moved, c.Reach.MovedTo = c.Messages+1, c.Reach.Phone
	}
}

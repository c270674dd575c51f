package conversations

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// visitorLife is how long a token is good after the visitor was last here.
const visitorLife = 30 * 24 * time.Hour

// ThreadPage is the most messages that one answer to the widget holds.
const ThreadPage = 200

// impressionLife is how long after it was shown a message can be answered.
const impressionLife = 24 * time.Hour

// VisitorMessage is what a visitor writes into the widget.
type VisitorMessage struct {
	Inbox      liadesk.Inbox // found by the widget's public key
	Token      string        // "" with the first message
	Impression liadesk.ID    // the campaign's message that it answers, or zero
	Text       string
	// ClientID is drawn at random by the widget, once per message, and makes a
	// retry harmless: 1 to 64 characters, in the first message at least
	// safeClientID, see tokenFor.
	ClientID string
	PageURL  string
	// Claim is what the page says about its visitor.
	Claim Claim
	file  *attachment // see WriteFileAsVisitor
}

// VisitorAnswer tells the widget what became of its message.
type VisitorAnswer struct {
	Token        string
	Conversation liadesk.Conversation
	Message      liadesk.Message
}

// WriteAsVisitor stores what a visitor wrote and tells the team.
//
// A conversation begins here and nowhere else, so page views make none. When
// the answer gets lost, the retry with the same client id finds the same
// thread and the same message, even if it was the very first one. A token
// that is unknown (forgotten, forged, of another inbox, too old) begins a new
// thread under a new token; it never opens somebody else's.
func (s *Service) WriteAsVisitor(ctx context.Context, in VisitorMessage) (VisitorAnswer, error) {
	var v liadesk.Invalid
	in.Text = cleanText(&v, in.Text)
	if n := len(in.ClientID); n < 1 || n > 64 {
		v.Add("client_id", "length", "Min", 1, "Max", 64)
	}
	if err := v.Err(); err != nil {
		return VisitorAnswer{}, err
	}
	account := in.Inbox.AccountID
	fresh := s.tokenFor(in.Inbox.ID, in.ClientID)
	var out VisitorAnswer
	var news []happening
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		var added []liadesk.Message
		out, news = VisitorAnswer{}, nil
		c, token, known, err := s.visitorThread(tx, in, fresh)
		if err != nil {
			return err
		}
		out.Token = token
		if known {
			m, repeated, err := tx.MessageByClientID(account, c.ID, in.ClientID)
			if err != nil {
				return err
			}
			if repeated {
				out.Conversation, out.Message = c, m
				return nil
			}
		}
		before := c
		if known && c.Status == liadesk.ConversationResolved {
			s.beginAgain(&c)
		}
		opening, named, err := s.opening(tx, &c, in)
		if err != nil {
			return err
		}
		if opening.Text != "" {
			if opening, err = s.add(tx, &c, opening); err != nil {
				return err
			}
			added = append(added, opening)
		}
		if err := s.know(tx, in.Inbox, &c, in.Claim); err != nil {
			return err
		}
		if !known {
			if err := tx.CountTalk(c, db.TalkBegun, s.now()); err != nil {
				return err
			}
		}
		c.Status, c.Reach = liadesk.ConversationOpen, c.Reach.Here()
		c.WroteFrom(in.PageURL)
		said := liadesk.Message{From: liadesk.FromVisitor, Author: c.Visitor, Text: in.Text, ClientID: in.ClientID}
		if in.file != nil {
			if !known {
				return liadesk.ErrNotFound // it went while the file was looked at
			}
			if err := errors.Join(s.roomFor(tx, in.Inbox, *in.file), s.attach(tx, c, *in.file)); err != nil {
				return err
			}
			said.File = &in.file.ref
		}
		m, err := s.add(tx, &c, said)
		if err != nil {
			return err
		}
		added = append(added, m)
		more, err := s.respond(tx, &c, in.Inbox, m, named)
		if err != nil {
			return err
		}
		if news, err = s.keep(tx, before, c, append(added, more...)); err != nil {
			return err
		}
		c, _ = current(news, c, nil)
		out.Conversation, out.Message = c, m
		return s.seenHere(tx, c, token)
	})
	if err != nil {
		return VisitorAnswer{}, err
	}
	s.publishAll(news)
	return out, nil
}

// beginAgain makes a thread that was over ready for what its visitor says now:
// their place in the queue, LiaDesk's memory, the wait for a first answer and
// the rating are those of today.
func (s *Service) beginAgain(c *liadesk.Conversation) {
	c.QueuedAt, c.Offer = s.now(), liadesk.Offer{}
	c.Bot = c.Bot.Again()
	c.AnsweredAt, c.HandedOverAt, c.HandoffReason, c.HandoffWrong = time.Time{}, time.Time{}, "", false
	c.Rating, c.RatingText, c.RatedAt = 0, "", time.Time{}
}

// visitorThread finds the thread of a visitor's token, or makes the head of a
// new one under the fresh token. Known is false for a new one.
func (s *Service) visitorThread(tx *db.Tx, in VisitorMessage, fresh string) (c liadesk.Conversation, token string, known bool, err error) {
	for _, token := range []string{in.Token, fresh} {
		if token == "" {
			continue
		}
		c, known, err := s.threadOf(tx, in.Inbox, token)
		if err != nil || known {
			return c, token, known, err
		}
	}
	id := s.ids()
	now := s.now()
	name := id.String()
	return liadesk.Conversation{
		ID: id, AccountID: in.Inbox.AccountID, Channel: liadesk.InboxWebsite, InboxID: in.Inbox.ID,
		Status: liadesk.ConversationOpen, Owner: liadesk.OwnerBot, PageURL: in.PageURL,
		// The end of an id is chance alone: enough to tell two visitors apart.
		Visitor:   "Visitor " + upper(name[len(name)-4:]),
		CreatedAt: now, LastAt: now,
	}, fresh, false, nil
}

// threadOf finds the thread that a token opens in an inbox. A thread that went
// on by text is of whoever holds the phone: to other tokens it is closed, for
// the number may not have been the visitor's own.
func (s *Service) threadOf(tx *db.Tx, inbox liadesk.Inbox, token string) (liadesk.Conversation, bool, error) {
	c, ok, moved, err := s.threadBegun(tx, inbox, token)
	if err != nil || !ok || moved {
		return liadesk.Conversation{}, false, err
	}
	return c, true, nil
}

// threadBegun is threadOf, also for a thread that has moved to a phone that the
// token does not stand for. Of that, the token may read what was said before.
func (s *Service) threadBegun(tx *db.Tx, inbox liadesk.Inbox, token string) (c liadesk.Conversation, found, moved bool, err error) {
	visitor, ok, err := tx.Visitor(inbox.AccountID, digest(token))
	if err != nil || !ok || visitor.InboxID != inbox.ID || s.now().Sub(visitor.SeenAt) > visitorLife {
		return c, false, false, err
	}
	c, found, err = tx.Conversation(inbox.AccountID, visitor.ConversationID)
	return c, found, movedFrom(c, visitor.Phone), err
}

// movedFrom tells whether a thread went on by text on another phone than the one
// that a token stands for, "" for none.
func movedFrom(c liadesk.Conversation, phone string) bool {
	return c.Reach.Moved > 0 && phone != c.Reach.MovedTo
}

// talkingFor is how long after its last message an open conversation still
// keeps campaigns from its visitor.
const talkingFor = 7 * 24 * time.Hour

// Known is what a visitor's token tells.
type Known struct {
	Contact liadesk.Contact // zero while the visitor has not said who they are
	// Talking is set while the conversation is open.
	Talking bool
}

// Recognise tells what is known of a visitor, by the thread that a token opens,
// else by a claim that is signed; nothing for anything else.
func (s *Service) Recognise(tx *db.Tx, inbox liadesk.Inbox, token string, claim Claim) (k Known, err error) {
	if token != "" {
		c, found, err := s.threadOf(tx, inbox, token)
		if err != nil {
			return k, err
		}
		k.Talking = found && c.Status == liadesk.ConversationOpen && s.now().Sub(c.LastAt) < talkingFor
		if found && !c.ContactID.IsZero() {
			k.Contact, _, err = tx.Contact(c.AccountID, c.ContactID)
			return k, err
		}
	}
	if claim.Signature == "" {
		return k, nil
	}
	if id, ok := s.Identify(inbox, claim); ok && id.Verified {
		k.Contact, _, err = s.contacts.Identified(tx, inbox.AccountID, id)
	}
	return k, err
}

// opening is the campaign's message that the visitor answers, to stand before
// the answer, word for word as it was shown. It is empty when there is none
// or when it was answered already; the first answer counts for the campaign.
// Named says that the thread went to the person in whose name the message was,
// who does not know of it yet.
func (s *Service) opening(tx *db.Tx, c *liadesk.Conversation, in VisitorMessage) (m liadesk.Message, named bool, err error) {
	if in.Impression.IsZero() {
		return m, false, nil
	}
	account := in.Inbox.AccountID
	shown, ok, err := tx.Impression(account, in.Impression)
	if err != nil || !ok || shown.InboxID != in.Inbox.ID || !shown.AnsweredAt.IsZero() || s.now().Sub(shown.At) > impressionLife {
		return m, false, err
	}
	shown.AnsweredAt = s.now()
	if err := tx.PutImpression(account, shown); err != nil {
		return m, false, err
	}
	if err := tx.CountChat(account, shown.CampaignID, db.FigureAnswered, shown.ID[15], shown.AnsweredAt); err != nil {
		return m, false, err
	}
	c.CampaignID, c.CampaignAskedAt = shown.CampaignID, shown.AnsweredAt
	if c.Owner != liadesk.OwnerAgent && shown.Sender.Kind == liadesk.SenderAgent {
		c.Owner, c.OwnerID, named = liadesk.OwnerAgent, shown.Sender.UserID, true
	}
	return liadesk.Message{
		From: liadesk.FromCampaign, AuthorID: shown.Sender.UserID, Author: shown.SenderName,
		Text: shown.Text, HTML: shown.HTML, CampaignID: shown.CampaignID,
	}, named, nil
}

// respond gives a thread that a visitor wrote into somebody who can answer:
// LiaDesk, while it has the thread; the person who has it, while they are in the
// team and serve the inbox; else the team's queue. A person who is not here has
// as long to come as for an offer, if somebody else is here; one who was only
// named by a campaign is asked like everybody else.
func (s *Service) respond(tx *db.Tx, c *liadesk.Conversation, inbox liadesk.Inbox, said liadesk.Message, named bool) ([]liadesk.Message, error) {
	c.SnoozedUntil = time.Time{}
	switch c.Owner {
	case liadesk.OwnerBot:
		added, err := s.answer(tx, c, inbox, said)
		if c.Owner == liadesk.OwnerBot {
			c.Unread, c.WaitingSince = 0, time.Time{}
		}
		return added, err
	case liadesk.OwnerQueue:
		return nil, nil
	}
	user, ok, err := tx.User(c.AccountID, c.OwnerID)
	if err != nil {
		return nil, err
	}
	if !ok || !user.Active() || !user.Serves(c.InboxID) {
		s.enqueue(c, s.now())
		return nil, nil
	}
	if c.Offer.Pending() {
		return nil, nil
	}
	k, err := s.crewOf(tx, c.AccountID)
	if err != nil {
		return nil, err
	}
	switch here := k.serving(c.InboxID); {
	case len(here) == 0:
		return nil, nil // nobody could take it from them
	case named:
		s.enqueue(c, s.now())
	case !s.present(user):
		c.QueuedAt = s.now()
		c.Offer = liadesk.Offer{Rung: liadesk.RungOffered, Until: s.now().Add(liadesk.OfferFor)}
	}
	return nil, nil
}

// routeText is respond for a thread by text, where LiaDesk does not speak: each
// text costs, and the law asks who sends it.
func (s *Service) routeText(tx *db.Tx, c *liadesk.Conversation) error {
	c.Status, c.SnoozedUntil = liadesk.ConversationOpen, time.Time{}
	if c.Owner == liadesk.OwnerAgent {
		user, ok, err := tx.User(c.AccountID, c.OwnerID)
		if err != nil {
			return err
		}
		if ok && user.Active() && user.Serves(c.InboxID) {
			return nil
		}
	}
	if c.Owner != liadesk.OwnerQueue {
		c.HandoffReason = liadesk.HandoffNoBot
		s.enqueue(c, s.now())
	}
	return nil
}

// VisitorThread is what the widget shows.
type VisitorThread struct {
	Conversation liadesk.Conversation
	Messages     []liadesk.Message
	Notice       Notice
}

// ReadAsVisitor lists the thread of a token behind the message after (zero:
// its last messages). A token that opens nothing is not found.
func (s *Service) ReadAsVisitor(ctx context.Context, inbox liadesk.Inbox, token string, after liadesk.ID) (VisitorThread, error) {
	var out VisitorThread
	var stale bool
	err := s.store.View(ctx, func(tx *db.Tx) error {
		c, ok, moved, err := s.threadBegun(tx, inbox, token)
		if err != nil {
			return err
		}
		if !ok {
			return liadesk.ErrNotFound
		}
		out.Conversation = c
		visitor, _, err := tx.Visitor(inbox.AccountID, digest(token))
		if err != nil {
			return err
		}
		stale = s.now().Sub(visitor.SeenAt) > 24*time.Hour
		if out.Messages, err = messagesBehind(tx, c, after); err != nil {
			return err
		}
		out.Messages = publicOnly(out.Messages)
		if moved {
			out.Conversation, out.Messages = before(c, out.Messages)
			out.Notice = Notice{Code: NoticeMoved}
			return nil
		}
		out.Notice, err = s.noticeOf(tx, inbox, c)
		return err
	})
	if err != nil || !stale {
		return out, err
	}
	// Once a day the token's life is renewed; reading writes nothing else.
	return out, s.store.Update(ctx, func(tx *db.Tx) error {
		return s.seenHere(tx, out.Conversation, token)
	})
}

// seenHere gives a token its life anew, or makes it one of a thread. What it
// stands for stays.
func (s *Service) seenHere(tx *db.Tx, c liadesk.Conversation, token string) error {
	v, _, err := tx.Visitor(c.AccountID, digest(token))
	if err != nil {
		return err
	}
	v.ConversationID, v.InboxID, v.SeenAt = c.ID, c.InboxID, s.now()
	return tx.PutVisitor(c.AccountID, digest(token), v)
}

// before is what of a thread, and of messages of it, may be read where it was
// begun after it has moved to a phone.
func before(c liadesk.Conversation, list []liadesk.Message) (liadesk.Conversation, []liadesk.Message) {
	list = slices.DeleteFunc(slices.Clone(list), func(m liadesk.Message) bool { return m.Seq >= c.Reach.Moved })
	return liadesk.Conversation{ID: c.ID, AccountID: c.AccountID, Channel: c.Channel, InboxID: c.InboxID,
		Status: liadesk.ConversationResolved, Owner: liadesk.OwnerQueue, Reach: liadesk.Reach{Moved: c.Reach.Moved}}, list
}

// messagesBehind lists what follows a message of the thread; an unknown one
// gives the last page, as if nothing had been seen.
func messagesBehind(tx *db.Tx, c liadesk.Conversation, after liadesk.ID) ([]liadesk.Message, error) {
	if !after.IsZero() {
		m, ok, err := tx.Message(c.AccountID, c.ID, after)
		if err != nil {
			return nil, err
		}
		if ok {
			return tx.MessagesAfter(c.AccountID, c.ID, m.Seq, ThreadPage)
		}
	}
	return tx.MessagesBefore(c.AccountID, c.ID, 0, ThreadPage)
}

// TicketForVisitor lets the widget of one origin listen to its thread.
func (s *Service) TicketForVisitor(ctx context.Context, inbox liadesk.Inbox, token, origin string) (string, error) {
	ticket := Ticket{Account: inbox.AccountID, Origin: origin}
	err := s.store.View(ctx, func(tx *db.Tx) error {
		c, found, _, err := s.threadBegun(tx, inbox, token)
		if err == nil && !found {
			err = liadesk.ErrNotFound
		}
		if err != nil {
			return err
		}
		visitor, _, err := tx.Visitor(inbox.AccountID, digest(token))
		ticket.Conversation, ticket.Phone = c.ID, visitor.Phone
		return err
	})
	if err != nil {
		return "", err
	}
	return s.tickets.issue(ticket)
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

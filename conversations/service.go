// Package conversations keeps the threads between the team and the people at
// the other end, on the website and by text alike: who owns a thread, what
// was said in which order, and who must hear of it now.
//
// What is said is stored before it is published. A listener who misses an
// event reads the thread again, so nothing is lost when a connection, or the
// whole server, goes away between the two.
package conversations

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jonboulle/clockwork"
	"github.com/rivo/uniseg"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// safeClientID is how many characters a client id must have to stand for its
// visitor: the widget's are 128 bits of chance.
const safeClientID = 16

// MaxText is the most characters (Unicode code points) one message may have.
const MaxText = 4000

// Service is the room of conversations. Its verbs are safe for concurrent use.
type Service struct {
	store    *db.Store
	clock    clockwork.Clock
	ids      liadesk.IDs
	contacts *contacts.Service
	secret   []byte
	tickets  *tickets
	turns    turns
	shelf    shelf

	// Log hears of what must not happen.
	Log *slog.Logger
	// Live tells listeners what happened, after it was stored.
	Live *Hub
	// Wake is told that an inbox has a text to send, after it was stored.
	Wake func(inbox liadesk.ID)
	// FreeDisk is how much room is left where files are stored, in bytes; nil is
	// not asked.
	FreeDisk func() (uint64, error)
	// Mails says that e-mails can be sent from here, and PublicURL where we are
	// found, for links that lead back to a thread.
	Mails     bool
	PublicURL string
	// CheckText refuses a text that the carrier would not take.
	CheckText func(text string) error
}

// New makes the room. Secret is the installation's key for visitors' tokens;
// with another one, every visitor becomes a stranger.
func New(store *db.Store, clock clockwork.Clock, ids liadesk.IDs, people *contacts.Service, secret []byte) *Service {
	return &Service{
		store: store, clock: clock, ids: ids, contacts: people, secret: secret,
		tickets: newTickets(clock), Log: slog.New(slog.DiscardHandler), Live: NewHub(clock), Wake: func(liadesk.ID) {}, CheckText: func(string) error { return nil },
	}
}

// now is the present, in UTC, so that what is stored compares equal to what
// was kept in memory.
func (s *Service) now() time.Time { return s.clock.Now().UTC() }

// tokenFor makes a visitor's token from the client id of the first message.
// It is derived, not drawn: when the answer to that message is lost on the
// way, the retry gets the same token and finds the same thread. Who knows the
// token cannot find the client id, and who knows neither can find nothing.
//
// A client id shorter than safeClientID could be guessed, or be somebody
// else's "1": it gets a token by chance, and a lost first answer then means a
// second thread.
func (s *Service) tokenFor(inbox liadesk.ID, clientID string) string {
	if len(clientID) < safeClientID {
		return rand.Text()
	}
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("visitor\x00"))
	mac.Write(inbox[:])
	mac.Write([]byte(clientID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// digest is what of a token is stored.
func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// cleanText checks what somebody wrote: not empty, not over MaxText, no
// control characters but line breaks and tabs. Markup is left alone, for a
// message is text and is never read as anything else.
func cleanText(v *liadesk.Invalid, text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text))
	switch {
	case text == "":
		v.Add("text", "required")
	case utf8.RuneCountInString(text) > MaxText:
		v.Add("text", "too_long", "Max", MaxText)
	}
	return text
}

// summary is the beginning of a text for lists.
func summary(text string) string { return beginning(text, 120) }

// beginning is a text in one line, cut between characters as people see them.
func beginning(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	var b strings.Builder
	g := uniseg.NewGraphemes(text)
	for n := 0; g.Next(); n++ {
		if n == most {
			return strings.TrimSpace(b.String()) + "…"
		}
		b.WriteString(g.Str())
	}
	return b.String()
}

// add puts a message at the end of a thread and keeps the head in step. The
// caller stores the head.
func (s *Service) add(tx *db.Tx, c *liadesk.Conversation, m liadesk.Message) (liadesk.Message, error) {
	m.ID = s.ids()
	if m.At.IsZero() {
		m.At = s.now()
	}
	// A thread's times never run backwards, even if the clock does.
	if m.At.Before(c.LastAt) {
		m.At = c.LastAt
	}
	m, err := tx.AddMessage(c, m)
	if err != nil {
		return m, err
	}
	if m.Private {
		c.Version++
		return m, nil
	}
	c.LastAt, c.LastFrom = m.At, m.From
	if m.From != liadesk.FromSystem {
		c.LastText = summary(m.Text)
	}
	switch m.From {
	case liadesk.FromVisitor:
		c.Unread++
		if c.WaitingSince.IsZero() {
			c.WaitingSince = m.At
		}
		if !c.ContactID.IsZero() {
			if err := s.contacts.Heard(tx, c.AccountID, c.ContactID, m.At); err != nil {
				return m, err
			}
		}
	case liadesk.FromAgent:
		c.WaitingSince = time.Time{}
	}
	c.Version++
	return m, nil
}

// find reads a thread that the actor may see. Another account's, and another
// inbox's for an agent, are not there.
func find(tx *db.Tx, actor liadesk.Actor, id liadesk.ID) (liadesk.Conversation, error) {
	c, ok, err := tx.Conversation(actor.Account, id)
	if err != nil {
		return c, err
	}
	if !ok || !actor.Serves(c.InboxID) {
		return liadesk.Conversation{}, liadesk.ErrNotFound
	}
	return c, nil
}

// change is the way every change of one thread by the team takes: read it as
// the actor may, change it, store it, find people for those who wait, and tell
// the listeners.
func (s *Service) change(ctx context.Context, actor liadesk.Actor, id liadesk.ID,
	fn func(*db.Tx, *liadesk.Conversation) ([]liadesk.Message, error)) (liadesk.Conversation, []liadesk.Message, error) {
	var c liadesk.Conversation
	var added []liadesk.Message
	var out []happening
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		out = nil
		if c, err = find(tx, actor, id); err != nil {
			return err
		}
		before := c
		if added, err = fn(tx, &c); err != nil || reflect.DeepEqual(c, before) {
			return err
		}
		out, err = s.keep(tx, before, c, added)
		c, added = current(out, c, added)
		return err
	})
	if err != nil {
		return liadesk.Conversation{}, nil, err
	}
	s.publishAll(out)
	return c, added, nil
}

// keep stores a thread that was changed and looks after those who wait, when
// the change put somebody into the queue or freed a hand. What it returns is to
// be published after the commit, the thread itself first.
func (s *Service) keep(tx *db.Tx, before, c liadesk.Conversation, added []liadesk.Message) ([]happening, error) {
	if err := tx.PutConversation(c); err != nil {
		return nil, err
	}
	out := []happening{{c, added}}
	held := before.Owner == liadesk.OwnerAgent && before.Status == liadesk.ConversationOpen && !before.Asleep()
	holds := c.Owner == liadesk.OwnerAgent && c.OwnerID == before.OwnerID && c.Status == liadesk.ConversationOpen && !c.Asleep()
	if !c.InQueue() && (!held || holds) {
		return out, nil
	}
	var fresh []liadesk.ID
	if held && !holds {
		fresh = append(fresh, before.OwnerID)
	}
	drained, err := s.drain(tx, c.AccountID, fresh...)
	return append(out, drained...), err
}

// current is a thread as it is at the end of a transaction that may have changed
// it twice, with all that was added to it.
func current(out []happening, c liadesk.Conversation, added []liadesk.Message) (liadesk.Conversation, []liadesk.Message) {
	for i, h := range out {
		if h.c.ID == c.ID && i > 0 {
			c, added = h.c, append(slices.Clone(added), h.added...)
		}
	}
	return c, added
}

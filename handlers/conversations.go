package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// The team's side of conversations. A page has up to three panes: the list,
// the open thread, and who is at the other end. Every change works as a plain
// form; with htmx it swaps the parts that it changed, and everybody else who
// has the thread open hears of it through /live.

func (s *Server) listConversations(c *fiber.Ctx) error {
	d, err := s.desk(c, db.Page{})
	if err != nil {
		return err
	}
	return s.respond(c, "conversations/page", "conversations/swap", s.deskPage(c, d))
}

// moreConversations is the next page of the list. Without scripts it is a
// page of its own.
func (s *Server) moreConversations(c *fiber.Ctx) error {
	d, err := s.desk(c, db.Page{After: c.Query("after")})
	if err != nil {
		return err
	}
	return s.respond(c, "conversations/page", "conversations/more", s.deskPage(c, d))
}

func (s *Server) showConversation(c *fiber.Ctx) error {
	before, err := placeAsked(c)
	if err != nil {
		return err
	}
	return s.showThread(c, before, composer{})
}

// showThread answers with the page of a thread; in is what stands in the
// composer.
func (s *Server) showThread(c *fiber.Ctx, before uint64, in composer) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	th, err := s.Conversations.Get(c.UserContext(), actor(c), id, before)
	if err != nil {
		return err
	}
	// Opening a thread is looking at it. The marks in the list and in the menu
	// are read after that.
	if th.Conversation.Unread > 0 {
		if err := s.Conversations.Seen(c.UserContext(), actor(c), id); err != nil {
			return err
		}
		th.Conversation.Unread = 0
	}
	d, err := s.desk(c, db.Page{})
	if err != nil {
		return err
	}
	s.openThread(&d, viewer(c), th, in)
	return s.respond(c, "conversations/page", "conversations/swap", s.deskPage(c, d))
}

// earlierMessages are those before a place in the thread, for htmx to put
// above what is there.
func (s *Server) earlierMessages(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	before, err := placeAsked(c)
	if err != nil {
		return err
	}
	th, err := s.Conversations.Get(c.UserContext(), actor(c), id, before)
	if err != nil {
		return err
	}
	f := deskFilterOf(c)
	return s.fragment(c, "conversations/earlier", Page{Nav: "conversations", Data: s.newThread(viewer(c), f, th, composer{})})
}

// noMessages is a place behind every message.
const noMessages = math.MaxUint64

// placeAsked is the place in a thread before which messages are wanted, 0 for
// its end.
func placeAsked(c *fiber.Ctx) (uint64, error) {
	text := c.Query("before")
	if text == "" {
		return 0, nil
	}
	before, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fiber.NewError(http.StatusBadRequest, "bad_request")
	}
	return before, nil
}

// reply sends what stands in the composer. When that is refused, what was
// typed stays there, with the reason beside it.
func (s *Server) reply(c *fiber.Ctx) error {
	return s.compose(c, s.Conversations.Reply)
}

// writing is a verb that puts a text into a thread, once for a client id.
type writing func(ctx context.Context, actor liadesk.Actor, id liadesk.ID, text, clientID string) (liadesk.Message, error)

// compose puts what stands in the composer into the thread, as an answer or as
// a note.
func (s *Server) compose(c *fiber.Ctx, put writing) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	in := composer{ClientID: c.FormValue("client_id"), Text: c.FormValue("text")}
	m, err := put(c.UserContext(), actor(c), id, in.Text, in.ClientID)
	if err != nil {
		return s.refuseReply(c, err, id, in)
	}
	if !wantsFragment(c) {
		return s.redirect(c, deskFilterOf(c).thread(id))
	}
	// The message and its neighbour, so that it is grouped as on the page. The
	// same comes through /live; whichever is later finds it there already.
	th, err := s.Conversations.Since(c.UserContext(), actor(c), id, m.Seq-1)
	if err != nil {
		return err
	}
	return s.changed(c, th, "conversations/sent")
}

func (s *Server) refuseReply(c *fiber.Ctx, err error, id liadesk.ID, in composer) error {
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok || (e.Kind != liadesk.KindInvalid && e.Kind != liadesk.KindConflict) {
		return err
	}
	in.Problem = s.problems(c, err).For("text")
	if in.Problem == "" {
		in.Problem = s.localizer(c).Error("", e.Code, e.Args)
	}
	_, status := refusal(err)
	c.Status(status)
	if !wantsFragment(c) {
		return s.showThread(c, 0, in)
	}
	th, err := s.Conversations.Since(c.UserContext(), actor(c), id, noMessages)
	if err != nil {
		return err
	}
	return s.fragment(c, "conversations/refused", Page{Nav: "conversations", Data: s.newThread(viewer(c), deskFilterOf(c), th, in)})
}

// takeConversation makes the reader the owner, if the owner is still the one
// they saw.
func (s *Server) takeConversation(c *fiber.Ctx) error {
	var from liadesk.ID
	if err := from.UnmarshalText([]byte(c.FormValue("from"))); err != nil {
		return err
	}
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Take(c.UserContext(), actor(c), id, from)
		return err
	})
}

func (s *Server) resolveConversation(c *fiber.Ctx) error {
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Resolve(c.UserContext(), actor(c), id)
		return err
	})
}

// linkConversation says which contact a visitor is.
func (s *Server) linkConversation(c *fiber.Ctx) error {
	contact, err := liadesk.ParseID(c.FormValue("contact"))
	if err != nil {
		return err
	}
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Link(c.UserContext(), actor(c), id, contact)
		return err
	})
}

func (s *Server) reopenConversation(c *fiber.Ctx) error {
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Reopen(c.UserContext(), actor(c), id)
		return err
	})
}

// changeConversation answers after a change of a thread's head.
func (s *Server) changeConversation(c *fiber.Ctx, change func(liadesk.ID) error) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := change(id); err != nil {
		return err
	}
	if !wantsFragment(c) {
		return s.redirect(c, deskFilterOf(c).thread(id))
	}
	// What happened stands in the thread, too: its last entries.
	th, err := s.Conversations.Get(c.UserContext(), actor(c), id, 0)
	if err != nil {
		return err
	}
	if n := len(th.Messages); n > lastEntries {
		th.Context, th.Messages = &th.Messages[n-lastEntries-1], th.Messages[n-lastEntries:]
	}
	return s.changed(c, th, "conversations/changed")
}

// lastEntries is how many entries a change of a thread sends again: more than
// one change adds.
const lastEntries = 4

// changed answers htmx with the parts of the page that a change of a thread
// touches: its head, its row in the list, and what the template adds.
func (s *Server) changed(c *fiber.Ctx, th conversations.Thread, name string) error {
	return s.changedWith(c, th, name, composer{})
}

// changedWith is changed with what stands in the box one writes in.
func (s *Server) changedWith(c *fiber.Ctx, th conversations.Thread, name string, in composer) error {
	f := deskFilterOf(c)
	t := s.newThread(viewer(c), f, th, in)
	t.Row = newRow(f, th.Item, th.Conversation.ID)
	t.Sent = true
	t.Listed = f.room().Matches(actor(c), th.Conversation)
	return s.fragment(c, name, Page{Nav: "conversations", Data: t})
}

// newClientID names a message that is about to be written, so that sending the
// form twice sends one message.
func newClientID() string { return rand.Text() }

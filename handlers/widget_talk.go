package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
)

// What a visitor does in a conversation besides writing.

// visitorAsk is a call about the conversation of a token.
type visitorAsk struct {
	Inbox string `json:"inbox"`
	Token string `json:"token"`
}

// threadJSON is a thread as the widget reads it.
type threadJSON struct {
	Messages []widgetMessage `json:"messages"`
	visitorState
}

func (v visitorView) thread(t conversations.VisitorThread) threadJSON {
	out := threadJSON{Messages: make([]widgetMessage, len(t.Messages)), visitorState: v.state(t.Conversation, t.Notice)}
	for i, m := range t.Messages {
		out.Messages[i] = v.message(m)
	}
	return out
}

// sendThread answers with a thread as its visitor may read it.
func (s *Server) sendThread(c *fiber.Ctx, inbox liadesk.Inbox, t conversations.VisitorThread) error {
	v, err := s.visitorView(c, inbox)
	if err != nil {
		return err
	}
	return c.JSON(v.thread(t))
}

// widgetPerson gives a thread of LiaDesk's to the team: the button that is
// always there.
func (s *Server) widgetPerson(c *fiber.Ctx) error {
	var in visitorAsk
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	thread, err := s.Conversations.AskForPerson(c.UserContext(), inbox, in.Token)
	if err != nil {
		return err
	}
	return s.sendThread(c, inbox, thread)
}

func (s *Server) widgetRate(c *fiber.Ctx) error {
	var in struct {
		visitorAsk
		Rating int    `json:"rating"`
		Text   string `json:"text"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	if err := s.Conversations.Rate(c.UserContext(), inbox, in.Token, in.Rating, in.Text); err != nil {
		return err
	}
	return c.JSON(fiber.Map{})
}

// widgetReach notes where a visitor wants to be told of the answer.
func (s *Server) widgetReach(c *fiber.Ctx) error {
	var in struct {
		visitorAsk
		Email string `json:"email"`
		Phone string `json:"phone"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	thread, err := s.Conversations.LeaveReach(c.UserContext(), inbox, in.Token, in.Email, in.Phone)
	if err != nil {
		return err
	}
	return s.sendThread(c, inbox, thread)
}

// widgetComeBack exchanges the code of a link for the token of its thread.
func (s *Server) widgetComeBack(c *fiber.Ctx) error {
	var in struct {
		Inbox string `json:"inbox"`
		Code  string `json:"code"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	token, err := s.Conversations.ComeBack(c.UserContext(), inbox, in.Code)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"token": token})
}

// leadBack sends whoever opens the link in a text or an e-mail to the page on
// which they wrote, with the code where no server reads it. A page that is on
// none of the inbox's domains is what a stranger said: the site's front page
// takes its place. Looking at the address, as previews do, uses nothing up.
func (s *Server) leadBack(c *fiber.Ctx) error {
	c.Set("X-Robots-Tag", "noindex")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderCacheControl, "no-store")
	code := c.Params("code")
	page, inbox, err := s.Conversations.LinkBack(c.UserContext(), code)
	if err != nil {
		return err
	}
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !inbox.Website.Allows(strings.ToLower(u.Hostname())) {
		u = &url.URL{Scheme: "https", Host: strings.TrimPrefix(inbox.Website.Domains[0], "*."), Path: "/"}
	}
	u.Fragment = "liadesk=" + code
	return c.Redirect(u.String(), http.StatusSeeOther)
}

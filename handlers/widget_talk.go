package handlers

import (
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

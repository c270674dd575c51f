package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
)

// What a visitor does in a conversation besides writing.

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

// widgetPerson gives a thread of LiaDesk's to the team: the button that is
// always there.
func (s *Server) widgetPerson(c *fiber.Ctx) error {
	var in struct {
		Inbox string `json:"inbox"`
		Token string `json:"token"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	thread, err := s.Conversations.AskForPerson(c.UserContext(), inbox, in.Token)
	if err != nil {
		return err
	}
	v, err := s.visitorView(c, inbox)
	if err != nil {
		return err
	}
	return c.JSON(v.thread(thread))
}

func (s *Server) widgetRate(c *fiber.Ctx) error {
	var in struct {
		Inbox  string `json:"inbox"`
		Token  string `json:"token"`
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

// eventSaid tells whether a message is an event of the thread, which programs
// that read conversations do not get: nobody said it.
func eventSaid(m liadesk.Message) bool { return m.Event != "" }

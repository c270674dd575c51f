package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
)

// What people of the team do with a thread besides answering it. Each is a form
// of its own, and changes the head of the thread and what happened in it.

// addNote writes down what the team alone reads: the composer's other side.
func (s *Server) addNote(c *fiber.Ctx) error {
	return s.compose(c, s.Conversations.AddNote)
}

func (s *Server) assignConversation(c *fiber.Ctx) error {
	to, err := liadesk.ParseID(c.FormValue("user_id"))
	if err != nil {
		return err
	}
	from, _ := liadesk.ParseID(c.FormValue("from")) // "" is nobody
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Assign(c.UserContext(), actor(c), id, to, from)
		return err
	})
}

func (s *Server) returnConversation(c *fiber.Ctx) error {
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Return(c.UserContext(), actor(c), id)
		return err
	})
}

func (s *Server) giveToBot(c *fiber.Ctx) error {
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.GiveToBot(c.UserContext(), actor(c), id)
		return err
	})
}

func (s *Server) snoozeConversation(c *fiber.Ctx) error {
	until := snoozeUntil(c.FormValue("until"), s.Clock.Now().In(zoneOf(viewer(c))))
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Snooze(c.UserContext(), actor(c), id, until)
		return err
	})
}

// snoozes are how long a thread is usually put off.
var snoozes = []string{"hour", "tomorrow", "monday", "week"}

// dayBegins is the hour at which a thread comes back that was put off to
// another day.
const dayBegins = 9

// snoozeUntil is the moment that one of snoozes means, in the zone of now; the
// zero moment, which the room refuses, for anything else.
func snoozeUntil(name string, now time.Time) time.Time {
	day := func(ahead int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+ahead, dayBegins, 0, 0, 0, now.Location())
	}
	switch name {
	case "hour":
		return now.Add(time.Hour)
	case "tomorrow":
		return day(1)
	case "monday":
		return day((int(time.Monday)-int(now.Weekday())+6)%7 + 1)
	case "week":
		return day(7)
	}
	return time.Time{}
}

func (s *Server) wakeConversation(c *fiber.Ctx) error {
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.Unsnooze(c.UserContext(), actor(c), id)
		return err
	})
}

// labelHandoff says that LiaDesk should not have handed a thread over, or takes
// that back.
func (s *Server) labelHandoff(c *fiber.Ctx) error {
	return s.changeConversation(c, func(id liadesk.ID) error {
		_, err := s.Conversations.LabelHandoff(c.UserContext(), actor(c), id, c.FormValue("wrong") != "")
		return err
	})
}

// Snoozes are the choices of how long to put a thread off, with the moments
// that they mean now.
func (s *Server) snoozeChoices(now time.Time) []snoozeChoice {
	list := make([]snoozeChoice, len(snoozes))
	for i, name := range snoozes {
		list[i] = snoozeChoice{name, snoozeUntil(name, now)}
	}
	return list
}

type snoozeChoice struct {
	Name  string
	Until time.Time
}

// crew are the people to whom a thread can be given.
func crewOf(th conversations.Thread, you liadesk.ID) []liadesk.User {
	var list []liadesk.User
	for _, u := range th.Team {
		if u.Active() && u.Serves(th.Conversation.InboxID) && u.ID != you && !(th.Conversation.Owner == liadesk.OwnerAgent && th.Conversation.OwnerID == u.ID) {
			list = append(list, u)
		}
	}
	sortUsers(list)
	return list
}

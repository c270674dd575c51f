package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// What a page says about its visitor, and what visitors ask for themselves.

// lookOf is a look as the widget reads it: what is usual is left out.
func lookOf(l liadesk.WidgetLook) fiber.Map {
	m := fiber.Map{}
	for name, text := range map[string]string{"colour": l.Colour, "ink": l.Ink(), "title": l.Title, "attended": l.Attended, "unattended": l.Unattended,
		"privacy": l.Privacy, "privacy_url": l.PrivacyURL} {
		if text != "" {
			m[name] = text
		}
	}
	if l.Left {
		m["left"] = true
	}
	if l.OffsetX > 0 {
		m["x"] = l.OffsetX
	}
	if l.OffsetY > 0 {
		m["y"] = l.OffsetY
	}
	return m
}

func (s *Server) widgetIdentify(c *fiber.Ctx) error {
	var in struct {
		Inbox string `json:"inbox"`
		Token string `json:"token"`
		identity
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	verified, err := s.Conversations.IdentifyVisitor(c.UserContext(), inbox, in.Token, in.claim())
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"verified": verified})
}

// widgetTrack counts the goals that an event of a page reaches, for campaigns
// that the visitor was shown; any other event is heard and forgotten.
func (s *Server) widgetTrack(c *fiber.Ctx) error {
	var in struct {
		Inbox      string            `json:"inbox"`
		Name       string            `json:"name"`
		Properties map[string]scalar `json:"properties"`
		URL        string            `json:"url"`
		Seen       seenBefore        `json:"seen"`
	}
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	if !liadesk.EventName.MatchString(in.Name) {
		var v liadesk.Invalid
		v.Add("name", "bad_event")
		return v.Err()
	}
	reached := []string{}
	for _, seen := range in.Seen.seen() {
		if seen.Reached || len(reached) == maxGoalsAtOnce {
			continue
		}
		err := s.LiveChat.ReachGoal(c.UserContext(), inbox, livechat.GoalReached{Campaign: seen.Campaign, Day: seen.Day, URL: in.URL,
			Event: in.Name, Value: string(in.Properties["value"]), Currency: string(in.Properties["currency"])})
		switch liadesk.KindOf(err) {
		case liadesk.KindNotFound, liadesk.KindInvalid: // a campaign without this goal
		default:
			if err != nil {
				return err
			}
			reached = append(reached, seen.Campaign.String())
		}
	}
	return c.JSON(fiber.Map{"reached": reached})
}

// maxGoalsAtOnce bounds what one event can count.
const maxGoalsAtOnce = 8

// widgetForget deletes the visitor's conversation.
func (s *Server) widgetForget(c *fiber.Ctx) error {
	var in visitorAsk
	inbox, err := s.widgetAsk(c, &in, &in.Inbox)
	if err != nil {
		return err
	}
	if err := s.Conversations.EraseAsVisitor(c.UserContext(), inbox, in.Token); err != nil {
		return err
	}
	return c.JSON(fiber.Map{})
}

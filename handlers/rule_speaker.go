package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/views/texts"
)

// ruleSpeaker reads audiences aloud in the viewer's language, with the titles
// of the campaigns that they ask for.
type ruleSpeaker struct {
	*texts.Localizer
	title func(id string) string
}

// CampaignTitle is the title of a campaign of the account, or its id.
func (r ruleSpeaker) CampaignTitle(id string) string { return r.title(id) }

func (s *Server) ruleSpeaker(c *fiber.Ctx, l *texts.Localizer) ruleSpeaker {
	return ruleSpeaker{l, func(id string) string {
		campaign, err := liadesk.ParseID(id)
		if err != nil {
			return id
		}
		k, err := s.SMS.Get(c.UserContext(), actor(c), campaign)
		if err != nil {
			return id
		}
		return k.Title
	}}
}

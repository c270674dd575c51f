package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/liadesk"
)

// countJSON is an audience in figures: matched is reachable and all of skipped.
type countJSON struct {
	Matched   int64                        `json:"matched"`
	Reachable int64                        `json:"reachable"`
	Skipped   map[liadesk.SkipReason]int64 `json:"skipped"`
	// Sentence reads the rule.
	Sentence string `json:"sentence"`
}

func (s *Server) apiCountAudience(c *fiber.Ctx) error {
	var in struct {
		Rule    liadesk.Rule    `json:"rule"`
		Purpose liadesk.Purpose `json:"purpose"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	n, err := s.Audience.Count(c.UserContext(), actor(c), in.Rule, in.Purpose)
	if err != nil {
		return err
	}
	return c.JSON(countJSON{Matched: n.Matched, Reachable: n.Reachable, Skipped: n.Skipped, Sentence: audience.Sentence(s.ruleSpeaker(c, s.texts.For("en")), in.Rule)})
}

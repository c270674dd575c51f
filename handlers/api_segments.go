package handlers

import (
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/liadesk"
)

// segmentJSON is a saved audience as programs see it.
type segmentJSON struct {
	ID        liadesk.ID   `json:"id"`
	Name      string       `json:"name"`
	Rule      liadesk.Rule `json:"rule"`
	Sentence  string       `json:"sentence"`
	CreatedAt time.Time    `json:"created_at"`
}

func (s *Server) apiSegmentRoutes(api fiber.Router) {
	api.Get("/segments", s.requireCampaigns, s.apiListSegments)
	api.Post("/segments", s.requireCampaigns, s.apiSaveSegment)
	api.Get("/segments/:id", s.requireCampaigns, s.apiGetSegment)
	api.Delete("/segments/:id", s.requireCampaigns, s.apiDeleteSegment)
}

func (s *Server) segmentOut(c *fiber.Ctx, g liadesk.Segment) segmentJSON {
	return segmentJSON{g.ID, g.Name, g.Rule, audience.Sentence(s.ruleSpeaker(c, s.texts.For("en")), g.Rule), g.CreatedAt}
}

func (s *Server) apiListSegments(c *fiber.Ctx) error {
	list, err := s.Audience.Segments(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	items := make([]segmentJSON, len(list))
	for i, g := range list {
		items[i] = s.segmentOut(c, g)
	}
	return c.JSON(fiber.Map{"items": items, "next": nil})
}

func (s *Server) apiSaveSegment(c *fiber.Ctx) error {
	var in struct {
		Name string       `json:"name"`
		Rule liadesk.Rule `json:"rule"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	g, err := s.Audience.SaveSegment(c.UserContext(), actor(c), in.Name, in.Rule)
	if err != nil {
		return err
	}
	return c.Status(http.StatusCreated).JSON(s.segmentOut(c, g))
}

func (s *Server) apiGetSegment(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	g, err := s.Audience.Segment(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(s.segmentOut(c, g))
}

func (s *Server) apiDeleteSegment(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Audience.DeleteSegment(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}

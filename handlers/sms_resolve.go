package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// apiSMSResolveRoutes settle texts of which nobody knows whether they went out.
func (s *Server) apiSMSResolveRoutes(g fiber.Router) {
	g.Post("/:id/resolve", s.apiResolveAll)
	g.Post("/:id/deliveries/:delivery/resolve", s.apiResolve)
	g.Post("/deliveries/:delivery/resolve", s.apiResolve) // whatever its campaign
}

// resolvedJSON is what came of settling.
type resolvedJSON struct {
	Resolved int `json:"resolved"`
	TooEarly int `json:"too_early"` // left, to be sent again later
	Arrived  int `json:"arrived"`   // not sent again but held for sent: the person answered
}

type resolveJSON struct {
	Action liadesk.Resolution `json:"action"`
}

func (s *Server) apiResolveAll(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in resolveJSON
	if err := readJSON(c, &in); err != nil {
		return err
	}
	out, err := s.SMS.ResolveAll(c.UserContext(), actor(c), id, in.Action)
	return sendResolved(c, out, err)
}

func (s *Server) apiResolve(c *fiber.Ctx) error {
	delivery, err := liadesk.ParseID(c.Params("delivery"))
	if err != nil {
		return err
	}
	id := liadesk.ID{}
	if c.Params("id") != "" {
		if id, err = pathID(c); err != nil {
			return err
		}
	}
	var in resolveJSON
	if err := readJSON(c, &in); err != nil {
		return err
	}
	out, err := s.SMS.Resolve(c.UserContext(), actor(c), id, delivery, in.Action)
	return sendResolved(c, out, err)
}

func sendResolved(c *fiber.Ctx, r sms.Resolved, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(resolvedJSON(r))
}

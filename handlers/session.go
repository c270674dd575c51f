package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// sessionCookie holds the token of a signed-in browser.
const sessionCookie = "session"

// loadViewer finds out who is asking. A cookie that is no good is nobody, not
// an error: public pages still work.
func (s *Server) loadViewer(c *fiber.Ctx) error {
	token := c.Cookies(sessionCookie)
	if token == "" {
		return c.Next()
	}
	v, err := s.Viewer(c.UserContext(), token)
	switch {
	case err == nil:
		c.Locals(localViewer, v)
	case liadesk.KindOf(err) != liadesk.KindUnauthenticated:
		return err
	}
	return c.Next()
}

// requireViewer lets only signed-in people pass.
func (s *Server) requireViewer(c *fiber.Ctx) error {
	if viewer(c) == nil {
		return liadesk.ErrUnauthenticated
	}
	return c.Next()
}

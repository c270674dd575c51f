package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/sms"
)

// showLinkPage shows the page that an opt-out link in a text leads to. Whatever
// opens it to see what is there, opts nobody out: that takes the button.
func (s *Server) showLinkPage(c *fiber.Ctx) error {
	p, err := s.SMS.OptOutPage(c.UserContext(), c.Params("token"))
	return s.linkPage(c, p, err)
}

func (s *Server) optOutByLink(c *fiber.Ctx) error {
	p, err := s.SMS.OptOutByLink(c.UserContext(), c.Params("token"))
	return s.linkPage(c, p, err)
}

func (s *Server) linkPage(c *fiber.Ctx, p sms.OptOutPage, err error) error {
	// The address is the recipient's own: it is in no index, and goes nowhere.
	c.Set("X-Robots-Tag", "noindex")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set(fiber.HeaderCacheControl, "no-store")
	if err != nil {
		return err
	}
	title := "optout.title"
	if p.Out {
		title = "optout.done_title"
	}
	return s.page(c, "optout/page", Page{Title: s.t(c, title), Data: p})
}

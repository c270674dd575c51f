package handlers

import (
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// plivoStatus takes a delivery report of the carrier.
func (s *Server) plivoStatus(c *fiber.Ctx) error {
	cb, err := callback(c)
	if err != nil {
		return answerCarrier(c, err)
	}
	cb.Attempt = c.Params("attempt")
	return s.answered(c, s.SMS.ReportStatus(c.UserContext(), cb))
}

// plivoInbound takes a text that somebody sent to an inbox.
func (s *Server) plivoInbound(c *fiber.Ctx) error {
	cb, err := callback(c)
	if err != nil {
		return answerCarrier(c, err)
	}
	return s.answered(c, s.SMS.Receive(c.UserContext(), cb))
}

// callback reads a request of the carrier. One that cannot be read cannot bear
// the carrier's signature either.
func callback(c *fiber.Ctx) (sms.Callback, error) {
	inbox, err := liadesk.ParseID(c.Params("inbox"))
	if err != nil {
		return sms.Callback{}, sms.ErrForged
	}
	form, err := url.ParseQuery(string(c.Body()))
	if err != nil {
		return sms.Callback{}, sms.ErrForged
	}
	return sms.Callback{
		Inbox: inbox, Form: form, Body: c.Body(),
		Header: func(name string) string { return c.Get(name) },
	}, nil
}

// answered logs a failure of ours before it is told to the carrier.
func (s *Server) answered(c *fiber.Ctx, err error) error {
	if err != nil && liadesk.KindOf(err) != liadesk.KindForbidden {
		s.Log.Error("a callback could not be stored; the carrier will repeat it", "path", c.Path(), "error", err)
	}
	return answerCarrier(c, err)
}

// answerCarrier says 200 only for what is on the disk; 403 to a stranger, from
// whom nothing was taken; else 503, after which the carrier repeats itself.
func answerCarrier(c *fiber.Ctx, err error) error {
	switch {
	case err == nil:
		c.Status(http.StatusOK)
	case liadesk.KindOf(err) == liadesk.KindForbidden:
		c.Status(http.StatusForbidden)
	default:
		c.Status(http.StatusServiceUnavailable)
	}
	c.Response().ResetBody()
	return nil
}

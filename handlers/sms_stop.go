package handlers

import "github.com/gofiber/fiber/v2"

// stopAllSMS is the emergency stop of the dashboard.
func (s *Server) stopAllSMS(c *fiber.Ctx) error {
	n, err := s.SMS.StopAll(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	if n == 0 {
		s.toast(c, ToneInfo, s.t(c, "sms_stop.none"))
	} else {
		s.toast(c, ToneSuccess, s.t(c, "sms_stop.done", "Count", n))
	}
	return s.redirect(c, "/campaigns/sms")
}

// apiStopAllSMS is the emergency stop for programs.
func (s *Server) apiStopAllSMS(c *fiber.Ctx) error {
	n, err := s.SMS.StopAll(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"paused": n})
}

package handlers

import (
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/sms"
)

// sendSMSTest texts a draft to a number of the team's own, as the person whom
// the review shows would read it.
func (s *Server) sendSMSTest(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	as, _ := liadesk.ParseID(c.FormValue("as")) // none: the verb takes somebody
	sent, err := s.SMS.SendTest(c.UserContext(), actor(c), id, c.FormValue("to"), as)
	switch {
	case liadesk.KindOf(err) == liadesk.KindInvalid:
		c.Status(http.StatusUnprocessableEntity)
		problems := s.smsProblems(c, err)
		for i := range problems {
			problems[i].Field = "to" // all that a test has
		}
		return s.smsReviewPage(c, id, nil, problems...)
	case errors.Is(err, sms.ErrTooManyTests):
		c.Status(http.StatusConflict)
		return s.smsReviewPage(c, id, nil, Problem{"to", s.t(c, "error.too_many_tests")})
	case err != nil:
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "testsend.done", "Number", phone.Format(sent.Number)))
	return s.redirect(c, "/campaigns/sms/"+id.String()+"/review")
}

func (s *Server) apiSendTest(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in struct {
		To string `json:"to"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	sent, err := s.SMS.SendTest(c.UserContext(), actor(c), id, in.To, liadesk.ID{})
	if err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(fiber.Map{"to": sent.Number, "text": sent.Text, "segments": sent.Cost.Segments})
}

package handlers

import (
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// smsUnconfirmed is the page on which an administrator settles the texts of a
// campaign of which nobody knows whether they went out.
type smsUnconfirmed struct {
	smsCard
	Rows []unconfirmedRow
	Next string
	// Resendable tells whether the campaign may still text anybody.
	Resendable bool
}

// unconfirmedRow is one of them. ResendAt is when it may be sent again, Early
// that this moment is still to come.
type unconfirmedRow struct {
	smsRow
	ResendAt time.Time
	Early    bool
}

// resolutions are the decisions in the order of the buttons.
var resolutions = []liadesk.Resolution{liadesk.ResolveSent, liadesk.ResolveFailed, liadesk.ResolveResend}

// Resolutions is for the template.
func (smsUnconfirmed) Resolutions() []liadesk.Resolution { return resolutions }

func (s *Server) showSMSUnconfirmed(c *fiber.Ctx) error {
	if err := requireManager(c); err != nil {
		return err
	}
	card, _, err := s.smsView(c)
	if err != nil {
		return err
	}
	list, next, err := s.SMS.Deliveries(c.UserContext(), actor(c), card.Campaign.ID, sms.RecipientFilter{Status: liadesk.DeliveryUnconfirmed},
		db.Page{After: c.Query("after"), Limit: recipientsPerPage})
	if err != nil {
		return err
	}
	v := smsUnconfirmed{smsCard: card, Resendable: sms.Resendable(card.Campaign, s.Clock.Now())}
	for _, r := range list {
		at := sms.ResendAt(r.Delivery)
		v.Rows = append(v.Rows, unconfirmedRow{s.smsRow(c, r), at, at.After(s.Clock.Now())})
	}
	if next != "" {
		v.Next, _ = query(card.Path()+"/unconfirmed", "after", next)
	}
	return s.page(c, "sms/unconfirmed", Page{Title: s.t(c, "settle.title"), Nav: "sms", Data: v})
}

// settleSMSUnconfirmed takes a decision about one text, or about all of them
// when the form names none.
func (s *Server) settleSMSUnconfirmed(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	action := liadesk.Resolution(c.FormValue("action"))
	var done sms.Resolved
	if one := c.FormValue("delivery"); one != "" {
		delivery, err := liadesk.ParseID(one)
		if err != nil {
			return err
		}
		done, err = s.SMS.Resolve(c.UserContext(), actor(c), id, delivery, action)
		if err != nil {
			return err
		}
	} else if done, err = s.SMS.ResolveAll(c.UserContext(), actor(c), id, action); err != nil {
		return err
	}
	tone, said := ToneSuccess, []string{}
	switch {
	case done.TooEarly > 0:
		tone, said = ToneWarning, append(said, s.t(c, "settle.too_early", "Count", done.TooEarly, "Done", done.Resolved))
	case done.Resolved > 0:
		said = append(said, s.t(c, fmt.Sprintf("settle.done.%s", action), "Count", done.Resolved))
	case done.Arrived == 0:
		tone, said = ToneInfo, append(said, s.t(c, "settle.nothing"))
	}
	if done.Arrived > 0 {
		said = append(said, s.t(c, "settle.arrived", "Count", done.Arrived))
	}
	s.toast(c, tone, strings.Join(said, " "))
	return s.redirect(c, "/campaigns/sms/"+id.String()+"/unconfirmed")
}

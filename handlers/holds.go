package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// holdRow is a number that was held for review, as the list shows it.
type holdRow struct {
	contacts.HoldView
	Written string
}

// Verdicts are the decisions in the order of their buttons.
func (optOutList) Verdicts() []string { return []string{"opt_out", "wrong_number", "keep"} }

func (s *Server) holdRows(c *fiber.Ctx) ([]holdRow, error) {
	list, err := s.Contacts.Holds(c.UserContext(), actor(c))
	rows := make([]holdRow, len(list))
	for i, h := range list {
		rows[i] = holdRow{h, phone.Format(h.Number)}
	}
	return rows, err
}

// holdBanner adds to the banners of a page that decisions wait, if any do and
// the plan has campaigns.
func (s *Server) holdBanner(c *fiber.Ctx, banners []Banner) ([]Banner, error) {
	if wantsFragment(c) || actor(c).Campaigns() != nil {
		return banners, nil
	}
	list, err := s.Contacts.Holds(c.UserContext(), actor(c))
	if err != nil || len(list) == 0 {
		return banners, err
	}
	return append(banners, Banner{Tone: ToneWarning, Text: s.t(c, "holds.banner", "Count", len(list)),
		Link: "/contacts/opt-outs#held", Label: s.t(c, "holds.look")}), nil
}

func (s *Server) decideHold(c *fiber.Ctx) error {
	number := c.FormValue("number")
	verdict := liadesk.Verdict(c.FormValue("verdict"))
	err := s.Contacts.DecideHold(c.UserContext(), actor(c), number, verdict)
	switch {
	case liadesk.KindOf(err) == liadesk.KindNotFound:
		s.toast(c, ToneInfo, s.t(c, "holds.decided_already"))
	case err != nil:
		return err
	case verdict == liadesk.VerdictKeep:
		s.toast(c, ToneSuccess, s.t(c, "contacts.opt_outs.removed", "Number", phone.Format(number)))
	default:
		s.toast(c, ToneSuccess, s.t(c, "contacts.opt_outs.added", "Number", phone.Format(number)))
	}
	return s.redirect(c, localPathOr(c.FormValue("next"), "/contacts/opt-outs"))
}

// holdJSON is a held number as programs see it.
type holdJSON struct {
	Number     string           `json:"number"`
	Kind       liadesk.HoldKind `json:"kind"`
	Text       string           `json:"text"`
	At         time.Time        `json:"at"`
	CampaignID liadesk.ID       `json:"campaign_id,omitzero"`
	ContactID  liadesk.ID       `json:"contact_id,omitzero"`
}

func (s *Server) apiListHolds(c *fiber.Ctx) error {
	list, err := s.Contacts.Holds(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	items := make([]holdJSON, len(list))
	for i, h := range list {
		items[i] = holdJSON{h.Number, h.Kind, h.Text, h.At, h.CampaignID, h.ContactID}
	}
	return sendList(c, items, "")
}

func (s *Server) apiDecideHold(c *fiber.Ctx) error {
	var in struct {
		Number  string          `json:"number"`
		Verdict liadesk.Verdict `json:"verdict"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.Contacts.DecideHold(c.UserContext(), actor(c), in.Number, in.Verdict); err != nil {
		return err
	}
	return noContent(c)
}

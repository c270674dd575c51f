package handlers

import (
	"cmp"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// optOutJSON is a number that gets no campaign texts.
type optOutJSON struct {
	Number     string     `json:"number"`
	At         time.Time  `json:"at"`
	Source     string     `json:"source"`
	Text       string     `json:"text"`
	UserID     liadesk.ID `json:"user_id,omitzero"`
	CampaignID liadesk.ID `json:"campaign_id,omitzero"`
	ContactID  liadesk.ID `json:"contact_id,omitzero"`
}

func showOptOut(v contacts.OptOutView) optOutJSON {
	return optOutJSON{Number: v.Number, At: v.At, Source: v.Source, Text: v.Text, UserID: v.By, CampaignID: v.CampaignID, ContactID: v.ContactID}
}

func (s *Server) apiListOptOuts(c *fiber.Ctx) error {
	after, limit, err := listAsked(c)
	if err != nil {
		return err
	}
	list, err := s.Contacts.OptOuts(c.UserContext(), actor(c), c.Query("q"), db.Page{After: after, Limit: limit})
	if err != nil {
		return err
	}
	items := make([]optOutJSON, len(list.Items))
	for i, v := range list.Items {
		items[i] = showOptOut(v)
	}
	return sendList(c, items, list.Next)
}

func (s *Server) apiAddOptOut(c *fiber.Ctx) error {
	var in struct {
		Number string `json:"number"`
		Text   string `json:"text"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	o, err := s.Contacts.AddOptOut(c.UserContext(), actor(c), in.Number, contacts.SourceAPI, in.Text)
	if err != nil {
		return err
	}
	return created(c, showOptOut(contacts.OptOutView{OptOut: o}))
}

// apiRemoveOptOut takes the reason as ?reason=, for a DELETE has no body.
func (s *Server) apiRemoveOptOut(c *fiber.Ctx) error {
	number, err := pathName(c)
	if err != nil {
		return err
	}
	if err := s.Contacts.RemoveOptOut(c.UserContext(), actor(c), number, contacts.SourceAPI, cmp.Or(c.Query("reason"), "no reason given")); err != nil {
		return err
	}
	return noContent(c)
}

package handlers

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// Tags and opt-outs: the two lists beside the contacts.

// tagList is the page of tags.
type tagList struct {
	Tags []liadesk.Tag
	Name string // typed into "new tag"
	// At and New are the tag whose renaming was refused, and what was typed.
	At, New string
}

func (s *Server) tagPage(c *fiber.Ctx, list tagList) (Page, error) {
	var err error
	list.Tags, err = s.Contacts.Tags(c.UserContext(), actor(c))
	return Page{Title: s.t(c, "contacts.tags.title"), Nav: "contacts", Data: list}, err
}

func (s *Server) showTags(c *fiber.Ctx) error {
	page, err := s.tagPage(c, tagList{})
	if err != nil {
		return err
	}
	return s.page(c, "contacts/tags", page)
}

func (s *Server) refuseTag(c *fiber.Ctx, err error, list tagList) error {
	page, pageErr := s.tagPage(c, list)
	if pageErr != nil {
		return pageErr
	}
	return s.invalid(c, err, "contacts/tags", "contacts/tags", page)
}

func (s *Server) createTag(c *fiber.Ctx) error {
	list := tagList{Name: c.FormValue("name")}
	if _, err := s.Contacts.CreateTag(c.UserContext(), actor(c), list.Name); err != nil {
		return s.refuseTag(c, err, list)
	}
	return s.redirect(c, "/contacts/tags")
}

func (s *Server) renameTag(c *fiber.Ctx) error {
	list := tagList{At: c.FormValue("tag"), New: c.FormValue("name")}
	tag, err := s.Contacts.RenameTag(c.UserContext(), actor(c), list.At, list.New)
	if err != nil {
		return s.refuseTag(c, err, list)
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.tags.renamed", "Old", list.At, "New", tag.Name))
	return s.redirect(c, "/contacts/tags")
}

func (s *Server) deleteTag(c *fiber.Ctx) error {
	name := c.FormValue("tag")
	if err := s.Contacts.DeleteTag(c.UserContext(), actor(c), name); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.tags.deleted", "Name", name))
	return s.redirect(c, "/contacts/tags")
}

// optOutRow is an opt-out as the list shows it.
type optOutRow struct {
	contacts.OptOutView
	Written string
}

// optOutList is the page of opt-outs.
type optOutList struct {
	Rows           []optOutRow
	Query          string
	Next, Previous string
	Number, Text   string // typed into "add a number"
	At, Reason     string // the number whose removal was refused, and the reason given
	// File is what became of a file of numbers that had refused ones.
	File *optOutFileResult
	// Holds are the numbers that wait for a decision.
	Holds []holdRow
}

func (s *Server) optOutPage(c *fiber.Ctx, list optOutList) (Page, error) {
	list.Query = c.Query("q")
	page, err := s.Contacts.OptOuts(c.UserContext(), actor(c), list.Query, db.Page{After: c.Query("after")})
	if err != nil {
		return Page{}, err
	}
	if list.Holds, err = s.holdRows(c); err != nil {
		return Page{}, err
	}
	for _, v := range page.Items {
		list.Rows = append(list.Rows, optOutRow{OptOutView: v, Written: phone.Format(v.Number)})
	}
	if page.Next != "" {
		list.Next = "/contacts/opt-outs?" + url.Values{"q": {list.Query}, "after": {page.Next}}.Encode()
	}
	if c.Query("after") != "" {
		list.Previous = "/contacts/opt-outs?" + url.Values{"q": {list.Query}}.Encode()
	}
	return Page{Title: s.t(c, "contacts.opt_outs.title"), Nav: "contacts", Data: list}, nil
}

func (s *Server) showOptOuts(c *fiber.Ctx) error {
	page, err := s.optOutPage(c, optOutList{})
	if err != nil {
		return err
	}
	return s.respond(c, "contacts/opt-outs", "contacts/opt-out-rows", page)
}

func (s *Server) addOptOut(c *fiber.Ctx) error {
	list := optOutList{Number: c.FormValue("number"), Text: c.FormValue("text")}
	o, err := s.Contacts.AddOptOut(c.UserContext(), actor(c), list.Number, contacts.SourceTeam, list.Text)
	if err != nil {
		return s.refuseOptOut(c, err, list)
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.opt_outs.added", "Number", phone.Format(o.Number)))
	return s.redirect(c, localPathOr(c.FormValue("next"), "/contacts/opt-outs"))
}

func (s *Server) removeOptOut(c *fiber.Ctx) error {
	list := optOutList{At: c.FormValue("number"), Reason: c.FormValue("reason")}
	if err := s.Contacts.RemoveOptOut(c.UserContext(), actor(c), list.At, contacts.SourceTeam, list.Reason); err != nil {
		return s.refuseOptOut(c, err, list)
	}
	s.toast(c, ToneSuccess, s.t(c, "contacts.opt_outs.removed", "Number", phone.Format(list.At)))
	return s.redirect(c, localPathOr(c.FormValue("next"), "/contacts/opt-outs"))
}

func (s *Server) refuseOptOut(c *fiber.Ctx, err error, list optOutList) error {
	page, pageErr := s.optOutPage(c, list)
	if pageErr != nil {
		return pageErr
	}
	return s.invalid(c, err, "contacts/opt-outs", "contacts/opt-outs", page)
}

// localPathOr is a path of ours that a form names to go back to, or otherwise.
func localPathOr(next, otherwise string) string {
	if next == "" || localPath(next) != next {
		return otherwise
	}
	return next
}

package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// Saved replies: texts that the team gives often. Everybody of the team keeps
// and uses them.

func (s *Server) savedRoutes(desk fiber.Router) {
	desk.Get("/settings/replies", s.showSaved)
	desk.Post("/settings/replies", s.saveReply)
	desk.Get("/settings/replies/:id", s.editReply)
	desk.Post("/settings/replies/:id", s.saveReply)
	desk.Post("/settings/replies/:id/delete", s.deleteReply)
	desk.Get("/conversations/:id/saved", s.offerSaved)
}

type savedView struct {
	Conflict []conflictLine
	List     []liadesk.SavedReply
	Edit     liadesk.SavedReply // in the form; no id for a new one
}

func (s *Server) savedPage(c *fiber.Ctx, edit liadesk.SavedReply, conflict ...conflictLine) (Page, error) {
	list, err := s.Conversations.Saved(c.UserContext(), actor(c))
	if err != nil {
		return Page{}, err
	}
	return s.settingsPage(c, "replies", savedView{List: list, Edit: edit, Conflict: conflict}), nil
}

func (s *Server) showSaved(c *fiber.Ctx) error {
	page, err := s.savedPage(c, liadesk.SavedReply{})
	if err != nil {
		return err
	}
	return s.page(c, "settings/replies", page)
}

func (s *Server) editReply(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	list, err := s.Conversations.Saved(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.ID == id {
			return s.page(c, "settings/replies", s.settingsPage(c, "replies", savedView{List: list, Edit: r}))
		}
	}
	return liadesk.ErrNotFound
}

func (s *Server) saveReply(c *fiber.Ctx) error {
	r := liadesk.SavedReply{Name: c.FormValue("name"), Text: c.FormValue("text"), Version: formVersion(c)}
	if c.Params("id") != "" {
		id, err := pathID(c)
		if err != nil {
			return err
		}
		r.ID = id
	}
	if _, err := s.Conversations.SaveReply(c.UserContext(), actor(c), r); err != nil {
		lines, version, conflict := s.conflict(c, err, "saved")
		if conflict {
			r.Version = version
		}
		page, pageErr := s.savedPage(c, r, lines...)
		if pageErr != nil {
			return pageErr
		}
		if conflict {
			return s.page(c, "settings/replies", page)
		}
		return s.invalid(c, err, "settings/replies", "settings/replies", page)
	}
	s.toast(c, ToneSuccess, s.t(c, "saved.saved"))
	return s.redirect(c, "/settings/replies")
}

func (s *Server) deleteReply(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Conversations.DropReply(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "saved.deleted"))
	return s.redirect(c, "/settings/replies")
}

// offerSaved lists the texts for an answer in a thread, with its contact's
// names filled in.
func (s *Server) offerSaved(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	offers, err := s.Conversations.SavedFor(c.UserContext(), actor(c), id, c.Query("q"))
	if err != nil {
		return err
	}
	return s.fragment(c, "conversations/saved", Page{Nav: "conversations", Data: offers})
}

package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// What LiaDesk knows, for programs.

func (s *Server) apiBotRoutes(api fiber.Router) {
	api.Get("/bot-entries", s.apiListEntries)
	api.Post("/bot-entries", s.apiSaveEntry)
	api.Get("/bot-entries/:id", s.apiGetEntry)
	api.Put("/bot-entries/:id", s.apiSaveEntry)
	api.Delete("/bot-entries/:id", s.apiDeleteEntry)
}

// entryJSON is a question with its answer.
type entryJSON struct {
	ID        liadesk.ID   `json:"id"`
	Questions []string     `json:"questions"`
	Answer    string       `json:"answer"`
	Language  string       `json:"language"`
	Replies   []string     `json:"replies"`
	InboxIDs  []liadesk.ID `json:"inbox_ids"`
	HandOver  bool         `json:"hand_over"`
	Enabled   bool         `json:"enabled"`
	Asked     int64        `json:"asked"`
	Solved    int64        `json:"solved"`
	UpdatedAt time.Time    `json:"updated_at"`
}

func newEntryJSON(e liadesk.BotEntry) entryJSON {
	return entryJSON{ID: e.ID, Questions: emptyNotNull(e.Questions), Answer: e.Answer, Language: e.Language, Replies: emptyNotNull(e.Replies), InboxIDs: emptyNotNull(e.InboxIDs),
		HandOver: e.HandOver, Enabled: !e.Off, UpdatedAt: e.UpdatedAt}
}

func (s *Server) apiListEntries(c *fiber.Ctx) error {
	entries, err := s.Conversations.Entries(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	out := make([]entryJSON, len(entries))
	for i, e := range entries {
		out[i] = newEntryJSON(e.BotEntry)
		out[i].Asked, out[i].Solved = e.Asked, e.Solved
	}
	return sendList(c, out, "")
}

func (s *Server) apiGetEntry(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	e, err := s.Conversations.Entry(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(newEntryJSON(e))
}

// apiSaveEntry makes a question, or puts another in the place of one.
func (s *Server) apiSaveEntry(c *fiber.Ctx) error {
	var in struct {
		Questions []string     `json:"questions"`
		Answer    string       `json:"answer"`
		Language  string       `json:"language"`
		Replies   []string     `json:"replies"`
		InboxIDs  []liadesk.ID `json:"inbox_ids"`
		HandOver  bool         `json:"hand_over"`
		Enabled   *bool        `json:"enabled"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	e := liadesk.BotEntry{Questions: in.Questions, Answer: in.Answer, Language: in.Language, Replies: in.Replies, InboxIDs: in.InboxIDs,
		HandOver: in.HandOver, Off: in.Enabled != nil && !*in.Enabled}
	isNew := c.Params("id") == ""
	if !isNew {
		var err error
		if e.ID, err = pathID(c); err != nil {
			return err
		}
	}
	e, err := s.Conversations.SaveEntry(c.UserContext(), actor(c), e)
	if err != nil {
		return err
	}
	if isNew {
		return created(c, newEntryJSON(e))
	}
	return c.JSON(newEntryJSON(e))
}

func (s *Server) apiDeleteEntry(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Conversations.DropEntry(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/speech"
)

// What LiaDesk knows: questions and answers, a box to try it, and a file to
// bring many at once. Everybody of the team may look and try, administrators
// change.

func (s *Server) botRoutes(desk fiber.Router) {
	desk.Get("/settings/bot", s.showBot)
	desk.Get("/settings/bot/try", s.tryBot)
	desk.Get("/settings/bot/new", s.requireAdmin, s.newEntry)
	desk.Post("/settings/bot", s.requireAdmin, s.saveEntry)
	desk.Post("/settings/bot/import", s.requireAdmin, s.importEntries)
	desk.Get("/settings/bot/:id", s.requireAdmin, s.editEntry)
	desk.Post("/settings/bot/:id", s.requireAdmin, s.saveEntry)
	desk.Post("/settings/bot/:id/delete", s.requireAdmin, s.deleteEntry)
}

// botView is the page of what LiaDesk knows.
type botView struct {
	Entries  []conversations.Entry
	Text     string // tried
	InboxID  string
	Trial    *conversations.Trial
	Inboxes  []Option
	Imported *conversations.Imported
}

func (s *Server) botPage(c *fiber.Ctx, v botView) (Page, error) {
	var err error
	if v.Entries, err = s.Conversations.Entries(c.UserContext(), actor(c)); err != nil {
		return Page{}, err
	}
	inboxes, err := s.websites(c)
	if err != nil {
		return Page{}, err
	}
	v.Inboxes = []Option{{Value: "", Label: s.t(c, "bot.every_inbox")}}
	for _, i := range inboxes {
		v.Inboxes = append(v.Inboxes, Option{Value: i.ID.String(), Label: i.Name})
	}
	return s.settingsPage(c, "bot", v), nil
}

// botPolicies are the choices of who answers first; asked is what stands for the
// first of them: of a campaign, what the inbox says.
func (s *Server) botPolicies(c *fiber.Ctx, first ...liadesk.BotPolicy) []Option {
	var list []Option
	for _, p := range append(first, liadesk.BotFirst, liadesk.BotNever, liadesk.BotOffHours) {
		list = append(list, Option{Value: string(p), Label: s.t(c, "bot.policy."+cmp.Or(string(p), "inbox"))})
	}
	return list
}

// websites are the account's inboxes that LiaDesk can speak in.
func (s *Server) websites(c *fiber.Ctx) ([]liadesk.Inbox, error) {
	list, err := s.Accounts.Inboxes(c.UserContext(), actor(c))
	return slices.DeleteFunc(list, func(i liadesk.Inbox) bool { return i.Kind != liadesk.InboxWebsite }), err
}

func (s *Server) showBot(c *fiber.Ctx) error {
	page, err := s.botPage(c, botView{})
	if err != nil {
		return err
	}
	return s.page(c, "settings/bot", page)
}

// tryBot shows what LiaDesk makes of a message.
func (s *Server) tryBot(c *fiber.Ctx) error {
	v := botView{Text: c.Query("text"), InboxID: c.Query("inbox")}
	inbox, _ := liadesk.ParseID(v.InboxID) // "" or nonsense is every inbox
	trial, problem := s.Conversations.Try(c.UserContext(), actor(c), v.Text, inbox)
	if problem == nil {
		v.Trial = &trial
	}
	page, err := s.botPage(c, v)
	if err != nil {
		return err
	}
	if problem != nil {
		return s.invalid(c, problem, "settings/bot", "settings/bot-trial", page)
	}
	return s.respond(c, "settings/bot", "settings/bot-trial", page)
}

// entryForm is the form of one question.
type entryForm struct {
	ID                                  string
	Version                             uint64
	Questions, Answer, Replies          string
	Language                            string
	HandOver, Off                       bool
	InboxIDs                            []string
	Inboxes                             []inboxChoice
	Languages                           []Option
	Conflict                            []conflictLine
	MaxAsked, MaxAnswerText, MaxReplies int
}

func formOfEntry(e liadesk.BotEntry) entryForm {
	f := entryForm{ID: e.ID.String(), Version: e.Version, Questions: strings.Join(e.Questions, "\n"), Answer: e.Answer, Replies: strings.Join(e.Replies, "\n"),
		Language: e.Language, HandOver: e.HandOver, Off: e.Off}
	for _, id := range e.InboxIDs {
		f.InboxIDs = append(f.InboxIDs, id.String())
	}
	return f
}

func (s *Server) entryPage(c *fiber.Ctx, f entryForm) (Page, error) {
	inboxes, err := s.websites(c)
	if err != nil {
		return Page{}, err
	}
	for _, i := range inboxes {
		f.Inboxes = append(f.Inboxes, inboxChoice{i, slices.Contains(f.InboxIDs, i.ID.String())})
	}
	f.Languages = []Option{{Value: "", Label: s.t(c, "bot.language_guess")}}
	for _, l := range speech.Languages {
		f.Languages = append(f.Languages, Option{Value: l, Label: s.t(c, "bot.language_"+l)})
	}
	f.MaxAsked, f.MaxAnswerText, f.MaxReplies = conversations.MaxAsked, conversations.MaxAnswerText, conversations.MaxReplies
	page := s.settingsPage(c, "bot", f)
	page.Title = s.t(c, "bot.new")
	if f.ID != "" {
		page.Title, _, _ = strings.Cut(f.Questions, "\n")
	}
	return page, nil
}

func (s *Server) newEntry(c *fiber.Ctx) error {
	page, err := s.entryPage(c, entryForm{Questions: c.Query("question")})
	if err != nil {
		return err
	}
	return s.page(c, "settings/bot-entry", page)
}

func (s *Server) editEntry(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	e, err := s.Conversations.Entry(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	page, err := s.entryPage(c, formOfEntry(e))
	if err != nil {
		return err
	}
	return s.page(c, "settings/bot-entry", page)
}

func (s *Server) saveEntry(c *fiber.Ctx) error {
	f := entryForm{ID: c.Params("id"), Questions: c.FormValue("questions"), Answer: c.FormValue("answer"), Replies: c.FormValue("replies"),
		Language: c.FormValue("language"), HandOver: c.FormValue("hand_over") != "", Off: c.FormValue("on") == "", InboxIDs: formValues(c, "inbox_ids"), Version: formVersion(c)}
	e := liadesk.BotEntry{Questions: strings.Split(f.Questions, "\n"), Answer: f.Answer, Replies: strings.Split(f.Replies, "\n"),
		Language: f.Language, HandOver: f.HandOver, Off: f.Off, Version: f.Version}
	var problem error
	if f.ID != "" {
		e.ID, problem = pathID(c)
	}
	if problem == nil {
		e.InboxIDs, problem = formIDs(f.InboxIDs, "inbox_ids")
	}
	if problem == nil {
		_, problem = s.Conversations.SaveEntry(c.UserContext(), actor(c), e)
	}
	if problem == nil {
		s.toast(c, ToneSuccess, s.t(c, "bot.saved"))
		return s.redirect(c, "/settings/bot")
	}
	lines, version, conflict := s.conflict(c, problem, "bot.field")
	if conflict {
		f.Conflict, f.Version = lines, version
	}
	page, err := s.entryPage(c, f)
	if err != nil {
		return err
	}
	if conflict {
		return s.page(c, "settings/bot-entry", page)
	}
	return s.invalid(c, problem, "settings/bot-entry", "settings/bot-entry", page)
}

func (s *Server) deleteEntry(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Conversations.DropEntry(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "bot.deleted"))
	return s.redirect(c, "/settings/bot")
}

func (s *Server) importEntries(c *fiber.Ctx) error {
	v := botView{}
	problem := error(nil)
	header, err := c.FormFile("file")
	if err != nil {
		var invalid liadesk.Invalid
		invalid.Add("file", "required")
		problem = invalid.Err()
	} else {
		file, err := header.Open()
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		var got conversations.Imported
		if got, problem = s.Conversations.ImportEntries(c.UserContext(), actor(c), file); problem == nil {
			v.Imported = &got
		}
	}
	page, err := s.botPage(c, v)
	if err != nil {
		return err
	}
	if problem != nil {
		return s.invalid(c, problem, "settings/bot", "settings/bot", page)
	}
	c.Status(http.StatusOK)
	return s.page(c, "settings/bot", page)
}

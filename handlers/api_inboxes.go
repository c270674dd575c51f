package handlers

import (
	"cmp"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// inboxJSON is an inbox as the API shows it. Secrets never come back.
type inboxJSON struct {
	ID        liadesk.ID        `json:"id"`
	Kind      liadesk.InboxKind `json:"kind"`
	Name      string            `json:"name"`
	CreatedAt time.Time         `json:"created_at"`
	Version   uint64            `json:"version"`
	*websiteJSON
	*smsInboxJSON
}

type websiteJSON struct {
	Key           string         `json:"key"`
	Domains       []string       `json:"domains"`
	BusinessHours hours.Schedule `json:"business_hours"`
	Snippet       string         `json:"snippet"`
	SnippetSeenAt *time.Time     `json:"snippet_seen_at"`
	// CountVisits lets the widget count pages and visits in the browser.
	CountVisits    bool               `json:"count_visits"`
	PreviewDomains []string           `json:"preview_domains"`
	MessagesPerDay int                `json:"messages_per_day"`
	Widget         liadesk.WidgetLook `json:"widget"`
	Bot            liadesk.WebsiteBot `json:"bot"`
	// ReplyInboxID texts answers to visitors who left.
	ReplyInboxID *liadesk.ID `json:"reply_inbox_id"`
	// Files lets visitors send files.
	Files bool `json:"files"`
}

type smsInboxJSON struct {
	Number            string     `json:"number"`
	AuthID            string     `json:"auth_id"`
	MessagesPerSecond float64    `json:"messages_per_second"`
	CallbackURL       string     `json:"callback_url"`
	CallbackSeenAt    *time.Time `json:"callback_seen_at"`
	Trouble           string     `json:"trouble"`
}

// inboxInput is what POST and PATCH take.
type inboxInput struct {
	Kind              liadesk.InboxKind     `json:"kind"`
	Name              *string               `json:"name"`
	Domains           *[]string             `json:"domains"`
	BusinessHours     *part[hours.Schedule] `json:"business_hours"`
	CountVisits       *bool                 `json:"count_visits"`
	PreviewDomains    *[]string             `json:"preview_domains"`
	MessagesPerDay    *int                  `json:"messages_per_day"`
	Widget            *liadesk.WidgetLook   `json:"widget"`
	Bot               *liadesk.WebsiteBot   `json:"bot"`
	ReplyInboxID      *string               `json:"reply_inbox_id"` // "" for none
	Files             *bool                 `json:"files"`
	Number            *string               `json:"number"`
	AuthID            *string               `json:"auth_id"`
	AuthToken         *string               `json:"auth_token"`
	MessagesPerSecond *float64              `json:"messages_per_second"`
	Version           uint64                `json:"version"`
}

func (in inboxInput) patch() accounts.InboxPatch {
	var open *hours.Schedule
	if in.BusinessHours != nil {
		open = &in.BusinessHours.Value
	}
	var reply *liadesk.ID
	if in.ReplyInboxID != nil {
		reply = new(chosenInbox(*in.ReplyInboxID))
	}
	return accounts.InboxPatch{ReplyInbox: reply, Files: in.Files, Name: in.Name, Domains: in.Domains, Hours: open, CountVisits: in.CountVisits, PreviewDomains: in.PreviewDomains,
		MessagesPerDay: in.MessagesPerDay, Look: in.Widget, Bot: in.Bot, Number: in.Number, AuthID: in.AuthID,
		AuthToken: in.AuthToken, MessagesPerSecond: in.MessagesPerSecond, Version: in.Version}
}

// snippet is the line to paste into a website's pages.
func (s *Server) snippet(w liadesk.Website) string {
	return `<script async src="` + s.publicURL() + `/widget.js" data-inbox="` + w.Key + `"></script>`
}

// callbackURL is the address to paste into the carrier's console.
func (s *Server) callbackURL(inbox liadesk.ID) string {
	return s.publicURL() + "/webhooks/plivo/" + inbox.String() + "/inbound"
}

// publicURL is our address without a slash at its end.
func (s *Server) publicURL() string { return s.origin }

func (s *Server) inboxJSON(i liadesk.Inbox) inboxJSON {
	out := inboxJSON{ID: i.ID, Kind: i.Kind, Name: i.Name, CreatedAt: i.CreatedAt, Version: i.Version}
	if w := i.Website; w != nil {
		bot := w.Bot
		bot.Policy, bot.Asks = cmp.Or(bot.Policy, liadesk.BotFirst), emptyNotNull(bot.Asks)
		out.websiteJSON = &websiteJSON{Bot: bot, ReplyInboxID: idOrNull(w.ReplyInboxID), Files: !w.NoFiles, Key: w.Key, Domains: w.Domains, BusinessHours: w.Hours, Snippet: s.snippet(*w),
			SnippetSeenAt: timeOrNull(w.SnippetSeenAt), CountVisits: w.CountVisits, PreviewDomains: append([]string{}, w.PreviewDomains...), MessagesPerDay: w.DailyCap(), Widget: w.Look}
	}
	if m := i.SMS; m != nil {
		out.smsInboxJSON = &smsInboxJSON{Number: m.Number, AuthID: m.AuthID, MessagesPerSecond: m.MessagesPerSecond,
			CallbackURL: s.callbackURL(i.ID), CallbackSeenAt: timeOrNull(m.CallbackSeenAt), Trouble: string(m.Trouble)}
	}
	return out
}

// timeOrNull writes a moment that has not come as null.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s *Server) apiListInboxes(c *fiber.Ctx) error {
	list, err := s.Accounts.Inboxes(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	return sendPage(c, list, func(i liadesk.Inbox) liadesk.ID { return i.ID }, s.inboxJSON)
}

func (s *Server) apiCreateInbox(c *fiber.Ctx) error {
	var in inboxInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	i, err := s.Accounts.CreateInbox(c.UserContext(), actor(c), in.Kind, in.patch())
	if err != nil {
		return err
	}
	return created(c, s.inboxJSON(i))
}

func (s *Server) apiGetInbox(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	i, err := s.Accounts.Inbox(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	return c.JSON(s.inboxJSON(i))
}

func (s *Server) apiEditInbox(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var in inboxInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	i, err := s.Accounts.EditInbox(c.UserContext(), actor(c), id, in.patch())
	if err != nil {
		return err
	}
	return c.JSON(s.inboxJSON(i))
}

func (s *Server) apiDeleteInbox(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := s.Accounts.DeleteInbox(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	return noContent(c)
}

package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

func (s *Server) showInboxes(c *fiber.Ctx) error {
	list, err := s.Accounts.Inboxes(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	rows := make([]inboxRow, len(list))
	for i, in := range list {
		rows[i] = s.inboxRow(c, in)
	}
	return s.page(c, "inboxes/list", Page{Title: s.t(c, "inboxes.title"), Nav: "inboxes", Data: rows})
}

// inboxRow is an inbox with what a card says of it.
type inboxRow struct {
	liadesk.Inbox
	Open  bool   // a website's business hours, now
	Hours string // in words
	// Sender is a number as people write it, or the sender name.
	Sender string
}

func (s *Server) inboxRow(c *fiber.Ctx, in liadesk.Inbox) inboxRow {
	row := inboxRow{Inbox: in}
	if in.Website != nil {
		row.Open = in.Website.Hours.Open(s.Clock.Now())
		row.Hours = s.hoursText(c, in.Website.Hours)
	}
	if in.SMS != nil {
		row.Sender = in.SMS.Number
		if in.SMS.CanReceive() {
			row.Sender = phone.Format(in.SMS.Number)
		}
	}
	return row
}

// inboxForm is the form of an inbox, new or known, of either kind. The
// carrier's token is never shown again.
type inboxForm struct {
	Version  uint64
	Kind     liadesk.InboxKind
	Name     string
	Domains  string // one a line
	Previews string // likewise
	Hours    hoursForm
	Look     liadesk.WidgetLook
	OffsetX  string
	OffsetY  string
	Count    bool   // visits
	PerDay   string // messages
	Bot      botForm
	Reply    string // the inbox that texts visitors who left
	Replies  []Option
	Files    bool // visitors can send some
	Mails    bool // e-mails can be sent from here
	Number   string
	AuthID   string
	HasToken bool
	Pace     string

	Conflict []conflictLine
	Inbox    *liadesk.Inbox // nil for a new one
	Row      inboxRow
	Snippet  string
	Callback string
	Loopback bool // nobody outside can reach us under our public address
	// Delete asks before the inbox is deleted, and names its campaigns.
	DeleteText string
}

// botForm is how LiaDesk behaves on a website.
type botForm struct {
	Policy   string
	Asks     []string
	VIPTag   string
	Policies []Option
}

// Asked tells whether visitors are asked for a field.
func (f botForm) Asked(field string) bool { return slices.Contains(f.Asks, field) }

// Fields are what visitors can be asked for, in their order.
func (f botForm) Fields() []string { return []string{"name", "email", "phone"} }

func botFormOf(b liadesk.WebsiteBot) botForm {
	f := botForm{Policy: cmp.Or(string(b.Policy), string(liadesk.BotFirst)), VIPTag: b.VIPTag}
	for _, a := range b.Asks {
		f.Asks = append(f.Asks, string(a))
	}
	return f
}

func (f botForm) bot() liadesk.WebsiteBot {
	b := liadesk.WebsiteBot{Policy: liadesk.BotPolicy(f.Policy), VIPTag: f.VIPTag}
	for _, a := range f.Asks {
		b.Asks = append(b.Asks, liadesk.BotAsks(a))
	}
	return b
}

// blankInbox is the form of a new inbox.
func blankInbox(kind liadesk.InboxKind) inboxForm {
	return inboxForm{Kind: kind, Pace: strconv.Itoa(accounts.DefaultPace)}
}

func inboxFormOf(in liadesk.Inbox) inboxForm {
	f := inboxForm{Kind: in.Kind, Version: in.Version, Name: in.Name}
	if w := in.Website; w != nil {
		f.Domains, f.Hours = strings.Join(w.Domains, "\n"), hoursFormOf(w.Hours)
		f.Previews = strings.Join(w.PreviewDomains, "\n")
		f.Look, f.OffsetX, f.OffsetY = w.Look, strconv.Itoa(w.Look.OffsetX), strconv.Itoa(w.Look.OffsetY)
		f.Look.Colour = cmp.Or(f.Look.Colour, liadesk.DefaultColour)
		f.Count, f.PerDay = w.CountVisits, strconv.Itoa(w.DailyCap())
		f.Bot, f.Files = botFormOf(w.Bot), !w.NoFiles
		if !w.ReplyInboxID.IsZero() {
			f.Reply = w.ReplyInboxID.String()
		}
	}
	if m := in.SMS; m != nil {
		f.Number, f.AuthID, f.Pace = m.Number, m.AuthID, strconv.FormatFloat(m.MessagesPerSecond, 'f', -1, 64)
	}
	return f
}

// typedInbox reads the form. What cannot be read as figures or hours is
// reported together with what the room finds.
func typedInbox(c *fiber.Ctx, kind liadesk.InboxKind) (f inboxForm, p accounts.InboxPatch, wrong liadesk.Invalid) {
	f = inboxForm{Kind: kind, Version: formVersion(c), Name: c.FormValue("name"), Domains: c.FormValue("domains"), Number: c.FormValue("number"),
		AuthID: c.FormValue("auth_id"), Pace: strings.TrimSpace(c.FormValue("messages_per_second"))}
	p = accounts.InboxPatch{Name: &f.Name, Version: f.Version}
	if kind == liadesk.InboxWebsite {
		domains := splitWords(strings.ReplaceAll(f.Domains, " ", "\n"))
		p.Domains = &domains
		f.Hours = typedHours(c)
		if len(f.Hours.Days) > 0 { // the first form leaves them out
			schedule := f.Hours.schedule(&wrong)
			p.Hours = &schedule
		}
		if c.FormValue("widget.side") != "" {
			f.Count, f.PerDay = c.FormValue("count_visits") != "", c.FormValue("messages_per_day")
			f.OffsetX, f.OffsetY = c.FormValue("widget.offset_x"), c.FormValue("widget.offset_y")
			f.Look = liadesk.WidgetLook{Colour: c.FormValue("widget.colour"), Left: c.FormValue("widget.side") == "left", OffsetX: whole(f.OffsetX), OffsetY: whole(f.OffsetY),
				Title: c.FormValue("widget.title"), Attended: c.FormValue("widget.attended"), Unattended: c.FormValue("widget.unattended"),
				Privacy: c.FormValue("widget.privacy"), PrivacyURL: c.FormValue("widget.privacy_url"), Launcher: c.FormValue("widget.launcher") != ""}
			look := f.Look
			f.Previews = c.FormValue("preview_domains")
			p.PreviewDomains = new(splitWords(strings.ReplaceAll(f.Previews, " ", "\n")))
			p.Look = &look
			f.Bot = botForm{Policy: c.FormValue("bot.policy"), Asks: formValues(c, "bot.asks"), VIPTag: c.FormValue("bot.vip_tag")}
			f.Reply, f.Files = c.FormValue("reply_inbox_id"), c.FormValue("files") != ""
			p.Files = &f.Files
			p.Bot, p.ReplyInbox = new(f.Bot.bot()), new(chosenInbox(f.Reply))
			if c.FormValue("messages_per_day") != "" { // a plan without campaigns has no such fields
				p.CountVisits, p.MessagesPerDay = &f.Count, new(whole(f.PerDay))
			}
		}
		return f, p, wrong
	}
	token := c.FormValue("auth_token")
	p.Number, p.AuthID, p.AuthToken = &f.Number, &f.AuthID, &token
	pace, err := strconv.ParseFloat(strings.ReplaceAll(f.Pace, ",", "."), 64)
	if err != nil {
		pace = 0 // no figure is out of range
	}
	p.MessagesPerSecond = &pace
	return f, p, wrong
}

// inboxPage frames the form; for a known inbox with its state beside it.
func (s *Server) inboxPage(c *fiber.Ctx, f inboxForm, in *liadesk.Inbox) (Page, error) {
	page := Page{Nav: "inboxes", Title: s.t(c, "inboxes.new_"+string(f.Kind))}
	if in != nil {
		page.Title = in.Name
		f.Inbox, f.Row = in, s.inboxRow(c, *in)
		f.Loopback = strings.HasPrefix(s.host, "127.") || s.host == "localhost" || s.host == "::1"
		if in.Website != nil {
			f.Snippet = s.snippet(*in.Website)
			f.Hours.complete()
			f.Bot.Policies, f.Mails = s.botPolicies(c), s.Mails
			if err := s.fillReplies(c, &f); err != nil {
				return Page{}, err
			}
		}
		if in.SMS != nil {
			f.HasToken, f.Callback = len(in.SMS.SealedToken) > 0, s.callbackURL(in.ID)
		}
		if actor(c).Administrator() == nil {
			_, campaigns, err := s.Accounts.InboxUse(c.UserContext(), actor(c), in.ID)
			if err != nil {
				return Page{}, err
			}
			f.DeleteText = s.deleteText(c, *in, campaigns)
		}
	}
	page.Data = f
	return page, nil
}

// chosenInbox reads which inbox somebody chose, "" for none. What is no id
// becomes one that is nobody's, for the room to refuse by name.
func chosenInbox(text string) liadesk.ID {
	id, err := liadesk.ParseID(text)
	if err != nil && text != "" {
		id = liadesk.ID{0xff}
	}
	return id
}

// fillReplies lists the inboxes that can text visitors who left.
func (s *Server) fillReplies(c *fiber.Ctx, f *inboxForm) error {
	list, err := s.Accounts.Inboxes(c.UserContext(), actor(c))
	f.Replies = []Option{{Value: "", Label: s.t(c, "inboxes.no_texts")}}
	for _, i := range list {
		if i.SMS != nil && i.SMS.CanReceive() {
			f.Replies = append(f.Replies, Option{Value: i.ID.String(), Label: i.Name + " · " + phone.Format(i.SMS.Number)})
		}
	}
	return err
}

// deleteText says what goes with an inbox, and names its campaigns.
func (s *Server) deleteText(c *fiber.Ctx, in liadesk.Inbox, campaigns []liadesk.Ref) string {
	text := s.t(c, "inboxes.delete_"+string(in.Kind))
	if len(campaigns) > 0 {
		const most = 8
		var names []string
		for i, r := range campaigns {
			if i == most {
				names = append(names, s.t(c, "inboxes.and_more", "Count", len(campaigns)-most))
				break
			}
			names = append(names, "“"+r.Name+"”")
		}
		text += " " + s.t(c, "inboxes.delete_campaigns", "Count", len(campaigns), "Names", strings.Join(names, ", "))
	}
	return text
}

func (s *Server) newInbox(c *fiber.Ctx) error {
	if err := actor(c).Administrator(); err != nil {
		return err
	}
	kind := liadesk.InboxKind(c.Query("kind"))
	if kind != liadesk.InboxWebsite && kind != liadesk.InboxSMS {
		return s.page(c, "inboxes/choose", Page{Title: s.t(c, "inboxes.new"), Nav: "inboxes"})
	}
	page, err := s.inboxPage(c, blankInbox(kind), nil)
	if err != nil {
		return err
	}
	return s.page(c, "inboxes/new", page)
}

func (s *Server) createInbox(c *fiber.Ctx) error {
	kind := liadesk.InboxKind(c.FormValue("kind"))
	if kind != liadesk.InboxWebsite && kind != liadesk.InboxSMS {
		return fiber.NewError(http.StatusBadRequest, "bad_request")
	}
	f, p, wrong := typedInbox(c, kind)
	err := wrong.Err()
	var in liadesk.Inbox
	if err == nil {
		in, err = s.Accounts.CreateInbox(c.UserContext(), actor(c), kind, p)
	}
	if err != nil {
		page, pageErr := s.inboxPage(c, f, nil)
		if pageErr != nil {
			return pageErr
		}
		return s.invalid(c, err, "inboxes/new", "inboxes/new", page)
	}
	s.toast(c, ToneSuccess, s.t(c, "inboxes.created", "Name", in.Name))
	return s.redirect(c, "/inboxes/"+in.ID.String())
}

func (s *Server) showInbox(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	in, err := s.Accounts.Inbox(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	page, err := s.inboxPage(c, inboxFormOf(in), &in)
	if err != nil {
		return err
	}
	return s.page(c, "inboxes/inbox", page)
}

func (s *Server) editInbox(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	in, err := s.Accounts.Inbox(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	f, p, wrong := typedInbox(c, in.Kind)
	problem := wrong.Err()
	if problem == nil {
		_, problem = s.Accounts.EditInbox(c.UserContext(), actor(c), id, p)
	}
	if problem == nil {
		s.toast(c, ToneSuccess, s.t(c, "settings.saved"))
		return s.redirect(c, "/inboxes/"+id.String())
	}
	lines, version, conflict := s.conflict(c, problem, "inboxes.field")
	if conflict {
		f.Conflict, f.Version = lines, version
	}
	page, err := s.inboxPage(c, f, &in)
	if err != nil {
		return err
	}
	if conflict {
		return s.page(c, "inboxes/inbox", page)
	}
	return s.invalid(c, problem, "inboxes/inbox", "inboxes/inbox", page)
}

// confirmDeleteInbox asks on a page of its own, for browsers without scripts;
// with them a dialog asks the same.
func (s *Server) confirmDeleteInbox(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	in, campaigns, err := s.Accounts.InboxUse(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	f := inboxForm{Inbox: &in, DeleteText: s.deleteText(c, in, campaigns)}
	return s.page(c, "inboxes/delete", Page{Title: s.t(c, "inboxes.delete_title", "Name", in.Name), Nav: "inboxes", Data: f})
}

func (s *Server) deleteInbox(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	in, err := s.Accounts.Inbox(c.UserContext(), actor(c), id)
	if err != nil {
		return err
	}
	if err := s.Accounts.DeleteInbox(c.UserContext(), actor(c), id); err != nil {
		return err
	}
	s.toast(c, ToneSuccess, s.t(c, "inboxes.deleted", "Name", in.Name))
	return s.redirect(c, "/inboxes")
}

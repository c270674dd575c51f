package handlers

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// chatTrial is what came of trying an address, in words.
type chatTrial struct {
	Tone Tone
	Text string
}

func (f chatForm) id() liadesk.ID {
	id, _ := liadesk.ParseID(f.ID) // "" for a new one
	return id
}

// messageMark names a message in few characters.
func messageMark(message string) string {
	sum := sha256.Sum256([]byte(message))
	return hex.EncodeToString(sum[:8])
}

// fillChatForm adds what the page shows beside the form, and returns what is
// wrong with it as an error of KindInvalid.
func (s *Server) fillChatForm(c *fiber.Ctx, f *chatForm) error {
	d, wrong := s.LiveChat.Check(c.UserContext(), actor(c), f.id(), f.patch())
	if wrong != nil && liadesk.KindOf(wrong) != liadesk.KindInvalid {
		return wrong
	}
	choices, err := s.LiveChat.Choices(c.UserContext(), actor(c))
	if err != nil {
		return err
	}
	for _, in := range choices.Inboxes {
		f.Inboxes = append(f.Inboxes, Option{Value: in.ID.String(), Label: in.Name})
	}
	if f.InboxID == "" && len(f.Inboxes) == 1 {
		f.InboxID = f.Inboxes[0].Value
	}
	f.Senders = []Option{{Value: botSender, Label: s.t(c, "livechat.sender_bot")}}
	for _, u := range choices.Senders {
		f.Senders = append(f.Senders, Option{Value: u.ID.String(), Label: u.Name})
	}
	if d.Speaker.Left != "" && !slices.ContainsFunc(f.Senders, func(o Option) bool { return o.Value == f.Sender }) {
		f.Senders = append(f.Senders, Option{Value: f.Sender, Label: s.t(c, "livechat.sender_left", "Name", d.Speaker.Left)})
	}
	f.Preview, f.Removed = previewOf(d), s.chatRemoved(c, d.Removed)
	s.fillVisitBuilder(c, &f.Builder, choices.Tags)
	for _, k := range []liadesk.FrequencyKind{liadesk.FrequencyOnce, liadesk.FrequencySession, liadesk.FrequencyDays, liadesk.FrequencyAnswered} {
		f.Frequencies = append(f.Frequencies, Option{Value: string(k), Label: s.t(c, "livechat.often."+string(k))})
	}
	for _, p := range []liadesk.Priority{liadesk.PriorityHigh, liadesk.PriorityNormal, liadesk.PriorityLow} {
		f.Priorities = append(f.Priorities, Option{Value: string(p), Label: s.t(c, "livechat.priority."+cmp.Or(string(p), normalPriority))})
	}
	f.Policies = s.botPolicies(c, liadesk.BotAsInbox)

	for _, g := range []string{"", "url", "event"} {
		f.Goals = append(f.Goals, Option{Value: g, Label: s.t(c, "livechat.goal."+cmp.Or(g, "none"))})
	}
	f.Facts, f.Says = s.chatFacts(c, d.Campaign, f.Zone), s.saysConditions(c, d.Campaign.Trigger.Conditions)
	if d.Inbox.Website != nil {
		f.Notes = s.chatNotes(c, slices.DeleteFunc(d.Why, func(r livechat.Reason) bool { return r.Code == livechat.ReasonPattern }), d.Inbox.ID)
	}
	return wrong
}

func (s *Server) chatFormPage(c *fiber.Ctx, f chatForm) Page {
	title := s.t(c, "livechat.new")
	if f.ID != "" {
		title = s.t(c, "livechat.edit_title")
	}
	return Page{Title: title, Nav: "live-chat", Data: f}
}

// newLiveChat shows an empty form, or by POST what was typed, coming back from
// the review.
func (s *Server) newLiveChat(c *fiber.Ctx) error {
	f := blankChatForm(s.chatZone(c, liadesk.Inbox{}))
	if c.Method() == fiber.MethodPost {
		f = readChatForm(c)
	}
	if err := s.fillChatForm(c, &f); err != nil && liadesk.KindOf(err) != liadesk.KindInvalid {
		return err
	}
	return s.page(c, "livechat/form", s.chatFormPage(c, f))
}

// reviewLiveChat shows the campaign as it will be, before it is made.
func (s *Server) reviewLiveChat(c *fiber.Ctx) error {
	f := readChatForm(c)
	if err := s.fillChatForm(c, &f); err != nil {
		return s.invalid(c, err, "livechat/form", "livechat/form", s.chatFormPage(c, f))
	}
	page := s.chatFormPage(c, f)
	page.Title = s.t(c, "livechat.review.title")
	return s.page(c, "livechat/review", page)
}

func (s *Server) createLiveChat(c *fiber.Ctx) error {
	f := readChatForm(c)
	campaign, _, err := s.LiveChat.Create(c.UserContext(), actor(c), f.patch())
	if err != nil {
		if liadesk.KindOf(err) != liadesk.KindInvalid {
			return err
		}
		err = s.fillChatForm(c, &f)
		return s.invalid(c, err, "livechat/form", "livechat/form", s.chatFormPage(c, f))
	}
	s.toast(c, ToneSuccess, s.t(c, "livechat.done.created", "Title", campaign.Title))
	return s.redirect(c, chatPath(campaign.ID))
}

func (s *Server) editLiveChat(c *fiber.Ctx) error {
	it, err := s.chatItem(c)
	if err != nil {
		return err
	}
	f := chatFormOf(it.Campaign, s.chatZone(c, it.Inbox))
	if err := s.fillChatForm(c, &f); err != nil && liadesk.KindOf(err) != liadesk.KindInvalid {
		return err
	}
	return s.page(c, "livechat/form", s.chatFormPage(c, f))
}

func (s *Server) updateLiveChat(c *fiber.Ctx) error {
	it, err := s.chatItem(c)
	if err != nil {
		return err
	}
	f := readChatForm(c)
	f.ID = it.Campaign.ID.String()
	saved, again, err := s.saveChat(c, it.Campaign, &f, f.patch())
	if err != nil || again {
		if ferr := s.fillChatForm(c, &f); ferr != nil && liadesk.KindOf(ferr) != liadesk.KindInvalid {
			return ferr
		}
		if again {
			return s.page(c, "livechat/form", s.chatFormPage(c, f))
		}
		return s.invalid(c, err, "livechat/form", "livechat/form", s.chatFormPage(c, f))
	}
	s.toast(c, ToneSuccess, s.t(c, "livechat.done.saved", "Title", saved.Title))
	return s.redirect(c, chatPath(saved.ID))
}

// saveChat saves a form. Again says that the form is to be shown once more,
// because something would be taken out of the message that was not named yet,
// or because somebody else saved first; f then says so, and the next save of
// it goes through.
func (s *Server) saveChat(c *fiber.Ctx, stored liadesk.LiveChatCampaign, f *chatForm, p livechat.Patch) (saved liadesk.LiveChatCampaign, again bool, err error) {
	d, err := s.LiveChat.Check(c.UserContext(), actor(c), stored.ID, p)
	if err != nil {
		return saved, false, err
	}
	if mark := messageMark(f.Message); len(d.Removed) > 0 && f.Accept != mark {
		f.Accept, f.Removed = mark, s.chatRemoved(c, d.Removed)
		c.Status(http.StatusUnprocessableEntity)
		return saved, true, nil
	}
	saved, _, err = s.LiveChat.Update(c.UserContext(), actor(c), stored.ID, p)
	if e, ok := errors.AsType[*liadesk.Error](err); ok {
		if changes, version := e.Changes(); len(changes) > 0 {
			lines, err := s.chatConflict(c, changes)
			if err != nil {
				return saved, false, err
			}
			f.Version, f.Conflict = strconv.FormatUint(version, 10), lines
			c.Status(http.StatusConflict)
			return saved, true, nil
		}
	}
	return saved, false, err
}

// chatConflict puts both values of what two people changed into words.
func (s *Server) chatConflict(c *fiber.Ctx, changes []liadesk.Change) ([]conflictLine, error) {
	choices, err := s.LiveChat.Choices(c.UserContext(), actor(c))
	if err != nil {
		return nil, err
	}
	words := func(v any) string {
		switch v := v.(type) {
		case bool:
			if v {
				return s.t(c, "common.yes")
			}
			return s.t(c, "common.no")
		case liadesk.ID:
			for _, in := range choices.Inboxes {
				if in.ID == v {
					return in.Name
				}
			}
		case liadesk.Sender:
			for _, u := range choices.Senders {
				if u.ID == v.UserID {
					return u.Name
				}
			}
			return s.t(c, "livechat.sender_bot")
		case int:
			return s.localizer(c).Number(int64(v))
		case string:
			return v
		case []string:
			return strings.Join(v, ", ")
		case time.Time:
			if !v.IsZero() {
				return s.localizer(c).DateTime(v, zone(c))
			}
		case *liadesk.Rule:
			if v != nil {
				return s.saysConditions(c, v)
			}
		case liadesk.Frequency:
			return s.saysFrequency(c, v)
		case liadesk.Priority:
			return s.t(c, "livechat.priority."+cmp.Or(string(v), normalPriority))
		case *liadesk.Goal:
			if v != nil {
				return s.saysGoal(c, *v)
			}
		}
		return s.t(c, "common.none")
	}
	var lines []conflictLine
	for _, ch := range changes {
		lines = append(lines, conflictLine{s.t(c, fmt.Sprintf("livechat.changed.%s", strings.ReplaceAll(ch.Field, ".", "_"))), words(ch.Theirs), words(ch.Yours)})
	}
	return lines, nil
}

// chatChecked is the answer about one field.
type chatChecked struct {
	Field string
	Form  chatForm
}

// chatFields are those that may be asked about while somebody types.
var chatFields = []string{"title", "message", "inbox_id", "sender", "trigger.url", "trigger.time_on_page", "business_hours_only",
	"trigger.urls", "trigger.except", "quick_replies", "starts_at", "ends_at", "frequency.days", "goal.url", "goal.event", "goal.value", "goal.currency", "goal.days"}

// checkLiveChat answers about the field that was just typed into, and about
// what depends on it. Fields that nobody has come to yet stay unremarked.
func (s *Server) checkLiveChat(c *fiber.Ctx) error {
	field := c.Query("field")
	if !slices.Contains(chatFields, field) {
		return fiber.ErrNotFound
	}
	f := readChatForm(c)
	f.ID = c.FormValue("id")
	err := s.fillChatForm(c, &f)
	if err != nil && liadesk.KindOf(err) != liadesk.KindInvalid {
		return err
	}
	p := Page{Nav: "live-chat", Data: chatChecked{field, f}}
	if err != nil {
		p.Errors = s.problems(c, err)
	}
	return s.fragment(c, "livechat/checked", p)
}

// tryLiveChat tells whether a page would get the campaign. Without scripts it
// comes back with the whole form.
func (s *Server) tryLiveChat(c *fiber.Ctx) error {
	f := readChatForm(c)
	f.ID = c.FormValue("id")
	trial, err := s.chatTrial(c, f)
	if err != nil {
		return err
	}
	f.Trial = trial
	if wantsFragment(c) {
		return s.fragment(c, "livechat/trial", Page{Nav: "live-chat", Data: trial})
	}
	if err := s.fillChatForm(c, &f); err != nil && liadesk.KindOf(err) != liadesk.KindInvalid {
		return err
	}
	return s.page(c, "livechat/form", s.chatFormPage(c, f))
}

func (s *Server) chatTrial(c *fiber.Ctx, f chatForm) (*chatTrial, error) {
	inbox, _ := liadesk.ParseID(f.InboxID) // one that is none is not chosen yet
	trial, err := s.LiveChat.Try(c.UserContext(), actor(c), liadesk.Trigger{URL: f.URL, URLs: livechat.Lines(f.URLs), Except: livechat.Lines(f.Except)},
		strings.TrimSpace(f.Try), inbox)
	if e, ok := errors.AsType[*livechat.PatternError](err); ok {
		return &chatTrial{ToneWarning, s.localizer(c).Error("trigger.url", e.Code, map[string]any{"Max": livechat.MaxPattern})}, nil
	}
	switch {
	case err != nil:
		return nil, err
	case !trial.Matches:
		return &chatTrial{ToneWarning, s.t(c, fmt.Sprintf("livechat.trial.%s", trial.Why))}, nil
	case trial.OffDomain != "":
		return &chatTrial{ToneWarning, s.t(c, "livechat.trial.off_domain", "Host", trial.OffDomain)}, nil
	}
	return &chatTrial{ToneSuccess, s.t(c, "livechat.trial.matches")}, nil
}

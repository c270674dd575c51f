package livechat

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Patch is what can be said about a campaign; nil leaves a field as it is or,
// for a new campaign, takes the default.
type Patch struct {
	Title *string
	// Message is HTML as somebody wrote it; it is sanitised before it is kept.
	Message           *string
	InboxID           *liadesk.ID
	Sender            *liadesk.Sender
	TriggerURL        *string
	TimeOnPage        *int // seconds
	Enabled           *bool
	BusinessHoursOnly *bool
	URLs, Except      *[]string
	// Conditions holds nil to take them away.
	Conditions       **liadesk.Rule
	OnlineOnly       *bool
	Bot              *liadesk.BotPolicy
	StartsAt, EndsAt *time.Time // zero takes the bound away
	Frequency        *liadesk.Frequency
	Priority         *liadesk.Priority
	QuickReplies     *[]string
	Goal             **liadesk.Goal // holds nil to take it away

	// Unreadable names fields that were given and could not be read as a time.
	Unreadable []string

	// Version is the one that the change was made from; 0 saves over any.
	Version uint64
}

// apply checks a patch and changes c as it says. Its errors are of
// KindInvalid; c and what was removed are good for a preview even then.
//
// A sender who left and an inbox that was deleted since may stay as they are,
// so that a title can be mended without deciding about them; but nobody can
// choose them anew, nor enable a campaign without an inbox.
func apply(tx *db.Tx, c *liadesk.LiveChatCampaign, p Patch) ([]Removed, error) {
	var v liadesk.Invalid
	for _, field := range p.Unreadable {
		v.Add(field, "not_an_instant")
	}
	var removed []Removed
	stored := *c
	if p.Title != nil {
		c.Title = line(*p.Title)
	}
	if p.InboxID != nil {
		c.InboxID = *p.InboxID
	}
	if p.Sender != nil {
		c.Sender = *p.Sender
		if c.Sender.Kind == liadesk.SenderBot {
			c.Sender.UserID = liadesk.ID{}
		}
	}
	if p.TimeOnPage != nil {
		c.Trigger.TimeOnPage = *p.TimeOnPage
	}
	if p.BusinessHoursOnly != nil {
		c.BusinessHoursOnly = *p.BusinessHoursOnly
	}
	applyWhen(c, p)
	if p.Enabled != nil && *p.Enabled != c.Enabled {
		c.Enabled, c.DisabledFor = *p.Enabled, liadesk.DisabledByPerson
	}
	c.Check(&v)
	if p.Message != nil || c.Message == "" {
		var source string
		if p.Message != nil {
			source = strings.TrimSpace(*p.Message)
		}
		c.Message, removed = Sanitise(source)
		switch {
		case len(source) > MaxMessage:
			v.Add("message", "too_long", "Max", MaxMessage)
		case !saysSomething(c.Message):
			v.Add("message", "required")
		default:
			if err := checkWording(&v, c.Message); err != nil {
				return removed, err
			}
		}
	}
	if p.TriggerURL != nil || c.Trigger.URL == "" {
		if p.TriggerURL != nil {
			c.Trigger.URL = strings.TrimSpace(*p.TriggerURL)
		}
		checkPattern(&v, "trigger.url", c.Trigger.URL)
	}
	if p.URLs != nil {
		checkPatterns(&v, "trigger.urls", c.Trigger.URLs)
	}
	if p.Except != nil {
		checkPatterns(&v, "trigger.except", c.Trigger.Except)
	}
	if p.Goal != nil && c.Goal != nil && c.Goal.URL != "" {
		checkPattern(&v, "goal.url", c.Goal.URL)
	}
	if err := checkInbox(tx, &v, *c, stored); err != nil {
		return removed, err
	}
	if err := checkSender(tx, &v, *c, stored); err != nil {
		return removed, err
	}
	return removed, v.Err()
}

// applyWhen takes over what a patch says about when, how often and what for.
func applyWhen(c *liadesk.LiveChatCampaign, p Patch) {
	if p.URLs != nil {
		c.Trigger.URLs = lines(*p.URLs)
	}
	if p.Except != nil {
		c.Trigger.Except = lines(*p.Except)
	}
	if p.Conditions != nil {
		c.Trigger.Conditions = *p.Conditions
	}
	if p.OnlineOnly != nil {
		c.OnlineOnly = *p.OnlineOnly
	}
	if p.Bot != nil {
		c.Bot = *p.Bot
	}
	if p.StartsAt != nil {
		c.StartsAt = p.StartsAt.UTC()
	}
	if p.EndsAt != nil {
		c.EndsAt = p.EndsAt.UTC()
	}
	if p.Frequency != nil {
		c.Frequency = *p.Frequency
		if c.Frequency.Kind != liadesk.FrequencyDays {
			c.Frequency.Days = 0
		}
	}
	if p.Priority != nil {
		c.Priority = *p.Priority
	}
	if p.QuickReplies != nil {
		c.QuickReplies = lines(*p.QuickReplies)
	}
	if p.Goal != nil {
		c.Goal = *p.Goal
		if c.Goal != nil {
			g := *c.Goal
			g.URL, g.Event = strings.TrimSpace(g.URL), strings.TrimSpace(g.Event)
			g.Currency = strings.ToUpper(strings.TrimSpace(g.Currency))
			if g.Days == 0 {
				g.Days = liadesk.DefaultGoalDays
			}
			c.Goal = &g
		}
	}
}

// Lines reads a text of which each line is an entry, as a list of a patch is
// kept.
func Lines(text string) []string { return lines(strings.Split(text, "\n")) }

// lines cleans a list of texts of one line; empty ones and repeated ones go.
func lines(list []string) []string {
	var out []string
	for _, s := range list {
		if s = line(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func checkPattern(v *liadesk.Invalid, field, source string) {
	if _, err := CompilePattern(source); err != nil {
		code := ErrPatternSyntax.Code
		if e, ok := errors.AsType[*PatternError](err); ok {
			code = e.Code
		}
		v.Add(field, code, "Max", MaxPattern)
	}
}

// checkPatterns names the first address of a list that cannot be read.
func checkPatterns(v *liadesk.Invalid, field string, list []string) {
	for _, source := range list {
		if checkPattern(v, field, source); v.Has(field) {
			return
		}
	}
}

// saysSomething tells a message from markup without content: a picture counts.
func saysSomething(clean string) bool {
	return strings.Contains(clean, "<img ") || PlainText(clean) != ""
}

func checkInbox(tx *db.Tx, v *liadesk.Invalid, c, stored liadesk.LiveChatCampaign) error {
	if v.Has("inbox_id") {
		return nil
	}
	inbox, found, err := tx.Inbox(c.AccountID, c.InboxID)
	switch {
	case err != nil:
		return err
	case !found && c.InboxID != stored.InboxID:
		v.Add("inbox_id", "unknown_inbox")
	case !found && c.Enabled:
		v.Add("inbox_id", "inbox_gone")
	case found && inbox.Website == nil:
		v.Add("inbox_id", "not_a_website")
	}
	return nil
}

func checkSender(tx *db.Tx, v *liadesk.Invalid, c, stored liadesk.LiveChatCampaign) error {
	if c.Sender.Kind != liadesk.SenderAgent || c.Sender == stored.Sender || v.Has("sender.user_id") {
		return nil
	}
	user, found, err := tx.User(c.AccountID, c.Sender.UserID)
	switch {
	case err != nil:
		return err
	case !found:
		v.Add("sender.user_id", "unknown_user")
	case !user.Active():
		v.Add("sender.user_id", "inactive_user")
	}
	return nil
}

// differences are the fields in which two versions of a campaign differ.
func differences(theirs, yours liadesk.LiveChatCampaign) []liadesk.Change {
	var list liadesk.Differences
	list.Add("title", theirs.Title, yours.Title)
	list.Add("message", theirs.Message, yours.Message)
	list.Add("inbox_id", theirs.InboxID, yours.InboxID)
	list.Add("sender", theirs.Sender, yours.Sender)
	list.Add("trigger.url", theirs.Trigger.URL, yours.Trigger.URL)
	list.Add("trigger.time_on_page", theirs.Trigger.TimeOnPage, yours.Trigger.TimeOnPage)
	list.Add("enabled", theirs.Enabled, yours.Enabled)
	list.Add("business_hours_only", theirs.BusinessHoursOnly, yours.BusinessHoursOnly)
	list.Add("trigger.urls", theirs.Trigger.URLs, yours.Trigger.URLs)
	list.Add("trigger.except", theirs.Trigger.Except, yours.Trigger.Except)
	list.Add("trigger.conditions", theirs.Trigger.Conditions, yours.Trigger.Conditions)
	list.Add("only_when_online", theirs.OnlineOnly, yours.OnlineOnly)
	list.Add("bot", theirs.Bot, yours.Bot)
	list.Add("starts_at", theirs.StartsAt, yours.StartsAt)
	list.Add("ends_at", theirs.EndsAt, yours.EndsAt)
	list.Add("frequency", theirs.Frequency.OrDefault(), yours.Frequency.OrDefault())
	list.Add("priority", theirs.Priority, yours.Priority)
	list.Add("quick_replies", theirs.QuickReplies, yours.QuickReplies)
	list.Add("goal", theirs.Goal, yours.Goal)
	return list
}

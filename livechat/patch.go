package livechat

import (
	"errors"
	"strings"

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
		}
	}
	if p.TriggerURL != nil || c.Trigger.URL == "" {
		if p.TriggerURL != nil {
			c.Trigger.URL = strings.TrimSpace(*p.TriggerURL)
		}
		if _, err := CompilePattern(c.Trigger.URL); err != nil {
			code := ErrPatternSyntax.Code
			if e, ok := errors.AsType[*PatternError](err); ok {
				code = e.Code
			}
			v.Add("trigger.url", code, "Max", MaxPattern)
		}
	}
	if err := checkInbox(tx, &v, *c, stored); err != nil {
		return removed, err
	}
	if err := checkSender(tx, &v, *c, stored); err != nil {
		return removed, err
	}
	return removed, v.Err()
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
	var list []liadesk.Change
	add := func(field string, a, b any) {
		if a != b {
			list = append(list, liadesk.Change{Field: field, Theirs: a, Yours: b})
		}
	}
	add("title", theirs.Title, yours.Title)
	add("message", theirs.Message, yours.Message)
	add("inbox_id", theirs.InboxID, yours.InboxID)
	add("sender", theirs.Sender, yours.Sender)
	add("trigger.url", theirs.Trigger.URL, yours.Trigger.URL)
	add("trigger.time_on_page", theirs.Trigger.TimeOnPage, yours.Trigger.TimeOnPage)
	add("enabled", theirs.Enabled, yours.Enabled)
	add("business_hours_only", theirs.BusinessHoursOnly, yours.BusinessHoursOnly)
	return list
}

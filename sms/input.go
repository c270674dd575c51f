package sms

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// Input is what a person says about a campaign. Error fields bear the names of
// the API.
type Input struct {
	Title    string
	Message  string
	InboxID  liadesk.ID
	Purpose  liadesk.Purpose // "" is marketing
	Audience liadesk.Rule

	// ScheduledAt or Schedule sets the time; without both it stays a draft.
	ScheduledAt time.Time
	Schedule    *LocalTime
	// ExpiresAt ends handing over; zero means never.
	ExpiresAt time.Time
	// Fold and TrackClicks are liadesk.SMSCampaign's.
	Fold        bool
	TrackClicks bool

	// OverrideReason is why the campaign texts people who got a marketing text
	// lately; without a reason it leaves them out.
	OverrideReason string

	// Draft keeps the campaign a draft although it has a time, for somebody who
	// is to look at it once more.
	Draft bool

	// Unfinished keeps a draft of which parts are still missing, or whose time
	// has passed; they are asked for when it is scheduled. What is there is
	// checked all the same.
	Unfinished bool

	// Version is the one that the person saw, 0 for whatever is there.
	Version uint64

	by liadesk.ID // who says it
	// was is what it changes: a time of a draft that passed while it lay is asked
	// for anew when it is scheduled, and not with every change before that.
	was liadesk.SMSCampaign
}

// lay tells whether a time in the past is the one that the draft had already.
func (in Input) lay(c liadesk.SMSCampaign) bool {
	return in.Draft && c.ScheduledAt.Equal(in.was.ScheduledAt) && c.Local == in.was.Local && c.TimeZone == in.was.TimeZone
}

// When is the part of Input that schedules. Without a time, the one that the
// draft has been given holds.
type When struct {
	ScheduledAt time.Time
	Schedule    *LocalTime
	ExpiresAt   time.Time

	// Version is the one that the person saw, 0 for whatever is there.
	Version uint64

	// Asked is set by pages that ask people to acknowledge what is risky, and
	// Understood when they did; programs look at callback_seen_at of the inbox.
	Asked, Understood bool
}

// LocalTime is a wall time in a named zone.
type LocalTime struct {
	Local    string `json:"local"`     // 2006-01-02T15:04, seconds allowed
	TimeZone string `json:"time_zone"` // IANA, or liadesk.RecipientZone
}

// InputOf is a campaign as input, to change a part of it.
func InputOf(c liadesk.SMSCampaign) Input {
	in := Input{
		Title: c.Title, Message: c.Message, InboxID: c.InboxID, Purpose: c.Purpose, Audience: c.Audience,
		ExpiresAt: c.ExpiresAt, Fold: c.Fold, TrackClicks: c.TrackClicks, Draft: c.Status == liadesk.SMSDraft,
	}
	if c.UsualEnd {
		in.ExpiresAt = time.Time{} // nobody asked for it
	}
	if c.Override != nil {
		in.OverrideReason = c.Override.Reason
	}
	switch {
	case c.TimeZone != "":
		in.Schedule = &LocalTime{Local: c.Local, TimeZone: c.TimeZone}
	default:
		in.ScheduledAt = c.ScheduledAt
	}
	return in
}

// Limits of input.
const (
	maxTitle   = 120  // characters
	maxMessage = 4000 // characters, variables unrendered
	// clockSkew is how far in the past a local time may lie, and then means
	// now: people choose a minute, look at their text once more, and their
	// clock is not quite ours. An instant that a program names may not.
	clockSkew = 2 * time.Minute
	// farthest is how far ahead a local time may lie; what a person types beyond
	// is a slip of the keyboard. A program may name any instant.
	farthest = 2 * 366 * 24 * time.Hour
	// lastYear is the last of which instants are kept: RFC 3339 knows one more,
	// but not in every zone.
	lastYear = 9998
)

// fill checks input and writes it into a draft. With a time it schedules it,
// which also asks for an audience with somebody in reach.
func (s *Service) fill(tx *db.Tx, c *liadesk.SMSCampaign, in Input) error {
	account, found, err := tx.Account(c.AccountID)
	if err != nil {
		return err
	}
	if !found {
		return liadesk.ErrNotFound
	}
	in.was = *c
	var v liadesk.Invalid
	need := func(field string) {
		if !in.Unfinished {
			v.Add(field, "required")
		}
	}
	if c.Title = strings.TrimSpace(in.Title); c.Title == "" {
		need("title")
	} else if utf8.RuneCountInString(c.Title) > maxTitle {
		v.Add("title", "too_long", "Max", maxTitle)
	}
	switch c.Purpose = in.Purpose; c.Purpose {
	case "":
		c.Purpose = liadesk.PurposeMarketing
	case liadesk.PurposeMarketing, liadesk.PurposeTransactional:
	default:
		v.Add("purpose", "unknown")
	}
	c.Message = Normalise(strings.TrimSpace(in.Message))
	c.Fold, c.TrackClicks = in.Fold, in.TrackClicks
	c.LinkSource, c.Links = "", nil // of the message before; fixLinks finds them anew
	if c.Message == "" {
		need("message")
	} else {
		s.checkMessage(&v, account, WordingOf(*c, true))
	}
	c.InboxName = ""
	if c.InboxID = in.InboxID; c.InboxID.IsZero() {
		need("inbox_id")
	} else if inbox, found, err := tx.Inbox(account.ID, c.InboxID); err != nil {
		return err
	} else if !found {
		v.Add("inbox_id", "not_found")
	} else if inbox.Kind != liadesk.InboxSMS {
		v.Add("inbox_id", "not_sms")
	} else {
		c.InboxName = inbox.Name
		if c.Purpose == liadesk.PurposeMarketing && !inbox.SMS.CanReceive() && !hasOptOutLink(account, c.Message) && c.Message != "" && !v.Has("message") {
			v.Add("message", "opt_out_link_needed")
		}
	}
	c.Audience = in.Audience
	if in.Unfinished && c.Audience.Empty() {
		// Nobody has said yet.
	} else if err := audience.Validate(c.Audience); err != nil {
		addRule(&v, err)
	} else if err := audience.CheckNames(tx, account.ID, c.Audience); liadesk.KindOf(err) == liadesk.KindInvalid && err != nil {
		addRule(&v, err)
	} else if err != nil {
		return err
	}
	s.fillTimes(&v, c, in)
	if c.InOwnZones() && !v.Has("schedule.local") {
		if err := s.fillOwnTime(tx, &v, c, in); err != nil {
			return err
		}
	}
	s.fillExpiry(&v, c, in)
	s.fillOverride(&v, c, in)
	if err := v.Err(); err != nil {
		return err
	}
	if c.ScheduledAt.IsZero() || in.Draft {
		c.Status = liadesk.SMSDraft
		return nil
	}
	split, err := audience.Evaluate(tx, account.ID, c.Audience, c.Purpose)
	if err != nil {
		return err
	}
	if split.Reachable.IsEmpty() {
		v.Add("audience.rule", "nothing_reachable", "Matched", split.Matched.GetCardinality())
		return v.Err()
	}
	c.Status = liadesk.SMSScheduled
	return s.replaced(tx, c)
}

// addRule takes what the audience room finds wrong with a rule.
func addRule(v *liadesk.Invalid, err error) {
	if e, ok := errors.AsType[*liadesk.Error](err); ok && len(e.Fields) > 0 {
		for _, f := range e.Fields {
			field := "audience.rule"
			if rest, ok := strings.CutPrefix(f.Field, "rule"); ok {
				field += rest
			}
			v.Add(field, f.Code, flatten(f.Args)...)
		}
		return
	}
	v.Add("audience.rule", "invalid")
}

func flatten(args map[string]any) []any {
	out := make([]any, 0, 2*len(args))
	for k, a := range args {
		out = append(out, k, a)
	}
	return out
}

// fillTimes reads the times. A local time that the clocks skip becomes the
// first instant after the gap, and Shifted tells; one that comes twice is the
// first of the two.
func (s *Service) fillTimes(v *liadesk.Invalid, c *liadesk.SMSCampaign, in Input) {
	now := s.now()
	c.ScheduledAt, c.Local, c.TimeZone = time.Time{}, "", ""
	field := "scheduled_at"
	switch {
	case in.Schedule != nil && !in.ScheduledAt.IsZero():
		v.Add("schedule", "two_times")
		return
	case in.Schedule != nil:
		at, field, code := in.Schedule.instant()
		if code != "" {
			v.Add(field, code)
			return
		}
		c.ScheduledAt, c.Local, c.TimeZone = at, in.Schedule.Local, in.Schedule.TimeZone
	default:
		c.ScheduledAt = in.ScheduledAt.Round(0).UTC()
	}
	skew := time.Duration(0)
	if in.Schedule != nil {
		field, skew = "schedule.local", clockSkew
	}
	if !c.ScheduledAt.IsZero() && !c.InOwnZones() {
		switch {
		case c.ScheduledAt.Before(now.Add(-skew)):
			if !in.Unfinished && !in.lay(*c) {
				v.Add(field, "in_the_past")
			}
		case in.Schedule != nil && c.ScheduledAt.After(now.Add(farthest)), c.ScheduledAt.Year() > lastYear:
			v.Add(field, "too_far")
		case c.ScheduledAt.Before(now):
			c.ScheduledAt = now // within the skew: it means now
		}
	}
}

// fillExpiry reads when handing over ends.
func (s *Service) fillExpiry(v *liadesk.Invalid, c *liadesk.SMSCampaign, in Input) {
	now := s.now()
	c.ExpiresAt = in.ExpiresAt
	if c.ExpiresAt.IsZero() {
		return
	}
	c.ExpiresAt = c.ExpiresAt.Round(0).UTC()
	switch {
	case in.Unfinished:
	case !c.ExpiresAt.After(now):
		if !in.Draft || !c.ExpiresAt.Equal(in.was.ExpiresAt) {
			v.Add("expires_at", "in_the_past")
		}
	case !c.ScheduledAt.IsZero() && !c.ExpiresAt.After(c.ScheduledAt):
		v.Add("expires_at", "before_start")
	}
}

// instant reads a local time; on failure it gives the field and the code.
func (l LocalTime) instant() (at time.Time, field, code string) {
	switch {
	case l.Local == "":
		return at, "schedule.local", "required"
	case l.TimeZone == "":
		return at, "schedule.time_zone", "required"
	}
	zone := l.TimeZone
	if zone == liadesk.RecipientZone {
		zone = firstZone
	}
	at, _, err := hours.ParseLocal(l.Local, zone)
	switch {
	case errors.Is(err, hours.ErrZone):
		return at, "schedule.time_zone", "unknown_zone"
	case err != nil:
		return at, "schedule.local", "not_a_time"
	}
	return at.UTC(), "", ""
}

// Shifted tells whether a campaign goes out at another wall time than was asked
// for, because the clocks skip that hour.
func Shifted(c liadesk.SMSCampaign) bool {
	if c.TimeZone == "" || c.InOwnZones() {
		return false
	}
	_, shifted, err := hours.ParseLocal(c.Local, c.TimeZone)
	return shifted && err == nil
}

// checkMessage holds a text against its template's grammar and the limits.
func (s *Service) checkMessage(v *liadesk.Invalid, account liadesk.Account, w Wording) {
	if utf8.RuneCountInString(w.Message) > maxMessage {
		v.Add("message", "too_long", "Max", maxMessage)
		return
	}
	m, err := s.measureTemplate(account, w)
	if err != nil {
		addTemplate(v, err)
		return
	}
	addLength(v, CheckLength(m, account.Settings.MaxSegments))
}

func addLength(v *liadesk.Invalid, err error) {
	if tooLong, ok := errors.AsType[*TooLongError](err); ok {
		v.Add("message", "too_many_"+tooLong.Limit, "Got", tooLong.Got, "Max", tooLong.Max)
	} else if err != nil {
		v.Add("message", "required")
	}
}

// Measure says what a text costs as it is typed: with the footer, for
// marketing, and with its variables filled in by a sample.
func (s *Service) Measure(ctx context.Context, actor liadesk.Actor, w Wording) (Measurement, error) {
	if err := actor.Campaigns(); err != nil {
		return Measurement{}, err
	}
	var account liadesk.Account
	err := s.Store.View(ctx, func(tx *db.Tx) (err error) {
		account, _, err = tx.Account(actor.Account)
		return err
	})
	if err != nil {
		return Measurement{}, err
	}
	message := w.Message
	w.Message = Normalise(message)
	m, err := s.measureTemplateOffering(account, w)
	if err != nil {
		// Half a variable is what a text has while one types it: it is
		// measured as it stands, and refused when it is saved.
		return Measure(message), nil
	}
	return m, nil
}

package sms

import (
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// A campaign may be set to a wall time by each recipient's own clock: "10:00"
// is then another instant in every zone. It begins with the first of them, and
// the others wait as those outside their hours do. Whoever's hour has passed
// when it begins gets the text at once, or when their window opens: better
// late on the day than a day late.

// The zones of the Earth that reach a day first and last.
const (
	firstZone = "Pacific/Kiritimati"
	lastZone  = "Etc/GMT+12"
)

// ownTime is the instant of a wall time for the numbers of a window class: for
// one that may be in several zones the last of them, and where no zone is known
// the last on Earth. What the clocks skip is the first instant after the gap.
func ownTime(local, class string) time.Time {
	zones := []string{lastZone}
	if c, err := phone.ParseClass(class); err == nil && len(c.Zones) > 0 {
		zones = c.Zones
	}
	var last time.Time
	for _, zone := range zones {
		at, _, err := hours.ParseLocal(local, zone)
		if err != nil {
			at, _, _ = hours.ParseLocal(local, lastZone)
		}
		if at.After(last) {
			last = at
		}
	}
	return last
}

// begins is when a campaign's own time comes for a window class.
func begins(c liadesk.SMSCampaign, class string) time.Time {
	if c.InOwnZones() {
		return ownTime(c.Local, class)
	}
	return c.ScheduledAt
}

// opening tells when a campaign may reach the numbers of a window class: the
// first instant from t on at which its time has come there and a text is
// proper; ok is false when no such instant is known.
func opening(account liadesk.Account, c liadesk.SMSCampaign, class string, t time.Time) (at time.Time, ok bool) {
	if c.InOwnZones() {
		if own := begins(c, class); own.After(t) {
			t = own
		}
	}
	return windowOpens(account, c.Purpose, class, t)
}

// isOver tells whether a campaign hands nothing over any more at t. One that is
// paused and has the usual end gets another when it is resumed.
func isOver(c liadesk.SMSCampaign, t time.Time) bool {
	if c.UsualEnd && c.Status == liadesk.SMSPaused {
		return false
	}
	return !c.ExpiresAt.IsZero() && !t.Before(c.ExpiresAt)
}

// mayText tells whether a campaign may reach the numbers of a class at t.
func mayText(account liadesk.Account, c liadesk.SMSCampaign, class string, t time.Time) bool {
	at, ok := opening(account, c, class, t)
	return ok && !at.After(t)
}

// fillOwnTime sets the instant at which a campaign by recipients' own clocks
// begins: that of the first zone in which the account has anybody.
func (s *Service) fillOwnTime(tx *db.Tx, v *liadesk.Invalid, c *liadesk.SMSCampaign, in Input) error {
	first, _, err := hours.ParseLocal(c.Local, firstZone)
	if err != nil {
		v.Add("schedule.local", "not_a_time")
		return nil
	}
	last, _, _ := hours.ParseLocal(c.Local, lastZone)
	classes, err := tx.ContactClasses(c.AccountID)
	if err != nil {
		return err
	}
	for i, class := range classes {
		own := ownTime(c.Local, class)
		if i == 0 || own.Before(first) {
			first = own
		}
		if i == 0 || own.After(last) {
			last = own
		}
	}
	now := s.now()
	switch {
	case last.Before(now.Add(-clockSkew)):
		if same := c.Local == in.was.Local && c.TimeZone == in.was.TimeZone; !in.Unfinished && !(in.Draft && same) {
			v.Add("schedule.local", "in_the_past")
		}
	case first.After(now.Add(farthest)):
		v.Add("schedule.local", "too_far")
	}
	if c.ScheduledAt = first.UTC(); first.Before(now) {
		c.ScheduledAt = now
	}
	return nil
}

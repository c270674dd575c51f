package livechat

import (
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// Seen is how a campaign met a visitor before, as the browser remembers it.
type Seen struct {
	Campaign liadesk.ID
	Day      string // UTC, as 2026-11-03
	How      string // shown, opened, clicked, dismissed or answered
	Session  bool   // in this same visit to the site
	Reached  bool   // its goal was reached and counted
}

// maxSeen bounds how much of a browser's memory is looked at, the newest last.
const maxSeen = 200

// restraint is what keeps campaigns from a visitor who has had them, or has had
// enough for a day:
//
//   - one that was dismissed stays dismissed, and one that was answered has
//     had its answer: neither is ever shown to this visitor again
//   - one that was shown is shown again as its frequency says
//   - after so many different ones in a day, as the inbox says, no other begins
//
// A memory of days to come, or of no day at all, counts as of today: a wrong
// clock makes us more reserved, never less.
type restraint struct {
	seen  map[liadesk.ID]Seen
	today time.Time // the UTC day
	full  bool      // the day's cap is reached
}

func restrain(seen []Seen, now time.Time, most int) restraint {
	r := restraint{today: now.UTC().Truncate(24 * time.Hour)}
	if len(seen) == 0 {
		return r
	}
	r.seen = make(map[liadesk.ID]Seen, len(seen))
	for _, s := range seen[max(0, len(seen)-maxSeen):] {
		r.seen[s.Campaign] = s
	}
	n := 0
	for _, s := range r.seen {
		if r.days(s) == 0 {
			n++
		}
	}
	r.full = n >= most
	return r
}

// days is how many days ago a campaign was last shown.
func (r restraint) days(s Seen) int {
	day, err := time.Parse(time.DateOnly, s.Day)
	if err != nil || day.After(r.today) {
		return 0
	}
	return int(r.today.Sub(day) / (24 * time.Hour))
}

// capped tells whether a campaign is kept from the visitor.
func (r restraint) capped(c liadesk.LiveChatCampaign) bool {
	s, before := r.seen[c.ID]
	switch {
	case !before:
		return r.full
	case s.How == "dismissed" || s.How == "answered":
		return true
	case r.full && r.days(s) > 0:
		return true
	}
	switch f := c.Frequency.OrDefault(); f.Kind {
	case liadesk.FrequencySession:
		return s.Session
	case liadesk.FrequencyDays:
		return r.days(s) < f.Days
	case liadesk.FrequencyAnswered:
		return false
	}
	return true
}

package sms

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// planDays is how far a plan looks.
const planDays = 14

// plan is when the texts of a campaign go out, if nothing comes between.
type plan struct {
	hours []HourForecast
	later int64 // after planDays
	never int64 // no known hour
	late  int64 // not before the campaign's end
	// last is when the last hour with a text of a window class begins, or its
	// window in that hour.
	last map[string]time.Time
}

// planned lets two weeks pass, or what is left before the campaign's end, hour
// by hour: whoever may be texted in an hour is, as far as the pace goes. Waiting
// are the recipients by window class.
func planned(account liadesk.Account, c liadesk.SMSCampaign, waiting map[string]int64, pace float64, at time.Time) plan {
	p := plan{last: make(map[string]time.Time)}
	waiting = maps.Clone(waiting)
	end := at.Add(planDays * 24 * time.Hour)
	ends := !c.ExpiresAt.IsZero() && !c.ExpiresAt.After(end)
	if ends {
		end = c.ExpiresAt
	}
	perHour := pace * 3600
	room := 0.0
	opens := make(map[string]time.Time, len(waiting))
	for class, n := range waiting {
		at, ok := opening(account, c, class, at)
		if !ok {
			p.never += n
			delete(waiting, class)
		}
		opens[class] = at
	}
	classes := slices.Sorted(maps.Keys(waiting))
	for at.Before(end) && len(waiting) > 0 {
		next := at.Truncate(time.Hour).Add(time.Hour)
		if next.After(end) {
			next = end
		}
		room = min(room, 1) + perHour*next.Sub(at).Hours()
		count := int64(0)
		for _, class := range classes {
			n, waits := waiting[class]
			if !waits || int64(room) <= 0 || !opens[class].Before(next) {
				continue
			}
			if opens[class].Before(at) {
				var ok bool
				if opens[class], ok = opening(account, c, class, at); !ok || !opens[class].Before(next) {
					continue
				}
			}
			take := min(n, int64(room))
			count, room = count+take, room-float64(take)
			p.last[class] = opens[class]
			if waiting[class] -= take; waiting[class] == 0 {
				delete(waiting, class)
			}
		}
		if count > 0 {
			p.hours = append(p.hours, HourForecast{At: at, Count: count})
		}
		at = next
	}
	left := &p.later
	if ends {
		left = &p.late
	}
	for _, n := range waiting {
		*left += n
	}
	return p
}

// planPace is the part of an inbox's pace that the default end counts on: it is
// shared with other campaigns and with answers.
const planPace = 0.8

// nobodysHours is how long a campaign waits that has nobody but people without
// known hours: a person may set some meanwhile.
const nobodysHours = 24 * time.Hour

// hasUsualEnd tells whether a campaign for which nobody sets an end gets one:
// where there are no texting hours, there is no end of them.
func hasUsualEnd(account liadesk.Account, c liadesk.SMSCampaign) bool {
	return c.Purpose != liadesk.PurposeTransactional && !account.Settings.RoundTheClock
}

// usualEnd is after when a marketing campaign sends no more, if nobody said:
// the end of the texting hours in which the last of its recipients can be
// reached at the inbox's pace. For most that is the end of the day's hours. A
// text that could not go then, for an inbox without credit or a carrier that
// was down, is not sent when nobody thinks of it any more. Zero says that there
// is no such end.
func usualEnd(account liadesk.Account, c liadesk.SMSCampaign, waiting map[string]int64, pace float64, from time.Time) time.Time {
	if !hasUsualEnd(account, c) {
		return time.Time{}
	}
	// Those who have no hours at all, for nobody knows where they are, must not
	// keep the campaign open for ever.
	all := len(waiting)
	waiting = maps.Clone(waiting)
	maps.DeleteFunc(waiting, func(class string, _ int64) bool {
		_, ok := opening(account, c, class, from)
		return !ok
	})
	p := planned(account, c, waiting, pace*planPace, from)
	if p.later > 0 {
		return time.Time{}
	}
	var end time.Time
	if len(waiting) == 0 && all > 0 {
		end = from.Add(nobodysHours)
	}
	for class, at := range p.last {
		parsed, err := phone.ParseClass(class)
		if err != nil {
			continue
		}
		closes, ok := hours.Closes(parsed.Zones, audience.Window(account.Settings, parsed), at)
		if !ok {
			return time.Time{}
		}
		if closes.After(end) {
			end = closes
		}
	}
	return end
}

// limit gives a campaign that has begun, and for which nobody set an end, the
// usual one. It is worked out once the audience is fixed, and anew when a person
// resumes it.
func (s *Service) limit(ctx context.Context, c liadesk.SMSCampaign) error {
	if c.UsualEnd || !c.ExpiresAt.IsZero() || c.Purpose == liadesk.PurposeTransactional {
		return nil
	}
	var end time.Time
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		account, _, err := tx.Account(c.AccountID)
		if err != nil {
			return err
		}
		in, found, err := tx.Inbox(c.AccountID, c.InboxID)
		if err != nil || !found || in.SMS == nil {
			return err
		}
		now, err := figures(tx, c.AccountID, c.ID)
		end = usualEnd(account, c, now.pending, in.SMS.MessagesPerSecond, s.now())
		return err
	})
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx *db.Tx) error {
		now, found, err := tx.SMSCampaign(c.AccountID, c.ID)
		if err != nil || !found || now.Status != liadesk.SMSSending || !now.Frozen || now.UsualEnd || !now.ExpiresAt.IsZero() {
			return err
		}
		now.ExpiresAt, now.UsualEnd = end, true
		return tx.PutSMSCampaign(now)
	})
}

package sms

import (
	"context"
	"maps"
	"math"
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
			// Not all of the hour may be theirs.
			from := opens[class]
			if from.Before(at) {
				from = at
			}
			if shuts := nextOf(account, c, class, n, from).until; !shuts.IsZero() && shuts.Before(next) {
				take = min(take, int64(math.Ceil(pace*shuts.Sub(from).Seconds())))
			}
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
		if err != nil {
			return err
		}
		end, err = s.shareOfEnd(tx, account, c, in, now.pending)
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

// shareOfEnd is the usual end of a campaign that sends now, with a pace that the
// others which send from its number have their share of.
func (s *Service) shareOfEnd(tx *db.Tx, account liadesk.Account, c liadesk.SMSCampaign, in liadesk.Inbox, waiting map[string]int64) (time.Time, error) {
	sending, err := sendingFrom(tx, c.AccountID, []liadesk.SMSCampaign{c})
	return usualEnd(account, c, waiting, in.SMS.MessagesPerSecond/float64(max(1, sending[c.InboxID])), s.now()), err
}

// stillSending is how long before a campaign's usual end its inbox may have
// claimed its last text, to be at work then, and how long after it that is worth
// anything.
const stillSending = 10 * time.Minute

// prolong gives a campaign another usual end when the one that it has comes
// while its inbox is at work: only the pace, which campaigns that began later
// had a share of, or which somebody lowered, kept back those who still wait. An
// inbox that stood still, for the carrier or for this server, ends it; so does a
// campaign of which only those are left whom nobody knows an hour for.
func (s *Service) prolong(ctx context.Context, c liadesk.SMSCampaign) (liadesk.SMSCampaign, error) {
	isDue := func(c liadesk.SMSCampaign) bool {
		return c.UsualEnd && c.Frozen && c.Status == liadesk.SMSSending && c.Sweep == liadesk.SweepNone && isOver(c, s.now()) &&
			s.now().Sub(c.ExpiresAt) <= stillSending
	}
	if !isDue(c) {
		return c, nil
	}
	err := s.Store.Update(ctx, func(tx *db.Tx) error {
		now, found, err := tx.SMSCampaign(c.AccountID, c.ID)
		if err != nil || !found || !isDue(now) {
			return err
		}
		account, _, err := tx.Account(c.AccountID)
		if err != nil {
			return err
		}
		in, found, err := tx.Inbox(c.AccountID, c.InboxID)
		if err != nil || !found || in.SMS == nil || in.SMS.Trouble != liadesk.TroubleNone && in.SMS.Trouble != liadesk.TroubleThrottled {
			return err
		}
		lease, err := tx.Lease(c.AccountID, c.InboxID)
		if before := now.ExpiresAt.Sub(lease.ClaimedAt); err != nil || before > stillSending || before < -time.Minute {
			return err // a claim after the end is of an answer, and says nothing
		}
		left, err := figures(tx, c.AccountID, c.ID)
		if err != nil {
			return err
		}
		now.ExpiresAt = time.Time{} // else the plan would end with it
		maps.DeleteFunc(left.pending, func(class string, _ int64) bool {
			_, ok := opening(account, now, class, s.now())
			return !ok
		})
		if len(left.pending) == 0 {
			return nil
		}
		if now.ExpiresAt, err = s.shareOfEnd(tx, account, now, in, left.pending); err != nil {
			return err
		}
		c = now
		return tx.PutSMSCampaign(now)
	})
	return c, err
}

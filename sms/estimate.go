package sms

import (
	"time"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// End is by when about a campaign will have handed over all who are next.
type End struct {
	At time.Time
	// Left are those of them whose turn does not come before their texting hours
	// end, and Late those whose turn does not come before the campaign ends: they
	// get nothing. At is of the others then.
	Left, Late int64
}

// nextUp are the recipients of a window class who may be texted now, and until
// when; zero is for ever. Final tells that it is the campaign that ends then, and
// not the hours.
type nextUp struct {
	n     int64
	until time.Time
	final bool
}

// nextOf are n people of a class who may be texted now.
func nextOf(account liadesk.Account, c liadesk.SMSCampaign, class string, n int64, now time.Time) nextUp {
	up := nextUp{n: n, until: c.ExpiresAt, final: true}
	if c.UsualEnd { // it moves on while only the pace keeps people waiting
		up = nextUp{n: n}
	}
	if !hasUsualEnd(account, c) { // it knows no hours
		return up
	}
	if parsed, err := phone.ParseClass(class); err == nil {
		closes, ok := hours.Closes(parsed.Zones, audience.Window(account.Settings, parsed), now)
		if ok && (up.until.IsZero() || closes.Before(up.until)) {
			up.until, up.final = closes, false
		}
	}
	return up
}

// EstimateEnd says when a campaign will be through with those who are next, at
// a number's pace of so many texts per second, which the campaigns that send
// from it share, and with nothing else going out from it. It says nothing of
// those who are outside their hours, and is false for a campaign that does not
// send or has nobody next.
func EstimateEnd(c liadesk.SMSCampaign, p Progress, perSecond float64, now time.Time) (End, bool) {
	if c.Status != liadesk.SMSSending || p.Pending+p.Sending == 0 || perSecond <= 0 {
		return End{}, false
	}
	each := float64(max(1, p.Sharing)) / perSecond // seconds
	end := End{}
	seconds := float64(p.Sending) * each
	for _, up := range p.next {
		n := up.n
		if !up.until.IsZero() {
			n = min(n, max(0, int64((up.until.Sub(now).Seconds()-seconds)/each)))
		}
		if up.final {
			end.Late += up.n - n
		} else {
			end.Left += up.n - n
		}
		seconds += float64(n) * each
	}
	if seconds > farAway.Seconds() {
		return End{}, false
	}
	end.At = now.Add(time.Duration(seconds * float64(time.Second)))
	return end, true
}

// farAway is from when on an estimate says nothing any more.
const farAway = 365 * 24 * time.Hour

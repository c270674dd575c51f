package sms

import (
	"sync"
	"time"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// rules are the texting windows of places.
var rules = sync.OnceValue(hours.BuiltIn)

// windowOpens tells when a text of a purpose may reach the numbers of a window
// class: the first instant from t on, t itself when it may now; ok is false
// when no such instant is known. Transactional texts are exempt, and the
// accounts of demonstrations are open round the clock.
//
// A number that may be in several zones is texted only while all are open; one
// whose zone nobody can know, never.
func windowOpens(account liadesk.Account, purpose liadesk.Purpose, class string, t time.Time) (at time.Time, ok bool) {
	if purpose == liadesk.PurposeTransactional || account.Settings.RoundTheClock {
		return t, true
	}
	c, err := phone.ParseClass(class)
	if err != nil {
		return time.Time{}, false
	}
	return hours.Next(c.Zones, audience.Window(account.Settings, c), t)
}

// blocked tells whether no text of a purpose may ever reach a class.
func blocked(account liadesk.Account, purpose liadesk.Purpose, class string) bool {
	return audience.Blocked(account.Settings, purpose, class)
}

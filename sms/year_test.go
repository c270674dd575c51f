package sms

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// examples are the numbers that libphonenumber has as examples of every region
// and of every kind, that may be texted.
func examples(t *testing.T) []phone.Number {
	t.Helper()
	var list []phone.Number
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER} {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			n, err := phone.Parse(phonenumbers.Format(example, phonenumbers.E164), "")
			if err == nil && n.CanText() && !slices.ContainsFunc(list, func(o phone.Number) bool { return o.E164 == n.E164 }) {
				list = append(list, n)
			}
		}
	}
	slices.SortFunc(list, func(a, b phone.Number) int { return strings.Compare(a.E164, b.E164) })
	return list
}

// proper looks at the wall clocks of all zones that a number may be in, and at
// the table of its country.
func proper(t *testing.T, class phone.Class) func(time.Time) bool {
	t.Helper()
	rule := hours.BuiltIn().For(class.Country, class.State)
	holidays := map[string]bool{}
	for year := 2025; year <= 2027; year++ {
		for _, d := range hours.PublicHolidays(rule.Public, year) {
			holidays[d.Format(time.DateOnly)] = true
		}
	}
	zones := make([]*time.Location, len(class.Zones))
	for i, name := range class.Zones {
		var err error
		if zones[i], err = time.LoadLocation(name); err != nil {
			t.Fatal(class.Key, err)
		}
	}
	return func(at time.Time) bool {
		for _, zone := range zones {
			local := at.In(zone)
			minute := local.Hour()*60 + local.Minute()
			shifts := rule.Week[local.Weekday()]
			if holidays[local.Format(time.DateOnly)] {
				shifts = rule.PublicShifts
			}
			if !slices.ContainsFunc(shifts, func(s hours.Shift) bool { return minute >= s.From && minute < s.To }) {
				return false
			}
		}
		return len(zones) > 0
	}
}

// A year, over the example numbers of every region: each moment at which a text
// may begin to go out, and the last before it may not, is proper by the wall
// clocks there, and the ones beside them are not.
func TestAYearOverTheNumbersOfAllRegionsFindsNoTextOutsideItsWindow(t *testing.T) {
	account := liadesk.Account{Settings: liadesk.DefaultSettings("US", "America/New_York")}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	countries, blockedOnes, windows := map[string]bool{}, 0, 0
	for _, n := range examples(t) {
		class := n.Class("")
		countries[class.Country] = true
		if seen[class.Key] {
			continue
		}
		seen[class.Key] = true
		good := proper(t, class)
		rule := audience.Window(account.Settings, class)
		at, ok := windowOpens(account, liadesk.PurposeMarketing, class.Key, begin)
		if !ok {
			blockedOnes++
			for probe := begin; probe.Year() == 2026; probe = probe.Add(97 * time.Minute) {
				if good(probe) {
					t.Fatalf("%s (%s) never opens, and %s is proper", class.Key, n.E164, probe)
				}
			}
			continue
		}
		for at.Year() == 2026 {
			closes, closing := hours.Closes(class.Zones, rule, at)
			if !closing {
				t.Fatalf("%s never closes", class.Key)
			}
			windows++
			if !good(at) || !good(closes.Add(-time.Minute)) || good(closes) || at.After(begin) && good(at.Add(-time.Minute)) {
				t.Fatalf("%s (%s): from %s to %s", class.Key, n.E164, at, closes)
			}
			if at, ok = windowOpens(account, liadesk.PurposeMarketing, class.Key, closes); !ok {
				t.Fatalf("%s opens no more after %s", class.Key, closes)
			}
		}
	}
	if len(countries) < 200 || windows < 200*300 {
		t.Errorf("only %d countries and %d windows were looked at", len(countries), windows)
	}
	t.Logf("%d countries, %d window classes, %d of them never open, %d windows", len(countries), len(seen), blockedOnes, windows)
}

// The sender itself, over the same numbers: campaigns at all times of the year,
// some by each recipient's own clock.
func TestCampaignsAroundTheWorldTextNobodyOutsideTheirWindow(t *testing.T) {
	b := newBench(t)
	b.often()
	b.options.Workers = 64
	b.restart()
	good := map[string]func(time.Time) bool{}
	for i, n := range examples(t) {
		class := n.Class("")
		good[n.E164] = proper(t, class)
		b.person(i, func(c *liadesk.Contact) { c.Phone, c.Class, c.Country = n.E164, class.Key, class.Country })
	}
	texts := 0
	for _, day := range []string{"2026-12-24T07:30", "2027-03-13T23:15", "2027-03-28T01:45", "2027-07-04T12:00", "2027-10-31T05:20"} {
		at, err := time.Parse("2006-01-02T15:04", day)
		if err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(at.Sub(b.clock.Now()))
		b.svc.steady = steadiness{} // the months between did not jump: they passed
		b.schedule(nil)
		own := b.schedule(func(in *Input) {
			in.ScheduledAt = time.Time{}
			in.Schedule = &LocalTime{Local: at.AddDate(0, 0, 1).Format("2006-01-02T15:04"), TimeZone: liadesk.RecipientZone}
		})
		for range 60 {
			b.tick()
			for n := 1; n > 0; {
				if n, _, err = b.svc.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
				b.clock.Advance(time.Second)
			}
			b.clock.Advance(time.Hour)
		}
		if got := b.campaign(own.ID); got.StartedAt.IsZero() {
			t.Errorf("%s: the campaign by their own clocks never began", day)
		}
		for i, sent := range b.carrier.taken[texts:] {
			if when := b.carrier.at[texts+i]; !good[sent.To](when) {
				t.Errorf("%s was texted at %s", sent.To, when)
			}
		}
		texts = len(b.carrier.taken)
	}
	if texts < 5*len(good) {
		t.Errorf("only %d texts went to %d numbers", texts, len(good))
	}
	t.Logf("%d texts to %d numbers", texts, len(good))
}

package sms

import (
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// TestAYearOfTextsStaysWithinTheWindows goes through a year, with every change
// of the clocks in it, and holds what is open against the table by the wall
// clocks of all zones that a number may be in.
func TestAYearOfTextsStaysWithinTheWindows(t *testing.T) {
	account := liadesk.Account{Settings: liadesk.DefaultSettings("US", "America/New_York")}
	for _, key := range []string{
		"US/FL/America/Chicago,America/New_York", "US/TX/America/Chicago,America/Denver", "US/RI/America/New_York", "US/AZ/America/Phoenix",
		"US//America/Los_Angeles,America/New_York", "CA//America/Toronto", "CA//America/St_Johns", "BR//America/Sao_Paulo", "CO//America/Bogota",
		"FR//Europe/Paris", "GB//Europe/London", "AU//Australia/Lord_Howe", "NZ//Pacific/Chatham", "IN//Asia/Kolkata", "RU//*", "SE//Europe/Stockholm", "TR//Europe/Istanbul",
	} {
		class, err := phone.ParseClass(key)
		if err != nil {
			t.Fatal(key, err)
		}
		var zones []*time.Location
		for _, name := range class.Zones {
			loc, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			zones = append(zones, loc)
		}
		week := hours.BuiltIn().For(class.Country, class.State).Week
		within := func(at time.Time) bool {
			for _, loc := range zones {
				local, open := at.In(loc), false
				minute := local.Hour()*60 + local.Minute()
				for _, s := range week[local.Weekday()] {
					open = open || minute >= s.From && minute < s.To
				}
				if !open {
					return false
				}
			}
			return true
		}
		opened := 0
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(20 * time.Minute) {
			opens, ok := windowOpens(account, liadesk.PurposeMarketing, key, at)
			open := ok && !opens.After(at)
			if open != within(at) {
				t.Fatalf("%s at %s: open is %v", key, at, open)
			}
			if open {
				opened++
			}
		}
		if (opened == 0) != (key == "TR//Europe/Istanbul") {
			t.Errorf("%s was open at %d of the instants", key, opened)
		}
	}
}

func TestACountryThatTakesNoMarketingTextsIsLeftOut(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	b.person(2, func(c *liadesk.Contact) { c.Class = "TR//Europe/Istanbul" })
	c := b.schedule(nil)
	urgent := b.schedule(func(in *Input) { in.Purpose = liadesk.PurposeTransactional })
	b.due()
	b.work()
	if p := b.progress(c.ID); p.Skipped[liadesk.SkipBlockedCountry] != 1 || p.Accepted != 1 {
		t.Errorf("marketing: %+v", p)
	}
	if p := b.progress(urgent.ID); p.Accepted != 2 {
		t.Errorf("transactional: %+v", p)
	}
}

func TestNobodyInReachButInACountryThatTakesNoTextsIsNobody(t *testing.T) {
	b := newBench(t)
	b.person(1, func(c *liadesk.Contact) { c.Class = "TR//Europe/Istanbul" })
	if _, err := b.svc.Create(t.Context(), b.admin, b.input()); !slices.Equal(codesOf(err), []string{"audience.rule:nothing_reachable"}) {
		t.Errorf("scheduled for nobody: %v", err)
	}
	b.person(2, nil)
	draft := b.schedule(func(in *Input) { in.Draft = true })
	r, err := b.svc.Review(t.Context(), b.admin, draft.ID, 0)
	if err != nil || r.Audience.Reachable != 1 || r.Audience.Skipped[liadesk.SkipBlockedCountry] != 1 || r.Never != 0 {
		t.Errorf("the review counts %+v, never %d, %v", r.Audience, r.Never, err)
	}
}

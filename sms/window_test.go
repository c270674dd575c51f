package sms

import (
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
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
		within := proper(t, class)
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

func TestTheAccountsOwnHoursReplaceTheProductsAndActAtOnce(t *testing.T) {
	b := newBench(t) // 18:00 on a Tuesday in Stockholm, 20:00 in Istanbul
	b.person(1, nil)
	b.person(2, func(c *liadesk.Contact) { c.Class = "TR//Europe/Istanbul" })
	own := func(windows map[string]hours.Window) {
		b.account.Settings.Windows = windows
		b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	}
	evening := hours.Window{Week: hours.EveryDay(hours.Shift{From: 19 * 60, To: 21 * 60})}
	own(map[string]hours.Window{"TR": evening, hours.Anywhere: evening})
	c := b.schedule(nil)
	b.due()
	b.work()
	p := b.progress(c.ID)
	if p.Accepted != 1 || p.Deferred != 1 || !p.DeferredUntil.Equal(time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)) {
		t.Fatalf("in Istanbul it is eight in the evening, in Stockholm six: %+v", p)
	}
	evening.Holidays = []hours.Holiday{{Date: "2026-11-24", Name: "a day off"}}
	own(map[string]hours.Window{hours.Anywhere: evening})
	b.clock.Advance(90 * time.Minute)
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 || p.TooLate != 1 || !p.DeferredUntil.IsZero() { // tomorrow, when the campaign is over
		t.Errorf("on a holiday: %+v", p)
	}
	own(nil) // as shipped: until 20:00
	b.work()
	if p := b.progress(c.ID); p.Accepted != 2 {
		t.Errorf("as shipped: %+v", p)
	}
}

func TestTheNearerPlaceGoesFirst(t *testing.T) {
	mark := func(name string) hours.Window { return hours.Window{Basis: name} }
	rules := hours.Rules{Default: mark("default"), ByPlace: map[string]hours.Window{"US": mark("us"), "US/FL": mark("florida")}}
	own := map[string]hours.Window{"US": mark("own us"), "US/TX": mark("own texas"), hours.Anywhere: mark("own")}
	for place, want := range map[[2]string]string{{"US", "FL"}: "florida", {"US", "TX"}: "own texas", {"US", "NY"}: "own us", {"US", ""}: "own us", {"BR", ""}: "own", {"", ""}: "own"} {
		if got := rules.ForWith(own, place[0], place[1]).Basis; got != want {
			t.Errorf("%v: %s, want %s", place, got, want)
		}
	}
	if got := rules.ForWith(nil, "US", "FL").Basis; got != "florida" {
		t.Errorf("without own windows: %s", got)
	}
}

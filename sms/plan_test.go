package sms

import (
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// day is a wall time of Stockholm on a day of November 2026.
func day(t *testing.T, d int, clock string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-24 "+clock, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at.AddDate(0, 0, d-24)
}

func TestAMarketingCampaignEndsWithTheTextingHoursInWhichEverybodyCanBeReached(t *testing.T) {
	const se, ny = "SE//Europe/Stockholm", "US/NY/America/New_York"
	acme := liadesk.Account{Settings: liadesk.DefaultSettings("SE", "Europe/Stockholm")}
	demo := acme
	demo.Settings.RoundTheClock = true
	for _, c := range []struct {
		name    string
		account liadesk.Account
		purpose liadesk.Purpose
		waiting map[string]int64
		pace    float64
		from    time.Time
		want    time.Time
	}{
		{"today", acme, "", map[string]int64{se: 100}, 5, day(t, 24, "10:00"), day(t, 24, "20:00")},
		{"tomorrow, for it is night", acme, "", map[string]int64{se: 100}, 5, day(t, 24, "23:00"), day(t, 25, "20:00")},
		{"as many days as it takes", acme, "", map[string]int64{se: 90_000}, 1, day(t, 24, "10:00"), day(t, 26, "20:00")},
		{"the last of several zones", acme, "", map[string]int64{se: 10, ny: 10}, 5, day(t, 24, "10:00"), day(t, 25, "03:00")},
		{"nobody waits", acme, "", nil, 5, day(t, 24, "10:00"), time.Time{}},
		{"longer than anybody can see", acme, "", map[string]int64{se: 10_000_000}, 1, day(t, 24, "10:00"), time.Time{}},
		{"transactional", acme, liadesk.PurposeTransactional, map[string]int64{se: 100}, 5, day(t, 24, "10:00"), time.Time{}},
		{"open day and night", demo, "", map[string]int64{se: 100}, 5, day(t, 24, "10:00"), time.Time{}},
	} {
		got := usualEnd(c.account, liadesk.SMSCampaign{Purpose: c.purpose, ScheduledAt: c.from}, c.waiting, c.pace, c.from)
		if !got.Equal(c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}

// A campaign that nobody gave an end: who could not be texted on its day is not
// texted when nobody thinks of it any more. While it is paused its time does
// not run out, and whoever resumes it gets another end.
func TestTheUsualEndIsThatOfTheDayOnWhichACampaignGoesOut(t *testing.T) {
	b := newBench(t)
	b.slow()
	for i := range 3 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	if !c.ExpiresAt.IsZero() {
		t.Errorf("before it begins: %v", c.ExpiresAt)
	}
	b.due()
	c = b.campaign(c.ID)
	if !c.UsualEnd || !c.ExpiresAt.Equal(day(t, 24, "20:00")) || !InputOf(c).ExpiresAt.IsZero() {
		t.Fatalf("%v, %v", c.UsualEnd, c.ExpiresAt)
	}
	b.step(1)
	if _, err := b.svc.Pause(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(20 * time.Hour)
	b.tick()
	b.clock.Advance(2 * time.Minute)
	b.tick()
	if p := b.progress(c.ID); p.Expired != 0 {
		t.Fatalf("while it is paused: %+v", p)
	}
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.tick()
	if c = b.campaign(c.ID); !c.UsualEnd || !c.ExpiresAt.Equal(day(t, 25, "20:00")) {
		t.Fatalf("after it is resumed: %v, %v", c.UsualEnd, c.ExpiresAt)
	}
	// Now the inbox is in trouble until the hours are over.
	b.carrier.answer = func(Outgoing, func() string) (Receipt, error) {
		return Receipt{}, &SendError{Class: Refused, Reason: ReasonNoCredit, Status: 402}
	}
	for b.clock.Now().Before(day(t, 25, "20:10")) {
		b.step(1)
		b.clock.Advance(time.Minute)
		b.tick()
	}
	if p, got := b.progress(c.ID), b.campaign(c.ID); p.Expired != 2 || p.Accepted != 1 || got.Status != liadesk.SMSCompleted {
		t.Errorf("in the end: %+v, %s", p, got.Status)
	}
	var again liadesk.SMSCampaign
	b.update(func(tx *db.Tx) (err error) {
		again, _, err = tx.SMSCampaign(b.account.ID, c.ID)
		return err
	})
	if again.ExpiresAt.IsZero() {
		t.Error("the end is not kept")
	}
}

// People of whom nobody knows where they are have no hours in which a text is
// proper. They do not keep a campaign open for ever.
func TestPeopleWithoutHoursDoNotKeepACampaignOpen(t *testing.T) {
	for name, others := range map[string]int{"only they": 0, "and others": 3} {
		b := newBench(t)
		b.person(0, func(c *liadesk.Contact) { c.Phone, c.Class = "+881612345678", "//" })
		for i := range others {
			b.person(i+1, nil)
		}
		c := b.schedule(nil)
		b.due()
		b.work()
		for range 30 {
			b.clock.Advance(time.Hour)
			b.work()
		}
		if got, p := b.campaign(c.ID), b.progress(c.ID); got.Status != liadesk.SMSCompleted || p.Expired != 1 || p.Accepted != int64(others) {
			t.Errorf("%s: %s, %+v", name, got.Status, p)
		}
	}
}

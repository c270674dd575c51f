package sms

import (
	"errors"
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

// Two campaigns that share a number each planned as if it were theirs alone:
// both ended with the day, before half of their people had a turn.
func TestCampaignsThatShareANumberEndOnlyWhenEverybodyHadATurn(t *testing.T) {
	b := newBench(t)
	b.often()
	b.inbox.SMS.MessagesPerSecond = 0.01
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	for i := range 50 { // 72 texts fit in before eight o'clock, 57 of them as planned
		b.person(i, nil)
	}
	one := b.schedule(nil)
	two := b.schedule(func(in *Input) { in.Title = "Another" })
	b.due()
	// The first began alone; the second knew better.
	if first, second := b.campaign(one.ID).ExpiresAt, b.campaign(two.ID).ExpiresAt; !second.Equal(day(t, 25, "20:00")) {
		t.Fatalf("the ends: %s and %s", first, second)
	}
	for b.clock.Now().Before(day(t, 25, "20:01")) {
		b.step(1)
		b.tick()
	}
	for _, c := range []liadesk.SMSCampaign{one, two} {
		if p, got := b.progress(c.ID), b.campaign(c.ID); p.Accepted != 50 || p.Expired != 0 || got.Status != liadesk.SMSCompleted {
			t.Errorf("%s: %s, %+v", got.Title, got.Status, p)
		}
	}
}

// Hours that end within an hour of the clock have no room for a whole hour's
// texts.
func TestThePlanKnowsHoursThatEndWithinAnHour(t *testing.T) {
	acme := liadesk.Account{Settings: liadesk.DefaultSettings("SE", "Europe/Stockholm")}
	india := "IN//Asia/Kolkata" // until nine in the evening, 16:30 in Stockholm
	p := planned(acme, liadesk.SMSCampaign{}, map[string]int64{india: 2000}, 1, day(t, 24, "16:10"))
	if len(p.hours) < 2 || p.hours[0].Count != 1200 || p.hours[1].Count != 800 || p.hours[1].At.Before(day(t, 25, "05:00")) {
		t.Errorf("%+v", p.hours)
	}
	if end := usualEnd(acme, liadesk.SMSCampaign{}, map[string]int64{india: 2000}, 1, day(t, 24, "16:10")); !end.Equal(day(t, 25, "16:30")) {
		t.Errorf("the end is %s", end)
	}
}

// The usual end moves on only for a campaign that was at work when it came.
func TestAnEndThatCameWhileNobodyWasAtWorkStands(t *testing.T) {
	begin := func() (*bench, liadesk.SMSCampaign) {
		b := newBench(t)
		b.inbox.SMS.MessagesPerSecond = 0.01
		b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
		for i := range 50 {
			b.person(i, nil)
		}
		c := b.schedule(nil)
		b.due()
		// Somebody lowers the pace.
		b.inbox.SMS.MessagesPerSecond = 0.005
		b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
		for b.clock.Now().Before(day(t, 24, "19:55")) {
			b.step(1)
			b.tick()
		}
		return b, c
	}
	b, c := begin() // the power goes, for three days
	b.clock.Advance(72 * time.Hour)
	b.restart()
	b.tick()
	b.work()
	if p, got := b.progress(c.ID), b.campaign(c.ID); got.Status != liadesk.SMSCompleted || p.Expired == 0 || p.Pending+p.Deferred > 0 {
		t.Errorf("after an outage: %s, %+v", got.Status, p)
	}
	b, c = begin() // it goes until just after the end, and an answer is sent first
	b.update(func(tx *db.Tx) error {
		l, err := tx.Lease(b.account.ID, b.inbox.ID)
		l.ClaimedAt = day(t, 24, "20:05")
		return errors.Join(err, tx.PutLease(b.account.ID, b.inbox.ID, l))
	})
	b.clock.Advance(day(t, 24, "20:06").Sub(b.clock.Now()))
	b.tick()
	b.work()
	if p, got := b.progress(c.ID), b.campaign(c.ID); got.Status != liadesk.SMSCompleted || p.Expired == 0 {
		t.Errorf("after an answer: %s, %+v", got.Status, p)
	}
	b, c = begin() // and the inbox goes on
	for b.clock.Now().Before(day(t, 25, "20:01")) {
		b.step(1)
		b.tick()
	}
	if p, got := b.progress(c.ID), b.campaign(c.ID); got.Status != liadesk.SMSCompleted || p.Accepted != 50 {
		t.Errorf("at work: %s, %+v", got.Status, p)
	}
}

func TestPeopleWithoutHoursDoNotKeepABusyInboxsCampaignOpen(t *testing.T) {
	b := newBench(t)
	b.person(0, func(c *liadesk.Contact) { c.Phone, c.Class = "+881612345678", "//" })
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	b.work()
	for b.clock.Now().Before(day(t, 24, "20:10")) {
		item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: b.inbox.ID, Cause: liadesk.CauseReply, Phone: number(1), Text: "hello", CreatedAt: b.clock.Now()}
		b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
		b.step(1)
		b.tick()
		b.clock.Advance(time.Minute)
	}
	if p, got := b.progress(c.ID), b.campaign(c.ID); got.Status != liadesk.SMSCompleted || p.Expired != 1 {
		t.Errorf("%s, %+v", got.Status, p)
	}
}

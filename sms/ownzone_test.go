package sms

import (
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// clocks adds a person each in Stockholm, New York and Los Angeles, who may be
// texted at any hour so that only their clocks decide.
func (b *bench) clocks() {
	b.account.Settings.RoundTheClock = true
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	for i, class := range []string{"SE//Europe/Stockholm", "US/NY/America/New_York", "US/CA/America/Los_Angeles"} {
		b.person(i, func(c *liadesk.Contact) { c.Class = class })
	}
}

func own(local string) func(*Input) {
	return func(in *Input) {
		in.ScheduledAt, in.Schedule = time.Time{}, &LocalTime{Local: local, TimeZone: liadesk.RecipientZone}
	}
}

func TestByTheirOwnClocksEverybodyGetsItAtTheSameHour(t *testing.T) {
	b := newBench(t) // 24 November, 17:00 UTC
	b.clocks()
	c := b.schedule(own("2026-11-25T10:00"))
	hour := func(h int) time.Time { return time.Date(2026, 11, 25, h, 0, 0, 0, time.UTC) }
	if !c.ScheduledAt.Equal(hour(9)) {
		t.Fatalf("it begins at %s", c.ScheduledAt)
	}
	for i, at := range []time.Time{hour(9), hour(15), hour(18)} {
		b.clock.Advance(at.Add(-time.Second).Sub(b.clock.Now()))
		b.tick()
		if _, _, err := b.svc.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(b.carrier.taken) != i {
			t.Fatalf("a second before %s: %d texts", at, len(b.carrier.taken))
		}
		b.clock.Advance(time.Second)
		b.tick()
		if i == 0 {
			rows, _, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, RecipientFilter{Status: liadesk.DeliveryDeferred}, db.Page{})
			if err != nil || len(rows) != 2 || !rows[0].NextAt.Add(rows[1].NextAt.Sub(hour(18))).Equal(hour(15)) {
				t.Errorf("who waits until when: %+v, %v", rows, err)
			}
			if p := b.progress(c.ID); p.Pending != 1 || p.Deferred != 2 || !p.DeferredUntil.Equal(hour(15)) {
				t.Errorf("progress %+v", p)
			}
		}
		b.work()
		if len(b.carrier.taken) != i+1 || b.carrier.taken[i].To != number(i) {
			t.Fatalf("at %s: %+v", at, b.carrier.taken)
		}
	}
	b.tick()
	if got := b.campaign(c.ID); got.Status != liadesk.SMSCompleted {
		t.Errorf("in the end it is %s", got.Status)
	}
}

func TestWhoseOwnHourHasPassedGetsItAtOnce(t *testing.T) {
	b := newBench(t) // 18:00 in Stockholm, noon in New York, 9:00 in Los Angeles
	b.clocks()
	draft := b.schedule(func(in *Input) { own("2026-11-24T12:00")(in); in.Draft = true })
	r, err := b.svc.Review(t.Context(), b.admin, draft.ID, 0)
	if err != nil || r.Past != 1 || r.Outside != 0 || r.Problems != nil {
		t.Fatalf("the review: past %d, outside %d, %v, %v", r.Past, r.Outside, r.Problems, err)
	}
	c, err := b.svc.Schedule(t.Context(), b.admin, draft.ID, When{})
	if err != nil || !c.ScheduledAt.Equal(b.clock.Now()) {
		t.Fatalf("it begins at %s, %v", c.ScheduledAt, err)
	}
	b.tick()
	b.work()
	if len(b.carrier.taken) != 2 {
		t.Errorf("%d texts at once", len(b.carrier.taken))
	}
	b.clock.Advance(3 * time.Hour)
	b.work()
	if len(b.carrier.taken) != 3 {
		t.Errorf("%d texts at noon of the last", len(b.carrier.taken))
	}
	for local, want := range map[string]string{"2026-11-24T05:00": "schedule.local:in_the_past", "2036-01-01T05:00": "schedule.local:too_far",
		"25th": "schedule.local:not_a_time", "": "schedule.local:required"} {
		_, err := b.svc.Create(t.Context(), b.admin, func() Input { in := b.input(); own(local)(&in); return in }())
		if got := codesOf(err); !slices.Equal(got, []string{want}) {
			t.Errorf("%q: %v, want %s", local, got, want)
		}
	}
}

func TestTextingHoursHoldByTheirOwnClocksToo(t *testing.T) {
	b := newBench(t)
	b.person(1, nil) // Stockholm: 9:00 to 20:00
	c := b.schedule(own("2026-11-25T07:00"))
	b.clock.Advance(c.ScheduledAt.Sub(b.clock.Now()))
	b.tick()
	b.work()
	if p := b.progress(c.ID); p.Deferred != 1 || !p.DeferredUntil.Equal(time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("at seven in the morning: %+v", p)
	}
}

func TestAnOwnHourThatTheClocksSkipOrThatIsNotPlain(t *testing.T) {
	for class, want := range map[string]time.Time{
		"US/NY/America/New_York":                   time.Date(2027, 3, 14, 7, 0, 0, 0, time.UTC), // 02:30 does not exist: 03:00 EDT
		"US//America/Los_Angeles,America/New_York": time.Date(2027, 3, 14, 10, 0, 0, 0, time.UTC),
		"": time.Date(2027, 3, 14, 14, 30, 0, 0, time.UTC), // nobody knows: the last on Earth
	} {
		if got := ownTime("2027-03-14T02:30", class); !got.Equal(want) {
			t.Errorf("%q: %s, want %s", class, got.UTC(), want)
		}
	}
}

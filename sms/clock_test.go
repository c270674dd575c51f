package sms

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// jumpy is a wall clock that somebody sets.
type jumpy struct {
	*clockwork.FakeClock
	by *time.Duration
}

func (j jumpy) Now() time.Time { return j.FakeClock.Now().Add(*j.by) }

// changes changes a person who is stored.
func (b *bench) changes(i int, change func(*liadesk.Contact)) error {
	return b.store.Update(b.t.Context(), func(tx *db.Tx) error {
		old, _, err := tx.ContactByPhone(b.account.ID, number(i))
		now := old
		change(&now)
		return errors.Join(err, tx.PutContact(&old, &now))
	})
}

func TestThePaceIsKeptWithinTwoInAHundredOverAMinute(t *testing.T) {
	for _, pace := range []float64{5, 0.5, 90} {
		t.Run(fmt.Sprint(pace), func(t *testing.T) {
			b := newBench(t)
			b.inbox.SMS.MessagesPerSecond = pace
			b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
			ln := b.svc.laneOf(b.inbox)
			sent, start := 0, b.clock.Now()
			for b.clock.Since(start) < time.Minute {
				mono := b.svc.Monotonic()
				n := ln.tokens(mono)
				ln.pay(mono, n)
				sent += n
				b.clock.Advance(max(ln.untilToken(mono), 7*time.Millisecond))
			}
			want := pace * 60
			if d := float64(sent) - want; d > want*0.02+1 || d < -want*0.02-1 {
				t.Errorf("%d texts in a minute, want %g", sent, want)
			}
		})
	}
}

func TestAClockThatJumpsHoldsSendingUntilItIsSteady(t *testing.T) {
	b := newBench(t)
	b.options.Monotonic = func() time.Duration { return b.clock.Now().Sub(noon) }
	jump := time.Duration(0)
	b.options.Clock = jumpy{b.clock, &jump}
	b.restart()
	b.person(1, nil)
	c := b.schedule(nil)
	b.tick()
	jump = 2 * time.Minute // somebody set it
	b.tick()
	b.step(1)
	if got := b.campaign(c.ID); got.Status != liadesk.SMSScheduled || len(b.carrier.asked) > 0 {
		t.Fatalf("after the jump it is %s", got.Status)
	}
	b.clock.Advance(steadyFor)
	b.work()
	b.tick()
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Errorf("when it is steady: %+v", p)
	}
}

// The pace went by the wall clock: set back by two hours, it gave no turn for as
// long.
func TestAClockThatIsSetBackStopsNobodyLongerThanItTakesToBeSteady(t *testing.T) {
	b := newBench(t)
	b.options.Monotonic = func() time.Duration { return b.clock.Now().Sub(noon) }
	ahead := 2 * time.Hour
	b.options.Clock = jumpy{b.clock, &ahead}
	b.restart()
	b.inbox.SMS.MessagesPerSecond = 5
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	for n := range 10 {
		b.person(n, func(c *liadesk.Contact) { c.Class = "SE//America/New_York" }) // noon there
	}
	c := b.schedule(func(in *Input) { in.ScheduledAt = b.svc.now().Add(time.Second) })
	b.clock.Advance(time.Second)
	b.tick()
	b.step(1)
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Fatalf("before: %+v", p)
	}
	ahead = 0
	b.tick()
	b.step(1)
	b.clock.Advance(steadyFor)
	for range 20 {
		b.step(1)
		b.clock.Advance(time.Second / 2)
	}
	if p := b.progress(c.ID); p.Accepted != 10 {
		t.Errorf("a minute later: %+v", p)
	}
}

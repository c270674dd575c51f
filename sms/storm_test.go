package sms

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// during lets the sender work for some time.
func (b *bench) during(d time.Duration) {
	b.t.Helper()
	for end := b.clock.Now().Add(d); b.clock.Now().Before(end); {
		b.step(1)
	}
}

// stored is the inbox as it is in the database.
func (b *bench) stored() (in liadesk.Inbox) {
	b.t.Helper()
	b.update(func(tx *db.Tx) (err error) {
		in, _, err = tx.Inbox(b.account.ID, b.inbox.ID)
		return err
	})
	return in
}

// For an hour the carrier takes nothing, in one way or the other. Then it is
// well again, and everybody is texted once, but for the few of whom nobody can
// know.
func TestAnHourOfTroubleWithTheCarrierLosesNobody(t *testing.T) {
	const people = 120
	for _, storm := range []struct {
		name    string
		err     error
		trouble liadesk.InboxTrouble
		asks    int // at most so many posts in the hour
		doubts  int // at most so many in doubt at the end of it
	}{
		{"refused connections", &SendError{Class: NotSent, Reason: ReasonNoConnection}, liadesk.TroubleNoConnection, 1500, 0},
		{"429", &SendError{Class: Refused, Reason: ReasonThrottled, Status: 429}, liadesk.TroubleThrottled, 1500, 0},
		{"429 that names a time", &SendError{Class: Refused, Reason: ReasonThrottled, Status: 429, RetryAfter: 30 * time.Second}, liadesk.TroubleThrottled, 3000, 0},
		{"wrong credentials", &SendError{Class: Refused, Reason: ReasonUnauthorised, Status: 401}, liadesk.TroubleUnauthorised, 40, 0},
		{"a wrong address", &SendError{Class: Refused, Reason: ReasonMisconfigured, Status: 404}, liadesk.TroubleMisconfigured, 1500, 0},
		{"no credit", &SendError{Class: Refused, Reason: ReasonNoCredit, Status: 402}, liadesk.TroubleNoCredit, 40, 0},
		{"5xx", &SendError{Class: Unknown, Status: 503, Reason: ReasonNoAnswer}, liadesk.TroubleNoAnswer, 90, 90},
		{"answers that never come", errors.New("time-out"), liadesk.TroubleNoAnswer, 90, 90},
	} {
		t.Run(storm.name, func(t *testing.T) {
			b := newBench(t)
			b.options.Workers = 8
			b.restart()
			for i := range people {
				b.person(i, nil)
			}
			c := b.schedule(nil)
			b.due()
			b.carrier.answer = func(Outgoing, func() string) (Receipt, error) { return Receipt{}, storm.err }
			b.during(time.Hour)
			p := b.progress(c.ID)
			if len(b.carrier.asked) > storm.asks || p.Unconfirmed > int64(storm.doubts) || *p.Targeted != people {
				t.Errorf("in the hour: %d posts, %+v", len(b.carrier.asked), p)
			}
			if in := b.stored(); in.SMS.Trouble != storm.trouble {
				t.Errorf("the inbox says %q", in.SMS.Trouble)
			}
			b.carrier.answer = nil
			b.during(30 * time.Minute)
			after := b.progress(c.ID)
			if after.Accepted != people-p.Unconfirmed || after.Unconfirmed != p.Unconfirmed || after.Pending+after.Sending+after.Failed != 0 {
				t.Errorf("afterwards: %+v", after)
			}
			for number, n := range b.carrier.times() {
				if n > 1 {
					t.Errorf("%s was texted %d times", number, n)
				}
			}
			if in := b.stored(); in.SMS.Trouble != liadesk.TroubleNone {
				t.Errorf("all is well, and the inbox says %q", in.SMS.Trouble)
			}
		})
	}
}

// A server that is restarted again and again while the carrier answers nothing
// leaves no more texts in doubt than one that runs on.
func TestRestartsDoNotMakeACarefulInboxCareless(t *testing.T) {
	const people = 200
	b := newBench(t)
	b.options.Workers = 8
	b.restart()
	for i := range people {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	b.carrier.answer = func(Outgoing, func() string) (Receipt, error) { return Receipt{}, errors.New("time-out") }
	b.during(time.Minute)
	before := b.progress(c.ID).Unconfirmed
	for range 10 {
		b.restart()
		b.step(2)
	}
	if more := b.progress(c.ID).Unconfirmed - before; before > 20 || more > 10 {
		t.Errorf("%d in doubt, then %d more in ten restarts", before, more)
	}
	b.carrier.answer = nil
	b.during(30 * time.Minute)
	if p := b.progress(c.ID); p.Pending+p.Sending != 0 || p.Accepted+p.Unconfirmed != people {
		t.Errorf("afterwards: %+v", p)
	}
}

// A single text of which nobody knows slows down nobody.
func TestOneDoubtSlowsNobodyDown(t *testing.T) {
	b := newBench(t)
	for i := range 40 {
		b.person(i, nil)
	}
	b.schedule(nil)
	b.due()
	n := 0
	b.carrier.answer = func(_ Outgoing, take func() string) (Receipt, error) {
		if n++; n%10 == 0 {
			return Receipt{}, errors.New("time-out")
		}
		return Receipt{UUID: take()}, nil
	}
	start := b.clock.Now()
	for len(b.carrier.asked) < 40 {
		b.step(1)
	}
	if took := b.clock.Since(start); took > 15*time.Second {
		t.Errorf("40 texts took %s", took)
	}
}

// The refusal for want of credit was recorded first; a text that had been taken
// before it came in later, and cleared the banner of an inbox that rested.
func TestALateAnswerDoesNotEndATroubleThatBeganAfterIt(t *testing.T) {
	b := newBench(t)
	b.options.Workers = 8
	b.restart()
	for i := range 3 {
		b.person(i, nil)
	}
	b.schedule(nil)
	b.due()
	jobs, _, err := b.svc.dispatch(t.Context())
	if err != nil || len(jobs) < 2 {
		t.Fatalf("%d claims, %v", len(jobs), err)
	}
	b.clock.Advance(time.Second)
	none := &SendError{Class: Refused, Reason: ReasonNoCredit, Status: 402}
	event := func(j *job, kind liadesk.EventKind) liadesk.DeliveryEvent {
		return liadesk.DeliveryEvent{AttemptID: j.attempt.ID, Kind: kind, At: b.clock.Now(), CarrierID: fmt.Sprint("u", j.attempt.ID), Evidence: liadesk.EvidenceResponse}
	}
	for _, r := range []result{
		{job: jobs[0], event: event(jobs[0], liadesk.EventNotTaken), condition: none, posted: true},
		{job: jobs[1], event: event(jobs[1], liadesk.EventAccepted), posted: true},
	} {
		if err := b.svc.record(t.Context(), []result{r}); err != nil {
			t.Fatal(err)
		}
	}
	if in := b.stored(); in.SMS.Trouble != liadesk.TroubleNoCredit {
		t.Errorf("the inbox says %q", in.SMS.Trouble)
	}
}

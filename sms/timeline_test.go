package sms

import (
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

func TestWhatHappensIsCountedByTimeAndAddsUp(t *testing.T) {
	b := newBench(t)
	b.slow()
	for i := range 3 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	begun := b.campaign(c.ID).StartedAt
	b.step(1)
	if err := b.report(0, "delivered", "", 1); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(11 * time.Minute)
	b.step(4)
	for _, status := range []string{"delivered", "delivered"} { // the second is a repetition
		if err := b.report(1, status, "", 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.report(2, "undelivered", "30", 2); err != nil {
		t.Fatal(err)
	}
	if err := b.text(number(0), "Count me in"); err != nil {
		t.Fatal(err)
	}
	steps, err := b.svc.Timeline(t.Context(), b.admin, c.ID)
	if err != nil || len(steps) != 12 || steps[0] != (Step{At: begun, Seconds: 60, Taken: 1, Delivered: 1}) ||
		steps[11] != (Step{At: begun.Add(11 * time.Minute), Seconds: 60, Taken: 2, Delivered: 1, Replies: 1}) {
		t.Fatalf("%+v, %v", steps, err)
	}
	// After two hours it is told by the hour, and what was counted stays.
	b.clock.Advance(3 * time.Hour)
	if err := b.text(number(1), "STOP"); err != nil {
		t.Fatal(err)
	}
	if steps, err = b.svc.Timeline(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	want := []Step{{At: begun, Seconds: 3600, Taken: 3, Delivered: 2, Replies: 1}, {At: begun.Add(time.Hour), Seconds: 3600}, {At: begun.Add(2 * time.Hour), Seconds: 3600},
		{At: begun.Add(3 * time.Hour), Seconds: 3600, OptOuts: 1}}
	if !slices.Equal(steps, want) {
		t.Errorf("%+v", steps)
	}
	// Somebody else's campaign is not there.
	stranger := liadesk.Actor{Account: liadesk.ID{9}, User: liadesk.ID{9}, Role: b.admin.Role, Plan: b.admin.Plan}
	if _, err := b.svc.Timeline(t.Context(), stranger, c.ID); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("a stranger gets %v", err)
	}
}

package sms

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSpansAreRightToFivePercent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(int64(time.Second), int64(40*24*time.Hour)).Draw(t, "took"))
		if q := float64(middleOf(spanOf(d))) / float64(d); q < 0.95 || q > 1.05 {
			t.Errorf("%v is told as %v", d, middleOf(spanOf(d)))
		}
	})
	for _, d := range []time.Duration{-time.Hour, 0, time.Second - 1} {
		if got := middleOf(spanOf(d)); got != 0 {
			t.Errorf("%v is told as %v", d, got)
		}
	}
	if got := spanOf(1000 * 24 * time.Hour); got != mostSpan {
		t.Errorf("a thousand days fall into span %d", got)
	}
}

func TestMedianAndNinetyFifthAreTheUsualOnes(t *testing.T) {
	counts := map[string]int64{"answer:3": 7, "arrive:0": 10, "arrive:8": 8, "arrive:80": 1, "arrive:120": 1, "arrive:x": 5, "arrive:9999": 5}
	if got := tookOf(counts, tookToArrive); *got != (Took{Count: 20, Median: 0, P95: middleOf(80)}) {
		t.Errorf("%+v", got)
	}
	counts["arrive:0"] = 9 // of 19 the tenth is the median
	if got := tookOf(counts, tookToArrive); got.Median != middleOf(8) || got.P95 != middleOf(120) {
		t.Errorf("%+v", got)
	}
	if got := tookOf(map[string]int64{"answer:0": 0}, tookToAnswer); got != nil {
		t.Errorf("of nothing it says %+v", got)
	}
}

// A report may come twice, too late or be taken back by a later one, and the
// second reply is not the first.
func TestTheReportKnowsHowLongTextsAndRepliesTook(t *testing.T) {
	b := newBench(t)
	for i := range 3 {
		b.person(i, nil)
	}
	c := b.sends(nil)
	sent := b.rows(c.ID)[0].AcceptedAt // all of them at once
	took := func() (arrive, answer Took) {
		t.Helper()
		r, err := b.svc.Report(t.Context(), b.admin, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r.ToArrive != nil {
			arrive = *r.ToArrive
		}
		if r.ToAnswer != nil {
			answer = *r.ToAnswer
		}
		return arrive, answer
	}
	if arrive, answer := took(); arrive.Count+answer.Count != 0 {
		t.Errorf("before any report: %+v, %+v", arrive, answer)
	}
	report := func(i int, status string, sequence int) {
		t.Helper()
		if err := b.report(i, status, "", sequence); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.Advance(8 * time.Second)
	quick := b.clock.Since(sent)
	report(0, "delivered", 3)
	report(0, "delivered", 3)
	report(0, "sent", 2)
	b.clock.Advance(time.Minute)
	report(1, "delivered", 3)
	report(2, "sent", 2)
	near := func(got, want time.Duration) bool { return got > want*94/100 && got < want*106/100 }
	arrive, _ := took()
	if arrive.Count != 2 || !near(arrive.Median, quick) || !near(arrive.P95, quick+time.Minute) {
		t.Errorf("two arrived: %+v", arrive)
	}
	report(1, "undelivered", 4)
	if arrive, _ = took(); arrive.Count != 1 || !near(arrive.P95, quick) {
		t.Errorf("one was taken back: %+v", arrive)
	}
	b.clock.Advance(time.Hour)
	for _, text := range []string{"Which colours?", "Hello?"} {
		if err := b.text(number(0), text); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(time.Hour)
	}
	if err := b.text(number(2), "STOP"); err != nil {
		t.Fatal(err)
	}
	if _, answer := took(); answer.Count != 1 || !near(answer.Median, time.Hour+time.Minute) {
		t.Errorf("one answered: %+v", answer)
	}
}

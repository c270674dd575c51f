package liadesk

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var attempt = ID{1}

func row(s DeliveryStatus) Delivery { return Delivery{Status: s, AttemptID: attempt} }

func event(k EventKind) DeliveryEvent {
	return DeliveryEvent{Kind: k, AttemptID: attempt, At: time.Unix(1, 0)}
}

func TestMovesOfATextThatWasNotProvenTaken(t *testing.T) {
	states := []DeliveryStatus{DeliveryPending, DeliverySending, DeliveryUnconfirmed, DeliveryFailed, DeliverySkipped, DeliveryExpired}
	want := map[EventKind]map[DeliveryStatus]DeliveryStatus{
		EventRefused:   {DeliverySending: DeliveryFailed, DeliveryUnconfirmed: DeliveryFailed},
		EventNotTaken:  {DeliverySending: DeliveryPending, DeliveryUnconfirmed: DeliveryPending},
		EventUncertain: {DeliverySending: DeliveryUnconfirmed},
		EventSkip:      {DeliverySending: DeliverySkipped},
		EventExpire:    {DeliverySending: DeliveryExpired},
	}
	for kind, moves := range want {
		for _, from := range states {
			to, allowed := moves[from]
			got, changed := row(from).Apply(event(kind))
			if changed != allowed || allowed && got.Status != to {
				t.Errorf("%s on %s: %s, %v", kind, from, got.Status, changed)
			}
			other := event(kind)
			other.AttemptID = ID{2}
			if _, changed := row(from).Apply(other); changed {
				t.Errorf("%s of another attempt changed %s", kind, from)
			}
		}
	}
}

func TestProofOfAcceptanceWinsFromAnyState(t *testing.T) {
	for _, from := range []DeliveryStatus{DeliveryPending, DeliverySending, DeliveryUnconfirmed, DeliveryFailed, DeliverySkipped, DeliveryExpired} {
		e := event(EventAccepted)
		e.AttemptID = ID{2} // also of an older attempt
		got, changed := row(from).Apply(e)
		if !changed || got.Status != DeliveryAccepted || !got.Proven() {
			t.Errorf("from %s: %s", from, got.Status)
		}
		for _, kind := range []EventKind{EventRefused, EventNotTaken, EventUncertain, EventSkip, EventExpire} {
			if _, changed := got.Apply(event(kind)); changed {
				t.Errorf("%s overrode the proof", kind)
			}
		}
	}
}

// TestReportsMayComeInAnyOrderAndTwice gives the reports on one message in two
// orders, with repeats, and expects the same end.
func TestReportsMayComeInAnyOrderAndTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost := int64(3500)
		reports := []DeliveryEvent{{Kind: EventAccepted, Sequence: 1}, {Kind: EventSent, Sequence: 2}}
		last := rapid.SampledFrom([]EventKind{EventDelivered, EventUndelivered, EventFailed}).Draw(t, "last")
		reports = append(reports, DeliveryEvent{Kind: last, Sequence: 3, Code: "30", Cost: &cost, Segments: 2})
		if rapid.Bool().Draw(t, "changes its mind") {
			reports = append(reports, DeliveryEvent{Kind: EventDelivered, Sequence: 4, Cost: &cost, Segments: 2})
		}
		for i := range reports {
			reports[i].CarrierID, reports[i].At = "uuid", time.Unix(1, 0)
		}
		order := append(slices.Clone(reports), rapid.SliceOf(rapid.SampledFrom(reports)).Draw(t, "repeats")...)
		order = rapid.Permutation(order).Draw(t, "order")
		d, want := row(DeliverySending), row(DeliverySending)
		for _, e := range order {
			d, _ = d.Apply(e)
		}
		for _, e := range reports {
			want, _ = want.Apply(e)
		}
		if d.Status != want.Status || d.ErrorCode != want.ErrorCode || d.Cost != want.Cost || d.Segments != want.Segments || d.Sequence != want.Sequence || d.Attempts != 1 {
			t.Fatalf("got %+v, want %+v", d, want)
		}
		for _, e := range reports {
			if _, changed := d.Apply(e); changed {
				t.Fatalf("%s again changed something", e.Kind)
			}
		}
	})
}

func TestMovesOfACampaign(t *testing.T) {
	for _, m := range []struct {
		from, to SMSStatus
		ok       bool
	}{
		{SMSDraft, SMSScheduled, true}, {SMSDraft, SMSSending, false}, {SMSScheduled, SMSSending, true}, {SMSSending, SMSCancelled, true},
		{SMSCompleted, SMSSending, true}, {SMSCompleted, SMSScheduled, false}, {SMSCancelled, SMSScheduled, false}, {SMSPaused, SMSCompleted, true},
	} {
		if m.from.CanMove(m.to) != m.ok {
			t.Errorf("%s to %s", m.from, m.to)
		}
	}
}

func TestATextIsDeliveredOnce(t *testing.T) {
	first, later := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	report := func(d Delivery, kind EventKind, at time.Time, sequence int) Delivery {
		after, _ := d.Apply(DeliveryEvent{Kind: kind, AttemptID: attempt, At: at, CarrierID: "a", Sequence: sequence})
		return after
	}
	d := report(row(DeliverySending), EventDelivered, first, 3)
	if again := report(d, EventDelivered, later, 4); !again.DeliveredAt.Equal(first) {
		t.Errorf("said twice, it is delivered at %v", again.DeliveredAt)
	}
	back := report(d, EventUndelivered, later, 4)
	if !back.DeliveredAt.IsZero() {
		t.Errorf("taken back, it is delivered at %v", back.DeliveredAt)
	}
	if again := report(back, EventDelivered, later, 5); !again.DeliveredAt.Equal(later) {
		t.Errorf("after all, it is delivered at %v", again.DeliveredAt)
	}
}

package sms_test

import (
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

// The real library against the carrier's own list: answers that get lost, texts
// that were never taken, and one that the list shows late.
func TestTheListOverTheWireSettlesWhatWasTakenAndNothingElse(t *testing.T) {
	w := wire(t)
	list := w.people(6)
	for i, answer := range []sandbox.Answer{sandbox.AcceptThenDrop, sandbox.AcceptThen500, sandbox.WithoutUUID, sandbox.HTMLInstead,
		sandbox.DropUnaccepted, sandbox.AcceptThenDrop} {
		b := sandbox.Behaviour{Answer: &answer, Silent: true}
		if i == 5 {
			b.Hidden = 5 * time.Minute
		}
		w.carrier.SetBehaviour(list[i].Phone, b)
	}
	c := w.send()
	progress := func() sms.Progress {
		t.Helper()
		p, err := w.svc.Progress(t.Context(), w.admin, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := progress(); p.Unconfirmed != 6 {
		t.Fatalf("before the list is read: %+v", p)
	}
	round := func() {
		t.Helper()
		w.clock.Advance(sms.SettleEvery)
		if err := w.carrier.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		round()
	}
	if p := progress(); p.Taken() != 4 || p.Unconfirmed != 2 {
		t.Errorf("after the first looks: %+v", p)
	}
	for range 40 {
		round()
	}
	if p := progress(); p.Taken() != 5 || p.Unconfirmed != 1 {
		t.Errorf("after all looks: %+v", p)
	}
	for number, n := range w.carrier.Requests() {
		if n != 1 {
			t.Errorf("%s got %d requests", number, n)
		}
	}
	rows, _, err := w.svc.Deliveries(t.Context(), w.admin, c.ID, sms.RecipientFilter{Status: liadesk.DeliveryUnconfirmed}, db.Page{})
	if err != nil || len(rows) != 1 || rows[0].Phone != list[4].Phone {
		t.Errorf("what is left: %+v, %v", rows, err)
	}
}

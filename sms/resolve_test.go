package sms

import (
	"errors"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// uncertain is a completed campaign to n people, of whose texts the carrier
// took those that it is told to, and answered none.
func (b *bench) uncertain(n int, taken bool) liadesk.SMSCampaign {
	b.t.Helper()
	for i := range n {
		b.person(i, nil)
	}
	b.carrier.answer = func(_ Outgoing, take func() string) (Receipt, error) {
		if taken {
			take()
		}
		return Receipt{}, errors.New("connection reset")
	}
	c := b.schedule(nil)
	b.due()
	b.work()
	b.untilDone(c)
	b.carrier.answer = nil
	if p, got := b.progress(c.ID), b.campaign(c.ID); p.Unconfirmed != int64(n) || got.Status != liadesk.SMSCompleted {
		b.t.Fatalf("%+v %s", p, got.Status)
	}
	return c
}

// untilDone goes on in new processes: after some doubts an inbox is careful and
// waits longer and longer, and a new process begins with one text at once.
func (b *bench) untilDone(c liadesk.SMSCampaign) {
	b.t.Helper()
	for b.progress(c.ID).Pending > 0 {
		b.restart()
		b.work()
	}
}

func (b *bench) rows(id liadesk.ID) []Recipient {
	b.t.Helper()
	list, _, err := b.svc.Deliveries(b.t.Context(), b.admin, id, RecipientFilter{}, db.Page{Limit: 100})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// resolve settles and wants a number of texts settled.
func (b *bench) resolve(c, delivery liadesk.ID, action liadesk.Resolution, want int) {
	b.t.Helper()
	got, err := b.svc.Resolve(b.t.Context(), b.admin, c, delivery, action)
	if err != nil || got.Resolved != want {
		b.t.Fatalf("%s: %+v %v", action, got, err)
	}
	b.progress(c)
}

func TestAPersonSettlesATextAsSentOrFailed(t *testing.T) {
	b := newBench(t)
	c := b.uncertain(2, true)
	rows := b.rows(c.ID)
	b.resolve(c.ID, rows[0].ID, liadesk.ResolveSent, 1)
	b.resolve(c.ID, rows[0].ID, liadesk.ResolveFailed, 0) // settled already
	b.resolve(c.ID, rows[1].ID, liadesk.ResolveFailed, 1)
	b.resolve(c.ID, rows[1].ID, liadesk.ResolveFailed, 0)
	if p := b.progress(c.ID); p.Sent != 1 || p.Failed != 1 || p.Unconfirmed != 0 {
		t.Fatalf("%+v", p)
	}
	for _, r := range b.rows(c.ID) {
		if r.Evidence != liadesk.EvidencePerson || r.Attempts != 1 {
			t.Errorf("%+v", r)
		}
		var a liadesk.Attempt
		b.update(func(tx *db.Tx) (err error) {
			a, _, err = tx.Attempt(b.account.ID, r.AttemptID)
			return err
		})
		if a.Settled == nil || a.Settled.By != b.admin.User || !a.Settled.At.Equal(b.clock.Now()) {
			t.Errorf("nobody knows who settled it: %+v", a.Settled)
		}
	}
	// The carrier knows better, whatever the person said.
	for i := range 2 {
		if err := b.report(i, "delivered", "", 1); err != nil {
			t.Fatal(err)
		}
	}
	if p := b.progress(c.ID); p.Delivered != 2 || p.Failed != 0 {
		t.Fatalf("%+v", p)
	}
	b.work()
	if len(b.carrier.taken) != 2 || b.campaign(c.ID).Status != liadesk.SMSCompleted {
		t.Errorf("%d texts", len(b.carrier.taken))
	}
}

func TestAPersonHasATextSentAgain(t *testing.T) {
	b := newBench(t)
	c := b.uncertain(1, false)
	id := b.rows(c.ID)[0].ID
	if _, err := b.svc.Resolve(t.Context(), b.admin, c.ID, id, liadesk.ResolveResend); !errors.Is(err, ErrTooEarly) {
		t.Fatalf("too early: %v", err)
	}
	if all, err := b.svc.ResolveAll(t.Context(), b.admin, c.ID, liadesk.ResolveResend); err != nil || all != (Resolved{TooEarly: 1}) {
		t.Fatalf("%+v %v", all, err)
	}
	b.clock.Advance(leaseTime + resendAfter)
	b.resolve(c.ID, id, liadesk.ResolveResend, 1)
	b.resolve(c.ID, id, liadesk.ResolveResend, 0)
	if p := b.progress(c.ID); p.Pending != 1 || p.Unconfirmed != 0 || b.campaign(c.ID).Status != liadesk.SMSSending {
		t.Fatalf("%+v", p)
	}
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 || len(b.carrier.taken) != 1 || b.campaign(c.ID).Status != liadesk.SMSCompleted {
		t.Fatalf("%+v", p)
	}
	b.resolve(c.ID, id, liadesk.ResolveResend, 0)
}

func TestALateReportOfATextThatIsSentAgain(t *testing.T) {
	t.Run("before the resend it stops it", func(t *testing.T) {
		b := newBench(t)
		c := b.uncertain(1, true)
		b.clock.Advance(leaseTime + resendAfter)
		b.resolve(c.ID, b.rows(c.ID)[0].ID, liadesk.ResolveResend, 1)
		if err := b.report(0, "delivered", "", 1); err != nil {
			t.Fatal(err)
		}
		b.work()
		if p := b.progress(c.ID); p.Delivered != 1 || len(b.carrier.taken) != 1 {
			t.Fatalf("%+v, %d texts", p, len(b.carrier.taken))
		}
	})
	t.Run("also of who moved to another zone meanwhile", func(t *testing.T) {
		b := newBench(t)
		c := b.uncertain(1, true)
		b.clock.Advance(leaseTime + resendAfter)
		b.resolve(c.ID, b.rows(c.ID)[0].ID, liadesk.ResolveResend, 1)
		phone := b.carrier.taken[0].To
		b.update(func(tx *db.Tx) error { // where it is the middle of the night
			old, _, err := tx.ContactByPhone(b.account.ID, phone)
			now := old
			now.Class = "SE//Asia/Tokyo"
			return errors.Join(err, tx.PutContact(&old, &now))
		})
		b.work()
		if p := b.progress(c.ID); p.Deferred != 1 {
			t.Fatalf("it does not wait for the new zone: %+v", p)
		}
		if err := b.report(0, "delivered", "", 1); err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(12 * time.Hour)
		b.work()
		if p := b.progress(c.ID); p.Delivered != 1 || p.Deferred+p.Pending != 0 || len(b.carrier.taken) != 1 {
			t.Fatalf("%+v, %d texts", p, len(b.carrier.taken))
		}
	})
	t.Run("after it both are known", func(t *testing.T) {
		b := newBench(t)
		c := b.uncertain(1, true)
		b.clock.Advance(leaseTime + resendAfter)
		b.resolve(c.ID, b.rows(c.ID)[0].ID, liadesk.ResolveResend, 1)
		b.work()
		for _, sequence := range []int{1, 2} {
			if err := b.report(0, "delivered", "", sequence); err != nil {
				t.Fatal(err)
			}
		}
		row := b.rows(c.ID)[0]
		if p := b.progress(c.ID); p.Delivered != 1 || row.Attempts != 2 || row.TakenAgain.IsZero() || row.TakenAgain == row.TakenBy {
			t.Fatalf("%+v %+v", p, row)
		}
	})
}

func TestAllUncertainTextsAreSettledPageByPage(t *testing.T) {
	b := newBench(t)
	const n = resolvePage + 5
	c := b.uncertain(n, false)
	if all, err := b.svc.ResolveAll(t.Context(), b.admin, c.ID, liadesk.ResolveFailed); err != nil || all.Resolved != n {
		t.Fatalf("%+v %v", all, err)
	}
	if all, err := b.svc.ResolveAll(t.Context(), b.admin, c.ID, liadesk.ResolveFailed); err != nil || all.Resolved != 0 {
		t.Fatalf("again: %+v %v", all, err)
	}
	if p := b.progress(c.ID); p.Failed != n {
		t.Fatalf("%+v", p)
	}
}

func TestWhoMaySettleAndWhen(t *testing.T) {
	b := newBench(t)
	c := b.uncertain(1, false)
	id := b.rows(c.ID)[0].ID
	agent := liadesk.ActorOf(b.account, liadesk.User{ID: b.options.IDs(), Role: liadesk.RoleAgent})
	stranger := b.admin
	stranger.Account = b.options.IDs()
	if _, err := b.svc.Resolve(t.Context(), agent, c.ID, id, liadesk.ResolveSent); err == nil {
		t.Error("an agent settles")
	}
	if _, err := b.svc.ResolveAll(t.Context(), stranger, c.ID, liadesk.ResolveSent); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("another account: %v", err)
	}
	if _, err := b.svc.Resolve(t.Context(), b.admin, c.ID, c.ID, liadesk.ResolveSent); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("no such text: %v", err)
	}
	if _, err := b.svc.Resolve(t.Context(), b.admin, c.ID, id, "guess"); len(codesOf(err)) != 1 {
		t.Errorf("an unknown action: %v", err)
	}
	b.clock.Advance(leaseTime + resendAfter)
	expired := b.campaign(c.ID)
	expired.ExpiresAt = b.clock.Now().Add(-time.Second)
	cancelled := b.campaign(c.ID)
	cancelled.Status = liadesk.SMSCancelled
	for _, over := range []liadesk.SMSCampaign{expired, cancelled} {
		b.update(func(tx *db.Tx) error { return tx.PutSMSCampaign(over) })
		if _, err := b.svc.Resolve(t.Context(), b.admin, c.ID, id, liadesk.ResolveResend); !errors.Is(err, ErrOver) {
			t.Errorf("resent although it is over: %v", err)
		}
	}
	b.resolve(c.ID, id, liadesk.ResolveFailed, 1) // of these, too, a person may say what came of them
}

// Whoever answered, or tapped a link that only they have, has the text.
func TestWhoReactedIsNotTextedAgain(t *testing.T) {
	b := newBench(t)
	c := b.uncertain(3, true)
	if err := b.text(number(0), "thanks!"); err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *db.Tx) error {
		row, _, err := tx.Delivery(b.account.ID, c.ID, number(1))
		if err != nil {
			return err
		}
		old := row
		row.ClickedAt = b.clock.Now()
		return tx.PutDelivery(b.account.ID, old, row)
	})
	b.clock.Advance(resendAfter + time.Minute)
	got, err := b.svc.ResolveAll(t.Context(), b.admin, c.ID, liadesk.ResolveResend)
	if err != nil || got != (Resolved{Resolved: 1, Arrived: 2}) {
		t.Fatalf("%+v, %v", got, err)
	}
	asked := len(b.carrier.asked)
	b.work()
	if p := b.progress(c.ID); len(b.carrier.asked) != asked+1 || b.carrier.asked[asked].To != number(2) || p.Sent != 2 || p.Accepted != 1 {
		t.Errorf("%d more, %+v", len(b.carrier.asked)-asked, p)
	}
}

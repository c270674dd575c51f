package sms

import (
	"errors"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// The backup was made while an answer waited, which then went out. The list of
// the carrier cannot be read: nobody knows, and nobody gets it twice.
func TestAnAnswerThatMayBeOutIsNotSentAgainAfterABackup(t *testing.T) {
	b, backup := onFile(t)
	b.person(1, nil)
	item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: b.inbox.ID, Cause: liadesk.CauseReply, Phone: number(1), Text: "hello", CreatedAt: b.clock.Now()}
	b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
	restore := backup()
	b.work()
	restore()
	b.carrier.lists = func(ListQuery) (ListPage, error) { return ListPage{}, &SendError{Class: Unknown, Reason: ReasonServer} }
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	b.work()
	b.carrier.lists = nil
	b.settles(10)
	if len(b.carrier.taken) != 1 {
		t.Errorf("%d texts", len(b.carrier.taken))
	}
	var a liadesk.Attempt
	b.update(func(tx *db.Tx) (err error) {
		a, _, err = tx.Attempt(b.account.ID, item.ID)
		return err
	})
	if a.Alone == nil || a.Alone.Status != liadesk.DeliverySent && a.Alone.Status != liadesk.DeliveryAccepted {
		t.Errorf("once the list can be read: %+v", a.Alone)
	}
}

// What the list shows to be out after a backup counts for the limit of a day.
func TestATextThatOnlyTheCarrierKnowsOfCountsForTheDay(t *testing.T) {
	b, backup := onFile(t)
	b.person(1, nil)
	b.schedule(nil)
	restore := backup()
	b.due()
	b.work()
	restore()
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	b.work()
	c := b.draft(func(in *Input) { in.ScheduledAt = b.clock.Now().Add(time.Hour) })
	if r, err := b.svc.Review(t.Context(), b.admin, c.ID, 0); err != nil || r.Restrained.Count != 1 {
		t.Errorf("the review foresees %+v, %v", r.Restrained, err)
	}
	if c, err := b.svc.Schedule(t.Context(), b.admin, c.ID, When{}); err != nil {
		t.Fatal(err)
	} else {
		b.clock.Advance(time.Hour)
		b.tick()
		b.work()
		if p := b.progress(c.ID); p.Skipped[liadesk.SkipRecentlyTexted] != 1 || len(b.carrier.taken) != 1 {
			t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
		}
	}
}

// An agent answers while sending is held: that is not out, whatever the backup
// was. What waited in the backup is looked for from the backup on.
func TestWhatWasWrittenSinceTheRestoreIsSent(t *testing.T) {
	b, backup := onFile(t)
	b.person(1, nil)
	b.person(2, nil)
	write := func(to int) liadesk.ID {
		item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: b.inbox.ID, Cause: liadesk.CauseReply, Phone: number(to), Text: "hello", CreatedAt: b.clock.Now()}
		b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
		return item.ID
	}
	old := write(1)
	restore := backup()
	b.work()
	b.clock.Advance(3 * time.Hour)
	restore()
	b.update(func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: b.clock.Now()}) })
	b.clock.Advance(time.Hour)
	write(2)
	b.carrier.lists = func(ListQuery) (ListPage, error) { return ListPage{}, &SendError{Class: Unknown, Reason: ReasonServer} }
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	b.work()
	if n := b.carrier.times(); n[number(1)] != 1 || n[number(2)] != 1 {
		t.Errorf("texts by number: %v", n)
	}
	b.carrier.lists = nil
	b.settles(10)
	var a liadesk.Attempt
	b.update(func(tx *db.Tx) (err error) {
		a, _, err = tx.Attempt(b.account.ID, old)
		return err
	})
	if a.Alone == nil || a.Alone.Status != liadesk.DeliverySent && a.Alone.Status != liadesk.DeliveryAccepted {
		t.Errorf("once the list can be read: %+v", a.Alone)
	}
}

// After a restore the carrier's text is the answer's of one inbox, or the
// campaign's of another with the same number: nobody can tell, and nobody is
// texted for a guess.
func TestARestoreGivesNoTextToTheWrongOneOfTwoInboxesWithOneNumber(t *testing.T) {
	b, backup := onFile(t)
	twin := b.secondInbox()
	twin.SMS.Number, twin.SMS.AuthID = b.inbox.SMS.Number, b.inbox.SMS.AuthID
	b.update(func(tx *db.Tx) error { return tx.PutInbox(twin) })
	b.person(1, nil)
	c := b.schedule(nil)
	item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: twin.ID, Cause: liadesk.CauseReply, Phone: number(1), Text: "hello", CreatedAt: b.clock.Now()}
	b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
	restore := backup()
	b.step(1) // the answer goes out, and the campaign would
	b.clock.Advance(2 * time.Minute)
	restore()
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	b.work()
	b.tick()
	b.work()
	if p := b.progress(c.ID); len(b.carrier.taken) != 1 || p.Unconfirmed != 1 || p.Accepted+p.Sent != 0 {
		t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
	}
}

// A backup that was made while sending was held, or released: what it knows of
// the hold is as old as it is.
func TestARestoreHoldsAnewWhatWasHeldBefore(t *testing.T) {
	b := newBench(t)
	b.update(func(tx *db.Tx) error {
		return errors.Join(tx.SetHeld(db.Held{Reason: db.HeldAddress, Address: "https://old.example", At: b.clock.Now()}), tx.SetReleasing())
	})
	b.clock.Advance(time.Hour)
	restored := b.clock.Now()
	b.update(func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: restored}) })
	b.clock.Advance(time.Hour)
	b.update(func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldAddress, At: b.clock.Now()}) })
	h, held, err := b.svc.Held(t.Context())
	if err != nil || !held || h.Releasing || h.Reason != db.HeldAddress || h.Address != "https://old.example" || !h.At.Equal(restored) {
		t.Errorf("%+v, %v, %v", h, held, err)
	}
}

package sms

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

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

func TestAReplacementIsRefusedOnceTheOtherIsThrough(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(1, nil)
	old := b.schedule(nil)
	c, err := b.svc.Replace(t.Context(), b.admin, old.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.due()
	b.work()
	if got := b.campaign(old.ID); got.Status != liadesk.SMSCompleted {
		t.Fatalf("the other is %s", got.Status)
	}
	_, err = b.svc.Schedule(t.Context(), b.admin, c.ID, When{ScheduledAt: b.clock.Now().Add(time.Hour)})
	if !slices.Equal(codesOf(err), []string{"already_sending"}) {
		t.Errorf("both go out: %v", err)
	}
}

// A confirmation that came three days late would be one more text to somebody
// who asked for none.
func TestWhatWaitedTooLongInTheOutboxIsNotSentAnyMore(t *testing.T) {
	b := newBench(t)
	for cause, keeps := range map[liadesk.Cause]time.Duration{
		liadesk.CauseConfirmation: 5 * time.Minute, liadesk.CauseTest: time.Hour, liadesk.CauseReply: 24 * time.Hour,
	} {
		for _, late := range []time.Duration{0, time.Second} {
			sent := len(b.carrier.taken)
			item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: b.inbox.ID, Cause: cause, Phone: number(1), Text: "hello", CreatedAt: b.clock.Now()}
			b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
			b.clock.Advance(keeps + late)
			b.work()
			if got := len(b.carrier.taken) - sent; got != map[bool]int{true: 1}[late == 0] {
				t.Errorf("%s after %s: %d texts", cause, keeps+late, got)
			}
			if waits := b.outbox(); len(waits) > 0 {
				t.Errorf("%s after %s: %v waits", cause, keeps+late, waits)
			}
		}
	}
}

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

// The hold is the number's, not the record's: whoever has it now is held.
func TestAHoldOutlivesTheContactThatHadIt(t *testing.T) {
	b := newBench(t)
	b.often()
	first := b.person(0, nil)
	b.person(1, nil)
	b.sends(nil)
	if err := b.text(number(0), "please stop texting me"); err != nil {
		t.Fatal(err)
	}
	if err := b.people.Delete(t.Context(), b.admin, first.ID); err != nil {
		t.Fatal(err)
	}
	again := b.person(0, nil)
	if p := b.progress(b.sends(nil).ID); p.Skipped[liadesk.SkipHeld] != 1 || p.Taken() != 1 {
		t.Errorf("as a new contact: %+v", p)
	}
	// A record of before the hold, as an import's undo writes it back.
	if err := b.changes(0, func(c *liadesk.Contact) { c.Held = nil }); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(b.sends(nil).ID); p.Skipped[liadesk.SkipHeld] != 1 || p.Taken() != 1 {
		t.Errorf("as it was before: %+v", p)
	}
	if err := b.people.DecideHold(t.Context(), b.admin, number(0), liadesk.VerdictKeep); err != nil {
		t.Fatal(err)
	}
	// A record of during the hold, written back after the decision.
	if err := b.changes(0, func(c *liadesk.Contact) { c.Held = &liadesk.Hold{Number: number(0), At: again.CreatedAt} }); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(b.sends(nil).ID); p.Taken() != 2 {
		t.Errorf("once it is decided: %+v", p)
	}
}

// The inbox was deleted while an answer was posted that the carrier did not
// take: its message would say "sending" for ever.
func TestAnAnswerThatIsNotTakenWhileItsInboxGoesSaysThatItFailed(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	if err := b.text(number(1), "Are you open?"); err != nil {
		t.Fatal(err)
	}
	talks, _, err := b.talk.List(t.Context(), b.admin, conversations.Filter{}, db.Page{})
	if err != nil || len(talks) != 1 {
		t.Fatalf("%+v, %v", talks, err)
	}
	m, err := b.talk.Reply(t.Context(), b.admin, talks[0].ID, "Until six", "1")
	if err != nil {
		t.Fatal(err)
	}
	b.carrier.answer = func(Outgoing, func() string) (Receipt, error) {
		b.update(func(tx *db.Tx) error { return errors.Join(b.svc.OnInboxDelete(tx, b.inbox), tx.DeleteInbox(b.inbox)) })
		return Receipt{}, &SendError{Class: NotSent, Reason: ReasonNoConnection}
	}
	b.work()
	b.update(func(tx *db.Tx) (err error) {
		m, _, err = tx.Message(b.account.ID, talks[0].ID, m.ID)
		return err
	})
	if m.Delivery != liadesk.DeliveryFailed || m.ErrorCode != codeInboxGone {
		t.Errorf("it says %s %s", m.Delivery, m.ErrorCode)
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

func TestAReviewSaysThatTheOtherIsThroughAndWhatADraftLacks(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(1, func(c *liadesk.Contact) { c.Name = "Ana Lund" })
	old := b.schedule(nil)
	c, err := b.svc.Replace(t.Context(), b.admin, old.ID)
	if err != nil {
		t.Fatal(err)
	}
	in := InputOf(b.campaign(c.ID))
	in.ScheduledAt = b.clock.Now().Add(time.Hour)
	if _, err := b.svc.Update(t.Context(), b.admin, c.ID, in); err != nil {
		t.Fatal(err)
	}
	if r, err := b.svc.Review(t.Context(), b.admin, c.ID, 0); err != nil || r.Problems != nil {
		t.Errorf("while it can be replaced: %v, %v", r.Problems, err)
	}
	b.due()
	b.work()
	if r, err := b.svc.Review(t.Context(), b.admin, c.ID, 0); err != nil || !slices.Equal(codesOf(r.Problems), []string{"replaces:already_sending"}) {
		t.Errorf("once it is through: %v, %v", r.Problems, err)
	}

	b.account.Settings.Footer, b.account.Settings.Introduce = "Reply STOP to opt out", true
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	empty, err := b.svc.Create(t.Context(), b.admin, Input{Title: "x", InboxID: b.inbox.ID, Draft: true, Unfinished: true})
	if err != nil {
		t.Fatal(err)
	}
	if p, found, err := b.svc.Preview(t.Context(), b.admin, empty.ID, "Ana"); err != nil || !found || p.Meant || p.Text != "" {
		t.Errorf("a person sought for no audience: %+v, %v, %v", p, found, err)
	}
	if _, err := b.svc.SendTest(t.Context(), b.admin, empty.ID, number(9), liadesk.ID{}); !slices.Equal(codesOf(err), []string{"message:required"}) {
		t.Errorf("a footer alone is sent: %v", err)
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

// A program may name an instant far away. It is not due before.
func TestACampaignOfAnotherAgeWaits(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	far := b.schedule(func(in *Input) { in.ScheduledAt = time.Date(9998, 12, 31, 23, 0, 0, 0, time.UTC) })
	b.update(func(tx *db.Tx) error {
		due, err := tx.SMSCampaignsDue(b.account.ID, liadesk.SMSScheduled, b.clock.Now())
		if len(due) > 0 {
			t.Error("it is due")
		}
		return err
	})
	b.due()
	if got := b.campaign(far.ID); got.Status != liadesk.SMSScheduled || got.Frozen {
		t.Errorf("%s, frozen %v", got.Status, got.Frozen)
	}
	if _, err := b.svc.Create(t.Context(), b.admin, Input{Title: "x", Message: "x", InboxID: b.inbox.ID, Audience: liadesk.Rule{Tag: "vip"},
		ScheduledAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}); !slices.Equal(codesOf(err), []string{"scheduled_at:too_far"}) {
		t.Errorf("beyond all ages: %v", err)
	}
}

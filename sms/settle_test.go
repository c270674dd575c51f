package sms

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/liadesk"
)

// onFile is a bench whose database can be backed up and put back.
func onFile(t *testing.T) (b *bench, backup func() (restore func())) {
	t.Helper()
	folder := t.TempDir()
	open := func(name string) *db.Store {
		engine, err := bolt.Open(filepath.Join(folder, name), bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		store, err := db.New(t.Context(), engine)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}
	clock := clockwork.NewFakeClockAt(noon)
	b = benchOn(t, open("campaigns.db"), clock, liadesk.RandomIDs(clock.Now))
	return b, func() func() {
		f, err := os.Create(filepath.Join(folder, "backup"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.store.Backup(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return func() {
			b.open(open("backup"))
			b.update(func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: clock.Now()}) })
		}
	}
}

func (b *bench) step(n int) {
	b.t.Helper()
	for range n {
		_, wait, err := b.svc.Step(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		b.clock.Advance(wait)
	}
}

// slow makes the inbox send one text a second.
func (b *bench) slow() {
	b.inbox.SMS.MessagesPerSecond = 1
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
}

func TestARestoredDatabaseTextsNobodyASecondTime(t *testing.T) {
	b, backup := onFile(t)
	b.often()
	b.slow()
	for i := range 30 {
		b.person(i, nil)
	}
	first := b.schedule(nil)
	b.due()
	b.step(10)
	later := b.schedule(func(in *Input) { // goes out whole after the backup, and to people of the first one
		in.Title, in.Message, in.ScheduledAt = "Later", "later", b.clock.Now().Add(10*time.Minute)
	})
	sent := len(b.carrier.taken)
	if sent < 5 || sent > 12 {
		t.Fatalf("%d texts before the backup", sent)
	}
	restore := backup()
	b.work()
	b.clock.Advance(10 * time.Minute)
	b.tick()
	b.work()
	if len(b.carrier.taken) != 60 {
		t.Fatalf("%d texts after all was sent", len(b.carrier.taken))
	}

	restore()
	b.tick()
	b.step(5)
	if len(b.carrier.asked) != 60 || b.campaign(later.ID).Status != liadesk.SMSScheduled {
		t.Fatal("a restored database sends before it is released")
	}
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.tick()
		b.work()
	}
	if len(b.carrier.asked) != 60 {
		t.Errorf("%d texts were sent again", len(b.carrier.asked)-60)
	}
	for _, id := range []liadesk.ID{first.ID, later.ID} {
		if p, c := b.progress(id), b.campaign(id); p.Sent+p.Accepted != 30 || c.Status != liadesk.SMSCompleted {
			t.Errorf("%s is %s: %+v", c.Title, c.Status, p)
		}
	}
	rows, _, err := b.svc.Deliveries(t.Context(), b.admin, later.ID, RecipientFilter{}, db.Page{})
	if err != nil || rows[0].Evidence != liadesk.EvidenceList || rows[0].CarrierID == "" {
		t.Errorf("the evidence is %+v, %v", rows[0], err)
	}
}

func TestWhatTheListLeavesOpenIsLeftToAPerson(t *testing.T) {
	b, backup := onFile(t)
	b.slow()
	b.person(1, nil)
	one := b.schedule(nil)
	two := b.schedule(func(in *Input) { in.Message = "the other" })
	restore := backup()
	b.clock.Advance(time.Minute)
	b.tick()
	b.step(1) // one of the two goes out
	if len(b.carrier.taken) != 1 {
		t.Fatalf("%d texts", len(b.carrier.taken))
	}
	restore()
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	b.tick()
	b.work()
	if len(b.carrier.taken) != 1 {
		t.Error("a text was sent although it may have been sent before")
	}
	if p, q := b.progress(one.ID), b.progress(two.ID); p.Unconfirmed != 1 || q.Unconfirmed != 1 {
		t.Errorf("progress %+v and %+v", p, q)
	}
}

func TestAnInboxWhoseListCannotBeReadStaysPausedUntilItCan(t *testing.T) {
	b, backup := onFile(t)
	b.slow()
	for i := range 5 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	b.step(2)
	restore := backup()
	b.work()
	restore()
	b.carrier.lists = func(ListQuery) (ListPage, error) {
		return ListPage{}, &SendError{Class: Unknown, Reason: ReasonServer}
	}
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	if got := b.campaign(c.ID); got.Status != liadesk.SMSPaused || got.Reason != liadesk.PauseRestored {
		t.Fatalf("the campaign is %s %s", got.Status, got.Reason)
	}
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); !errors.Is(err, ErrCarrierList) {
		t.Errorf("resuming without a list: %v", err)
	}
	b.carrier.lists = nil
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.work()
	if p := b.progress(c.ID); len(b.carrier.taken) != 5 || p.Sent+p.Accepted != 5 {
		t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
	}
}

func TestAReportOnATextThatTheBackupDoesNotKnowIsHeldAgainstThoseWhoWait(t *testing.T) {
	b, backup := onFile(t)
	b.slow()
	b.person(1, nil)
	b.person(2, nil)
	c := b.schedule(nil)
	b.due()
	b.step(1)
	restore := backup()
	b.work()
	restore()
	if err := b.report(1, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Delivered != 1 || p.Pending != 0 {
		t.Errorf("progress %+v", p)
	}
}

func TestALateReportOnATextThatTheListHasGivenAwayCounts(t *testing.T) {
	b, backup := onFile(t)
	b.slow()
	b.person(1, nil)
	b.person(2, nil)
	c := b.schedule(nil)
	b.due()
	b.step(1)
	restore := backup()
	b.work() // under an attempt that the backup does not know
	restore()
	if err := b.svc.Release(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	for _, status := range []string{"sent", "delivered", "delivered"} {
		if err := b.report(1, status, "", 3); err != nil {
			t.Fatal(err)
		}
	}
	b.carrier.taken[0].CallbackURL = b.carrier.taken[1].CallbackURL
	if err := b.report(0, "failed", "30", 4); err != nil { // of a text that has an attempt of its own
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Delivered != 1 || p.Failed != 0 || *p.Targeted != 2 || p.Delivered+p.Sent+p.Accepted+p.Unconfirmed != 2 {
		t.Errorf("progress %+v", p)
	}
}

func TestResumingACampaignThatIsHeldReleasesSending(t *testing.T) {
	b, backup := onFile(t)
	b.person(1, nil)
	c := b.schedule(nil)
	restore := backup()
	restore()
	b.due()
	if b.work(); len(b.carrier.asked) != 0 {
		t.Fatal("held sending sends")
	}
	agent := liadesk.Actor{Account: b.account.ID, Role: liadesk.RoleAgent, Plan: liadesk.PlanGrowth, Inbox: []liadesk.ID{b.inbox.ID}}
	if _, err := b.svc.Resume(t.Context(), agent, c.ID); liadesk.KindOf(err) != liadesk.KindForbidden {
		t.Errorf("an agent releases: %v", err)
	}
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, held, err := b.svc.Held(t.Context()); held || err != nil {
		t.Fatal("sending is still held", err)
	}
	b.tick()
	if b.work(); len(b.carrier.taken) != 1 {
		t.Errorf("%d texts", len(b.carrier.taken))
	}
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); !errors.Is(err, ErrStatus) {
		t.Errorf("what is not held is resumed: %v", err)
	}
}

func TestACampaignPausedByHandBeforeARestoreNeedsOneResume(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	if _, err := b.svc.Pause(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: b.clock.Now()}) })
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Errorf("after one resume: %+v", p)
	}
}

// TestACampaignPausedByHandIsHeldAgainstTheListToo: its own pause is no reason
// to text those again whom it reached after the backup was made.
func TestACampaignPausedByHandIsHeldAgainstTheListToo(t *testing.T) {
	b, backup := onFile(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	if _, err := b.svc.Pause(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	restore := backup()
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.work()
	restore()
	b.carrier.lists = func(ListQuery) (ListPage, error) {
		return ListPage{}, &SendError{Class: Refused, Reason: ReasonUnauthorised, Status: 401}
	}
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); !errors.Is(err, ErrCarrierList) {
		t.Fatalf("resumed although the list cannot be read: %v", err)
	}
	b.carrier.lists = nil
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.work()
	if times := b.carrier.times()[number(1)]; times != 1 {
		t.Errorf("texted %d times", times)
	}
	if p := b.progress(c.ID); p.Taken() != 1 {
		t.Errorf("%+v", p)
	}
}

func TestAnUncertainTextIsNeverSentAgainAndAReportSettlesIt(t *testing.T) {
	b := newBench(t)
	for i := range 4 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	b.carrier.answer = func(_ Outgoing, take func() string) (Receipt, error) {
		take() // and then nobody hears of it
		return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
	}
	b.step(4)
	if p := b.progress(c.ID); p.Unconfirmed != 4 {
		t.Fatalf("progress %+v", p)
	}
	b.carrier.answer = nil
	b.restart()
	b.work()
	if len(b.carrier.taken) != 4 {
		t.Fatal("an uncertain text was sent again")
	}
	if got := b.campaign(c.ID); got.Status != liadesk.SMSCompleted {
		t.Errorf("uncertain texts hold the campaign back: %s", got.Status)
	}
	for i := range 4 {
		if err := b.report(i, "sent", "", 2); err != nil {
			t.Fatal(err)
		}
	}
	if p := b.progress(c.ID); p.Sent != 4 || p.Cost != 4*3500 {
		t.Errorf("progress %+v", p)
	}
}

func TestTheTicksFinishAReleaseThatAPersonBegan(t *testing.T) {
	b, backup := onFile(t)
	b.slow()
	for i := range 4 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	b.step(1)
	restore := backup()
	b.work()
	restore()
	b.update((*db.Tx).SetReleasing) // and then the power went
	b.restart()
	b.tick()
	if _, held, err := b.svc.Held(t.Context()); held || err != nil {
		t.Fatal("sending is still held", err)
	}
	b.work()
	if p := b.progress(c.ID); len(b.carrier.taken) != 4 || p.Sent+p.Accepted != 4 {
		t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
	}
}

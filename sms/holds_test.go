package sms

import (
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestWhoMayHaveAskedForNoMoreTextsGetsNoMarketingUntilAPersonDecides(t *testing.T) {
	b := newBench(t)
	b.often()
	for i := range 3 {
		b.person(i, nil)
	}
	first := b.sends(nil)
	if err := b.text(number(0), "please stop texting me"); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(first.ID); p.Replies != 0 || p.OptOuts != 0 {
		t.Errorf("it counts as %d replies and %d opt-outs", p.Replies, p.OptOuts)
	}
	second := b.sends(nil)
	if p := b.progress(second.ID); p.Skipped[liadesk.SkipHeld] != 1 || p.Taken() != 2 {
		t.Errorf("the next campaign: %+v", p)
	}
	if p := b.progress(b.sends(func(in *Input) { in.Purpose = liadesk.PurposeTransactional }).ID); p.Taken() != 3 {
		t.Errorf("a transactional one: %+v", p)
	}
	holds, err := b.people.Holds(t.Context(), b.admin)
	if err != nil || len(holds) != 1 || holds[0].Text != "please stop texting me" || holds[0].CampaignID != first.ID {
		t.Fatalf("held: %+v, %v", holds, err)
	}
	stranger := b.admin
	stranger.Account = b.options.IDs()
	if err := b.people.DecideHold(t.Context(), stranger, number(0), liadesk.VerdictKeep); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("another account decides: %v", err)
	}
	if err := b.people.DecideHold(t.Context(), b.admin, number(0), liadesk.VerdictKeep); err != nil {
		t.Fatal(err)
	}
	if err := b.people.DecideHold(t.Context(), b.admin, number(0), liadesk.VerdictOptOut); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("a second decision: %v", err)
	}
	if p := b.progress(b.sends(nil).ID); p.Taken() != 3 {
		t.Errorf("after the decision: %+v", p)
	}
}

func TestATextThatIsClaimedDoesNotGoToWhoIsHeldMeanwhile(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	c := b.schedule(nil)
	b.due()
	b.carrier.before = func(Outgoing) { t.Error("posted to somebody who asked for no more") }
	jobs, _, err := b.svc.dispatch(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d claims, %v", len(jobs), err)
	}
	if err := b.text(number(0), "wrong number"); err != nil {
		t.Fatal(err)
	}
	if err := b.svc.record(t.Context(), []result{b.svc.post(t.Context(), jobs[0])}); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Skipped[liadesk.SkipHeld] != 1 {
		t.Errorf("%+v", p)
	}
	if err := b.people.DecideHold(t.Context(), b.admin, number(0), liadesk.VerdictWrongNumber); err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *db.Tx) error {
		p, _, err := tx.ContactByPhone(b.account.ID, number(0))
		_, out, _ := tx.OptOutOf(b.account.ID, number(0))
		if p.BadNumber != contacts.WrongNumber || !out || p.Held != nil {
			t.Errorf("decided: %+v, opted out %v", p, out)
		}
		return err
	})
}

func TestAKeywordDecidesWhatWasHeld(t *testing.T) {
	for word, out := range map[string]bool{"STOP": true, "START": false} {
		b := newBench(t)
		b.person(0, nil)
		for _, text := range []string{"please stop", "please stop, I said", word} {
			if err := b.text(number(0), text); err != nil {
				t.Fatal(err)
			}
		}
		holds, err := b.people.Holds(t.Context(), b.admin)
		if err != nil || len(holds) != 0 {
			t.Errorf("after %s: %+v, %v", word, holds, err)
		}
		b.update(func(tx *db.Tx) error {
			p, _, err := tx.ContactByPhone(b.account.ID, number(0))
			if _, is, _ := tx.OptOutOf(b.account.ID, number(0)); is != out || p.IsHeld() {
				t.Errorf("after %s: opted out %v, %+v", word, is, p.Held)
			}
			return err
		})
	}
}

// A held text is neither reply nor opt-out until a person has read it; then it
// counts as what it was, from when it came.
func TestWhatAPersonReadsInAHeldTextCounts(t *testing.T) {
	b := newBench(t)
	b.often()
	for i := range 4 {
		b.person(i, nil)
	}
	c := b.sends(nil)
	for i := range 3 {
		if err := b.text(number(i), "please stop texting me"); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.Advance(time.Hour)
	for i, v := range []liadesk.Verdict{liadesk.VerdictOptOut, liadesk.VerdictKeep, liadesk.VerdictWrongNumber} {
		if err := b.people.DecideHold(t.Context(), b.admin, number(i), v); err != nil {
			t.Fatal(err)
		}
	}
	if p := b.progress(c.ID); p.OptOuts != 1 || p.Replies != 1 {
		t.Errorf("%d opt-outs and %d replies", p.OptOuts, p.Replies)
	}
	// A "wrong number" that was pressed by mistake is taken back whole.
	if err := b.people.RemoveOptOut(t.Context(), b.admin, number(2), contacts.SourceTeam, "it is hers"); err != nil {
		t.Fatal(err)
	}
	b.update(func(tx *db.Tx) error {
		c, _, err := tx.ContactByPhone(b.account.ID, number(2))
		if c.BadNumber != "" {
			t.Errorf("her number is still %s", c.BadNumber)
		}
		return err
	})
	// STOP after the decision changes nothing more, nor does a complaint.
	for _, text := range []string{"STOP", "stop texting me!!"} {
		if err := b.text(number(0), text); err != nil {
			t.Fatal(err)
		}
	}
	if p := b.progress(c.ID); p.OptOuts != 1 || p.Replies != 1 {
		t.Errorf("after a complaint: %d opt-outs and %d replies", p.OptOuts, p.Replies)
	}
	if err := b.people.DecideHold(t.Context(), b.admin, strings.Repeat("1", 2000), liadesk.VerdictKeep); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("a number that is none: %v", err)
	}
}

// "Welcome back. You will get our texts again" is to be true.
func TestWhoTextsFromADeadNumberIsAlive(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(0, func(c *liadesk.Contact) { c.BadNumber = "70" })
	b.person(1, func(c *liadesk.Contact) { c.BadNumber = contacts.WrongNumber })
	b.person(2, func(c *liadesk.Contact) { c.BadNumber = contacts.WrongNumber })
	for i, text := range []string{"hello?", "START", "hello?"} {
		if err := b.text(number(i), text); err != nil {
			t.Fatal(err)
		}
	}
	b.work()
	sent := len(b.carrier.taken)
	if p := b.progress(b.sends(nil).ID); p.Taken() != 2 || p.SkippedTotal() != 1 || len(b.carrier.taken) != sent+2 {
		t.Errorf("%+v", p)
	}
}

// The carrier repeats that it blocked a text, minutes after its person opted in
// again.
func TestAnOldBlockDoesNotOverruleANewStart(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(0, nil)
	b.sends(nil)
	for _, text := range []string{"STOP", "START"} {
		b.clock.Advance(time.Second)
		if err := b.text(number(0), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.report(0, "failed", "200", 3); err != nil {
		t.Fatal(err)
	}
	if b.optedOut(number(0)) {
		t.Error("opted out again, behind a person's back")
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

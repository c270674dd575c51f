package contacts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func TestDuplicatesBecomeOneContactAndNothingIsTakenAway(t *testing.T) {
	d := open(t)
	ana := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101", Tags: []string{"old"}, Attributes: map[string]string{"shoe": "38", "hat": "M"}})
	mail := d.create(contacts.Input{Name: "Mail only", Email: "Mail@example.org"})
	d.create(contacts.Input{Name: "Info 1", Email: "info@shop.example"})
	d.create(contacts.Input{Name: "Info 2", Email: "info@shop.example"})
	if _, err := d.Update(t.Context(), d.admin, ana.ID, contacts.Patch{Consent: &contacts.ConsentInput{Source: "said no"}}); err != nil {
		t.Fatal(err)
	}
	im := d.imported("name,phone,email,tags,shoe\n"+
		"Ana María,212 555 0101,,new,39\n"+ // an existing number
		",+12125550102,x@example.org,,\n"+ // new
		"Xavier,+1 (212) 555-0102,,late,\n"+ // the same number again
		"Found,+12125550103,mail@example.org,,\n"+ // e-mail of a contact without a number
		"Shared,,info@shop.example,,\n", // whose?
		func(o *liadesk.ImportOptions) {
			o.Tags, o.Consent, o.ConsentSource = []string{"Fair"}, true, "paper list at the fair"
		})
	want := []string{"Ana María|+12125550101||fair,new,old", "Found|+12125550103|mail@example.org|fair", "Info 1||info@shop.example|",
		"Info 2||info@shop.example|", "Xavier|+12125550102|x@example.org|fair,late"}
	if diff := cmp.Diff(want, d.people()); diff != "" || figures(im) != "completed 5 = 1 + 3 + 1" {
		t.Errorf("%s: %s", figures(im), diff)
	}
	got := d.contact(ana.ID)
	if got.Attributes["shoe"] != "39" || got.Attributes["hat"] != "M" {
		t.Errorf("attributes %v", got.Attributes)
	}
	if got.Consent.State != liadesk.ConsentRefused {
		t.Error("a file overruled what Ana said herself")
	}
	if c := d.contact(mail.ID).Consent; c.State != liadesk.ConsentGranted || c.Source != "paper list at the fair" {
		t.Errorf("consent %+v", c)
	}
	if !slices.Equal(d.errorsOf(im.ID), []string{"6/email/info@shop.example/email_shared"}) {
		t.Error(d.errorsOf(im.ID))
	}
	// The same file again changes the same contacts and adds none.
	if im := d.imported("phone\n+12125550101\n+12125550102\n"); figures(im) != "completed 2 = 0 + 2 + 0" {
		t.Error(figures(im))
	}
}

// countingCtx ends after so many looks at it, which is between two transactions.
type countingCtx struct {
	context.Context
	left atomic.Int64
}

func (c *countingCtx) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestAnImportStoppedAnywhereGoesOnWithoutDoubling(t *testing.T) {
	var b strings.Builder
	b.WriteString("name,phone,note\n")
	for i := range 6300 {
		fmt.Fprintf(&b, "\"P\n%d\",+1212555%04d,x\n", i, 100+i%50) // 50 numbers, mostly duplicates
		if i%100 == 0 {
			b.WriteString("bad,4.4E+11,\n")
		}
	}
	whole := open(t)
	want := whole.imported(b.String())
	wantPeople := whole.people()
	wantErrors := whole.errorsOf(want.ID)

	d := open(t)
	im := d.upload(b.String())
	if _, err := d.StartImport(t.Context(), d.admin, im.ID, nil); err != nil {
		t.Fatal(err)
	}
	stops := 0
	for {
		// Each round a fresh room, as after a crash, gets one look further.
		fresh := contacts.New(d.store, d.clock, liadesk.RandomIDs(d.clock.Now))
		ctx := &countingCtx{Context: t.Context()}
		ctx.left.Store(int64(8 + stops%5))
		if err := fresh.Tick(ctx); err == nil {
			break
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if stops++; stops > 500 {
			t.Fatal("it makes no progress")
		}
	}
	if stops < 3 {
		t.Errorf("it was stopped only %d times", stops)
	}
	got := d.finish(im.ID)
	if figures(got) != figures(want) {
		t.Errorf("%s, want %s", figures(got), figures(want))
	}
	if diff := cmp.Diff(wantPeople, d.people()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantErrors, d.errorsOf(im.ID)); diff != "" {
		t.Error(diff)
	}
	// The file itself is gone.
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		part, err := tx.ImportPart(d.account.ID, im.ID, 0)
		if part != nil {
			t.Error("the uploaded file was kept")
		}
		due, err2 := tx.ImportsDue(d.account.ID, 10)
		if len(due) != 0 {
			t.Error("it is still listed as work")
		}
		return errors.Join(err, err2)
	})
}

func TestUndoTakesBackWhatNobodyHasWorkedOnSince(t *testing.T) {
	d := open(t)
	ana := d.create(contacts.Input{Name: "Ana", Phone: "+12125550101", Tags: []string{"old"}})
	bob := d.create(contacts.Input{Name: "Bob", Phone: "+12125550102"})
	before := d.people()
	im := d.imported("name,phone\nAna changed,+12125550101\nBob changed,+12125550102\nNew,+12125550103\nNew again,+12125550103\nEdited,+12125550104\nTexted,+12125550105\n",
		func(o *liadesk.ImportOptions) {
			o.Tags, o.Consent, o.ConsentSource = []string{"fair"}, true, "list"
		})
	if _, err := d.Update(t.Context(), d.agent, bob.ID, contacts.Patch{Email: ptr("bob@example.org")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range d.mustList("Edited") {
		if _, err := d.Update(t.Context(), d.agent, c.ID, contacts.Patch{Email: ptr("e@example.org")}); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return tx.PutDelivery(d.account.ID, liadesk.Delivery{}, liadesk.Delivery{CampaignID: liadesk.ID{0: 1, 1: 3}, Phone: "+12125550105", StartedAt: dbtest.Now})
	})
	d.clock.Advance(time.Hour)
	if _, err := d.UndoImport(t.Context(), d.other, im.ID); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("another account: %v", err)
	}
	for range 2 { // asked twice
		if _, err := d.UndoImport(t.Context(), d.admin, im.ID); err != nil {
			t.Fatal(err)
		}
	}
	got := d.finish(im.ID)
	if got.State != liadesk.ImportUndone || got.Removed != 1 || got.Restored != 1 || got.Kept != 3 {
		t.Errorf("%s: removed %d, restored %d, kept %d", got.State, got.Removed, got.Restored, got.Kept)
	}
	want := append(slices.Clone(before), "Edited|+12125550104|e@example.org|fair", "Texted|+12125550105||fair")
	want[1] = "Bob changed|+12125550102|bob@example.org|fair"
	if diff := cmp.Diff(want, d.people()); diff != "" {
		t.Error(diff)
	}
	kept, err := d.ImportKept(t.Context(), d.admin, im.ID, 10)
	var reasons []string
	for _, k := range kept {
		reasons = append(reasons, fmt.Sprint(k.Row, " ", k.Label, " ", k.Reason))
	}
	if diff := cmp.Diff([]string{"3 Bob changed changed", "6 Edited changed", "7 Texted in_touch"}, reasons); diff != "" || err != nil {
		t.Error(diff, err)
	}
	history, err := d.ConsentHistory(t.Context(), d.admin, ana.ID)
	if err != nil || len(history) != 2 || history[0].Consent.State != liadesk.ConsentUnknown || history[0].Consent.Source != contacts.SourceUndo {
		t.Errorf("history %+v, %v", history, err)
	}
	if n := len(d.set(db.SetConsent)); n != 3 {
		t.Errorf("%d have consent", n)
	}
}

func (d *desk) mustList(text string) []contacts.View {
	d.t.Helper()
	page, err := d.List(d.t.Context(), d.admin, contacts.Query{Text: text})
	if err != nil {
		d.t.Fatal(err)
	}
	return page.Items
}

func TestUndoneImportsGoBackStepByStep(t *testing.T) {
	d := open(t)
	first := d.imported("name,phone\nAna,+12125550101\n")
	second := d.imported("name,phone\nAnna,+12125550101\n")
	undo := func(im liadesk.Import) liadesk.Import {
		if _, err := d.UndoImport(t.Context(), d.admin, im.ID); err != nil {
			t.Fatal(err)
		}
		return d.finish(im.ID)
	}
	if got := undo(second); got.Restored != 1 || d.people()[0] != "Ana|+12125550101||" {
		t.Errorf("restored %d: %v", got.Restored, d.people())
	}
	if got := undo(first); got.Removed != 1 || len(d.people()) != 0 {
		t.Errorf("removed %d: %v", got.Removed, d.people())
	}
}

func TestAbandonedFilesAreThrownAway(t *testing.T) {
	d := open(t)
	im := d.upload("name\nAna\n")
	d.finish(im.ID)
	d.clock.Advance(25 * time.Hour)
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Import(t.Context(), d.admin, im.ID); !errors.Is(err, liadesk.ErrNotFound) {
		t.Error(err)
	}
}

func TestAFileWithoutEndOfTagsDoesNotFillTheAccount(t *testing.T) {
	d := open(t)
	var b strings.Builder
	b.WriteString("name,tags\n")
	for i := range db.MaxTags + 5 {
		fmt.Fprintf(&b, "P,t%d\n", i)
	}
	if im := d.imported(b.String()); im.Created != db.MaxTags || im.Rejected != 5 {
		t.Error(figures(im))
	}
}

// The file gave somebody a number, they were texted there and answered: that is
// no longer the file's to take back, and when they were last heard of never was.
func TestUndoLeavesWhatThePersonDidSince(t *testing.T) {
	d := open(t)
	ana := d.create(contacts.Input{Name: "Ana", Email: "ana@example.org"})
	bob := d.create(contacts.Input{Name: "Bob", Email: "bob@example.org"})
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		c, _, err := tx.Contact(d.account.ID, bob.ID)
		old := c
		c.BadNumber = "50"
		return errors.Join(err, tx.PutContact(&old, &c))
	})
	im := d.imported("name,email,phone\nAna,ana@example.org,+12125550101\nBobby,bob@example.org,\n", func(o *liadesk.ImportOptions) {})
	d.clock.Advance(time.Hour)
	heard := d.clock.Now().UTC()
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		for _, id := range []liadesk.ID{ana.ID, bob.ID} {
			c, _, err := tx.Contact(d.account.ID, id)
			if err != nil {
				return err
			}
			old := c
			c.LastSeenAt, c.LastRepliedAt, c.BadNumber = heard, heard, "" // it was "50"
			if err := tx.PutContact(&old, &c); err != nil {
				return err
			}
		}
		return nil
	})
	if _, err := d.UndoImport(t.Context(), d.admin, im.ID); err != nil {
		t.Fatal(err)
	}
	if got := d.finish(im.ID); got.Restored != 1 || got.Kept != 1 {
		t.Errorf("restored %d, kept %d", got.Restored, got.Kept)
	}
	if c := d.contact(ana.ID); c.Phone != "+12125550101" {
		t.Errorf("Ana's number is %q", c.Phone)
	}
	if c := d.contact(bob.ID); c.Name != "Bob" || c.BadNumber != "" || !c.LastRepliedAt.Equal(heard) || !c.LastSeenAt.Equal(heard) {
		t.Errorf("Bob is %s, heard of at %s and %s", c.Name, c.LastSeenAt, c.LastRepliedAt)
	}
}

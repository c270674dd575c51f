package sms

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func (b *bench) draft(change func(*Input)) liadesk.SMSCampaign {
	b.t.Helper()
	in := b.input()
	in.Draft, in.ScheduledAt = true, b.clock.Now().Add(time.Hour)
	if change != nil {
		change(&in)
	}
	c, err := b.svc.Create(b.t.Context(), b.admin, in)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func TestADraftKeepsItsTimeAndWaitsForAPerson(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.draft(nil)
	if c.Status != liadesk.SMSDraft || c.ScheduledAt.IsZero() {
		t.Fatalf("%+v", c)
	}
	b.clock.Advance(2 * time.Hour)
	b.tick()
	b.work()
	if len(b.carrier.asked) != 0 || b.campaign(c.ID).Status != liadesk.SMSDraft {
		t.Error("a draft was sent because it had a time")
	}
	var e *liadesk.Error
	if _, err := b.svc.Schedule(t.Context(), b.admin, c.ID, When{}); !errors.As(err, &e) || e.Fields[0].Code != "in_the_past" {
		t.Errorf("its time has passed: %v", err)
	}
	c, err := b.svc.Schedule(t.Context(), b.admin, c.ID, When{ScheduledAt: b.clock.Now().Add(time.Minute)})
	if err != nil || c.Status != liadesk.SMSScheduled {
		t.Errorf("%v %v", c.Status, err)
	}
}

func TestWhatWasNotReviewedIsNotScheduled(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.draft(nil)
	in := InputOf(c)
	in.Message = "Another text"
	if _, err := b.svc.Update(t.Context(), b.admin, c.ID, in); err != nil {
		t.Fatal(err)
	}
	if _, err := b.svc.Schedule(t.Context(), b.admin, c.ID, When{Version: c.Version}); !errors.Is(err, ErrChanged) {
		t.Errorf("err = %v", err)
	}
}

func TestTheReviewShowsRealPeopleAndWhoGetsItLater(t *testing.T) {
	b := newBench(t)
	b.person(1, func(c *liadesk.Contact) { c.Name = "Ana Lund" })
	b.person(2, func(c *liadesk.Contact) { c.Name = "Bo Ek" })
	b.person(3, func(c *liadesk.Contact) { c.Consent.State = liadesk.ConsentUnknown })
	// Seven in the evening in New York is one at night in Stockholm.
	c := b.draft(func(in *Input) {
		in.Message, in.ScheduledAt, in.Audience = "Hi {{ contact.first_name }}", noon.Add(7*time.Hour), liadesk.Rule{All: &[]liadesk.Rule{}}
	})
	seen := map[string]bool{}
	for n := range uint64(4) {
		r, err := b.svc.Review(t.Context(), b.admin, c.ID, n)
		if err != nil {
			t.Fatal(err)
		}
		if r.Problems != nil || r.Audience.Matched != 3 || r.Audience.Reachable != 2 || r.Outside != 2 || r.Never != 0 ||
			!r.FirstOpens.Equal(time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)) || r.Text != "Hi "+r.Sample.FirstName() {
			t.Errorf("%+v", r)
		}
		seen[r.Text] = true
	}
	if len(seen) != 2 {
		t.Errorf("samples: %v", seen)
	}
	if _, err := b.svc.Review(t.Context(), b.admin, b.schedule(nil).ID, 0); !errors.Is(err, ErrNotDraft) {
		t.Errorf("a scheduled campaign is reviewed: %v", err)
	}
}

func TestCheckWritesNothing(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	in := b.input()
	in.ScheduledAt = b.clock.Now().Add(time.Hour)
	if err := b.svc.Check(t.Context(), b.admin, in); err != nil {
		t.Error(err)
	}
	in.Title = ""
	if err := b.svc.Check(t.Context(), b.admin, in); liadesk.KindOf(err) != liadesk.KindInvalid {
		t.Errorf("err = %v", err)
	}
	if cards, _, err := b.svc.List(t.Context(), b.admin, db.Page{}); err != nil || len(cards) != 0 {
		t.Errorf("%d campaigns, %v", len(cards), err)
	}
}

func TestATextIsPreviewedAsAnybodyReadsIt(t *testing.T) {
	b := newBench(t)
	b.person(1, func(c *liadesk.Contact) { c.Name = "Ana Lund" })
	b.person(2, func(c *liadesk.Contact) { c.Name, c.Consent.State = "Ana Ek", liadesk.ConsentUnknown })
	b.person(3, func(c *liadesk.Contact) { c.Name, c.Tags = "Ana Berg", nil })
	b.person(4, func(c *liadesk.Contact) { c.Name, c.Consent.State = "Bo Ek", liadesk.ConsentUnknown })
	b.person(5, func(c *liadesk.Contact) { c.Name, c.Tags = "Cai Berg", nil })
	b.person(6, func(c *liadesk.Contact) { c.Name = "Dag Holm" })
	b.often()
	draft := func() liadesk.SMSCampaign {
		return b.draft(func(in *Input) { in.Message = "Hi {{ contact.first_name }}" })
	}
	c := draft()
	for query, want := range map[string]string{
		"ana":         "Ana Lund: Hi Ana, true ",
		"bo":          "Bo Ek: Hi Bo, true no_consent",
		"Cai":         "Cai Berg: Hi Cai, false ",
		number(6)[3:]: "Dag Holm: Hi Dag, true ",
		"nobody":      "",
	} {
		p, found, err := b.svc.Preview(t.Context(), b.admin, c.ID, query)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if found {
			got = fmt.Sprintf("%s: %s, %v %s", p.Person.Name, p.Text, p.Meant, p.LeftOut)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	// Who is texted meanwhile, and may get one text a day, gets this one no more.
	b.update(func(tx *db.Tx) error {
		b.account.Settings.TextsPerDay = 1
		return tx.PutAccount(b.account)
	})
	b.sends(nil)
	c = b.draft(func(in *Input) { in.ScheduledAt = b.clock.Now().Add(time.Hour) })
	if p, _, err := b.svc.Preview(t.Context(), b.admin, c.ID, "Dag"); err != nil || p.LeftOut != liadesk.SkipRecentlyTexted {
		t.Errorf("%+v, %v", p, err)
	}
}

// Whoever reviews is told when a marketing text says neither who writes nor how
// to stop.
func TestAReviewSaysWhatAMarketingTextLacks(t *testing.T) {
	for word := range waysOut {
		if ReadKeyword(word, liadesk.Settings{}, false) != KeywordOptOut {
			t.Errorf("%q is taken for a way out, and stops nothing", word)
		}
	}
	for _, c := range []struct {
		message, footer    string
		introduce          bool
		purpose            liadesk.Purpose
		nameless, noWayOut bool
	}{
		{"Sale!", "", false, liadesk.PurposeMarketing, true, true},
		{"The end of the season!", "", false, liadesk.PurposeMarketing, true, true},
		{"Sale at ACME!", "Reply STOP to opt out", false, liadesk.PurposeMarketing, false, false},
		{"Promoção! Responda SAIR.", "", true, liadesk.PurposeMarketing, false, false},
		{"Soldes! ARRÊT au 1234", "", true, liadesk.PurposeMarketing, false, false},
		{"Sale! {{ contact.opt_out_link }}", "", true, liadesk.PurposeMarketing, false, false},
		{"Your order is here.", "", false, liadesk.PurposeTransactional, false, false},
	} {
		b := newBench(t)
		b.account.Settings.Footer, b.account.Settings.Introduce = c.footer, c.introduce
		b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
		b.person(1, nil)
		draft := b.schedule(func(in *Input) { in.Message, in.Purpose, in.Draft = c.message, c.purpose, true })
		r, err := b.svc.Review(t.Context(), b.admin, draft.ID, 0)
		if err != nil || r.Nameless != c.nameless || r.NoWayOut != c.noWayOut {
			t.Errorf("%q: nameless %v, no way out %v, %v", c.message, r.Nameless, r.NoWayOut, err)
		}
	}
}

// A draft lay until its time was over. Its title may be mended; its time is asked
// for when it is scheduled.
func TestADraftWhoseTimeHasPassedCanBeChanged(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.draft(nil)
	b.clock.Advance(24 * time.Hour)
	in := InputOf(b.campaign(c.ID))
	in.Title = "Mended"
	if got, err := b.svc.Update(t.Context(), b.admin, c.ID, in); err != nil || got.Title != "Mended" {
		t.Errorf("%s, %v", got.Title, err)
	}
	if _, err := b.svc.Schedule(t.Context(), b.admin, c.ID, When{}); !slices.Equal(codesOf(err), []string{"scheduled_at:in_the_past"}) {
		t.Errorf("scheduled: %v", err)
	}
	own := b.draft(func(in *Input) {
		in.ScheduledAt, in.Schedule = time.Time{}, &LocalTime{Local: "2026-11-26T10:00", TimeZone: liadesk.RecipientZone}
		in.ExpiresAt = noon.AddDate(0, 0, 2)
	})
	b.clock.Advance(10 * 24 * time.Hour)
	mended := InputOf(b.campaign(own.ID))
	mended.Title = "Mended"
	if got, err := b.svc.Update(t.Context(), b.admin, own.ID, mended); err != nil || got.Title != "Mended" {
		t.Errorf("by recipients' clocks, with an end: %s, %v", got.Title, err)
	}
	in.ScheduledAt = in.ScheduledAt.Add(time.Hour) // another one that has passed
	if _, err := b.svc.Update(t.Context(), b.admin, c.ID, in); !slices.Equal(codesOf(err), []string{"scheduled_at:in_the_past"}) {
		t.Errorf("changed to another: %v", err)
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

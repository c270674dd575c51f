package sms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestWrongInputIsRefusedFieldByField(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	website := liadesk.Inbox{ID: b.options.IDs(), AccountID: b.account.ID, Kind: liadesk.InboxWebsite, Name: "Shop", Version: 1,
		Website: &liadesk.Website{Key: "k", Domains: []string{"shop.example"}}}
	b.update(func(tx *db.Tx) error { return tx.PutInbox(website) })
	for name, c := range map[string]struct {
		change func(*Input)
		want   []string
	}{
		"nothing": {func(in *Input) { *in = Input{} }, []string{"audience.rule:rule_empty", "inbox_id:required", "message:required", "title:required"}},
		"title":   {func(in *Input) { in.Title = strings.Repeat("a", 121) }, []string{"title:too_long"}},
		"variable": {func(in *Input) { in.Message = "Hi {{ contact.nonsense }}" },
			[]string{"message:template_variable"}},
		"too many segments": {func(in *Input) { in.Message = strings.Repeat("a", 1531) }, []string{"message:too_many_segments"}},
		"more than the carrier takes": {func(in *Input) { in.Message = strings.Repeat("漢", 246) },
			[]string{"message:too_many_bytes"}},
		"website":     {func(in *Input) { in.InboxID = website.ID }, []string{"inbox_id:not_sms"}},
		"other inbox": {func(in *Input) { in.InboxID = b.options.IDs() }, []string{"inbox_id:not_found"}},
		"purpose":     {func(in *Input) { in.Purpose = "spam" }, []string{"purpose:unknown"}},
		"past":        {func(in *Input) { in.ScheduledAt = noon.Add(-time.Millisecond) }, []string{"scheduled_at:in_the_past"}},
		"far": {func(in *Input) {
			in.ScheduledAt, in.Schedule = time.Time{}, &LocalTime{Local: "2031-11-24T10:00", TimeZone: "Europe/Stockholm"}
		}, []string{"schedule.local:too_far"}},
		"expiry first": {func(in *Input) { in.ExpiresAt = in.ScheduledAt }, []string{"expires_at:before_start"}},
		"two times": {func(in *Input) { in.Schedule = &LocalTime{Local: "2026-12-01T10:00", TimeZone: "Europe/Madrid"} },
			[]string{"schedule:two_times"}},
		"zone": {func(in *Input) {
			in.ScheduledAt, in.Schedule = time.Time{}, &LocalTime{Local: "2026-12-01T10:00", TimeZone: "Europe/Atlantis"}
		}, []string{"schedule.time_zone:unknown_zone"}},
		"local past": {func(in *Input) {
			in.ScheduledAt, in.Schedule = time.Time{}, &LocalTime{Local: "2026-11-01T10:00", TimeZone: "Europe/Madrid"}
		}, []string{"schedule.local:in_the_past"}},
		"nobody":      {func(in *Input) { in.Audience = liadesk.Rule{Any: &[]liadesk.Rule{}} }, []string{"audience.rule:nothing_reachable"}},
		"no such tag": {func(in *Input) { in.Audience = liadesk.Rule{Tag: "none"} }, []string{"audience.rule:nothing_reachable"}},
	} {
		in := b.input()
		c.change(&in)
		if _, err := b.svc.Create(t.Context(), b.admin, in); !slices.Equal(codesOf(err), c.want) {
			t.Errorf("%s: refused with %v, want %v", name, codesOf(err), c.want)
		}
	}
	cards, _, err := b.svc.List(t.Context(), b.admin, db.Page{})
	if err != nil || len(cards) != 0 {
		t.Errorf("refused input left %d campaigns, %v", len(cards), err)
	}
}

func TestTheMinuteThatAPersonChoseMayJustHavePassedAndMeansNow(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(func(in *Input) {
		in.ScheduledAt, in.Schedule = time.Time{}, &LocalTime{Local: "2026-11-24T11:59", TimeZone: "America/New_York"}
	})
	if !c.ScheduledAt.Equal(noon) || c.Status != liadesk.SMSScheduled {
		t.Errorf("%s at %s", c.Status, c.ScheduledAt)
	}
}

func TestALocalTimeThatTheClocksSkipIsTheNextInstantAndToldSo(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(func(in *Input) {
		in.ScheduledAt, in.Schedule = time.Time{}, &LocalTime{Local: "2027-03-14T02:30", TimeZone: "America/New_York"}
	})
	if want := time.Date(2027, 3, 14, 7, 0, 0, 0, time.UTC); !c.ScheduledAt.Equal(want) || !Shifted(c) {
		t.Errorf("at %s, shifted %v", c.ScheduledAt, Shifted(c))
	}
}

func TestTheFooterGoesUnderMarketingAndNotUnderOtherTexts(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	b.account.Settings.Footer = "Reply STOP to opt out"
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	b.schedule(nil)
	b.schedule(func(in *Input) { in.Purpose, in.Message = liadesk.PurposeTransactional, "Your parcel" })
	b.due()
	b.work()
	var texts []string
	for _, o := range b.carrier.taken {
		texts = append(texts, o.Text)
	}
	slices.Sort(texts)
	if want := []string{"Hi Person1, sale!\nReply STOP to opt out", "Your parcel"}; !slices.Equal(texts, want) {
		t.Errorf("texts %q", texts)
	}
	m, err := b.svc.Measure(t.Context(), b.admin, Wording{Message: "abc", Purpose: liadesk.PurposeMarketing})
	if err != nil || m.Units != 3+1+21 {
		t.Errorf("measured %+v, %v", m, err)
	}
}

func TestADraftIsChangedScheduledAndThenNoMore(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(func(in *Input) { in.ScheduledAt = time.Time{} })
	if c.Status != liadesk.SMSDraft {
		t.Fatalf("without a time it is %s", c.Status)
	}
	in := InputOf(c)
	in.Title, in.Version = "Spring sale", c.Version
	c, err := b.svc.Update(t.Context(), b.admin, c.ID, in)
	if err != nil || c.Title != "Spring sale" {
		t.Fatal(c.Title, err)
	}
	if _, err := b.svc.Update(t.Context(), b.admin, c.ID, in); err != nil {
		t.Errorf("a save over a change that is the same: %v", err)
	}
	in.Title, in.Fold = "Summer sale", true
	_, err = b.svc.Update(t.Context(), b.admin, c.ID, in)
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok {
		t.Fatalf("a save over another change: %v", err)
	}
	if changes, version := e.Changes(); version != c.Version+1 || fmt.Sprint(changes) != "[{title Spring sale Summer sale} {fold_accents false true}]" {
		t.Errorf("a save over another change: %v, %d", changes, version)
	}
	if _, err := b.svc.Schedule(t.Context(), b.admin, c.ID, When{}); !slices.Equal(codesOf(err), []string{"scheduled_at:required"}) {
		t.Errorf("scheduled without a time: %v", err)
	}
	if c, err = b.svc.Schedule(t.Context(), b.admin, c.ID, When{ScheduledAt: noon.Add(time.Hour)}); err != nil || c.Status != liadesk.SMSScheduled {
		t.Fatal(c.Status, err)
	}
	in.Version = 0
	if _, err := b.svc.Update(t.Context(), b.admin, c.ID, in); !errors.Is(err, ErrNotDraft) {
		t.Errorf("changed after it was scheduled: %v", err)
	}
}

func TestACampaignThatReplacesAnotherCancelsItWhenItIsScheduledItself(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	old := b.schedule(func(in *Input) { in.ScheduledAt = noon.Add(time.Hour) })
	c, err := b.svc.Replace(t.Context(), b.admin, old.ID)
	if err != nil || c.Status != liadesk.SMSDraft || c.Title != old.Title {
		t.Fatal(c, err)
	}
	if got := b.campaign(old.ID); got.Status != liadesk.SMSScheduled {
		t.Fatalf("a draft left lying has ended the scheduled campaign: %s", got.Status)
	}
	if _, err := b.svc.Schedule(t.Context(), b.admin, c.ID, When{ScheduledAt: noon.Add(90 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if got := b.campaign(old.ID); got.Status != liadesk.SMSCancelled {
		t.Errorf("both are to go out: %s", got.Status)
	}
	// The first one began meanwhile: then the second must not go out as well.
	c, err = b.svc.Replace(t.Context(), b.admin, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(90 * time.Minute)
	b.tick()
	b.step(1)
	_, err = b.svc.Schedule(t.Context(), b.admin, c.ID, When{ScheduledAt: noon.Add(4 * time.Hour)})
	if len(b.carrier.taken) != 1 || !slices.Equal(codesOf(err), []string{"already_sending"}) {
		t.Errorf("%d texts, %v", len(b.carrier.taken), err)
	}
}

func TestDeletingNeedsACancelFirstWhileSendingAndKeepsWhatWasSent(t *testing.T) {
	b := newBench(t)
	b.slow()
	for i := range 5 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	b.step(2)
	if err := b.svc.Delete(t.Context(), b.admin, c.ID); !errors.Is(err, ErrSending) {
		t.Fatalf("deleted while it sends: %v", err)
	}
	if _, err := b.svc.Cancel(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	p := b.progress(c.ID)
	if p.Skipped[liadesk.SkipCancelled]+p.Accepted != 5 || p.Pending != 0 {
		t.Errorf("after the cancel: %+v", p)
	}
	if err := b.svc.Delete(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.svc.Get(t.Context(), b.admin, c.ID); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("a deleted campaign: %v", err)
	}
	if err := b.report(0, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	var to []liadesk.Delivery
	err := b.store.View(t.Context(), func(tx *db.Tx) (err error) {
		to, err = tx.DeliveriesTo(b.account.ID, b.carrier.taken[0].To, 10)
		return err
	})
	if err != nil || len(to) != 1 || to[0].Status != liadesk.DeliveryDelivered {
		t.Errorf("what was sent: %+v, %v", to, err)
	}
}

func TestAnotherAccountFindsNothingAndAFreePlanLearnsNothing(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	stranger := b.admin
	stranger.Account = b.options.IDs()
	agent := liadesk.Actor{Account: b.account.ID, Role: liadesk.RoleAgent, Plan: liadesk.PlanGrowth, Inbox: []liadesk.ID{b.inbox.ID}}
	blind := agent
	blind.Inbox = nil
	free := b.admin
	free.Plan = liadesk.PlanFree
	for name, v := range map[string]struct {
		who         liadesk.Actor
		read, write error
	}{
		"stranger":    {stranger, liadesk.ErrNotFound, liadesk.ErrNotFound},
		"free plan":   {free, liadesk.ErrPlanRequired, liadesk.ErrPlanRequired},
		"agent":       {agent, nil, liadesk.ErrForbidden},
		"other agent": {blind, liadesk.ErrNotFound, liadesk.ErrForbidden},
	} {
		for verb, call := range map[string]func() error{
			"get":      func() error { _, err := b.svc.Get(t.Context(), v.who, c.ID); return err },
			"progress": func() error { _, err := b.svc.Progress(t.Context(), v.who, c.ID); return err },
			"report":   func() error { _, err := b.svc.Report(t.Context(), v.who, c.ID); return err },
			"deliveries": func() error {
				_, _, err := b.svc.Deliveries(t.Context(), v.who, c.ID, RecipientFilter{}, db.Page{})
				return err
			},
		} {
			if err := call(); !errors.Is(err, v.read) {
				t.Errorf("%s %s: %v", name, verb, err)
			}
		}
		for verb, call := range map[string]func() error{
			"update":    func() error { _, err := b.svc.Update(t.Context(), v.who, c.ID, b.input()); return err },
			"schedule":  func() error { _, err := b.svc.Schedule(t.Context(), v.who, c.ID, When{}); return err },
			"pause":     func() error { _, err := b.svc.Pause(t.Context(), v.who, c.ID); return err },
			"resume":    func() error { _, err := b.svc.Resume(t.Context(), v.who, c.ID); return err },
			"cancel":    func() error { _, err := b.svc.Cancel(t.Context(), v.who, c.ID); return err },
			"duplicate": func() error { _, err := b.svc.Duplicate(t.Context(), v.who, c.ID); return err },
			"replace":   func() error { _, err := b.svc.Replace(t.Context(), v.who, c.ID); return err },
			"delete":    func() error { return b.svc.Delete(t.Context(), v.who, c.ID) },
		} {
			if err := call(); !errors.Is(err, v.write) {
				t.Errorf("%s %s: %v", name, verb, err)
			}
		}
	}
	if got := b.campaign(c.ID); got.Status != liadesk.SMSScheduled || got.Version != c.Version {
		t.Errorf("refused verbs changed it: %s", got.Status)
	}
}

func TestTheListGoesPageByPageWithoutTheDeleted(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	var want []string
	for i := range 7 {
		b.clock.Advance(time.Second)
		c := b.schedule(func(in *Input) { in.Title = string(rune('a' + i)) })
		if i == 2 || i == 6 {
			if err := b.svc.Delete(t.Context(), b.admin, c.ID); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want = append(want, c.Title)
	}
	slices.Reverse(want)
	var got []string
	page := db.Page{Limit: 2}
	for {
		cards, next, err := b.svc.List(t.Context(), b.admin, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cards {
			got = append(got, c.Campaign.Title)
		}
		if next == "" {
			break
		}
		page.After = next
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
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

package livechat

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

func TestEveryFieldSaysWhatIsWrongWithIt(t *testing.T) {
	x := newShop(t)
	texts := liadesk.Inbox{ID: x.admin.ID, AccountID: x.account.ID, Kind: liadesk.InboxSMS, Name: "Texts", SMS: &liadesk.SMSInbox{Number: "+12025550123"}}
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutInbox(texts) })
	stranger, other := dbtest.Account(t, x.store, "contoso", liadesk.PlanGrowth)
	for _, tt := range []struct {
		field, code string
		change      func(*Patch)
	}{
		{"title", "required", func(p *Patch) { p.Title = ptr(" \n ") }},
		{"title", "required", func(p *Patch) { p.Title = nil }},
		{"title", "too_long", func(p *Patch) { p.Title = ptr(strings.Repeat("é", 101)) }},
		{"message", "required", func(p *Patch) { p.Message = ptr("<p> <br></p><script>x</script>") }},
		{"message", "required", func(p *Patch) { p.Message = nil }},
		{"message", "too_long", func(p *Patch) { p.Message = ptr(strings.Repeat("x", MaxMessage+1)) }},
		{"inbox_id", "required", func(p *Patch) { p.InboxID = nil }},
		{"inbox_id", "unknown_inbox", func(p *Patch) { p.InboxID = ptr(stranger.ID) }},
		{"inbox_id", "not_a_website", func(p *Patch) { p.InboxID = ptr(texts.ID) }},
		{"sender.kind", "unknown_sender", func(p *Patch) { p.Sender = &liadesk.Sender{Kind: "robot"} }},
		{"sender.user_id", "required", func(p *Patch) { p.Sender = &liadesk.Sender{Kind: liadesk.SenderAgent} }},
		{"sender.user_id", "unknown_user", func(p *Patch) { p.Sender = &liadesk.Sender{Kind: liadesk.SenderAgent, UserID: other.ID} }},
		{"trigger.url", "pattern_empty", func(p *Patch) { p.TriggerURL = nil }},
		{"trigger.url", "pattern_syntax", func(p *Patch) { p.TriggerURL = ptr("https://shop.example/{") }},
		{"trigger.url", "pattern_scheme", func(p *Patch) { p.TriggerURL = ptr("ftp://shop.example/") }},
		{"trigger.time_on_page", "out_of_range", func(p *Patch) { p.TimeOnPage = ptr(-1) }},
		{"trigger.time_on_page", "out_of_range", func(p *Patch) { p.TimeOnPage = ptr(3601) }},
	} {
		p := x.patch()
		tt.change(&p)
		for name, try := range map[string]func() error{
			"create": func() error { _, _, err := x.Create(t.Context(), x.actor(), p); return err },
			"check":  func() error { _, err := x.Check(t.Context(), x.actor(), liadesk.ID{}, p); return err },
		} {
			if err := try(); liadesk.KindOf(err) != liadesk.KindInvalid || fieldCodes(err)[tt.field] != tt.code || len(fieldCodes(err)) != 1 {
				t.Errorf("%s: %s should be %s: %v", name, tt.field, tt.code, err)
			}
		}
	}
	if list, err := x.List(t.Context(), x.actor(), db.Page{}); err != nil || len(list.Items) != 0 {
		t.Errorf("something was kept: %+v, %v", list, err)
	}
}

func TestANewCampaignHasPoliteDefaults(t *testing.T) {
	x := newShop(t)
	c := x.create(func(p *Patch) { p.TimeOnPage, p.Sender = nil, nil })
	if c.Trigger.TimeOnPage != 10 || c.Sender.Kind != liadesk.SenderBot || !c.Enabled || c.BusinessHoursOnly {
		t.Errorf("got %+v", c)
	}
	if c := x.create(func(p *Patch) { p.TimeOnPage = ptr(0) }); c.Trigger.TimeOnPage != 0 {
		t.Errorf("nought seconds became %d", c.Trigger.TimeOnPage)
	}
}

func TestWhatTheSanitiserTakesOutIsNamedBeforeAndAtSaving(t *testing.T) {
	x := newShop(t)
	p := x.patch()
	p.Message = ptr(`<p onclick="x()">Hi <script>alert(1)</script><a href="javascript:x">there</a></p>`)
	d, err := x.Check(t.Context(), x.actor(), liadesk.ID{}, p)
	if err != nil || len(d.Removed) == 0 || len(d.Blocks) != 1 {
		t.Fatalf("draft %+v, %v", d, err)
	}
	c, removed, err := x.Create(t.Context(), x.actor(), p)
	if err != nil || !slices.Equal(removed, d.Removed) || c.Message != d.Campaign.Message {
		t.Errorf("saved %q without %v, %v; the draft said %q without %v", c.Message, removed, err, d.Campaign.Message, d.Removed)
	}
	if strings.ContainsAny(c.Message, "(") || strings.Contains(c.Message, "script") {
		t.Errorf("kept %q", c.Message)
	}
}

func TestASaveOverSomebodyElsesShowsBothValues(t *testing.T) {
	x := newShop(t)
	c := x.create()
	if _, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Title: ptr("Hers"), Version: c.Version}); err != nil {
		t.Fatal(err)
	}
	_, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Title: ptr("Mine"), TimeOnPage: ptr(7), Version: c.Version})
	e, ok := errors.AsType[*liadesk.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	changes, version := e.Changes()
	if version != 2 || !slices.Contains(changes, liadesk.Change{Field: "title", Theirs: "Hers", Yours: "Mine"}) ||
		!slices.Contains(changes, liadesk.Change{Field: "trigger.time_on_page", Theirs: 5, Yours: 7}) || len(changes) != 2 {
		t.Errorf("changes %+v, version %d", changes, version)
	}
	// The same value twice is no conflict, and a save from what is there works.
	if _, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Title: ptr("Hers"), Version: c.Version}); err != nil {
		t.Error(err)
	}
	if got, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Title: ptr("Mine"), Version: version}); err != nil || got.Title != "Mine" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOnlyAdministratorsOfThePlanChangeAndStrangersFindNothing(t *testing.T) {
	x := newShop(t)
	c := x.create()
	stranger, boss := dbtest.Account(t, x.store, "contoso", liadesk.PlanGrowth)
	agent := x.member("Bruno", liadesk.RoleAgent, x.inbox.ID)
	outsider := x.member("Clara", liadesk.RoleAgent)
	free := x.account
	free.Plan = liadesk.PlanFree
	for _, tt := range []struct {
		name          string
		actor         liadesk.Actor
		read, changes error
	}{
		{"another account's administrator", liadesk.ActorOf(stranger, boss), liadesk.ErrNotFound, liadesk.ErrNotFound},
		{"an agent of the inbox", liadesk.ActorOf(x.account, agent), nil, liadesk.ErrForbidden},
		{"an agent of no inbox", liadesk.ActorOf(x.account, outsider), liadesk.ErrNotFound, liadesk.ErrForbidden},
		{"an administrator without the plan", liadesk.ActorOf(free, x.admin), liadesk.ErrPlanRequired, liadesk.ErrPlanRequired},
		{"an agent without the plan", liadesk.ActorOf(free, agent), liadesk.ErrPlanRequired, liadesk.ErrPlanRequired},
	} {
		ctx := t.Context()
		_, get := x.Get(ctx, tt.actor, c.ID)
		_, report := x.Report(ctx, tt.actor, c.ID)
		_, why := x.WhyNot(ctx, tt.actor, c.ID)
		for _, err := range []error{get, report, why} {
			if !errors.Is(err, tt.read) {
				t.Errorf("%s reads: %v", tt.name, err)
			}
		}
		_, _, update := x.Update(ctx, tt.actor, c.ID, Patch{Title: ptr("X")})
		_, enable := x.Enable(ctx, tt.actor, c.ID, false)
		_, remove := x.Delete(ctx, tt.actor, c.ID)
		_, check := x.Check(ctx, tt.actor, c.ID, Patch{})
		for _, err := range []error{update, enable, remove, check} {
			if !errors.Is(err, tt.changes) {
				t.Errorf("%s changes: %v", tt.name, err)
			}
		}
	}
	if got, err := x.Get(t.Context(), x.actor(), c.ID); err != nil || !reflect.DeepEqual(got.Campaign, c) {
		t.Errorf("the campaign is %+v, %v", got.Campaign, err)
	}
	if list, err := x.List(t.Context(), liadesk.ActorOf(x.account, outsider), db.Page{}); err != nil || len(list.Items) != 0 {
		t.Errorf("an agent of no inbox sees %+v, %v", list, err)
	}
}

func TestAListIsReadInPagesAndFewRoundTrips(t *testing.T) {
	x := newShop(t)
	var want []liadesk.ID
	for range 7 {
		x.clock.Advance(time.Second)
		want = append(want, x.create().ID)
	}
	slices.Reverse(want)
	for _, actor := range []liadesk.Actor{x.actor(), liadesk.ActorOf(x.account, x.member("Bruno", liadesk.RoleAgent, x.inbox.ID))} {
		var got []liadesk.ID
		for after := ""; ; {
			x.counter.Reset()
			list, err := x.List(t.Context(), actor, db.Page{After: after, Limit: 3})
			if err != nil {
				t.Fatal(err)
			}
			if n := x.counter.Counts().RoundTrips(); n > 6 {
				t.Errorf("a page took %d round trips", n)
			}
			for _, it := range list.Items {
				got = append(got, it.Campaign.ID)
			}
			if after = list.Next; after == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
	}
	if _, err := x.List(t.Context(), x.actor(), db.Page{After: "nonsense"}); fieldCodes(err)["after"] != "bad_cursor" {
		t.Errorf("got %v", err)
	}
}

func TestACardSaysWhyItsCampaignCannotBeShown(t *testing.T) {
	x := newShop(t)
	codes := func(c liadesk.LiveChatCampaign) (list []ReasonCode) {
		t.Helper()
		why, err := x.WhyNot(t.Context(), x.actor(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range why {
			list = append(list, r.Code)
		}
		return list
	}
	c := x.create()
	if got := codes(c); !slices.Equal(got, []ReasonCode{ReasonSnippet}) {
		t.Errorf("new: %v", got)
	}
	x.visit("https://shop.example/")
	if got := codes(c); got != nil {
		t.Errorf("after a page view: %v", got)
	}
	outside := x.create(func(p *Patch) { p.TriggerURL = ptr("https://elsewhere.example/*") })
	if got := codes(outside); !slices.Equal(got, []ReasonCode{ReasonDomains}) {
		t.Errorf("outside the domains: %v", got)
	}
	x.inbox.Website.Hours = hours.Schedule{Zone: "America/New_York"}
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutInbox(x.inbox) })
	closed := x.create(func(p *Patch) { p.BusinessHoursOnly = ptr(true) })
	if got := codes(closed); !slices.Equal(got, []ReasonCode{ReasonNeverOpen}) {
		t.Errorf("never open: %v", got)
	}
	clara := x.member("Clara", liadesk.RoleAgent)
	spoken := x.create(func(p *Patch) { p.Sender = &liadesk.Sender{Kind: liadesk.SenderAgent, UserID: clara.ID} })
	if got := codes(spoken); !slices.Equal(got, []ReasonCode{ReasonSenderInbox}) {
		t.Errorf("a sender of no inbox: %v", got)
	}
	clara.DeactivatedAt = dbtest.Now
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutUser(clara) })
	why, err := x.WhyNot(t.Context(), x.actor(), spoken.ID)
	if err != nil || !slices.Equal(why, []Reason{{Code: ReasonSenderLeft, Name: "Clara"}}) {
		t.Errorf("a sender who left: %v, %v", why, err)
	}
}

func TestTheEndOfThePlanAndOfAnInboxDisableAndNothingEnables(t *testing.T) {
	x := newShop(t)
	c, off := x.create(), x.create(func(p *Patch) { p.Enabled = ptr(false) })
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return x.Downgraded(tx, x.account) })
	get := func(id liadesk.ID) Item {
		t.Helper()
		it, err := x.Get(t.Context(), x.actor(), id)
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	if it := get(c.ID); it.Campaign.Enabled || it.Campaign.DisabledFor != liadesk.DisabledForPlan || !slices.Contains(it.Why, Reason{Code: ReasonPlan, Stops: true, Name: ""}) {
		t.Errorf("after the downgrade: %+v", it)
	}
	if it := get(off.ID); it.Campaign.DisabledFor != liadesk.DisabledByPerson || it.Campaign.Version != off.Version {
		t.Errorf("one that was off: %+v", it.Campaign)
	}
	if got := x.visit(bikes); got != nil {
		t.Errorf("armed %v", got)
	}
	on, err := x.Enable(t.Context(), x.actor(), c.ID, true)
	if err != nil || on.DisabledFor != liadesk.DisabledByPerson || len(x.visit(bikes)) != 1 {
		t.Errorf("a person enabled it: %+v, %v", on, err)
	}
	var refs []liadesk.Ref
	dbtest.Update(t, x.store, func(tx *db.Tx) (err error) {
		if refs, err = x.InboxUses(tx, x.inbox); err != nil {
			return err
		}
		if err := x.InboxDeleted(tx, x.inbox); err != nil {
			return err
		}
		return tx.DeleteInbox(x.inbox)
	})
	if len(refs) != 2 || refs[0].Kind != "live_chat_campaign" || refs[0].Name != "Spring bikes" {
		t.Errorf("named %+v", refs)
	}
	it := get(c.ID)
	if it.Campaign.Enabled || it.Campaign.DisabledFor != liadesk.DisabledForInbox || !it.InboxGone || it.Inbox.Name != "Shop" {
		t.Errorf("after the inbox went: %+v", it)
	}
	if it := get(off.ID); it.Inbox.Name != "Shop" {
		t.Errorf("one that was off forgot its inbox: %+v", it)
	}
	if _, err := x.Enable(t.Context(), x.actor(), c.ID, true); fieldCodes(err)["inbox_id"] != "inbox_gone" {
		t.Errorf("enabling without an inbox: %v", err)
	}
	if _, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Title: ptr("Old spring bikes")}); err != nil {
		t.Errorf("renaming without an inbox: %v", err)
	}
}

func TestFlushStoresTheLastSightOncePerMinute(t *testing.T) {
	x := newShop(t)
	var noted []string
	fail := errors.New("no disk")
	x.SnippetSeen = func(_ *db.Tx, account, inbox liadesk.ID, at time.Time, url string) error {
		if account != x.account.ID || inbox != x.inbox.ID || !at.Equal(x.clock.Now()) {
			t.Errorf("noted %v %v %v", account, inbox, at)
		}
		noted = append(noted, url)
		return fail
	}
	x.visit("https://shop.example/first")
	x.visit("https://shop.example/account?name=ana#top")
	if err := x.Flush(t.Context()); !errors.Is(err, fail) {
		t.Errorf("got %v", err)
	}
	fail = nil
	for range 3 {
		if err := x.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(noted) != 1 {
		t.Errorf("flushed %d times in a minute", len(noted))
	}
	x.clock.Advance(flushEvery)
	x.visit("https://shop.example/account?name=ana#top")
	if err := x.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := "https://shop.example/account"; len(noted) != 2 || noted[1] != want {
		t.Errorf("noted %q", noted)
	}
	x.clock.Advance(flushEvery)
	x.counter.Reset()
	if err := x.Flush(t.Context()); err != nil || x.counter.Counts().Commits != 0 {
		t.Errorf("nothing seen, and yet %v, %v", x.counter.Counts(), err)
	}
}

func TestImpressionsGoAfterAWeekAndTheFiguresStay(t *testing.T) {
	x := newShop(t)
	c := x.create()
	old := x.ask(c, bikes)
	x.clock.Advance(keepImpressions - time.Hour)
	recent := x.ask(c, bikes)
	x.clock.Advance(2 * time.Hour)
	if err := x.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	dbtest.View(t, x.store, func(tx *db.Tx) error {
		for id, want := range map[liadesk.ID]bool{old.Impression: false, recent.Impression: true} {
			if _, found, err := tx.Impression(x.account.ID, id); err != nil || found != want {
				t.Errorf("impression %v: %v, %v", id, found, err)
			}
		}
		return nil
	})
	if f := x.figures(c); f.Shown != 2 {
		t.Errorf("figures %+v", f)
	}
}

func TestTryAnAddress(t *testing.T) {
	x := newShop(t)
	for _, tt := range []struct {
		address string
		want    Trial
	}{
		{bikes, Trial{Matches: true}},
		{"shop.example/helmets", Trial{Why: WhyPath}},
		{"www.shop.example/scooters/", Trial{Matches: true}},
		{"shop.example/bikes/old/1998", Trial{Why: WhyExcluded}},
		{"https://elsewhere.example/bikes/city", Trial{Why: WhyHost, OffDomain: "elsewhere.example"}},
		{"not an address", Trial{Why: WhyNotAnAddress}},
	} {
		got, err := x.Try(t.Context(), x.actor(), liadesk.Trigger{URL: "https://shop.example/bikes/*", URLs: []string{"https://shop.example/scooters"}, Except: []string{"https://shop.example/bikes/old/*"}}, tt.address, x.inbox.ID)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v", tt.address, got, err)
		}
	}
	if _, err := x.Try(t.Context(), x.actor(), liadesk.Trigger{}, bikes, liadesk.ID{}); !errors.Is(err, ErrPatternEmpty) {
		t.Errorf("got %v", err)
	}
}

// FuzzVisit sends what a stranger may: whatever it is, a visit neither panics
// nor writes.
func FuzzVisit(f *testing.F) {
	f.Add("key-of-the-shop", bikes, "https://shop.example", "2026-11-24", "shown")
	f.Add("", "", "", "", "")
	f.Add("key-of-the-shop", "https://[::1]:99999/%zz?%00", "null", "2026-13-45", "\x00")
	f.Add("key\x00", "https://shop.example/"+strings.Repeat("a/", 3000), "http://[", "9999999999", "dismissed")
	f.Fuzz(func(t *testing.T, key, url, origin, day, how string) {
		x := newShop(t)
		c := x.create()
		x.counter.Reset()
		out, err := x.Visit(t.Context(), Visit{Key: key, URL: url, Origin: origin, Seen: []Seen{{Campaign: c.ID, Day: day, How: how}}})
		if err == nil && len(out.Arm) > maxArmed || liadesk.KindOf(err) == liadesk.KindInternal && err != nil {
			t.Errorf("got %+v, %v", out, err)
		}
		if n := x.counter.Counts(); n.Commits+n.Puts != 0 {
			t.Error(fmt.Sprint("a visit wrote: ", n))
		}
	})
}

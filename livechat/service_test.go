package livechat

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// shop is an account with a website inbox, on a real database.
type shop struct {
	*Service
	t       *testing.T
	store   *db.Store
	counter *kv.Counter
	clock   *clockwork.FakeClock
	talks   *conversations.Service
	account liadesk.Account
	admin   liadesk.User
	inbox   liadesk.Inbox
}

func newShop(t *testing.T) *shop {
	t.Helper()
	store, counter := dbtest.OpenCounting(t)
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	ids := liadesk.RandomIDs(clock.Now)
	talks := conversations.New(store, clock, ids, contacts.New(store, clock, ids), []byte("0123456789abcdef0123456789abcdef"))
	x := &shop{t: t, store: store, counter: counter, clock: clock, talks: talks}
	x.account, x.admin = dbtest.Account(t, store, "northwind", liadesk.PlanGrowth)
	x.inbox = liadesk.Inbox{ID: ids(), AccountID: x.account.ID, Kind: liadesk.InboxWebsite, Name: "Shop", CreatedAt: dbtest.Now, Version: 1,
		Website: &liadesk.Website{Key: "key-of-the-shop", Domains: []string{"shop.example", "*.shop.example", "localhost"}, Hours: weekdays()}}
	dbtest.Update(t, store, func(tx *db.Tx) error { return tx.PutInbox(x.inbox) })
	x.Service = New(store, clock, ids, talks)
	return x
}

// weekdays are nine to six in New York, where it is five in the morning at
// dbtest.Now.
func weekdays() hours.Schedule {
	var w hours.Week
	for day := time.Monday; day <= time.Friday; day++ {
		w[day] = []hours.Shift{{From: 9 * 60, To: 18 * 60}}
	}
	return hours.Schedule{Zone: "America/New_York", Week: w}
}

func (x *shop) actor() liadesk.Actor { return liadesk.ActorOf(x.account, x.admin) }

// member adds somebody to the team.
func (x *shop) member(name string, role liadesk.Role, inboxes ...liadesk.ID) liadesk.User {
	x.t.Helper()
	u := liadesk.User{ID: liadesk.NewID(dbtest.Now, strings.NewReader(name+"0123456789")), AccountID: x.account.ID, Name: name, Email: name + "@northwind.example",
		Role: role, PasswordHash: "$argon2id$none", Presence: liadesk.PresenceOnline, InboxIDs: inboxes, Picture: "aabbccddeeff00112233445566778899", CreatedAt: dbtest.Now, Version: 1}
	dbtest.Update(x.t, x.store, func(tx *db.Tx) error { return tx.PutUser(u) })
	return u
}

func ptr[T any](v T) *T { return &v }

func (x *shop) patch() Patch {
	return Patch{
		Title: ptr("Spring bikes"), Message: ptr("<p>Hi! Looking for a <b>bike</b>?</p>"), InboxID: &x.inbox.ID,
		Sender: &liadesk.Sender{Kind: liadesk.SenderBot}, TriggerURL: ptr("https://shop.example/bikes/*"), TimeOnPage: ptr(5),
	}
}

func (x *shop) create(change ...func(*Patch)) liadesk.LiveChatCampaign {
	x.t.Helper()
	p := x.patch()
	for _, fn := range change {
		fn(&p)
	}
	c, _, err := x.Create(x.t.Context(), x.actor(), p)
	if err != nil {
		x.t.Fatal(err)
	}
	return c
}

const bikes = "https://shop.example/bikes/city?utm_source=mail"

func (x *shop) visit(url string, seen ...Seen) []liadesk.ID {
	x.t.Helper()
	out, err := x.Visit(x.t.Context(), Visit{Key: "key-of-the-shop", URL: url, Seen: seen})
	if err != nil {
		x.t.Fatal(err)
	}
	var ids []liadesk.ID
	for _, a := range out.Arm {
		ids = append(ids, a.Campaign)
	}
	return ids
}

func (x *shop) ask(c liadesk.LiveChatCampaign, url string, seen ...Seen) Shown {
	x.t.Helper()
	out, err := x.Show(x.t.Context(), Ask{Visit{Key: "key-of-the-shop", URL: url, Seen: seen}, c.ID})
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

func (x *shop) figures(c liadesk.LiveChatCampaign) Figures {
	x.t.Helper()
	it, err := x.Get(x.t.Context(), x.actor(), c.ID)
	if err != nil {
		x.t.Fatal(err)
	}
	return it.Figures
}

func fieldCodes(err error) map[string]string {
	codes := map[string]string{}
	if e, ok := errors.AsType[*liadesk.Error](err); ok {
		for _, f := range e.Fields {
			codes[f.Field] = f.Code
		}
	}
	return codes
}

func TestACampaignIsShownWhereItsAddressSays(t *testing.T) {
	x := newShop(t)
	c := x.create()
	if got := x.visit(bikes); !slices.Equal(got, []liadesk.ID{c.ID}) {
		t.Fatalf("armed %v, want %v", got, c.ID)
	}
	if got := x.visit("https://shop.example/helmets"); got != nil {
		t.Errorf("armed %v on another page", got)
	}
	shown := x.ask(c, bikes)
	if shown.Blocked != "" || shown.Speaker != (Speaker{Name: "LiaDesk", Bot: true}) || len(shown.Blocks) != 1 {
		t.Fatalf("got %+v", shown)
	}
	if f := x.figures(c); f != (Figures{Armed: 1, Shown: 1}) {
		t.Errorf("figures %+v", f)
	}
	var kept liadesk.Impression
	dbtest.View(t, x.store, func(tx *db.Tx) (err error) {
		kept, _, err = tx.Impression(x.account.ID, shown.Impression)
		return err
	})
	if kept.PageURL != "https://shop.example/bikes/city" || kept.Text != "Hi! Looking for a bike?" || kept.SenderName != "LiaDesk" {
		t.Errorf("the impression kept %+v", kept)
	}
}

func TestAVisitWritesNothingAndIsAnsweredFromMemory(t *testing.T) {
	x := newShop(t)
	x.create()
	x.visit(bikes)
	x.counter.Reset()
	for range 50 {
		if len(x.visit(bikes)) != 1 {
			t.Fatal("not armed")
		}
	}
	if n := x.counter.Counts().RoundTrips(); n != 0 {
		t.Errorf("fifty visits made %d round trips", n)
	}
	x.clock.Advance(siteLife)
	x.visit(bikes)
	if n := x.counter.Counts(); n.Commits != 0 || n.Puts != 0 || n.RoundTrips() > 8 {
		t.Errorf("reading the site again cost %v", n)
	}
}

func TestEditingDisablingAndDeletingReachTheNextShow(t *testing.T) {
	x := newShop(t)
	c := x.create()
	x.visit(bikes)
	edited, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Message: ptr("<p>New words</p>"), Version: c.Version})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.ask(c, bikes); got.Blocks[0].C[0].V != "New words" {
		t.Errorf("showed %+v", got.Blocks)
	}
	if _, err := x.Enable(t.Context(), x.actor(), c.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := x.ask(edited, bikes); got.Blocked != BlockedDisabled {
		t.Errorf("a disabled one: %+v", got)
	}
	if got := x.visit(bikes); got != nil {
		t.Errorf("armed %v after disabling", got)
	}
	if _, err := x.Enable(t.Context(), x.actor(), c.ID, true); err != nil {
		t.Fatal(err)
	}
	if len(x.visit(bikes)) != 1 {
		t.Error("not armed after enabling")
	}
	if _, err := x.Delete(t.Context(), x.actor(), c.ID); err != nil {
		t.Fatal(err)
	}
	if got := x.ask(edited, bikes); got.Blocked != BlockedEnded {
		t.Errorf("a deleted one: %+v", got)
	}
	if got := x.visit(bikes); got != nil {
		t.Errorf("armed %v after deleting", got)
	}
}

func TestShowDecidesByTheStore(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(x *shop, c *liadesk.LiveChatCampaign)
		url    string
		seen   string
		want   Blocked
	}{
		{name: "nothing in the way", want: NotBlocked},
		{name: "another page by now", url: "https://shop.example/helmets", want: BlockedPattern},
		{name: "another site", url: "https://evil.example/bikes/city", want: BlockedDomain},
		{name: "shown today", seen: "shown", want: BlockedCapped},
		{name: "outside hours", want: BlockedHours, change: func(x *shop, c *liadesk.LiveChatCampaign) { c.BusinessHoursOnly = true }},
		{name: "within hours", want: NotBlocked, change: func(x *shop, c *liadesk.LiveChatCampaign) {
			c.BusinessHoursOnly = true
			x.clock.Advance(5 * time.Hour)
		}},
		{name: "no plan", want: BlockedPlan, change: func(x *shop, c *liadesk.LiveChatCampaign) {
			a := x.account
			a.Plan = liadesk.PlanFree
			dbtest.Update(x.t, x.store, func(tx *db.Tx) error { return tx.PutAccount(a) })
		}},
		{name: "moved to another inbox", want: BlockedEnded, change: func(x *shop, c *liadesk.LiveChatCampaign) { c.InboxID = x.admin.ID }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newShop(t)
			c := x.create()
			if tt.change != nil {
				tt.change(x, &c)
				dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutLiveChatCampaign(c) })
			}
			url := tt.url
			if url == "" {
				url = bikes
			}
			var seen []Seen
			if tt.seen != "" {
				seen = []Seen{{Campaign: c.ID, Day: "2026-11-24", How: tt.seen}}
			}
			x.counter.Reset()
			got := x.ask(c, url, seen...)
			if got.Blocked != tt.want {
				t.Errorf("blocked %q, want %q", got.Blocked, tt.want)
			}
			if commits := x.counter.Counts().Commits; tt.want != NotBlocked && commits != 0 {
				t.Errorf("a refusal made %d commits", commits)
			}
		})
	}
}

func TestTheMoreSpecificCampaignComesFirstAndEightAtMost(t *testing.T) {
	x := newShop(t)
	var wide []liadesk.ID
	for range 9 {
		x.clock.Advance(time.Second)
		wide = append(wide, x.create(func(p *Patch) { p.TriggerURL = ptr("https://shop.example/*") }).ID)
	}
	narrow := x.create(func(p *Patch) { p.TriggerURL = ptr("https://shop.example/bikes/city") })
	got := x.visit(bikes)
	if len(got) != 8 || got[0] != narrow.ID || !slices.Equal(got[1:], wide[:7]) {
		t.Errorf("armed %v, want %v and then %v", got, narrow.ID, wide[:7])
	}
}

func TestAVisitorIsNotShownTheSameAgainTooSoon(t *testing.T) {
	x := newShop(t)
	c := x.create()
	for _, tt := range []struct {
		day, how string
		again    bool
	}{
		{"2026-11-24", "shown", false}, {"2026-11-24", "opened", false}, {"2026-11-24", "", false},
		{"2026-11-23", "shown", true}, {"2026-11-23", "opened", true}, {"2025-01-01", "shown", true},
		{"2025-01-01", "dismissed", false}, {"2025-01-01", "answered", false},
		// A clock that runs ahead, and a memory that makes no sense.
		{"2027-01-01", "shown", false}, {"yesterday", "shown", false}, {"", "shown", false}, {"2026-11-3", "shown", false},
	} {
		if got := x.visit(bikes, Seen{Campaign: c.ID, Day: tt.day, How: tt.how}); (got != nil) != tt.again {
			t.Errorf("%s on %q: armed %v", tt.how, tt.day, got)
		}
		if got := x.ask(c, bikes, Seen{Campaign: c.ID, Day: tt.day, How: tt.how}); (got.Blocked == NotBlocked) != tt.again {
			t.Errorf("%s on %q: blocked %q", tt.how, tt.day, got.Blocked)
		}
	}
}

func TestAWidgetRunsOnItsDomainsOnly(t *testing.T) {
	x := newShop(t)
	for _, tt := range []struct {
		url, origin string
		ok          bool
	}{
		{"https://shop.example/", "https://shop.example", true},
		{"https://www.shop.example/", "", true},
		{"https://de.shop.example:8443/x", "https://de.shop.example:8443", true},
		{"http://localhost:3000/", "http://localhost:3000", true},
		{"https://shop.example/", "null", true},
		{"https://notshop.example/", "", false},
		{"https://shop.example.evil.example/", "", false},
		{"https://shop.example/", "https://evil.example", false},
		{"https://shop.example/", "%%%", false},
		{"https://evil.example/?https://shop.example/", "", false},
		{"https://shop.example@evil.example/", "", false},
	} {
		_, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: tt.url, Origin: tt.origin})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, &liadesk.Error{Kind: liadesk.KindForbidden, Code: "wrong_domain"}) {
			t.Errorf("%s from %s: %v", tt.url, tt.origin, err)
		}
	}
	for _, key := range []string{"", "unknown", strings.Repeat("k", 2000)} {
		if _, err := x.Visit(t.Context(), Visit{Key: key, URL: bikes}); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("key %.10q: %v", key, err)
		}
	}
	for _, url := range []string{"", "about:blank", "file:///etc/passwd", "javascript:alert(1)"} {
		if _, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: url}); liadesk.KindOf(err) != liadesk.KindInvalid {
			t.Errorf("address %q: %v", url, err)
		}
	}
}

func TestWhatOtherRoomsChangeReachesVisitsWithinSeconds(t *testing.T) {
	x := newShop(t)
	c := x.create()
	if len(x.visit(bikes)) != 1 {
		t.Fatal("not armed")
	}
	x.inbox.Website.Domains = []string{"other.example"}
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutInbox(x.inbox) })
	if got := x.ask(c, bikes); got.Blocked != BlockedDomain {
		t.Errorf("show went by the old domains: %+v", got)
	}
	x.clock.Advance(siteLife)
	if _, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: bikes}); liadesk.KindOf(err) != liadesk.KindForbidden {
		t.Errorf("got %v", err)
	}
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.DeleteInbox(x.inbox) })
	x.clock.Advance(siteLife)
	if _, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: bikes}); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("got %v", err)
	}
}

func TestOpenMeansThatSomebodyCanAnswerNow(t *testing.T) {
	x := newShop(t)
	open := func() bool {
		x.clock.Advance(siteLife)
		out, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: bikes})
		if err != nil {
			t.Fatal(err)
		}
		return out.Open
	}
	x.clock.Advance(5 * time.Hour) // ten in New York
	if open() {
		t.Error("open although nobody has a page of the dashboard open")
	}
	_, stop := x.talks.Live.ListenAs(x.actor())
	defer stop()
	if !open() {
		t.Error("closed although an administrator is there")
	}
	x.clock.Advance(10 * time.Hour)
	if open() {
		t.Error("open at night")
	}
}

func TestAnEventCountsOncePerImpression(t *testing.T) {
	x := newShop(t)
	c := x.create()
	shown := x.ask(c, bikes)
	for range 3 {
		for _, kind := range []EventKind{EventOpened, EventDismissed, EventClicked, EventGoal} {
			if err := x.Event(t.Context(), x.inbox, shown.Impression, kind); err != nil {
				t.Fatal(err)
			}
		}
	}
	if f := x.figures(c); f != (Figures{Shown: 1, Opened: 1, Dismissed: 1, Clicked: 1, Goals: 1}) {
		t.Errorf("figures %+v", f)
	}
	if err := x.Event(t.Context(), x.inbox, shown.Impression, "guess"); fieldCodes(err)["kind"] != "unknown_event" {
		t.Errorf("an unknown kind: %v", err)
	}
	other := x.inbox
	other.ID = c.ID
	for _, err := range []error{x.Event(t.Context(), x.inbox, c.ID, EventOpened), x.Event(t.Context(), other, shown.Impression, EventOpened)} {
		if !errors.Is(err, liadesk.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAnAnswerStandsUnderTheMessageAndCountsInTheReport(t *testing.T) {
	x := newShop(t)
	c := x.create()
	shown := x.ask(c, bikes)
	x.ask(c, bikes)
	out, err := x.talks.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: x.inbox, Impression: shown.Impression, Text: "Yes!", ClientID: "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	if out.Conversation.CampaignID != c.ID || out.Conversation.Messages != 2 {
		t.Errorf("the thread is %+v", out.Conversation)
	}
	x.clock.Advance(90 * time.Second)
	for _, text := range []string{"Which one?", "Hello?"} {
		if _, err := x.talks.Reply(t.Context(), x.actor(), out.Conversation.ID, text, ""); err != nil {
			t.Fatal(err)
		}
		x.clock.Advance(time.Hour)
	}
	r, err := x.Report(t.Context(), x.actor(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r.HumanAnswers != 1 || r.HumanAnswer < 75*time.Second || r.HumanAnswer > 108*time.Second {
		t.Errorf("%d answered by a person, after %s", r.HumanAnswers, r.HumanAnswer)
	}
	_, answered, _ := r.Figures.Rates()
	if r.Figures != (Figures{Shown: 2, Answered: 1, HandedOver: 1}) || answered.Value() != 0.5 || answered.Formula != "answered / shown" {
		t.Errorf("report %+v", r)
	}
	if last := r.Days[len(r.Days)-1]; len(r.Days) != 30 || last.Shown != 2 || last.Answered != 1 || last.Date.Format(time.DateOnly) != "2026-11-24" {
		t.Errorf("days %+v", r.Days)
	}
}

func TestAnAgentSpeaksUntilLeaving(t *testing.T) {
	x := newShop(t)
	bruno := x.member("Bruno", liadesk.RoleAgent, x.inbox.ID)
	c := x.create(func(p *Patch) { p.Sender = &liadesk.Sender{Kind: liadesk.SenderAgent, UserID: bruno.ID} })
	if got := x.ask(c, bikes).Speaker; got != (Speaker{Name: "Bruno", Picture: bruno.Picture}) {
		t.Errorf("spoke %+v", got)
	}
	bruno.DeactivatedAt = dbtest.Now
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutUser(bruno) })
	shown := x.ask(c, bikes)
	if shown.Speaker != (Speaker{Name: "LiaDesk", Bot: true, Left: "Bruno"}) {
		t.Errorf("spoke %+v", shown.Speaker)
	}
	// The answer must not go to somebody who left.
	out, err := x.talks.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: x.inbox, Impression: shown.Impression, Text: "Yes!", ClientID: "0123456789abcdef"})
	if err != nil || out.Conversation.Owner != liadesk.OwnerQueue {
		t.Errorf("owner %v, %v", out.Conversation.Owner, err)
	}
	// The title can still be mended, and nobody can choose the person anew.
	sender := c.Sender
	if _, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Title: ptr("Better"), Sender: &sender}); err != nil {
		t.Error(err)
	}
	p := x.patch()
	p.Sender = &sender
	if _, _, err := x.Create(t.Context(), x.actor(), p); fieldCodes(err)["sender.user_id"] != "inactive_user" {
		t.Errorf("got %v", err)
	}
}

package demo_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/demo"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/sms"
)

// seeded is a demo on a real database, with a carrier that nobody asks.
func seeded(t *testing.T) (demo.Rooms, *db.Store, liadesk.Actor) {
	t.Helper()
	store := dbtest.Open(t)
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	ids := liadesk.RandomIDs(clock.Now)
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	plivo, err := sms.NewPlivo(sms.PlivoOptions{BaseURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	r := demo.Rooms{Clock: clock, Accounts: accounts.New(store, clock, ids, secrets), Contacts: contacts.New(store, clock, ids)}
	r.Conversations = conversations.New(store, clock, ids, r.Contacts, secrets.Visitors())
	r.LiveChat = livechat.New(store, clock, ids, r.Conversations)
	r.SMS = sms.New(sms.Options{Store: store, Clock: clock, IDs: ids, PublicURL: "http://127.0.0.1:3000", Dialer: plivo,
		Credentials: r.Accounts.Credentials, Contacts: r.Contacts, Conversations: r.Conversations})
	if err := demo.Seed(t.Context(), r, demo.Options{URL: "http://127.0.0.1:3000", Password: "a long enough secret"}); err != nil {
		t.Fatal(err)
	}
	session, err := r.Accounts.SignIn(t.Context(), demo.Email, "a long enough secret", accounts.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := r.Accounts.Session(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	return r, store, liadesk.ActorOf(in.Account, in.User)
}

func TestTheDemoHasSomethingOfEverything(t *testing.T) {
	r, store, actor := seeded(t)
	ctx := t.Context()

	team, err := r.Accounts.Team(ctx, actor)
	if err != nil || len(team) != 3 {
		t.Errorf("the team has %d people, %v", len(team), err)
	}
	inboxes, err := r.Accounts.Inboxes(ctx, actor)
	if err != nil || len(inboxes) != 4 {
		t.Errorf("there are %d inboxes, %v", len(inboxes), err)
	}

	everybody, err := audience.New(store, nil, nil).Count(ctx, actor, liadesk.Rule{All: &[]liadesk.Rule{}}, liadesk.PurposeMarketing)
	if err != nil {
		t.Fatal(err)
	}
	if everybody.Matched < 280 || everybody.Reachable < 200 || everybody.Reachable == everybody.Matched {
		t.Errorf("of %d contacts %d can be reached", everybody.Matched, everybody.Reachable)
	}
	for _, reason := range []liadesk.SkipReason{liadesk.SkipOptedOut, liadesk.SkipNoNumber, liadesk.SkipNoConsent} {
		if everybody.Skipped[reason] == 0 {
			t.Errorf("nobody is left out for %s", reason)
		}
	}

	chat, err := r.LiveChat.List(ctx, actor, db.Page{Limit: 50})
	if err != nil || len(chat.Items) != 5 {
		t.Errorf("there are %d live chat campaigns, %v", len(chat.Items), err)
	}
	texts, _, err := r.SMS.List(ctx, actor, db.Page{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	states := map[liadesk.SMSStatus]int{}
	var next time.Time
	for _, card := range texts {
		c := card.Campaign
		states[c.Status]++
		if c.Status == liadesk.SMSScheduled && (next.IsZero() || c.ScheduledAt.Before(next)) {
			next = c.ScheduledAt
		}
	}
	if states[liadesk.SMSDraft] != 1 || states[liadesk.SMSScheduled] != 2 {
		t.Errorf("the SMS campaigns are %v", states)
	}
	if wait := next.Sub(dbtest.Now); wait <= 0 || wait > time.Minute {
		t.Errorf("the first campaign goes out after %s: nobody waits that long", wait)
	}

	for status, want := range map[liadesk.ConversationStatus]int{liadesk.ConversationOpen: 2, liadesk.ConversationResolved: 1} {
		talks, _, err := r.Conversations.List(ctx, actor, conversations.Filter{Status: status}, db.Page{Limit: 50})
		if err != nil || len(talks) != want {
			t.Errorf("%d conversations are %s, %v", len(talks), status, err)
		}
	}
}

// Whoever runs the demo must be able to trust that it texts nobody, whatever
// carrier is behind it.
func TestEveryNumberOfTheDemoIsKeptForFiction(t *testing.T) {
	r, _, actor := seeded(t)
	seen := 0
	for after := ""; ; {
		page, err := r.Contacts.List(t.Context(), actor, contacts.Query{Page: db.Page{Limit: 100, After: after}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Items {
			if c.Phone == "" {
				continue
			}
			seen++
			if !fictional(c.Phone) {
				t.Errorf("%s could be somebody's", c.Phone)
			}
			if n, err := phone.Parse(c.Phone, ""); err != nil || !n.CanText() {
				t.Errorf("%s cannot be texted: %v", c.Phone, err)
			}
		}
		if page.Next == "" {
			break
		}
		after = page.Next
	}
	if seen < 250 {
		t.Errorf("only %d numbers were seen", seen)
	}
}

func fictional(number string) bool {
	switch number[:3] {
	case "+61":
		return len(number) == 12 && number[:7] == "+614915"
	case "+46":
		return number[:9] == "+46701740" && number[9:] >= "605" && number[9:] <= "699"
	}
	return number[:2] == "+1" && number[5:10] == "55501" && len(number) == 12
}

package livechat

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func (x *shop) explain(q Question) []Explanation {
	x.t.Helper()
	list, err := x.Explain(x.t.Context(), x.actor(), liadesk.ID{}, q)
	if err != nil {
		x.t.Fatal(err)
	}
	return list
}

func TestEachCampaignIsExplainedWithAllThatIsWrong(t *testing.T) {
	x := newShop(t)
	x.create(func(p *Patch) {
		p.Enabled, p.BusinessHoursOnly = ptr(false), ptr(true)
		p.StartsAt = ptr(dbtest.Now.Add(48 * time.Hour))
		p.Conditions = ptr(rule(t, `{"all":[{"field":"device","op":"eq","value":"mobile"},{"any":[{"tag":"vip"},{"field":"scroll_depth","op":"gte","value":50}]}]}`))
	})
	got := x.explain(Question{URL: "https://shop.example/helmets", Device: "desktop", Met: "dismissed"})
	if len(got) != 1 || got[0].Blocked != BlockedDisabled || got[0].Place != 0 {
		t.Fatalf("%+v", got)
	}
	failed := map[Blocked]Step{}
	for _, s := range got[0].Steps {
		if s.Verdict == Unmet {
			failed[s.Check] = s
		}
	}
	for _, want := range []Blocked{BlockedDisabled, BlockedEarly, BlockedPattern, BlockedHours, BlockedCapped, BlockedConditions} {
		if _, ok := failed[want]; !ok {
			t.Errorf("%s is not named among %v", want, failed)
		}
	}
	if failed[BlockedPattern].Why != WhyPath || !failed[BlockedEarly].At.Equal(dbtest.Now.Add(48*time.Hour)) || failed[BlockedHours].At.Hour() != 9 {
		t.Errorf("why %q, from %s, opens %s", failed[BlockedPattern].Why, failed[BlockedEarly].At, failed[BlockedHours].At)
	}
	var verdicts []Verdict
	for _, c := range got[0].Conditions {
		verdicts = append(verdicts, c.Verdict)
	}
	if !slices.Equal(verdicts, []Verdict{Unmet, Unmet, Open}) || got[0].Conditions[2].Depth != 1 {
		t.Errorf("conditions %+v", got[0].Conditions)
	}
}

// What is explained is what happens: for the same page, visitor and moment.
func TestWhatIsExplainedIsWhatAVisitGets(t *testing.T) {
	x := newShop(t)
	x.create(func(p *Patch) { p.Priority = ptr(liadesk.PriorityLow) })
	x.create(func(p *Patch) { p.TriggerURL = ptr("https://shop.example/*") })
	x.create(func(p *Patch) {
		p.Conditions = ptr(rule(t, `{"field":"device","op":"eq","value":"mobile"}`))
		p.Priority = ptr(liadesk.PriorityHigh)
	})
	x.create(func(p *Patch) { p.BusinessHoursOnly = ptr(true) })
	x.create(func(p *Patch) { p.Except = &[]string{"https://shop.example/bikes/city"} })
	// Of several addresses the one that the page matches decides about the turn.
	x.create(func(p *Patch) { p.URLs = &[]string{"https://shop.example/bikes/kids"} })
	x.create(func(p *Patch) {
		p.TriggerURL = ptr("https://shop.example/a/long/path/that/says/much")
		p.URLs = &[]string{"*.shop.example/*", "https://shop.example/"}
	})
	for range 7 {
		x.create(func(p *Patch) { p.TriggerURL = ptr("https://shop.example/bikes/city") })
	}
	for _, url := range []string{bikes, "https://shop.example/", "https://shop.example/bikes/kids"} {
		for _, device := range []string{"mobile", "desktop"} {
			for _, after := range []time.Duration{0, 5 * time.Hour} {
				out, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: url, Device: device})
				if err != nil {
					t.Fatal(err)
				}
				var armed, said []liadesk.ID
				for _, a := range out.Arm {
					armed = append(armed, a.Campaign)
				}
				for _, e := range x.explain(Question{URL: url, Device: device}) {
					if e.Place > 0 {
						said = append(said, e.Campaign.ID)
					}
				}
				if !slices.Equal(armed, said) {
					t.Errorf("%s on %s: armed %v, explained %v", url, device, armed, said)
				}
				x.clock.Advance(after)
			}
		}
	}
}

func TestAPassShowsATeamMemberTheirOwnInboxForAWhile(t *testing.T) {
	x := newShop(t)
	x.Secret = []byte("a key for passes of the tests")
	c := x.create()
	in := Visit{Key: "key-of-the-shop", URL: bikes, Seen: []Seen{{Campaign: c.ID, Day: "2026-11-24", How: "dismissed"}}}
	address, pass, err := x.DebugPass(t.Context(), x.actor(), "shop.example/bikes/\r\nX: y#top")
	if address != "https://shop.example/bikes/X:%20y" {
		t.Errorf("sent to %q", address)
	}
	if err != nil {
		t.Fatal(err)
	}
	list, err := x.ExplainVisit(t.Context(), pass, in)
	if err != nil || len(list) != 1 || list[0].Blocked != BlockedCapped || list[0].Campaign.Title != "Spring bikes" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, _, err := x.DebugPass(t.Context(), x.actor(), "https://elsewhere.example/"); fieldCodes(err)["url"] != "no_inbox_here" {
		t.Errorf("a page of somebody else: %v", err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(pass)
	for i := range raw { // whichever byte is turned
		forged := slices.Clone(raw)
		forged[i] ^= 1
		if _, err := x.ExplainVisit(t.Context(), base64.RawURLEncoding.EncodeToString(forged), in); err != ErrDebugOver {
			t.Fatalf("byte %d turned: %v", i, err)
		}
	}
	for _, bad := range []string{"", "x", pass[:20], pass + "AAAA"} {
		if _, err := x.ExplainVisit(t.Context(), bad, in); err != ErrDebugOver {
			t.Errorf("%q: %v", bad, err)
		}
	}
	second := x.inbox
	second.ID, second.Website = liadesk.ID{7}, &liadesk.Website{Key: "another-key", Domains: x.inbox.Website.Domains}
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutInbox(second) })
	elsewhere := in
	elsewhere.Key = "another-key"
	if _, err := x.ExplainVisit(t.Context(), pass, elsewhere); err != ErrDebugOver {
		t.Errorf("at another inbox: %v", err)
	}
	if _, err := x.Explain(t.Context(), x.actor(), liadesk.ID{}, Question{URL: bikes, Contact: liadesk.ID{6}}); fieldCodes(err)["contact_id"] != "unknown_contact" {
		t.Errorf("for a contact that there is not: %v", err)
	}
	agent := x.member("Clara", liadesk.RoleAgent)
	if _, _, err := x.DebugPass(t.Context(), liadesk.ActorOf(x.account, agent), bikes); fieldCodes(err)["url"] != "no_inbox_here" {
		t.Errorf("an agent who does not serve the inbox: %v", err)
	}
	x.clock.Advance(debugLife + time.Second)
	if _, err := x.ExplainVisit(t.Context(), pass, in); err != ErrDebugOver {
		t.Errorf("when it is over: %v", err)
	}
	_, pass, err = x.DebugPass(t.Context(), x.actor(), bikes)
	if err != nil {
		t.Fatal(err)
	}
	x.admin.DeactivatedAt = x.clock.Now()
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutUser(x.admin) })
	if _, err := x.ExplainVisit(t.Context(), pass, in); err != ErrDebugOver {
		t.Errorf("who left the team: %v", err)
	}
}

package livechat

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func rule(t testing.TB, text string) *liadesk.Rule {
	t.Helper()
	var r liadesk.Rule
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return &r
}

func TestTheServerJudgesWhatItKnowsAndLeavesTheRestToThePage(t *testing.T) {
	page, err := ParsePage("https://shop.example/bikes?utm_source=Newsletter&utm_medium=mail")
	if err != nil {
		t.Fatal(err)
	}
	facts := Facts{Page: page, Referrer: "https://news.google.com/x?q=bikes", Landing: "?utm_term=spring", Language: "es-MX", Device: "mobile", Tags: []string{"VIP"}}
	for _, tt := range []struct {
		rule string
		want Verdict
		rest string
	}{
		{`{"field":"referrer","op":"eq","value":"google.com"}`, Met, ""},
		{`{"field":"referrer","op":"eq","value":"https://www.google.com/"}`, Met, ""},
		{`{"field":"referrer","op":"eq","value":"oogle.com"}`, Unmet, ""},
		{`{"field":"referrer","op":"ne","value":"google.com"}`, Unmet, ""},
		{`{"field":"referrer","op":"contains","value":"q=BIKES"}`, Met, ""},
		{`{"field":"referrer","op":"exists","value":true}`, Met, ""},
		{`{"field":"utm_source","op":"eq","value":"newsletter"}`, Met, ""},
		{`{"field":"utm_medium","op":"in","value":["sms","mail"]}`, Met, ""},
		{`{"field":"utm_term","op":"eq","value":"spring"}`, Met, ""},
		{`{"field":"utm_content","op":"exists","value":false}`, Met, ""},
		{`{"field":"utm_campaign","op":"ne","value":"spring"}`, Met, ""},
		{`{"field":"language","op":"eq","value":"es"}`, Met, ""},
		{`{"field":"language","op":"eq","value":"e"}`, Unmet, ""},
		{`{"field":"language","op":"in","value":["pt","en"]}`, Unmet, ""},
		{`{"field":"device","op":"ne","value":"desktop"}`, Met, ""},
		{`{"tag":"vip"}`, Met, ""},
		{`{"not":{"tag":"vip"}}`, Unmet, ""},
		{`{"field":"scroll_depth","op":"gte","value":50}`, Open, `{"field":"scroll_depth","op":"gte","value":50}`},
		// Nothing is counted here, so that nobody is known to return.
		{`{"field":"visitor","op":"eq","value":"returning"}`, Unmet, ""},
		{`{"field":"pages_seen","op":"gte","value":3}`, Unmet, ""},
		// What is settled leaves no trace for the page to read.
		{`{"all":[{"tag":"vip"},{"field":"exit_intent","op":"eq","value":true}]}`, Open, `{"field":"exit_intent","op":"eq","value":true}`},
		{`{"any":[{"tag":"vip"},{"field":"exit_intent","op":"eq","value":true}]}`, Met, ""},
		{`{"all":[{"tag":"staff"},{"field":"exit_intent","op":"eq","value":true}]}`, Unmet, ""},
		{`{"any":[{"tag":"staff"},{"field":"exit_intent","op":"eq","value":true},{"field":"scroll_depth","op":"gte","value":10}]}`, Open,
			`{"any":[{"field":"exit_intent","op":"eq","value":true},{"field":"scroll_depth","op":"gte","value":10}]}`},
		{`{"not":{"all":[{"tag":"vip"},{"field":"event","op":"eq","value":"bought"}]}}`, Open, `{"not":{"field":"event","op":"eq","value":"bought"}}`},
		{`{"all":[]}`, Met, ""}, {`{"any":[]}`, Unmet, ""},
	} {
		v, rest := reduce(*rule(t, tt.rule), facts.judge)
		got := ""
		if v == Open {
			b, err := json.Marshal(rest)
			if err != nil {
				t.Fatal(err)
			}
			got = string(b)
		}
		if v != tt.want || got != tt.rest {
			t.Errorf("%s: %s, left %s; want %s, %s", tt.rule, v, got, tt.want, tt.rest)
		}
	}
	own := Facts{Page: page, Referrer: "https://www.shop.example/"}
	if v, _ := reduce(*rule(t, `{"field":"referrer","op":"exists","value":true}`), own.judge); v != Unmet {
		t.Error("a page of the same site counts as a referrer")
	}
}

// What is left of a tree means the same as the tree, whatever the page then
// finds.
func TestWhatIsLeftOfConditionsMeansTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := func(r liadesk.Rule) Verdict { // a…f are known, the others are not
			switch r.Tag {
			case "a", "b", "c":
				return Met
			case "d", "e", "f":
				return Unmet
			}
			return Open
		}
		var tree func(depth int) *rapid.Generator[liadesk.Rule]
		tree = func(depth int) *rapid.Generator[liadesk.Rule] {
			return rapid.Custom(func(t *rapid.T) liadesk.Rule {
				kind := rapid.IntRange(0, 3).Draw(t, "kind")
				if depth == 0 || kind == 0 {
					return liadesk.Rule{Tag: rapid.SampledFrom(strings.Split("abcdefghij", "")).Draw(t, "tag")}
				}
				if kind == 3 {
					return liadesk.Rule{Not: new(tree(depth-1).Draw(t, "not"))}
				}
				list := rapid.SliceOfN(tree(depth-1), 0, 3).Draw(t, "list")
				if kind == 1 {
					return liadesk.Rule{All: &list}
				}
				return liadesk.Rule{Any: &list}
			})
		}
		r := tree(3).Draw(t, "rule")
		found := map[string]bool{}
		for _, tag := range strings.Split("ghij", "") {
			found[tag] = rapid.Bool().Draw(t, tag)
		}
		full := func(r liadesk.Rule) Verdict {
			if v := known(r); v != Open {
				return v
			}
			return verdict(found[r.Tag])
		}
		want, _ := reduce(r, full)
		got, rest := reduce(r, known)
		if got == Open {
			got, _ = reduce(rest, full)
		}
		if got != want {
			t.Fatalf("%v became %v", want, got)
		}
	})
}

func TestConditionsThatMakeNoSenseAreRefusedWhenSaved(t *testing.T) {
	x := newShop(t)
	deep := strings.Repeat(`{"not":`, 6) + `{"tag":"a"}` + strings.Repeat("}", 6)
	for text, code := range map[string]string{
		`{}`:           "unfinished",
		`{"all":[{}]}`: "unfinished",
		`{"tag":"a","field":"device","op":"eq","value":"mobile"}`:                  "unfinished",
		`{"field":"moon","op":"eq","value":"full"}`:                                "unknown_field",
		`{"field":"device","op":"contains","value":"mob"}`:                         "unknown_op",
		`{"field":"device","op":"eq","value":"fridge"}`:                            "unknown_value",
		`{"field":"scroll_depth","op":"gte","value":"half"}`:                       "not_a_number",
		`{"field":"scroll_depth","op":"gte","value":120}`:                          "out_of_bounds",
		`{"field":"exit_intent","op":"eq","value":"yes"}`:                          "not_yes_no",
		`{"field":"language","op":"in","value":[]}`:                                "not_a_list",
		`{"field":"language","op":"eq","value":" "}`:                               "unfinished",
		`{"field":"event","op":"eq","value":"added to cart"}`:                      "bad_event",
		`{"field":"element","op":"eq","value":"` + strings.Repeat("x", 201) + `"}`: "text_too_long",
		`{"field":"event.a b.c","op":"eq","value":"x"}`:                            "unknown_field",
		deep: "too_deep",
		`{"any":[` + strings.TrimSuffix(strings.Repeat(`{"tag":"a"},`, 41), ",") + `]}`: "too_many",
	} {
		p := x.patch()
		p.Conditions = ptr(rule(t, text))
		_, _, err := x.Create(t.Context(), x.actor(), p)
		if got := fieldCodes(err)["trigger.conditions"]; got != code {
			t.Errorf("%.80s: %q, want %q", text, got, code)
		}
	}
	p := x.patch()
	p.Conditions = ptr(rule(t, `{"all":[{"field":"event.added_to_cart.value","op":"gte","value":50},{"field":"element","op":"eq","value":"#prices"}]}`))
	if _, _, err := x.Create(t.Context(), x.actor(), p); err != nil {
		t.Error(err)
	}
}

func TestSeveralAddressesAndTheirExceptions(t *testing.T) {
	x := newShop(t)
	c := x.create(func(p *Patch) {
		p.URLs = &[]string{" https://shop.example/helmets ", "https://shop.example/bikes/*", ""}
		p.Except = &[]string{"https://shop.example/bikes/kids/*"}
	})
	if len(c.Trigger.URLs) != 2 {
		t.Errorf("addresses %q", c.Trigger.URLs)
	}
	for url, armed := range map[string]bool{
		"https://shop.example/bikes/city": true, "https://shop.example/helmets/": true, "https://shop.example/bikes/kids/red": false, "https://shop.example/": false,
	} {
		if got := x.visit(url); slices.Equal(got, []liadesk.ID{c.ID}) != armed {
			t.Errorf("%s: armed %v", url, got)
		}
	}
	if got := x.ask(c, "https://shop.example/bikes/kids/red"); got.Blocked != BlockedExcluded {
		t.Errorf("an exception: %q", got.Blocked)
	}
	_, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{URLs: &[]string{"shop.example/a", "mailto:a@b.example"}, Except: &[]string{"/only/a/path"}})
	if codes := fieldCodes(err); codes["trigger.urls"] != "pattern_scheme" && codes["trigger.urls"] == "" || codes["trigger.except"] != "pattern_no_host" {
		t.Errorf("bad addresses: %v", codes)
	}
}

func TestPriorityComesBeforeTheMoreSpecificAddress(t *testing.T) {
	x := newShop(t)
	exact := x.create(func(p *Patch) { p.TriggerURL = ptr("https://shop.example/bikes/city") })
	wide := x.create(func(p *Patch) { p.TriggerURL = ptr("https://shop.example/*"); p.Priority = ptr(liadesk.PriorityHigh) })
	late := x.create(func(p *Patch) {
		p.TriggerURL = ptr("https://shop.example/bikes/city")
		p.Priority = ptr(liadesk.PriorityLow)
	})
	if got, want := x.visit(bikes), []liadesk.ID{wide.ID, exact.ID, late.ID}; !slices.Equal(got, want) {
		t.Errorf("in the order %v, want %v", got, want)
	}
}

func TestACampaignRunsBetweenItsDates(t *testing.T) {
	x := newShop(t)
	day := 24 * time.Hour
	c := x.create(func(p *Patch) { p.StartsAt, p.EndsAt = ptr(dbtest.Now.Add(day)), ptr(dbtest.Now.Add(3*day)) })
	for _, tt := range []struct {
		after   time.Duration
		blocked Blocked
	}{{0, BlockedEarly}, {day - time.Second, BlockedEarly}, {time.Second, ""}, {2*day - time.Second, ""}, {time.Second, BlockedEnded}} {
		x.clock.Advance(tt.after)
		if got := x.ask(c, bikes).Blocked; got != tt.blocked {
			t.Errorf("at %s: %q, want %q", x.clock.Now(), got, tt.blocked)
		}
		if got := x.visit(bikes); (got != nil) != (tt.blocked == "") {
			t.Errorf("at %s armed %v", x.clock.Now(), got)
		}
	}
	_, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{EndsAt: ptr(dbtest.Now)})
	if fieldCodes(err)["ends_at"] != "before_start" {
		t.Errorf("an end before the start: %v", err)
	}
	if why, err := x.WhyNot(t.Context(), x.actor(), c.ID); err != nil || !slices.ContainsFunc(why, func(r Reason) bool { return r.Code == ReasonEnded && r.Stops }) {
		t.Errorf("its card says %v, %v", why, err)
	}
}

func TestFrequencyIsWhatTheCampaignSays(t *testing.T) {
	x := newShop(t)
	today, yesterday, lastWeek := "2026-11-24", "2026-11-23", "2026-11-17"
	for _, tt := range []struct {
		f     liadesk.Frequency
		seen  Seen
		again bool
	}{
		{liadesk.Frequency{Kind: "once"}, Seen{Day: lastWeek, How: "shown"}, false},
		{liadesk.Frequency{Kind: "session"}, Seen{Day: today, How: "shown", Session: true}, false},
		{liadesk.Frequency{Kind: "session"}, Seen{Day: today, How: "shown"}, true},
		{liadesk.Frequency{Kind: "session"}, Seen{Day: lastWeek, How: "dismissed"}, false},
		{liadesk.Frequency{Kind: "days", Days: 7}, Seen{Day: yesterday, How: "shown"}, false},
		{liadesk.Frequency{Kind: "days", Days: 7}, Seen{Day: lastWeek, How: "opened"}, true},
		{liadesk.Frequency{Kind: "days", Days: 7}, Seen{Day: lastWeek, How: "answered"}, false},
		{liadesk.Frequency{Kind: "until_answered"}, Seen{Day: today, How: "shown", Session: true}, true},
		{liadesk.Frequency{Kind: "until_answered"}, Seen{Day: today, How: "answered", Session: true}, false},
		{liadesk.Frequency{Kind: "until_answered"}, Seen{Day: today, How: "dismissed", Session: true}, false},
	} {
		c := x.create(func(p *Patch) { p.Frequency = &tt.f })
		tt.seen.Campaign = c.ID
		if got := x.ask(c, bikes, tt.seen).Blocked; (got == NotBlocked) != tt.again {
			t.Errorf("%+v after %+v: %q", tt.f, tt.seen, got)
		}
	}
	for f, field := range map[liadesk.Frequency]string{{Kind: "hourly"}: "frequency.kind", {Kind: "days"}: "frequency.days", {Kind: "days", Days: 400}: "frequency.days"} {
		p := x.patch()
		p.Frequency = &f
		if _, _, err := x.Create(t.Context(), x.actor(), p); fieldCodes(err)[field] == "" {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestTwoCampaignsADayAreEnoughForOneVisitor(t *testing.T) {
	x := newShop(t)
	a, b, c := x.create(), x.create(), x.create()
	seen := []Seen{{Campaign: a.ID, Day: "2026-11-24", How: "shown"}}
	if got := x.ask(b, bikes, seen...).Blocked; got != NotBlocked {
		t.Errorf("the second of the day: %q", got)
	}
	seen = append(seen, Seen{Campaign: b.ID, Day: "2026-11-24", How: "opened"})
	if got := x.ask(c, bikes, seen...).Blocked; got != BlockedCapped {
		t.Errorf("the third of the day: %q", got)
	}
	if got := x.visit(bikes, seen...); got != nil {
		t.Errorf("armed %v", got)
	}
	x.inbox.Website.MessagesPerDay = 3
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutInbox(x.inbox) })
	if got := x.ask(c, bikes, seen...).Blocked; got != NotBlocked {
		t.Errorf("three were allowed: %q", got)
	}
}

func TestOnlyWhileSomebodyIsThere(t *testing.T) {
	x := newShop(t)
	x.clock.Advance(5 * time.Hour) // ten in the morning, business hours
	c := x.create(func(p *Patch) { p.OnlineOnly = ptr(true) })
	if got := x.ask(c, bikes).Blocked; got != BlockedAway {
		t.Errorf("nobody there: %q", got)
	}
	clara := x.member("Clara", liadesk.RoleAgent, x.inbox.ID)
	_, leave := x.talks.Live.ListenAs(liadesk.ActorOf(x.account, clara))
	defer leave()
	if got := x.ask(c, bikes).Blocked; got != NotBlocked {
		t.Errorf("Clara is there: %q", got)
	}
}

func TestGoalsAreAskedForOfThoseWhoSawTheMessage(t *testing.T) {
	x := newShop(t)
	c := x.create(func(p *Patch) {
		p.Goal = ptr(&liadesk.Goal{URL: "https://shop.example/thanks", Value: 12.5, Currency: "eur"})
	})
	e := x.create(func(p *Patch) { p.Goal = ptr(&liadesk.Goal{Event: "order_placed", Days: 2}) })
	if c.Goal.Days != liadesk.DefaultGoalDays || c.Goal.Currency != "EUR" {
		t.Errorf("the goal is %+v", c.Goal)
	}
	ask := func(url string, seen ...Seen) []GoalAsk {
		t.Helper()
		out, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: url, Seen: seen})
		if err != nil {
			t.Fatal(err)
		}
		return out.Goals
	}
	saw := func(c liadesk.LiveChatCampaign, day string) Seen {
		return Seen{Campaign: c.ID, Day: day, How: "dismissed"}
	}
	thanks := "https://shop.example/thanks?order=17"
	if got := ask(thanks); got != nil {
		t.Errorf("a visitor who saw nothing: %v", got)
	}
	if got := ask(thanks, saw(c, "2026-11-20")); !slices.Equal(got, []GoalAsk{{Campaign: c.ID}}) {
		t.Errorf("who saw it: %v", got)
	}
	if got := ask(thanks, saw(c, "2026-11-10")); got != nil {
		t.Errorf("who saw it long ago: %v", got)
	}
	if got := ask(bikes, saw(e, "2026-11-24")); !slices.Equal(got, []GoalAsk{{e.ID, "order_placed"}}) {
		t.Errorf("an event: %v", got)
	}
	if got := ask(bikes, Seen{Campaign: e.ID, Day: "2026-11-24", Reached: true}); got != nil {
		t.Errorf("reached before: %v", got)
	}

	reach := func(in GoalReached) error { return x.ReachGoal(t.Context(), x.inbox, in) }
	for _, in := range []GoalReached{
		{Campaign: c.ID, Day: "2026-11-24", URL: thanks},
		{Campaign: e.ID, Day: "2026-11-24", URL: bikes, Event: "order_placed", Value: "19.99", Currency: "usd"},
		{Campaign: e.ID, Day: "2026-11-24", URL: bikes, Event: "order_placed", Value: "lots", Currency: "usd"},
	} {
		if err := reach(in); err != nil {
			t.Error(err)
		}
	}
	for _, in := range []GoalReached{
		{Campaign: c.ID, Day: "2026-11-24", URL: bikes}, {Campaign: c.ID, Day: "2026-11-01", URL: thanks},
		{Campaign: c.ID, Day: "2026-11-24", URL: thanks, Event: "order_placed"}, {Campaign: e.ID, Day: "2026-11-24", URL: bikes},
		{Campaign: liadesk.ID{1}, Day: "2026-11-24", URL: thanks},
	} {
		if err := reach(in); err == nil {
			t.Errorf("taken: %+v", in)
		}
	}
	// Another account's site, or another site of this one, reaches nothing here.
	other := x.inbox
	other.ID = liadesk.ID{9}
	stranger := other
	stranger.AccountID = liadesk.ID{8}
	for _, in := range []liadesk.Inbox{other, stranger} {
		if err := x.ReachGoal(t.Context(), in, GoalReached{Campaign: c.ID, Day: "2026-11-24", URL: thanks}); !errors.Is(err, liadesk.ErrNotFound) {
			t.Errorf("from another site: %v", err)
		}
	}
	r, err := x.Report(t.Context(), x.actor(), c.ID)
	if err != nil || r.Figures.Goals != 1 || !slices.Equal(r.Worth, []Worth{{"EUR", 1250}}) {
		t.Errorf("%+v, %v, %v", r.Figures, r.Worth, err)
	}
	r, err = x.Report(t.Context(), x.actor(), e.ID)
	if err != nil || r.Figures.Goals != 2 || !slices.Equal(r.Worth, []Worth{{"USD", 1999}}) {
		t.Errorf("%+v, %v, %v", r.Figures, r.Worth, err)
	}
}

func TestWhyItWasNotShownIsCountedAndReported(t *testing.T) {
	x := newShop(t)
	c := x.create(func(p *Patch) { p.Conditions = ptr(rule(t, `{"field":"device","op":"eq","value":"mobile"}`)) })
	on := func(device string, again bool) {
		t.Helper()
		if _, err := x.Visit(t.Context(), Visit{Key: "key-of-the-shop", URL: bikes, Device: device, Again: again}); err != nil {
			t.Fatal(err)
		}
	}
	on("mobile", false)
	on("mobile", true) // the same page, a minute later
	on("desktop", false)
	on("desktop", false)
	report := func() Report {
		t.Helper()
		r, err := x.Report(t.Context(), x.actor(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range 2 { // in memory, and from the store
		r := report()
		if r.Figures.Armed != 1 || !slices.Equal(r.Quiet, []QuietReason{{BlockedConditions, 2}}) || r.Days[len(r.Days)-1].Armed != 1 {
			t.Errorf("%+v, %v, %+v", r.Figures, r.Quiet, r.Days[len(r.Days)-1])
		}
		if err := x.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	x.ask(c, "https://shop.example/elsewhere")
	if r := report(); !slices.Contains(r.Quiet, QuietReason{BlockedPattern, 1}) {
		t.Errorf("%v", r.Quiet)
	}
}

func TestAMessageSpeaksToWhomItKnows(t *testing.T) {
	x := newShop(t)
	c := x.create(func(p *Patch) {
		p.Message = ptr(`<p>Hi {{ contact.first_name | default: "there" }}, <b>{{ contact.attributes.plan }}</b> of <a href="https://shop.example/{{x}}">{{ account.name }}</a></p>`)
	})
	text := func(in Visit) string {
		t.Helper()
		in.Key, in.URL = "key-of-the-shop", bikes
		shown, err := x.Show(t.Context(), Ask{in, c.ID})
		if err != nil || shown.Blocked != NotBlocked {
			t.Fatalf("%+v, %v", shown, err)
		}
		var stored liadesk.Impression
		dbtest.View(t, x.store, func(tx *db.Tx) (err error) {
			stored, _, err = tx.Impression(x.account.ID, shown.Impression)
			return err
		})
		blocks, err := Blocks(stored.HTML)
		if err != nil || PlainText(render(shown.Blocks)) != stored.Text || len(blocks) != len(shown.Blocks) {
			t.Errorf("stored %q, shown %v, %v", stored.HTML, shown.Blocks, err)
		}
		return stored.Text
	}
	if got := text(Visit{}); got != "Hi there, of northwind" {
		t.Errorf("a stranger reads %q", got)
	}
	ana := liadesk.Contact{ID: c.ID, AccountID: x.account.ID, Name: "Ana <img src=x> {{ account.name }}", Email: "ana@mail.example", Attributes: map[string]string{"plan": "<script>alert(1)</script>"}, Version: 1}
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutContact(nil, &ana) })
	claim := conversations.Claim{Email: "ana@mail.example", Signature: x.talks.SignIdentity(x.inbox, "", "ana@mail.example", "")}
	if got := text(Visit{Claim: claim}); got != "Hi Ana, <script>alert(1)</script> of northwind" {
		t.Errorf("Ana reads %q", got)
	}
	claim.Signature = "00"
	if got := text(Visit{Claim: claim}); got != "Hi there, of northwind" {
		t.Errorf("who says to be Ana reads %q", got)
	}
	for message, code := range map[string]string{"{{ contact.frist_name }}": "template_variable", "{{ contact.opt_out_link }}": "template_variable", "Hi {{ contact.name": "template_syntax", "{% for a in b %}": "template_tag"} {
		if _, _, err := x.Update(t.Context(), x.actor(), c.ID, Patch{Message: &message}); fieldCodes(err)["message"] != code {
			t.Errorf("%s: %v", message, err)
		}
	}
}

func TestAPreviewHostStandsForTheSite(t *testing.T) {
	x := newShop(t)
	x.inbox.Website.Domains = []string{"*.shop.example", "www.shop.example"}
	x.inbox.Website.PreviewDomains = []string{"localhost", "*.preview.example"}
	dbtest.Update(t, x.store, func(tx *db.Tx) error { return tx.PutInbox(x.inbox) })
	c := x.create()
	for url, blocked := range map[string]Blocked{"http://localhost:3000/bikes/city": NotBlocked, "https://pr-17.preview.example/bikes/city": NotBlocked,
		"http://localhost:3000/helmets": BlockedPattern, "https://elsewhere.example/bikes/city": BlockedDomain} {
		if got := x.ask(c, url).Blocked; got != blocked {
			t.Errorf("%s: %q, want %q", url, got, blocked)
		}
	}
	if got := x.visit("http://localhost:3000/bikes/city"); !slices.Equal(got, []liadesk.ID{c.ID}) {
		t.Errorf("armed %v", got)
	}
	if seen, _ := x.Installed(x.actor(), x.inbox.ID); seen.URL != "http://localhost:3000/bikes/city" {
		t.Errorf("the snippet was seen on %q", seen.URL)
	}
	if e := x.explain(Question{URL: "http://localhost:3000/bikes/city"}); e[0].Blocked != NotBlocked {
		t.Errorf("explained as %q", e[0].Blocked)
	}
}

func TestWhatStrangersMakeUpIsNotCounted(t *testing.T) {
	x := newShop(t)
	for i := range 50 {
		if got := x.ask(liadesk.LiveChatCampaign{ID: liadesk.ID{byte(i + 1)}}, bikes).Blocked; got != BlockedEnded {
			t.Fatalf("%q", got)
		}
	}
	x.counter.Reset()
	if err := x.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := x.counter.Counts(); n.Puts != 0 {
		t.Errorf("campaigns that there are not wrote %+v", n)
	}
}

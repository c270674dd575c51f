package sms

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/liadesk"
)

// phoneAgent is what a person's browser says it is.
const phoneAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"

func TestTheLinksOfAMessageAreFound(t *testing.T) {
	for message, want := range map[string][]string{
		"No link at all.": nil,
		"Come: https://shop.example/sale. Or (http://b.example)!":             {"https://shop.example/sale", "http://b.example"},
		"{{ contact.name }}https://shop.example/a?b=1&c=%20#d now":            {"https://shop.example/a?b=1&c=%20#d"},
		"Yours: https://shop.example/?id={{ contact.phone }} all: http://b/x": {"http://b/x"},
		"https://a.example/?{{ contact.phone }} (http://b.example){{ x }}":    nil,
		`{{ contact.name | default: "https://a.example" }} shop.example`:      nil,
		"https:// and http://?x and ftp://a.example":                          nil,
		"Two: https://a.example https://a.example":                            {"https://a.example", "https://a.example"},
		"Broken {{ https://a.example":                                         nil,
		"“https://shop.example/a” «https://b.example/a» 'http://c.example'":   {"https://shop.example/a", "https://b.example/a", "http://c.example"},
		"https://x.example/a… https://x.example/a—b https://x.example/größe。": {"https://x.example/a", "https://x.example/a", "https://x.example/größe"},
		"(https://w.example/wiki/Go_(game)) [http://a.example/[1]]":           {"https://w.example/wiki/Go_(game)", "http://a.example/[1]"},
		"https://x.example/a|b^c`d HTTPS://Shop.example xhttps://no.example":  {"https://x.example/a|b^c`d", "HTTPS://Shop.example"},
		"http://user@:80/ https://. http://)":                                 nil,
		"https://a.example {{ contact.opt_out_link }}":                        {"https://a.example"},
		strings.Repeat("https://a.example ", maxTracked+2):                    slices.Repeat([]string{"https://a.example"}, maxTracked),
	} {
		source, got := splitLinks(message)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
		for i, target := range got {
			source = strings.Replace(source, "{{ "+trackedLink(i)+" }}", target, 1)
		}
		if source != message {
			t.Errorf("%q became %q", message, source)
		}
	}
}

// clicking is a bench with a campaign that counts clicks, sent to some people.
func clicking(t *testing.T, people int) (*bench, liadesk.SMSCampaign) {
	b := newBench(t)
	b.options.LinkKey = []byte("links")
	b.restart()
	for i := range people {
		b.person(i, nil)
	}
	return b, b.sends(func(in *Input) {
		in.Message, in.TrackClicks = "Sale: https://shop.example/sale, and https://shop.example/new.", true
	})
}

var shortLink = regexp.MustCompile(`https://desk\.example\.com/l/([a-z2-7]{24})`)

// tokens are those in the text that a number got.
func (b *bench) tokens(to string) (list []string) {
	b.t.Helper()
	for _, m := range b.carrier.taken {
		if m.To == to {
			for _, found := range shortLink.FindAllStringSubmatch(m.Text, -1) {
				list = append(list, found[1])
			}
		}
	}
	return list
}

func (b *bench) follow(token string, by Opener) {
	b.t.Helper()
	if target, err := b.svc.FollowLink(b.t.Context(), token, by); err != nil || !strings.HasPrefix(target, "https://shop.example/") {
		b.t.Fatalf("%s leads to %q, %v", token, target, err)
	}
}

// A person counts once, however often and whichever link; a machine never does,
// nor does what opens a link before anybody can have read it.
func TestPeopleWhoOpenLinksAreCountedOnceAndMachinesApart(t *testing.T) {
	b, c := clicking(t, 4)
	one, two, three := b.tokens(number(0)), b.tokens(number(1)), b.tokens(number(2))
	if len(one) != 2 || one[0] == one[1] || one[0] == two[0] {
		t.Fatalf("the links are %v and %v: %q", one, two, b.carrier.taken[0].Text)
	}
	if text := b.carrier.taken[0].Text; strings.Contains(text, "shop.example") || !strings.HasPrefix(text, "Sale: https://desk.example.com/l/") {
		t.Errorf("the text is %q", text)
	}
	person := Opener{Agent: phoneAgent}
	sent := b.rows(c.ID)[0].AcceptedAt
	b.clock.Advance(tooSoon - b.clock.Since(sent) - time.Millisecond)
	b.follow(three[0], person)
	b.clock.Advance(time.Minute)
	for range 3 {
		b.follow(one[0], person)
		b.follow(one[1], person)
	}
	b.follow(two[1], Opener{Agent: "Mozilla/5.0 facebookexternalhit/1.1 Facebot Twitterbot/1.0"})
	b.follow(two[1], Opener{Agent: phoneAgent, Ahead: true})
	b.follow(two[1], Opener{})
	if target, err := b.svc.FollowLink(t.Context(), one[1], person); err != nil || target != "https://shop.example/new" {
		t.Errorf("the second link leads to %q, %v", target, err)
	}
	for i := range 4 {
		if err := b.report(i, "delivered", "", 3); err != nil {
			t.Fatal(err)
		}
	}
	r, err := b.svc.Report(t.Context(), b.admin, c.ID)
	if err != nil || r.Progress.Clicks != (Clicks{People: 1, Times: 7, Machines: 4}) || r.ClickRate == nil || *r.ClickRate != 0.25 {
		t.Errorf("%+v, rate %v, %v", r.Progress.Clicks, r.ClickRate, err)
	}
	steps, err := b.svc.Timeline(t.Context(), b.admin, c.ID)
	if err != nil || steps[len(steps)-1].Clickers != 1 {
		t.Errorf("over time: %+v, %v", steps, err)
	}
	clicked := "clicked"
	b.update(func(tx *db.Tx) error {
		for op, want := range map[string]uint64{"eq": 1, "ne": 3} {
			rule := liadesk.Rule{Field: "campaign." + c.ID.String(), Op: op, Value: &liadesk.RuleValue{Text: &clicked}}
			split, err := audience.Evaluate(tx, b.account.ID, rule, liadesk.PurposeMarketing)
			if err != nil || split.Matched.GetCardinality() != want {
				t.Errorf("%s clicked: %v, %v", op, split.Matched, err)
			}
		}
		return nil
	})
	for _, row := range b.rows(c.ID) {
		if (row.Phone == number(0)) == row.ClickedAt.IsZero() {
			t.Errorf("%s clicked at %v", row.Phone, row.ClickedAt)
		}
	}
}

// Whoever has an address may open it for ever: it leads on, and writes no more.
func TestALinkThatIsOpenedForEverIsCountedForAWhile(t *testing.T) {
	b, c := clicking(t, 1)
	b.clock.Advance(time.Hour)
	for range mostOpened + 20 {
		b.follow(b.tokens(number(0))[0], Opener{Agent: phoneAgent})
	}
	if got := b.progress(c.ID).Clicks; got != (Clicks{People: 1, Times: mostOpened}) {
		t.Errorf("%+v", got)
	}
}

// A link on somebody's phone leads on whatever becomes of the campaign and the
// account; whoever guesses gets nothing.
func TestALinkLeadsOnWhateverHappens(t *testing.T) {
	b, c := clicking(t, 1)
	token := b.tokens(number(0))[0]
	if err := b.svc.Delete(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.account.Plan = liadesk.PlanFree
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	b.clock.Advance(time.Hour)
	b.follow(token, Opener{Agent: phoneAgent})
	other := b.options
	other.LinkKey = []byte("others")
	for name, wrong := range map[string]string{
		"a sample": strings.Repeat("x", tokenChars), "cut": token[:tokenChars-1], "nothing": "", "large": strings.ToUpper(token),
		"long": strings.Repeat(token, 100), "changed": token[:5] + map[bool]string{true: "a", false: "b"}[token[5] != 'a'] + token[6:],
	} {
		if target, err := b.svc.FollowLink(t.Context(), wrong, Opener{}); !errors.Is(err, liadesk.ErrNotFound) || target != "" {
			t.Errorf("%s: %q, %v", name, target, err)
		}
	}
	if _, err := New(other).FollowLink(t.Context(), token, Opener{}); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("of another key: %v", err)
	}
}

func TestALinkLeadsOnWhenNothingCanBeStored(t *testing.T) {
	sick := &damaged{}
	b := benchOnDisk(t, func(disk kv.Engine) kv.Engine { sick.Engine = disk; return sick })
	b.options.LinkKey = []byte("links")
	b.restart()
	b.person(0, nil)
	b.sends(func(in *Input) { in.Message, in.TrackClicks = "https://shop.example/sale", true })
	sick.bad = []byte(number(0))
	b.follow(b.tokens(number(0))[0], Opener{Agent: phoneAgent})
}

// What is measured, shown and forecast is as long as what goes out, and counts
// for nobody; tests and threads have the links as they were written.
func TestOnlyWhatGoesOutHasLinksThatCount(t *testing.T) {
	b, c := clicking(t, 1)
	sent := b.carrier.taken[0].Text
	w := WordingOf(c, false).AsSample()
	if m, err := b.svc.Measure(t.Context(), b.admin, w); err != nil || m.Units != len(sent) {
		t.Errorf("measured %d units for %q: %v", m.Units, sent, err)
	}
	p, found, err := b.svc.Preview(t.Context(), b.admin, c.ID, "Person0")
	if err != nil || !found || len(p.Text) != len(sent) || p.Text == sent || strings.Contains(p.Text, b.tokens(number(0))[0]) {
		t.Errorf("the preview is %q, %v, of %q", p.Text, err, sent)
	}
	if test, err := b.svc.SendTest(t.Context(), b.admin, c.ID, number(90), liadesk.ID{}); err != nil || !strings.Contains(test.Text, "https://shop.example/sale, and https://shop.example/new.") {
		t.Errorf("the test is %q, %v", test.Text, err)
	}
	if err := b.text(number(0), "Which colours?"); err != nil {
		t.Fatal(err)
	}
	threads, _, err := b.talk.List(t.Context(), b.admin, conversations.Filter{}, db.Page{})
	if err != nil || len(threads) != 1 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	thread, err := b.talk.Get(t.Context(), b.admin, threads[0].ID, 0)
	if err != nil || thread.Messages[0].Text != "Sale: https://shop.example/sale, and https://shop.example/new." {
		t.Errorf("the thread begins with %q, %v", thread.Messages[0].Text, err)
	}
}

// A copy counts for itself.
func TestACopyOfACampaignHasLinksOfItsOwn(t *testing.T) {
	b, c := clicking(t, 1)
	b.often()
	again, err := b.svc.Duplicate(t.Context(), b.admin, c.ID)
	if err != nil || !again.TrackClicks || again.ClickCode != 0 {
		t.Fatalf("%+v, %v", again, err)
	}
	again, err = b.svc.Schedule(t.Context(), b.admin, again.ID, When{ScheduledAt: b.clock.Now().Add(time.Minute)})
	if err != nil || again.ClickCode == 0 || again.ClickCode == c.ClickCode {
		t.Fatalf("the codes are %d and %d, %v", c.ClickCode, again.ClickCode, err)
	}
	b.clock.Advance(2 * time.Minute)
	b.tick()
	b.work()
	tokens := b.tokens(number(0))
	if len(tokens) != 4 {
		t.Fatalf("%v", tokens)
	}
	b.clock.Advance(time.Hour)
	b.follow(tokens[2], Opener{Agent: phoneAgent})
	if one, two := b.progress(c.ID).Clicks, b.progress(again.ID).Clicks; one.People != 0 || two.People != 1 {
		t.Errorf("%+v and %+v", one, two)
	}
}

// People cannot write the names that stand for short links while a text is
// filled in.
func TestTheVariablesOfLinksCannotBeWritten(t *testing.T) {
	b := newBench(t)
	in := b.input()
	in.Message, in.TrackClicks = "Hi {{ link.to0 }} https://a.example", true
	if _, err := b.svc.Create(t.Context(), b.admin, in); !slices.Equal(codesOf(err), []string{"message:template_variable"}) {
		t.Errorf("%v", err)
	}
}

func TestMachinesAreToldFromPhones(t *testing.T) {
	for agent, want := range map[string]bool{
		phoneAgent: false,
		"Mozilla/5.0 (Linux; Android 13; CUBOT X70 Build/TP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36": false,
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36":              false,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                               false,
		"": true,
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                                true,
		"Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0": true,
		"TelegramBot (like TwitterBot)":                            true,
		"WhatsApp/2.24.1 A":                                        true,
		"Slackbot-LinkExpanding 1.0":                               true,
		"Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5": true,
		"curl/8.5.0": true,
	} {
		if got := (Opener{Agent: agent}).isMachine(); got != want {
			t.Errorf("%q: %v", agent, got)
		}
	}
}

// Links to offers are passed on: nobody reads the number in one of them.
func TestALinkDoesNotTellWhomItWasSentTo(t *testing.T) {
	b, _ := clicking(t, 2)
	one, two := b.tokens(number(0)), b.tokens(number(1))
	var raw [][]byte
	for _, token := range []string{one[0], one[1], two[0]} {
		body, err := tokenAlphabet.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, body)
		if again, ours := b.svc.readToken(clickTokens, token); !ours || again.number != number(0) && again.number != number(1) {
			t.Errorf("%s is read as %+v", token, again)
		}
	}
	for _, other := range raw[1:] {
		if bytes.Equal(raw[0][:3], other[:3]) || bytes.Equal(raw[0][3:10], other[3:10]) {
			t.Errorf("two links are alike in their parts: %x and %x", raw[0], other)
		}
	}
}

// Of a text that nobody is sure of, what is opened and answered is counted from
// when it was handed over.
func TestOpeningsAndAnswersOfAnUncertainTextAreCountedFromItsPost(t *testing.T) {
	b := newBench(t)
	b.options.LinkKey = []byte("links")
	b.restart()
	b.person(0, nil)
	b.person(1, nil)
	b.carrier.answer = func(_ Outgoing, take func() string) (Receipt, error) {
		take()
		return Receipt{}, errors.New("time-out")
	}
	c := b.schedule(func(in *Input) { in.Message, in.TrackClicks = "https://shop.example/sale", true })
	b.due()
	if _, _, err := b.svc.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := b.carrier.taken[0].To
	b.follow(b.tokens(first)[0], Opener{Agent: phoneAgent}) // the very moment
	b.clock.Advance(time.Minute)
	b.follow(b.tokens(first)[0], Opener{Agent: phoneAgent})
	if err := b.text(first, "Which colours?"); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(9 * time.Minute)
	if err := b.report(0, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	r, err := b.svc.Report(t.Context(), b.admin, c.ID)
	if err != nil || r.ToArrive == nil || r.ToAnswer == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	near := func(got, want time.Duration) bool { return got > want*9/10 && got < want*11/10 }
	if !near(r.ToAnswer.Median, time.Minute) || !near(r.ToArrive.Median, 10*time.Minute) || r.Progress.Clicks != (Clicks{People: 1, Times: 1, Machines: 1}) {
		t.Errorf("answered after %v, arrived after %v, %+v", r.ToAnswer.Median, r.ToArrive.Median, r.Progress.Clicks)
	}
}

// However often machines opened it before, the first opening of a person counts.
func TestMachinesDoNotUseUpWhatIsCounted(t *testing.T) {
	b, c := clicking(t, 1)
	b.clock.Advance(time.Hour)
	token := b.tokens(number(0))[0]
	for range mostOpened + 5 {
		b.follow(token, Opener{Agent: phoneAgent, Ahead: true})
	}
	for range 5 {
		b.follow(token, Opener{Agent: phoneAgent})
	}
	if got := b.progress(c.ID).Clicks; got != (Clicks{People: 1, Times: 1, Machines: mostOpened}) {
		t.Errorf("%+v", got)
	}
}

// A draft needs no code, and what is sent keeps its links however addresses are
// found later.
func TestLinksAreFixedWhenTheCampaignIsScheduled(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	draft := b.schedule(func(in *Input) { in.Message, in.TrackClicks, in.Draft = "Sale: https://shop.example/sale", true, true })
	if draft.ClickCode != 0 || draft.Links != nil || draft.LinkSource != "" {
		t.Errorf("a draft has %+v", draft)
	}
	c, err := b.svc.Schedule(t.Context(), b.admin, draft.ID, When{ScheduledAt: b.clock.Now().Add(time.Hour)})
	if err != nil || c.ClickCode == 0 || !slices.Equal(c.Links, []string{"https://shop.example/sale"}) || c.LinkSource != "Sale: {{ link.to0 }}" {
		t.Errorf("%+v, %v", c, err)
	}
}

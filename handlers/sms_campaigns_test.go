package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

func TestSMSFormSaysWhatIsWrongAndKeepsWhatWasTyped(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	a := d.page("acme", "POST", "/campaigns/sms", d.form(func(f url.Values) {
		f["title"], f["message"], f["schedule.local"] = []string{""}, []string{"Hi {{ contact.shoe }} <b>"}, []string{"2026-11-20T10:00"}
		f["any"], f["none"] = []string{"vip", "gold"}, []string{"staff"}
		delete(f, "inbox_id")
	}))
	doc := a.read(t)
	if a.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	for _, field := range []string{"title", "message", "inbox_id", "schedule.local"} {
		if words(doc.Find(fmt.Sprintf("[id='f-%s-error']", field))) == "" {
			t.Errorf("%s has no sentence", field)
		}
	}
	if got := doc.Find("#f-message").Text(); got != "Hi {{ contact.shoe }} <b>" {
		t.Errorf("the message became %q", got)
	}
	if got, _ := doc.Find("[id='f-schedule.local']").Attr("value"); got != "2026-11-20T10:00" {
		t.Errorf("the time became %q", got)
	}
	if n := doc.Find("input[name=any]").Length() + doc.Find("input[name=none][value=staff]").Length(); n != 3 {
		t.Errorf("%d tags are left of three", n)
	}

	status, problem := d.api("acme", "POST", "/sms-campaigns", `{"message":"Hi {{ contact.shoe }}","audience":{"rule":{}},"scheduled_at":"2026-11-20T10:00:00Z","expires_at":"soon"}`)
	if status != http.StatusUnprocessableEntity || fieldsOf(problem) != "expires_at:not_an_instant" {
		t.Errorf("%d %s", status, fieldsOf(problem))
	}
	status, problem = d.api("acme", "POST", "/sms-campaigns", `{"message":"Hi {{ contact.shoe }}","audience":{"rule":{}},"scheduled_at":"2026-11-20T10:00:00Z"}`)
	want := "title:required message:template_variable inbox_id:required audience.rule:rule_empty scheduled_at:in_the_past"
	if status != http.StatusUnprocessableEntity || fieldsOf(problem) != want {
		t.Errorf("%d %s", status, fieldsOf(problem))
	}
	if status, problem = d.api("acme", "GET", "/sms-campaigns", ""); status != 200 || len(problem["items"].([]any)) != 0 {
		t.Errorf("something was saved: %v", problem)
	}
}

// fieldsOf are the fields of a problem with their codes.
func fieldsOf(problem map[string]any) string {
	var list []string
	fields, _ := problem["errors"].([]any)
	for _, f := range fields {
		f := f.(map[string]any)
		list = append(list, fmt.Sprintf("%v:%v", f["field"], f["code"]))
		if f["message"] == "" {
			list = append(list, "without a sentence")
		}
	}
	return strings.Join(list, " ")
}

func TestCounterSaysWhatATextCosts(t *testing.T) {
	d := openSMSDesk(t)
	for _, c := range []struct{ text, segments, say string }{
		{strings.Repeat("a", 160), "1 segment", "0 left in this one · GSM-7"},
		{strings.Repeat("a", 161), "2 segments", "161 characters · 145 left in this one · GSM-7"},
		{"€", "1 segment", "These count twice: €"},
		{"It’s 20% off\u200b", "1 segment", "a segment holds 70 instead of 160: ’ U+200B"},
		{strings.Repeat("ê", 71), "2 segments", "71 characters · 63 left in this one · UCS-2"},
		{"a\r\nb", "1 segment", "3 characters"},
		{"", "", "Empty."},
	} {
		a := d.part("acme", "POST", "/campaigns/sms/check?field=message", d.form(func(f url.Values) { f.Set("message", c.text) }))
		counter := a.read(t).Find("[hx-target='#f-message-hint']")
		if a.StatusCode != 200 || words(counter.Find("strong")) != c.segments || !strings.Contains(words(counter), c.say) {
			t.Errorf("%q: %d %q", c.text, a.StatusCode, words(counter))
		}
	}
	long := strings.Repeat("long ", 400)
	doc := d.part("acme", "POST", "/campaigns/sms/check?field=message", d.form(func(f url.Values) { f.Set("message", long) })).read(t)
	if doc.Find(".sms-cost.danger").Length() != 1 || !strings.Contains(words(doc.Find("#f-message-error")), "14 segments, and 10 are allowed") {
		t.Errorf("a text that is too long: %s", words(doc.Selection))
	}
	doc = d.part("acme", "POST", "/campaigns/sms/check?field=message", d.form(nil)).read(t)
	if got := doc.Find(".phone .sms").Text(); got != "Hi Alexandrina, come by." {
		t.Errorf("the phone shows %q", got)
	}
	if a := d.part("acme", "POST", "/campaigns/sms/check?field=nothing", d.form(nil)); a.StatusCode != 404 {
		t.Errorf("an unknown field: %d", a.StatusCode)
	}
}

func TestTheCheaperTextIsOfferedAndTaken(t *testing.T) {
	d := openSMSDesk(t)
	dear, cheap := strings.Repeat("a", 75)+"’ {{ contact.first_name }}", strings.Repeat("a", 75)+"' {{ contact.first_name }}"
	message := func(f url.Values) { f.Set("message", dear) }
	doc := d.part("acme", "POST", "/campaigns/sms/check?field=message", d.form(message)).read(t)
	offer := doc.Find(".sms-safe")
	if offer.Find(".sms-safe-text").Text() != cheap || !strings.Contains(words(offer), "1 instead of 2 segments") || !strings.Contains(words(offer), "U+2019 → '") || doc.Find("textarea").Length() != 0 {
		t.Errorf("the offer: %s", words(doc.Selection))
	}
	how, _ := offer.Find("button").Attr("value")
	take := func(f url.Values) { message(f); f.Set("safe", how) }
	doc = d.part("acme", "POST", "/campaigns/sms/check?field=message", d.form(take)).read(t)
	if doc.Find("[hx-target='#sms-message'] textarea").Text() != cheap || doc.Find(".sms-safe").Length() != 0 {
		t.Errorf("taken: %s", words(doc.Selection))
	}
	page := d.page("acme", "POST", "/campaigns/sms", d.form(take))
	if got := page.read(t).Find("textarea[name=message]").Text(); page.StatusCode != 200 || got != cheap {
		t.Errorf("without scripts: %d %q", page.StatusCode, got)
	}
}

func TestAFieldIsCheckedAsItIsTyped(t *testing.T) {
	d := openSMSDesk(t)
	check := func(field string, change func(url.Values)) string {
		return words(d.part("acme", "POST", "/campaigns/sms/check?field="+field, d.form(change)).read(t).Selection)
	}
	empty := d.part("acme", "POST", "/campaigns/sms/check?field=title", d.form(func(f url.Values) { f.Set("title", " "); f.Set("message", "") }))
	if doc := empty.read(t); words(doc.Find("#f-title-error")) == "" || doc.Find(".error").Length() != 1 {
		t.Errorf("an empty title: %s", empty.body)
	}
	if got := check("title", func(f url.Values) { f.Set("message", "") }); strings.Contains(got, "message") {
		t.Errorf("the message is remarked before anybody came to it: %s", got)
	}
	if got := check("when", func(f url.Values) { f.Set("schedule.local", "2026-11-22T10:00") }); !strings.Contains(got, "has passed") || strings.Contains(got, "Goes out") {
		t.Errorf("a time that has passed: %s", got)
	}
	if got := check("when", nil); !strings.Contains(got, "Goes out Tue, Nov 24, 2026, 10:00 am CET.") || !strings.Contains(got, "That is Tue, Nov 24, 2026, 4:00 am EST for you.") {
		t.Errorf("a good time: %s", got)
	}
	if got := check("when", func(f url.Values) { f.Set("schedule.local", "2027-03-28T02:30") }); !strings.Contains(got, "clocks change") {
		t.Errorf("an hour that the clocks skip: %s", got)
	}
}

func TestAudienceIsChosenByTagsAndCountedLive(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana"`)
	d.person(2, "")
	d.person(3, `,"tags":["vip","staff"]`)
	if status, doc := d.api("acme", "POST", "/contacts", `{"name":"No number","tags":["vip"]}`); status != 201 {
		t.Fatal(doc)
	}
	if status, doc := d.api("acme", "POST", "/opt-outs", `{"number":"+46701740602","text":"by phone"}`); status != 201 {
		t.Fatal(doc)
	}
	ask := func(change func(url.Values)) string {
		doc := d.part("acme", "POST", "/campaigns/sms/audience", d.form(change)).read(t)
		var links []string
		for _, a := range doc.Find(".sms-left a").EachIter() {
			href, _ := a.Attr("href")
			u, err := url.Parse(href)
			if err != nil {
				t.Fatal(err)
			}
			links = append(links, u.Path+" "+u.Query().Get("skip"))
		}
		return words(doc.Find(".sms-who")) + " | " + words(doc.Find(".sms-reach dd")) + " | " + strings.Join(links, ", ")
	}
	if got, want := ask(nil), "Everyone tagged “vip” | 224 | /contacts no_number, /contacts opted_out"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := ask(func(f url.Values) { f.Set("add_none", "staff") }), "Everyone tagged “vip”, but not tagged “staff” | 123 | /contacts no_number, /contacts opted_out"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := ask(func(f url.Values) { f.Set("drop", "any:vip") }); got != " |  | " {
		t.Errorf("no tag at all means %s", got)
	}
	if got := ask(func(f url.Values) { f.Set("audience", "everyone") }); !strings.HasPrefix(got, "Everyone | 224") {
		t.Errorf("everyone: %s", got)
	}
	// The small buttons work without scripts, too, and save nothing.
	doc := d.page("acme", "POST", "/campaigns/sms", d.form(func(f url.Values) { f.Set("add_all", "staff"); f.Set("then", "again") })).read(t)
	if doc.Find("input[name=all][value=staff]").Length() != 1 || doc.Find("#f-title").AttrOr("value", "") != "Winter sale" {
		t.Error("a tag cannot be added without scripts")
	}
	if _, list := d.api("acme", "GET", "/sms-campaigns", ""); len(list["items"].([]any)) != 0 {
		t.Error("adding a tag saved a campaign")
	}
}

func TestRulesSurviveTheForm(t *testing.T) {
	tag := func(s string) liadesk.Rule { return liadesk.Rule{Tag: s} }
	all := func(r ...liadesk.Rule) liadesk.Rule { r = append([]liadesk.Rule{}, r...); return liadesk.Rule{All: &r} }
	any := func(r ...liadesk.Rule) liadesk.Rule { r = append([]liadesk.Rule{}, r...); return liadesk.Rule{Any: &r} }
	not := func(r liadesk.Rule) liadesk.Rule { return liadesk.Rule{Not: &r} }
	country := liadesk.Rule{Field: "country", Op: "eq", Value: &liadesk.RuleValue{Text: new("SE")}}
	for name, c := range map[string]struct {
		rule liadesk.Rule
		mode string
		back liadesk.Rule
	}{
		"everyone":          {all(), "everyone", all()},
		"a tag":             {tag("a"), "tags", all(tag("a"))},
		"any":               {any(tag("a"), tag("b")), "tags", all(any(tag("a"), tag("b")))},
		"all three":         {all(tag("a"), any(tag("b")), not(any(tag("c"), tag("d")))), "tags", all(tag("a"), any(tag("b")), not(any(tag("c"), tag("d"))))},
		"not one":           {not(tag("c")), "tags", all(not(any(tag("c"))))},
		"two lists of any":  {all(any(tag("a")), any(tag("b"))), "rule", all(any(tag("a")), any(tag("b")))},
		"any of all":        {any(all(tag("a"), tag("b")), tag("c")), "rule", any(all(tag("a"), tag("b")), tag("c"))},
		"nobody":            {any(), "custom", any()},
		"a field":           {country, "rule", all(country)},
		"an exception":      {all(country, not(any(country, tag("a")))), "rule", all(country, not(any(country, tag("a"))))},
		"one of several":    {liadesk.Rule{Field: "country", Op: "in", Value: &liadesk.RuleValue{List: &[]string{"SE"}}}, "rule", all(any(country))},
		"too deep":          {all(any(all(any(country)))), "custom", all(any(all(any(country))))},
		"a tag and a field": {all(tag("a"), country), "rule", all(tag("a"), country)},
		"nothing was typed": {liadesk.Rule{}, "tags", liadesk.Rule{}},
	} {
		var f smsForm
		f.setRule(c.rule)
		if f.Audience != c.mode || cmp.Diff(c.back, f.rule()) != "" {
			t.Errorf("%s: %s %s", name, f.Audience, cmp.Diff(c.back, f.rule()))
		}
	}
}

// TestARuleThatTheFormCannotMakeIsReadOutInIt lets nobody send to an audience
// that they cannot see.
func TestARuleThatTheFormCannotMakeIsReadOutInIt(t *testing.T) {
	d := openSMSDesk(t)
	path := d.draft(func(v url.Values) {
		v.Set("audience", "custom")
		v.Set("rule", `{"field":"country","op":"eq","value":"SE"}`)
	})
	for _, page := range []string{path, path + "/review", "/campaigns/sms"} {
		if text := words(d.page("acme", "GET", page, nil).read(t).Find("main")); !strings.Contains(text, "Everyone whose country is “SE”") {
			t.Errorf("%s does not say who is meant: %s", page, text)
		}
	}
}

func TestADraftIsReviewedThenScheduled(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana Lund"`)
	d.person(2, `,"name":"Bo Ek"`)
	path := d.draft(nil)
	doc := d.page("acme", "GET", path+"/review", nil).read(t)
	if got := doc.Find(".phone .sms").Text(); got != "Hi Ana, come by." && got != "Hi Bo, come by." {
		t.Errorf("the review shows %q", got)
	}
	d.person(3, `,"name":"Cai Berg","tags":["new"]`)
	for who, want := range map[string]string{
		"Bo":     "Hi Bo, come by. As Bo Ek will read it · 1 segment",
		"Cai":    "Cai Berg is not in this audience and gets no text. +46701740600Hi Cai, come by. As Cai Berg would read it · 1 segment",
		"Nobody": "There is no contact like “Nobody”.",
	} {
		got := words(d.part("acme", "GET", path+"/review?who="+who, nil).read(t).Find("#sms-sample"))
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", who, got)
		}
	}
	other := d.page("acme", "GET", path+"/review?sample=1", nil).read(t)
	if other.Find(".phone .sms").Text() == doc.Find(".phone .sms").Text() {
		t.Error("another person reads the same")
	}
	if got := words(doc.Find(".sms-time-big")); got != "Tue, Nov 24, 2026, 10:00 am CET" {
		t.Errorf("when: %s", got)
	}
	version := doc.Find("input[name=version]").AttrOr("value", "")
	if _, disabled := doc.Find("form .button.primary").Attr("disabled"); disabled {
		t.Fatalf("it cannot be scheduled: %s", words(doc.Find(".banner")))
	}
	// Somebody else changes the text in between: nobody has reviewed that one.
	if status, p := d.api("acme", "PATCH", strings.Replace(path, "/campaigns/sms", "/sms-campaigns", 1), `{"message":"Other"}`); status != 200 || p["status"] != "draft" {
		t.Fatalf("%d %v", status, p)
	}
	if a := d.page("acme", "POST", path+"/schedule", url.Values{"version": {version}}); a.StatusCode != http.StatusConflict {
		t.Errorf("a text that nobody reviewed is scheduled: %d", a.StatusCode)
	}
	version = d.page("acme", "GET", path+"/review", nil).read(t).Find("input[name=version]").AttrOr("value", "")
	if a := d.page("acme", "POST", path+"/schedule", url.Values{"version": {version}, "understood": {"yes"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d", a.StatusCode)
	}
	if a := d.page("acme", "GET", path+"/edit", nil); a.Header.Get("Location") != path {
		t.Errorf("a scheduled campaign can be edited: %d", a.StatusCode)
	}
	card := d.page("acme", "GET", "/campaigns/sms", nil).read(t).Find(".sms-card")
	if card.Length() != 1 || !strings.Contains(words(card), "Scheduled") || !strings.Contains(words(card), "Everyone tagged “vip”") {
		t.Errorf("the card: %s", words(card))
	}
}

func TestNothingReachableCannotBeScheduled(t *testing.T) {
	d := openSMSDesk(t)
	if status, doc := d.api("acme", "POST", "/contacts", `{"name":"Ana","phone":"+46701740601","tags":["vip"]}`); status != 201 {
		t.Fatal(doc)
	}
	path := d.draft(nil)
	doc := d.page("acme", "GET", path+"/review", nil).read(t)
	if _, disabled := doc.Find("form .button.primary").Attr("disabled"); !disabled || !strings.Contains(words(doc.Find(".banner")), "Nobody in this audience") {
		t.Errorf("the review: %s", words(doc.Find(".banner")))
	}
	if a := d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("it is scheduled: %d", a.StatusCode)
	}
	status, p := d.api("acme", "POST", strings.Replace(path, "/campaigns/sms", "/sms-campaigns", 1)+"/schedule", "")
	if status != 422 || fieldsOf(p) != "audience.rule:nothing_reachable" {
		t.Errorf("%d %s", status, fieldsOf(p))
	}
}

func TestCampaignsAreNotInTheFreePlan(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	path := d.schedule()
	for _, p := range []string{"/campaigns/sms", "/campaigns/sms/new", path, path + "/review", "/campaigns/sms/nothing"} {
		a := d.page("free", "GET", p, nil)
		if main := words(a.read(t).Find("main")); a.StatusCode != http.StatusForbidden || strings.Contains(words(a.read(t).Find("nav")), "SMS") || strings.Contains(main, "Winter") {
			t.Errorf("%s: %d %s", p, a.StatusCode, main)
		}
	}
	for _, p := range []string{"/sms-campaigns", strings.Replace(path, "/campaigns/sms", "/sms-campaigns", 1), "/sms-campaigns/nothing"} {
		if status, doc := d.api("free", "GET", p, ""); status != http.StatusForbidden || doc["code"] != "plan_required" {
			t.Errorf("%s: %d %v", p, status, doc)
		}
	}
	if status, doc := d.api("free", "POST", "/sms/measure", `{"message":"a"}`); status != http.StatusForbidden || doc["code"] != "plan_required" {
		t.Errorf("%d %v", status, doc)
	}
}

func TestAnotherCompanyAndAgentsCanChangeNothing(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	path := d.schedule()
	api := strings.Replace(path, "/campaigns/sms", "/sms-campaigns", 1)
	draft := d.draft(nil)
	_, before := d.api("acme", "GET", "/sms-campaigns", "")
	for _, r := range []struct{ method, path string }{
		{"GET", path}, {"GET", path + "/edit"}, {"GET", path + "/card"}, {"GET", path + "/figures"}, {"GET", path + "/recipients"},
		{"GET", draft + "/review"}, {"POST", draft}, {"POST", draft + "/schedule"},
		{"POST", path + "/pause"}, {"POST", path + "/resume"}, {"POST", path + "/cancel"}, {"POST", path + "/duplicate"}, {"POST", path + "/replace"},
		{"DELETE", path}, {"POST", path + "/delete"},
	} {
		if a := d.page("rival", r.method, r.path, d.form(nil)); a.StatusCode != http.StatusNotFound {
			t.Errorf("rival %s %s: %d", r.method, r.path, a.StatusCode)
		}
		reads := r.method == "GET" && !strings.HasSuffix(r.path, "review") && !strings.HasSuffix(r.path, "edit")
		if a := d.page("agent", r.method, r.path, d.form(nil)); !reads && a.StatusCode != http.StatusForbidden || reads && a.StatusCode >= 400 {
			t.Errorf("agent %s %s: %d", r.method, r.path, a.StatusCode)
		}
	}
	for _, r := range []struct{ method, path, body string }{
		{"GET", api, ""}, {"PATCH", api, `{"title":"x"}`}, {"DELETE", api, ""}, {"POST", api + "/schedule", `{}`}, {"POST", api + "/pause", ""},
		{"POST", api + "/resume", ""}, {"POST", api + "/cancel", ""}, {"GET", api + "/deliveries", ""}, {"GET", api + "/report", ""},
	} {
		if status, doc := d.api("rival", r.method, r.path, r.body); status != http.StatusNotFound || doc["code"] != "not_found" {
			t.Errorf("rival %s %s: %d", r.method, r.path, status)
		}
	}
	status, p := d.api("rival", "POST", "/sms-campaigns", fmt.Sprintf(`{"title":"x","message":"y","inbox_id":"%s","audience":{"rule":{"all":[]}}}`, d.inbox.ID))
	if status != 422 || fieldsOf(p) != "inbox_id:not_found" {
		t.Errorf("another company's inbox: %d %s", status, fieldsOf(p))
	}
	if _, after := d.api("acme", "GET", "/sms-campaigns", ""); cmp.Diff(before, after) != "" {
		t.Error(cmp.Diff(before, after))
	}
	list := d.page("agent", "GET", "/campaigns/sms", nil).read(t)
	if list.Find(".sms-card").Length() != 2 || list.Find("form[action*='/campaigns/']").Length() != 0 || list.Find("a[href='/campaigns/sms/new']").Length() != 0 {
		t.Error("an agent is offered what only administrators may do")
	}
}

func TestTheEmptyListTellsWhatItIsFor(t *testing.T) {
	d := openSMSDesk(t)
	doc := d.page("acme", "GET", "/campaigns/sms", nil).read(t)
	if words(doc.Find(".empty-title")) != "No SMS campaigns are available" || doc.Find(".empty-points li").Length() < 3 ||
		doc.Find(".empty a.primary[href='/campaigns/sms/new']").Length() != 1 {
		t.Errorf("%s", words(doc.Find("main")))
	}
	d.person(1, "")
	path := d.schedule()
	card := d.page("acme", "GET", "/campaigns/sms", nil).read(t)
	if got, _ := card.Find("form[action='" + path + "/delete']").Attr("hx-confirm"); got != "Delete “Winter sale”?" {
		t.Errorf("deleting asks %q", got)
	}
	if a := d.part("acme", "POST", path+"/delete", url.Values{}); a.Header.Get("HX-Redirect") != "/campaigns/sms" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	if doc := d.page("acme", "GET", "/campaigns/sms", nil).read(t); doc.Find(".empty").Length() != 1 {
		t.Error("the last one is deleted, and no empty list is shown")
	}
}

func TestACardMovesWhileItsCampaignRuns(t *testing.T) {
	d := openSMSDesk(t)
	for n := range 4 {
		d.person(n+1, "")
	}
	path := d.schedule()
	live := func(seen string) answer { return d.part("acme", "GET", path+"/card?seen="+seen, nil) }
	every := func(a answer) string { return a.read(t).Find(".sms-live").AttrOr("hx-trigger", "") }
	if a := live("scheduled"); every(a) != "every 300s" || a.read(t).Find(".sms-card").Length() != 0 {
		t.Errorf("a day ahead: %s", a.body)
	}
	d.clock.Advance(24 * time.Hour)
	if a := live("scheduled"); every(a) != "every 2s" {
		t.Errorf("when it is due: %s", a.body)
	}
	if err := d.rooms.SMS.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := live("scheduled")
	if a.Header.Get("HX-Retarget") != "#sms-"+strings.TrimPrefix(path, "/campaigns/sms/") || !strings.Contains(words(a.read(t).Find(".badge")), "Sending") || every(a) != "every 2s" {
		t.Errorf("when it begins, the whole card changes: %v %s", a.Header, a.body)
	}
	if a := live("sending"); a.Header.Get("HX-Retarget") != "" || every(a) != "every 2s" {
		t.Errorf("while it sends: %s", a.body)
	}
	d.work()
	d.reported()
	a = live("sending")
	if got := words(a.read(t).Selection); !strings.Contains(got, "Completed") || !strings.Contains(got, "4 of 4 delivered") || every(a) != "" {
		t.Errorf("at the end: %s, again %s", got, every(a))
	}
	if got := words(d.page("acme", "GET", path, nil).read(t).Find(".stats")); !strings.Contains(got, "4 delivered ÷ 4 accepted") {
		t.Errorf("the report: %s", got)
	}
	if a := d.part("acme", "GET", path+"/figures?seen=sending", nil); a.Header.Get("HX-Redirect") != path {
		t.Errorf("the page stays behind: %d", a.StatusCode)
	}
}

func TestWhatFailedIsSaidInWords(t *testing.T) {
	d := openSMSDesk(t)
	for n := range 4 {
		d.person(n+1, "")
	}
	d.page("acme", "POST", "/sandbox/behaviour", url.Values{"number": {"+46701740602"}, "outcome": {"failed"}, "code": {"50"}})
	if status, doc := d.api("acme", "POST", "/contacts", `{"name":"No number","tags":["vip"]}`); status != 201 {
		t.Fatal(doc)
	}
	path := d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	card := d.page("acme", "GET", "/campaigns/sms", nil).read(t).Find(".sms-card")
	if got := words(card); !strings.Contains(got, "Completed with problems") || !strings.Contains(got, "25% failed. The reason: the number does not exist (1 text).") {
		t.Errorf("the card: %s", got)
	}
	rows := d.page("acme", "GET", path+"?status=failed", nil).read(t).Find("#recipients tbody tr")
	if rows.Length() != 1 || !strings.Contains(words(rows), "the number does not exist (50)") || !strings.Contains(words(rows), "a signed report") {
		t.Errorf("the recipient: %s", words(rows))
	}
	_, doc := d.api("acme", "GET", strings.Replace(path, "/campaigns/sms", "/sms-campaigns", 1)+"/deliveries?status=failed", "")
	if list := fmt.Sprint(doc["items"]); !strings.Contains(list, "error:the number does not exist error_code:50") {
		t.Errorf("programs read: %s", list)
	}
	if rows := d.page("acme", "GET", path+"?q=%2B46701740601", nil).read(t).Find("#recipients tbody tr"); rows.Length() != 1 {
		t.Errorf("looked for one number, and %d are there", rows.Length())
	}
	if text := words(d.part("acme", "GET", path+"/recipients?q=zzz", nil).read(t).Find("#recipients")); !strings.Contains(text, "goes by “zzz”") {
		t.Errorf("looked for nobody: %s", text)
	}
	rows = d.page("acme", "GET", path+"?status=skipped", nil).read(t).Find("#recipients tbody tr")
	if rows.Length() != 1 || !strings.Contains(words(rows), "no phone number") || !strings.HasPrefix(words(rows), "No number") {
		t.Errorf("who was left out: %s", words(rows))
	}
	if a := d.page("acme", "GET", path+"?status=lost", nil); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown state: %d", a.StatusCode)
	}
}

func TestWhenToLookAgain(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	soon := now.Add(time.Hour)
	for name, c := range map[string]struct {
		k    liadesk.SMSCampaign
		p    sms.Progress
		want int
	}{
		"draft":            {liadesk.SMSCampaign{Status: liadesk.SMSDraft}, sms.Progress{}, 0},
		"tomorrow":         {liadesk.SMSCampaign{Status: liadesk.SMSScheduled, ScheduledAt: now.Add(24 * time.Hour)}, sms.Progress{}, 300},
		"in half a minute": {liadesk.SMSCampaign{Status: liadesk.SMSScheduled, ScheduledAt: now.Add(30 * time.Second)}, sms.Progress{}, 31},
		"due":              {liadesk.SMSCampaign{Status: liadesk.SMSScheduled, ScheduledAt: now.Add(-time.Second)}, sms.Progress{}, 2},
		"sending":          {liadesk.SMSCampaign{Status: liadesk.SMSSending}, sms.Progress{}, 2},
		"paused":           {liadesk.SMSCampaign{Status: liadesk.SMSPaused}, sms.Progress{Pending: 3}, 0},
		"paused in flight": {liadesk.SMSCampaign{Status: liadesk.SMSPaused}, sms.Progress{Sending: 3}, 2},
		"settling":         {liadesk.SMSCampaign{Status: liadesk.SMSCompleted, CompletedAt: now}, sms.Progress{SettlingUntil: soon}, 5},
		"settling long":    {liadesk.SMSCampaign{Status: liadesk.SMSCompleted, CompletedAt: now.Add(-time.Hour)}, sms.Progress{SettlingUntil: soon}, 0},
		"settled":          {liadesk.SMSCampaign{Status: liadesk.SMSCompleted, CompletedAt: now}, sms.Progress{}, 0},
	} {
		if got := lookAgain(c.k, c.p, now); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestEveryActionFitsItsStatus(t *testing.T) {
	for status, want := range map[liadesk.SMSStatus]string{
		liadesk.SMSDraft: "continue duplicate delete", liadesk.SMSScheduled: "pause replace duplicate cancel delete",
		liadesk.SMSSending: "pause duplicate cancel", liadesk.SMSPaused: "resume duplicate cancel delete",
		liadesk.SMSCompleted: "duplicate delete", liadesk.SMSCancelled: "duplicate delete",
	} {
		list, main := smsActions(liadesk.SMSCampaign{Status: status})
		if got := strings.Join(slices.DeleteFunc(append([]string{main}, list...), func(s string) bool { return s == "" }), " "); got != want {
			t.Errorf("%s: %s, want %s", status, got, want)
		}
	}
}

func TestADraftWithoutATimeSaysThatItNeedsOne(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	a := d.page("acme", "POST", "/campaigns/sms", d.form(func(f url.Values) { f.Set("schedule.local", ""); f.Set("then", "draft") }))
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, words(a.read(t).Find("main")))
	}
	_, list := d.api("acme", "GET", "/sms-campaigns", "")
	id := list["items"].([]any)[0].(map[string]any)["id"].(string)
	doc := d.page("acme", "GET", "/campaigns/sms/"+id+"/review", nil).read(t)
	if got := words(doc.Find(".problem-list")); got != "Choose a date and time." {
		t.Errorf("the review says %q", got)
	}
}

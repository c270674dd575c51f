package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTwoWhoChangeADraftAtOnceLoseNothing(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	path := d.draft(nil)
	version := func(a answer) string {
		v, _ := a.read(t).Find("[name=version]").Attr("value")
		return v
	}
	seen := version(d.page("acme", "GET", path+"/edit", nil))
	save := func(version, title, tag string) answer {
		return d.page("acme", "POST", path, d.form(func(f url.Values) {
			f.Set("version", version)
			f.Set("title", title)
			f.Set("any", tag)
			f.Set("then", "save")
		}))
	}
	if a := save(seen, "Their title", "vip"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the first: %d", a.StatusCode)
	}
	a := save(seen, "My title", "regulars")
	doc := a.read(t)
	if got := words(doc.Find(".banner.warning")); a.StatusCode != http.StatusConflict || !strings.Contains(got, "TitleTheir titleMy title") ||
		!strings.Contains(got, "Who gets itEveryone tagged “vip”Everyone tagged “regulars”") || strings.Contains(got, "Hi ") {
		t.Errorf("%d %q", a.StatusCode, got)
	}
	if title, _ := doc.Find("[name=title]").Attr("value"); title != "My title" {
		t.Errorf("what was typed is %q", title)
	}
	if a := save(version(a), "My title", "regulars"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a second save, knowing of the first: %d", a.StatusCode)
	}

	// Whoever reviewed it before that looks again.
	a = d.page("acme", "POST", path+"/schedule", url.Values{"version": {seen}, "understood": {"yes"}})
	if got := words(a.read(t).Find("main")); a.StatusCode != http.StatusConflict || !strings.Contains(got, "Somebody changed this draft since you looked at it") {
		t.Errorf("%d %q", a.StatusCode, got)
	}
}

func TestWhatWasTypedIntoADraftThatIsNoneAnyMoreBecomesANewOne(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	for name, c := range map[string]struct {
		meanwhile func(path string)
		says      string
	}{
		"scheduled": {func(path string) { d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}}) }, "This campaign was scheduled meanwhile"},
		"deleted":   {func(path string) { d.page("acme", "POST", path+"/delete", nil) }, "Somebody deleted this draft meanwhile"},
	} {
		path := d.draft(nil)
		c.meanwhile(path)
		form := d.form(func(f url.Values) { f.Set("message", "Typed for an hour"); f.Set("version", "1") })
		a := d.page("acme", "POST", path, form)
		doc := a.read(t)
		if got := words(doc.Find(".banner.warning")); a.StatusCode != http.StatusConflict || !strings.Contains(got, c.says) {
			t.Errorf("%s: %d %q", name, a.StatusCode, got)
		}
		action, _ := doc.Find("form.beside").Attr("action")
		if got := doc.Find("[name=message]").Text(); strings.TrimSpace(got) != "Typed for an hour" || action != "/campaigns/sms" {
			t.Errorf("%s: %q, to be sent to %s", name, got, action)
		}
	}
	// There is nothing left to review either.
	path := d.schedule()
	for _, a := range []answer{d.page("acme", "GET", path+"/review", nil), d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}})} {
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path {
			t.Errorf("%d %s", a.StatusCode, a.Header.Get("Location"))
		}
	}
}

func TestADraftIsKeptAsFarAsItIs(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	a := d.page("acme", "POST", "/campaigns/sms", url.Values{"then": {"inbox"}, "purpose": {"marketing"}, "audience": {"tags"},
		"schedule.local": {"2026-11-01T10:00"}, "schedule.time_zone": {"Europe/Stockholm"}, "expires_at": {"2026-11-01T20:00"}})
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/inboxes/new?kind=sms" {
		t.Fatalf("%d %s: %s", a.StatusCode, a.Header.Get("Location"), words(a.read(t).Find("main")))
	}
	list := d.page("acme", "GET", "/campaigns/sms", nil).read(t)
	path, _ := list.Find(".sms-card a[href*='/campaigns/sms/']").Attr("href")
	path = strings.TrimSuffix(path, "/edit")
	if got := words(list.Find(".sms-card")); !strings.Contains(got, "Untitled draft") || path == "" {
		t.Fatalf("%s: %q", path, got)
	}
	id := strings.TrimPrefix(path, "/campaigns/sms/")
	for _, page := range []string{path, path + "/edit", path + "/review", path + "/forecast"} {
		if a := d.page("acme", "GET", page, nil); a.StatusCode >= 400 && !strings.HasSuffix(page, "/forecast") || a.StatusCode >= 500 {
			t.Errorf("%s: %d", page, a.StatusCode)
		}
	}
	if status, doc := d.api("acme", "GET", "/sms-campaigns/"+id, ""); status != 200 || doc["status"] != "draft" {
		t.Errorf("%d %v", status, doc)
	}
	a = d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}})
	if got := words(a.read(t).Find(".problem-list")); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got, "This time has passed") {
		t.Errorf("%d %q", a.StatusCode, got)
	}
	if a := d.page("acme", "POST", path+"/test", url.Values{"to": {"+46701740699"}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a test of nothing: %d", a.StatusCode)
	}
	if got := words(d.page("acme", "GET", path, nil).read(t).Find("main")); !strings.Contains(got, "Nobody chosen yet") {
		t.Errorf("whom it means: %q", got)
	}
	// A condition that nobody filled in is none yet, and never means everybody.
	a = d.page("acme", "POST", path, url.Values{"then": {"save"}, "title": {"x"}, "audience": {"custom"}, "rule": {`{"all":[{},{"any":[{}]},{"not":{}}]}`}})
	if status, doc := d.api("acme", "GET", "/sms-campaigns/"+id, ""); a.StatusCode != http.StatusSeeOther || status != 200 || doc["audience"].(map[string]any)["rule"] == nil ||
		len(doc["audience"].(map[string]any)["rule"].(map[string]any)) != 0 {
		t.Errorf("%d, %v", a.StatusCode, doc["audience"])
	}
	// What is there is checked.
	a = d.page("acme", "POST", path, url.Values{"then": {"save"}, "title": {"x"}, "message": {"Hi {{ contact.nobody }}"}, "purpose": {"marketing"}, "audience": {"tags"}})
	if got := words(a.read(t).Find(".problem-list")); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got, "contact.nobody") {
		t.Errorf("%d %q", a.StatusCode, got)
	}
	a = d.page("acme", "POST", path, url.Values{"then": {"review"}, "title": {"x"}, "purpose": {"marketing"}, "audience": {"tags"}})
	if got := a.read(t).Find(".problem-list li").Length(); a.StatusCode != http.StatusUnprocessableEntity || got != 3 {
		t.Errorf("%d with %d problems", a.StatusCode, got)
	}
}

// With many conditions "compare this with a text" helps nobody without a place.
func TestAnAudienceThatIsWrongSaysInWhichCondition(t *testing.T) {
	for path, want := range map[string]string{"audience.rule": "", "audience.rule.all.0.value": "1", "audience.rule.any.2.all.0.value": "3.1"} {
		if got := conditionIn(path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
	d := openSMSDesk(t)
	a := d.page("acme", "POST", "/campaigns/sms", d.form(func(f url.Values) {
		f.Set("audience", "custom")
		f.Set("rule", `{"all":[{"tag":"vip"},{"any":[{"field":"country","op":"eq","value":7}]}]}`)
	}))
	doc := a.read(t)
	link, _ := doc.Find(".problem-list a").Attr("href")
	if got := words(doc.Find(".problem-list")); a.StatusCode != http.StatusUnprocessableEntity || !strings.HasPrefix(got, "Condition 2.1: ") || link != "#f-audience" || doc.Find(link).Length() != 1 {
		t.Errorf("%d %q, which leads to %s", a.StatusCode, got, link)
	}
}

func TestLeavingOutAccentsCountsAtOnce(t *testing.T) {
	d := openSMSDesk(t)
	text := strings.Repeat("Promoção às três. ", 40) // 720 characters, 960 bytes in UTF-8
	form := d.form(func(f url.Values) { f.Set("message", text) })
	counter := func() string {
		return words(d.part("acme", "POST", "/campaigns/sms/check?field=message", form).read(t).Find("[hx-target='#f-message-hint']"))
	}
	if got := counter(); !strings.Contains(got, "11 segments") || !strings.Contains(got, "UCS-2") {
		t.Errorf("with accents: %q", got)
	}
	form.Set("fold_accents", "true")
	if got := counter(); !strings.Contains(got, "5 segments") || !strings.Contains(got, "GSM-7") {
		t.Errorf("without: %q", got)
	}
	if a := d.page("acme", "POST", "/campaigns/sms", form); a.StatusCode != http.StatusSeeOther {
		t.Errorf("%d: %s", a.StatusCode, words(a.read(t).Find(".problem-list")))
	}
	if attr, _ := d.page("acme", "GET", "/campaigns/sms/new", nil).read(t).Find("[name=fold_accents]").Attr("hx-post"); attr == "" {
		t.Error("the box is not counted when it is ticked")
	}
}

func TestTheNameOfASavedAudienceIsKeptWhileConditionsChange(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	form := d.form(func(f url.Values) { f.Set("segment_name", "Our best"); f.Set("add_all", "vip") })
	doc := d.part("acme", "POST", "/campaigns/sms/audience", form).read(t)
	if got, _ := doc.Find("[name=segment_name]").Attr("value"); got != "Our best" {
		t.Errorf("the name is %q", got)
	}
}

func TestATestTextIsThatOfThePersonWhoIsShownAndSaysWhatIsWrong(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana Lund"`)
	d.person(2, `,"name":"Bo Ek"`)
	path := d.draft(nil)
	doc := d.part("acme", "GET", path+"/review?who=Bo", nil).read(t)
	as, _ := doc.Find("#sms-sample [name=as][form=sms-test]").Attr("value")
	if a := d.page("acme", "POST", path+"/test", url.Values{"to": {"+46701740699"}, "as": {as}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d", a.StatusCode)
	}
	d.work()
	if got := d.Handset.Messages([]string{acmeAuthID}, "+46701740699"); len(got) != 1 || got[0].Text != "Hi Bo, come by." {
		t.Errorf("%+v", got)
	}
	if status, doc := d.api("acme", "DELETE", "/inboxes/"+d.inbox.ID.String(), ""); status >= 300 {
		t.Fatalf("%d %v", status, doc)
	}
	a := d.page("acme", "POST", path+"/test", url.Values{"to": {"+46701740699"}})
	if got := words(a.read(t).Find("#sms-test")); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got, "inbox") {
		t.Errorf("without an inbox: %d %q", a.StatusCode, got)
	}
}

func TestTheForecastSaysInWordsWhatIsMissing(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":""`)
	path := d.draft(func(f url.Values) {
		f.Set("message", "Hi {{ contact.first_name }}, it renews on {{ contact.attributes.renwal_date }}.")
	})
	doc := d.part("acme", "GET", path+"/forecast", nil).read(t)
	for again, running := doc.Find("#sms-forecast").Attr("hx-get"); running; again, running = doc.Find("#sms-forecast").Attr("hx-get") {
		doc = d.part("acme", "GET", again, nil).read(t)
	}
	got := words(doc.Find(".banner.warning"))
	for _, want := range []string{"1 person has nothing for “renwal_date”", "1 person has nothing for “First name”", `{{ contact.first_name | default: "…" }}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// Behind a page of newer drafts something may be sending.
func TestTheEmergencyStopIsThereWhateverTheListShows(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	stop := func() int {
		return d.page("acme", "GET", "/campaigns/sms", nil).read(t).Find("form[action='/campaigns/sms/stop']").Length()
	}
	path := d.schedule()
	for range cardsPerPage {
		d.draft(nil)
	}
	if stop() != 1 {
		t.Error("a scheduled campaign cannot be stopped from the first page")
	}
	d.page("acme", "POST", path+"/cancel", nil)
	if stop() != 0 {
		t.Error("there is nothing to stop")
	}
}

func TestAPageThatIsLookedAtAnewKeepsWhatItWasFilteredBy(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	path := d.schedule()
	for address, want := range map[string]string{
		"http://" + d.host + path + "?status=failed&after=x": path + "?status=failed&after=x",
		"http://" + d.host + "/elsewhere?status=failed":      path,
		"https://evil.example/":                              path,
		"":                                                   path,
	} {
		a := d.page("acme", "GET", path+"/figures?seen=draft", nil, "HX-Request", "true", "HX-Current-URL", address)
		if got := a.Header.Get("HX-Redirect"); got != want {
			t.Errorf("from %s to %q, want %q", address, got, want)
		}
	}
}

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

package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTheReviewSaysWhoIsLeftOutForWhatTheyGotLatelyAndAReasonLiftsIt(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	d.person(2, "")
	d.schedule() // tomorrow at ten
	d.clock.Advance(24 * time.Hour)
	d.work()

	soon := func(f url.Values) { f.Set("schedule.local", "2026-11-24T12:00") }
	path := d.draft(soon)
	review := d.page("acme", "GET", path+"/review", nil).read(t)
	if got := words(review.Find(".banner")); !strings.Contains(got, "2 people got a marketing text lately and would be left out.") {
		t.Errorf("the review says %q", got)
	}
	a := d.page("acme", "POST", path, d.form(func(f url.Values) { soon(f); f.Set("override_reason", strings.Repeat("long ", 50)) }))
	doc := a.read(t)
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(words(doc.Find("#f-override_reason-error")), "200 characters at most") {
		t.Errorf("a long reason: %d %q", a.StatusCode, words(doc.Find("#f-override_reason-error")))
	}
	if got := doc.Find("#f-override_reason").AttrOr("value", ""); !strings.HasPrefix(got, "long long") {
		t.Errorf("the reason became %q", got)
	}
	a = d.page("acme", "POST", path, d.form(func(f url.Values) { soon(f); f.Set("override_reason", "The fair opens a day early") }))
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	review = d.page("acme", "GET", path+"/review", nil).read(t)
	got := words(review.Find(".banner"))
	if strings.Contains(got, "left out") || !strings.Contains(got, "The reason given: “The fair opens a day early”") {
		t.Errorf("the review with a reason says %q", got)
	}
	id := strings.TrimPrefix(path, "/campaigns/sms/")
	_, k := d.api("acme", "GET", "/sms-campaigns/"+id, "")
	override, _ := k["override"].(map[string]any)
	if override["reason"] != "The fair opens a day early" || override["by"] != d.viewers["acme"].User.ID.String() {
		t.Errorf("the API says %v", k["override"])
	}
	if status, k := d.api("acme", "PATCH", "/sms-campaigns/"+id, `{"override_reason":""}`); status != 200 || k["override"] != nil {
		t.Errorf("taken back: %d %v", status, k["override"])
	}
	if a := d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d", a.StatusCode)
	}
	d.clock.Advance(2 * time.Hour)
	d.work()
	_, list := d.api("acme", "GET", "/sms-campaigns/"+id+"/deliveries?status=skipped", "")
	items, _ := list["items"].([]any)
	if len(items) != 2 || items[0].(map[string]any)["reason"] != "texted_recently" {
		t.Errorf("skipped: %v", list)
	}
}

func TestHowManyMarketingTextsADayIsASetting(t *testing.T) {
	d := openSMSDesk(t)
	for _, c := range []struct {
		body   string
		status int
	}{{`{"limits":{"marketing_texts_per_24h":0}}`, 422}, {`{"limits":{"marketing_texts_per_24h":11}}`, 422}, {`{"limits":{"marketing_texts_per_24h":2}}`, 200}} {
		if status, problem := d.api("acme", "PATCH", "/settings", c.body); status != c.status ||
			status == 422 && fieldsOf(problem) != "marketing_texts_per_24h:out_of_range" {
			t.Errorf("%s: %d %v", c.body, status, problem)
		}
	}
	_, set := d.api("acme", "GET", "/settings", "")
	if got := set["limits"].(map[string]any)["marketing_texts_per_24h"]; got != 2.0 {
		t.Errorf("limits: %v", set["limits"])
	}
}

package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/sms/sandbox"
)

func TestAnAdministratorSettlesUncertainTextsOnTheirPage(t *testing.T) {
	d := openSMSDesk(t)
	for n, name := range []string{"Ana", "Bo", "Cleo"} {
		d.person(n+1, `,"name":"`+name+`"`)
		d.rooms.Handset.SetBehaviour("+4670174060"+string(rune('1'+n)), sandbox.Behaviour{Answer: &sandbox.AcceptThenDrop, Silent: true})
	}
	path := d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.clock.Advance(time.Minute)
	page := func() (string, answer) {
		t.Helper()
		a := d.page("acme", "GET", path+"/unconfirmed", nil)
		if a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		return words(a.read(t).Find("main")), a
	}
	if link := d.page("acme", "GET", path, nil).read(t).Find(`a[href="` + path + `/unconfirmed"]`); words(link) != "Decide about them" {
		t.Errorf("the campaign's page leads there by %q", words(link))
	}
	text, a := page()
	if !strings.Contains(text, "Ana") || !strings.Contains(text, "The carrier's answer did not come.") || !strings.Contains(text, "It can be sent again from") {
		t.Errorf("the page says %q", text)
	}
	doc := a.read(t)
	if doc.Find("tbody button[value=resend]").Length() != 0 || doc.Find("tbody button[value=sent]").Length() != 3 {
		t.Error("texts can be sent again too early, or not settled")
	}
	if got := doc.Find("form:has(input[value=resend])").AttrOr("data-confirm-text", ""); !strings.Contains(got, "twice: up to 3 people") {
		t.Errorf("the risk is named as %q", got)
	}
	settle := func(form url.Values) {
		t.Helper()
		if a := d.page("acme", "POST", path+"/unconfirmed", form); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%v: %d %s", form, a.StatusCode, a.body)
		}
	}
	ana := doc.Find("tbody tr:contains(Ana) input[name=delivery]").AttrOr("value", "")
	settle(url.Values{"delivery": {ana}, "action": {"failed"}})
	settle(url.Values{"delivery": {ana}, "action": {"sent"}}) // settled already: nothing happens
	if a := d.page("acme", "POST", path+"/unconfirmed", url.Values{"action": {"guess"}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown action: %d", a.StatusCode)
	}
	settle(url.Values{"action": {"resend"}}) // too early for all
	if text, _ := page(); strings.Contains(text, "Ana") || !strings.Contains(text, "Cleo") {
		t.Errorf("after the first: %q", text)
	}
	d.clock.Advance(11 * time.Minute)
	_, a = page()
	bo := a.read(t).Find("tbody tr:contains(Bo) input[name=delivery]").AttrOr("value", "")
	d.rooms.Handset.SetBehaviour("+46701740602", sandbox.Behaviour{})
	settle(url.Values{"delivery": {bo}, "action": {"resend"}})
	settle(url.Values{"action": {"sent"}})
	d.work()
	d.reported()
	if text, _ := page(); !strings.Contains(text, "No text of this campaign is unconfirmed.") {
		t.Errorf("in the end: %q", text)
	}
	_, k := d.api("acme", "GET", "/sms-campaigns/"+strings.TrimPrefix(path, "/campaigns/sms/"), "")
	p := k["progress"].(map[string]any)
	if p["failed"] != 1.0 || p["sent"] != 1.0 || p["delivered"] != 1.0 {
		t.Errorf("progress %v", p)
	}
	if n := d.rooms.Handset.Requests()["+46701740602"]; n != 2 {
		t.Errorf("Bo got %d requests, one and the one that a person asked for", n)
	}
}

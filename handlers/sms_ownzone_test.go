package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestACampaignByEachRecipientsOwnClock(t *testing.T) {
	d := openSMSDesk(t) // ten in the morning of 23 November in Stockholm
	d.person(1, "")
	path := d.draft(func(f url.Values) {
		f.Set("schedule.time_zone", "recipient")
		f.Set("expires_at", "2026-11-25T20:00")
	})
	edit := d.page("acme", "GET", path+"/edit", nil).read(t)
	if got := edit.Find("[name='schedule.time_zone'] option[selected]").AttrOr("value", ""); got != "recipient" {
		t.Errorf("the form has the zone %q", got)
	}
	if got := edit.Find("[name='schedule.local']").AttrOr("value", ""); got != "2026-11-24T10:00" {
		t.Errorf("the form has the time %q", got)
	}
	when := words(d.part("acme", "POST", "/campaigns/sms/check?field=when", d.form(func(f url.Values) { f.Set("schedule.time_zone", "recipient") })).read(t).Selection)
	if !strings.Contains(when, "by each recipient's own clock") {
		t.Errorf("the form says %q", when)
	}
	if got := words(d.page("acme", "GET", path+"/review", nil).read(t).Find(".sms-time-big")); !strings.HasSuffix(got, "10:00 am") {
		t.Errorf("the review says %q, which should name no zone", got)
	}
	if a := d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if got := words(d.page("acme", "GET", path, nil).read(t).Find("main")); !strings.Contains(got, "By each recipient's own clock") {
		t.Errorf("the page says %q", got)
	}
	_, k := d.api("acme", "GET", "/sms-campaigns/"+strings.TrimPrefix(path, "/campaigns/sms/"), "")
	if s := k["schedule"].(map[string]any); s["local"] != "2026-11-24T10:00" || s["time_zone"] != "recipient" || k["scheduled_at"] != "2026-11-24T09:00:00Z" {
		t.Errorf("the API says %v, %v", k["schedule"], k["scheduled_at"])
	}
	status, k := d.api("acme", "POST", "/sms-campaigns", `{"title":"A","message":"B","inbox_id":"`+d.inbox.ID.String()+`","audience":{"rule":{"tag":"vip"}},"schedule":{"local":"2026-11-23T11:00","time_zone":"recipient"}}`)
	if status != http.StatusCreated || k["scheduled_at"] != "2026-11-23T10:00:00Z" {
		t.Errorf("through the API: %d %v", status, k)
	}
}

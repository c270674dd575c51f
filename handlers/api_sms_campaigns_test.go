package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// body is a campaign as programs write it.
func (d *smsDesk) body(more string) string {
	return fmt.Sprintf(`{"title":"Winter sale","message":"Hi {{ contact.first_name }}","inbox_id":"%s","audience":{"rule":{"tag":"vip"}}%s}`, d.inbox.ID, more)
}

func keysOf(v any) string {
	doc, _ := v.(map[string]any)
	return strings.Join(slices.Sorted(maps.Keys(doc)), " ")
}

func TestSMSCampaignsOverTheAPI(t *testing.T) {
	d := openSMSDesk(t)
	ana := d.person(1, `,"name":"Ana"`)
	d.person(2, "")
	if status, doc := d.api("acme", "POST", "/contacts", `{"name":"No number","tags":["vip"]}`); status != 201 {
		t.Fatal(doc)
	}
	status, doc := d.api("acme", "POST", "/sms-campaigns", d.body(""))
	if status != 201 || doc["status"] != "draft" || doc["scheduled_at"] != nil || doc["purpose"] != "marketing" {
		t.Fatalf("%d %v", status, doc)
	}
	path := "/sms-campaigns/" + doc["id"].(string)
	const fields = "audience completed_at cost created_at expires_at id inbox_id message opt_outs progress purpose reason replies scheduled_at segments settling_until started_at status title updated_at version"
	if got := keysOf(doc); got != fields {
		t.Errorf("the fields are %s", got)
	}
	const states = "accepted deferred delivered expired failed pending sending sent skipped targeted unconfirmed undelivered"
	if got := keysOf(doc["progress"]); got != states || doc["progress"].(map[string]any)["targeted"] != nil {
		t.Errorf("progress has %s", got)
	}
	if status, doc = d.api("acme", "PATCH", path, `{"title":"Spring sale","expires_at":"2026-11-25T10:00:00Z"}`); status != 200 || doc["title"] != "Spring sale" || doc["status"] != "draft" ||
		doc["expires_at"] != "2026-11-25T10:00:00Z" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "PATCH", path, `{"title":"Old","version":1}`); status != 409 || doc["code"] != "changed" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "POST", path+"/schedule", `{}`); status != 422 || fieldsOf(doc) != "scheduled_at:required" {
		t.Errorf("%d %v", status, doc)
	}
	status, doc = d.api("acme", "POST", path+"/schedule", `{"schedule":{"local":"2026-11-24T10:00","time_zone":"Europe/Stockholm"}}`)
	if status != 200 || doc["status"] != "scheduled" || doc["scheduled_at"] != "2026-11-24T09:00:00Z" || fmt.Sprint(doc["schedule"]) != "map[local:2026-11-24T10:00 time_zone:Europe/Stockholm]" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "PATCH", path, `{"title":"Late"}`); status != 409 || doc["code"] != "not_a_draft" {
		t.Errorf("%d %v", status, doc)
	}
	for _, move := range []struct{ do, status string }{{"pause", "paused"}, {"pause", "paused"}, {"resume", "scheduled"}} {
		if status, doc = d.api("acme", "POST", path+"/"+move.do, ""); status != 200 || doc["status"] != move.status {
			t.Errorf("%s: %d %v", move.do, status, doc["status"])
		}
	}
	d.clock.Advance(24 * time.Hour)
	if err := d.rooms.SMS.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, doc = d.api("acme", "DELETE", path, ""); status != 409 || doc["code"] != "sending" {
		t.Errorf("deleting while it sends: %d %v", status, doc)
	}
	d.work()
	d.reported()
	status, doc = d.api("acme", "GET", path, "")
	if p := doc["progress"].(map[string]any); status != 200 || doc["status"] != "completed" || p["targeted"] != 3.0 || p["delivered"] != 2.0 ||
		fmt.Sprint(p["skipped"]) != "map[no_number:1]" || doc["segments"] != 2.0 {
		t.Errorf("%d %v", status, doc)
	}
	_, list := d.api("acme", "GET", path+"/deliveries?limit=2", "")
	_, rest := d.api("acme", "GET", path+"/deliveries?limit=2&after="+list["next"].(string), "")
	items := append(list["items"].([]any), rest["items"].([]any)...)
	var seen []string
	for _, item := range items {
		item := item.(map[string]any)
		seen = append(seen, fmt.Sprint(item["phone"], " ", item["status"], " ", item["reason"]))
		if item["contact_id"] == ana && (item["attempts"] != 1.0 || item["evidence"] != "callback" || item["accepted_at"] == nil || item["carrier_id"] == "") {
			t.Errorf("%v", item)
		}
	}
	slices.Sort(seen)
	if got := strings.Join(seen, ", "); got != " skipped no_number, +46701740601 delivered <nil>, +46701740602 delivered <nil>" {
		t.Errorf("the recipients are %s", got)
	}
	const delivery = "accepted_at attempts carrier_id clicked_at contact_id cost delivered_at error error_code evidence id opted_out_at phone replied_at segments status updated_at"
	_, list = d.api("acme", "GET", path+"/deliveries?status=delivered", "")
	if items := list["items"].([]any); len(items) != 2 || keysOf(items[0]) != delivery {
		t.Errorf("%v", list)
	}
	if status, doc = d.api("acme", "GET", path+"/deliveries?status=lost", ""); status != 422 || fieldsOf(doc) != "status:unknown_status" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "GET", path+"/report", ""); status != 200 || doc["delivery_rate"] != 1.0 || doc["attempted"] != 2.0 || doc["accepted"] != 2.0 || doc["reply_rate"] != 0.0 || doc["rates_of"] != "delivered" {
		t.Errorf("%d %v", status, doc)
	}
	if status, _ = d.api("acme", "DELETE", path, ""); status != 204 {
		t.Errorf("%d", status)
	}
	if status, doc = d.api("acme", "GET", path, ""); status != 404 || doc["code"] != "not_found" {
		t.Errorf("%d %v", status, doc)
	}
}

func TestATimeSchedulesAtOnceAndNullTakesItAway(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	status, doc := d.api("acme", "POST", "/sms-campaigns", d.body(`,"scheduled_at":"2026-11-23T11:00:00+01:00"`))
	if status != 201 || doc["status"] != "scheduled" || doc["scheduled_at"] != "2026-11-23T10:00:00Z" {
		t.Errorf("%d %v", status, doc)
	}
	// A draft with a time, as the form saves it, stays a draft when a program
	// changes something else.
	path := strings.Replace(d.draft(nil), "/campaigns/sms", "/sms-campaigns", 1)
	if status, doc = d.api("acme", "PATCH", path, `{"title":"New"}`); status != 200 || doc["status"] != "draft" || doc["scheduled_at"] != "2026-11-24T09:00:00Z" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "PATCH", path, `{"schedule":null}`); status != 200 || doc["status"] != "draft" || doc["scheduled_at"] != nil {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "PATCH", path, `{"scheduled_at":"2026-11-24T10:00:00Z"}`); status != 200 || doc["status"] != "scheduled" {
		t.Errorf("%d %v", status, doc)
	}
	for body, want := range map[string]string{
		`,"scheduled_at":"2026-11-24T10:00"`:                                                                         "scheduled_at:not_an_instant",
		`,"schedule":{"local":"2026-11-24T10:00","time_zone":"Mars/Olympus"}`:                                        "schedule.time_zone:unknown_zone",
		`,"schedule":{"local":"noon","time_zone":"Europe/Madrid"}`:                                                   "schedule.local:not_a_time",
		`,"schedule":{"local":"2026-11-24T10:00","time_zone":"Europe/Madrid"},"scheduled_at":"2026-11-24T10:00:00Z"`: "schedule:two_times",
		`,"scheduled_at":"2026-11-24T10:00:00Z","expires_at":"2026-11-24T09:00:00Z"`:                                 "expires_at:before_start",
		`,"scheduled_at":5`: "scheduled_at:wrong_type",
	} {
		if status, doc := d.api("acme", "POST", "/sms-campaigns", d.body(body)); status != 422 || fieldsOf(doc) != want {
			t.Errorf("%s: %d %s, want %s", body, status, fieldsOf(doc), want)
		}
	}
}

func TestMeasureOverTheAPI(t *testing.T) {
	d := openSMSDesk(t)
	status, doc := d.api("acme", "POST", "/sms/measure", `{"message":"`+strings.Repeat("a", 159)+`€"}`)
	if status != 200 || doc["encoding"] != "GSM-7" || doc["units"] != 161.0 || doc["segments"] != 2.0 || fmt.Sprint(doc["parts"]) != "[153 8]" || doc["remaining"] != 145.0 ||
		fmt.Sprint(doc["costly"]) != "[map[char:€ code_point:U+20AC]]" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "POST", "/sms/measure", `{"message":"fête"}`); status != 200 || doc["encoding"] != "UCS-2" || fmt.Sprint(doc["parts"]) != "[4]" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "POST", "/sms/measure", `{"message":""}`); status != 200 || doc["segments"] != 0.0 || fmt.Sprint(doc["parts"]) != "[]" {
		t.Errorf("%d %v", status, doc)
	}
}

func TestMeasureOffersTheCheaperText(t *testing.T) {
	d := openSMSDesk(t)
	status, doc := d.api("acme", "POST", "/sms/measure", `{"message":"`+strings.Repeat("a", 75)+`’"}`)
	safe, _ := doc["gsm_safe"].(map[string]any)
	if status != 200 || safe["text"] != strings.Repeat("a", 75)+"'" || safe["segments"] != 1.0 || safe["folded"] != false || len(safe) != 3 {
		t.Errorf("%d %v", status, doc)
	}
	if _, doc := d.api("acme", "POST", "/sms/measure", `{"message":"It’s"}`); doc["gsm_safe"] != nil {
		t.Errorf("offered without a gain: %v", doc)
	}
}

func TestMoneyIsAPlainDecimal(t *testing.T) {
	for micro, want := range map[money]string{0: "0", 5500: "0.0055", 1_000_000: "1", 12_345_678: "12.345678", -500_000: "-0.5"} {
		if got, err := json.Marshal(micro); err != nil || string(got) != want {
			t.Errorf("%d: %s %v, want %s", int64(micro), got, err, want)
		}
	}
}

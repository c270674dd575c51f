package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func TestAReportSaysWhatIsTooHighAndWhatToDo(t *testing.T) {
	d := openSMSDesk(t)
	for n := range 4 {
		d.person(n+1, "")
	}
	d.page("acme", "POST", "/sandbox/behaviour", url.Values{"number": {"+46701740602"}, "outcome": {"failed"}, "code": {"50"}})
	if status, doc := d.api("acme", "PATCH", "/settings", `{"prices":{"currency":"USD","per_segment":{"SE":0.01}}}`); status != http.StatusOK {
		t.Fatalf("%d %v", status, doc)
	}
	path := d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	if a := d.page("acme", "POST", "/sandbox/reply", url.Values{"number": {"+46701740601"}, "to": {acmeNumber}, "text": {"How much is it?"}}); a.StatusCode >= http.StatusBadRequest {
		t.Fatalf("the reply: %d %s", a.StatusCode, a.body)
	}
	if a := d.page("acme", "POST", "/sandbox/reply", url.Values{"number": {"+46701740603"}, "to": {acmeNumber}, "text": {"STOP"}}); a.StatusCode >= http.StatusBadRequest {
		t.Fatalf("the opt-out: %d %s", a.StatusCode, a.body)
	}
	d.reported()
	doc := d.page("acme", "GET", path, nil).read(t)
	alarms := words(doc.Find(".sms-alarm"))
	for _, want := range []string{
		"Many numbers cannot be reached at all (25%)", "1 failed for this ÷ 4 tried = 25%; up to 5% is usual.", "correct or delete those numbers",
		"More people than usual opt out (33%)", "1 opted out within 72 h ÷ 3 delivered = 33%; up to 1.3% is usual.",
	} {
		if !strings.Contains(alarms, want) {
			t.Errorf("%q is not said: %s", want, alarms)
		}
	}
	if doc.Find(".sms-alarm").Length() != 2 || strings.Contains(alarms, "pause") {
		t.Errorf("a campaign that has ended: %s", alarms)
	}
	stats := words(doc.Find("dl.stats"))
	for _, want := range []string{"Cost per delivered text", "÷ 3 delivered, in the carrier's currency", "Cost per reply", "÷ 1 who replied",
		"Charged of the estimate", "÷ 0.04 by your prices, for 4 texts with a final report"} {
		if !strings.Contains(stats, want) {
			t.Errorf("%q is not said: %s", want, stats)
		}
	}
	_, report := d.api("acme", "GET", strings.Replace(path, "/campaigns/sms", "/sms-campaigns", 1)+"/report", "")
	list := report["alarms"].([]any)
	if len(list) != 2 || list[1].(map[string]any)["class"] != "numbers" || list[1].(map[string]any)["limit"] != 0.05 || report["unknown"] != 0.0 || report["unknown_share"] != nil {
		t.Errorf("programs read %v", report)
	}
	if of, _ := report["estimated"].(map[string]any); of["texts"] != 4.0 || of["estimate"] != 0.04 || of["charged"] != report["campaign"].(map[string]any)["cost"] {
		t.Errorf("programs compare %v", report["estimated"])
	}
	cost := report["campaign"].(map[string]any)["cost"].(float64)
	if each := report["cost_per_reply"].(float64); cost <= 0 || each != cost {
		t.Errorf("one reply cost %v of %v", each, cost)
	}
}

func TestACampaignThatSendsSaysAboutWhenItIsDone(t *testing.T) {
	d := openSMSDesk(t)
	d.change(func(in *liadesk.SMSInbox) { in.MessagesPerSecond = 0.01 })
	for n := range 4 {
		d.person(n+1, "")
	}
	path := d.schedule()
	d.clock.Advance(24 * time.Hour)
	if err := d.rooms.SMS.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	const want = "4 next ÷ 0.01 a second, if nothing else goes out from this number."
	for _, page := range []string{path, "/campaigns/sms", path + "/figures?seen=sending"} {
		if got := words(d.part("acme", "GET", page, nil).read(t).Find(".sms-lines")); !strings.Contains(got, "About done by Tue, Nov 24, 2026") || !strings.Contains(got, want) {
			t.Errorf("%s says %q", page, got)
		}
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldAddress, At: d.clock.Now()}) })
	if got := words(d.page("acme", "GET", path, nil).read(t).Find(".sms-lines")); strings.Contains(got, "About done") {
		t.Errorf("while all sending is held: %q", got)
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.ClearHeld() })
	if a := d.page("acme", "POST", path+"/pause", nil); a.StatusCode >= http.StatusBadRequest {
		t.Fatal(a.StatusCode)
	}
	if got := words(d.page("acme", "GET", path, nil).read(t).Find(".sms-lines")); strings.Contains(got, "About done") {
		t.Errorf("while it is paused: %q", got)
	}
}

func TestAnAlarmWhileACampaignSendsHasAButtonThatPausesIt(t *testing.T) {
	d := openSMSDesk(t)
	for n := range 21 {
		d.person(n+1, "")
		if n < 3 {
			d.page("acme", "POST", "/sandbox/behaviour", url.Values{"number": {fmt.Sprintf("+467017406%02d", n+1)}, "outcome": {"failed"}, "code": {"50"}})
		}
	}
	path := d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	if n := d.page("acme", "GET", path, nil).read(t).Find(".sms-alarm form").Length(); n != 0 {
		t.Errorf("after its end there are %d buttons", n)
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { // as if more were to come
		k, _, err := tx.SMSCampaign(d.inbox.AccountID, d.idOf(path))
		if err != nil {
			return err
		}
		k.Status = liadesk.SMSSending
		return tx.PutSMSCampaign(k)
	})
	form := d.page("acme", "GET", path, nil).read(t).Find(".sms-alarm form")
	if form.Length() != 1 || words(form) != "Pause" {
		t.Fatalf("the alarm has %d buttons: %q", form.Length(), words(form))
	}
	if a := d.page("acme", "POST", form.AttrOr("action", ""), nil); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d", a.StatusCode)
	}
	if got := words(d.page("acme", "GET", path, nil).read(t).Find(".sms-alarm form")); got != "" {
		t.Errorf("a paused campaign has %q", got)
	}
}

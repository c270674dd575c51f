package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func (d *smsDesk) banners(who string) string {
	d.t.Helper()
	return words(d.page(who, "GET", "/campaigns/sms", nil).read(d.t).Find("#banners"))
}

// change writes the desk's inbox as the sender would.
func (d *smsDesk) change(fn func(*liadesk.SMSInbox)) {
	d.t.Helper()
	dbtest.Update(d.t, d.store, func(tx *db.Tx) error {
		in, _, err := tx.Inbox(d.inbox.AccountID, d.inbox.ID)
		if err != nil {
			return err
		}
		fn(in.SMS)
		return tx.PutInbox(in)
	})
}

func TestABannerSaysWhyAnInboxSendsNothing(t *testing.T) {
	d := openSMSDesk(t)
	if got := d.banners("acme"); got != "" {
		t.Errorf("all is well, and the page says %s", got)
	}
	for trouble, want := range map[liadesk.InboxTrouble]string{
		liadesk.TroubleUnauthorised: "refuses its credentials", liadesk.TroubleNoCredit: "no credit left",
		liadesk.TroubleNoConnection: "cannot reach the carrier", liadesk.TroubleThrottled: "slow down",
		liadesk.TroubleNoAnswer: "no clear answers",
	} {
		d.change(func(in *liadesk.SMSInbox) { in.Trouble = trouble })
		if got := d.banners("acme"); !strings.Contains(got, "Texts") || !strings.Contains(got, want) {
			t.Errorf("%s: %s", trouble, got)
		}
		if got := d.banners("rival"); got != "" {
			t.Errorf("another company reads of it: %s", got)
		}
	}
}

func TestABannerSaysThatNoReportEverCame(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	d.page("acme", "POST", "/sandbox/behaviour", url.Values{"number": {"+46701740601"}, "outcome": {"silent"}})
	d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	if got := d.banners("acme"); got != "" {
		t.Errorf("right after sending: %s", got)
	}
	d.clock.Advance(5 * time.Minute)
	if got := d.banners("acme"); !strings.Contains(got, "never received a signed report") {
		t.Errorf("five minutes later: %q", got)
	}
	d.change(func(in *liadesk.SMSInbox) { in.CallbackSeenAt = d.clock.Now() })
	if got := d.banners("acme"); got != "" {
		t.Errorf("once one came: %s", got)
	}
}

func TestHeldSendingIsReleasedByAnAdministrator(t *testing.T) {
	d := openSMSDesk(t)
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: d.clock.Now()})
	})
	for _, who := range []string{"acme", "agent"} {
		if got := d.banners(who); !strings.Contains(got, "came from a backup of Mon, Nov 23, 2026, 4:00 am EST") {
			t.Errorf("%s: %s", who, got)
		}
	}
	if doc := d.page("agent", "GET", "/campaigns/sms/release", nil).read(t); doc.Find("main form").Length() != 0 {
		t.Error("an agent is offered to release")
	}
	if a := d.page("agent", "POST", "/campaigns/sms/release", url.Values{}); a.StatusCode != http.StatusForbidden {
		t.Errorf("an agent releases: %d", a.StatusCode)
	}
	if doc := d.page("acme", "GET", "/campaigns/sms/release", nil).read(t); doc.Find("form[action='/campaigns/sms/release'] button").Length() != 1 {
		t.Error("an administrator is not offered to release")
	}
	if a := d.page("acme", "POST", "/campaigns/sms/release", url.Values{}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if got := d.banners("acme"); got != "" {
		t.Errorf("after the release: %s", got)
	}
	if doc := d.page("acme", "GET", "/campaigns/sms/release", nil).read(t); doc.Find("main form").Length() != 0 {
		t.Error("what is not held is offered to be released")
	}
}

func TestAProgramSeesThatSendingIsHeldAndResumesIt(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	_, doc := d.api("acme", "POST", "/sms-campaigns", d.body(`,"scheduled_at":"2026-11-23T11:00:00+01:00"`))
	if doc["reason"] != "" {
		t.Fatal(doc)
	}
	path := "/sms-campaigns/" + doc["id"].(string)
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: d.clock.Now()})
	})
	_, list := d.api("acme", "GET", "/sms-campaigns", "")
	_, report := d.api("acme", "GET", path+"/report", "")
	_, doc = d.api("acme", "GET", path, "")
	for _, doc := range []map[string]any{doc, list["items"].([]any)[0].(map[string]any), report["campaign"].(map[string]any)} {
		if doc["status"] != "scheduled" || doc["reason"] != "held" {
			t.Errorf("held sending shows as %v, %v", doc["status"], doc["reason"])
		}
	}
	if status, doc := d.api("acme", "POST", path+"/resume", ""); status != http.StatusOK || doc["reason"] != "" {
		t.Errorf("%d %v", status, doc)
	}
	if got := d.banners("acme"); got != "" {
		t.Errorf("after it was resumed: %s", got)
	}
	if status, doc := d.api("acme", "POST", path+"/resume", ""); status != http.StatusConflict {
		t.Errorf("%d %v", status, doc)
	}
}

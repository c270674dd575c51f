package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
)

func TestWhoSchedulesMarketingFromAnInboxThatWasNeverCalledBackSaysThatTheyUnderstand(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	path := d.draft(nil)
	review := d.page("acme", "GET", path+"/review", nil).read(t)
	if box := review.Find("form[action$='/schedule'] [name=understood]"); box.Length() != 1 || !strings.Contains(words(review.Find(".banner")), "has never called this server back") {
		t.Error("the review does not ask")
	}
	a := d.page("acme", "POST", path+"/schedule", url.Values{})
	doc := a.read(t)
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(words(doc.Find(".problem-list")), "Say that you understand") {
		t.Errorf("unsaid: %d %s", a.StatusCode, words(doc.Find(".banner")))
	}
	if _, disabled := doc.Find("form[action$='/schedule'] button").Attr("disabled"); disabled {
		t.Error("the button cannot be pressed any more")
	}
	if a := d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("said: %d", a.StatusCode)
	}
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported() // the carrier has called back now

	kept := func(path string) (found bool) {
		t.Helper()
		id := d.idOf(path)
		if err := d.store.View(t.Context(), func(tx *db.Tx) error {
			k, _, err := tx.SMSCampaign(d.viewers["acme"].Account.ID, id)
			found = k.Unheard != nil && k.Unheard.By == d.viewers["acme"].User.ID
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if _, k := d.api("acme", "GET", "/sms-campaigns/"+d.idOf(path).String(), ""); !kept(path) || k["unheard"] == nil {
		t.Errorf("it is not kept who said it: %v", k["unheard"])
	}
	path = d.draft(func(f url.Values) { f.Set("schedule.local", "2026-11-25T15:00") })
	if n := d.page("acme", "GET", path+"/review", nil).read(t).Find("[name=understood]").Length(); n != 0 {
		t.Error("the review asks although answers are heard")
	}
	if a := d.page("acme", "POST", path+"/schedule", url.Values{}); a.StatusCode != http.StatusSeeOther || kept(path) {
		t.Errorf("when answers are heard: %d", a.StatusCode)
	}
}

package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTheReviewSendsATestAndKeepsWhatWasTyped(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana Roe"`)
	path := d.draft(nil)
	a := d.page("acme", "POST", path+"/test", url.Values{"to": {"call me"}})
	doc := a.read(t)
	if a.StatusCode != http.StatusUnprocessableEntity || words(doc.Find("#f-to-error")) == "" || doc.Find("#f-to").AttrOr("value", "") != "call me" {
		t.Errorf("%d %q", a.StatusCode, words(doc.Find("main")))
	}
	a = d.page("acme", "POST", path+"/test", url.Values{"to": {"070-174 06 90"}})
	if a.StatusCode != http.StatusUnprocessableEntity { // the account's country is another
		t.Errorf("a national number of another country: %d", a.StatusCode)
	}
	a = d.page("acme", "POST", path+"/test", url.Values{"to": {"+46 70 174 06 90"}})
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path+"/review" {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	status, sent := d.api("acme", "POST", "/sms-campaigns/"+strings.TrimPrefix(path, "/campaigns/sms/")+"/test", `{"to":"+46701740691"}`)
	if status != http.StatusAccepted || sent["text"] != "Hi Ana, come by." {
		t.Errorf("through the API: %d %v", status, sent)
	}
	d.work()
	d.reported()
	if n := d.rooms.Handset.Requests()["+46701740690"] + d.rooms.Handset.Requests()["+46701740691"]; n != 2 {
		t.Errorf("%d tests arrived", n)
	}
}

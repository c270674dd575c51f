package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestThePageAsksWhatAHeldTextMeantAndAnAgentDecides(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana Roe"`)
	hold := func(number string, kind liadesk.HoldKind, text string) {
		t.Helper()
		if err := d.store.Update(t.Context(), func(tx *db.Tx) error {
			return d.rooms.Contacts.Hold(tx, d.viewers["acme"].Account.ID, liadesk.Hold{Number: number, Kind: kind, At: d.clock.Now(), Text: text})
		}); err != nil {
			t.Fatal(err)
		}
	}
	hold("+46701740601", liadesk.HoldOptOut, "stop <b>it</b>")
	hold("+46701740602", liadesk.HoldWrongNumber, "wrong number")
	for _, path := range []string{"/campaigns/sms"} {
		banner := words(d.page("agent", "GET", path, nil).read(t).Find(".banner"))
		if !strings.Contains(banner, "2 people may want no more texts.") {
			t.Errorf("%s says %q", path, banner)
		}
	}
	doc := d.page("agent", "GET", "/contacts/opt-outs", nil).read(t)
	rows := doc.Find("#held tbody tr")
	if rows.Length() != 2 || !strings.Contains(words(rows), "stop <b>it</b>") || !strings.Contains(words(rows), "Ana Roe") ||
		rows.First().Find("button").Length() != 2 || rows.Last().Find("button").Length() != 3 {
		t.Errorf("the list: %s", words(rows))
	}
	_, held := d.api("acme", "GET", "/opt-outs/held", "")
	if items := held["items"].([]any); len(items) != 2 || items[0].(map[string]any)["kind"] != "opt_out" {
		t.Errorf("the API: %v", held)
	}
	if _, others := d.api("rival", "GET", "/opt-outs/held", ""); len(others["items"].([]any)) != 0 {
		t.Errorf("another account sees %v", others)
	}
	decide := func(who, number, verdict string) answer {
		return d.page(who, "POST", "/contacts/held", url.Values{"number": {number}, "verdict": {verdict}})
	}
	if a := decide("rival", "+46701740601", "opt_out"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("another account decides: %d", a.StatusCode)
	}
	if a := decide("agent", "+46701740601", "perhaps"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown verdict: %d", a.StatusCode)
	}
	for number, verdict := range map[string]string{"+46701740601": "keep", "+46701740602": "wrong_number"} {
		for range 2 { // the second comes too late and does no harm
			if a := decide("agent", number, verdict); a.StatusCode != http.StatusSeeOther {
				t.Errorf("%s: %d", verdict, a.StatusCode)
			}
		}
	}
	doc = d.page("agent", "GET", "/contacts/opt-outs", nil).read(t)
	if doc.Find("#held").Length() != 0 || !strings.Contains(words(doc.Find("#opt-out-rows")), "decided by the team") || strings.Contains(words(doc.Find("#opt-out-rows")), "Ana Roe") {
		t.Errorf("after the decisions: %s", words(doc.Find("main")))
	}
	if status, _ := d.api("acme", "POST", "/opt-outs/held", `{"number":"+46701740601","verdict":"opt_out"}`); status != http.StatusNotFound {
		t.Errorf("what is decided: %d", status)
	}
}

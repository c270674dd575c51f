package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/sms/sandbox"
)

func TestThePageOffersToTextThoseWhoCouldNotBeReached(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	d.person(2, "")
	d.rooms.Handset.SetBehaviour("+46701740602", sandbox.Behaviour{Outcome: sandbox.Undelivered, Code: "80"})
	path := d.schedule()
	if a := d.page("acme", "POST", path+"/retry", url.Values{}); a.StatusCode != http.StatusConflict {
		t.Errorf("before it went out: %d", a.StatusCode)
	}
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	offer := d.page("acme", "GET", path, nil).read(t).Find(`form[action="` + path + `/retry"]`)
	if words(offer) != "Text 1 person who could not be reached" {
		t.Fatalf("the page offers %q", words(offer))
	}
	if n := d.page("agent", "GET", path, nil).read(t).Find(`form[action="` + path + `/retry"]`).Length(); n != 0 {
		t.Error("an agent is offered what only administrators may")
	}
	a := d.page("acme", "POST", path+"/retry", url.Values{})
	edit := a.Header.Get("Location")
	if a.StatusCode != http.StatusSeeOther || !strings.HasSuffix(edit, "/edit") {
		t.Fatalf("%d %s", a.StatusCode, edit)
	}
	form := d.page("acme", "GET", edit, nil).read(t)
	if got := words(form.Find("#sms-audience")); !strings.Contains(got, "who could not be reached by “Winter sale” for a reason that may have passed") {
		t.Errorf("the form says %q", got)
	}
	if got := form.Find("#f-message").Text(); got != "Hi {{ contact.first_name }}, come by." {
		t.Errorf("the text became %q", got)
	}
	status, k := d.api("acme", "POST", "/sms-campaigns/"+strings.TrimPrefix(path, "/campaigns/sms/")+"/retry", "")
	if status != http.StatusCreated || k["status"] != "draft" {
		t.Errorf("through the API: %d %v", status, k)
	}
	_, count := d.api("acme", "POST", "/audience/count", `{"rule":{"field":"campaign.`+strings.TrimPrefix(path, "/campaigns/sms/")+`","op":"eq","value":"delivered"}}`)
	if count["matched"] != 1.0 || count["sentence"] != "Everyone who received “Winter sale”" {
		t.Errorf("the count: %v", count)
	}
	if _, other := d.api("rival", "POST", "/audience/count", `{"rule":{"field":"campaign.`+strings.TrimPrefix(path, "/campaigns/sms/")+`","op":"eq","value":"delivered"}}`); other["matched"] != 0.0 || strings.Contains(other["sentence"].(string), "Winter") {
		t.Errorf("another account learns %v", other)
	}
	if status, problem := d.api("acme", "POST", "/audience/count", `{"rule":{"field":"campaign.`+strings.TrimPrefix(path, "/campaigns/sms/")+`","op":"eq","value":"guessed"}}`); status != 422 || fieldsOf(problem) != "rule.value:outcome_unknown" {
		t.Errorf("an outcome that there is not: %d %v", status, problem)
	}
}

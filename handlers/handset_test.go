package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnAnswerFromTheHandsetGoesTheRealWay(t *testing.T) {
	d := openSMSDesk(t)
	id := d.person(1, `,"name":"Ana Lund"`)
	path := d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	const number = "+46701740601"
	doc := d.page("acme", "GET", "/sandbox", nil).read(t)
	if got := words(doc.Find(".handset-texts .sms")); got != "Hi Ana, come by." || words(doc.Find(".phone-from")) != "Ana Lund" || doc.Find("#handset-phones .talk").Length() != 1 {
		t.Fatalf("the phone shows %q: %s", got, words(doc.Find(".handset")))
	}
	reply := func(form url.Values) answer {
		form.Set("number", number)
		return d.part("acme", "POST", "/sandbox/reply", form)
	}
	if a := reply(url.Values{"to": {acmeNumber}, "text": {"Yes, at 5"}}); a.StatusCode != 200 || words(a.read(t).Find(".sms.out")) != "Yes, at 5" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	_, list := d.api("acme", "GET", "/conversations", "")
	if items, _ := list["items"].([]any); len(items) != 1 {
		t.Errorf("the answer is in no conversation: %v", list)
	}
	if got := words(d.page("acme", "GET", path, nil).read(t).Find(".stats")); !strings.Contains(got, "1 replied ÷ 1 delivered") || !strings.Contains(got, "Replied100%") {
		t.Errorf("the answer does not count: %s", got)
	}
	if a := reply(url.Values{"to": {acmeNumber}, "quick": {"STOP"}}); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if _, c := d.api("acme", "GET", "/contacts/"+id, ""); c["opted_out"] != true {
		t.Errorf("STOP did not opt out: %v", c)
	}
	a := reply(url.Values{"to": {acmeNumber}, "text": {"  "}})
	if words(a.read(t).Find("#f-text-error")) != "Write something first." {
		t.Errorf("an empty text: %s", a.body)
	}
	if a := reply(url.Values{"to": {acmeNumber}, "text": {strings.Repeat("x", 2000)}}); a.read(t).Find("#f-text").Text() != strings.Repeat("x", 2000) {
		t.Errorf("what was typed is gone: %s", a.body)
	}

	// Nobody else sees the phone, or answers to our number.
	if a := d.page("rival", "GET", "/sandbox?number="+url.QueryEscape(number), nil); a.StatusCode != 200 || strings.Contains(a.body, "come by") || strings.Contains(a.body, "Ana Lund") {
		t.Errorf("another company reads along: %d", a.StatusCode)
	}
	if a := d.part("rival", "POST", "/sandbox/reply", url.Values{"number": {number}, "to": {acmeNumber}, "text": {"hello"}}); a.StatusCode != http.StatusNotFound {
		t.Errorf("another company writes to our number: %d", a.StatusCode)
	}
	if a := d.page("", "GET", "/sandbox", nil); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %d", a.StatusCode)
	}
}

func TestAPhoneBehavesAsItIsTold(t *testing.T) {
	d := openSMSDesk(t)
	const number = "+46701740605"
	set := Settings{Outcome: "undelivered", Code: "30", Delay: 5, Reply: "STOP"}
	form := url.Values{"number": {number}, "outcome": {set.Outcome}, "code": {set.Code}, "delay": {"5"}, "reply": {set.Reply}}
	if a := d.page("acme", "POST", "/sandbox/behaviour", form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if got := settingsOf(d.rooms.Handset.BehaviourOf(number)); cmp.Diff(set, got) != "" {
		t.Error(cmp.Diff(set, got))
	}
	if a := d.page("agent", "POST", "/sandbox/behaviour", form); a.StatusCode != http.StatusForbidden {
		t.Errorf("an agent: %d", a.StatusCode)
	}
	for field, value := range map[string]string{"outcome": "explodes", "delay": "-3", "number": "12"} {
		bad := url.Values{"number": {number}, "outcome": {"delivered"}}
		bad.Set(field, value)
		if a := d.page("acme", "POST", "/sandbox/behaviour", bad); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s %s: %d", field, value, a.StatusCode)
		}
	}
	for _, o := range outcomes {
		b, err := (Settings{Outcome: o, Code: "50"}).behaviour()
		if back := settingsOf(b); err != nil || back.Outcome != o {
			t.Errorf("%s becomes %s, %v", o, back.Outcome, err)
		}
	}
}

func TestThereIsNoHandsetWithoutTheBuiltInCarrier(t *testing.T) {
	d := openSMSDesk(t)
	d.Handset = nil
	if a := d.page("acme", "GET", "/sandbox", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("%d", a.StatusCode)
	}
}

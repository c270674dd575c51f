package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// form is what somebody types into a page, wrong in the fields named.
type form struct {
	path  string
	typed url.Values
	wrong string
}

var wrongForms = []form{
	{"/contacts", url.Values{"name": {"Ana"}, "phone": {"12"}, "email": {"no address"}, "tags": {"vip, new"}, "language": {"nonsense!"}, "attributes": {"size: M"}, "consent_source": {"form"}}, "phone email language"},
	{"/contacts/{contact}", url.Values{"name": {strings.Repeat("x", 300)}, "phone": {"zero"}, "email": {"a@"}, "tags": {strings.Repeat("t", 80)}, "attributes": {"no colon"}}, "name phone email tags attributes"},
	{"/contacts/tags", url.Values{"name": {"a;b"}}, "name"},
	{"/contacts/opt-outs", url.Values{"number": {"12"}, "text": {"by phone"}}, "number"},
	{"/inboxes", url.Values{"kind": {"website"}, "name": {""}, "domains": {"not a domain"}}, "name domains"},
	{"/inboxes", url.Values{"kind": {"sms"}, "name": {""}, "number": {"12"}, "auth_id": {"x y"}, "messages_per_second": {"fast"}}, "name number auth_id messages_per_second"},
	{"/inboxes/{website}", url.Values{"name": {strings.Repeat("x", 300)}, "domains": {"http://["}}, "name domains"},
	{"/inboxes/{texts}", url.Values{"name": {""}, "number": {"!"}, "auth_id": {"x y"}, "messages_per_second": {"-1"}}, "name number auth_id messages_per_second"},
	{"/settings", url.Values{"name": {""}, "time_zone": {"Mars/Olympus"}, "footer": {strings.Repeat("x", 5000)}, "opt_out_reply": {strings.Repeat("y", 5000)}, "max_segments": {"99"}}, "name time_zone footer"},
	{"/settings/profile", url.Values{"name": {strings.Repeat("x", 300)}}, "name"},
	{"/settings/team", url.Values{"name": {"Bea"}, "email": {"no address"}, "role": {"agent"}}, "email"},
	{"/settings/team/{user}", url.Values{"name": {""}, "email": {"no address"}, "role": {"agent"}}, "name email"},
	{"/settings/tokens", url.Values{"name": {strings.Repeat("x", 300)}}, "name"},
	{"/campaigns/live-chat/review", url.Values{"title": {strings.Repeat("x", 300)}, "message": {""}, "trigger.url": {"not an address"}, "trigger.time_on_page": {"-5"}, "sender": {"bot"}}, "title message trigger.url trigger.time_on_page"},
	{"/campaigns/live-chat/{chat}", url.Values{"title": {""}, "message": {"<p>hello</p>"}, "trigger.url": {"no address"}, "trigger.time_on_page": {"soon"}, "sender": {"bot"}}, "title trigger.url trigger.time_on_page"},
	{"/campaigns/sms", url.Values{"title": {strings.Repeat("x", 300)}, "message": {"Hi {{ nonsense }}"}, "audience": {"tags"}, "any": {"vip"}, "schedule.local": {"2020-01-01T10:00"}, "schedule.time_zone": {"Europe/Madrid"}, "then": {"review"}}, "title message inbox_id"},
	{"/campaigns/sms/{sms}", url.Values{"title": {""}, "message": {"{% if %}"}, "audience": {"everyone"}, "schedule.local": {"noon"}, "schedule.time_zone": {"Europe/Madrid"}, "then": {"review"}}, "title message"},
	{"/conversations/{talk}/messages", url.Values{"text": {strings.Repeat("x", 5000)}, "client_id": {"0123456789abcdef"}}, "text"},
	{"/conversations/{heard}/messages", url.Values{"text": {strings.Repeat("x", 4500)}, "client_id": {"0123456789abcdef"}}, "text"},
	{"/login", url.Values{"email": {"who@x.example"}, "password": {"wrong"}}, ""},
}

// shownValue is what stands in a field of a page.
func shownValue(doc *goquery.Document, name string) string {
	field := doc.Find(fmt.Sprintf(`input[name=%q], textarea[name=%[1]q], select[name=%[1]q]`, name))
	if field.Is("textarea") {
		return strings.TrimPrefix(field.First().Text(), "\n")
	}
	if field.Is("select") {
		return field.Find("option[selected]").First().AttrOr("value", "")
	}
	if field.Is("[type=radio]") {
		return field.Filter("[checked]").AttrOr("value", "")
	}
	return field.First().AttrOr("value", "")
}

// notShownAgain is what a refused form keeps to itself, or what is no choice
// that it offers.
var notShownAgain = map[string]bool{"password": true, "client_id": true, "then": true, "kind": true, "max_segments": true}

func TestARefusedFormKeepsWhatWasTypedAndSaysWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	for _, ref := range []string{"contact", "chat", "sms", "talk", "heard", "user"} {
		acme.ref(ref)
	}
	for _, f := range wrongForms {
		ana := w.signIn(acme.boss.Email)
		if f.path == "/login" {
			ana = somebody{w: w}
		}
		path := acme.fill(f.path, inAddress)
		ana.ask(http.MethodGet, strings.TrimSuffix(path, "/messages"), "") // what is seen is no longer new
		for style, headers := range map[string][]string{"": nil, " by htmx": {"HX-Request", "true"}} {
			before := w.dump()
			a := ana.ask(http.MethodPost, path, f.typed.Encode(), headers...)
			name := f.path + style
			if a.StatusCode != http.StatusUnprocessableEntity && f.path != "/login" {
				t.Errorf("%s: %d to %s%s", name, a.StatusCode, a.Header.Get("Location"), a.Header.Get("HX-Redirect"))
				continue
			}
			doc := a.read(t)
			for field, values := range f.typed {
				if got := shownValue(doc, field); got != values[0] && !notShownAgain[field] {
					t.Errorf("%s: what was typed into %s is gone: %.60q, not %.60q", name, field, got, values[0])
				}
			}
			text := words(doc.Selection)
			for _, field := range strings.Fields(f.wrong) {
				control := doc.Find(fmt.Sprintf(`[name=%q][aria-invalid=true]`, field))
				at := control.AttrOr("aria-describedby", "") + " " + control.AttrOr("aria-errormessage", "")
				said := ""
				for _, id := range strings.Fields(at) {
					if strings.Contains(id, "error") {
						said += words(doc.Find("[id='" + id + "']"))
					}
				}
				if !readable(said, "") {
					t.Errorf("%s: nothing is said of %s (%d controls, described by %q: %q)", name, field, control.Length(), at, said)
				}
			}
			for _, bad := range []string{"<no value>", "%!", "error."} {
				if strings.Contains(text, bad) {
					t.Errorf("%s says %q", name, bad)
				}
			}
			if list := changed(before, w.dump()); len(list) > 0 {
				t.Errorf("%s changed %s", name, list)
			}
		}
	}
}

func TestAFormWithACharacterThatNoTextHasIsRefused(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	acme.seen()
	ana := w.signIn(acme.boss.Email)
	before := w.dump()
	for _, r := range sitemap {
		if !r.unsafe() || r.forPrograms() || strings.HasPrefix(r.sent(acme), "--part") || strings.HasSuffix(r.name, "POST /contacts/import") {
			continue
		}
		for style, headers := range r.styles() {
			if a := ana.ask(r.method(), r.path(acme), r.sent(acme)+"&name=a%00b", headers...); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "no text can have") {
				t.Errorf("%s%s: %d %.200s", r.name, style, a.StatusCode, a.body)
			}
		}
	}
	if list := changed(before, w.dump()); len(list) > 0 {
		t.Errorf("changed %s", list)
	}
}

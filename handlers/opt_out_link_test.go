package handlers

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// linkIn finds the path of the opt-out page in a text.
func linkIn(t *testing.T, text string) string {
	t.Helper()
	found := regexp.MustCompile(`https?://[^ ]+?(/o/[a-z2-7]{24})\b`).FindStringSubmatch(text + " ")
	if found == nil {
		t.Fatalf("no link in %q", text)
	}
	return found[1]
}

// The recipient of a text taps the link in it, and then the button.
func TestAnOptOutLinkAsksBeforeItOptsOut(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	d.person(2, "")
	if status, doc := d.api("acme", "PATCH", "/settings", `{"footer":"Stop: {{ contact.opt_out_link }}"}`); status != 200 {
		t.Fatalf("%d %v", status, doc)
	}
	if status, doc := d.api("acme", "PATCH", "/settings", `{"footer":"Stop: {{ contact.name }}"}`); status != 422 || !strings.Contains(fmt.Sprint(doc), "footer_variable") {
		t.Errorf("a footer with a name: %d %v", status, doc)
	}
	d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	var texts []string
	for _, m := range d.Handset.Messages([]string{acmeAuthID}, "+46701740601") {
		texts = append(texts, m.Text)
	}
	path := linkIn(t, strings.Join(texts, " "))
	read := func(method, path string) (int, string, *goquery.Document) {
		a := d.page("", method, path, url.Values{})
		doc := a.read(t)
		return a.StatusCode, words(doc.Find("main")), doc
	}
	out := func(number string) bool {
		status, doc := d.api("acme", "GET", "/contacts?q="+url.QueryEscape(number), "")
		if status != 200 {
			t.Fatal(doc)
		}
		return doc["items"].([]any)[0].(map[string]any)["opted_out"].(bool)
	}
	for range 2 { // to look, also twice, changes nothing
		status, text, doc := read("GET", path)
		if status != 200 || !strings.Contains(text, "ends in 601") || strings.Contains(text, "01740601") || !strings.Contains(text, "acme") || doc.Find("form button").Length() != 1 || out("+46701740601") {
			t.Fatalf("%d %s", status, text)
		}
	}
	for range 2 {
		if status, text, doc := read("POST", path); status != 200 || !strings.Contains(text, "no more") || doc.Find("form").Length() != 0 || !out("+46701740601") {
			t.Fatalf("%d %s", status, text)
		}
	}
	if out("+46701740602") {
		t.Error("somebody else is opted out too")
	}
	_, list := d.api("acme", "GET", "/opt-outs", "")
	if items := list["items"].([]any); len(items) != 1 || items[0].(map[string]any)["source"] != "link" {
		t.Errorf("%v", list)
	}
	// A stranger's tokens are nothing, whatever they do.
	changed := path[:len(path)-1] + map[bool]string{true: "a", false: "b"}[path[len(path)-1] != 'a']
	for _, wrong := range []string{changed, "/o/zzzz" + path[7:], "/o/" + strings.ToUpper(path[3:]), "/o/" + strings.Repeat("x", 24), "/o/x", "/o/" + strings.Repeat("x", 5000)} {
		for _, method := range []string{"GET", "POST"} {
			if status, text, _ := read(method, wrong); status != 404 || strings.Contains(text, "+46") {
				t.Errorf("%s %.40s: %d %s", method, wrong, status, text)
			}
		}
	}
	// Its opt-out counts for the campaign.
	_, campaigns := d.api("acme", "GET", "/sms-campaigns", "")
	if got := campaigns["items"].([]any)[0].(map[string]any)["opt_outs"]; got != 1.0 {
		t.Errorf("the campaign has %v opt-outs", got)
	}
}

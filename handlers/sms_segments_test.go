package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// An audience is saved, chosen again for another campaign, and removed, with and
// without scripts.
func TestAnAudienceIsSavedAndChosenAgain(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana","attributes":{"plan":"Gold"}`)
	d.person(2, `,"name":"Bo","attributes":{"plan":"Free"}`)
	ask := func(change func(url.Values)) string {
		doc := d.part("acme", "POST", "/campaigns/sms/audience", d.form(func(f url.Values) { conditions(f); change(f) })).read(t)
		var names []string
		for _, o := range doc.Find("#f-segment option").EachIter() {
			if o.AttrOr("value", "") != "" {
				names = append(names, o.Text())
			}
		}
		return words(doc.Find("#f-segment_name-hint")) + " | " + strings.Join(names, ",") + " | " + words(doc.Find(".sms-who"))
	}
	save := func(name string) func(url.Values) {
		return func(f url.Values) { f.Set("save_segment", "1"); f.Set("segment_name", name) }
	}
	const who = "Everyone whose country is “SE”, but whose “plan” is not “Free”"
	if got := ask(save("  Gold   in Sweden ")); got != "“Gold in Sweden” is saved. | Gold in Sweden | "+who {
		t.Error(got)
	}
	for name, want := range map[string]string{
		"gold in SWEDEN":        "There is a saved audience “gold in SWEDEN” already. Choose another name.",
		" ":                     "Fill in a name.",
		strings.Repeat("x", 61): "This is too long: 60 characters at most.",
	} {
		if got := ask(save(name)); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, who) {
			t.Errorf("%q: %s", name, got)
		}
	}
	if got := ask(func(f url.Values) { save("Nobody")(f); f.Set("b.0.value", "") }); !strings.Contains(got, " | Gold in Sweden | ") || strings.HasPrefix(got, "“Nobody” is saved") {
		t.Errorf("a rule that means nothing: %s", got)
	}
	_, list := d.api("acme", "GET", "/segments", "")
	item := list["items"].([]any)[0].(map[string]any)
	id := item["id"].(string)
	if item["sentence"] != who || fmt.Sprint(item["rule"]) == "" {
		t.Errorf("%v", list)
	}
	// Chosen again, in a form that had something else; also without scripts, and
	// nothing is saved by it.
	other := func(f url.Values) {
		for k := range f {
			if strings.HasPrefix(k, "b") {
				f.Del(k)
			}
		}
		f.Set("audience", "everyone")
		f.Set("segment", id)
	}
	if got := ask(other); got != "“Gold in Sweden” was put in. | Gold in Sweden | "+who {
		t.Error(got)
	}
	doc := d.page("acme", "POST", "/campaigns/sms", d.form(func(f url.Values) { other(f) })).read(t)
	if doc.Find(".builder-row").Length() != 2 || doc.Find("#f-title").AttrOr("value", "") != "Winter sale" {
		t.Error("a saved audience cannot be chosen without scripts")
	}
	// An address alone does nothing, and neither does another company.
	d.page("acme", "GET", "/campaigns/sms/new?drop_segment="+id, nil)
	if status, _ := d.api("rival", "DELETE", "/segments/"+id, ""); status != 404 {
		t.Errorf("another company removes it: %d", status)
	}
	if _, list = d.api("rival", "GET", "/segments", ""); len(list["items"].([]any)) != 0 {
		t.Errorf("another company sees %v", list)
	}
	if status, _ := d.api("acme", "GET", "/segments/"+id, ""); status != 200 {
		t.Errorf("it is gone: %d", status)
	}
	if got := ask(func(f url.Values) { f.Set("drop_segment", id) }); got != "It is removed. |  | "+who {
		t.Error(got)
	}
	if status, doc := d.api("acme", "POST", "/segments", `{"name":"VIPs","rule":{"tag":"vip"}}`); status != 201 || doc["name"] != "VIPs" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc := d.api("acme", "POST", "/segments", `{"name":"All","rule":{}}`); status != 422 || !strings.Contains(fmt.Sprint(doc), "rule_empty") {
		t.Errorf("%d %v", status, doc)
	}
}

// A tag that a saved audience asks for is not deleted, so that the audience goes
// on to mean what its name says; the refusal says where it is used.
func TestATagThatASavedAudienceAsksForStays(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	if status, doc := d.api("acme", "POST", "/segments", `{"name":"Friends","rule":{"all":[{"not":{"tag":"vip"}},{"field":"country","op":"eq","value":"SE"}]}}`); status != 201 {
		t.Fatalf("%d %v", status, doc)
	}
	doc := d.page("acme", "POST", "/contacts/tags/delete", url.Values{"tag": {"vip"}}).read(t)
	if got := words(doc.Find("main")); !strings.Contains(got, "This tag is used by Friends. Change or delete what uses it first.") {
		t.Errorf("the page says %s", got)
	}
	status, refusal := d.api("acme", "DELETE", "/tags/vip", "")
	if uses := fmt.Sprint(refusal["campaigns"]); status != 409 || !strings.Contains(uses, "segment") || !strings.Contains(uses, "Friends") {
		t.Errorf("%d %v", status, refusal)
	}
}

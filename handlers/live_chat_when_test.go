package handlers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

func ruleOf(t *testing.T, text string) *liadesk.Rule {
	t.Helper()
	var r liadesk.Rule
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// hidden are the fields that a page hands on.
func hidden(doc *goquery.Document, form string) url.Values {
	out := url.Values{}
	doc.Find(form + " input[type=hidden]").Each(func(_ int, s *goquery.Selection) {
		out.Add(s.AttrOr("name", ""), s.AttrOr("value", ""))
	})
	return out
}

func TestWhatIsSaidAboutWhenGoesThroughTheReviewIntoTheRecord(t *testing.T) {
	d := newChatDesk(t)
	form := d.typed("trigger.urls", "https://shop.example/autumn\nhttps://shop.example/fall", "trigger.except", "https://shop.example/sale/old", "quick_replies", "Yes\nNo",
		"starts_at", "2026-12-01T09:00", "ends_at", "2026-12-24T18:00", "zone", "America/New_York", "frequency.kind", "days", "frequency.days", "14", "priority", "high",
		"goal", "url", "goal.url", "https://shop.example/thanks", "goal.value", "12,50", "goal.currency", "eur", "goal.days", "3", "only_when_online", "true",
		"b.join", "all", "b.0.field", "scroll_depth", "b.0.op", "least", "b.0.value", "50", "b.1.join", "any",
		"b.1.0.field", "device", "b.1.0.op", "is", "b.1.0.value", "mobile", "b.1.1.field", "event_property", "b.1.1.name", "added.value", "b.1.1.op", "more", "b.1.1.value", "9.5")
	form["b"] = []string{"0", "1", "1.0", "1.1"}
	a := d.post("/campaigns/live-chat/review", form)
	doc := page(t, a)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d: %s", a.StatusCode, text(doc, ".problem-list"))
	}
	facts := text(doc, ".facts")
	for _, want := range []string{"50 % of the page were scrolled to and (Device is phone or value of the event added is more than 9.5)", "At most every 14 days", "Dec 1, 2026", "EST", "worth 12.5 EUR"} {
		if !strings.Contains(facts, want) {
			t.Errorf("the review does not say %q: %s", want, facts)
		}
	}
	a = d.post("/campaigns/live-chat", hidden(doc, `form[action="/campaigns/live-chat"]`))
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.StatusCode, text(page(t, a), ".problem-list"))
	}
	id, err := liadesk.ParseID(a.Header.Get("Location")[len("/campaigns/live-chat/"):])
	if err != nil {
		t.Fatal(err)
	}
	got := d.stored(id)
	want := got
	want.Trigger = liadesk.Trigger{URL: "https://shop.example/sale/*", TimeOnPage: 7, URLs: []string{"https://shop.example/autumn", "https://shop.example/fall"}, Except: []string{"https://shop.example/sale/old"},
		Conditions: ruleOf(t, `{"all":[{"field":"scroll_depth","op":"gte","value":50},{"any":[{"field":"device","op":"eq","value":"mobile"},{"field":"event.added.value","op":"gt","value":9.5}]}]}`)}
	want.QuickReplies, want.OnlineOnly, want.Priority = []string{"Yes", "No"}, true, liadesk.PriorityHigh
	want.StartsAt, want.EndsAt = time.Date(2026, 12, 1, 14, 0, 0, 0, time.UTC), time.Date(2026, 12, 24, 23, 0, 0, 0, time.UTC)
	want.Frequency = liadesk.Frequency{Kind: liadesk.FrequencyDays, Days: 14}
	want.Goal = &liadesk.Goal{URL: "https://shop.example/thanks", Value: 12.5, Currency: "EUR", Days: 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// The form of it shows the same, and saving it changes nothing.
	doc = page(t, d.get("/campaigns/live-chat/"+id.String()+"/edit"))
	again := url.Values{}
	doc.Find("form.beside").Find("input, textarea, select").Each(func(_ int, s *goquery.Selection) {
		name, value := s.AttrOr("name", ""), s.AttrOr("value", "")
		switch {
		case goquery.NodeName(s) == "textarea":
			value = s.Text()
		case goquery.NodeName(s) == "select":
			value = s.Find("option[selected]").AttrOr("value", "")
		case s.AttrOr("type", "") == "checkbox":
			if _, on := s.Attr("checked"); !on {
				return
			}
			value = s.AttrOr("value", "on")
		}
		if name != "" {
			again.Add(name, value)
		}
	})
	if a = d.post("/campaigns/live-chat/"+id.String(), again); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.StatusCode, text(page(t, a), ".problem-list"))
	}
	if diff := cmp.Diff(got, d.stored(id)); diff != "" {
		t.Errorf("saved as it stood: %s", diff)
	}
}

func TestConditionsThatTheFormCannotShowStayAsTheyAre(t *testing.T) {
	d := newChatDesk(t)
	deep := ruleOf(t, `{"all":[{"any":[{"all":[{"tag":"vip"},{"field":"exit_intent","op":"eq","value":true}]},{"field":"language","op":"eq","value":"es"}]}]}`)
	if _, _, err := d.LiveChat.Update(t.Context(), liadesk.ActorOf(d.account, d.admin), d.campaign.ID, livechat.Patch{Conditions: &deep}); err != nil {
		t.Fatal(err)
	}
	path := "/campaigns/live-chat/" + d.campaign.ID.String()
	doc := page(t, d.get(path+"/edit"))
	if got := text(doc, "#chat-conditions"); !strings.Contains(got, "(the contact has the tag vip and the visitor is about to leave) or Language of the browser is es") {
		t.Errorf("it reads %q", got)
	}
	form := d.typed("conditions", doc.Find("#chat-conditions input[name=conditions]").AttrOr("value", ""))
	if a := d.post(path, form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d", a.StatusCode)
	}
	if diff := cmp.Diff(deep, d.stored(d.campaign.ID).Trigger.Conditions); diff != "" {
		t.Error(diff)
	}
	form.Set("conditions", `{"all":[{"moon":1}]}`)
	if a := d.post(path, form); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text(page(t, a), "#chat-conditions"), "not finished") {
		t.Errorf("tampered with: %d", a.StatusCode)
	}
}

func TestTheBuilderOfConditionsIsAnsweredPieceByPiece(t *testing.T) {
	d := newChatDesk(t)
	form := d.typed("build", "add")
	a := d.post("/campaigns/live-chat/conditions", form, htmx...)
	doc := page(t, a)
	if a.StatusCode != http.StatusOK || doc.Find("#b-0-field[data-focus]").Length() != 1 || strings.Contains(a.body, "<html") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	form = d.typed("b.0.field", "exit_intent", "b.join", "any")
	form["b"] = []string{"0"}
	doc = page(t, d.post("/campaigns/live-chat/conditions", form, htmx...))
	if doc.Find("#b-0-op, #b-0-value").Length() != 0 {
		t.Error("a condition that is said already asks for more")
	}
	// Without scripts the whole form comes back, with what was typed.
	form.Set("build", "group")
	if doc = page(t, d.post("/campaigns/live-chat/conditions", form)); doc.Find("#f-title").AttrOr("value", "") != "Autumn" || doc.Find(".builder-group").Length() != 1 {
		t.Error("something was lost on the way")
	}
	// What is wrong with a date is said beside it, and what was typed stays.
	a = d.post("/campaigns/live-chat/review", d.typed("starts_at", "tomorrow", "zone", "America/New_York", "goal", "event", "goal.event", "two words", "goal.days", "3"))
	doc = page(t, a)
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text(doc, "#f-starts_at-notes"), "Write the day and the time.") || doc.Find("#f-goal\\.event").AttrOr("value", "") != "two words" ||
		!strings.Contains(doc.Find("[id='f-goal.event-notes']").Text(), "letters, digits") {
		t.Errorf("%d: %q", a.StatusCode, text(doc, ".problem-list"))
	}
}

func TestOnlyAdministratorsSeeTheSecretOfSignatures(t *testing.T) {
	d := newChatDesk(t)
	secrets, err := accounts.ParseSecrets(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	d.Accounts = accounts.New(d.store, d.clock, liadesk.RandomIDs(d.clock.Now), secrets)
	path := "/inboxes/" + d.inbox.ID.String()
	secret := d.Conversations.IdentitySecret(d.inbox)
	if a := d.get(path + "/install"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, secret) || !strings.Contains(a.body, "connect-src") {
		t.Errorf("%d", a.StatusCode)
	}
	if a := ask(t, d.Server, "GET", path+"/install", "", d.as("ben")...); strings.Contains(a.body, secret) {
		t.Error("an agent reads the secret")
	}
	if a := d.post(path+"/identity", url.Values{}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("renewing: %d", a.StatusCode)
	}
	if a := d.get(path + "/install"); strings.Contains(a.body, secret) {
		t.Error("the old secret is still there")
	}
}

package handlers

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// conditions is the form with two conditions and an exception.
func conditions(f url.Values) {
	f.Set("audience", "rule")
	f.Set("b.join", "all")
	f["b"] = []string{"0", "1", "1.0"}
	f.Set("b.0.field", "country")
	f.Set("b.0.op", "is")
	f.Set("b.0.value", "SE")
	f.Set("b.1.join", "none")
	f.Set("b.1.0.field", "attributes.plan")
	f.Set("b.1.0.op", "is")
	f.Set("b.1.0.value", "Free")
}

func TestAnAudienceIsBuiltOfConditions(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana","attributes":{"plan":"Gold"}`)
	d.person(2, `,"name":"Bo","attributes":{"plan":"Free"}`)
	ask := func(change func(url.Values)) string {
		doc := d.part("acme", "POST", "/campaigns/sms/audience", d.form(func(f url.Values) { conditions(f); change(f) })).read(t)
		return words(doc.Find(".sms-who")) + " | " + words(doc.Find(".sms-sample a")) + " | " + doc.Find("[data-focus]").AttrOr("id", "")
	}
	for name, c := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"as it is":      {func(url.Values) {}, "Everyone whose country is “SE”, but whose “plan” is not “Free” | Ana | "},
		"one more":      {func(f url.Values) { f.Set("build", "add") }, " |  | b-2-field"},
		"in the group":  {func(f url.Values) { f.Set("build", "add:1") }, " |  | b-1.1-field"},
		"up":            {func(f url.Values) { f.Set("build", "up:1") }, "Everyone whose country is “SE”, but whose “plan” is not “Free” | Ana | b-0-down"},
		"taken away":    {func(f url.Values) { f.Set("build", "drop:1") }, "Everyone whose country is “SE” | BoAna | b-0-drop"},
		"emptied":       {func(f url.Values) { f.Set("build", "drop:1.0") }, " |  | b-1.add"},
		"no such":       {func(f url.Values) { f.Set("build", "drop:7.x") }, "Everyone whose country is “SE”, but whose “plan” is not “Free” | Ana | b-add"},
		"another field": {func(f url.Values) { f.Set("b.0.was", "tag") }, " |  | "},
	} {
		if got := ask(c.change); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	// Without scripts, everything that was typed stays, and nothing is saved.
	doc := d.page("acme", "POST", "/campaigns/sms", d.form(func(f url.Values) { conditions(f); f.Set("build", "group") })).read(t)
	if doc.Find(".builder-row").Length() != 3 || doc.Find(".builder-group").Length() != 2 || doc.Find("#f-title").AttrOr("value", "") != "Winter sale" {
		t.Error("a group cannot be added without scripts")
	}
	if got := doc.Find("[id='b-1.0-known'] option").Length(); got != 2 {
		t.Errorf("%d values are suggested for the attribute", got)
	}
	if _, list := d.api("acme", "GET", "/sms-campaigns", ""); len(list["items"].([]any)) != 0 {
		t.Error("adding a group saved a campaign")
	}
	// Saved, it comes back as it was.
	path := d.draft(conditions)
	doc = d.page("acme", "GET", path+"/edit", nil).read(t)
	if doc.Find("[name='b.1.0.value']").AttrOr("value", "") != "Free" || doc.Find("[name='b.0.value'] option[selected]").AttrOr("value", "") != "SE" {
		t.Error("the draft does not show its conditions")
	}
	// A name that nobody has is refused, with the one that was meant.
	a := d.page("acme", "POST", "/campaigns/sms", d.form(func(f url.Values) { conditions(f); f.Set("b.1.0.field", "attributes.plann") }))
	if text := words(a.read(t).Find("main")); a.StatusCode != 422 || !strings.Contains(text, "Do you mean “plan”?") {
		t.Errorf("a misspelt attribute answers %d", a.StatusCode)
	}
	// Other audiences keep the conditions for whoever comes back to them.
	doc = d.part("acme", "POST", "/campaigns/sms/audience", d.form(func(f url.Values) { conditions(f); f.Set("audience", "everyone") })).read(t)
	if doc.Find("input[type=hidden][name='b.1.0.value'][value=Free]").Length() != 1 {
		t.Error("the conditions are forgotten when another audience is looked at")
	}
}

// TestAnEmptyBuilderMeansNobody lets nobody text everyone by taking the last
// condition away, or by leaving one unfinished.
func TestAnEmptyBuilderMeansNobody(t *testing.T) {
	for name, b := range map[string]builder{
		"nothing":     {Join: "all"},
		"unfinished":  {Join: "any", Parts: []builderPart{{}}},
		"empty group": {Join: "all", Parts: []builderPart{{Join: "none"}}},
	} {
		r := b.rule()
		for r.All != nil && len(*r.All) == 1 || r.Any != nil && len(*r.Any) == 1 {
			if r.All != nil {
				r = (*r.All)[0]
			} else {
				r = (*r.Any)[0]
			}
		}
		if r.All != nil || r.Any != nil || r.Not != nil || r.Tag != "" || r.AsksField() {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := (builderPart{Field: "tag", Op: "not"}).condition(); r != (liadesk.Rule{}) {
		t.Errorf("not tagged with nothing: %+v", r)
	}
}

// Dates, numbers and parts of texts are asked for in words, and what a program
// asks for in finer steps stays as it is.
func TestTheBuilderAsksForDatesAndNumbers(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana","attributes":{"orders":"7","city":"Lund"}`)
	d.person(2, `,"name":"Bo","attributes":{"orders":"3","city":"Malmö"}`)
	today := d.clock.Now().Format("2006-01-02")
	for _, c := range []struct{ field, op, value, want string }{
		{"attributes.orders", "least", "5", "Everyone whose “orders” is 5 or more | Ana | number"},
		{"attributes.orders", "less", "5", "Everyone whose “orders” is less than 5 | Bo | number"},
		{"attributes.orders", "least", "", " |  | number"},
		{"attributes.city", "contains", "UN", "Everyone whose “city” contains “UN” | Ana | text"},
		{"created_at", "after", "2020-01-01", "Everyone who was added after 2020-01-01 | BoAna | date"},
		{"created_at", "after", today, "Everyone who was added after " + today + " |  | date"},
		{"last_replied_at", "unknown", "", "Everyone who never wrote to us | BoAna | "},
		{"created_at", "is", "2020-01-01", "Everyone who was added before 2020-01-01 |  | date"}, // a comparison that it does not have
	} {
		doc := d.part("acme", "POST", "/campaigns/sms/audience", d.form(func(f url.Values) {
			f.Set("audience", "rule")
			f["b"] = []string{"0"}
			f.Set("b.0.field", c.field)
			f.Set("b.0.op", c.op)
			f.Set("b.0.value", c.value)
		})).read(t)
		got := words(doc.Find(".sms-who")) + " | " + words(doc.Find(".sms-sample a")) + " | " + doc.Find("[id='b-0-value']").AttrOr("type", "text")
		if doc.Find("[id='b-0-value']").Length() == 0 {
			got = strings.TrimSuffix(got, "text")
		}
		if got != c.want {
			t.Errorf("%s %s %q: got %s, want %s", c.field, c.op, c.value, got, c.want)
		}
	}
	for text, want := range map[string]string{
		`{"field":"attributes.orders","op":"gte","value":5}`:                  "least 5",
		`{"field":"attributes.orders","op":"gt","value":"5"}`:                 "more 5",
		`{"field":"last_seen_at","op":"before","value":"2026-11-01"}`:         "before 2026-11-01",
		`{"field":"created_at","op":"before","value":"2026-11-01T10:00:00Z"}`: "none",
		`{"field":"attributes.renewal","op":"gte","value":"2026-11-01"}`:      "none",
		`{"field":"attributes.city","op":"contains","value":"un"}`:            "contains un",
		`{"field":"last_replied_at","op":"exists","value":false}`:             "unknown ",
	} {
		var r liadesk.Rule
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		got := "none"
		if b, ok := builderOf(r, false); ok {
			got = b.Parts[0].Op + " " + b.Parts[0].Value
			if b.Parts[0].Asks() {
				again, _ := json.Marshal(b.Parts[0].condition())
				if back, _ := builderOf(b.Parts[0].condition(), false); back.Parts[0].Op != b.Parts[0].Op {
					t.Errorf("%s became %s", text, again)
				}
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// What came of an earlier campaign is a condition like any other: it is chosen
// from a list, is read out with its title, and comes back as it was.
func TestAnAudienceIsBuiltOfWhatCameOfACampaign(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, `,"name":"Ana"`)
	earlier := d.schedule()
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	d.person(2, `,"name":"Bo"`)
	field := "campaign." + d.idOf(earlier).String()
	asks := func(op, outcome string) func(url.Values) {
		return func(f url.Values) {
			f.Set("schedule.local", "2026-11-30T10:00")
			f.Set("audience", "rule")
			f["b"] = []string{"0"}
			f.Set("b.0.field", field)
			f.Set("b.0.op", op)
			f.Set("b.0.value", outcome)
		}
	}
	for _, c := range []struct{ op, outcome, want string }{
		{"was", "delivered", "Everyone who received “Winter sale” | Ana"},
		{"was_not", "delivered", "Everyone who did not receive “Winter sale” | Bo"},
		{"was", "", " | "},
	} {
		doc := d.part("acme", "POST", "/campaigns/sms/audience", d.form(asks(c.op, c.outcome))).read(t)
		if got := words(doc.Find(".sms-who")) + " | " + words(doc.Find(".sms-sample a")); got != c.want {
			t.Errorf("%s %s: %s", c.op, c.outcome, got)
		}
		if got := words(doc.Find("[id='b-0-field'] option[selected]")); got != "Campaign “Winter sale” of Nov 24, 2026" {
			t.Errorf("the campaign is called %s", got)
		}
	}
	path := d.draft(asks("was_not", "replied"))
	doc := d.page("acme", "GET", path+"/edit", nil).read(t)
	if got := words(doc.Find("[id='b-0-op'] option[selected]")) + " " + words(doc.Find("[id='b-0-value'] option[selected]")); got != "who not answered it" {
		t.Errorf("the draft asks %s", got)
	}
}

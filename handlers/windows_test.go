package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/liadesk"
)

func TestTextingHoursAreSetByPlaceAndTakenBack(t *testing.T) {
	d := openSMSDesk(t)
	for body, want := range map[string]string{
		`{"windows":{"by_place":{"XX":{"week":{}}}}}`:                                          "windows.by_place.XX:window_place",
		`{"windows":{"by_place":{"BR":{"week":{"mon":["09:00-12:00","11:00-13:00"]}}}}}`:       "windows.by_place.BR.week.mon.1:hours_overlap",
		`{"windows":{"by_place":{"BR":{"week":{},"public_holidays":"JP"}}}}`:                   "windows.by_place.BR.public_holidays:hours_public_holidays",
		`{"windows":{"by_place":{"BR":{"week":{},"public_holidays":"*"}}}}`:                    "windows.by_place.BR.public_holidays:hours_public_holidays",
		`{"windows":{"by_place":{"BR":{"week":{},"holidays":[{"date":"Christmas"}]}}}}`:        "windows.by_place.BR.holidays.0.date:hours_date",
		`{"windows":{"by_place":{"BR":{"week":{"mon":["10:00-12:00"]}},"us/fl":{"week":{}}}}}`: "",
		`{"windows":{"default":{"week":{"mon":["10:00-12:00"]}}}}`:                             "",
		`{"windows":{"by_place":{"US/OK":{"week":{},"most_per_day":11}}}}`:                     "windows.by_place.US/OK.most_per_day:hours_most_per_day",
		`{"windows":{"by_place":{"US/OK":{"week":{},"most_per_day":-1}}}}`:                     "windows.by_place.US/OK.most_per_day:hours_most_per_day",
	} {
		status, problem := d.api("acme", "PATCH", "/settings", body)
		if want == "" && status != 200 || want != "" && (status != 422 || fieldsOf(problem) != want) {
			t.Errorf("%s: %d %s", body, status, fieldsOf(problem))
		}
	}
	_, set := d.api("acme", "GET", "/settings", "")
	windows := set["windows"].(map[string]any)
	florida := windows["by_place"].(map[string]any)["US/FL"].(map[string]any)
	if own := windows["own"].([]any); len(own) != 3 || florida["most_per_day"] != 3.0 || len(florida["week"].(map[string]any)) != 0 {
		t.Errorf("the API says %v, Florida %v", own, florida)
	}
	if status, _ := d.api("acme", "PATCH", "/settings", `{"windows":{"by_place":{"US/FL":null,"BR":null},"default":null}}`); status != 200 {
		t.Errorf("taken back: %d", status)
	}
	if _, set = d.api("acme", "GET", "/settings", ""); len(set["windows"].(map[string]any)["own"].([]any)) != 0 {
		t.Errorf("after taking back: %v", set["windows"].(map[string]any)["own"])
	}

	page := d.page("acme", "GET", "/settings/windows", nil).read(t)
	if got := words(page.Find("tbody")); !strings.Contains(got, "Brazil") || !strings.Contains(got, "Mon–Sat 09:00–20:00") || !strings.Contains(got, "No marketing texts") {
		t.Errorf("the table says %q", got)
	}
	if got := words(page.Find("tbody")); !strings.Contains(got, "No texts on public holidays of Brazil") || !strings.Contains(got, "On public holidays of Canada: 10:00–18:00") {
		t.Errorf("of public holidays the table says %q", got)
	}
	if got := words(page.Find("tbody tr").First()); !strings.Contains(got, "public holidays of the country, as far as we know them: those of Austria, Belgium, Croatia, Czechia, Denmark") {
		t.Errorf("of everywhere else the table says %q", got)
	}
	everywhere := url.Values{"public": {"yes"}, "public_of": {"*"}, "time_zone": {"UTC"}, "place": {"*"}, "mon_from": {"10:00"}, "mon_to": {"18:00"}}
	if words(d.page("acme", "GET", "/settings/windows?place=*", nil).read(t).Find("label.check")) == "" {
		t.Error("the form of everywhere else does not ask about public holidays")
	}
	for _, want := range []any{"*", nil} {
		if a := d.page("acme", "POST", "/settings/windows", everywhere); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		_, set = d.api("acme", "GET", "/settings", "")
		if of := set["windows"].(map[string]any)["default"].(map[string]any)["public_holidays"]; of != want {
			t.Errorf("everywhere else keeps the holidays of %v, want %v", of, want)
		}
		everywhere.Del("public")
	}
	if status, _ := d.api("acme", "PATCH", "/settings", `{"windows":{"default":null}}`); status != 200 {
		t.Fatal(status)
	}
	edit := d.page("acme", "GET", "/settings/windows?place=BR", nil).read(t)
	if _, keeps := edit.Find("[name=public]").Attr("checked"); !keeps {
		t.Error("the form does not keep the public holidays of Brazil")
	}
	if n := d.page("acme", "GET", "/settings/windows?place=JP", nil).read(t).Find("[name=public]").Length(); n != 0 {
		t.Error("the form asks about holidays of Japan, which nobody knows")
	}
	if got := words(edit.Find("label.check")); !strings.HasSuffix(got, "The next are Dec 25, 2026; Jan 1, 2027; Mar 26, 2027.") {
		t.Errorf("the form says %q", got)
	}
	form := url.Values{"public": {"yes"}, "public_of": {"BR"}, "time_zone": {"UTC"}, "place": {"br"}, "mon_from": {"10:00", ""}, "mon_to": {"18:00", ""}, "holidays": {"2026-12-25 Natal"}}
	if a := d.page("acme", "POST", "/settings/windows", form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	_, set = d.api("acme", "GET", "/settings", "")
	brazil := set["windows"].(map[string]any)["by_place"].(map[string]any)["BR"].(map[string]any)
	if week := brazil["week"].(map[string]any); len(week) != 1 || len(brazil["holidays"].([]any)) != 1 || brazil["public_holidays"] != "BR" {
		t.Errorf("Brazil has %v", brazil)
	}
	form.Del("public")
	if a := d.page("acme", "POST", "/settings/windows", form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	_, set = d.api("acme", "GET", "/settings", "")
	if of := set["windows"].(map[string]any)["by_place"].(map[string]any)["BR"].(map[string]any)["public_holidays"]; of != nil {
		t.Errorf("the public holidays are off, and Brazil keeps those of %v", of)
	}
	// A place that was typed into an empty form was never asked about.
	form.Set("place", "co")
	if a := d.page("acme", "POST", "/settings/windows", form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	_, set = d.api("acme", "GET", "/settings", "")
	if of := set["windows"].(map[string]any)["by_place"].(map[string]any)["CO"].(map[string]any)["public_holidays"]; of != "CO" {
		t.Errorf("Colombia keeps the public holidays of %v", of)
	}
	form.Set("place", "br")
	form.Set("mon_to", "nine")
	a := d.page("acme", "POST", "/settings/windows", form)
	if doc := a.read(t); a.StatusCode != http.StatusUnprocessableEntity || doc.Find("[name=mon_to]").AttrOr("value", "") != "nine" {
		t.Errorf("a time that is none: %d", a.StatusCode)
	}
	if a := d.page("acme", "POST", "/settings/windows", url.Values{"place": {"BR"}, "back": {"1"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("back: %d", a.StatusCode)
	}
	if a := d.page("agent", "GET", "/settings/windows", nil); a.StatusCode != http.StatusForbidden {
		t.Errorf("an agent: %d", a.StatusCode)
	}
}

func TestTheMostTextsOfAPlaceAreSetAndGoBackToTheLaws(t *testing.T) {
	d := openSMSDesk(t)
	most := func() any {
		_, set := d.api("acme", "GET", "/settings", "")
		return set["windows"].(map[string]any)["by_place"].(map[string]any)["US/FL"].(map[string]any)["most_per_day"]
	}
	edit := d.page("acme", "GET", "/settings/windows?place=US%2FFL", nil).read(t)
	field := edit.Find("[name=most_per_day]")
	if value, _ := field.Attr("value"); value != "" {
		t.Errorf("the form of Florida begins with %q", value)
	}
	if usual, _ := field.Attr("placeholder"); usual != "3" {
		t.Errorf("the form of Florida says that %q holds without a word", usual)
	}
	form := url.Values{"time_zone": {"UTC"}, "place": {"US/FL"}, "mon_from": {"10:00"}, "mon_to": {"18:00"}}
	for typed, want := range map[string]string{"none": "none", "11": "11", "2.5": "2.5"} {
		form.Set("most_per_day", typed)
		a := d.page("acme", "POST", "/settings/windows", form)
		field = a.read(t).Find("[name=most_per_day]")
		if got, _ := field.Attr("value"); a.StatusCode != http.StatusUnprocessableEntity || got != want || field.Closest(".field.invalid").Length() != 1 {
			t.Errorf("%q: %d, the field has %q, %s", typed, a.StatusCode, got, words(field.Closest(".field")))
		}
	}
	for typed, want := range map[string]float64{"1": 1, "10": 10, "3": 3, "": 3} {
		form.Set("most_per_day", typed)
		if a := d.page("acme", "POST", "/settings/windows", form); a.StatusCode != http.StatusSeeOther || most() != want {
			t.Errorf("%q: %d, Florida has %v", typed, a.StatusCode, most())
		}
	}
}

// The table has the limit that holds in each place, wherever it comes from.
func TestTheTableHasTheLimitOfTheCountryToo(t *testing.T) {
	d := openSMSDesk(t)
	if status, doc := d.api("acme", "PATCH", "/settings", `{"windows":{"by_place":{"US":{"week":{"mon":["10:00-12:00"]},"most_per_day":2}},"default":{"week":{"mon":["10:00-12:00"]},"public_holidays":"*","public_holiday_hours":["10:00-11:00"]}}}`); status != 200 {
		t.Fatalf("%d %v", status, doc)
	}
	_, set := d.api("acme", "GET", "/settings", "")
	places := set["windows"].(map[string]any)["by_place"].(map[string]any)
	for place, want := range map[string]any{"US": 2.0, "US/TX": 2.0, "US/FL": 3.0, "BR": nil} {
		if got := places[place].(map[string]any)["most_per_day"]; got != want {
			t.Errorf("%s has %v, want %v", place, got, want)
		}
	}
	seen := func() { // the viewer of these tests is the one of before
		v := d.viewers["acme"]
		account, err := d.rooms.Accounts.Account(t.Context(), liadesk.ActorOf(v.Account, v.User))
		if err != nil {
			t.Fatal(err)
		}
		v.Account = account
	}
	seen()
	table := d.page("acme", "GET", "/settings/windows", nil).read(t).Find("tbody")
	if got := words(table); strings.Count(got, "At most 2 marketing texts in 24 hours") < 40 || strings.Count(got, "At most 3 marketing texts in 24 hours") != 2 || !strings.Contains(got, "Switzerland): 10:00–11:00") {
		t.Errorf("the table says %q", got)
	}
	// What the law says anyway is not kept as the account's own word.
	d.api("acme", "PATCH", "/settings", `{"windows":{"by_place":{"US/FL":{"week":{},"most_per_day":3}}}}`)
	seen()
	if value, _ := d.page("acme", "GET", "/settings/windows?place=US%2FFL", nil).read(t).Find("[name=most_per_day]").Attr("value"); value != "" {
		t.Errorf("the law's limit became the account's own: %q", value)
	}
}

func TestTwoWhoSetTheHoursOfAPlaceAtOnceLoseNothing(t *testing.T) {
	d := openSMSDesk(t)
	form := func() url.Values {
		doc := d.page("acme", "GET", "/settings/windows?place=BR", nil).read(t)
		f := url.Values{"time_zone": {"UTC"}, "place": {"BR"}}
		for _, name := range []string{"seen", "seen_of"} {
			value, _ := doc.Find("[name=" + name + "]").Attr("value")
			f.Set(name, value)
		}
		return f
	}
	theirs, mine := form(), form()
	theirs["mon_from"], theirs["mon_to"] = []string{"10:00"}, []string{"18:00"}
	mine["tue_from"], mine["tue_to"] = []string{"11:00"}, []string{"17:00"}
	if a := d.page("acme", "POST", "/settings/windows", theirs); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the first: %d", a.StatusCode)
	}
	a := d.page("acme", "POST", "/settings/windows", mine)
	doc := a.read(t)
	typed, _ := doc.Find("[name=tue_from]").First().Attr("value")
	if got := words(doc.Find(".banner.warning")); a.StatusCode != http.StatusConflict || !strings.Contains(got, "Saved meanwhile: Mon 10:00–18:00") || typed != "11:00" {
		t.Errorf("%d %q, typed %s", a.StatusCode, got, typed)
	}
	seen, _ := doc.Find("[name=seen]").Attr("value")
	mine.Set("seen", seen)
	if a := d.page("acme", "POST", "/settings/windows", mine); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a second save, knowing of the first: %d", a.StatusCode)
	}
}

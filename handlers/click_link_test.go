package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A campaign that counts clicks, from its form to the report: the recipient taps
// the link in the text and is led on.
func TestALinkInATextLeadsOnAndIsCounted(t *testing.T) {
	d := openSMSDesk(t)
	d.person(1, "")
	d.person(2, "")
	form := d.form(func(f url.Values) {
		f.Set("message", "Sale: https://shop.example/sale?a=1&b=2#now")
		f.Set("track_clicks", "true")
	})
	if got := words(d.part("acme", "POST", "/campaigns/sms/check?field=message", form).read(t).Find(".sms")); !strings.Contains(got, "/l/xxxxxxxxxxxxxxxxxxxxxxxx") || strings.Contains(got, "shop.example") {
		t.Errorf("the preview shows %q", got)
	}
	id := strings.TrimPrefix(d.draft(func(f url.Values) {
		f.Set("message", form.Get("message"))
		f.Set("track_clicks", "true")
	}), "/campaigns/sms/")
	if _, checked := d.page("acme", "GET", "/campaigns/sms/"+id+"/edit", nil).read(t).Find("[name=track_clicks]").Attr("checked"); !checked {
		t.Error("the form forgot that clicks are counted")
	}
	if status, doc := d.api("acme", "POST", "/sms-campaigns/"+id+"/schedule", `{"scheduled_at":"2026-11-24T09:00:00Z"}`); status != 200 || doc["track_clicks"] != true {
		t.Fatalf("%d %v", status, doc)
	}
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	d.clock.Advance(time.Hour) // nobody opens a link in the second in which it comes
	var link string
	for _, m := range d.Handset.Messages([]string{acmeAuthID}, "+46701740601") {
		link = regexp.MustCompile(`https?://\S+?(/l/[a-z2-7]{24})`).FindStringSubmatch(m.Text + " ")[1]
	}
	const agent = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
	open := func(method, path string, header map[string]string) answer {
		t.Helper()
		headers := []string{"Host", d.host, "User-Agent", agent}
		for name, value := range header {
			headers = append(headers, name, value)
		}
		return ask(t, d.Server, method, path, "", headers...)
	}
	for _, c := range []struct {
		method string
		header map[string]string
	}{{"HEAD", nil}, {"GET", map[string]string{"Sec-Purpose": "prefetch;prerender"}}, {"GET", nil}, {"GET", nil}} {
		a := open(c.method, link, c.header)
		if a.StatusCode != http.StatusFound || a.Header.Get("Location") != "https://shop.example/sale?a=1&b=2#now" ||
			a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v", c.method, a.StatusCode, a.Header)
		}
	}
	guess := link[:len(link)-1] + "7"
	if guess == link {
		guess = link[:len(link)-1] + "6"
	}
	if a := open("GET", guess, nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("a guess: %d", a.StatusCode)
	}
	status, report := d.api("acme", "GET", "/sms-campaigns/"+id+"/report", "")
	if status != 200 || report["clickers"] != 1.0 || report["clicks"] != 2.0 || report["machine_clicks"] != 2.0 || report["click_rate"] != 0.5 {
		t.Errorf("%d %v", status, report)
	}
	if got := words(d.page("acme", "GET", "/campaigns/sms/"+id, nil).read(t).Find(".stats")); !strings.Contains(got, "Clicked50%1 opened a link ÷ 2 delivered, each person once. Openings by people: 2, by machines: 2") {
		t.Errorf("the page says %q", got)
	}
	_, rows := d.api("acme", "GET", "/sms-campaigns/"+id+"/deliveries", "")
	clicked := 0
	for _, row := range rows["items"].([]any) {
		if row.(map[string]any)["clicked_at"] != nil {
			clicked++
		}
	}
	if clicked != 1 {
		t.Errorf("%d clicked: %v", clicked, rows)
	}
	if status, doc := d.api("acme", "POST", "/audience/count", `{"rule":{"field":"campaign.`+id+`","op":"eq","value":"clicked"}}`); status != 200 || doc["matched"] != 1.0 {
		t.Errorf("%d %v", status, doc)
	}
}

// Few clicks are told of when people have had three days, with what to do.
func TestFewClicksAreToldOfThreeDaysLater(t *testing.T) {
	d := openSMSDesk(t)
	for n := range 20 {
		d.person(n+1, "")
	}
	path := d.draft(func(f url.Values) {
		f.Set("message", "Sale: https://shop.example/sale")
		f.Set("track_clicks", "true")
	})
	if a := d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d: %s", a.StatusCode, words(a.read(t).Find("main")))
	}
	d.clock.Advance(24 * time.Hour)
	d.work()
	d.reported()
	alarms := func() string { return words(d.page("acme", "GET", path, nil).read(t).Find(".sms-alarm")) }
	if got := alarms(); got != "" {
		t.Errorf("at once: %s", got)
	}
	d.clock.Advance(73 * time.Hour)
	if got := alarms(); !strings.Contains(got, "Few people open the links (0%)") || !strings.Contains(got, "0 opened a link ÷ 20 delivered = 0%; 6% and more is usual.") {
		t.Errorf("three days later: %s", got)
	}
}

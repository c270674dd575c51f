package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
)

// On the free plan there are no campaigns: no page, answer, count, search,
// menu or history speaks of them, not even of those that the company made
// while it paid.

// spoken finds where an answer speaks of campaigns. The product's name and
// what a program's answer calls a campaign that it does not name are no news.
func spoken(a answer) string {
	text := strings.NewReplacer("LiaDesk Campaigns", "", `"campaign_id":null`, "").Replace(a.body)
	if i := strings.Index(strings.ToLower(text), "campaign"); i >= 0 {
		return text[max(0, i-120):min(len(text), i+80)]
	}
	return ""
}

func TestTheFreePlanKnowsNothingOfCampaigns(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	acme.seen()
	if _, err := w.Contacts.AddOptOut(t.Context(), acme.actor(), "+46701740650", "agent", "by phone"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Accounts.SetPlan(t.Context(), acme.account.ID, liadesk.PlanFree); err != nil {
		t.Fatal(err)
	}
	ana := w.signIn(acme.boss.Email)
	ana.token = acme.token
	ana.ask(http.MethodGet, "/settings/profile", "")
	ana.ask(http.MethodGet, "/api/v1/settings", "")
	for _, r := range sitemap {
		if r.has(public) || !r.has(paid) && r.unsafe() {
			continue
		}
		for style, headers := range r.styles() {
			before := w.dump()
			a := ana.ask(r.method(), r.path(acme), r.sent(acme), headers...)
			if !r.has(paid) {
				if text := spoken(a); text != "" {
					t.Errorf("%s%s speaks of campaigns: %q", r.name, style, text)
				}
				continue
			}
			if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "plan_required") && !strings.Contains(a.body, "Your plan does not include campaigns.") {
				t.Errorf("%s%s: %d %.300s", r.name, style, a.StatusCode, a.body)
			}
			if list := changed(before, w.dump()); len(list) > 0 {
				t.Errorf("%s%s changed %s", r.name, style, list)
			}
			// What exists is answered like what does not.
			without := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
			none := ana.ask(r.method(), without.ReplaceAllString(r.path(acme), "0196aaaa-0000-7000-8000-00000000ffff"), "", headers...)
			if without.ReplaceAllString(a.body, "") != without.ReplaceAllString(none.body, "") {
				t.Errorf("%s%s tells an id that exists from one that does not:\n%s\n%s", r.name, style, a.body, none.body)
			}
		}
	}
	// An account that never had any, and nothing else either: its empty pages.
	made, err := w.Accounts.Setup(t.Context(), accounts.NewAccount{Account: "Empty", Plan: liadesk.PlanFree, Email: "boss@empty.example", Password: deskPassword})
	if err != nil {
		t.Fatal(err)
	}
	zoe := w.signIn("boss@empty.example")
	zoe.token = made.Token
	for _, r := range sitemap {
		if !r.has(public|paid) && !r.named() && (!r.unsafe() || r.name == "POST /inboxes") {
			body := strings.ReplaceAll(r.body, "domains=x.example", "domains=") // the form again
			if text := spoken(zoe.ask(r.method(), r.path(acme), body)); text != "" {
				t.Errorf("%s on an empty account speaks of campaigns: %q", r.name, text)
			}
		}
	}
	// Addresses that lead to something when campaigns are in the plan.
	for _, path := range []string{"/contacts?skip=opted_out", "/contacts?rule=" + url.QueryEscape(`{"all":[]}`), "/conversations?campaign=" + acme.ref("chat"),
		"/conversations/" + acme.ref("heard"), "/contacts/" + acme.ref("contact"), "/conversations?status=resolved", "/contacts?q=Zanzibar"} {
		for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
			a := ana.ask(http.MethodGet, path, "", headers...)
			if a.StatusCode != http.StatusOK && a.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d", path, a.StatusCode)
			}
			if text := spoken(a); text != "" && a.StatusCode == http.StatusOK {
				t.Errorf("%s speaks of campaigns: %q", path, text)
			}
		}
	}
}

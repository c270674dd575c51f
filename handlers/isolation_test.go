package handlers

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
)

// What one company has is not there for another: every route of the site is
// replayed by everybody who has no business there, with ids that exist, and
// nothing is answered, nothing told and nothing changed.

// seen makes every record that the site map names.
func (c *company) seen() {
	c.t.Helper()
	for _, r := range sitemap {
		r.path(c)
		r.sent(c)
	}
	c.ref("heard")
}

// betrayed finds what of a company stands in an answer beside what the asker
// sent: its mark, which is in the words of every record, and the numbers of
// its people.
func (c *company) betrayed(r route, a answer) string {
	text := a.body
	for name, values := range a.Header {
		if name != "Location" && name != "Hx-Redirect" { // the way back after signing in
			text += "\n" + strings.Join(values, "\n")
		}
	}
	_, query, _ := strings.Cut(r.path(c), "?")
	for _, sent := range []string{query, r.sent(c)} {
		values, _ := url.ParseQuery(sent) // of another body, nothing
		for _, list := range values {
			for _, v := range list {
				echo := regexp.MustCompile(regexp.QuoteMeta(html.EscapeString(v)) + `(["<])`)
				text = echo.ReplaceAllString(text, "$1")
			}
		}
	}
	text = strings.ReplaceAll(text, "Everyone tagged “"+c.made["tag"]+"”", "") // the audience asked for, in words
	start := c.number[:len(c.number)-2]
	spaced := start[:3] + " " + start[3:5] + " " + start[5:8] + " " + start[8:]
	for _, word := range []string{c.mark, start, spaced} {
		if i := strings.Index(strings.ToLower(text), strings.ToLower(word)); i >= 0 {
			return text[max(0, i-80):min(len(text), i+80)]
		}
	}
	return ""
}

// styles are the ways a browser asks: for a page, and by htmx for a part of it.
func (r route) styles() map[string][]string {
	if r.forPrograms() {
		return map[string][]string{"": nil}
	}
	return map[string][]string{"": nil, " by htmx": {"HX-Request", "true"}}
}

// refused tells whether an answer sends somebody away who may not know.
func refused(a answer) bool {
	return a.StatusCode == http.StatusNotFound || a.StatusCode == http.StatusForbidden
}

// turnedAway tells whether an answer asks to sign in, as pages and programs do.
func turnedAway(a answer) bool {
	return a.StatusCode == http.StatusUnauthorized ||
		a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/login?") ||
		a.StatusCode == http.StatusNoContent && strings.HasPrefix(a.Header.Get("HX-Redirect"), "/login?")
}

func TestNothingOfACompanyIsThereForAnother(t *testing.T) {
	w := newWorld(t)
	acme, rival := w.found("Zanzibar", "+46701740600"), w.found("Quokka", "+46701740700")
	acme.seen()
	eve := w.signIn(rival.boss.Email)
	eve.token = rival.token
	for _, r := range sitemap {
		if r.has(public) {
			continue
		}
		for style, headers := range r.styles() {
			name, path, body := r.name+style, r.path(acme), r.sent(acme)
			before := w.dump()
			a := eve.ask(r.method(), path, body, headers...)
			switch {
			case a.StatusCode >= 500:
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			case r.has(record) && r.named() && !refused(a):
				t.Errorf("%s: %d, want 404 or 403: %.300s", name, a.StatusCode, a.body)
			case r.has(record) && a.StatusCode < 400:
				t.Errorf("%s: %d although it names what is not theirs: %.300s", name, a.StatusCode, a.body)
			}
			if leak := acme.betrayed(r, a); leak != "" {
				t.Errorf("%s tells: %q", name, leak)
			}
			if list := changed(before, w.dump(), rival); len(list) > 0 {
				t.Errorf("%s changed %s", name, list)
			}
			if r.name == "POST /logout" {
				eve = w.signIn(rival.boss.Email)
			}
		}
	}
	// The same requests find something when their owner asks: what was refused
	// was not a wrong address.
	ana := w.signIn(acme.boss.Email)
	ana.token = acme.token
	for _, r := range sitemap {
		if r.has(public | odd) {
			continue
		}
		found := func(headers ...string) (answer, bool) {
			a := ana.ask(r.method(), r.path(acme), r.sent(acme), headers...)
			shows := r.unsafe() || !r.has(record) || r.has(blank) || strings.Contains(strings.ToLower(a.body), strings.ToLower(acme.mark))
			return a, a.StatusCode < 500 && !turnedAway(a) && !refused(a) && shows
		}
		a, ok := found()
		if !ok && !r.forPrograms() {
			a, ok = found("HX-Request", "true")
		}
		if !ok {
			t.Errorf("%s does not show its owner the record: %d %.300s", r.name, a.StatusCode, a.body)
		}
	}
}

// named tells the routes whose address names the record.
func (r route) named() bool { return strings.Contains(r.name, ":") }

// agent adds a person to the team who serves one inbox, with an API token from
// the time when they were an administrator.
func (c *company) agent(inbox string) (liadesk.User, somebody) {
	c.t.Helper()
	ctx := c.t.Context()
	email := "agent@" + strings.ToLower(c.mark) + ".example"
	u, link, err := c.Accounts.Invite(ctx, c.actor(), accounts.Invitation{Name: "Agnes", Email: email, Role: liadesk.RoleAdministrator})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err = c.Accounts.Accept(ctx, link, "Agnes", deskPassword, accounts.Origin{}); err != nil {
		c.t.Fatal(err)
	}
	_, token, err := c.Accounts.CreateToken(ctx, liadesk.ActorOf(c.account, u), "Agnes")
	if err != nil {
		c.t.Fatal(err)
	}
	role, inboxes := liadesk.RoleAgent, []liadesk.ID{c.refID(inbox)}
	if u, err = c.Accounts.EditUser(ctx, c.actor(), u.ID, accounts.UserPatch{Role: &role, InboxIDs: &inboxes}); err != nil {
		c.t.Fatal(err)
	}
	agnes := c.signIn(email)
	agnes.token = token
	// The first look of a day is noted in the session and the token.
	agnes.ask(http.MethodGet, "/settings/profile", "")
	agnes.ask(http.MethodGet, "/api/v1/settings", "")
	return u, agnes
}

func TestAgentsSeeTheInboxesTheyServeAndManageNothing(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	acme.seen()
	_, agnes := acme.agent("website 2")
	// Words of the inboxes that she does not serve.
	secrets := []string{"Zanzibar talk hello", "Zanzibar heard answer", acme.ref("talk"), acme.ref("heard"), acme.ref("key")}
	for _, r := range sitemap {
		if r.has(public) {
			continue
		}
		for style, headers := range r.styles() {
			name, closed := r.name+style, r.has(admin|ofInbox)
			if r.unsafe() && !closed {
				continue // she may
			}
			before := w.dump()
			a := agnes.ask(r.method(), r.path(acme), r.sent(acme), headers...)
			switch {
			case a.StatusCode >= 500:
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			case r.name == "GET /settings": // leads to what is hers
				if !strings.HasPrefix(a.Header.Get("Location")+a.Header.Get("HX-Redirect"), "/settings/profile") {
					t.Errorf("%s: %d to %s", name, a.StatusCode, a.Header.Get("Location"))
				}
			case closed && !refused(a):
				t.Errorf("%s: %d, want 404 or 403: %.300s", name, a.StatusCode, a.body)
			case !closed && refused(a) && !r.has(odd):
				t.Errorf("%s: %d, although agents may", name, a.StatusCode)
			}
			for _, word := range secrets {
				if strings.Contains(a.body, word) && !strings.Contains(r.path(acme), word) {
					t.Errorf("%s tells %q", name, word)
				}
			}
			if list := changed(before, w.dump()); closed && len(list) > 0 {
				t.Errorf("%s changed %s", name, list)
			}
		}
	}
}

func TestWhoIsNotSignedInGetsNothing(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	acme.seen()
	u, left := acme.agent("website 2")
	if _, err := w.Accounts.Deactivate(t.Context(), acme.actor(), u.ID); err != nil {
		t.Fatal(err)
	}
	out := w.signIn(acme.boss.Email)
	out.ask(http.MethodPost, "/logout", "")
	token, secret, err := w.Accounts.CreateToken(t.Context(), acme.actor(), "revoked")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Accounts.RevokeToken(t.Context(), acme.actor(), token.ID); err != nil {
		t.Fatal(err)
	}
	out.token = secret
	crossed := w.signIn(acme.boss.Email) // each key in the other's lock
	crossed.session, crossed.token = acme.token, crossed.session
	before := w.dump()
	for who, p := range map[string]somebody{"a stranger": {w: w}, "who was deactivated": left, "who signed out": out, "with the wrong kind of key": crossed,
		"with a made-up key": {w: w, session: "x", token: "liadesk_x"}} {
		for _, r := range sitemap {
			if r.has(public) {
				continue
			}
			for style, headers := range r.styles() {
				a := p.ask(r.method(), r.path(acme), r.sent(acme), headers...)
				if !turnedAway(a) {
					t.Errorf("%s%s by somebody %s: %d %.300s", r.name, style, who, a.StatusCode, a.body)
				}
				if leak := acme.betrayed(r, a); leak != "" {
					t.Errorf("%s%s tells somebody %s: %q", r.name, style, who, leak)
				}
			}
		}
	}
	if list := changed(before, w.dump()); len(list) > 0 {
		t.Errorf("changed: %s", list)
	}
}

func TestAnotherSiteCannotMakeABrowserChangeAnything(t *testing.T) {
	w := newWorld(t)
	acme, rival := w.found("Zanzibar", "+46701740600"), w.found("Quokka", "+46701740700")
	acme.seen()
	ana, eve := w.signIn(acme.boss.Email), w.signIn(rival.boss.Email)
	ana.ask(http.MethodGet, "/settings/profile", "")
	before := w.dump()
	for _, r := range sitemap {
		if !r.unsafe() || r.forPrograms() {
			continue
		}
		forged := map[string][]string{
			"from another site":         {"Sec-Fetch-Site", "cross-site"},
			"from a neighbour":          {"Sec-Fetch-Site", "same-site"},
			"from another origin":       {"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
			"from a page of no origin":  {"Sec-Fetch-Site", "", "Origin", "null"},
			"without the page's word":   {"X-CSRF-Token", ""},
			"with a made-up word":       {"X-CSRF-Token", "x"},
			"with somebody else's word": {"X-CSRF-Token", eve.csrf()},
		}
		for how, headers := range forged {
			if r.has(public) && headers[0] == "X-CSRF-Token" {
				continue // before signing in there is no session to misuse
			}
			for style, more := range r.styles() {
				if a := ana.ask(r.method(), r.path(acme), r.sent(acme), append(headers, more...)...); a.StatusCode != http.StatusForbidden {
					t.Errorf("%s%s %s: %d %.300s", r.name, style, how, a.StatusCode, a.body)
				}
			}
		}
	}
	if list := changed(before, w.dump()); len(list) > 0 {
		t.Errorf("changed: %s", list)
	}
}

func TestABrowsersCookieIsNoTokenAndATokenNoCookie(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	acme.seen()
	ana := w.signIn(acme.boss.Email)
	for _, r := range sitemap {
		if r.has(public) {
			continue
		}
		p := ana
		if !r.forPrograms() {
			p = somebody{w: w, token: acme.token}
		}
		if a := p.ask(r.method(), r.path(acme), r.sent(acme)); !turnedAway(a) {
			t.Errorf("%s: %d", r.name, a.StatusCode)
		}
	}
}

package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

const deskPassword = "a good password"

// accountsDesk is the edge on a real accounts room with two accounts.
type accountsDesk struct {
	t     *testing.T
	s     *Server
	room  *accounts.Service
	clock *clockwork.FakeClock
	acme  accounts.Created
	other accounts.Created
}

func newAccountsDesk(t *testing.T) *accountsDesk {
	t.Helper()
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	room := accounts.New(dbtest.Open(t), clock, liadesk.RandomIDs(clock.Now), secrets)
	deps := testDeps(t)
	deps.Clock, deps.Secret, deps.Accounts = clock, secrets.CSRF(), room
	deps.Viewer = func(ctx context.Context, secret string) (*Viewer, error) {
		in, err := room.Session(ctx, secret)
		if err != nil {
			return nil, err
		}
		return &Viewer{Session: in.Session.ID.String(), User: in.User, Account: in.Account}, nil
	}
	d := &accountsDesk{t: t, s: newTest(t, deps, nil), room: room, clock: clock}
	d.acme, d.other = d.setup("Acme", "ana@acme.example"), d.setup("Other", "eve@other.example")
	return d
}

func (d *accountsDesk) setup(name, email string) accounts.Created {
	d.t.Helper()
	made, err := d.room.Setup(d.t.Context(), accounts.NewAccount{Account: name, Plan: liadesk.PlanGrowth, Email: email, Password: deskPassword})
	if err != nil {
		d.t.Fatal(err)
	}
	return made
}

// reply is a response that was read to its end.
type reply struct {
	*http.Response
	body string
}

func (a reply) html(t *testing.T) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func (d *accountsDesk) do(r *http.Request) reply {
	d.t.Helper()
	res, err := d.s.Test(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return reply{res, string(body)}
}

// browser is a person's browser: its session and the token of its pages.
type browser struct {
	d             *accountsDesk
	session, csrf string
}

func (d *accountsDesk) signIn(email, password string) (*browser, reply) {
	d.t.Helper()
	b := &browser{d: d}
	a := b.post("/login", url.Values{"email": {email}, "password": {password}})
	for _, c := range a.Cookies() {
		if c.Name == "session" && c.Value != "" {
			b.session = c.Value
		}
	}
	if b.session != "" {
		page := b.get("/settings/profile")
		b.csrf = page.html(d.t).Find("input[name=csrf]").First().AttrOr("value", "")
	}
	return b, a
}

func (b *browser) get(path string) reply { return b.d.do(b.request(http.MethodGet, path, nil)) }

func (b *browser) post(path string, form url.Values) reply {
	if form == nil {
		form = url.Values{}
	}
	if b.csrf != "" && form.Get("csrf") == "" {
		form.Set("csrf", b.csrf)
	}
	r := b.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.d.do(r)
}

func (b *browser) request(method, path string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, path, body)
	r.Host = "desk.example.com"
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if b.session != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: b.session})
	}
	return r
}

func (d *accountsDesk) api(method, path, token, body string) reply {
	r := httptest.NewRequest(method, "http://desk.example.com/api/v1"+path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return d.do(r)
}

func want(t *testing.T, a reply, status int) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s: %d, want %d: %.300s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
}

func TestSigningInAndOut(t *testing.T) {
	d := newAccountsDesk(t)
	_, a := d.signIn("ana@acme.example", "wrong")
	want(t, a, http.StatusUnauthorized)
	if !strings.Contains(a.body, `value="ana@acme.example"`) || strings.Contains(a.body, "wrong") {
		t.Error("the form should keep the address and forget the password")
	}
	b, a := d.signIn("ana@acme.example", deskPassword)
	want(t, a, http.StatusSeeOther)
	for _, c := range a.Cookies() {
		if c.Name == "session" && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/") {
			t.Errorf("the cookie is %v", c)
		}
	}
	want(t, b.get("/settings"), http.StatusOK)
	want(t, b.post("/logout", nil), http.StatusSeeOther)
	want(t, b.get("/settings"), http.StatusSeeOther)
}

func TestTheWayBackAfterSigningInStaysHere(t *testing.T) {
	d := newAccountsDesk(t)
	b := &browser{d: d}
	if to := b.get("/settings/team?x=1").Header.Get("Location"); to != "/login?next=%2Fsettings%2Fteam%3Fx%3D1" {
		t.Errorf("sent to %q", to)
	}
	for next, to := range map[string]string{"/settings/team?x=1": "/settings/team?x=1", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/"} {
		a := b.post("/login", url.Values{"email": {"ana@acme.example"}, "password": {deskPassword}, "next": {next}})
		if got := a.Header.Get("Location"); got != to {
			t.Errorf("next=%s leads to %q, want %q", next, got, to)
		}
	}
}

func TestManyTriesHaveToWait(t *testing.T) {
	d := newAccountsDesk(t)
	var a reply
	for range 6 {
		_, a = d.signIn("ana@acme.example", "wrong")
	}
	want(t, a, http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
}

func TestChangesNeedThePagesOwnToken(t *testing.T) {
	d := newAccountsDesk(t)
	b, _ := d.signIn("ana@acme.example", deskPassword)
	eve, _ := d.signIn("eve@other.example", deskPassword)
	for name, token := range map[string]string{"another session's": eve.csrf, "made up": "xxxx"} {
		if a := b.post("/settings/profile", url.Values{"name": {"Mallory"}, "csrf": {token}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s token: %d", name, a.StatusCode)
		}
	}
	if !strings.Contains(b.get("/settings/profile").body, `value="ana"`) {
		t.Error("the name changed")
	}
}

func TestInvitingAPersonFromLinkToSession(t *testing.T) {
	d := newAccountsDesk(t)
	b, _ := d.signIn("ana@acme.example", deskPassword)
	a := b.post("/settings/team", url.Values{"name": {""}, "email": {"not an address"}, "role": {"agent"}})
	want(t, a, http.StatusUnprocessableEntity)
	if !strings.Contains(a.body, `value="not an address"`) {
		t.Error("what was typed is gone")
	}
	a = b.post("/settings/team", url.Values{"name": {"Beto"}, "email": {"beto@acme.example"}, "role": {"agent"}})
	want(t, a, http.StatusCreated)
	link := regexp.MustCompile(`http://desk\.example\.com(/join\?link=[\w-]+)`).FindStringSubmatch(a.body)
	if link == nil {
		t.Fatal("no link on the page")
	}
	beto := &browser{d: d}
	page := beto.get(link[1])
	want(t, page, http.StatusOK)
	if page.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Error("the link's secret may leave with a referrer")
	}
	secret := page.html(t).Find("input[name=link]").AttrOr("value", "")
	want(t, beto.post("/join", url.Values{"link": {secret}, "name": {"Beto"}, "password": {"short"}}), http.StatusUnprocessableEntity)
	a = beto.post("/join", url.Values{"link": {secret}, "name": {"Beto"}, "password": {deskPassword}})
	want(t, a, http.StatusSeeOther)
	want(t, beto.get(link[1]), http.StatusNotFound)

	agent, _ := d.signIn("beto@acme.example", deskPassword)
	if got := agent.get("/settings").Header.Get("Location"); got != "/settings/profile" {
		t.Errorf("an agent's settings begin at %q", got)
	}
	for _, path := range []string{"/settings/team", "/settings/team/new", "/settings/tokens", "/inboxes/new"} {
		want(t, agent.get(path), http.StatusForbidden)
	}
}

func TestAnotherAccountsPeopleAndInboxesAreNotThere(t *testing.T) {
	d := newAccountsDesk(t)
	admin := liadesk.ActorOf(d.acme.Account, d.acme.User)
	in, err := d.room.CreateInbox(t.Context(), admin, liadesk.InboxWebsite, accounts.InboxPatch{Name: new("Shop"), Domains: &[]string{"shop.example"}})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := d.room.Tokens(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	eve, _ := d.signIn("eve@other.example", deskPassword)
	user, inbox := d.acme.User.ID.String(), in.ID.String()
	for _, path := range []string{"/settings/team/" + user, "/inboxes/" + inbox, "/inboxes/" + inbox + "/delete"} {
		want(t, eve.get(path), http.StatusNotFound)
	}
	for _, path := range []string{"/settings/team/" + user, "/settings/team/" + user + "/deactivate", "/settings/team/" + user + "/link",
		"/settings/team/" + user + "/withdraw", "/settings/team/" + user + "/reactivate", "/settings/team/" + user + "/picture/remove",
		"/inboxes/" + inbox, "/inboxes/" + inbox + "/delete", "/settings/tokens/" + tokens[0].ID.String() + "/revoke"} {
		want(t, eve.post(path, url.Values{"name": {"x"}, "email": {"x@x.example"}, "role": {"agent"}, "domains": {"x.example"}}), http.StatusNotFound)
	}
	for _, call := range [][2]string{{"GET", "/inboxes/" + inbox}, {"PATCH", "/inboxes/" + inbox}, {"DELETE", "/inboxes/" + inbox},
		{"GET", "/users/" + user}, {"PATCH", "/users/" + user}, {"DELETE", "/users/" + user}, {"POST", "/users/" + user + "/deactivate"},
		{"POST", "/users/" + user + "/link"}, {"DELETE", "/tokens/" + tokens[0].ID.String()}} {
		want(t, d.api(call[0], call[1], d.other.Token, `{"name":"x"}`), http.StatusNotFound)
	}
	if got, err := d.room.Inbox(t.Context(), admin, in.ID); err != nil || got.Version != in.Version {
		t.Error("the inbox changed:", got, err)
	}
}

func TestTheAPIKnowsWhoAsks(t *testing.T) {
	d := newAccountsDesk(t)
	for _, token := range []string{"", "liadesk_forged"} {
		a := d.api("GET", "/inboxes", token, "")
		want(t, a, http.StatusUnauthorized)
		if a.Header.Get("Content-Type") != "application/problem+json" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Error(a.Header)
		}
	}
	// A browser's cookie is no token: other sites could make it ask.
	b, _ := d.signIn("ana@acme.example", deskPassword)
	want(t, b.get("/api/v1/inboxes"), http.StatusUnauthorized)
}

func TestInboxesThroughTheAPI(t *testing.T) {
	d := newAccountsDesk(t)
	token := d.acme.Token
	a := d.api("POST", "/inboxes", token, `{"kind":"sms","name":"Texts","number":"+14155550100","auth_id":"MAX","auth_token":"s3cret","messages_per_second":0.5}`)
	want(t, a, http.StatusCreated)
	var made struct {
		ID      string  `json:"id"`
		Pace    float64 `json:"messages_per_second"`
		Version uint64  `json:"version"`
	}
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || made.Pace != 0.5 || strings.Contains(a.body, "s3cret") {
		t.Errorf("%s %v", a.body, err)
	}
	a = d.api("POST", "/inboxes", token, `{"kind":"website","name":"","domains":[]}`)
	want(t, a, http.StatusUnprocessableEntity)
	for _, field := range []string{`"field":"name","code":"required"`, `"field":"domains","code":"required"`} {
		if !strings.Contains(a.body, field) {
			t.Errorf("%s lacks %s", a.body, field)
		}
	}
	for _, body := range []string{"", "{", `{"name":1}`, `[]`, `{} {}`} {
		want(t, d.api("POST", "/inboxes", token, body), http.StatusUnprocessableEntity)
	}
	for _, name := range []string{"A", "B"} {
		d.clock.Advance(time.Second)
		want(t, d.api("POST", "/inboxes", token, `{"kind":"website","name":"`+name+`","domains":["a.example"]}`), http.StatusCreated)
	}
	var page struct {
		Items []struct{ Name string } `json:"items"`
		Next  *string                 `json:"next"`
	}
	var names []string
	for after := ""; ; {
		a := d.api("GET", "/inboxes?limit=2&after="+after, token, "")
		page.Next = nil
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			names = append(names, i.Name)
		}
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	if strings.Join(names, " ") != "Texts A B" {
		t.Errorf("paged through %v", names)
	}
	want(t, d.api("GET", "/inboxes?limit=x", token, ""), http.StatusUnprocessableEntity)
	want(t, d.api("PATCH", "/inboxes/"+made.ID, token, `{"name":"First","version":1}`), http.StatusOK)
	a = d.api("PATCH", "/inboxes/"+made.ID, token, `{"name":"Second","version":1}`)
	want(t, a, http.StatusConflict)
	if !strings.Contains(a.body, `"theirs":"First","yours":"Second"`) {
		t.Errorf("the conflict does not say both values: %s", a.body)
	}
	want(t, d.api("DELETE", "/inboxes/"+made.ID, token, ""), http.StatusNoContent)
	want(t, d.api("GET", "/inboxes/"+made.ID, token, ""), http.StatusNotFound)
	want(t, d.api("GET", "/nothing", token, ""), http.StatusNotFound)
}

func TestSettingsUsersAndTokensThroughTheAPI(t *testing.T) {
	d := newAccountsDesk(t)
	token := d.acme.Token
	a := d.api("PATCH", "/settings", token, `{"name":"Acme Ltd","footer":"Reply STOP","limits":{"max_segments":3},"keywords":{"opt_out":["chega"]}}`)
	want(t, a, http.StatusOK)
	if !strings.Contains(a.body, `"opt_out":["CHEGA"]`) || !strings.Contains(a.body, `"max_segments":3`) {
		t.Error(a.body)
	}
	want(t, d.api("PATCH", "/settings", token, `{"limits":{"max_segments":11}}`), http.StatusUnprocessableEntity)
	want(t, d.api("PATCH", "/settings", token, `{"windows":{}}`), http.StatusOK)

	a = d.api("POST", "/users", token, `{"email":"beto@acme.example","role":"agent"}`)
	want(t, a, http.StatusCreated)
	if !strings.Contains(a.body, "/join?link=") || !strings.Contains(a.body, `"status":"invited"`) {
		t.Error(a.body)
	}
	want(t, d.api("POST", "/users", token, `{"email":"beto@acme.example","role":"agent"}`), http.StatusUnprocessableEntity)
	want(t, d.api("POST", "/users/"+d.acme.User.ID.String()+"/deactivate", token, ""), http.StatusConflict)

	a = d.api("POST", "/tokens", token, `{"name":"second"}`)
	want(t, a, http.StatusCreated)
	var made struct{ ID, Token string }
	if err := json.Unmarshal([]byte(a.body), &made); err != nil {
		t.Fatal(err)
	}
	want(t, d.api("GET", "/tokens", made.Token, ""), http.StatusOK)
	if strings.Contains(d.api("GET", "/tokens", token, "").body, made.Token) {
		t.Error("a list shows a token's secret")
	}
	want(t, d.api("DELETE", "/tokens/"+made.ID, token, ""), http.StatusNoContent)
	want(t, d.api("GET", "/tokens", made.Token, ""), http.StatusUnauthorized)
}

func TestAnInboxOnThePages(t *testing.T) {
	d := newAccountsDesk(t)
	b, _ := d.signIn("ana@acme.example", deskPassword)
	if !strings.Contains(b.get("/inboxes").body, "No inboxes yet") {
		t.Error("an account without inboxes should see the empty state")
	}
	a := b.post("/inboxes", url.Values{"kind": {"website"}, "name": {"<b>Shop</b>"}, "domains": {"shop.example, *.shop.example"}})
	want(t, a, http.StatusSeeOther)
	at := a.Header.Get("Location")
	page := b.get(at)
	doc := page.html(t)
	if strings.Contains(page.body, "<b>Shop</b>") || doc.Find("h1").Text() != "<b>Shop</b>" {
		t.Error("the name is not escaped")
	}
	if text := doc.Find(".code code").Text(); !strings.Contains(text, `src="http://desk.example.com/widget.js" data-inbox="`) {
		t.Errorf("the snippet is %q", text)
	}
	form := url.Values{"version": {"1"}, "name": {"Shop"}, "domains": {"shop.example"}, "time_zone": {"Europe/Madrid"},
		"mon_from": {"09:00", "15:00"}, "mon_to": {"13:00", "18:00"}, "sat_from": {"10:00"}, "sat_to": {"00:00"},
		"holidays": {"2026-12-24 09:00-13:00 Christmas Eve\n2026-12-25 Christmas"}}
	want(t, b.post(at, form), http.StatusSeeOther)
	admin := liadesk.ActorOf(d.acme.Account, d.acme.User)
	list, err := d.room.Inboxes(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(list[0].Website.Hours)
	const hoursWanted = `{"time_zone":"Europe/Madrid","week":{"mon":["09:00-13:00","15:00-18:00"],"sat":["10:00-24:00"]},` +
		`"holidays":[{"date":"2026-12-24","name":"Christmas Eve","shifts":["09:00-13:00"]},{"date":"2026-12-25","name":"Christmas"}]}`
	if string(got) != hoursWanted || err != nil {
		t.Errorf("the hours are %s, want %s", got, hoursWanted)
	}
	form.Set("version", "1")
	form.Set("name", "Boutique")
	a = b.post(at, form)
	want(t, a, http.StatusConflict)
	if doc := a.html(t); doc.Find("#f-name").AttrOr("value", "") != "Boutique" || !strings.Contains(doc.Find("table").Text(), "Shop") {
		t.Error("the form should hold what was typed and show both values")
	}
	form.Set("version", "")
	form["mon_from"] = []string{"", "15:00"}
	a = b.post(at, form)
	want(t, a, http.StatusUnprocessableEntity)
	if !strings.Contains(a.body, `id="f-business_hours.week.mon.0"`) {
		t.Error("the day that is wrong is not marked")
	}
	want(t, b.get(at+"/delete"), http.StatusOK)
	want(t, b.post(at+"/delete", nil), http.StatusSeeOther)
	want(t, b.get(at), http.StatusNotFound)
}

func TestAPictureIsForEverybodyAndForEver(t *testing.T) {
	d := newAccountsDesk(t)
	b, _ := d.signIn("ana@acme.example", deskPassword)
	var file, body bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("picture", "me.png")
	if err != nil {
		t.Fatal(err)
	}
	_, err = part.Write(file.Bytes())
	if err != nil || form.WriteField("csrf", b.csrf) != nil || form.Close() != nil {
		t.Fatal(err)
	}
	r := b.request(http.MethodPost, "/settings/picture", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	want(t, d.do(r), http.StatusSeeOther)
	src := b.get("/settings/profile").html(t).Find(".avatar img").First().AttrOr("src", "")
	a := (&browser{d: d}).get(src)
	want(t, a, http.StatusOK)
	if a.Header.Get("Content-Type") != "image/png" || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
		t.Error(a.Header)
	}
	want(t, b.get("/pictures/"+strings.Repeat("x", 60)), http.StatusNotFound)
}

func TestTheSetupPageMakesTheFirstAccount(t *testing.T) {
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	clock := clockwork.NewFakeClockAt(dbtest.Now)
	room := accounts.New(dbtest.Open(t), clock, liadesk.RandomIDs(clock.Now), secrets)
	deps := testDeps(t)
	deps.Clock, deps.Accounts = clock, room
	d := &accountsDesk{t: t, s: newTest(t, deps, nil), room: room}
	link, err := room.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{d: d}
	want(t, b.get("/setup?link=wrong"), http.StatusNotFound)
	want(t, b.get("/setup?link="+link), http.StatusOK)
	form := url.Values{"link": {link}, "account": {"Acme"}, "name": {"Ana"}, "email": {"ana@acme.example"}, "password": {"short"},
		"time_zone": {"Europe/Madrid"}, "region": {"ES"}, "plan": {"growth"}}
	a := b.post("/setup", form)
	want(t, a, http.StatusUnprocessableEntity)
	if a.html(t).Find("#f-account").AttrOr("value", "") != "Acme" {
		t.Error("what was typed is gone")
	}
	form.Set("password", deskPassword)
	a = b.post("/setup", form)
	want(t, a, http.StatusSeeOther)
	if len(a.Cookies()) == 0 {
		t.Error("the new administrator is not signed in")
	}
	want(t, b.post("/setup", form), http.StatusNotFound)
}

func TestAnAdministratorsTokenReadsTheMetricsFromElsewhere(t *testing.T) {
	d := newAccountsDesk(t)
	for token, status := range map[string]int{d.acme.Token: http.StatusOK, "lia_made_up": http.StatusUnauthorized} {
		a := ask(t, d.s, "GET", "/metrics", "", "X-Forwarded-For", "203.0.113.9", "Authorization", "Bearer "+token)
		if a.StatusCode != status {
			t.Errorf("%s: got %d, want %d", token, a.StatusCode, status)
		}
	}
}

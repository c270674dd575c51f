package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/demo"
	"github.com/liadesk/campaigns/liadesk"
)

// neighbours are two companies in one installation: the demo's, which has
// something of everything, and one that would like to have it.
type neighbours struct {
	t       *testing.T
	s       *server
	victim  liadesk.Account
	session string // of the other company's administrator
	csrf    string
	token   string
	inbox   liadesk.Inbox // the other company's own
}

// discard takes the log of a server in a test of what it answers.
var discard = slog.New(slog.DiscardHandler)

func newNeighbours(t *testing.T) *neighbours {
	t.Helper()
	ctx := t.Context()
	s, err := newServer(ctx, config{addr: "127.0.0.1:0", data: t.TempDir(), demo: true, sandbox: true, sendWorkers: 4}, discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	// Nothing may change by itself while changes are looked for.
	for _, st := range s.stoppers {
		if err := st.stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
	s.stoppers = nil

	n := &neighbours{t: t, s: s}
	owner, err := s.accounts.SignIn(ctx, demo.Email, n.demoPassword(), accounts.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.accounts.Session(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	n.victim = in.Account
	made, err := s.accounts.Setup(ctx, accounts.NewAccount{Account: "Curious Ltd", Plan: liadesk.PlanEnterprise, Email: "eve@curious.example", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	n.token = made.Token
	if n.session, err = s.accounts.SignIn(ctx, "eve@curious.example", "correct horse battery", accounts.Origin{}); err != nil {
		t.Fatal(err)
	}
	name, domains := "Eve's", []string{"curious.example"}
	if n.inbox, err = s.accounts.CreateInbox(ctx, liadesk.ActorOf(made.Account, made.User), liadesk.InboxWebsite, accounts.InboxPatch{Name: &name, Domains: &domains}); err != nil {
		t.Fatal(err)
	}
	page := n.ask("GET", "/settings", "", "")
	m := regexp.MustCompile(`"X-CSRF-Token":"([^"]+)"`).FindStringSubmatch(strings.ReplaceAll(page.body, "&#34;", `"`))
	if page.status != http.StatusOK || m == nil {
		t.Fatalf("the settings answered %d without a token: %s", page.status, page.body)
	}
	n.csrf = m[1]
	return n
}

func (n *neighbours) demoPassword() string {
	d, _, err := readDemo(n.s.folder)
	if err != nil {
		n.t.Fatal(err)
	}
	return d.Password
}

type reply struct {
	status int
	body   string
}

// ask sends a request as the other company's administrator: with the token
// under /api, else with the cookie.
func (n *neighbours) ask(method, path, body, contentType string) reply {
	n.t.Helper()
	r := httptest.NewRequest(method, n.s.config.url+path, strings.NewReader(body))
	if strings.HasPrefix(path, "/api/") {
		r.Header.Set("Authorization", "Bearer "+n.token)
	} else {
		r.Header.Set("Cookie", "session="+n.session)
		r.Header.Set("X-CSRF-Token", n.csrf)
		r.Header.Set("Origin", n.s.config.url)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := n.s.web.Test(r)
	if err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return reply{resp.StatusCode, string(data)}
}

// records is everything that the database holds of the demo's company.
func (n *neighbours) records() map[string]string {
	n.t.Helper()
	all := map[string]string{}
	from := n.victim.ID[:]
	err := n.s.engine.View(n.t.Context(), func(tx kv.Tx) error {
		clear(all)
		for next := from; ; {
			page, err := tx.Scan(next, nil, 1000, false)
			if err != nil {
				return err
			}
			for _, p := range page {
				if !bytes.HasPrefix(p.Key, from) {
					return nil
				}
				all[string(p.Key)] = string(p.Value)
			}
			if len(page) < 1000 {
				return nil
			}
			next = append(page[len(page)-1].Key, 0)
		}
	})
	if err != nil {
		n.t.Fatal(err)
	}
	if len(all) < 500 {
		n.t.Fatalf("only %d records were found: this test looks in the wrong place", len(all))
	}
	return all
}

// unchanged says which records of the demo's company differ.
func (n *neighbours) unchanged(before map[string]string) {
	n.t.Helper()
	after := n.records()
	for key, value := range before {
		if after[key] != value {
			n.t.Errorf("the record %q was changed or deleted", key)
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			n.t.Errorf("the record %q was added", key)
		}
	}
}

// ids are those of everything that the demo's company has, one of each kind.
func (n *neighbours) ids() map[string]string {
	n.t.Helper()
	ctx, s, owner := n.t.Context(), n.s, liadesk.System(n.victim)
	ids := map[string]string{"account": n.victim.ID.String(), "tag": "vip"}
	must := func(err error) {
		n.t.Helper()
		if err != nil {
			n.t.Fatal(err)
		}
	}
	inboxes, err := s.accounts.Inboxes(ctx, owner)
	must(err)
	for _, i := range inboxes {
		ids[string(i.Kind)+" inbox"] = i.ID.String()
	}
	team, err := s.accounts.Team(ctx, owner)
	must(err)
	for _, m := range team {
		ids[string(m.User.Role)] = m.User.ID.String()
		if m.User.Role == liadesk.RoleAdministrator {
			sessions, err := s.accounts.Sessions(ctx, liadesk.ActorOf(n.victim, m.User))
			must(err)
			ids["session"] = sessions[0].ID.String()
		}
	}
	tokens, err := s.accounts.Tokens(ctx, owner)
	must(err)
	ids["token"] = tokens[0].ID.String()
	people, err := s.rooms.contacts.List(ctx, owner, contacts.Query{Page: db.Page{Limit: 1}})
	must(err)
	ids["contact"] = people.Items[0].ID.String()
	im, err := s.rooms.contacts.Upload(ctx, owner, "people.csv", strings.NewReader("name,phone\nAna,+12125550199\n"))
	must(err)
	ids["import"] = im.ID.String()
	chat, err := s.rooms.livechat.List(ctx, owner, db.Page{Limit: 1})
	must(err)
	ids["live chat campaign"] = chat.Items[0].Campaign.ID.String()
	texts, _, err := s.rooms.sms.List(ctx, owner, db.Page{Limit: 10})
	must(err)
	for _, c := range texts {
		ids[string(c.Campaign.Status)+" SMS campaign"] = c.Campaign.ID.String()
	}
	talks, _, err := s.rooms.talks.List(ctx, owner, conversations.Filter{}, db.Page{Limit: 1})
	must(err)
	ids["conversation"] = talks[0].ID.String()
	must(s.store.View(ctx, func(tx *db.Tx) error {
		out, _, err := tx.OptOuts(owner.Account, "", db.Page{Limit: 1})
		if err == nil && len(out) > 0 {
			ids["number"] = out[0].Number
		}
		return err
	}))
	return ids
}

// open are the routes that belong to nobody: what they show is for anybody who
// knows its unguessable name, or the company's own public pages. Callbacks are
// signed, and tested with their room.
func open(path string) bool {
	for _, prefix := range []string{"/pictures/", "/widget/", "/webhooks/", "/demo/", "/static", "/widget.js", "/widget-signals.js", "/widget-panel.js", "/widget-debug.js", "/widget-talk.js", "/widget.d.ts"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

var parameter = regexp.MustCompile(`:\w+`)

// Every route of the site map that names something, asked with the session and
// the token of another company's administrator for everything that there is.
func TestAnotherCompanysIdsAreNotFound(t *testing.T) {
	n := newNeighbours(t)
	ids := n.ids()
	before := n.records()
	asked := 0
	for _, route := range n.s.web.Routes() {
		if !strings.Contains(route.Path, ":") || open(route.Path) || route.Method == http.MethodHead {
			continue
		}
		for kind, id := range ids {
			path := parameter.ReplaceAllString(route.Path, url.PathEscape(id))
			body, form := bodies(ids)
			contentType := "application/x-www-form-urlencoded"
			if strings.HasPrefix(path, "/api/") {
				form, contentType = body, "application/json"
			}
			got := n.ask(route.Method, path, form, contentType)
			asked++
			switch {
			case got.status == http.StatusForbidden, got.status == http.StatusNotFound:
			case kind == "tag" || kind == "number": // names, not ids: both companies may have them
				if strings.Contains(got.body, n.victim.Name) {
					t.Errorf("%s %s (%s) answered %d with the other company's name", route.Method, route.Path, kind, got.status)
				}
			case unknown(n, route.Method, route.Path, form, contentType) == got.status && got.status >= 400 && got.status < 500:
				// It refuses what was sent before it looks anything up, whatever the id.
			default:
				t.Errorf("%s %s (%s) answered %d: %.300s", route.Method, route.Path, kind, got.status, got.body)
			}
		}
	}
	if asked < 500 {
		t.Errorf("only %d requests were made: this test sees nothing", asked)
	}
	n.unchanged(before)
	t.Logf("%d requests found nothing", asked)
}

// unknown is what a route says of an id that nobody has.
func unknown(n *neighbours, method, path, body, contentType string) int {
	return n.ask(method, parameter.ReplaceAllString(path, "0196aaaa-0000-7000-8000-00000000ffff"), body, contentType).status
}

// bodies are what the routes might like to be sent, as JSON and as a form. They
// name what is another's in every field that can.
func bodies(ids map[string]string) (json, form string) {
	json = fmt.Sprintf(`{"title":"Mine now","message":"Mine now","text":"Mine now","name":"Mine now","inbox_id":%q,"version":1,"enabled":false,"source":"x","reason":"x"}`, ids["website inbox"])
	form = url.Values{"title": {"Mine now"}, "message": {"Mine now"}, "text": {"Mine now"}, "name": {"Mine now"}, "inbox_id": {ids["website inbox"]},
		"version": {"1"}, "client_id": {"0123456789abcdef0123456789abcdef"}, "reason": {"x"}, "email": {"eve@curious.example"}, "role": {"agent"}}.Encode()
	return json, form
}

// Ids may also stand in what is sent.
func TestAnotherCompanysIdsAreNotFoundInBodies(t *testing.T) {
	n := newNeighbours(t)
	ids := n.ids()
	before := n.records()
	for _, r := range []struct {
		method, path, body, field string
	}{
		{"POST", "/api/v1/live-chat-campaigns", fmt.Sprintf(`{"title":"x","message":"x","inbox_id":%q,"sender":{"kind":"bot"},"trigger":{"url":"https://curious.example/","time_on_page":1}}`, ids["website inbox"]), "inbox_id"},
		{"POST", "/api/v1/live-chat-campaigns", fmt.Sprintf(`{"title":"x","message":"x","inbox_id":%q,"sender":{"kind":"agent","user_id":%q},"trigger":{"url":"https://curious.example/","time_on_page":1}}`, n.inbox.ID, ids["agent"]), "sender.user_id"},
		{"POST", "/api/v1/sms-campaigns", fmt.Sprintf(`{"title":"x","message":"x","inbox_id":%q,"audience":{"rule":{"all":[]}}}`, ids["sms inbox"]), "inbox_id"},
		{"POST", "/api/v1/users", fmt.Sprintf(`{"name":"x","email":"mallory@curious.example","role":"agent","inbox_ids":[%q]}`, ids["website inbox"]), "inbox_ids"},
	} {
		got := n.ask(r.method, r.path, r.body, "application/json")
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `"`+r.field+`"`) {
			t.Errorf("%s %s with %s of another company answered %d %s", r.method, r.path, r.field, got.status, got.body)
		}
	}
	shop, err := n.s.shopKey(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []struct{ name, body string }{
		{"show", fmt.Sprintf(`{"inbox":%q,"campaign":%q,"url":"https://curious.example/","seen":[]}`, n.inbox.Website.Key, ids["live chat campaign"])},
		{"event", fmt.Sprintf(`{"inbox":%q,"impression":%q,"kind":"opened"}`, shop, "0196aaaa-0000-7000-8000-00000000ffff")},
		{"thread", fmt.Sprintf(`{"inbox":%q,"token":"not-a-token"}`, shop)},
		{"message", fmt.Sprintf(`{"inbox":%q,"text":"hello","client_id":"0123456789abcdef0123456789abcdef","url":"https://evil.example/"}`, shop)},
	} {
		r := httptest.NewRequest("POST", n.s.config.url+"/widget/v1/"+call.name, strings.NewReader(call.body))
		r.Header.Set("Content-Type", "text/plain")
		r.Header.Set("Origin", "https://curious.example")
		resp, err := n.s.web.Test(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"blocks"`) || strings.Contains(string(text), `"token"`) {
			t.Errorf("%s answered %d %s", call.name, resp.StatusCode, text)
		}
	}
	n.unchanged(before)
}

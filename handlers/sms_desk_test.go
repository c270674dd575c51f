package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

// smsDesk is the edge over real rooms, the built-in carrier and a listener that
// its reports arrive at. Acme sends, rival looks on, free has no campaigns.
type smsDesk struct {
	*Server
	t       *testing.T
	clock   *clockwork.FakeClock
	store   *db.Store
	rooms   Rooms
	tokens  map[string]string
	viewers map[string]*Viewer
	inbox   liadesk.Inbox
}

// The desk's clock stands at ten in the morning of a Monday in Stockholm, where
// its people live: texts may go out.
const (
	acmeNumber  = "+46701740600"
	acmeAuthID  = "MAXXXXXXXXXXXXXXXXXX"
	acmeToken   = "a-token-of-the-carrier"
	rivalNumber = "+46701740601"
)

func openSMSDesk(t *testing.T) *smsDesk {
	t.Helper()
	store := dbtest.Open(t)
	deps := testDeps(t)
	d := &smsDesk{t: t, store: store, clock: deps.Clock.(*clockwork.FakeClock), tokens: map[string]string{}, viewers: map[string]*Viewer{}}
	ids := liadesk.RandomIDs(d.clock.Now)
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deps.URL = "http://" + listener.Addr().String()
	people := contacts.New(store, d.clock, ids)
	talks := conversations.New(store, d.clock, ids, people, deps.Secret)
	desk := accounts.New(store, d.clock, ids, secrets)
	for name, plan := range map[string]liadesk.Plan{"acme": liadesk.PlanGrowth, "rival": liadesk.PlanGrowth, "free": liadesk.PlanFree} {
		a, u := dbtest.Account(t, store, name, plan)
		d.viewers[name] = &Viewer{Session: name, Account: a, User: u}
		if _, d.tokens[name], err = desk.CreateToken(t.Context(), liadesk.ActorOf(a, u), "test"); err != nil {
			t.Fatal(err)
		}
	}
	agent := *d.viewers["acme"]
	agent.Session, agent.User.Role = "agent", liadesk.RoleAgent
	d.viewers["agent"] = &agent
	inbox := func(who, name, number, authID string) liadesk.Inbox {
		kindText, token, speed := number, acmeToken, 1000.0
		in, err := desk.CreateInbox(t.Context(), d.viewers[who].Actor(), liadesk.InboxSMS,
			accounts.InboxPatch{Name: &name, Number: &kindText, AuthID: &authID, AuthToken: &token, MessagesPerSecond: &speed})
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	d.inbox = inbox("acme", "Texts", acmeNumber, acmeAuthID)
	rival := inbox("rival", "Theirs", rivalNumber, "MBXXXXXXXXXXXXXXXXXX")
	d.viewers["agent"].User.InboxIDs = []liadesk.ID{d.inbox.ID}

	carrier, err := sandbox.Start(sandbox.Options{Directory: fixedDirectory{deps.URL, map[string]liadesk.Inbox{acmeAuthID: d.inbox, "MBXXXXXXXXXXXXXXXXXX": rival}}})
	if err != nil {
		t.Fatal(err)
	}
	plivo, err := sms.NewPlivo(sms.PlivoOptions{BaseURL: carrier.URL(), Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	texts := sms.New(sms.Options{Store: store, Clock: d.clock, IDs: ids, Log: slog.New(slog.DiscardHandler), PublicURL: deps.URL, LinkKey: []byte("links"), Workers: 4,
		Dialer: plivo, Credentials: desk.Credentials, Contacts: people, Conversations: talks})
	d.rooms = Rooms{Accounts: desk, Audience: audience.New(store, d.clock, ids), Contacts: people, Conversations: talks, SMS: texts, Handset: carrier}
	people.OnTagDelete(texts.TagUsers)
	people.OnTagDelete(d.rooms.Audience.TagUsers)
	deps.Rooms = d.rooms
	deps.Viewer = func(_ context.Context, token string) (*Viewer, error) {
		if v := d.viewers[token]; v != nil {
			return v, nil
		}
		return nil, liadesk.ErrUnauthenticated
	}
	d.Server = newTest(t, deps, nil)
	go d.Serve(listener) // ends with the listener
	t.Cleanup(func() {
		carrier.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return d
}

// fixedDirectory knows the customers of the carrier.
type fixedDirectory struct {
	url     string
	inboxes map[string]liadesk.Inbox
}

func (d fixedDirectory) Token(authID string) (string, bool) {
	_, ok := d.inboxes[authID]
	return acmeToken, ok
}

func (d fixedDirectory) MessageURL(authID, number string) (string, bool) {
	in, ok := d.inboxes[authID]
	return d.url + sms.InboundPath(in.ID), ok && in.SMS.Number == number
}

// api asks as a program of a company.
func (d *smsDesk) api(who, method, path, body string) (int, map[string]any) {
	d.t.Helper()
	a := ask(d.t, d.Server, method, "/api/v1"+path, body, "Host", d.host, "Authorization", "Bearer "+d.tokens[who], "Content-Type", "application/json")
	doc := map[string]any{}
	if a.body != "" && strings.Contains(a.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
			d.t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
		}
	}
	return a.StatusCode, doc
}

// page asks as a person with a browser.
func (d *smsDesk) page(who, method, path string, form url.Values, headers ...string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, method, path, form.Encode(), append([]string{"Host", d.host, "Cookie", "session=" + who, "Sec-Fetch-Site", "same-origin",
		"X-CSRF-Token", d.csrfToken(who), "Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

// part asks as htmx does.
func (d *smsDesk) part(who, method, path string, form url.Values) answer {
	d.t.Helper()
	return d.page(who, method, path, form, "HX-Request", "true")
}

// read parses a page or fragment.
func (a answer) read(t *testing.T) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(strings.NewReplacer("<hx-partial", "<div", "</hx-partial", "</div").Replace(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// words is what a selection says, on one line.
func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// person adds a contact with an invented Swedish number and marketing consent.
func (d *smsDesk) person(n int, more string) string {
	d.t.Helper()
	if !strings.Contains(more, `"tags"`) {
		more += `,"tags":["vip"]`
	}
	status, doc := d.api("acme", "POST", "/contacts", fmt.Sprintf(`{"phone":"+467017406%02d","sms_consent":{"granted":true,"source":"form","at":"2026-11-01T10:00:00Z"}%s}`, n, more))
	if status != http.StatusCreated {
		d.t.Fatalf("%d: %v", status, doc)
	}
	return doc["id"].(string)
}

// form is a campaign as the page sends it.
func (d *smsDesk) form(change func(url.Values)) url.Values {
	f := url.Values{"title": {"Winter sale"}, "message": {"Hi {{ contact.first_name }}, come by."}, "inbox_id": {d.inbox.ID.String()},
		"purpose": {"marketing"}, "audience": {"tags"}, "any": {"vip"}, "schedule.local": {"2026-11-24T10:00"},
		"schedule.time_zone": {"Europe/Stockholm"}, "then": {"review"}}
	if change != nil {
		change(f)
	}
	return f
}

// draft makes a draft through the form and gives its path.
func (d *smsDesk) draft(change func(url.Values)) string {
	d.t.Helper()
	a := d.page("acme", "POST", "/campaigns/sms", d.form(change))
	if a.StatusCode != http.StatusSeeOther || !strings.HasSuffix(a.Header.Get("Location"), "/review") {
		d.t.Fatalf("%d %s: %s", a.StatusCode, a.Header.Get("Location"), words(a.read(d.t).Find("main")))
	}
	return strings.TrimSuffix(a.Header.Get("Location"), "/review")
}

// schedule makes a campaign that is scheduled for tomorrow.
func (d *smsDesk) schedule() string {
	d.t.Helper()
	path := d.draft(nil)
	a := d.page("acme", "POST", path+"/schedule", url.Values{"understood": {"yes"}})
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path {
		d.t.Fatalf("%d: %s", a.StatusCode, words(a.read(d.t).Find("main")))
	}
	return path
}

// work does what time brings until nothing more is to be sent.
func (d *smsDesk) work() {
	d.t.Helper()
	for range 6 {
		if err := d.rooms.SMS.Tick(d.t.Context()); err != nil {
			d.t.Fatal(err)
		}
		for range 20 {
			n, _, err := d.rooms.SMS.Step(d.t.Context())
			if err != nil {
				d.t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		d.clock.Advance(time.Second)
	}
}

// reported waits until the carrier has reported everything.
func (d *smsDesk) reported() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	if err := d.rooms.Handset.Idle(ctx); err != nil {
		d.t.Fatal(err)
	}
}

// idOf is the id in a campaign's path.
func (d *smsDesk) idOf(path string) liadesk.ID {
	d.t.Helper()
	id, err := liadesk.ParseID(strings.TrimPrefix(path, "/campaigns/sms/"))
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

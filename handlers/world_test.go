package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

// world is the whole edge: every room, real sessions and tokens, a carrier that
// takes texts and says nothing of them, and companies that must know nothing of
// each other.
type world struct {
	*Server
	t      *testing.T
	clock  *clockwork.FakeClock
	engine *kv.Counter
	store  *db.Store
	inbox  map[string]liadesk.Inbox // SMS inboxes by the carrier's account
}

func newWorld(t *testing.T) *world {
	t.Helper()
	file, err := bolt.Open(filepath.Join(t.TempDir(), "campaigns.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine := kv.Counting(file)
	store, err := db.New(t.Context(), engine)
	if err != nil {
		t.Fatal(err)
	}
	deps := testDeps(t)
	w := &world{t: t, engine: engine, store: store, clock: deps.Clock.(*clockwork.FakeClock), inbox: map[string]liadesk.Inbox{}}
	ids := liadesk.RandomIDs(w.clock.Now)
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	carrier, err := sandbox.Start(sandbox.Options{Directory: w})
	if err != nil {
		t.Fatal(err)
	}
	carrier.SetDefault(sandbox.Behaviour{Silent: true})
	t.Cleanup(func() {
		if err := carrier.Close(); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	plivo, err := sms.NewPlivo(sms.PlivoOptions{BaseURL: carrier.URL(), Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	desk, people := accounts.New(store, w.clock, ids, secrets), contacts.New(store, w.clock, ids)
	talks := conversations.New(store, w.clock, ids, people, secrets.Visitors())
	talks.CheckText = sms.CheckReply
	chats := livechat.New(store, w.clock, ids, talks)
	chats.Secret = []byte("a key for passes of the tests")
	texts := sms.New(sms.Options{Store: store, Clock: w.clock, IDs: ids, Log: slog.New(slog.DiscardHandler), PublicURL: deps.URL, Workers: 4,
		Dialer: plivo, Credentials: desk.Credentials, Contacts: people, Conversations: talks})
	talks.Wake = texts.Wake
	desk.OnDowngrade(chats.Downgraded)
	desk.OnDowngrade(texts.OnDowngrade)
	desk.OnInboxDelete(chats.InboxDeleted)
	desk.OnInboxDelete(texts.OnInboxDelete)
	desk.InboxUsers(chats.InboxUses)
	desk.InboxUsers(texts.InboxUsers)
	deps.Secret, deps.Demo, deps.Sandbox = secrets.CSRF(), true, true
	deps.Rooms = Rooms{Accounts: desk, Audience: audience.New(store, deps.Clock, ids), Contacts: people, Conversations: talks, LiveChat: chats, SMS: texts,
		Handset: carrier, DemoSite: DemoSite{Key: func(context.Context) (string, error) { return "demo-key", nil }}}
	deps.Viewer = func(ctx context.Context, secret string) (*Viewer, error) {
		in, err := desk.Session(ctx, secret)
		if err != nil {
			return nil, err
		}
		return &Viewer{Session: in.Session.ID.String(), User: in.User, Account: in.Account}, nil
	}
	w.Server = mustNew(t, deps)
	return w
}

// Token implements sandbox.Directory.
func (w *world) Token(authID string) (string, bool) {
	in, ok := w.inbox[authID]
	if !ok {
		return "", false
	}
	_, token, err := w.Accounts.Credentials(in)
	return token, err == nil
}

// MessageURL implements sandbox.Directory: nobody there writes to us.
func (w *world) MessageURL(string, string) (string, bool) { return "", false }

// dump is all that is stored, by key.
func (w *world) dump() map[string][]byte {
	w.t.Helper()
	all := map[string][]byte{}
	err := w.engine.View(w.t.Context(), func(tx kv.Tx) error {
		clear(all)
		for from := []byte(nil); ; {
			pairs, err := tx.Scan(from, nil, 500, false)
			if err != nil || len(pairs) == 0 {
				return err
			}
			for _, p := range pairs {
				all[string(p.Key)] = p.Value
				from = append(bytes.Clone(p.Key), 0)
			}
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// changed names the keys that differ between two dumps and do not belong to
// the companies given. A name that those made for themselves in the common
// part (a new session, a new token) is theirs.
func changed(before, after map[string][]byte, but ...*company) []string {
	var list []string
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		old, value := before[k], after[k]
		if bytes.Equal(old, value) || slices.ContainsFunc(but, func(c *company) bool {
			id := c.account.ID[:]
			return strings.HasPrefix(k, string(id)) || strings.HasPrefix(k, "g/") && (old == nil || bytes.Contains(old, id)) && (value == nil || bytes.Contains(value, id))
		}) {
			continue
		}
		list = append(list, fmt.Sprintf("%q: %q became %q", k, old, value))
	}
	return list
}

// company is an account whose every record bears its mark, so that one word
// betrays a leak.
type company struct {
	*world
	mark    string
	account liadesk.Account
	boss    liadesk.User
	token   string
	number  string // of its SMS inbox; its people's begin alike
	made    map[string]string
	people  int
	// say words a new record, by default as its mark and its name.
	say func(name string) string
}

// found makes a company with an administrator, an SMS inbox and a website.
func (w *world) found(mark, number string) *company {
	w.t.Helper()
	made, err := w.Accounts.Setup(w.t.Context(), accounts.NewAccount{Account: mark + " Ltd", Plan: liadesk.PlanGrowth, Name: mark + " Boss",
		Email: "boss@" + strings.ToLower(mark) + ".example", Password: deskPassword, Region: "SE", TimeZone: "Europe/Stockholm"})
	if err != nil {
		w.t.Fatal(err)
	}
	c := &company{world: w, mark: mark, account: made.Account, boss: made.User, token: made.Token, number: number, made: map[string]string{}}
	c.say = func(name string) string { return mark + " " + name }
	c.ref("website")
	c.ref("texts")
	return c
}

// secret is what the carrier signs the company's callbacks with.
func (c *company) secret() string { return strings.ToLower(c.mark) + "-carrier-token" }

func (c *company) actor() liadesk.Actor { return liadesk.ActorOf(c.account, c.boss) }

// ref is how an address names one of the company's records: "contact",
// "contact 2". The record is made when it is first asked for.
func (c *company) ref(name string) string {
	c.t.Helper()
	if id, ok := c.made[name]; ok {
		return id
	}
	noun, _, _ := strings.Cut(name, " ")
	id, err := c.create(noun, name)
	if err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	c.made[name] = id
	return id
}

// refID is ref for the records that have an id.
func (c *company) refID(name string) liadesk.ID {
	c.t.Helper()
	id, err := liadesk.ParseID(c.ref(name))
	if err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	return id
}

// phone is the next number of the company's people.
func (c *company) phone() string {
	c.people++
	return fmt.Sprintf("%s%02d", c.number[:len(c.number)-2], c.people)
}

// create makes one record through its room.
func (c *company) create(noun, name string) (string, error) {
	ctx, who, title := c.t.Context(), c.actor(), c.say(name)
	switch noun {
	case "website":
		domain := strings.ToLower(c.mark) + ".example"
		in, err := c.Accounts.CreateInbox(ctx, who, liadesk.InboxWebsite, accounts.InboxPatch{Name: &title, Domains: &[]string{domain}})
		return in.ID.String(), err
	case "texts":
		number := c.number
		if len(c.made) > 1 {
			number = c.phone()
		}
		authID, token, pace := "MA"+strings.ToUpper(c.mark)+fmt.Sprintf("%012d", len(c.made)), c.secret(), 1000.0
		in, err := c.Accounts.CreateInbox(ctx, who, liadesk.InboxSMS, accounts.InboxPatch{Name: &title, Number: &number, AuthID: &authID, AuthToken: &token, MessagesPerSecond: &pace})
		c.inbox[authID] = in
		return in.ID.String(), err
	case "number":
		return c.number, nil
	case "key":
		in, err := c.Accounts.Inbox(ctx, who, c.refID(strings.Replace(name, "key", "website", 1)))
		return in.Website.Key, err
	case "contact":
		p, err := c.Contacts.Create(ctx, who, contacts.Input{Name: title, Phone: c.phone(), Email: fmt.Sprintf("%s.%d@people.example", c.mark, c.people),
			Tags: []string{c.ref("tag")}, Attributes: map[string]string{c.mark + " size": c.say("large")}, Source: contacts.SourceTeam,
			Consent: &contacts.ConsentInput{Granted: true, Source: title + " form"}})
		return p.ID.String(), err
	case "tag":
		t, err := c.Contacts.CreateTag(ctx, who, title)
		return t.Name, err
	case "opt-out":
		o, err := c.Contacts.AddOptOut(ctx, who, c.phone(), contacts.SourceTeam, title+" said no")
		return o.Number, err
	case "forecast":
		f, err := c.SMS.StartForecast(ctx, who, sms.Input{Title: title, Message: "x", InboxID: c.refID("texts"), Audience: liadesk.Rule{Tag: c.ref("tag")}})
		return f.ID.String(), err
	case "segment":
		g, err := c.Audience.SaveSegment(ctx, who, title, liadesk.Rule{Tag: c.ref("tag")})
		return g.ID.String(), err
	case "held":
		number := c.phone()
		return number, c.store.Update(ctx, func(tx *db.Tx) error {
			return c.Contacts.Hold(tx, who.Account, liadesk.Hold{Number: number, Kind: liadesk.HoldOptOut, At: c.clock.Now(), Text: title + " please stop it"})
		})
	case "import", "imported":
		im, err := c.Contacts.Upload(ctx, who, title+".csv", strings.NewReader(
			fmt.Sprintf("name,phone,size\n\"%[1]s\",%[2]s,\"%[1]s\"\n\"%[1]s broken\",=%[1]s\n", strings.ReplaceAll(title, `"`, `""`), c.phone())))
		if err == nil && noun == "imported" {
			if _, err = c.Contacts.StartImport(ctx, who, im.ID, nil); err == nil {
				err = c.Contacts.Tick(ctx)
			}
		}
		return im.ID.String(), err
	case "user":
		u, link, err := c.Accounts.Invite(ctx, who, accounts.Invitation{Name: title, Email: fmt.Sprintf("user%d@%s.example", len(c.made), strings.ToLower(c.mark)), Role: liadesk.RoleAgent})
		if err == nil {
			_, err = c.Accounts.Accept(ctx, link, title, deskPassword, accounts.Origin{Address: "192.0.2.1", Browser: c.mark})
		}
		return u.ID.String(), err
	case "invited":
		u, _, err := c.Accounts.Invite(ctx, who, accounts.Invitation{Name: title, Email: fmt.Sprintf("invited%d@%s.example", len(c.made), strings.ToLower(c.mark)), Role: liadesk.RoleAgent})
		return u.ID.String(), err
	case "token":
		token, _, err := c.Accounts.CreateToken(ctx, who, title)
		return token.ID.String(), err
	case "session":
		secret, err := c.Accounts.SignIn(ctx, c.boss.Email, deskPassword, accounts.Origin{Address: "192.0.2.2", Browser: title})
		if err != nil {
			return "", err
		}
		in, err := c.Accounts.Session(ctx, secret)
		return in.Session.ID.String(), err
	case "chat":
		url, message, inbox := "https://"+strings.ToLower(c.mark)+".example/*", "<p>"+strings.ReplaceAll(title, "{{", "{")+" hello</p>", c.refID("website")
		k, _, err := c.LiveChat.Create(ctx, who, livechat.Patch{Title: &title, Message: &message, InboxID: &inbox, TriggerURL: &url,
			Sender: &liadesk.Sender{Kind: liadesk.SenderAgent, UserID: c.refID("user")}})
		return k.ID.String(), err
	case "sms", "sent":
		tag := c.ref("tag")
		in := sms.Input{Title: title, Message: strings.ReplaceAll(title, "{{", "{") + " {{ contact.first_name }}", InboxID: c.refID("texts"), Audience: liadesk.Rule{Tag: tag}}
		if noun == "sent" {
			c.ref("contact")
			in.ScheduledAt = c.clock.Now().Add(time.Minute)
		}
		k, err := c.SMS.Create(ctx, who, in)
		if err == nil && noun == "sent" {
			c.clock.Advance(2 * time.Minute)
			err = c.send()
		}
		return k.ID.String(), err
	case "attempt":
		list, _, err := c.SMS.Deliveries(ctx, who, c.refID("sent"), sms.RecipientFilter{}, db.Page{})
		if err != nil {
			return "", err
		}
		for _, d := range list {
			if !d.AttemptID.IsZero() {
				return d.AttemptID.String(), nil
			}
		}
		return "", fmt.Errorf("no text went out: %+v", list)
	case "impression":
		out, err := c.LiveChat.Show(ctx, livechat.Ask{Campaign: c.refID("chat"), Visit: livechat.Visit{Key: c.ref("key"),
			URL: "https://" + strings.ToLower(c.mark) + ".example/", Origin: "https://" + strings.ToLower(c.mark) + ".example"}})
		if err == nil && out.Blocked != livechat.NotBlocked {
			err = fmt.Errorf("blocked: %s", out.Blocked)
		}
		return out.Impression.String(), err
	case "agent": // who answers on the website
		u, link, err := c.Accounts.Invite(ctx, who, accounts.Invitation{Name: title, Email: fmt.Sprintf("agent%d@%s.example", len(c.made), strings.ToLower(c.mark)),
			Role: liadesk.RoleAgent, InboxIDs: []liadesk.ID{c.refID("website")}})
		if err == nil {
			_, err = c.Accounts.Accept(ctx, link, title, deskPassword, accounts.Origin{Address: "192.0.2.1", Browser: c.mark})
		}
		return u.ID.String(), err
	case "entry":
		e, err := c.Conversations.SaveEntry(ctx, who, liadesk.BotEntry{Questions: []string{title + " question"}, Answer: title + " answer"})
		return e.ID.String(), err
	case "reply":
		if _, err := c.Conversations.SaveReply(ctx, who, liadesk.SavedReply{Name: title, Text: strings.ReplaceAll(title, "{{", "{") + " text"}); err != nil {
			return "", err
		}
		list, err := c.Conversations.Saved(ctx, who)
		for _, r := range list {
			if r.Name == title {
				return r.ID.String(), err
			}
		}
		return "", fmt.Errorf("the reply was not kept: %v", err)
	case "talk":
		return c.talk(title, c.refID("website"))
	case "heard":
		person, err := c.Contacts.Get(ctx, who, c.refID("contact"))
		if err != nil {
			return "", err
		}
		c.ref("sent") // what they answer
		form := url.Values{"MessageUUID": {c.mark + title}, "From": {strings.TrimPrefix(person.Phone, "+")}, "To": {strings.TrimPrefix(c.number, "+")}, "Text": {title + " answer"}}
		if a := c.callback(sms.InboundPath(c.refID("texts")), form, c.secret(), title); a.StatusCode != http.StatusOK {
			return "", fmt.Errorf("the text was answered with %d", a.StatusCode)
		}
		items, _, err := c.Conversations.Items(ctx, who, conversations.Filter{}, db.Page{})
		for _, it := range items {
			if it.Conversation.Channel == liadesk.InboxSMS {
				return it.Conversation.ID.String(), err
			}
		}
		return "", fmt.Errorf("no thread came of the text: %v", err)
	}
	return "", fmt.Errorf("no such noun: %s", noun)
}

// talk lets a visitor answer the company's campaign on one of its websites.
func (c *company) talk(text string, inbox liadesk.ID) (string, error) {
	ctx := c.t.Context()
	in, err := c.Accounts.Inbox(ctx, c.actor(), inbox)
	if err != nil {
		return "", err
	}
	var impression liadesk.ID
	if inbox == c.refID("website") {
		impression = c.refID("impression")
	}
	out, err := c.Conversations.WriteAsVisitor(ctx, conversations.VisitorMessage{Inbox: in, Text: text + " hello", Impression: impression,
		ClientID: fmt.Sprintf("%016d", len(c.made)) + c.mark, PageURL: "https://" + strings.ToLower(c.mark) + ".example/page?" + text})
	c.made["visitor of "+text] = out.Token
	return out.Conversation.ID.String(), err
}

// send does what time brings until nothing more is to be sent.
func (w *world) send() error {
	for range 5 {
		if err := w.SMS.Tick(w.t.Context()); err != nil {
			return err
		}
		for n := 1; n > 0; {
			var err error
			if n, _, err = w.SMS.Step(w.t.Context()); err != nil {
				return err
			}
		}
		w.clock.Advance(time.Second)
	}
	return nil
}

// callback is what the carrier sends, signed with a token; "" leaves it
// unsigned.
func (w *world) callback(path string, form url.Values, token, nonce string) answer {
	w.t.Helper()
	headers := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if token != "" {
		signature, err := sms.SignV3(http.MethodPost, w.URL+path, form, nonce, token)
		if err != nil {
			w.t.Fatal(err)
		}
		headers = append(headers, "X-Plivo-Signature-V3", signature, "X-Plivo-Signature-V3-Nonce", nonce)
	}
	return ask(w.t, w.Server, http.MethodPost, path, form.Encode(), headers...)
}

// reference is a record in an address or a body: {contact}, {contact 2}.
var reference = regexp.MustCompile(`\{([a-z-]+(?: \d+)?)\}`)

// fill puts the company's records into an address or a body, as escape writes
// them there.
func (c *company) fill(text string, escape func(string) string) string {
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		return escape(c.ref(strings.Trim(ref, "{}")))
	})
}

// inJSON writes a text as it stands between the quotes of a JSON string.
func inJSON(s string) string {
	b, _ := json.Marshal(s) // strings always can
	return strings.Trim(string(b), `"`)
}

// inAddress writes a text into a path, a query or a form.
func inAddress(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// somebody is who asks: a browser with a session, a program with a token, or
// a stranger with neither.
type somebody struct {
	w              *world
	session, token string
}

func (w *world) signIn(email string) somebody {
	w.t.Helper()
	secret, err := w.Accounts.SignIn(w.t.Context(), email, deskPassword, accounts.Origin{Address: "192.0.2.3", Browser: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	return somebody{w: w, session: secret}
}

// csrf is the word that this person's pages carry.
func (p somebody) csrf() string {
	v, err := p.w.Viewer(p.w.t.Context(), p.session)
	if err != nil {
		return "none"
	}
	return p.w.csrfToken(v.Session)
}

// ask sends a request as this person's browser or program would. Headers given
// come last and win.
func (p somebody) ask(method, path, body string, headers ...string) answer {
	p.w.t.Helper()
	kind := "application/x-www-form-urlencoded"
	switch {
	case strings.HasPrefix(path, "/api/v1/contacts/import"), strings.HasPrefix(path, "/api/v1/opt-outs/import"):
		kind = "text/csv"
	case strings.HasPrefix(path, "/api/"):
		kind = "application/json"
	case strings.HasPrefix(path, "/widget/"):
		kind = "text/plain"
	case strings.HasPrefix(body, "--part"):
		kind = "multipart/form-data; boundary=part"
	}
	all := []string{"Content-Type", kind}
	if p.token != "" {
		all = append(all, "Authorization", "Bearer "+p.token)
	}
	if p.session != "" {
		all = append(all, "Cookie", "session="+p.session, "Sec-Fetch-Site", "same-origin")
		if method != http.MethodGet {
			all = append(all, "X-CSRF-Token", p.csrf())
		}
	}
	return ask(p.w.t, p.w.Server, method, path, body, append(all, headers...)...)
}

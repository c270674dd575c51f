package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	fast "github.com/fasthttp/websocket"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// chatDesk is the edge over real rooms and a real database, with one website
// inbox and one campaign.
type chatDesk struct {
	*Server
	t        *testing.T
	clock    *clockwork.FakeClock
	store    *db.Store
	counter  *kv.Counter
	account  liadesk.Account
	admin    liadesk.User
	inbox    liadesk.Inbox
	campaign liadesk.LiveChatCampaign
}

func newChatDesk(t *testing.T) *chatDesk {
	t.Helper()
	store, counter := dbtest.OpenCounting(t)
	deps := testDeps(t)
	clock := deps.Clock.(*clockwork.FakeClock)
	ids := liadesk.RandomIDs(clock.Now)
	d := &chatDesk{t: t, clock: clock, store: store, counter: counter}
	d.account, d.admin = dbtest.Account(t, store, "northwind", liadesk.PlanGrowth)
	d.inbox = liadesk.Inbox{ID: ids(), AccountID: d.account.ID, Kind: liadesk.InboxWebsite, Name: "Shop", CreatedAt: clock.Now(), Version: 1,
		Website: &liadesk.Website{Key: "shopkey", Domains: []string{"shop.example"}, Hours: hours.Schedule{Zone: "America/Sao_Paulo", Week: hours.Week{time.Monday: {{From: 9 * 60, To: 18 * 60}}}}}}
	dbtest.Update(t, store, func(tx *db.Tx) error { return tx.PutInbox(d.inbox) })
	deps.Viewer = func(_ context.Context, token string) (*Viewer, error) {
		switch token {
		case "ana":
			return &Viewer{Session: "session-1", Account: d.account, User: d.admin}, nil
		}
		return nil, liadesk.ErrUnauthenticated
	}
	people := contacts.New(store, clock, ids)
	deps.Conversations = conversations.New(store, clock, ids, people, deps.Secret)
	deps.LiveChat = livechat.New(store, clock, ids, deps.Conversations)
	deps.LiveChat.Secret = []byte("a key for passes of the tests")
	var err error
	if d.Server, err = New(deps); err != nil {
		t.Fatal(err)
	}
	d.campaign = d.create("Spring", "<p>Looking for a <b>bike</b>?</p>", "https://shop.example/bikes/*")
	return d
}

func (d *chatDesk) create(title, message, url string) liadesk.LiveChatCampaign {
	d.t.Helper()
	c, _, err := d.LiveChat.Create(d.t.Context(), liadesk.ActorOf(d.account, d.admin),
		livechat.Patch{Title: &title, Message: &message, InboxID: &d.inbox.ID, TriggerURL: &url})
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// call is what the widget sends: text/plain from the shop's page.
func (d *chatDesk) call(name, body string, headers ...string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, "POST", "/widget/v1/"+name, body,
		append([]string{"Content-Type", "text/plain;charset=UTF-8", "Origin", "https://shop.example"}, headers...)...)
}

func decoded[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	if a.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", a.StatusCode, a.body)
	}
	return v
}

type shownAnswer struct {
	Impression, Blocked string
	Sender              struct{ Name, Avatar string }
	Blocks              []livechat.Block
}

func (d *chatDesk) show() shownAnswer {
	d.t.Helper()
	return decoded[shownAnswer](d.t, d.call("show", fmt.Sprintf(`{"inbox":"shopkey","campaign":%q,"url":"https://shop.example/bikes/city"}`, d.campaign.ID)))
}

func TestTheWidgetTalksFromVisitToReply(t *testing.T) {
	d := newChatDesk(t)
	visit := decoded[struct {
		Arm []struct {
			Campaign   string
			Conditions map[string]int
		}
		Open    bool
		Recheck int
	}](t, d.call("visit", `{"inbox":"shopkey","url":"https://shop.example/bikes/city?utm_source=x","referrer":"","language":"en","device":"desktop","seen":[{"campaign":"nonsense","day":"x","how":"y"}]}`))
	if len(visit.Arm) != 1 || visit.Arm[0].Campaign != d.campaign.ID.String() || visit.Arm[0].Conditions["time_on_page"] != 10 || visit.Recheck != 60 {
		t.Fatalf("visit %+v", visit)
	}
	shown := d.show()
	if shown.Sender.Name != "LiaDesk" || shown.Sender.Avatar != "http://desk.example.com/widget/v1/avatar/liadesk.svg" || len(shown.Blocks) != 1 || shown.Blocks[0].C[1].T != "b" {
		t.Fatalf("show %+v", shown)
	}
	for _, kind := range []string{"opened", "opened", "clicked"} {
		if a := d.call("event", fmt.Sprintf(`{"inbox":"shopkey","impression":%q,"kind":%q}`, shown.Impression, kind)); a.StatusCode != http.StatusOK {
			t.Errorf("event %s: %d %s", kind, a.StatusCode, a.body)
		}
	}
	type sent struct{ Token, Conversation, Message string }
	body := fmt.Sprintf(`{"inbox":"shopkey","impression":%q,"text":"<b>Yes</b> 🚲","client_id":"0123456789abcdef","url":"https://shop.example/bikes/city"}`, shown.Impression)
	first := decoded[sent](t, d.call("message", body))
	if again := decoded[sent](t, d.call("message", body)); again != first {
		t.Errorf("a retry made %+v of %+v", again, first)
	}
	id, err := liadesk.ParseID(first.Conversation)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Conversations.Reply(t.Context(), liadesk.ActorOf(d.account, d.admin), id, "Which size?", ""); err != nil {
		t.Fatal(err)
	}
	type threadAnswer struct {
		Messages []struct {
			ID, From, Author, Text, At string
			Seq                        int
			Blocks                     []livechat.Block
		}
		Status, Notice string
	}
	thread := decoded[threadAnswer](t, d.call("thread", fmt.Sprintf(`{"inbox":"shopkey","token":%q}`, first.Token), "Accept-Language", "en"))
	var said []string
	for _, m := range thread.Messages {
		said = append(said, fmt.Sprint(m.Seq, m.From, m.Author, m.Text, len(m.Blocks)))
	}
	if want := []string{"1campaignLiaDeskLooking for a bike?1", "2visitor<b>Yes</b> 🚲0", "3agent" + d.admin.Name + "Which size?0"}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	// 9:00 UTC on a Monday is six in the morning in São Paulo.
	if thread.Status != "open" || !strings.Contains(thread.Notice, "9:00") || !strings.Contains(thread.Notice, "UTC−3") {
		t.Errorf("status %q, notice %q", thread.Status, thread.Notice)
	}
	rest := decoded[threadAnswer](t, d.call("thread", fmt.Sprintf(`{"inbox":"shopkey","token":%q,"after":%q}`, first.Token, thread.Messages[1].ID)))
	if len(rest.Messages) != 1 || rest.Messages[0].Text != "Which size?" {
		t.Errorf("after the second: %+v", rest.Messages)
	}
	it, err := d.LiveChat.Get(t.Context(), liadesk.ActorOf(d.account, d.admin), d.campaign.ID)
	if err != nil || it.Figures != (livechat.Figures{Armed: 1, Shown: 1, Opened: 1, Clicked: 1, Answered: 1, HandedOver: 1}) {
		t.Errorf("figures %+v, %v", it.Figures, err)
	}
}

func TestForeignPagesMayReadWidgetAnswersEvenRefusals(t *testing.T) {
	d := newChatDesk(t)
	for _, a := range []answer{
		d.call("visit", `{"inbox":"shopkey","url":"https://shop.example/"}`),
		d.call("visit", `{"inbox":"nobody","url":"https://shop.example/"}`),
		d.call("visit", `{`),
		d.call("visit", `{"inbox":"`+strings.Repeat("x", widgetBody)+`"}`),
		d.call("nonsense", `{}`),
		ask(t, d.Server, "GET", "/widget.js", ""),
	} {
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%d: Access-Control-Allow-Origin %q", a.StatusCode, got)
		}
		if a.Header.Get("Access-Control-Expose-Headers") != "Retry-After" || a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%d: headers %v", a.StatusCode, a.Header)
		}
	}
	if a := ask(t, d.Server, "GET", "/healthz", ""); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("other sites may read the rest of the site")
	}
}

func TestAWrongKeyOrDomainIsToldInASentence(t *testing.T) {
	d := newChatDesk(t)
	for _, tt := range []struct {
		body, origin, code string
		status             int
	}{
		{`{"inbox":"nobody","url":"https://shop.example/"}`, "https://shop.example", "unknown_key", 404},
		{`{"inbox":"shopkey","url":"https://other.example/"}`, "https://other.example", "wrong_domain", 403},
		{`{"inbox":"shopkey","url":"https://shop.example/"}`, "https://other.example", "wrong_domain", 403},
		{`{"inbox":"shopkey","url":"about:blank"}`, "null", "invalid", 422},
		{`not json`, "https://shop.example", "bad_json", 422},
	} {
		a := d.call("visit", tt.body, "Origin", tt.origin)
		p := a.problem(t)
		if a.StatusCode != tt.status || p["code"] != tt.code || len(fmt.Sprint(p["detail"])) < 20 {
			t.Errorf("%s from %s: %d %v", tt.body, tt.origin, a.StatusCode, p)
		}
	}
}

func TestStrangersGetNothingOutOfTheWidget(t *testing.T) {
	d := newChatDesk(t)
	shown := d.show()
	for _, tt := range []struct {
		call, body string
		status     int
	}{
		{"thread", `{"inbox":"shopkey","token":""}`, 404},
		{"thread", `{"inbox":"shopkey","token":"guessed"}`, 404},
		{"ticket", `{"inbox":"shopkey","token":"guessed"}`, 404},
		{"event", `{"inbox":"shopkey","impression":"x","kind":"opened"}`, 404},
		{"event", fmt.Sprintf(`{"inbox":"shopkey","impression":%q,"kind":"opened"}`, d.campaign.ID), 404},
		{"event", fmt.Sprintf(`{"inbox":"shopkey","impression":%q,"kind":"guess"}`, shown.Impression), 422},
		{"message", `{"inbox":"shopkey","text":"hi","client_id":""}`, 422},
		{"message", `{"inbox":"shopkey","text":" ","client_id":"0123456789abcdef"}`, 422},
		{"message", `{"inbox":"nobody","text":"hi","client_id":"0123456789abcdef"}`, 404},
		{"message", `{"inbox":"shopkey","text":5,"client_id":"0123456789abcdef"}`, 422},
	} {
		d.counter.Reset()
		if a := d.call(tt.call, tt.body); a.StatusCode != tt.status || d.counter.Counts().Commits != 0 {
			t.Errorf("%s %s: %d %s, %v", tt.call, tt.body, a.StatusCode, a.body, d.counter.Counts())
		}
	}
	for _, campaign := range []string{"", "x", d.account.ID.String()} {
		if got := decoded[shownAnswer](t, d.call("show", fmt.Sprintf(`{"inbox":"shopkey","campaign":%q,"url":"https://shop.example/bikes/city"}`, campaign))); got.Blocked != "ended" {
			t.Errorf("show of %q: %+v", campaign, got)
		}
	}
}

func TestEachCallButVisitHasAPaceAndSaysWhenToComeBack(t *testing.T) {
	d := newChatDesk(t)
	body := fmt.Sprintf(`{"inbox":"shopkey","campaign":%q,"url":"https://shop.example/helmets"}`, d.campaign.ID)
	for range 60 {
		if a := d.call("show", body); a.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	if a := d.call("show", body); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "1" || !strings.Contains(a.body, "Wait a little") {
		t.Errorf("%d, Retry-After %q", a.StatusCode, a.Header.Get("Retry-After"))
	}
	d.clock.Advance(time.Second)
	if a := d.call("show", body); a.StatusCode != http.StatusOK {
		t.Errorf("a second later: %d", a.StatusCode)
	}
	d.counter.Reset()
	for range 300 {
		if a := d.call("visit", `{"inbox":"shopkey","url":"https://shop.example/bikes/city"}`); a.StatusCode != http.StatusOK {
			t.Fatalf("visit: %d", a.StatusCode)
		}
	}
	if n := d.counter.Counts(); n.Commits+n.Puts != 0 || n.RoundTrips() > 8 {
		t.Errorf("300 visits cost %v", n)
	}
}

func TestALimiterForgetsAndNeverGrows(t *testing.T) {
	l := newLimiter(time.Second, 1)
	now := time.Unix(0, 0)
	if l.take("192.0.2.1", now) != nil || l.take("192.0.2.1", now) == nil {
		t.Error("the burst is not one")
	}
	if l.take("2001:db8::1", now) != nil || l.take("2001:db8::2", now) == nil || l.take("2001:db8:1::1", now) != nil {
		t.Error("one IPv6 network is one party")
	}
	for i := range 3 * limiterGeneration {
		_ = l.take(fmt.Sprintf("2001:db8:%x:%x::1", i>>8, i&255), now)
	}
	if n := len(l.new) + len(l.old); n > 2*limiterGeneration {
		t.Errorf("it remembers %d addresses", n)
	}
	for _, odd := range []string{"", "nonsense", "::ffff:192.0.2.1", "fe80::1%eth0"} {
		_ = l.take(odd, now)
	}
}

func TestWidgetFilesAreAskedForAgainAndSentOnlyWhenNew(t *testing.T) {
	d := newChatDesk(t)
	a := ask(t, d.Server, "GET", "/widget.js?inbox=shopkey", "")
	tag := a.Header.Get("ETag")
	if a.StatusCode != http.StatusOK || tag == "" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/javascript") || !strings.Contains(a.Header.Get("Cache-Control"), "max-age=300") {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	if again := ask(t, d.Server, "GET", "/widget.js", "", "If-None-Match", tag); again.StatusCode != http.StatusNotModified || again.body != "" {
		t.Errorf("%d with %d bytes", again.StatusCode, len(again.body))
	}
	if small := ask(t, d.Server, "GET", "/widget.js", "", "Accept-Encoding", "gzip"); small.Header.Get("Content-Encoding") != "gzip" || len(small.body) >= len(a.body) {
		t.Errorf("%d bytes, encoding %q", len(small.body), small.Header.Get("Content-Encoding"))
	}
}

func TestAPictureOfTheTeamIsPublicByItsName(t *testing.T) {
	d := newChatDesk(t)
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 20)
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		d.admin.Picture = "0011223344"
		if err := tx.PutPicture(d.account.ID, "0011223344", []byte(png)); err != nil {
			return err
		}
		return tx.PutUser(d.admin)
	})
	_, _, err := d.LiveChat.Update(t.Context(), liadesk.ActorOf(d.account, d.admin), d.campaign.ID,
		livechat.Patch{Sender: &liadesk.Sender{Kind: liadesk.SenderAgent, UserID: d.admin.ID}})
	if err != nil {
		t.Fatal(err)
	}
	shown := d.show()
	if shown.Sender.Name != d.admin.Name || shown.Sender.Avatar != "http://desk.example.com/widget/v1/avatar/shopkey/0011223344" {
		t.Fatalf("sender %+v", shown.Sender)
	}
	a := ask(t, d.Server, "GET", strings.TrimPrefix(shown.Sender.Avatar, "http://desk.example.com"), "")
	if a.StatusCode != http.StatusOK || a.body != png || a.Header.Get("Content-Type") != "image/png" || a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	for _, path := range []string{"/widget/v1/avatar/shopkey/9999", "/widget/v1/avatar/nobody/0011223344", "/widget/v1/avatar/shopkey/"} {
		if a := ask(t, d.Server, "GET", path, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

func TestAnOpenChatHearsTheTeamUntilTheServerStops(t *testing.T) {
	d := newChatDesk(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(ln) }()
	sent := decoded[struct{ Token, Conversation string }](t, d.call("message", `{"inbox":"shopkey","text":"Hello?","client_id":"0123456789abcdef"}`))
	ticket := func() string {
		t.Helper()
		return decoded[struct{ Ticket string }](t, d.call("ticket", fmt.Sprintf(`{"inbox":"shopkey","token":%q}`, sent.Token))).Ticket
	}
	dial := func(ticket, origin string) (*fast.Conn, int) {
		t.Helper()
		conn, resp, err := fast.DefaultDialer.Dial("ws://"+ln.Addr().String()+"/widget/v1/live?ticket="+ticket, http.Header{"Origin": {origin}})
		if err != nil {
			if resp == nil {
				t.Fatal(err)
			}
			return nil, resp.StatusCode
		}
		return conn, resp.StatusCode
	}
	used := ticket()
	conn, status := dial(used, "https://shop.example")
	if conn == nil {
		t.Fatalf("status %d", status)
	}
	defer conn.Close()
	if _, status := dial(used, "https://shop.example"); status != http.StatusUnauthorized {
		t.Errorf("a used ticket: %d", status)
	}
	if _, status := dial(ticket(), "https://evil.example"); status != http.StatusUnauthorized {
		t.Errorf("from another origin: %d", status)
	}
	if _, status := dial("nonsense", "https://shop.example"); status != http.StatusUnauthorized {
		t.Errorf("a made-up ticket: %d", status)
	}
	if a := ask(t, d.Server, "GET", "/widget/v1/live?ticket="+ticket(), "", "Origin", "https://shop.example"); a.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("without a socket: %d", a.StatusCode)
	}
	id, err := liadesk.ParseID(sent.Conversation)
	if err != nil {
		t.Fatal(err)
	}
	if _, hello, err := conn.ReadMessage(); err != nil || string(hello) != `{"type":"ready"}` {
		t.Fatalf("%s, %v", hello, err)
	}
	if _, err := d.Conversations.Reply(t.Context(), liadesk.ActorOf(d.account, d.admin), id, "Hi there", ""); err != nil {
		t.Fatal(err)
	}
	var frames []string
	var notice string
	for range 2 {
		var f struct {
			Type, Status, Notice string
			Message              struct{ From, Author, Text string }
		}
		if err := conn.ReadJSON(&f); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f.Type+" "+f.Status+f.Message.From+" "+f.Message.Text)
		notice = f.Notice
	}
	// The line that says who answers stays true over the socket too.
	thread := decoded[struct{ Notice string }](t, d.call("thread", fmt.Sprintf(`{"inbox":"shopkey","token":%q}`, sent.Token)))
	if notice == "" || notice != thread.Notice {
		t.Errorf("the socket says %q, the thread %q", notice, thread.Notice)
	}
	if want := []string{"message agent Hi there", "status open "}; !slices.Equal(frames, want) {
		t.Errorf("heard %q, want %q", frames, want)
	}
	d.Conversations.Live.Close()
	if _, _, err := conn.ReadMessage(); !fast.IsCloseError(err, fast.CloseGoingAway) {
		t.Errorf("the end was %v", err)
	}
	if err := d.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// FuzzWidget sends what a stranger may to every call: never an error of ours.
func FuzzWidget(f *testing.F) {
	for _, call := range []string{"visit", "show", "event", "message", "thread", "ticket"} {
		f.Add(call, `{"inbox":"shopkey","url":"https://shop.example/bikes/%00","seen":[null,{"campaign":5}],"campaign":null,"token":"\u0000","after":"\ud800"}`)
		f.Add(call, `{"inbox":["shopkey"],"impression":{},"text":"\u202e\u0000","client_id":"aaaaaaaaaaaaaaaaaaaa"}`)
		f.Add(call, "\xff\xfe[[[[")
	}
	f.Fuzz(func(t *testing.T, call, body string) {
		if strings.ContainsFunc(call, func(r rune) bool { return r < 'a' || r > 'z' }) {
			return
		}
		d := newChatDesk(t)
		if a := d.call(call, body); a.StatusCode >= 500 {
			t.Errorf("%s %q: %d %s", call, body, a.StatusCode, a.body)
		}
	})
}

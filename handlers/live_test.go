package handlers

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	fast "github.com/fasthttp/websocket"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// serve answers on a real port of this machine until the test ends.
func (d *teamDesk) serve() string {
	d.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.Serve(ln) }()
	d.t.Cleanup(func() {
		d.Conversations.Live.Close()
		if err := d.Shutdown(d.t.Context()); err != nil && !errors.Is(err, d.t.Context().Err()) {
			d.t.Error(err)
		}
		if err := <-done; err != nil {
			d.t.Error(err)
		}
	})
	return ln.Addr().String()
}

// tab is a page with live updates, as far as a test looks at one.
type tab struct {
	*fast.Conn
	t *testing.T
}

func (d *teamDesk) dial(address, who, origin string) (*fast.Conn, int, error) {
	d.t.Helper()
	header := http.Header{"Cookie": {"session=" + who}}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, resp, err := fast.DefaultDialer.DialContext(d.t.Context(), "ws://"+address+"/live", header)
	if err != nil {
		if resp == nil {
			d.t.Fatal(err)
		}
		return nil, resp.StatusCode, err
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	return conn, resp.StatusCode, nil
}

// open connects a tab and says what it shows; "" for a page without
// conversations. It returns when the tab is known to listen.
func (d *teamDesk) open(address, who, watch string) tab {
	d.t.Helper()
	conn, _, err := d.dial(address, who, "http://desk.example.com")
	if err != nil {
		d.t.Fatal(err)
	}
	p := tab{conn, d.t}
	p.until(`id="unread"`) // the first thing that every page gets
	if watch != "" {
		p.say(watch)
		p.until(`hx-target`)
	}
	return p
}

func (p tab) say(watch string) {
	p.t.Helper()
	if err := p.WriteMessage(fast.TextMessage, []byte(watch)); err != nil {
		p.t.Fatal(err)
	}
}

// until reads what is pushed up to a frame that has a word in it, and returns
// all of it.
func (p tab) until(word string) string {
	p.t.Helper()
	var all strings.Builder
	for {
		_, text, err := p.ReadMessage()
		if err != nil {
			p.t.Fatalf("waiting for %q: %v, after %s", word, err, all.String())
		}
		all.Write(text)
		if strings.Contains(string(text), word) {
			return all.String()
		}
	}
}

// end reads up to the end of the connection and returns its code.
func (p tab) end() (code int, all string) {
	p.t.Helper()
	for {
		_, text, err := p.ReadMessage()
		if ended, ok := errors.AsType[*fast.CloseError](err); ok {
			return ended.Code, all
		}
		if err != nil {
			p.t.Fatal(err)
		}
		all += string(text)
	}
}

func onThread(id liadesk.ID, after int) string {
	return fmt.Sprintf(`{"list":"","rows":1,"thread":%q,"after":%d,"visible":true}`, id, after)
}

func TestEverybodyWithTheThreadOpenReadsEachMessageOnceAndInOrder(t *testing.T) {
	d := openTeamDesk(t)
	address := d.serve()
	a := d.visitor("", "message 0")
	tabs := []tab{d.open(address, "ana", onThread(a.Conversation.ID, 1)), d.open(address, "ben", onThread(a.Conversation.ID, 1))}
	const n = 20
	var wg sync.WaitGroup
	wg.Go(func() { // a visitor who writes while the team does
		for i := range n {
			d.visitor(a.Token, fmt.Sprintf("from outside %d.", i))
		}
	})
	wg.Go(func() {
		for i := range n {
			if _, err := d.Conversations.Reply(t.Context(), liadesk.ActorOf(d.account, d.users["ben"]), a.Conversation.ID, fmt.Sprintf("from inside %d.", i), ""); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	d.visitor(a.Token, "the end")
	th, err := d.Conversations.Get(t.Context(), liadesk.ActorOf(d.account, d.users["ana"]), a.Conversation.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, tab := range tabs {
		got := tab.until(`<div class="bubble">the end</div>`)
		last := -1
		for _, m := range th.Messages[1:] {
			if m.Event != "" {
				continue // that somebody was asked was told while the tabs opened
			}
			mark := `id="m-` + m.ID.String() + `"`
			at := strings.Index(got, mark)
			if strings.Count(got, mark) != 1 || at < last {
				t.Fatalf("tab %d: message %d came %d times, at %d after %d", i, m.Seq, strings.Count(got, mark), at, last)
			}
			last = at
		}
	}
	// Both looked at it all the while.
	for _, tab := range tabs {
		tab.say(onThread(a.Conversation.ID, int(th.Conversation.Messages)))
		tab.until("#talks")
	}
	if n, err := d.Conversations.Unread(t.Context(), liadesk.ActorOf(d.account, d.users["ana"])); n != 0 || err != nil {
		t.Errorf("%d unread, %v", n, err)
	}
}

func TestAPageThatComesBackGetsWhatItMissed(t *testing.T) {
	d := openTeamDesk(t)
	address := d.serve()
	a := d.visitor("", "one")
	d.visitor(a.Token, "two")
	d.visitor(a.Token, "three")
	p := d.open(address, "ben", "")
	p.say(onThread(a.Conversation.ID, 1))
	got := p.until("three")
	if strings.Contains(got, `<div class="bubble">one</div>`) || !strings.Contains(got, `<div class="bubble">two</div>`) {
		t.Errorf("it got %s", got)
	}
	if !strings.Contains(got, `message follows" id="m-`) {
		t.Error("the first message is not grouped with the one before it")
	}
	p.say(`nonsense`)
	p.say(`{"list":"?status=lost","thread":"` + d.account.ID.String() + `"}`) // somebody's old bookmark
	d.visitor(a.Token, "four")
	p.until("data-notify") // it is still there
}

func TestAgentsDoNotHearOfInboxesTheyDoNotServe(t *testing.T) {
	d := openTeamDesk(t)
	address := d.serve()
	secret := d.text("a secret by text")
	ben := d.open(address, "ben", onThread(secret.ID, 0))
	eve := d.open(address, "eve", onThread(secret.ID, 0))
	ana := d.open(address, "ana", onThread(secret.ID, 0))
	d.text("another secret by text")
	d.visitor("", "hello from the site")
	ana.until("another secret")
	if got := ben.until("hello from the site"); strings.Contains(got, "secret") || strings.Contains(got, secret.ID.String()) {
		t.Errorf("ben hears %s", got)
	}
	d.Conversations.Live.Close()
	if code, got := eve.end(); code != fast.CloseGoingAway || got != "" {
		t.Errorf("eve hears %s and then %d", got, code)
	}
}

func TestRowsMoveMarksCountAndBellsRing(t *testing.T) {
	d := openTeamDesk(t)
	for _, u := range d.users { // nobody is asked, and threads stay in the queue
		u.Presence = liadesk.PresenceBusy
		dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutUser(u) })
	}
	address := d.serve()
	elsewhere := d.open(address, "ben", "") // on the page of contacts, say
	first := d.visitor("", "first")
	if got := elsewhere.until("data-notify"); !strings.Contains(got, `data-count="1"`) || strings.Contains(got, "#talks") {
		t.Errorf("a page without conversations gets %s", got)
	}
	list := d.open(address, "ana", `{"list":"?who=queue","rows":1,"visible":true}`)
	d.visitor("", "second")
	got := list.until("second")
	for _, want := range []string{`data-count="2"`, `hx-target="#talks" hx-swap="upsert key:data-place sort:desc"`, "data-notify"} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %s: %s", want, got)
		}
	}
	if _, err := d.Conversations.Take(t.Context(), liadesk.ActorOf(d.account, d.users["ben"]), first.Conversation.ID, liadesk.ID{}); err != nil {
		t.Fatal(err)
	}
	if got := list.until(`hx-target="#talk-` + first.Conversation.ID.String() + `" hx-swap="delete"`); strings.Contains(got, "data-notify") {
		t.Errorf("taken is no reason to ring: %s", got)
	}
	d.visitor(first.Token, "for Ben alone")
	if got := elsewhere.until(`data-notify="` + first.Conversation.ID.String()); !strings.Contains(got, "data-notify") {
		t.Errorf("Ben gets %s", got)
	}
	d.text("the last thing")
	if got := list.until("the last thing"); strings.Contains(got, first.Conversation.ID.String()+`"></span>`) {
		t.Errorf("Ana is rung for what Ben has: %s", got)
	}
}

func TestTheFirstConversationTakesThePlaceOfTheEmptyState(t *testing.T) {
	d := openTeamDesk(t)
	p := d.open(d.serve(), "ana", "")
	p.say(`{"list":"","empty":true,"visible":true}`)
	d.visitor("", "the very first")
	if got := p.until("the very first"); !strings.Contains(got, `hx-target="#desk"`) {
		t.Errorf("it gets %s", got)
	}
}

func TestWhatBecomesOfATextIsSeenAtOnce(t *testing.T) {
	d := openTeamDesk(t)
	c := d.text("When do you open?")
	m, err := d.Conversations.Reply(t.Context(), liadesk.ActorOf(d.account, d.users["ana"]), c.ID, "At nine.", "")
	if err != nil {
		t.Fatal(err)
	}
	state := func(status liadesk.DeliveryStatus, code string) {
		dbtest.Update(t, d.store, func(tx *db.Tx) error {
			return d.Conversations.TextState(tx, d.account.ID, c.ID, m.ID, status, code)
		})
	}
	p := d.open(d.serve(), "ana", onThread(c.ID, 3))
	state(liadesk.DeliveryFailed, "30")
	if got := p.until("Not delivered"); !strings.Contains(got, "a network took it for spam") || strings.Contains(got, `class="bubble"`) {
		t.Errorf("it gets %s", got)
	}
	p.say(onThread(c.ID, 3)) // after a while without connection
	if got := p.until("#state-"); !strings.Contains(got, "Not delivered") || strings.Contains(got, "#composer") {
		t.Errorf("it gets %s", got)
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return tx.PutOptOut(d.account.ID, c.ID, liadesk.OptOut{Number: c.Phone, At: d.clock.Now(), Source: "keyword"})
	})
	state(liadesk.DeliveryFailed, "200")
	if got := p.until("#composer"); !strings.Contains(got, "opted out of texts") {
		t.Errorf("it gets %s", got)
	}
}

func TestOnlyOurOwnPagesOfSignedInPeopleConnect(t *testing.T) {
	d := openTeamDesk(t)
	address := d.serve()
	for _, c := range []struct {
		who, origin string
		want        int
	}{
		{"ben", "http://desk.example.com", http.StatusSwitchingProtocols},
		{"ben", "http://" + address, http.StatusSwitchingProtocols},
		{"ben", "https://evil.example", http.StatusForbidden},
		{"ben", "null", http.StatusForbidden},
		{"ben", "", http.StatusForbidden},
		{"nobody", "http://desk.example.com", http.StatusSeeOther},
	} {
		if _, status, _ := d.dial(address, c.who, c.origin); status != c.want {
			t.Errorf("%s from %q: %d, want %d", c.who, c.origin, status, c.want)
		}
	}
}

func TestAnEndedSessionHearsNothingMore(t *testing.T) {
	d := openTeamDesk(t)
	p := d.open(d.serve(), "ben", "")
	gone := d.users["ben"]
	gone.DeactivatedAt = d.clock.Now()
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutUser(gone) })
	if err := d.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(sessionCheck)
	code, got := p.end()
	if code != fast.ClosePolicyViolation || !strings.Contains(got, "/login") {
		t.Errorf("it reads %s and ends with %d", got, code)
	}
	d.clock.Advance(2 * sessionCheck)
	if d.Conversations.Live.Present(gone.ID) {
		t.Error("who left still counts as present")
	}
}

func TestATabThatFloodsUsEnds(t *testing.T) {
	d := openTeamDesk(t)
	p := d.open(d.serve(), "ben", "")
	p.say(`{"list":"` + strings.Repeat("x", socketRead) + `"}`)
	if code, _ := p.end(); code != fast.CloseMessageTooBig {
		t.Errorf("ended with %d", code)
	}
}

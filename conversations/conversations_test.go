package conversations_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// desk is an account with a website, a number, an administrator and an agent
// who serves only the website.
type desk struct {
	*conversations.Service
	store   *db.Store
	clock   *clockwork.FakeClock
	account liadesk.Account
	site    liadesk.Inbox
	number  liadesk.Inbox
	admin   liadesk.User
	agent   liadesk.User
}

func open(t *testing.T) *desk {
	t.Helper()
	store := dbtest.Open(t)
	clock := clockwork.NewFakeClockAt(time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)) // a Monday
	ids := liadesk.RandomIDs(clock.Now)
	d := &desk{store: store, clock: clock}
	d.Service = conversations.New(store, clock, ids, contacts.New(store, clock, ids), []byte("a secret of the test"))
	d.account = liadesk.Account{ID: ids(), Name: "Shop", Plan: liadesk.PlanGrowth, Settings: liadesk.DefaultSettings("GB", "Europe/London")}
	office := hours.Schedule{Zone: "Europe/London"}
	for day := time.Monday; day <= time.Friday; day++ {
		office.Week[day] = []hours.Shift{{From: 9 * 60, To: 17 * 60}}
	}
	d.site = liadesk.Inbox{ID: ids(), AccountID: d.account.ID, Kind: liadesk.InboxWebsite, Name: "Shop",
		Website: &liadesk.Website{Key: "key", Domains: []string{"shop.example"}, Hours: office}}
	d.number = liadesk.Inbox{ID: ids(), AccountID: d.account.ID, Kind: liadesk.InboxSMS, Name: "Texts",
		SMS: &liadesk.SMSInbox{Number: "+12125550100", AuthID: "MATEST", MessagesPerSecond: 5}}
	d.admin = liadesk.User{ID: ids(), AccountID: d.account.ID, Name: "Ada", Email: "ada@shop.example", Role: liadesk.RoleAdministrator, PasswordHash: "set", Presence: liadesk.PresenceOnline}
	d.agent = liadesk.User{ID: ids(), AccountID: d.account.ID, Name: "Ben", Email: "ben@shop.example", Role: liadesk.RoleAgent,
		InboxIDs: []liadesk.ID{d.site.ID}, PasswordHash: "set", Presence: liadesk.PresenceOnline}
	if err := store.Update(t.Context(), func(tx *db.Tx) error {
		return errors.Join(tx.PutAccount(d.account), tx.PutInbox(d.site), tx.PutInbox(d.number), tx.PutUser(d.admin), tx.PutUser(d.agent))
	}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) as(u liadesk.User) liadesk.Actor { return liadesk.ActorOf(d.account, u) }

func (d *desk) write(t *testing.T, token, clientID, text string) conversations.VisitorAnswer {
	t.Helper()
	a, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Token: token, ClientID: clientID, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func clientID(n int) string { return fmt.Sprintf("client-id-of-message-%04d", n) }

func texts(list []liadesk.Message) string {
	var out []string
	for _, m := range list {
		if m.Event != "" {
			continue // what happened to the thread, not what was said in it
		}
		out = append(out, string(m.From)+": "+m.Text)
	}
	return strings.Join(out, "\n")
}

func code(err error) string {
	if e, ok := errors.AsType[*liadesk.Error](err); ok {
		if len(e.Fields) > 0 {
			return e.Fields[0].Field + " " + e.Fields[0].Code
		}
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestAVisitorsFirstMessageBeginsAThreadInTheQueue(t *testing.T) {
	d := open(t)
	events, stop := d.Live.Listen(d.account.ID)
	defer stop()
	a := d.write(t, "", clientID(1), "  Do you ship to Spain?\r\n")
	c := a.Conversation
	if c.Owner != liadesk.OwnerQueue || c.HandoffReason != liadesk.HandoffNoBot || c.QueuedAt.IsZero() || c.Unread != 1 || c.Status != liadesk.ConversationOpen {
		t.Errorf("the thread is %+v", c)
	}
	if a.Message.Text != "Do you ship to Spain?" || a.Token == "" {
		t.Errorf("got %+v", a)
	}
	if e := <-events; e.Conversation.ID != c.ID || texts(e.Messages) != "visitor: Do you ship to Spain?" {
		t.Errorf("the team heard %+v", e)
	}
	if n, err := d.Unread(t.Context(), d.as(d.agent)); n != 1 || err != nil {
		t.Errorf("unread: %d, %v", n, err)
	}
}

func TestARetriedMessageIsTheSameMessageEvenWhenTheFirstAnswerWasLost(t *testing.T) {
	d := open(t)
	first := d.write(t, "", clientID(1), "Hello")
	again := d.write(t, "", clientID(1), "Hello") // the token never arrived
	if again.Token != first.Token || again.Message.ID != first.Message.ID || again.Conversation.ID != first.Conversation.ID {
		t.Fatalf("the retry made %+v of %+v", again, first)
	}
	second := d.write(t, first.Token, clientID(2), "Anybody?")
	if repeat := d.write(t, first.Token, clientID(2), "Anybody?"); repeat.Message.ID != second.Message.ID {
		t.Error("the second message stands there twice")
	}
	thread, err := d.ReadAsVisitor(t.Context(), d.site, first.Token, liadesk.ID{})
	if err != nil || texts(thread.Messages) != "visitor: Hello\nvisitor: Anybody?" {
		t.Errorf("%v, %v", texts(thread.Messages), err)
	}
}

func TestAGuessableClientIDOpensNobodysThread(t *testing.T) {
	d := open(t)
	mine, other := d.write(t, "", "1", "My order number is 7"), d.write(t, "", "1", "Hi")
	if other.Conversation.ID == mine.Conversation.ID || other.Token == mine.Token {
		t.Fatal("two visitors who count from 1 share a thread")
	}
	if again := d.write(t, mine.Token, "1", "My order number is 7"); again.Message.ID != mine.Message.ID {
		t.Error("the retry stands there twice")
	}
}

func TestAStrangersTokenOpensNothing(t *testing.T) {
	d := open(t)
	mine := d.write(t, "", clientID(1), "My order number is 7")
	for _, token := range []string{"x", mine.Token + "A", strings.ToLower(mine.Token), strings.Repeat("z", 10_000)} {
		if _, err := d.ReadAsVisitor(t.Context(), d.site, token, liadesk.ID{}); !errors.Is(err, liadesk.ErrNotFound) {
			t.Errorf("token %.20q: %v", token, err)
		}
		if _, err := d.TicketForVisitor(t.Context(), d.site, token, "https://shop.example"); !errors.Is(err, liadesk.ErrNotFound) {
			t.Errorf("ticket for %.20q: %v", token, err)
		}
		if other := d.write(t, token, clientID(len(token)+100), "Hi"); other.Conversation.ID == mine.Conversation.ID || other.Token == token {
			t.Errorf("token %.20q wrote into somebody else's thread", token)
		}
	}
	elsewhere := d.site
	elsewhere.ID = liadesk.RandomIDs(d.clock.Now)()
	if _, err := d.ReadAsVisitor(t.Context(), elsewhere, mine.Token, liadesk.ID{}); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("another inbox: %v", err)
	}
}

func TestAThreadOutlivesAWeekAndEndsAfterAMonthWithoutAVisit(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "Hello")
	for range 6 {
		d.clock.Advance(7 * 24 * time.Hour)
		if _, err := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{}); err != nil {
			t.Fatal(err)
		}
	}
	d.clock.Advance(31 * 24 * time.Hour)
	if _, err := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{}); !errors.Is(err, liadesk.ErrNotFound) {
		t.Fatalf("after a month away: %v", err)
	}
}

func TestTheCampaignsMessageStandsBeforeItsAnswerAndCountsOnce(t *testing.T) {
	d := open(t)
	ids := liadesk.RandomIDs(d.clock.Now)
	shown := liadesk.Impression{ID: ids(), CampaignID: ids(), InboxID: d.site.ID, At: d.clock.Now(),
		HTML: "<p>Need <b>help</b>?</p>", Text: "Need help?", SenderName: "Ben",
		Sender: liadesk.Sender{Kind: liadesk.SenderAgent, UserID: d.agent.ID}}
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error { return tx.PutImpression(d.account.ID, shown) }); err != nil {
		t.Fatal(err)
	}
	answer := func(token, client string) conversations.VisitorAnswer {
		a, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Impression: shown.ID, Token: token, ClientID: client, Text: "Yes"})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := answer("", clientID(1))
	answer(a.Token, clientID(2))
	if c := a.Conversation; c.Owner != liadesk.OwnerAgent || c.OwnerID != d.agent.ID || c.CampaignID != shown.CampaignID {
		t.Errorf("the thread is %+v", c)
	}
	thread, err := d.Get(t.Context(), d.as(d.agent), a.Conversation.ID, 0)
	if err != nil || texts(thread.Messages) != "campaign: Need help?\nvisitor: Yes\nvisitor: Yes" {
		t.Errorf("%v, %v", texts(thread.Messages), err)
	}
	if err := d.store.View(t.Context(), func(tx *db.Tx) error {
		f, err := tx.ChatFigures(d.account.ID, shown.CampaignID)
		if f[db.FigureAnswered] != 1 {
			t.Errorf("answered counts %d", f[db.FigureAnswered])
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAThreadOfASenderWhoLeftGoesToTheQueue(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "Hello")
	if _, err := d.Reply(t.Context(), d.as(d.agent), a.Conversation.ID, "Hi!", ""); err != nil {
		t.Fatal(err)
	}
	gone := d.agent
	gone.DeactivatedAt = d.clock.Now()
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error { return tx.PutUser(gone) }); err != nil {
		t.Fatal(err)
	}
	if b := d.write(t, a.Token, clientID(2), "Still there?"); b.Conversation.Owner != liadesk.OwnerQueue {
		t.Errorf("owner %v", b.Conversation.Owner)
	}
}

func TestAgentsSeeOnlyTheInboxesTheyServeAndNoOtherAccount(t *testing.T) {
	d := open(t)
	onSite := d.write(t, "", clientID(1), "Hello").Conversation
	bySMS := d.receive(t, "CARRIER-1", "Hello by text")
	for _, c := range []struct {
		who  string
		as   liadesk.Actor
		list int
	}{
		{"administrator", d.as(d.admin), 2},
		{"agent of the website", d.as(d.agent), 1},
		{"stranger", liadesk.Actor{Account: liadesk.RandomIDs(d.clock.Now)(), Role: liadesk.RoleAdministrator, Plan: liadesk.PlanGrowth}, 0},
	} {
		list, next, err := d.List(t.Context(), c.as, conversations.Filter{}, db.Page{})
		if err != nil || len(list) != c.list || next != "" {
			t.Errorf("%s sees %d threads, next %q, %v", c.who, len(list), next, err)
		}
		_, err = d.Get(t.Context(), c.as, bySMS.ID, 0)
		if seen := err == nil; seen != (c.list == 2) {
			t.Errorf("%s, the text: %v", c.who, err)
		}
		if c.list == 2 {
			continue
		}
		before := texts(d.thread(t, bySMS.ID))
		_, e1 := d.Reply(t.Context(), c.as, bySMS.ID, "mine", "")
		_, e2 := d.Resolve(t.Context(), c.as, bySMS.ID)
		_, e3 := d.Take(t.Context(), c.as, bySMS.ID, liadesk.ID{})
		e4 := d.Seen(t.Context(), c.as, bySMS.ID)
		for i, err := range []error{e1, e2, e3, e4} {
			if !errors.Is(err, liadesk.ErrNotFound) {
				t.Errorf("%s, verb %d: %v", c.who, i, err)
			}
		}
		if after := texts(d.thread(t, bySMS.ID)); after != before {
			t.Errorf("%s changed the thread to %s", c.who, after)
		}
	}
	_ = onSite
}

func (d *desk) thread(t *testing.T, id liadesk.ID) []liadesk.Message {
	t.Helper()
	th, err := d.Get(t.Context(), d.as(d.admin), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return th.Messages
}

// receive puts a text from a customer into the number's inbox.
func (d *desk) receive(t *testing.T, carrierID, text string) liadesk.Conversation {
	t.Helper()
	var c liadesk.Conversation
	if err := d.store.Update(t.Context(), func(tx *db.Tx) (err error) {
		c, _, err = d.ReceiveText(tx, conversations.InboundText{Account: d.account.ID, Inbox: d.number, From: "+12125550123",
			Text: text, CarrierID: carrierID, At: d.clock.Now(), CampaignID: liadesk.ID{0: 1, 15: 9}, CampaignText: "Sale!"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOneOwnerAtATimeUnderARace(t *testing.T) {
	d := open(t)
	c := d.write(t, "", clientID(1), "Hello").Conversation
	var won sync.Map
	var wg sync.WaitGroup
	for _, u := range []liadesk.User{d.admin, d.agent} {
		for range 4 {
			wg.Go(func() {
				got, err := d.Take(t.Context(), d.as(u), c.ID, liadesk.ID{})
				if err == nil {
					won.Store(got.OwnerID, true)
				} else if code(err) != "thread_taken" {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	n := 0
	won.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Fatalf("%d people were told that the thread is theirs", n)
	}
	// Whoever saw the owner may take it over knowingly.
	now, err := d.Get(t.Context(), d.as(d.admin), c.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	other := d.admin
	if now.Conversation.OwnerID == d.admin.ID {
		other = d.agent
	}
	if got, err := d.Take(t.Context(), d.as(other), c.ID, now.Conversation.OwnerID); err != nil || got.OwnerID != other.ID {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAReplyTakesTheThreadOnceAndIsSentOnce(t *testing.T) {
	d := open(t)
	var woken []liadesk.ID
	d.Wake = func(inbox liadesk.ID) { woken = append(woken, inbox) }
	c := d.receive(t, "CARRIER-1", "When do you open?")
	for range 2 { // a double click
		if _, err := d.Reply(t.Context(), d.as(d.admin), c.ID, "At nine.", "form-1"); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(d.thread(t, c.ID)); got != "campaign: Sale!\nvisitor: When do you open?\nagent: At nine." {
		t.Errorf("the thread reads\n%s", got)
	}
	if err := d.store.View(t.Context(), func(tx *db.Tx) error {
		box, err := tx.Outbox(d.account.ID, d.number.ID, 10)
		if len(box) != 1 || box[0].Text != "At nine." || box[0].Phone != "+12125550123" || box[0].Cause != liadesk.CauseReply {
			t.Errorf("the outbox holds %+v", box)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(woken) != 1 || woken[0] != d.number.ID {
		t.Errorf("woken: %v", woken)
	}
	m := d.thread(t, c.ID)[2]
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error {
		return d.TextState(tx, d.account.ID, c.ID, m.ID, liadesk.DeliveryFailed, "30")
	}); err != nil {
		t.Fatal(err)
	}
	if got := d.thread(t, c.ID)[2]; got.Delivery != liadesk.DeliveryFailed || got.ErrorCode != "30" {
		t.Errorf("the reply says %q %q", got.Delivery, got.ErrorCode)
	}
}

func TestWhoOptedOutGetsNoReplyByText(t *testing.T) {
	d := open(t)
	c := d.receive(t, "CARRIER-1", "STOP")
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error {
		return tx.PutOptOut(d.account.ID, liadesk.RandomIDs(d.clock.Now)(), liadesk.OptOut{Number: "+12125550123", At: d.clock.Now(), Source: "keyword"})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reply(t.Context(), d.as(d.admin), c.ID, "Are you sure?", ""); code(err) != "opted_out" {
		t.Errorf("got %v", err)
	}
	if got := len(d.thread(t, c.ID)); got != 2 {
		t.Errorf("%d messages", got)
	}
}

func TestTextsOfOneNumberStayInOneThreadAndOpenItAgain(t *testing.T) {
	d := open(t)
	first := d.receive(t, "CARRIER-1", "Hello")
	if _, err := d.Resolve(t.Context(), d.as(d.admin), first.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(48 * time.Hour)
	second := d.receive(t, "CARRIER-2", "Me again")
	if second.ID != first.ID || second.Status != liadesk.ConversationOpen || second.Owner != liadesk.OwnerQueue {
		t.Errorf("got %+v", second)
	}
	if got := texts(d.thread(t, first.ID)); got != "campaign: Sale!\nvisitor: Hello\nvisitor: Me again" {
		t.Errorf("the thread reads\n%s", got)
	}
}

func TestTheNoticeToAVisitorIsTrue(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "Hello")
	notice := func() conversations.Notice {
		th, err := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{})
		if err != nil {
			t.Fatal(err)
		}
		return th.Notice
	}
	if n := notice(); n.Code != conversations.NoticeLater {
		t.Errorf("nobody has the desk open, yet the visitor reads %q", n.Code)
	}
	_, leave := d.Live.ListenAs(d.as(d.agent))
	if n := notice(); n.Code != conversations.NoticeHere {
		t.Errorf("Ben is there: %q", n.Code)
	}
	if _, err := d.Reply(t.Context(), d.as(d.agent), a.Conversation.ID, "Hi", ""); err != nil {
		t.Fatal(err)
	}
	if n := notice(); n.Code != conversations.NoticeOwner || n.Name != "Ben" {
		t.Errorf("Ben has it: %+v", n)
	}
	leave()
	if n := notice(); n.Code != conversations.NoticeOwner {
		t.Errorf("Ben goes from one page to another: %q", n.Code)
	}
	d.clock.Advance(time.Minute)
	if n := notice(); n.Code != conversations.NoticeLater {
		t.Errorf("Ben left: %q", n.Code)
	}
	d.clock.Advance(8 * time.Hour) // 18:00
	want := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	if n := notice(); n.Code != conversations.NoticeUntil || !n.Until.Equal(want) || n.Zone != "Europe/London" {
		t.Errorf("after hours: %+v", n)
	}
}

func TestATicketWorksOnceForItsOriginWithinHalfAMinute(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "Hello")
	issue := func() string {
		name, err := d.TicketForVisitor(t.Context(), d.site, a.Token, "https://shop.example")
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := issue()
	if tk, err := d.Redeem(good, "https://shop.example"); err != nil || tk.Conversation != a.Conversation.ID {
		t.Errorf("%+v, %v", tk, err)
	}
	if _, err := d.Redeem(good, "https://shop.example"); err == nil {
		t.Error("it worked twice")
	}
	if _, err := d.Redeem(issue(), "https://evil.example"); err == nil {
		t.Error("another origin used it")
	}
	late := issue()
	d.clock.Advance(31 * time.Second)
	if _, err := d.Redeem(late, "https://shop.example"); err == nil {
		t.Error("it worked after half a minute")
	}
}

func TestASlowListenerIsLetGoAndTheOthersHearAll(t *testing.T) {
	d := open(t)
	slow, stopSlow := d.Live.Listen(d.account.ID)
	defer stopSlow()
	a := d.write(t, "", clientID(0), "0")
	for i := range 80 {
		d.write(t, a.Token, clientID(i+1), fmt.Sprint(i+1))
	}
	n := 0
	for range slow {
		n++
	}
	if n != 64 {
		t.Errorf("the slow one read %d before it was let go", n)
	}
	quick, _ := d.Live.Listen(d.account.ID)
	d.Live.Close()
	if _, open := <-quick; open {
		t.Error("a listener outlived the hub")
	}
	if ch, _ := d.Live.Listen(d.account.ID); ch != nil {
		if _, open := <-ch; open {
			t.Error("a closed hub took a listener")
		}
	}
}

func TestPagesOfTheListLeaveNobodyOut(t *testing.T) {
	d := open(t)
	for i := range 25 {
		d.write(t, "", clientID(i), fmt.Sprint(i))
		d.clock.Advance(time.Second)
	}
	seen := map[liadesk.ID]bool{}
	after, pages := "", 0
	for {
		list, next, err := d.List(t.Context(), d.as(d.agent), conversations.Filter{Queue: true}, db.Page{After: after, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			seen[c.ID] = true
		}
		pages++
		if after = next; next == "" {
			break
		}
	}
	if len(seen) != 25 || pages != 3 {
		t.Errorf("%d threads on %d pages", len(seen), pages)
	}
	if _, _, err := d.List(t.Context(), d.as(d.agent), conversations.Filter{}, db.Page{After: "nonsense"}); code(err) != "after bad_cursor" {
		t.Errorf("got %v", err)
	}
}

func TestWhatAVisitorMayNotWrite(t *testing.T) {
	d := open(t)
	for _, c := range []struct{ text, client, want string }{
		{" \n\t ", clientID(1), "text required"},
		{"\x00\x07", clientID(1), "text required"},
		{strings.Repeat("é", conversations.MaxText+1), clientID(1), "text too_long"},
		{"Hello", "", "client_id length"},
		{"Hello", strings.Repeat("x", 65), "client_id length"},
	} {
		_, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Text: c.text, ClientID: c.client})
		if got := code(err); got != c.want {
			t.Errorf("%.10q: got %s, want %s", c.text, got, c.want)
		}
	}
	a := d.write(t, "", clientID(2), strings.Repeat("👩🏽‍🚀", 300)+"\xff<script>")
	if !strings.HasSuffix(a.Message.Text, "\uFFFD<script>") {
		t.Errorf("the text was changed: %q", a.Message.Text[len(a.Message.Text)-20:])
	}
	if got := a.Conversation.LastText; got != strings.Repeat("👩🏽‍🚀", 120)+"…" {
		t.Errorf("the summary cuts a character: %q", got)
	}
}

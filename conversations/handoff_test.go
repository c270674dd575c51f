package conversations_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// here opens the dashboard for somebody until the returned function is called.
func (d *desk) here(t testing.TB, u liadesk.User) func() {
	t.Helper()
	_, leave := d.Live.ListenAs(d.as(u))
	if err := d.Arrived(t.Context(), d.account.ID, u.ID); err != nil {
		t.Fatal(err)
	}
	return leave
}

// member adds a person who serves the website.
func (d *desk) member(t testing.TB, name string, capacity int) liadesk.User {
	t.Helper()
	u := liadesk.User{ID: liadesk.RandomIDs(d.clock.Now)(), AccountID: d.account.ID, Name: name, Email: strings.ToLower(name) + "@shop.example", Role: liadesk.RoleAgent,
		InboxIDs: []liadesk.ID{d.site.ID}, PasswordHash: "set", Presence: liadesk.PresenceOnline, Capacity: capacity}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutUser(u) })
	return u
}

// knows teaches LiaDesk.
func (d *desk) knows(t testing.TB, entries ...liadesk.BotEntry) {
	t.Helper()
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		for _, e := range entries {
			e.ID, e.AccountID = liadesk.RandomIDs(d.clock.Now)(), d.account.ID
			if e.Language == "" {
				e.Language = "en"
			}
			if err := tx.PutBotEntry(e); err != nil {
				return err
			}
		}
		return nil
	})
}

var shipping = liadesk.BotEntry{Questions: []string{"How long does shipping take?", "Delivery times"}, Answer: "Two to four days."}
var refunds = liadesk.BotEntry{Questions: []string{"Can I get a refund?"}, Answer: "Yes, within 30 days."}

func (d *desk) head(t testing.TB, id liadesk.ID) liadesk.Conversation {
	t.Helper()
	var c liadesk.Conversation
	dbtest.View(t, d.store, func(tx *db.Tx) (err error) {
		c, _, err = tx.Conversation(d.account.ID, id)
		return err
	})
	return c
}

func (d *desk) tick(t testing.TB) {
	t.Helper()
	if err := d.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// restart is the server after its power went: memory is empty, and nobody has
// come back yet.
func (d *desk) restart() {
	ids := liadesk.RandomIDs(d.clock.Now)
	d.Service = conversations.New(d.store, d.clock, ids, contacts.New(d.store, d.clock, ids), []byte("a secret of the test"))
}

// said are all messages of a thread, with events as [event subject].
func (d *desk) said(t testing.TB, id liadesk.ID) []string {
	t.Helper()
	var out []string
	dbtest.View(t, d.store, func(tx *db.Tx) error {
		list, err := tx.MessagesAfter(d.account.ID, id, 0, 500)
		for _, m := range list {
			if m.Event != "" {
				out = append(out, strings.TrimRight(fmt.Sprintf("[%s %s", m.Event, m.Subject), " ")+"]")
			} else {
				out = append(out, string(m.From)+": "+m.Text)
			}
		}
		return err
	})
	return out
}

func TestAThreadThatNobodyTakesClimbsTheLadderOverRestarts(t *testing.T) {
	d := open(t)
	cleo := d.member(t, "Cleo", 5)
	crew := []liadesk.User{d.agent, cleo}
	all := func() {
		for _, u := range crew {
			d.Live.ListenAs(d.as(u))
		}
	}
	all()
	id := d.write(t, "", clientID(1), "Hello").Conversation.ID
	first := d.head(t, id)
	if first.Owner != liadesk.OwnerAgent || first.Offer.Rung != liadesk.RungOffered || !first.Offer.Until.Equal(d.clock.Now().Add(45*time.Second)) {
		t.Fatalf("nobody was asked: %+v", first.Offer)
	}
	// The power goes in the middle of the first offer.
	d.clock.Advance(30 * time.Second)
	d.restart()
	all()
	d.tick(t)
	if c := d.head(t, id); c.OwnerID != first.OwnerID || c.Offer.Rung != liadesk.RungOffered {
		t.Fatalf("the restart cut the offer short: %+v", c.Offer)
	}
	d.clock.Advance(15 * time.Second)
	d.tick(t)
	second := d.head(t, id)
	if second.Owner != liadesk.OwnerAgent || second.OwnerID == first.OwnerID || second.Offer.Rung != liadesk.RungOffered {
		t.Fatalf("the next person was not asked: %s %+v", second.Owner, second.Offer)
	}
	d.clock.Advance(44 * time.Second)
	d.restart()
	all()
	d.clock.Advance(time.Second)
	d.tick(t)
	if c := d.head(t, id); c.Owner != liadesk.OwnerQueue || c.Offer.Rung != liadesk.RungAll {
		t.Fatalf("not all were asked: %s %+v", c.Owner, c.Offer)
	}
	d.restart()
	all()
	d.tick(t)
	if c := d.head(t, id); c.Offer.Rung != liadesk.RungAll {
		t.Fatalf("the restart cut the call to all short: %+v", c.Offer)
	}
	d.clock.Advance(45 * time.Second)
	d.tick(t)
	d.tick(t)
	if c := d.head(t, id); c.Owner != liadesk.OwnerQueue || c.Offer.Rung != liadesk.RungWaiting || !c.Offer.Until.IsZero() {
		t.Fatalf("it did not come back to the visitor: %s %+v", c.Owner, c.Offer)
	}
	got := d.said(t, id)
	if n := len(got); !strings.HasPrefix(got[n-1], "bot: I am sorry, nobody") || slices.Contains(got[:n-1], got[n-1]) {
		t.Errorf("the thread reads\n%s", strings.Join(got, "\n"))
	}
	// Whoever comes now gets it; who let it pass is not asked again by the tick.
	d.clock.Advance(time.Hour)
	d.tick(t)
	if c := d.head(t, id); c.Owner != liadesk.OwnerQueue {
		t.Errorf("somebody who let it pass was asked again: %+v", c)
	}
	dana := d.member(t, "Dana", 1)
	d.here(t, dana)
	if c := d.head(t, id); c.OwnerID != dana.ID {
		t.Errorf("Dana came and was not asked: %s %+v", c.Owner, c.Offer)
	}
	if _, err := d.Reply(t.Context(), d.as(dana), id, "Hi, sorry for the wait", ""); err != nil {
		t.Fatal(err)
	}
	if c := d.head(t, id); c.OwnerID != dana.ID || c.Offer.Rung != liadesk.RungNone || c.AnsweredAt.IsZero() {
		t.Errorf("Dana answered: %+v", c.Offer)
	}
}

func TestTheQueueIsDrainedInOrderTheMomentSomebodyHasAHandFree(t *testing.T) {
	d := open(t)
	cleo := d.member(t, "Cleo", 1)
	var ids []liadesk.ID
	for i := range 3 {
		ids = append(ids, d.write(t, "", clientID(i), "Hello").Conversation.ID)
		d.clock.Advance(time.Second)
	}
	d.here(t, cleo)
	owner := func(i int) bool { return d.head(t, ids[i]).OwnerID == cleo.ID }
	if !owner(0) || owner(1) || owner(2) {
		t.Fatal("Cleo, who takes one at a time, did not get the oldest alone")
	}
	if _, err := d.Reply(t.Context(), d.as(cleo), ids[0], "Hi", ""); err != nil {
		t.Fatal(err)
	}
	if owner(1) {
		t.Fatal("Cleo has more than she can answer")
	}
	if _, err := d.Resolve(t.Context(), d.as(cleo), ids[0]); err != nil {
		t.Fatal(err)
	}
	if !owner(1) || owner(2) {
		t.Fatal("the next one did not come at once")
	}
	if _, err := d.Snooze(t.Context(), d.as(cleo), ids[1], d.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !owner(2) {
		t.Fatal("putting one off did not free a hand")
	}
	d.clock.Advance(time.Hour + time.Second)
	d.tick(t)
	if c := d.head(t, ids[1]); c.Asleep() || c.Unread == 0 {
		t.Errorf("the snoozed one slept on: %+v", c)
	}
}

func TestWhoIsAsked(t *testing.T) {
	id := liadesk.RandomIDs(time.Now)
	a, b, c := id(), id(), id()
	hands := []liadesk.Hand{{ID: a, Load: 2, Capacity: 5, Idle: 1}, {ID: b, Load: 1, Capacity: 5, Idle: 9}, {ID: c, Load: 1, Capacity: 1, Idle: 0}}
	for _, w := range []struct {
		name             string
		preferred, tried []liadesk.ID
		want             liadesk.ID
	}{
		{"least loaded of those who are free", nil, nil, b},
		{"the campaign's sender although busier", []liadesk.ID{a}, nil, a},
		{"not the sender who is full", []liadesk.ID{c}, nil, b},
		{"the sender before the last agent", []liadesk.ID{b, a}, nil, b},
		{"not who let it pass", []liadesk.ID{a}, []liadesk.ID{a}, b},
		{"nobody", nil, []liadesk.ID{a, b}, liadesk.ID{}},
	} {
		if got, ok := liadesk.Choose(hands, w.preferred, w.tried); got != w.want || ok == w.want.IsZero() {
			t.Errorf("%s: got %v %v", w.name, got, ok)
		}
	}
}

func TestLiaDeskAnswersAsksWhetherItHelpedAndHandsOver(t *testing.T) {
	for _, c := range []struct {
		name string
		says []string
		why  liadesk.HandoffReason // "" stays with LiaDesk
		last string
	}{
		{"answers", []string{"how long will shipping take"}, "", "Two to four days."},
		{"helped", []string{"how long will shipping take", "That helped"}, "", "Good to hear"},
		{"did not help", []string{"how long will shipping take", "No"}, liadesk.HandoffUnsolved, "I am passing you on"},
		{"asked for a person", []string{"let me talk to a human"}, liadesk.HandoffAsked, "I am passing you on"},
		{"asked in Spanish", []string{"quiero hablar con una persona"}, liadesk.HandoffAsked, "Le paso con una persona"},
		{"no answer once", []string{"do you sell bicycles"}, "", "I did not find an answer"},
		{"no answer twice", []string{"do you sell bicycles", "or motorcycles perhaps"}, liadesk.HandoffNoAnswer, "I am passing you on"},
		{"repeats", []string{"do you sell bicycles", "Do you sell bicycles?!"}, liadesk.HandoffRepeats, "I am passing you on"},
		{"the same question in other words", []string{"shipping time?", "delivery times please"}, liadesk.HandoffRepeats, "I am passing you on"},
		{"a topic for people", []string{"I want to press charges over legal matters"}, liadesk.HandoffTopic, "I am passing you on"},
		{"greets", []string{"Hi there"}, "", "Hello! What can I do"},
		{"wants peace", []string{"stop messaging me"}, "", "All right, I will leave you"},
	} {
		d := open(t)
		d.here(t, d.agent)
		d.knows(t, shipping, refunds, liadesk.BotEntry{Questions: []string{"Legal matters"}, HandOver: true})
		token, id := "", liadesk.ID{}
		for i, text := range c.says {
			a := d.write(t, token, clientID(i), text)
			token, id = a.Token, a.Conversation.ID
		}
		head := d.head(t, id)
		if head.Owner == liadesk.OwnerBot && c.why != "" || head.Owner != liadesk.OwnerBot && head.HandoffReason != c.why {
			t.Errorf("%s: %s, %s\n%s", c.name, head.Owner, head.HandoffReason, strings.Join(d.said(t, id), "\n"))
		}
		th, err := d.ReadAsVisitor(t.Context(), d.site, token, liadesk.ID{})
		if err != nil {
			t.Fatal(err)
		}
		if last := th.Messages[len(th.Messages)-1]; last.From != liadesk.FromBot || !strings.HasPrefix(last.Text, c.last) {
			t.Errorf("%s: the visitor reads %q", c.name, last.Text)
		}
		if c.why != "" && head.Unread == 0 || c.why == "" && head.Unread != 0 {
			t.Errorf("%s: unread %d", c.name, head.Unread)
		}
	}
}

func TestPoliciesDecideWhetherLiaDeskSpeaks(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*desk)
		why  liadesk.HandoffReason
	}{
		{"people alone", func(d *desk) { d.site.Website.Bot.Policy = liadesk.BotNever }, liadesk.HandoffPolicy},
		{"off hours, and somebody is here", func(d *desk) {
			d.site.Website.Bot.Policy = liadesk.BotOffHours
			d.Live.ListenAs(d.as(d.agent))
		}, liadesk.HandoffPolicy},
		{"off hours, and nobody is here", func(d *desk) { d.site.Website.Bot.Policy = liadesk.BotOffHours }, ""},
	} {
		d := open(t)
		d.knows(t, shipping)
		c.set(d)
		dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutInbox(d.site) })
		a := d.write(t, "", clientID(1), "how long does shipping take")
		if head := d.head(t, a.Conversation.ID); (head.Owner == liadesk.OwnerBot) != (c.why == "") || head.HandoffReason != c.why {
			t.Errorf("%s: %s for %q", c.name, head.Owner, head.HandoffReason)
		}
	}
}

func TestLiaDeskAsksForWhatTheInboxWantsBeforeItHandsOver(t *testing.T) {
	d := open(t)
	d.knows(t, shipping)
	d.site.Website.Bot.Asks = []liadesk.BotAsks{liadesk.BotAsksName, liadesk.BotAsksEmail}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutInbox(d.site) })
	a := d.write(t, "", clientID(1), "a human please")
	for i, text := range []string{"Vera", "no idea what you mean", "it is vera@example.com."} {
		if c := d.head(t, a.Conversation.ID); c.Owner != liadesk.OwnerBot {
			t.Fatalf("handed over before %q", text)
		}
		d.write(t, a.Token, clientID(i+2), text)
	}
	c := d.head(t, a.Conversation.ID)
	if c.Owner != liadesk.OwnerQueue || c.HandoffReason != liadesk.HandoffAsked || c.Identity == nil || c.Identity.Name != "Vera" || c.Identity.Email != "vera@example.com" || c.Identity.Verified {
		t.Errorf("got %s %s %+v\n%s", c.Owner, c.HandoffReason, c.Identity, strings.Join(d.said(t, c.ID), "\n"))
	}
}

func TestTheVisitorNeverReadsWhatIsForTheTeam(t *testing.T) {
	d := open(t)
	d.knows(t, shipping)
	a := d.write(t, "", clientID(1), "agent please")
	id := a.Conversation.ID
	events, stop := d.Live.Listen(id)
	defer stop()
	if _, err := d.AddNote(t.Context(), d.as(d.agent), id, "Looks like a reseller", "n1"); err != nil {
		t.Fatal(err)
	}
	if again, err := d.AddNote(t.Context(), d.as(d.agent), id, "Looks like a reseller", "n1"); err != nil || again.Text == "" {
		t.Fatal(again, err)
	}
	for len(events) > 0 {
		if e := <-events; len(e.Messages) > 0 {
			t.Errorf("the visitor's page heard %+v", e.Messages)
		}
	}
	th, err := d.ReadAsVisitor(t.Context(), d.site, a.Token, liadesk.ID{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range th.Messages {
		if m.Private || m.Event != "" {
			t.Errorf("the visitor reads %+v", m)
		}
	}
	if n := strings.Count(strings.Join(d.said(t, id), "\n"), "reseller"); n != 1 {
		t.Errorf("the note stands there %d times", n)
	}
	if c := d.head(t, id); c.LastText == "Looks like a reseller" || !c.AnsweredAt.IsZero() {
		t.Errorf("a note counts as an answer: %+v", c)
	}
}

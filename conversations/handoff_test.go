package conversations_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

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

// checkThread walks a thread from its beginning and tells what must not be:
// LiaDesk speaking while a person has it, and a person's message in a thread
// whose owner it did not become.
func checkThread(list []liadesk.Message) error {
	bot := true
	for i, m := range list {
		switch {
		case m.Event == liadesk.EventToBot:
			bot = true
		case m.Event == liadesk.EventTaken, m.Event == liadesk.EventAssigned, m.Event == liadesk.EventHandedOver:
			bot = false
		case m.From == liadesk.FromAgent && !m.Private:
			bot = false
		case m.From == liadesk.FromBot && !bot && !strings.HasPrefix(m.Text, "I am sorry, nobody"):
			return fmt.Errorf("message %d: LiaDesk says %q to somebody who talks with a person", i+1, m.Text)
		}
		if m.Seq != uint64(i+1) {
			return fmt.Errorf("place %d holds message %d", i+1, m.Seq)
		}
	}
	return nil
}

// Visitors, people of the team and the clock all pull at the same threads at
// once. Run with -race, and often.
func TestPeopleLiaDeskAndTimersAtOnceNeverShareAThread(t *testing.T) {
	d := open(t)
	d.knows(t, shipping, refunds)
	crew := []liadesk.User{d.agent, d.member(t, "Cleo", 2), d.member(t, "Dana", 3)}
	for _, u := range crew {
		d.here(t, u)
	}
	const threads, turns = 6, 25
	var answers [threads]conversations.VisitorAnswer
	for i := range answers {
		answers[i] = d.write(t, "", clientID(1000+i), "how long does shipping take")
	}
	says := []string{"how long does shipping take", "a human please", "No", "That helped", "do you sell bicycles", "refund?", "thanks"}
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for n := range turns {
				if _, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Token: answers[i].Token,
					ClientID: clientID(i*turns + n), Text: says[r.IntN(len(says))]}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, u := range crew {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			actor := d.as(u)
			for n := range 2 * turns {
				id := answers[r.IntN(threads)].Conversation.ID
				var err error
				switch r.IntN(6) {
				case 0, 1:
					_, err = d.Reply(t.Context(), actor, id, "I am here", fmt.Sprintf("%s-%d", u.Name, n))
				case 2:
					_, err = d.Take(t.Context(), actor, id, liadesk.ID{})
				case 3:
					_, err = d.GiveToBot(t.Context(), actor, id)
				case 4:
					_, err = d.Return(t.Context(), actor, id)
				case 5:
					_, err = d.Resolve(t.Context(), actor, id)
				}
				if err != nil && code(err) != "thread_taken" {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 3 * turns {
			d.clock.Advance(7 * time.Second)
			if err := d.Tick(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	for _, a := range answers {
		var list []liadesk.Message
		dbtest.View(t, d.store, func(tx *db.Tx) (err error) {
			list, err = tx.MessagesAfter(d.account.ID, a.Conversation.ID, 0, 1000)
			return err
		})
		if err := checkThread(list); err != nil {
			t.Errorf("%v\n%s", err, strings.Join(d.said(t, a.Conversation.ID), "\n"))
		}
		c := d.head(t, a.Conversation.ID)
		if (c.Owner == liadesk.OwnerAgent) == c.OwnerID.IsZero() {
			t.Errorf("owner %s %s", c.Owner, c.OwnerID)
		}
	}
}

// Whatever people and the clock do: nobody is asked for a thread while an older
// one that they could take has nobody, nobody has more than they can take by
// being asked, and the indexes say the same as the threads.
func TestTheQueueIsFirstInFirstOut(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := open(t)
		crew := []liadesk.User{d.agent, d.member(t, "Cleo", 1), d.member(t, "Dana", 2)}
		leave := make([]func(), len(crew))
		var ids []liadesk.ID
		for n := range rapid.IntRange(5, 30).Draw(r, "steps") {
			who := rapid.IntRange(0, len(crew)-1).Draw(r, "who")
			switch rapid.SampledFrom([]string{"write", "write", "come", "go", "wait", "answer", "resolve", "return"}).Draw(r, "what") {
			case "write":
				ids = append(ids, d.write(t, "", clientID(n), "Hello").Conversation.ID)
			case "come":
				if leave[who] == nil {
					leave[who] = d.here(t, crew[who])
				}
			case "go":
				if leave[who] != nil {
					leave[who]()
					leave[who] = nil
				}
			case "wait":
				d.clock.Advance(time.Duration(rapid.IntRange(1, 60).Draw(r, "seconds")) * time.Second)
				d.tick(t)
			default:
				if len(ids) == 0 {
					continue
				}
				id := ids[rapid.IntRange(0, len(ids)-1).Draw(r, "thread")]
				c := d.head(t, id)
				if c.OwnerID != crew[who].ID {
					continue
				}
				var err error
				switch n % 3 {
				case 0:
					_, err = d.Reply(t.Context(), d.as(crew[who]), id, "Hi", "")
				case 1:
					_, err = d.Resolve(t.Context(), d.as(crew[who]), id)
				case 2:
					_, err = d.Return(t.Context(), d.as(crew[who]), id)
				}
				if err != nil {
					r.Fatal(err)
				}
			}
			d.clock.Advance(time.Millisecond)
			d.checkQueue(r, crew, leave, ids)
		}
	})
}

func (d *desk) checkQueue(r *rapid.T, crew []liadesk.User, leave []func(), ids []liadesk.ID) {
	var queue []liadesk.Conversation
	loads := map[liadesk.ID]int{}
	var indexed map[liadesk.ID]int
	if err := d.store.View(r.Context(), func(tx *db.Tx) (err error) {
		if queue, err = tx.QueuedConversations(d.account.ID, 100); err != nil {
			return err
		}
		if indexed, err = tx.Loads(d.account.ID, d.clock.Now().Add(-time.Hour)); err != nil {
			return err
		}
		waiting := 0
		for _, id := range ids {
			c, _, err := tx.Conversation(d.account.ID, id)
			if err != nil {
				return err
			}
			if c.Owner == liadesk.OwnerAgent && c.Status == liadesk.ConversationOpen {
				loads[c.OwnerID]++
			}
			if c.InQueue() {
				waiting++
			}
		}
		if waiting != len(queue) {
			r.Fatalf("%d threads wait, the queue has %d", waiting, len(queue))
		}
		return nil
	}); err != nil {
		r.Fatal(err)
	}
	for i, u := range crew {
		if loads[u.ID] != indexed[u.ID] {
			r.Fatalf("%s has %d threads, the index says %d", u.Name, loads[u.ID], indexed[u.ID])
		}
		if loads[u.ID] > u.Hands() {
			r.Fatalf("%s has %d threads and can take %d", u.Name, loads[u.ID], u.Hands())
		}
		if leave[i] == nil || loads[u.ID] >= u.Hands() {
			continue
		}
		for _, c := range queue {
			if !slices.Contains(c.Offer.Tried, u.ID) && c.Offer.Rung != liadesk.RungAll {
				r.Fatalf("%s is free and %s waits since %s (%+v)", u.Name, c.ID, c.QueuedAt, c.Offer)
			}
		}
	}
	if !slices.IsSortedFunc(queue, func(a, b liadesk.Conversation) int { return a.QueuedAt.Compare(b.QueuedAt) }) {
		r.Fatal("the queue is not in order")
	}
}

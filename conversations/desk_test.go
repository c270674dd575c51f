package conversations_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func (d *desk) figures(t testing.TB) db.TalkFigures {
	t.Helper()
	var f db.TalkFigures
	dbtest.View(t, d.store, func(tx *db.Tx) (err error) {
		f, err = tx.TalkFiguresOf(d.account.ID, d.clock.Now(), 1)
		return err
	})
	return f
}

func (d *desk) put(t testing.TB, in liadesk.Inbox) {
	t.Helper()
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutInbox(in) })
}

func TestWhoTookAThreadKeepsItWhenTheVisitorWritesOn(t *testing.T) {
	d := open(t)
	cleo := d.member(t, "Cleo", 5)
	a := d.write(t, "", clientID(1), "Hello")
	d.here(t, d.agent)
	d.here(t, cleo)
	other := cleo
	if d.head(t, a.Conversation.ID).OwnerID == cleo.ID {
		other = d.agent
	}
	// Taken without a word said yet, over the one who was asked.
	if _, err := d.Take(t.Context(), d.as(other), a.Conversation.ID, liadesk.ID{}); err != nil {
		t.Fatal(err)
	}
	d.write(t, a.Token, clientID(2), "Are you there?")
	if c := d.head(t, a.Conversation.ID); c.OwnerID != other.ID || c.Offer.Rung != liadesk.RungNone {
		t.Errorf("the next message took it away: %s %+v", c.OwnerID, c.Offer)
	}
}

func TestWhoGivesAThreadBackIsNotAskedForItAgain(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "Hello")
	d.here(t, d.agent)
	if _, err := d.Return(t.Context(), d.as(d.agent), a.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(time.Second)
	d.tick(t)
	if c := d.head(t, a.Conversation.ID); c.Owner != liadesk.OwnerQueue || c.Offer.Rung != liadesk.RungQueued {
		t.Fatalf("it came back: %s %+v", c.Owner, c.Offer)
	}
	cleo := d.member(t, "Cleo", 5)
	d.here(t, cleo)
	if c := d.head(t, a.Conversation.ID); c.OwnerID != cleo.ID {
		t.Errorf("Cleo was not asked: %s %+v", c.Owner, c.Offer)
	}
}

func TestAVisitorWhoComesBackStandsAtTheEndOfTheQueue(t *testing.T) {
	d := open(t)
	old := d.write(t, "", clientID(1), "Hello")
	if _, err := d.Resolve(t.Context(), d.as(d.agent), old.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(48 * time.Hour)
	waits := d.write(t, "", clientID(2), "I wait")
	d.clock.Advance(time.Second)
	d.write(t, old.Token, clientID(3), "Me again")
	cleo := d.member(t, "Cleo", 1)
	d.here(t, cleo)
	if d.head(t, waits.Conversation.ID).OwnerID != cleo.ID || d.head(t, old.Conversation.ID).Owner != liadesk.OwnerQueue {
		t.Error("who came back was served before who waited")
	}
}

func TestLiaDeskForgetsWhatItSaidOnceAThreadWasOver(t *testing.T) {
	d := open(t)
	d.knows(t, shipping)
	a := d.write(t, "", clientID(1), "How long does shipping take?")
	d.write(t, a.Token, clientID(2), "That helped")
	if c := d.head(t, a.Conversation.ID); c.Status != liadesk.ConversationResolved {
		t.Fatalf("it is %s", c.Status)
	}
	d.clock.Advance(14 * 24 * time.Hour)
	d.write(t, a.Token, clientID(3), "How long does shipping take?")
	d.write(t, a.Token, clientID(4), "That helped")
	c := d.head(t, a.Conversation.ID)
	if c.Owner != liadesk.OwnerBot || c.Status != liadesk.ConversationResolved {
		t.Errorf("the same question weeks later: %s %s %s", c.Owner, c.Status, c.HandoffReason)
	}
	var helped int64
	entries, err := d.Entries(t.Context(), d.as(d.admin))
	for _, e := range entries {
		helped += e.Solved
	}
	if helped != 2 || err != nil {
		t.Errorf("it helped %d times, %v", helped, err)
	}
}

func TestWhoAsksForAPersonGetsOneAlsoWithoutAnsweringLiaDesk(t *testing.T) {
	ask := func(t *testing.T) (*desk, conversations.VisitorAnswer) {
		d := open(t)
		d.knows(t, shipping)
		d.site.Website.Bot.Asks = []liadesk.BotAsks{liadesk.BotAsksName}
		d.put(t, d.site)
		a := d.write(t, "", clientID(1), "Can I talk to a person?")
		if c := d.head(t, a.Conversation.ID); c.Owner != liadesk.OwnerBot || c.Unread != 0 {
			t.Fatalf("it did not ask first: %s", c.Owner)
		}
		return d, a
	}
	t.Run("who is silent", func(t *testing.T) {
		d, a := ask(t)
		d.clock.Advance(liadesk.AnswerFor - time.Second)
		d.restart()
		d.tick(t)
		if c := d.head(t, a.Conversation.ID); c.Owner != liadesk.OwnerBot {
			t.Fatal("too soon")
		}
		d.clock.Advance(time.Second)
		d.tick(t)
		d.tick(t)
		c := d.head(t, a.Conversation.ID)
		if c.Owner != liadesk.OwnerQueue || c.HandoffReason != liadesk.HandoffAsked || c.Unread == 0 || c.WaitingSince.IsZero() {
			t.Errorf("got %s %s unread %d", c.Owner, c.HandoffReason, c.Unread)
		}
		if n := strings.Count(strings.Join(d.said(t, c.ID), "\n"), "Nobody of the team is here"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
	t.Run("who presses the button, twice", func(t *testing.T) {
		d, a := ask(t)
		for range 2 {
			if _, err := d.AskForPerson(t.Context(), d.site, a.Token); err != nil {
				t.Fatal(err)
			}
		}
		c := d.head(t, a.Conversation.ID)
		if c.Owner != liadesk.OwnerQueue || c.HandoffReason != liadesk.HandoffAsked {
			t.Errorf("got %s %s", c.Owner, c.HandoffReason)
		}
		if f := d.figures(t); f.All.Under(db.TalkHandedOver) != 1 {
			t.Errorf("counted %v", f.All)
		}
	})
	t.Run("a stranger", func(t *testing.T) {
		d, _ := ask(t)
		if _, err := d.AskForPerson(t.Context(), d.site, "somebody else's"); liadesk.KindOf(err) != liadesk.KindNotFound {
			t.Errorf("got %v", err)
		}
		if err := d.Rate(t.Context(), d.site, "somebody else's", 5, ""); liadesk.KindOf(err) != liadesk.KindNotFound {
			t.Errorf("got %v", err)
		}
	})
}

func TestAThreadIsGivenToSomebodyWhoServesItsInbox(t *testing.T) {
	d := open(t)
	cleo := d.member(t, "Cleo", 5)
	id := d.write(t, "", clientID(1), "Hello").Conversation.ID
	stranger := liadesk.User{ID: liadesk.RandomIDs(d.clock.Now)(), AccountID: d.account.ID, Name: "Eve", Role: liadesk.RoleAgent, PasswordHash: "set"}
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutUser(stranger) })
	if _, err := d.Assign(t.Context(), d.as(d.agent), id, stranger.ID, liadesk.ID{}); code(err) != "user_id cannot_answer_here" {
		t.Errorf("given to somebody who cannot read it: %v", err)
	}
	if _, err := d.Assign(t.Context(), d.as(stranger), id, cleo.ID, liadesk.ID{}); liadesk.KindOf(err) != liadesk.KindNotFound {
		t.Errorf("somebody who cannot read it gave it away: %v", err)
	}
	if _, err := d.Assign(t.Context(), d.as(d.agent), id, cleo.ID, liadesk.ID{}); err != nil {
		t.Fatal(err)
	}
	c := d.head(t, id)
	if c.OwnerID != cleo.ID || c.Unread == 0 || !slices.Contains(d.said(t, id), "[assigned Cleo]") {
		t.Errorf("%s, unread %d, %v", c.OwnerID, c.Unread, d.said(t, id))
	}
	// Two give it away at once: the second saw somebody else there.
	if _, err := d.Assign(t.Context(), d.as(d.admin), id, d.agent.ID, liadesk.ID{}); code(err) != "thread_taken" {
		t.Errorf("got %v", err)
	}
}

func TestWhoLeavesTheTeamLeavesNobodyWaiting(t *testing.T) {
	d := open(t)
	cleo := d.member(t, "Cleo", 5)
	id := d.write(t, "", clientID(1), "Hello").Conversation.ID
	if _, err := d.Take(t.Context(), d.as(cleo), id, liadesk.ID{}); err != nil {
		t.Fatal(err)
	}
	d.here(t, d.agent)
	cleo.DeactivatedAt = d.clock.Now()
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		if err := tx.PutUser(cleo); err != nil {
			return err
		}
		return d.Left(tx, cleo)
	})
	if c := d.head(t, id); c.OwnerID != d.agent.ID {
		t.Errorf("it is with %s %s", c.Owner, c.OwnerID)
	}
}

func TestWhoServesAnInboxNoLongerLeavesNobodyWaitingThere(t *testing.T) {
	d := open(t)
	cleo := d.member(t, "Cleo", 5)
	id := d.write(t, "", clientID(1), "Hello").Conversation.ID
	if _, err := d.Take(t.Context(), d.as(cleo), id, liadesk.ID{}); err != nil {
		t.Fatal(err)
	}
	less := func() {
		dbtest.Update(t, d.store, func(tx *db.Tx) error { return errors.Join(tx.PutUser(cleo), d.Left(tx, cleo)) })
	}
	cleo.InboxIDs = append(cleo.InboxIDs, d.number.ID)
	less()
	if c := d.head(t, id); c.OwnerID != cleo.ID {
		t.Errorf("they still serve it, and it is with %s", c.Owner)
	}
	cleo.InboxIDs = []liadesk.ID{d.number.ID}
	less()
	if c := d.head(t, id); c.Owner != liadesk.OwnerQueue {
		t.Errorf("it is with %s %s", c.Owner, c.OwnerID)
	}
}

func TestTheTeamSeesWhichPagesAVisitorWroteFrom(t *testing.T) {
	d := open(t)
	token := ""
	for n, page := range []string{"/a", "/b", "/a", "", "/c"} {
		if page != "" {
			page = "https://shop.example" + page
		}
		a, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: d.site, Token: token, ClientID: clientID(n), Text: "Hello", PageURL: page})
		if err != nil {
			t.Fatal(err)
		}
		token = a.Token
		if n == 4 {
			if got := strings.Join(a.Conversation.Pages, " "); got != "https://shop.example/b https://shop.example/a https://shop.example/c" || a.Conversation.PageURL != "https://shop.example/a" {
				t.Errorf("pages %q, began on %q", got, a.Conversation.PageURL)
			}
		}
	}
}

func TestAVisitorRatesOnceItIsOver(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "Hello")
	id := a.Conversation.ID
	if err := d.Rate(t.Context(), d.site, a.Token, 5, ""); code(err) != "not_over" {
		t.Errorf("before anybody answered: %v", err)
	}
	if _, err := d.Reply(t.Context(), d.as(d.agent), id, "Hi", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), d.as(d.agent), id); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []int{0, 6, -1} {
		if err := d.Rate(t.Context(), d.site, a.Token, bad, ""); code(err) != "rating out_of_range" {
			t.Errorf("%d: %v", bad, err)
		}
	}
	for _, r := range []int{2, 2, 5} { // twice by accident, then better
		if err := d.Rate(t.Context(), d.site, a.Token, r, "quick"); err != nil {
			t.Fatal(err)
		}
	}
	if mean, n := d.figures(t).All.Rating(); mean != 5 || n != 1 {
		t.Errorf("%v of %d", mean, n)
	}
	if mean, n := d.figures(t).Who[d.agent.ID].Rating(); mean != 5 || n != 1 {
		t.Errorf("Ben's: %v of %d", mean, n)
	}
	if c := d.head(t, id); c.Status != liadesk.ConversationResolved || c.Unread != 0 {
		t.Errorf("a rating opened it again: %s", c.Status)
	}
}

func TestFiguresOfHandoffsWaitsAndMistakes(t *testing.T) {
	d := open(t)
	d.knows(t, shipping)
	answered := d.write(t, "", clientID(1), "a human please").Conversation.ID
	abandoned := d.write(t, "", clientID(2), "do you sell bicycles")
	d.write(t, abandoned.Token, clientID(3), "or tricycles then")
	d.clock.Advance(90 * time.Second)
	if _, err := d.Reply(t.Context(), d.as(d.agent), answered, "Hi", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), d.as(d.agent), abandoned.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := d.LabelHandoff(t.Context(), d.as(d.agent), abandoned.Conversation.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	f := d.figures(t).All
	for what, want := range map[string]int64{db.TalkBegun: 2, db.TalkHandedOver + "asked": 1, db.TalkHandedOver + "no_answer": 1,
		db.TalkAnswered: 1, db.TalkAbandoned: 1, db.TalkWrong + "no_answer": 1, db.TalkReplies: 1} {
		if f.Of(what) != want {
			t.Errorf("%s: %d, want %d", what, f.Of(what), want)
		}
	}
	if w := f.Waited(0.5); w < 70*time.Second || w > 110*time.Second {
		t.Errorf("waited %s, want 90 s within a fifth", w)
	}
	if _, err := d.LabelHandoff(t.Context(), d.as(d.agent), abandoned.Conversation.ID, false); err != nil {
		t.Fatal(err)
	}
	if n := d.figures(t).All.Under(db.TalkWrong); n != 0 {
		t.Errorf("%d mistakes are left after it was taken back", n)
	}
}

func TestSearchFindsWhatWasSaidAndOnlyWhatTheSearcherMayRead(t *testing.T) {
	d := open(t)
	monstera := d.write(t, "", clientID(1), "My Monstera looks sad, señora")
	d.write(t, "", clientID(2), "Hello")
	texted := d.receive(t, "CARRIER-1", "monstera by text")
	if _, err := d.AddNote(t.Context(), d.as(d.agent), monstera.Conversation.ID, "gave a discount before", ""); err != nil {
		t.Fatal(err)
	}
	find := func(u liadesk.User, text string) []liadesk.ID {
		t.Helper()
		items, err := d.Search(t.Context(), d.as(u), text, conversations.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		var ids []liadesk.ID
		for _, i := range items {
			ids = append(ids, i.Conversation.ID)
		}
		return ids
	}
	one := []liadesk.ID{monstera.Conversation.ID}
	for text, want := range map[string][]liadesk.ID{"monst": one, "SENORA sad": one, "discount": one, "sad bicycle": nil, "  ": nil, "'; drop": nil} {
		if got := find(d.agent, text); !slices.Equal(got, want) {
			t.Errorf("Ben looks for %q: %v", text, got)
		}
	}
	if got := find(d.admin, "monstera"); len(got) != 2 || !slices.Contains(got, texted.ID) {
		t.Errorf("Ada finds %v", got)
	}
	// What happened to a thread was said by nobody.
	if _, err := d.Resolve(t.Context(), d.as(d.agent), monstera.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	if got := find(d.agent, "resolved"); got != nil {
		t.Errorf("an event is found: %v", got)
	}
	// Of what a visitor deleted, no word is left.
	if err := d.EraseAsVisitor(t.Context(), d.site, monstera.Token); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"monstera", "discount", "sad"} {
		if got := find(d.agent, text); got != nil {
			t.Errorf("%q is found after it was deleted: %v", text, got)
		}
	}
}

func TestATextSnoozedComesBackWhenItsPersonWrites(t *testing.T) {
	d := open(t)
	c := d.receive(t, "CARRIER-1", "Hello")
	for _, until := range []time.Time{d.clock.Now(), d.clock.Now().Add(conversations.MaxSnooze + time.Second)} {
		if _, err := d.Snooze(t.Context(), d.as(d.admin), c.ID, until); code(err) != "until not_ahead" {
			t.Errorf("until %s: %v", until, err)
		}
	}
	if _, err := d.Snooze(t.Context(), d.as(d.admin), c.ID, d.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	list := func(snoozed bool) int {
		items, _, err := d.List(t.Context(), d.as(d.admin), conversations.Filter{Snoozed: snoozed}, db.Page{})
		if err != nil {
			t.Fatal(err)
		}
		return len(items)
	}
	if list(false) != 0 || list(true) != 1 {
		t.Error("a snoozed thread is in sight")
	}
	d.receive(t, "CARRIER-2", "Are you there?")
	if list(false) != 1 || list(true) != 0 {
		t.Error("an answer did not wake it")
	}
}

func TestTheFirstWaitingDoNotKeepOthersFromPeopleOfAnotherInbox(t *testing.T) {
	d := open(t)
	other := d.site
	other.ID = liadesk.RandomIDs(d.clock.Now)()
	website := *d.site.Website
	website.Key = "other"
	other.Website = &website
	d.put(t, other)
	for i := range 205 { // nobody serves the other site
		if _, err := d.WriteAsVisitor(t.Context(), conversations.VisitorMessage{Inbox: other, ClientID: clientID(i), Text: "Hello"}); err != nil {
			t.Fatal(err)
		}
	}
	id := d.write(t, "", clientID(900), "Hello").Conversation.ID
	d.here(t, d.agent)
	if c := d.head(t, id); c.OwnerID != d.agent.ID {
		t.Errorf("the 206th in the queue has nobody: %s", c.Owner)
	}
}

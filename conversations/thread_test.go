package conversations_test

import (
	"errors"
	"testing"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestTheTeamHearsWhatBecameOfATextOnceItIsStored(t *testing.T) {
	d := open(t)
	c := d.receive(t, "CARRIER-1", "When do you open?")
	m, err := d.Reply(t.Context(), d.as(d.admin), c.ID, "At nine.", "form-1")
	if err != nil {
		t.Fatal(err)
	}
	events, stop := d.Live.ListenAs(d.as(d.admin))
	defer stop()
	broken := errors.New("the disk is full")
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error {
		return errors.Join(d.TextState(tx, d.account.ID, c.ID, m.ID, liadesk.DeliverySent, ""), broken)
	}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error {
		return d.TextState(tx, d.account.ID, c.ID, m.ID, liadesk.DeliveryFailed, "30")
	}); err != nil {
		t.Fatal(err)
	}
	if e := <-events; len(e.Messages) != 1 || e.Messages[0].ID != m.ID || e.Messages[0].Delivery != liadesk.DeliveryFailed || e.Conversation.ID != c.ID {
		t.Errorf("the first thing heard is %+v", e)
	}
}

func TestWaitingBeginsWithTheFirstUnansweredMessage(t *testing.T) {
	d := open(t)
	began := d.clock.Now()
	a := d.write(t, "", clientID(1), "Hello")
	d.clock.Advance(time.Minute)
	a = d.write(t, a.Token, clientID(2), "Anybody?")
	if got := a.Conversation.WaitingSince; !got.Equal(began) {
		t.Errorf("waiting since %v, want %v", got, began)
	}
	head := func() liadesk.Conversation {
		item, err := d.Item(t.Context(), d.as(d.admin), a.Conversation.ID)
		if err != nil {
			t.Fatal(err)
		}
		return item.Conversation
	}
	if err := d.Seen(t.Context(), d.as(d.agent), a.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	if head().WaitingSince.IsZero() {
		t.Error("looking is not answering")
	}
	if _, err := d.Reply(t.Context(), d.as(d.agent), a.Conversation.ID, "Hi", ""); err != nil {
		t.Fatal(err)
	}
	if got := head().WaitingSince; !got.IsZero() {
		t.Errorf("answered, yet waiting since %v", got)
	}
	d.write(t, a.Token, clientID(3), "Thanks")
	if _, err := d.Resolve(t.Context(), d.as(d.agent), a.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	if got := head().WaitingSince; !got.IsZero() {
		t.Errorf("resolved, yet waiting since %v", got)
	}
}

func TestAPageThatKnowsTheThreadUpToAPlaceGetsTheRest(t *testing.T) {
	d := open(t)
	a := d.write(t, "", clientID(1), "one")
	d.write(t, a.Token, clientID(2), "two")
	d.write(t, a.Token, clientID(3), "three")
	for _, c := range []struct {
		seq           uint64
		context, rest string
	}{
		{0, "", "visitor: one\nvisitor: two\nvisitor: three"},
		{1, "one", "visitor: two\nvisitor: three"},
		{3, "three", ""},
		{99, "", ""},
	} {
		th, err := d.Since(t.Context(), d.as(d.agent), a.Conversation.ID, c.seq)
		if err != nil {
			t.Fatal(err)
		}
		before := ""
		if th.Context != nil {
			before = th.Context.Text
		}
		if before != c.context || texts(th.Messages) != c.rest {
			t.Errorf("behind %d: context %q, then %q", c.seq, before, texts(th.Messages))
		}
	}
}

func TestCampaignsOfThreadsAreNamedOnlyWhereThePlanHasThem(t *testing.T) {
	d := open(t)
	c := d.receive(t, "CARRIER-1", "Hello")
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error {
		return tx.PutSMSCampaign(liadesk.SMSCampaign{ID: c.CampaignID, AccountID: d.account.ID, InboxID: d.number.ID, Title: "Autumn sale"})
	}); err != nil {
		t.Fatal(err)
	}
	paid, free := d.as(d.admin), d.as(d.admin)
	free.Plan = liadesk.PlanFree
	for _, test := range []struct {
		actor liadesk.Actor
		want  string
	}{{paid, "Autumn sale"}, {free, ""}} {
		items, _, err := d.Items(t.Context(), test.actor, conversations.Filter{}, db.Page{})
		if err != nil || len(items) != 1 || items[0].Campaign.Name != test.want || items[0].Name() != "+12125550123" {
			t.Errorf("plan %s: %+v, %v", test.actor.Plan, items, err)
		}
	}
	if _, err := d.Campaign(t.Context(), free, c.CampaignID); !errors.Is(err, liadesk.ErrPlanRequired) {
		t.Errorf("got %v", err)
	}
	stranger := paid
	stranger.Account = liadesk.RandomIDs(d.clock.Now)()
	if _, err := d.Campaign(t.Context(), stranger, c.CampaignID); !errors.Is(err, liadesk.ErrNotFound) {
		t.Errorf("another account: %v", err)
	}
}

func TestAThreadSaysWhyItCannotBeAnswered(t *testing.T) {
	d := open(t)
	c := d.receive(t, "CARRIER-1", "Hello")
	closed := func() *liadesk.Error {
		th, err := d.Get(t.Context(), d.as(d.admin), c.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		return th.Closed
	}
	if closed() != nil {
		t.Errorf("closed for %v", closed())
	}
	if err := d.store.Update(t.Context(), func(tx *db.Tx) error { return tx.DeleteInbox(d.number) }); err != nil {
		t.Fatal(err)
	}
	if closed() != conversations.ErrInboxGone {
		t.Errorf("closed for %v", closed())
	}
	if _, err := d.Reply(t.Context(), d.as(d.admin), c.ID, "Hi", ""); !errors.Is(err, conversations.ErrInboxGone) {
		t.Errorf("got %v", err)
	}
}

package sms

import (
	"errors"
	"testing"
	"time"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// asked is the thread of somebody who texts a question.
func (b *bench) asked() liadesk.Conversation {
	b.t.Helper()
	if err := b.text(number(1), "Are you open?"); err != nil {
		b.t.Fatal(err)
	}
	talks, _, err := b.talk.List(b.t.Context(), b.admin, conversations.Filter{}, db.Page{})
	if err != nil || len(talks) != 1 {
		b.t.Fatalf("%+v, %v", talks, err)
	}
	return talks[0]
}

func TestRepliesGoAheadOfCampaigns(t *testing.T) {
	b := newBench(t)
	b.slow()
	for i := range 5 {
		b.person(i, nil)
	}
	b.schedule(nil)
	b.due()
	b.step(1)
	item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: b.inbox.ID, Cause: liadesk.CauseTest,
		Phone: "+46701740699", Text: "test", CreatedAt: b.clock.Now()}
	b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
	sent := len(b.carrier.taken)
	for len(b.carrier.taken) == sent {
		b.step(1)
	}
	if o := b.carrier.taken[sent]; o.Text != "test" {
		t.Errorf("the next text was %q", o.Text)
	}
	b.work()
	if n := b.carrier.times()["+46701740699"]; n != 1 {
		t.Errorf("the test went out %d times", n)
	}
}

func TestTheStateOfAReplyComesBackToItsMessage(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	talk := b.asked()
	b.carrier.answer = func(_ Outgoing, take func() string) (Receipt, error) {
		if len(b.carrier.asked) == 1 {
			return Receipt{}, &SendError{Class: NotSent, Reason: ReasonNoConnection}
		}
		return Receipt{UUID: take()}, nil
	}
	if _, err := b.talk.Reply(t.Context(), b.admin, talk.ID, "Until six", "1"); err != nil {
		t.Fatal(err)
	}
	state := func() liadesk.DeliveryStatus {
		t.Helper()
		thread, err := b.talk.Get(t.Context(), b.admin, talk.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		return thread.Messages[len(thread.Messages)-1].Delivery
	}
	b.work()
	if len(b.carrier.asked) != 2 || len(b.carrier.taken) != 1 || state() != liadesk.DeliveryAccepted {
		t.Fatalf("asked %d times, the message is %q", len(b.carrier.asked), state())
	}
	if err := b.report(0, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	if state() != liadesk.DeliveryDelivered {
		t.Errorf("the message is %q", state())
	}
}

// A confirmation that came three days late would be one more text to somebody
// who asked for none.
func TestWhatWaitedTooLongInTheOutboxIsNotSentAnyMore(t *testing.T) {
	b := newBench(t)
	for cause, keeps := range map[liadesk.Cause]time.Duration{
		liadesk.CauseConfirmation: 5 * time.Minute, liadesk.CauseTest: time.Hour, liadesk.CauseReply: 24 * time.Hour,
	} {
		for _, late := range []time.Duration{0, time.Second} {
			sent := len(b.carrier.taken)
			item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: b.inbox.ID, Cause: cause, Phone: number(1), Text: "hello", CreatedAt: b.clock.Now()}
			b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
			b.clock.Advance(keeps + late)
			b.work()
			if got := len(b.carrier.taken) - sent; got != map[bool]int{true: 1}[late == 0] {
				t.Errorf("%s after %s: %d texts", cause, keeps+late, got)
			}
			if waits := b.outbox(); len(waits) > 0 {
				t.Errorf("%s after %s: %v waits", cause, keeps+late, waits)
			}
		}
	}
}

// The inbox was deleted while an answer was posted that the carrier did not
// take: its message would say "sending" for ever.
func TestAnAnswerThatIsNotTakenWhileItsInboxGoesSaysThatItFailed(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	talk := b.asked()
	m, err := b.talk.Reply(t.Context(), b.admin, talk.ID, "Until six", "1")
	if err != nil {
		t.Fatal(err)
	}
	b.carrier.answer = func(Outgoing, func() string) (Receipt, error) {
		b.update(func(tx *db.Tx) error { return errors.Join(b.svc.OnInboxDelete(tx, b.inbox), tx.DeleteInbox(b.inbox)) })
		return Receipt{}, &SendError{Class: NotSent, Reason: ReasonNoConnection}
	}
	b.work()
	b.update(func(tx *db.Tx) (err error) {
		m, _, err = tx.Message(b.account.ID, talk.ID, m.ID)
		return err
	})
	if m.Delivery != liadesk.DeliveryFailed || m.ErrorCode != codeInboxGone {
		t.Errorf("it says %s %s", m.Delivery, m.ErrorCode)
	}
}

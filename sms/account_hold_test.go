package sms

import (
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestAnInboxThatIsSlowedDownSlowsThoseOfTheSameCarrierAccount(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(1, nil)
	also, apart := b.inbox, b.inbox
	also.ID, also.SMS = b.options.IDs(), &liadesk.SMSInbox{Number: "+46701740601", AuthID: "MAXX", MessagesPerSecond: 1000}
	apart.ID, apart.SMS = b.options.IDs(), &liadesk.SMSInbox{Number: "+46701740602", AuthID: "MAYY", MessagesPerSecond: 1000}
	b.update(func(tx *db.Tx) error {
		if err := tx.PutInbox(also); err != nil {
			return err
		}
		return tx.PutInbox(apart)
	})
	asked := map[string]int{}
	refuse := true
	b.carrier.answer = func(m Outgoing, take func() string) (Receipt, error) {
		asked[m.From]++
		if refuse && m.From == b.inbox.SMS.Number {
			return Receipt{}, &SendError{Class: Refused, Reason: ReasonThrottled, Status: 429, RetryAfter: 20 * time.Second}
		}
		return Receipt{UUID: take()}, nil
	}
	b.schedule(nil)
	b.due()
	if _, _, err := b.svc.Step(t.Context()); err != nil { // the carrier says: too many requests
		t.Fatal(err)
	}
	for _, in := range []liadesk.Inbox{also, apart} {
		b.schedule(func(i *Input) { i.InboxID, i.ScheduledAt = in.ID, b.clock.Now().Add(time.Second) })
	}
	b.clock.Advance(time.Second)
	b.tick()
	if _, _, err := b.svc.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked[also.SMS.Number] != 0 || asked[apart.SMS.Number] != 1 {
		t.Fatalf("while the account rests the carrier was asked %v", asked)
	}
	refuse = false
	b.clock.Advance(20 * time.Second)
	b.work()
	if asked[b.inbox.SMS.Number] != 2 || asked[also.SMS.Number] != 1 {
		t.Errorf("after the rest the carrier was asked %v", asked)
	}
}

package sms

import (
	"sync/atomic"
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// While it runs, the sender records and claims in one transaction. Wherever it
// is told to stop, what was claimed is posted and recorded, or waits again.
func TestStoppingAnywhereLeavesNothingUncertainAndTextsNobodyTwice(t *testing.T) {
	b := newBench(t)
	b.inbox.SMS.MessagesPerSecond = 1_000_000
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	const people = 600
	for i := range people {
		b.person(i, nil)
	}
	b.options.Workers = 16
	b.restart()
	c := b.schedule(nil)
	b.due()
	var posts atomic.Int64
	reached := make(chan struct{}, people)
	b.carrier.before = func(Outgoing) {
		posts.Add(1)
		reached <- struct{}{}
	}
	stops := 0
	for b.progress(c.ID).Pending > 0 {
		b.svc.Start()
		b.svc.Wake(b.inbox.ID)
		for range 40 + stops { // another moment each time
			if b.progress(c.ID).Pending == 0 && len(reached) == 0 {
				break
			}
			<-reached
		}
		if err := b.svc.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		stops++
		if p := b.progress(c.ID); p.Sending != 0 || p.Unconfirmed != 0 || p.Accepted != posts.Load() {
			t.Fatalf("after stop %d and %d posts: %+v", stops, posts.Load(), p)
		}
	}
	b.carrier.before = nil
	b.tick()
	times := b.carrier.times()
	for number, n := range times {
		if n != 1 {
			t.Errorf("%s was texted %d times", number, n)
		}
	}
	if got := b.campaign(c.ID); len(times) != people || got.Status != liadesk.SMSCompleted || stops < 3 {
		t.Errorf("%d people, %s, %d stops", len(times), got.Status, stops)
	}
}

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

// An inbox that could use all the posts there may be at once, for its carrier is
// slow, leaves the others their share: a reply from another number is not to
// wait until a large campaign is over.
func TestABusyInboxLeavesOthersTheirShare(t *testing.T) {
	b := newBench(t)
	b.options.Workers = 4
	b.inbox.SMS.MessagesPerSecond = 1000
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	b.often()
	b.restart()
	also := b.secondInbox()
	for i := range 40 {
		b.person(i, nil)
	}
	round := func() map[liadesk.ID][]*job {
		t.Helper()
		jobs, _, err := b.svc.dispatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		by := make(map[liadesk.ID][]*job)
		for _, j := range jobs {
			by[j.inbox.ID] = append(by[j.inbox.ID], j)
		}
		return by
	}
	run := &running{jobs: make(chan *job, 4), signal: make(chan struct{}, 1)}
	end := func(jobs ...*job) {
		t.Helper()
		var batch []result
		for _, j := range jobs {
			batch = append(batch, b.svc.post(t.Context(), j))
		}
		if _, err := b.svc.turn(t.Context(), run, batch); err != nil {
			t.Fatal(err)
		}
	}
	b.schedule(nil)
	b.due()
	var first []*job
	for range 4 { // a claim of each inbox shares out what is free
		first = append(first, round()[b.inbox.ID]...)
	}
	if len(first) != 4 {
		t.Fatalf("the busy inbox has %d of 4 posts", len(first))
	}
	draft := b.schedule(func(in *Input) { in.InboxID, in.Draft = also.ID, true })
	if _, err := b.svc.SendTest(t.Context(), b.admin, draft.ID, number(90), liadesk.ID{}); err != nil {
		t.Fatal(err)
	}
	if got := round(); len(got) != 0 {
		t.Fatalf("there is no room, and claimed was %v", got)
	}
	end(first[0], first[1])
	if n := len(run.jobs); n != 0 {
		t.Errorf("the busy inbox took %d at once, before the other", n)
	}
	if got := round(); len(got[b.inbox.ID]) != 1 || len(got[also.ID]) != 1 {
		t.Errorf("the two made free went to %d and %d", len(got[b.inbox.ID]), len(got[also.ID]))
	}
}

// A turn that fills all the room that its results made has no need of the
// sender's round; one that finds nobody left to text tells it to look.
func TestATurnSaysWhetherThereIsMoreToDo(t *testing.T) {
	b := newBench(t)
	b.options.Workers = 4
	b.inbox.SMS.MessagesPerSecond = 1000
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	b.restart()
	for i := range 7 {
		b.person(i, nil)
	}
	b.schedule(nil)
	b.due()
	jobs, _, err := b.svc.dispatch(t.Context())
	if err != nil || len(jobs) != 4 {
		t.Fatalf("%d claimed, %v", len(jobs), err)
	}
	run := &running{jobs: make(chan *job, 4), signal: make(chan struct{}, 1)}
	for _, want := range []struct {
		ended, claimed int
		more           bool
	}{{2, 2, false}, {2, 1, true}, {3, 0, true}} {
		var batch []result
		for _, j := range jobs[:want.ended] {
			batch = append(batch, b.svc.post(t.Context(), j))
		}
		jobs = jobs[want.ended:]
		more, err := b.svc.turn(t.Context(), run, batch)
		if err != nil || more != want.more || len(run.jobs) != want.claimed {
			t.Errorf("after %d results: %d claimed, more %v, %v; want %+v", want.ended, len(run.jobs), more, err, want)
		}
		for range len(run.jobs) {
			jobs = append(jobs, <-run.jobs)
		}
	}
}

package sms

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/liadesk"
)

func TestTheEmergencyStopPausesEveryCampaignAndNothingMoreIsSent(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.person(i, nil)
	}
	sends := b.schedule(nil)
	b.due()
	waits := b.schedule(nil)
	draft := b.schedule(func(in *Input) { in.Draft = true })

	agent := b.admin
	agent.Role = liadesk.RoleAgent
	if _, err := b.svc.StopAll(t.Context(), agent); liadesk.KindOf(err) != liadesk.KindForbidden {
		t.Fatalf("an agent stopped everything: %v", err)
	}
	if n, err := b.svc.StopAll(t.Context(), b.admin); err != nil || n != 2 {
		t.Fatalf("stopped %d, %v", n, err)
	}
	if n, err := b.svc.StopAll(t.Context(), b.admin); err != nil || n != 0 {
		t.Fatalf("the second time: %d, %v", n, err)
	}
	b.due() // the time of the scheduled one passes
	b.work()
	if len(b.carrier.taken) != 0 {
		t.Fatalf("%d texts went out after the stop", len(b.carrier.taken))
	}
	for _, c := range []liadesk.SMSCampaign{sends, waits} {
		if got := b.campaign(c.ID); got.Status != liadesk.SMSPaused || got.Reason != liadesk.PauseStopped {
			t.Errorf("%s, %s", got.Status, got.Reason)
		}
	}
	if got := b.campaign(draft.ID); got.Status != liadesk.SMSDraft {
		t.Errorf("the draft is %s", got.Status)
	}

	// Letting one go on starts no other.
	if _, err := b.svc.Resume(t.Context(), b.admin, sends.ID); err != nil {
		t.Fatal(err)
	}
	b.work()
	if len(b.carrier.taken) != 5 || b.campaign(waits.ID).Status != liadesk.SMSPaused {
		t.Errorf("%d texts after one was resumed, the other is %s", len(b.carrier.taken), b.campaign(waits.ID).Status)
	}
}

func TestAStopBetweenClaimAndPostHoldsTheTextBack(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	jobs, _, err := b.svc.dispatch(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d claimed, %v", len(jobs), err)
	}
	if _, err := b.svc.StopAll(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	if err := b.svc.record(t.Context(), []result{b.svc.post(t.Context(), jobs[0])}); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); len(b.carrier.taken) != 0 || p.Pending != 1 {
		t.Errorf("%d texts went out; %+v", len(b.carrier.taken), p)
	}
}

// full is an engine on a disk that may take nothing more.
type full struct {
	kv.Engine
	is atomic.Bool
}

func (f *full) Update(ctx context.Context, fn func(kv.Tx) error) error {
	if f.is.Load() {
		return kv.ErrNoSpace
	}
	return f.Engine.Update(ctx, fn)
}

// A stop once waited two minutes for a disk that took nothing. It ends after
// some tries and says what is not recorded; the next start holds those for
// uncertain and texts nobody twice, and the carrier's reports settle them.
func TestAStopOnADiskThatTakesNothingEndsAndSaysSo(t *testing.T) {
	engine := &full{}
	b := benchOnDisk(t, func(disk kv.Engine) kv.Engine { engine.Engine = disk; return engine })
	b.options.Workers = 3
	b.restart()
	for i := range 3 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	arrived, release := make(chan struct{}, 3), make(chan struct{})
	b.carrier.before = func(Outgoing) {
		arrived <- struct{}{}
		<-release
	}
	b.svc.Start()
	for range 3 {
		<-arrived
	}
	engine.is.Store(true)
	close(release)
	stopped := make(chan error, 1)
	running, ended := context.WithCancel(t.Context())
	go func() {
		stopped <- b.svc.Stop(t.Context())
		ended()
	}()
	for b.clock.BlockUntilContext(running, 1) == nil { // it waits for the next try
		b.clock.Advance(firstWait)
	}
	err := <-stopped
	if err == nil {
		t.Fatal("it ended as if everything were recorded")
	}
	if !errors.Is(err, kv.ErrNoSpace) || !strings.Contains(err.Error(), "outcomes of 3 texts are not recorded") {
		t.Errorf("it ended with %v", err)
	}

	engine.is.Store(false)
	b.carrier.before = nil
	b.restart()
	b.tick()
	b.work()
	if p := b.progress(c.ID); p.Unconfirmed != 3 || len(b.carrier.taken) != 3 {
		t.Errorf("after the next start %d texts are out: %+v", len(b.carrier.taken), p)
	}
	for i := range 3 {
		if err := b.report(i, "delivered", "", 3); err != nil {
			t.Fatal(err)
		}
	}
	if p := b.progress(c.ID); p.Delivered != 3 || p.Unconfirmed != 0 {
		t.Errorf("after the reports: %+v", p)
	}
}

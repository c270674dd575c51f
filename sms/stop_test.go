package sms

import (
	"testing"

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

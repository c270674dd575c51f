package sms

import (
	"errors"
	"testing"
	"time"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func campaignRule(id liadesk.ID, op, outcome string) liadesk.Rule {
	return liadesk.Rule{Field: "campaign." + id.String(), Op: op, Value: &liadesk.RuleValue{Text: &outcome}}
}

func TestThoseWhomAPassingReasonKeptFromATextGetItInANewCampaign(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	if _, err := b.svc.RetryFailed(t.Context(), b.admin, c.ID); !errors.Is(err, ErrStatus) {
		t.Errorf("before it went out: %v", err)
	}
	b.due()
	b.work()
	if _, err := b.svc.RetryFailed(t.Context(), b.admin, c.ID); !errors.Is(err, ErrNobodyToRetry) {
		t.Errorf("with nobody to text: %v", err)
	}
	at := map[string]int{}
	for i, o := range b.carrier.taken {
		at[o.To] = i
	}
	for i, end := range []struct{ status, code string }{{"delivered", ""}, {"failed", "50"}, {"failed", "420"}, {"undelivered", "80"}, {"undelivered", "20"}} {
		if err := b.report(at[number(i)], end.status, end.code, 3); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.text(number(0), "gladly"); err != nil {
		t.Fatal(err)
	}
	if err := b.text(number(4), "STOP"); err != nil {
		t.Fatal(err)
	}
	if n := b.progress(c.ID).Retryable(); n != 3 {
		t.Errorf("%d can be texted again", n)
	}
	agent := b.admin
	agent.Role = liadesk.RoleAgent
	if _, err := b.svc.RetryFailed(t.Context(), agent, c.ID); liadesk.KindOf(err) != liadesk.KindForbidden {
		t.Errorf("an agent: %v", err)
	}
	draft, err := b.svc.RetryFailed(t.Context(), b.admin, c.ID)
	if err != nil || draft.Status != liadesk.SMSDraft || draft.Message != c.Message {
		t.Fatalf("%+v, %v", draft, err)
	}
	before := len(b.carrier.taken)
	again, err := b.svc.Schedule(t.Context(), b.admin, draft.ID, When{ScheduledAt: b.clock.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	b.due()
	b.work()
	p := b.progress(again.ID)
	got := map[string]bool{}
	for _, o := range b.carrier.taken[before:] {
		got[o.To] = got[o.To] || o.Text[:3] == "Hi " // the answer to STOP is another
	}
	if *p.Targeted != 3 || p.Skipped[liadesk.SkipOptedOut] != 1 || !got[number(2)] || !got[number(3)] || got[number(4)] {
		t.Errorf("the new campaign texted %v: %+v", got, p)
	}
	for _, ask := range []struct {
		op, outcome string
		want        int64
	}{{"eq", "sent", 3}, {"eq", "delivered", 1}, {"ne", "delivered", 4}, {"eq", "replied", 1}, {"eq", "unreachable", 3}, {"ne", "sent", 2}} {
		draft := b.schedule(func(in *Input) { in.Audience, in.Draft = campaignRule(c.ID, ask.op, ask.outcome), true })
		r, err := b.svc.Review(t.Context(), b.admin, draft.ID, 0)
		if err != nil || r.Audience.Matched != ask.want {
			t.Errorf("%s %s: %d, want %d, %v", ask.op, ask.outcome, r.Audience.Matched, ask.want, err)
		}
	}
	in := b.input()
	in.Audience = campaignRule(b.options.IDs(), "ne", "sent")
	if _, err := b.svc.Create(t.Context(), b.admin, in); len(codesOf(err)) != 1 || codesOf(err)[0] != "audience.rule:campaign_unknown" {
		t.Errorf("a campaign that there is not: %v", err)
	}
}

// To read what came of a campaign of a million takes a second or more. A freeze
// does that before it takes the one place of a writer, chunk after chunk.
func TestAFreezeReadsWhatCameOfOtherCampaignsBeforehand(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	b.person(2, nil)
	c := b.sends(nil)
	rule := campaignRule(c.ID, "eq", "delivered")
	var before audience.Outcomes
	view := func(fn func(tx *db.Tx) error) {
		t.Helper()
		if err := b.store.View(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	view(func(tx *db.Tx) (err error) {
		before, err = audience.ReadOutcomes(tx, b.account.ID, rule)
		return err
	})
	if err := b.report(0, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	for want, outcomes := range []audience.Outcomes{before, {}} {
		view(func(tx *db.Tx) error {
			split, err := audience.EvaluateChunk(tx, b.account.ID, rule, c.Purpose, 0, outcomes)
			if n := split.Matched.GetCardinality(); err == nil && n != uint64(want) {
				t.Errorf("%d people, want %d", n, want)
			}
			return err
		})
	}
}

// Who has never got a text is told who writes, also if one to them was tried and
// failed; and what a person says did not go out can be sent again.
func TestATextAfterOneThatFailedIsTheFirst(t *testing.T) {
	b := newBench(t)
	b.account.Settings.Introduce = true
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	b.often()
	b.person(1, nil)
	c := b.sends(nil)
	if err := b.report(0, "undelivered", "80", 3); err != nil {
		t.Fatal(err)
	}
	again := func(c liadesk.SMSCampaign) string {
		t.Helper()
		draft, err := b.svc.RetryFailed(t.Context(), b.admin, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.svc.Schedule(t.Context(), b.admin, draft.ID, When{ScheduledAt: b.clock.Now().Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
		b.due()
		b.work()
		return b.carrier.taken[len(b.carrier.taken)-1].Text
	}
	if text := again(c); text != "Acme: Hi Person1, sale!" {
		t.Errorf("the first that may arrive is %q", text)
	}
	if text := b.sends(nil); b.carrier.taken[len(b.carrier.taken)-1].Text != "Hi Person1, sale!" {
		t.Errorf("the next of %s names the sender again", text.ID)
	}
	c = b.unheard(everyone)
	if _, err := b.svc.ResolveAll(t.Context(), b.admin, c.ID, liadesk.ResolveFailed); err != nil {
		t.Fatal(err)
	}
	p := b.progress(c.ID)
	if p.Retryable() != 1 || len(p.Failures) != 1 || p.Failures[0].Code != liadesk.CodeGivenUp {
		t.Errorf("%+v", p)
	}
	before := len(b.carrier.taken)
	if again(c); len(b.carrier.taken) != before+1 {
		t.Error("what was given up is not sent again")
	}
}

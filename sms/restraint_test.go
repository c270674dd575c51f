package sms

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"pgregory.net/rapid"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// secondInbox adds another SMS inbox.
func (b *bench) secondInbox() liadesk.Inbox {
	b.t.Helper()
	also := b.inbox
	also.ID, also.SMS = b.options.IDs(), &liadesk.SMSInbox{Number: "+46701740601", AuthID: "MAYY", MessagesPerSecond: 1000}
	b.update(func(tx *db.Tx) error { return tx.PutInbox(also) })
	return also
}

// sends makes a campaign, lets its time come and everything happen.
func (b *bench) sends(change func(*Input)) liadesk.SMSCampaign {
	b.t.Helper()
	c := b.schedule(change)
	b.due()
	b.work()
	return b.campaign(c.ID)
}

func TestNobodyGetsASecondMarketingTextWithinADay(t *testing.T) {
	b := newBench(t)
	also := b.secondInbox()
	for i := range 3 {
		b.person(i, nil)
	}
	b.sends(nil)
	if len(b.carrier.taken) != 3 {
		t.Fatalf("%d texts of the first campaign", len(b.carrier.taken))
	}
	elsewhere := b.sends(func(in *Input) { in.InboxID = also.ID })
	p := b.progress(elsewhere.ID)
	if len(b.carrier.taken) != 3 || p.Skipped[liadesk.SkipRecentlyTexted] != 3 || elsewhere.Status != liadesk.SMSCompleted {
		t.Errorf("the second, of another inbox: %d texts, %s, %+v", len(b.carrier.taken), elsewhere.Status, p)
	}
	b.sends(func(in *Input) { in.Purpose = liadesk.PurposeTransactional })
	if len(b.carrier.taken) != 6 {
		t.Errorf("a transactional text was held back: %d texts", len(b.carrier.taken))
	}
	b.clock.Advance(24 * time.Hour)
	b.sends(nil)
	if len(b.carrier.taken) != 9 {
		t.Errorf("%d texts after a day", len(b.carrier.taken))
	}
}

// A campaign at the same time of every day would otherwise lose those whose
// turn came some seconds earlier than the day before.
func TestADailyCampaignWaitsForWhoIsFreeInAMoment(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	b.person(1, func(c *liadesk.Contact) { c.Tags = []string{"vip", "new"} })
	b.sends(func(in *Input) { in.Audience = liadesk.Rule{Not: &liadesk.Rule{Tag: "new"}} })
	day := b.clock.Now()
	c := b.schedule(func(in *Input) { in.ScheduledAt = day.Add(24*time.Hour - 10*time.Minute) })
	b.clock.Advance(24*time.Hour - 10*time.Minute)
	b.tick()
	b.work()
	if p := b.progress(c.ID); len(b.carrier.taken) != 2 || p.Pending != 1 || p.SkippedTotal() != 0 {
		t.Fatalf("ten minutes too early: %d texts, %+v", len(b.carrier.taken), p)
	}
	b.clock.Advance(12 * time.Minute)
	b.work()
	if p := b.progress(c.ID); p.Accepted != 2 || len(b.carrier.taken) != 3 {
		t.Errorf("when they are free: %d texts, %+v", len(b.carrier.taken), p)
	}
}

func TestTwoInboxesThatClaimTogetherTextEachPersonOnce(t *testing.T) {
	b := newBench(t)
	also := b.secondInbox()
	for i := range 40 {
		b.person(i, nil)
	}
	one := b.schedule(nil)
	two := b.schedule(func(in *Input) { in.InboxID = also.ID })
	b.due()
	b.work()
	for number, n := range b.carrier.times() {
		if n != 1 {
			t.Errorf("%s was texted %d times", number, n)
		}
	}
	p, q := b.progress(one.ID), b.progress(two.ID)
	if p.Accepted+q.Accepted != 40 || p.Skipped[liadesk.SkipRecentlyTexted]+q.Skipped[liadesk.SkipRecentlyTexted] != 40 {
		t.Errorf("%+v, %+v", p, q)
	}
}

func TestATextThatDidNotReachAnybodyDoesNotCount(t *testing.T) {
	b := newBench(t)
	for i := range 2 {
		b.person(i, nil)
	}
	b.carrier.answer = func(m Outgoing, take func() string) (Receipt, error) {
		if m.To == number(0) {
			return Receipt{}, &SendError{Class: Refused, Status: 400, Code: "400", Text: "no"}
		}
		return Receipt{UUID: take()}, nil
	}
	b.sends(nil) // refused for the first, taken for the second, and then lost by the network
	if err := b.report(0, "failed", "300", 1); err != nil {
		t.Fatal(err)
	}
	b.carrier.answer = nil
	b.sends(nil)
	if n := len(b.carrier.taken); n != 3 {
		t.Errorf("the carrier has %d texts, want the lost one and one to each", n)
	}
}

func TestATextOfWhichNobodyKnowsWhetherItWentCounts(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	b.carrier.answer = func(m Outgoing, take func() string) (Receipt, error) {
		take()
		return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
	}
	b.sends(nil)
	b.carrier.answer = nil
	b.restart()
	c := b.sends(nil)
	if p := b.progress(c.ID); len(b.carrier.taken) != 1 || p.Skipped[liadesk.SkipRecentlyTexted] != 1 {
		t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
	}
}

// Proof can come between the claim of a text and its post: that an earlier
// text, which was thought not to have gone, did.
func TestProofOfAnEarlierTextHoldsBackAClaimedOne(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	var first Outgoing
	b.carrier.answer = func(m Outgoing, _ func() string) (Receipt, error) {
		first = m
		return Receipt{}, &SendError{Class: NotSent, Reason: ReasonNoConnection}
	}
	one := b.schedule(nil)
	b.due()
	if _, _, err := b.svc.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.svc.Pause(t.Context(), b.admin, one.ID); err != nil {
		t.Fatal(err)
	}
	two := b.schedule(nil)
	b.clock.Advance(2 * time.Minute)
	b.tick()
	b.carrier.answer = nil
	b.heard()
	jobs, _, err := b.svc.dispatch(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d claims, %v", len(jobs), err)
	}
	b.carrier.taken = append(b.carrier.taken, first) // the carrier took it after all
	if err := b.report(0, "sent", "", 1); err != nil {
		t.Fatal(err)
	}
	if err := b.svc.record(t.Context(), []result{b.svc.post(t.Context(), jobs[0])}); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(two.ID); len(b.carrier.taken) != 1 || p.Skipped[liadesk.SkipRecentlyTexted] != 1 {
		t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
	}
}

func TestFloridasLimitHoldsAgainstTheAccountsAndAnOverride(t *testing.T) {
	b := newBench(t)
	b.often()
	b.person(0, func(c *liadesk.Contact) { c.Phone, c.Class = "+13055550100", "US/FL/America/New_York" })
	b.person(1, nil)
	for range 4 {
		b.sends(nil)
	}
	times := b.carrier.times()
	if times["+13055550100"] != 3 || times[number(1)] != 4 {
		t.Errorf("texts: %v", times)
	}
	c := b.sends(func(in *Input) { in.OverrideReason = "  the shop  burnt down " })
	times = b.carrier.times()
	if times["+13055550100"] != 3 || times[number(1)] != 5 {
		t.Errorf("texts after the override: %v", times)
	}
	if o := c.Override; o == nil || o.Reason != "the shop burnt down" || o.By != b.admin.User || !o.At.Equal(c.CreatedAt) {
		t.Errorf("the override is kept as %+v", o)
	}
}

// A law changes before the product does, either way: the account says so.
func TestAnAccountsLimitOfAPlaceStandsInForTheLaws(t *testing.T) {
	b := newBench(t)
	always := hours.EveryDay(hours.WholeDay)
	b.account.Settings.Windows = map[string]hours.Window{"US/FL": {Week: always, MostPerDay: 2}, "US/OK": {Week: always}, "SE": {Week: always, MostPerDay: 1}}
	b.often()
	b.person(0, func(c *liadesk.Contact) { c.Phone, c.Class = "+13055550100", "US/FL/America/New_York" })
	b.person(1, func(c *liadesk.Contact) { c.Phone, c.Class = "+14055550100", "US/OK/America/Chicago" })
	b.person(2, nil)
	for range 4 {
		b.sends(nil)
	}
	if got := b.carrier.times(); got["+13055550100"] != 2 || got["+14055550100"] != 3 || got[number(2)] != 1 {
		t.Errorf("texts: %v", got)
	}
}

func TestAnOverrideNeedsItsReasonAndIsRecordedOnce(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	b.sends(nil)
	_, err := b.svc.Create(t.Context(), b.admin, Input{Title: "A", Message: "B", InboxID: b.inbox.ID, Audience: liadesk.Rule{Tag: "vip"},
		OverrideReason: strings.Repeat("x", 201)})
	if got := codesOf(err); !slices.Equal(got, []string{"override_reason:too_long"}) {
		t.Errorf("a long reason: %v", got)
	}
	draft := b.schedule(func(in *Input) { in.OverrideReason, in.Draft = "recall of a product", true })
	review, err := b.svc.Review(t.Context(), b.admin, draft.ID, 0)
	if err != nil || review.Restrained.Count != 0 {
		t.Errorf("review with an override: %+v, %v", review.Restrained, err)
	}
	b.clock.Advance(time.Minute)
	other := b.admin
	other.User = b.options.IDs()
	changed, err := b.svc.Update(t.Context(), other, draft.ID, InputOf(draft))
	if err != nil || changed.Override.By != b.admin.User || !changed.Override.At.Equal(draft.Override.At) {
		t.Errorf("a change of something else: %+v, %v", changed.Override, err)
	}
	in := InputOf(draft)
	in.OverrideReason = ""
	if changed, err = b.svc.Update(t.Context(), other, draft.ID, in); err != nil || changed.Override != nil {
		t.Errorf("taken back: %+v, %v", changed.Override, err)
	}
	if review, err = b.svc.Review(t.Context(), b.admin, draft.ID, 0); err != nil || review.Restrained != (Restrained{Count: 1}) {
		t.Errorf("review without: %+v, %v", review.Restrained, err)
	}
}

// Over any order of campaigns of two inboxes, hours between them, crashes and
// answers of the carrier, nobody has two marketing texts within a day.
func TestNobodyEverHasTwoMarketingTextsWithinADay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		clock := clockwork.NewFakeClockAt(noon)
		b := benchOn(rt, dbtest.Open(t), clock, liadesk.RandomIDs(clock.Now))
		also := b.secondInbox()
		at := map[string][]time.Time{}
		b.carrier.answer = func(m Outgoing, take func() string) (Receipt, error) {
			switch rapid.IntRange(0, 5).Draw(rt, "answer") {
			case 0:
				return Receipt{}, &SendError{Class: Refused, Status: 400, Code: "400"}
			case 1:
				return Receipt{}, &SendError{Class: NotSent, Reason: ReasonNoConnection}
			case 2:
				at[m.To] = append(at[m.To], clock.Now())
				take()
				return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
			}
			at[m.To] = append(at[m.To], clock.Now())
			return Receipt{UUID: take()}, nil
		}
		for i := range 3 {
			b.person(i, nil)
		}
		for range rapid.IntRange(2, 6).Draw(rt, "campaigns") {
			b.schedule(func(in *Input) {
				if rapid.Bool().Draw(rt, "other inbox") {
					in.InboxID = also.ID
				}
			})
			b.due()
			for range rapid.IntRange(0, 4).Draw(rt, "steps") {
				_, wait, err := b.svc.Step(rt.Context())
				if err != nil {
					rt.Fatal(err)
				}
				clock.Advance(wait)
			}
			if rapid.Bool().Draw(rt, "crash") {
				b.restart()
			}
			clock.Advance(time.Duration(rapid.IntRange(0, 1500).Draw(rt, "minutes")) * time.Minute)
			b.tick()
		}
		b.work()
		for number, times := range at {
			slices.SortFunc(times, time.Time.Compare)
			for i := 1; i < len(times); i++ {
				if times[i].Sub(times[i-1]) < liadesk.RestraintPeriod {
					rt.Fatal(fmt.Sprint(number, " was texted at ", times))
				}
			}
		}
	})
}

// A reason alone asks for those who were left out for it: nobody else has one.
func TestAReasonAloneListsWhoWasLeftOutForIt(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	b.person(1, func(c *liadesk.Contact) { c.Consent = liadesk.Consent{} })
	b.person(2, func(c *liadesk.Contact) { c.BadNumber = "50" })
	c := b.sends(nil)
	rows, _, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, RecipientFilter{Reason: liadesk.SkipNoConsent}, db.Page{})
	if err != nil || len(rows) != 1 || rows[0].Phone != number(1) || rows[0].SkipReason != liadesk.SkipNoConsent {
		t.Errorf("%+v, %v", rows, err)
	}
}

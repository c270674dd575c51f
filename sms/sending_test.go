package sms

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/liadesk/campaigns/db/kv/bolt"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/liadesk"
)

// interrupted claims, lets something happen, and only then posts and records.
func (b *bench) interrupted(meanwhile func()) {
	b.t.Helper()
	jobs, _, err := b.svc.dispatch(b.t.Context())
	if err != nil || len(jobs) != 1 {
		b.t.Fatalf("%d claims, %v", len(jobs), err)
	}
	meanwhile()
	if err := b.svc.record(b.t.Context(), []result{b.svc.post(b.t.Context(), jobs[0])}); err != nil {
		b.t.Fatal(err)
	}
}

// flaky is an engine that stores nothing while err is set.
type flaky struct {
	kv.Engine
	err error
}

func (f *flaky) Update(ctx context.Context, fn func(kv.Tx) error) error {
	if f.err != nil {
		return f.err
	}
	return f.Engine.Update(ctx, fn)
}

func TestWhatForbidsATextBetweenClaimAndPostStillWins(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(b *bench, c liadesk.SMSCampaign) error
		want      func(p Progress) bool
	}{
		"STOP": {
			func(b *bench, _ liadesk.SMSCampaign) error { return b.text(number(1), "Stop!") },
			func(p Progress) bool { return p.Skipped[liadesk.SkipOptedOut] == 1 },
		},
		"pause": {
			func(b *bench, c liadesk.SMSCampaign) error {
				_, err := b.svc.Pause(b.t.Context(), b.admin, c.ID)
				return err
			},
			func(p Progress) bool { return p.Pending == 1 },
		},
		"cancel": {
			func(b *bench, c liadesk.SMSCampaign) error {
				_, err := b.svc.Cancel(b.t.Context(), b.admin, c.ID)
				return err
			},
			func(p Progress) bool { return p.Skipped[liadesk.SkipCancelled] == 1 },
		},
		"plan": {
			func(b *bench, _ liadesk.SMSCampaign) error {
				return b.store.Update(b.t.Context(), func(tx *db.Tx) error {
					free := b.account
					free.Plan = liadesk.PlanFree
					if err := tx.PutAccount(free); err != nil {
						return err
					}
					return b.svc.OnDowngrade(tx, free)
				})
			},
			func(p Progress) bool { return p.Pending == 1 },
		},
		"window": {
			func(b *bench, _ liadesk.SMSCampaign) error { b.clock.Advance(2 * time.Hour); return nil },
			func(p Progress) bool { return p.Deferred == 1 },
		},
		"lease": { // the machine stood still for most of the lease
			func(b *bench, _ liadesk.SMSCampaign) error { b.clock.Advance(leaseTime * 2 / 3); return nil },
			func(p Progress) bool { return p.Pending == 1 },
		},
		"inbox": {
			func(b *bench, _ liadesk.SMSCampaign) error {
				return b.store.Update(b.t.Context(), func(tx *db.Tx) error {
					if err := b.svc.OnInboxDelete(tx, b.inbox); err != nil {
						return err
					}
					return tx.DeleteInbox(b.inbox)
				})
			},
			func(p Progress) bool { return p.Pending == 1 },
		},
		"consent": {
			func(b *bench, _ liadesk.SMSCampaign) error {
				return b.changes(1, func(c *liadesk.Contact) {
					c.Consent = liadesk.Consent{State: liadesk.ConsentRefused, Source: "letter", At: b.clock.Now()}
				})
			},
			func(p Progress) bool { return p.Skipped[liadesk.SkipNoConsent] == 1 },
		},
		"a bad number": {
			func(b *bench, _ liadesk.SMSCampaign) error {
				return b.changes(1, func(c *liadesk.Contact) { c.BadNumber = "50" })
			},
			func(p Progress) bool { return p.Skipped[liadesk.SkipInvalidNumber] == 1 },
		},
		"another number": {
			func(b *bench, _ liadesk.SMSCampaign) error {
				return b.changes(1, func(c *liadesk.Contact) { c.Phone = number(2) })
			},
			func(p Progress) bool { return p.Pending == 1 },
		},
		"another zone": { // in which it is the middle of the night
			func(b *bench, _ liadesk.SMSCampaign) error {
				return b.changes(1, func(c *liadesk.Contact) { c.Class = "SE//Asia/Tokyo" })
			},
			func(p Progress) bool { return p.Pending+p.Deferred == 1 },
		},
		"deleted": {
			func(b *bench, _ liadesk.SMSCampaign) error {
				return b.store.Update(b.t.Context(), func(tx *db.Tx) error {
					c, _, err := tx.ContactByPhone(b.account.ID, number(1))
					return errors.Join(err, tx.DeleteContact(c))
				})
			},
			func(p Progress) bool { return p.Skipped[liadesk.SkipDeleted] == 1 },
		},
		"expiry": {
			func(b *bench, _ liadesk.SMSCampaign) error { b.clock.Advance(10 * time.Second); return nil },
			func(p Progress) bool { return p.Expired == 1 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.person(1, nil)
			campaign := b.schedule(func(in *Input) {
				if name == "expiry" {
					in.ExpiresAt = in.ScheduledAt.Add(5 * time.Second)
				}
			})
			b.due()
			b.interrupted(func() {
				if err := c.meanwhile(b, campaign); err != nil {
					t.Error(err)
				}
			})
			for _, o := range b.carrier.asked {
				if o.Text[:3] == "Hi " {
					t.Errorf("it was posted: %q", o.Text)
				}
			}
			if p := b.progress(campaign.ID); !c.want(p) {
				t.Errorf("progress %+v", p)
			}
		})
	}
}

func TestTextsKeepToTheWindowOfTheirRecipient(t *testing.T) {
	b := newBench(t) // six in the evening in Stockholm, two in the morning in Tokyo
	b.person(1, nil)
	b.person(2, func(c *liadesk.Contact) { c.Class = "SE//Asia/Tokyo" })
	b.person(3, func(c *liadesk.Contact) { c.Class = "//" })
	c := b.schedule(nil)
	b.due()
	b.work()
	p := b.progress(c.ID)
	if len(b.carrier.taken) != 1 || p.Accepted != 1 || p.Deferred != 2 {
		t.Fatalf("%d texts, %+v", len(b.carrier.taken), p)
	}
	if want := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC); !p.DeferredUntil.Equal(want) {
		t.Errorf("the next window opens %s", p.DeferredUntil)
	}
	rows, _, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, RecipientFilter{Status: liadesk.DeliveryDeferred}, db.Page{})
	if err != nil || len(rows) != 2 || !rows[0].NextAt.Equal(p.DeferredUntil) && !rows[1].NextAt.Equal(p.DeferredUntil) {
		t.Errorf("who waits until when: %+v, %v", rows, err)
	}
	b.clock.Advance(p.DeferredUntil.Sub(b.clock.Now()))
	b.work()
	if p = b.progress(c.ID); p.Accepted != 2 || p.Deferred != 1 || b.campaign(c.ID).Status != liadesk.SMSSending {
		t.Errorf("when it opened: %+v", p)
	}
}

func TestTransactionalTextsAndRoundTheClockAccountsKnowNoWindow(t *testing.T) {
	b := newBench(t)
	b.person(1, func(c *liadesk.Contact) { c.Class = "SE//Asia/Tokyo"; c.Consent = liadesk.Consent{} })
	c := b.schedule(func(in *Input) { in.Purpose = liadesk.PurposeTransactional })
	b.due()
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Errorf("transactional: %+v", p)
	}
	b.person(2, func(c *liadesk.Contact) { c.Class = "SE//Asia/Tokyo" })
	b.account.Settings.RoundTheClock = true
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
	c = b.schedule(nil)
	b.due()
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Errorf("round the clock: %+v", p)
	}
}

func TestACampaignFoundMoreThanAnHourLateWaitsForAPerson(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.clock.Advance(time.Minute + missedAfter + time.Second)
	b.tick()
	if got := b.campaign(c.ID); got.Status != liadesk.SMSPaused || got.Reason != liadesk.PauseMissed {
		t.Fatalf("it is %s %s", got.Status, got.Reason)
	}
	if _, err := b.svc.Resume(t.Context(), b.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	b.tick()
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Errorf("after a person said so: %+v", p)
	}
}

func TestAFullDiskStopsClaiming(t *testing.T) {
	b := newBench(t)
	free := uint64(lowDisk)
	b.options.FreeDisk = func() (uint64, error) { return free, nil }
	b.restart()
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	free = lowDisk - 1
	b.step(3)
	if len(b.carrier.asked) != 0 {
		t.Fatal("it sends with a full disk")
	}
	free = lowDisk
	b.work()
	if p := b.progress(c.ID); p.Accepted != 1 {
		t.Errorf("%+v", p)
	}
}

func TestOutcomesThatCannotBeStoredWaitInMemory(t *testing.T) {
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "campaigns.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	disk := &flaky{Engine: engine}
	store, err := db.New(t.Context(), disk)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	clock := clockwork.NewFakeClockAt(noon)
	b := benchOn(t, store, clock, liadesk.RandomIDs(clock.Now))
	b.person(1, nil)
	b.person(2, nil)
	c := b.schedule(nil)
	b.due()
	b.carrier.before = func(Outgoing) { disk.err = kv.ErrNoSpace }
	for range 3 {
		if _, _, err := b.svc.Step(t.Context()); !errors.Is(err, kv.ErrNoSpace) || len(b.carrier.asked) != 1 {
			t.Fatalf("%d posts, %v", len(b.carrier.asked), err)
		}
	}
	if got := b.svc.Stats(); got.InFlight != 1 || len(got.Outcomes) != 0 {
		t.Errorf("nothing is stored, yet operators read %+v", got)
	}
	b.carrier.before, disk.err = nil, nil
	b.work()
	if p := b.progress(c.ID); p.Accepted != 2 || len(b.carrier.asked) != 2 {
		t.Errorf("%d posts, %+v", len(b.carrier.asked), p)
	}
	if got := b.svc.Stats(); got.InFlight != 0 || got.Outcomes[liadesk.EventAccepted] != 2 {
		t.Errorf("operators read %+v", got)
	}
}

func TestAZombieClaimsNothingAndWhatItKnowsIsStillRecorded(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	b.person(2, nil)
	c := b.schedule(nil)
	b.due()
	zombie := b.svc
	jobs, _, err := zombie.dispatch(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d claims, %v", len(jobs), err)
	}
	answer := zombie.post(t.Context(), jobs[0])
	b.restart()
	b.step(2) // the new process holds what was in flight for unconfirmed, and texts the other
	if p := b.progress(c.ID); p.Unconfirmed != 1 || p.Accepted != 1 {
		t.Fatalf("after the take-over: %+v", p)
	}
	if err := zombie.record(t.Context(), []result{answer}); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Unconfirmed != 0 || p.Accepted != 2 {
		t.Errorf("what the old one knew: %+v", p)
	}
	b.person(3, nil)
	b.schedule(func(in *Input) { in.ScheduledAt = b.clock.Now() })
	b.tick()
	if jobs, _, err := zombie.dispatch(t.Context()); err != nil || len(jobs) != 0 {
		t.Errorf("the old process claimed %d, %v", len(jobs), err)
	}
}

func TestWrongCredentialsRestTheInboxAndOneTextTriesAgain(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	b.carrier.answer = func(Outgoing, func() string) (Receipt, error) {
		return Receipt{}, &SendError{Class: Refused, Reason: ReasonUnauthorised, Status: 401, Code: "http_401"}
	}
	b.step(3)
	trouble := func() liadesk.InboxTrouble {
		var in liadesk.Inbox
		if err := b.store.View(t.Context(), func(tx *db.Tx) (err error) {
			in, _, err = tx.Inbox(b.account.ID, b.inbox.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return in.SMS.Trouble
	}
	p := b.progress(c.ID)
	if len(b.carrier.asked) != 1 || p.Pending != 5 || trouble() != liadesk.TroubleUnauthorised {
		t.Fatalf("%d posts, trouble %q, %+v", len(b.carrier.asked), trouble(), p)
	}
	b.clock.Advance(mendWait)
	b.step(2)
	if len(b.carrier.asked) != 2 {
		t.Fatalf("%d posts after a rest", len(b.carrier.asked))
	}
	b.carrier.answer = nil
	b.clock.Advance(mendWait)
	b.work()
	if p := b.progress(c.ID); p.Accepted != 5 || trouble() != liadesk.TroubleNone {
		t.Errorf("when it was mended: trouble %q, %+v", trouble(), p)
	}
	rows, _, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, RecipientFilter{Status: liadesk.DeliveryAccepted}, db.Page{})
	if err != nil || len(rows) != 5 || rows[0].Attempts != 1 {
		t.Errorf("attempts were counted that were none: %+v, %v", rows, err)
	}
}

func TestACarrierThatAsksUsToSlowDownIsLeftAloneForLongerAndLonger(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	b.schedule(nil)
	b.due()
	b.carrier.answer = func(Outgoing, func() string) (Receipt, error) {
		return Receipt{}, &SendError{Class: Refused, Reason: ReasonThrottled, Status: 429}
	}
	var waits []time.Duration
	for range 8 {
		start := b.clock.Now()
		for n := len(b.carrier.asked); len(b.carrier.asked) == n; {
			b.step(1)
		}
		waits = append(waits, b.clock.Since(start).Round(time.Second))
	}
	for i := 2; i < len(waits); i++ {
		if waits[i] < waits[i-1] || waits[i] > lastWait+idleWait {
			t.Errorf("waits %v", waits)
		}
	}
	if waits[7] < lastWait-idleWait {
		t.Errorf("waits %v", waits)
	}
}

func TestStopFinishesWhatIsInFlight(t *testing.T) {
	b := newBench(t)
	b.options.Workers = 8
	b.restart()
	for i := range 8 {
		b.person(i, nil)
	}
	c := b.schedule(nil)
	b.due()
	arrived, release := make(chan struct{}, 8), make(chan struct{})
	b.carrier.before = func(Outgoing) {
		arrived <- struct{}{}
		<-release
	}
	b.svc.Start()
	for range 8 {
		<-arrived
	}
	stopped := make(chan error)
	go func() { stopped <- b.svc.Stop(t.Context()) }()
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Accepted != 8 || p.Sending != 0 {
		t.Errorf("after Stop: %+v", p)
	}
}

func TestAnExpiredCampaignCompletesAndListsWhomItDidNotReach(t *testing.T) {
	b := newBench(t)
	b.slow()
	for i := range 10 {
		b.person(i, nil)
	}
	c := b.schedule(func(in *Input) { in.ExpiresAt = in.ScheduledAt.Add(4 * time.Second) })
	b.due()
	b.work()
	p := b.progress(c.ID)
	if got := b.campaign(c.ID); got.Status != liadesk.SMSCompleted || p.Expired == 0 || p.Expired+p.Accepted != 10 {
		t.Fatalf("%s, %+v", got.Status, p)
	}
	rows, _, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, RecipientFilter{Status: liadesk.DeliveryExpired}, db.Page{})
	if err != nil || int64(len(rows)) != p.Expired || rows[0].Name == "" {
		t.Errorf("%d are listed, %v", len(rows), err)
	}
}

func TestTextsOfADeletedInboxDoNotStayInFlightForEver(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.due()
	if jobs, _, err := b.svc.dispatch(t.Context()); err != nil || len(jobs) != 1 {
		t.Fatalf("%d claims, %v", len(jobs), err)
	}
	b.restart() // the process dies in the post
	b.update(func(tx *db.Tx) error {
		if err := b.svc.OnInboxDelete(tx, b.inbox); err != nil {
			return err
		}
		return tx.DeleteInbox(b.inbox)
	})
	b.tick()
	if p := b.progress(c.ID); p.Sending != 1 {
		t.Fatalf("held for uncertain while its post may be under way: %+v", p)
	}
	b.clock.Advance(leaseTime + time.Second)
	b.tick()
	if p := b.progress(c.ID); p.Unconfirmed != 1 {
		t.Errorf("%+v", p)
	}
}

// A carrier that is handed more than it sends queues the rest for hours: what it
// took in the evening must not wake anybody at night.
func TestTheCarrierMayKeepATextNoLongerThanItIsProper(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Input)
		want   time.Duration
	}{
		"to the end of the hours":    {nil, time.Hour + 59*time.Minute}, // it is a minute past six, they end at eight
		"to the end of the campaign": {func(in *Input) { in.ExpiresAt = in.ScheduledAt.Add(10 * time.Minute) }, 10 * time.Minute},
		"at least for seconds":       {func(in *Input) { in.ExpiresAt = in.ScheduledAt.Add(time.Second) }, leastKept},
		"transactional":              {func(in *Input) { in.Purpose = liadesk.PurposeTransactional }, 0},
	} {
		b := newBench(t)
		b.person(1, nil)
		b.schedule(c.change)
		b.due()
		b.step(1)
		if len(b.carrier.asked) != 1 || b.carrier.asked[0].Keep != c.want {
			t.Errorf("%s: %+v", name, b.carrier.asked)
		}
	}
}

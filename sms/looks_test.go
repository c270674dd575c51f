package sms

import (
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// unheard sends a campaign whose answers all get lost; those of the numbers for
// which taken says so were taken by the carrier.
func (b *bench) unheard(taken func(m Outgoing) bool) liadesk.SMSCampaign {
	b.t.Helper()
	b.carrier.answer = func(m Outgoing, take func() string) (Receipt, error) {
		if taken(m) {
			take()
		}
		return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
	}
	c := b.sends(nil)
	b.untilDone(c)
	b.carrier.answer = nil
	return c
}

// settles lets rounds of looking pass, a minute apart.
func (b *bench) settles(rounds int) {
	b.t.Helper()
	for range rounds {
		b.clock.Advance(SettleEvery)
		if err := b.svc.Settle(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
}

func everyone(Outgoing) bool { return true }

func TestTheCarriersListSettlesWhatItsAnswerDidNot(t *testing.T) {
	b := newBench(t)
	for i := range 4 {
		b.person(i, nil)
	}
	c := b.unheard(func(m Outgoing) bool { return m.To != number(3) })
	if err := b.svc.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := b.progress(c.ID); p.Unconfirmed != 4 {
		t.Fatalf("looked for while the post may still be under way: %+v", p)
	}
	b.restart() // what was looked for is no secret of the process
	b.settles(3)
	if p := b.progress(c.ID); p.Sent != 3 || p.Unconfirmed != 1 || len(b.carrier.taken) != 3 {
		t.Errorf("%d texts, %+v", len(b.carrier.taken), p)
	}
	rows, _, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, RecipientFilter{Status: liadesk.DeliverySent}, db.Page{})
	if err != nil || len(rows) != 3 || rows[0].Evidence != liadesk.EvidenceList || rows[0].CarrierID == "" {
		t.Errorf("the evidence is %+v, %v", rows, err)
	}
}

func TestATextThatTheListShowsLateIsSettledThen(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.unheard(everyone)
	asked, shown := 0, false
	b.carrier.lists = func(q ListQuery) (ListPage, error) {
		asked++
		if !shown {
			return ListPage{}, nil
		}
		return ListPage{Texts: []Listed{{UUID: uuidOf(0), From: q.From, To: q.To, State: "delivered", Units: 2, Amount: "0.0070", At: q.Since}}}, nil
	}
	b.settles(8)
	if p := b.progress(c.ID); p.Unconfirmed != 1 || asked != 2 {
		t.Fatalf("asked %d times, %+v", asked, p)
	}
	shown = true
	b.settles(10)
	if p := b.progress(c.ID); p.Delivered != 1 || p.Segments != 2 || p.Cost != 7000 || asked != 3 {
		t.Errorf("asked %d times, %+v", asked, p)
	}
}

func TestATextThatTheListNeverShowsIsLookedForFourTimesAndLeftToAPerson(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.unheard(func(Outgoing) bool { return false })
	asked := 0
	b.carrier.lists = func(ListQuery) (ListPage, error) { asked++; return ListPage{}, nil }
	b.settles(120)
	if p := b.progress(c.ID); p.Unconfirmed != 1 || asked != 4 {
		t.Errorf("asked %d times, %+v", asked, p)
	}
}

func TestWhatTheListCannotTellApartIsLeftToAPerson(t *testing.T) {
	listed := func(uuids ...string) func(q ListQuery) (ListPage, error) {
		return func(q ListQuery) (ListPage, error) {
			var page ListPage
			for _, u := range uuids {
				page.Texts = append(page.Texts, Listed{UUID: u, From: q.From, To: q.To, State: "sent", At: q.Since})
			}
			return page, nil
		}
	}
	t.Run("a text of another program", func(t *testing.T) {
		b := newBench(t)
		b.person(1, nil)
		c := b.unheard(everyone)
		b.carrier.lists = listed("ours", "theirs")
		b.settles(60)
		if p := b.progress(c.ID); p.Unconfirmed != 1 {
			t.Errorf("%+v", p)
		}
	})
	t.Run("two of ours", func(t *testing.T) {
		b := newBench(t)
		b.often()
		b.person(1, nil)
		one, two := b.unheard(everyone), b.unheard(everyone)
		b.settles(60)
		if p, q := b.progress(one.ID), b.progress(two.ID); p.Unconfirmed != 1 || q.Unconfirmed != 1 {
			t.Fatalf("%+v, %+v", p, q)
		}
		// A report on one of them makes the other plain.
		if err := b.report(0, "sent", "", 1); err != nil {
			t.Fatal(err)
		}
		b.restart()
		b.settles(3)
		if q := b.progress(two.ID); q.Sent != 1 {
			t.Errorf("the other: %+v", q)
		}
	})
	t.Run("one that cannot be read", func(t *testing.T) {
		b := newBench(t)
		b.person(1, nil)
		c := b.unheard(everyone)
		b.carrier.lists = func(q ListQuery) (ListPage, error) {
			page, err := listed("ours")(q)
			page.Unreadable = 1
			return page, err
		}
		b.settles(60)
		if p := b.progress(c.ID); p.Unconfirmed != 1 {
			t.Errorf("%+v", p)
		}
	})
}

func TestLookingKeepsToTheCarriersPaceAndOutlastsItsRefusals(t *testing.T) {
	b := newBench(t)
	for i := range 40 {
		b.person(i, nil)
	}
	c := b.unheard(everyone)
	asked := 0
	b.carrier.lists = func(ListQuery) (ListPage, error) {
		asked++
		return ListPage{}, &SendError{Class: Refused, Reason: ReasonThrottled, Status: 429}
	}
	b.settles(3)
	if asked > 3 {
		t.Errorf("asked %d times in three rounds of which each was refused", asked)
	}
	b.carrier.lists = nil
	for range 3 {
		before := b.progress(c.ID).Unconfirmed
		b.settles(1)
		if n := before - b.progress(c.ID).Unconfirmed; n > lookRequests {
			t.Errorf("a round settled %d", n)
		}
	}
	if p := b.progress(c.ID); p.Sent != 40 {
		t.Errorf("in the end %+v", p)
	}
}

func TestNothingIsLookedForWhileSendingIsHeld(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.unheard(everyone)
	b.update(func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldRestored, At: b.clock.Now()}) })
	b.settles(5)
	if p := b.progress(c.ID); p.Unconfirmed != 1 {
		t.Errorf("%+v", p)
	}
}

func TestAReplyOfWhichNobodyKnowsIsFoundInTheListToo(t *testing.T) {
	b := newBench(t)
	b.carrier.answer = func(_ Outgoing, take func() string) (Receipt, error) {
		take()
		return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
	}
	if err := b.text(number(1), "HELP"); err != nil {
		t.Fatal(err)
	}
	b.step(2)
	open := func() (n int) {
		b.update(func(tx *db.Tx) error {
			list, err := tx.OpenAttempts(b.account.ID, b.inbox.ID, "", liadesk.Attempt{}, 10)
			n = len(list)
			return err
		})
		return n
	}
	if open() != 1 {
		t.Fatal("the answer to HELP is not open")
	}
	b.clock.Advance(time.Minute)
	b.settles(2)
	if open() != 0 {
		t.Error("the answer to HELP is still open")
	}
}

// What the list says of a number holds as what a report says: 200 opts it out,
// 50 marks it.
func TestTheListSaysAsMuchOfANumberAsAReport(t *testing.T) {
	b := newBench(t)
	b.person(0, nil)
	b.person(1, nil)
	c := b.unheard(everyone)
	b.carrier.lists = func(q ListQuery) (ListPage, error) {
		code := map[string]string{number(0): "200", number(1): "50"}[q.To]
		return ListPage{Texts: []Listed{{UUID: "of " + q.To, From: q.From, To: q.To, State: "failed", ErrorCode: code, At: q.Since}}}, nil
	}
	b.settles(3)
	if p := b.progress(c.ID); p.Failed != 2 {
		t.Fatalf("%+v", p)
	}
	b.update(func(tx *db.Tx) error {
		if _, out, err := tx.OptOutOf(b.account.ID, number(0)); err != nil || !out {
			t.Errorf("the carrier blocks it, and it is not opted out: %v", err)
		}
		bad, _, err := tx.ContactByPhone(b.account.ID, number(1))
		if bad.BadNumber != "50" {
			t.Errorf("the number does not exist, and it is marked %q", bad.BadNumber)
		}
		return err
	})
}

// An inbox whose token is refused does not keep the others of the same account
// with the carrier from being looked for; one list that is asked too much does.
func TestAnInboxWithAWrongTokenKeepsNoOtherFromTheList(t *testing.T) {
	for _, c := range []struct {
		err     *SendError
		settled int64
	}{
		{&SendError{Class: Refused, Reason: ReasonUnauthorised, Status: 401}, 1},
		{&SendError{Class: Refused, Reason: ReasonThrottled, Status: 429}, 0},
	} {
		b := newBench(t)
		b.often()
		also := b.secondInbox()
		also.SMS.AuthID = b.inbox.SMS.AuthID
		b.update(func(tx *db.Tx) error { return tx.PutInbox(also) })
		b.person(1, nil)
		one := b.unheard(everyone)
		b.carrier.answer = func(_ Outgoing, take func() string) (Receipt, error) {
			take()
			return Receipt{}, &SendError{Class: Unknown, Reason: ReasonNoAnswer}
		}
		two := b.sends(func(in *Input) { in.InboxID = also.ID })
		b.untilDone(two)
		// The inboxes are gone through by their ids.
		first := b.inbox
		if also.ID.Compare(first.ID) < 0 {
			first, one, two = also, two, one
		}
		b.carrier.lists = func(q ListQuery) (ListPage, error) {
			if q.From == first.SMS.Number {
				return ListPage{}, c.err
			}
			return ListPage{Texts: []Listed{{UUID: "theirs", From: q.From, To: q.To, State: "sent", Units: 1, At: q.Since}}}, nil
		}
		b.clock.Advance(10 * time.Minute) // both are due
		b.settles(1)
		if p := b.progress(two.ID); p.Sent != c.settled || b.progress(one.ID).Unconfirmed != 1 {
			t.Errorf("%s: %+v", c.err.Reason, p)
		}
	}
}

// Two inboxes may text from one number. What one of them sent is no proof for
// the other.
func TestTheListOfANumberThatTwoInboxesHaveIsReadForBoth(t *testing.T) {
	b := newBench(t)
	twin := b.secondInbox()
	twin.SMS.Number = b.inbox.SMS.Number
	b.update(func(tx *db.Tx) error { return tx.PutInbox(twin) })
	b.person(0, nil)
	c := b.unheard(func(Outgoing) bool { return false })
	item := liadesk.OutboxItem{ID: b.options.IDs(), AccountID: b.account.ID, InboxID: twin.ID, Cause: liadesk.CauseReply, Phone: number(0), Text: "hello", CreatedAt: b.clock.Now()}
	b.update(func(tx *db.Tx) error { return tx.PutOutbox(item) })
	b.work()
	if len(b.carrier.taken) != 1 {
		t.Fatalf("%d texts", len(b.carrier.taken))
	}
	b.settles(40)
	if p := b.progress(c.ID); p.Unconfirmed != 1 {
		t.Errorf("the other inbox's text is taken for the campaign's: %+v", p)
	}
}

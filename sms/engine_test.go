package sms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// bench is a sender with its real rooms and database, a clock that stands still
// and a model of the carrier.
type bench struct {
	t       testing.TB
	store   *db.Store
	clock   *clockwork.FakeClock
	carrier *modelCarrier
	svc     *Service
	account liadesk.Account
	admin   liadesk.Actor
	inbox   liadesk.Inbox
	options Options
	talk    *conversations.Service
	people  *contacts.Service
	rand    io.Reader // nil for the system's
}

const token = "MAXXtoken"

// newBench opens one at noon of a Tuesday in New York.
func newBench(t testing.TB) *bench {
	return benchOn(t, dbtest.Open(t), clockwork.NewFakeClockAt(time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)))
}

func benchOn(t testing.TB, store *db.Store, clock *clockwork.FakeClock) *bench {
	t.Helper()
	b := &bench{t: t, store: store, clock: clock, carrier: &modelCarrier{}}
	account, user := dbtest.Account(t, b.store, "acme", liadesk.PlanGrowth)
	b.account, b.admin = account, liadesk.ActorOf(account, user)
	ids := liadesk.RandomIDs(clock.Now)
	b.inbox = liadesk.Inbox{
		ID: ids(), AccountID: account.ID, Kind: liadesk.InboxSMS, Name: "Texts", CreatedAt: clock.Now(), Version: 1,
		SMS: &liadesk.SMSInbox{Number: "+4670174060", AuthID: "MAXX", MessagesPerSecond: 1000},
	}
	b.inbox.SMS.Number = "+46701740600"
	dbtest.Update(t, b.store, func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
	b.people = contacts.New(b.store, clock, ids)
	b.talk = conversations.New(b.store, clock, ids, b.people, []byte("secret"))
	b.options = Options{
		Store: b.store, Clock: clock, IDs: ids, PublicURL: "https://desk.example.com", Workers: 1,
		Dialer:        b.carrier,
		Credentials:   func(in liadesk.Inbox) (string, string, error) { return in.SMS.AuthID, token, nil },
		Contacts:      b.people,
		Conversations: b.talk,
		Log:           slog.New(slog.DiscardHandler),
	}
	b.restart()
	return b
}

// restart begins a new process on the same database.
func (b *bench) restart() { b.svc = New(b.options) }

// number is a valid invented one of Sweden, whose window is that of Stockholm.
func number(i int) string { return fmt.Sprintf("+4670174%04d", 600+i) }

// person adds a contact who consents.
func (b *bench) person(i int, change func(*liadesk.Contact)) liadesk.Contact {
	b.t.Helper()
	c := liadesk.Contact{
		ID: b.options.IDs(), AccountID: b.account.ID, Name: fmt.Sprintf("Person%d Long", i), Phone: number(i),
		Tags: []string{"vip"}, Consent: liadesk.Consent{State: liadesk.ConsentGranted, Source: "test", At: b.clock.Now()},
		Class: "SE//Europe/Stockholm", CreatedAt: b.clock.Now(), UpdatedAt: b.clock.Now(), Version: 1,
	}
	if change != nil {
		change(&c)
	}
	dbtest.Update(b.t, b.store, func(tx *db.Tx) error { return tx.PutContact(nil, &c) })
	return c
}

func (b *bench) input() Input {
	return Input{
		Title: "Winter sale", Message: "Hi {{ contact.first_name }}, sale!", InboxID: b.inbox.ID,
		Audience: liadesk.Rule{Tag: "vip"}, ScheduledAt: b.clock.Now().Add(time.Minute),
	}
}

// schedule makes a campaign that is due in a minute.
func (b *bench) schedule(change func(*Input)) liadesk.SMSCampaign {
	b.t.Helper()
	in := b.input()
	if change != nil {
		change(&in)
	}
	c, err := b.svc.Create(b.t.Context(), b.admin, in)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// due lets the time of a campaign come.
func (b *bench) due() {
	b.t.Helper()
	b.clock.Advance(time.Minute)
	b.tick()
}

func (b *bench) tick() {
	b.t.Helper()
	if err := b.svc.Tick(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// work steps and ticks until nothing more happens within a few seconds.
func (b *bench) work() {
	b.t.Helper()
	for idle := 0; idle < 4; {
		n, wait, err := b.svc.Step(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		b.clock.Advance(wait)
		if idle++; n > 0 {
			idle = 0
		}
	}
	b.tick()
}

func (b *bench) campaign(id liadesk.ID) liadesk.SMSCampaign {
	b.t.Helper()
	c, err := b.svc.Get(b.t.Context(), b.admin, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) progress(id liadesk.ID) Progress {
	b.t.Helper()
	p, err := b.svc.Progress(b.t.Context(), b.admin, id)
	if err != nil {
		b.t.Fatal(err)
	}
	if p.Targeted != nil {
		sum := p.SkippedTotal() + p.Pending + p.Deferred + p.Sending + p.Unconfirmed + p.Taken() + p.Expired
		if sum != *p.Targeted {
			b.t.Fatalf("targeted %d, but the parts add up to %d: %+v", *p.Targeted, sum, p)
		}
	}
	return p
}

// modelCarrier is a carrier without a wire. It remembers everything it took.
type modelCarrier struct {
	mu    sync.Mutex
	taken []Outgoing // in order; a text's uuid is its place
	asked []Outgoing
	// answer, when set, decides about a post instead of taking it.
	answer func(m Outgoing, take func() string) (Receipt, error)
	// before runs before each post.
	before func(m Outgoing)
	lists  func(q ListQuery) (ListPage, error)
	at     []time.Time
	clock  func() time.Time
}

func (m *modelCarrier) Carrier(Credentials) Carrier { return m }

func (m *modelCarrier) Send(_ context.Context, o Outgoing) (Receipt, error) {
	if m.before != nil {
		m.before(o)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, o)
	take := func() string {
		m.taken = append(m.taken, o)
		at := time.Time{}
		if m.clock != nil {
			at = m.clock()
		}
		m.at = append(m.at, at)
		return uuidOf(len(m.taken) - 1)
	}
	if m.answer != nil {
		return m.answer(o, take)
	}
	return Receipt{UUID: take()}, nil
}

func uuidOf(i int) string { return fmt.Sprintf("uuid-%d", i) }

func (m *modelCarrier) List(_ context.Context, q ListQuery) (ListPage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lists != nil {
		return m.lists(q)
	}
	var all []Listed
	for i, o := range slices.Backward(m.taken) {
		if m.clock != nil && m.at[i].Before(q.Since) {
			continue
		}
		all = append(all, Listed{UUID: uuidOf(i), From: o.From, To: o.To, State: "sent", Units: 1, At: m.at[i]})
	}
	page := ListPage{}
	if q.Offset < len(all) {
		page.Texts = all[q.Offset:min(q.Offset+20, len(all))]
	}
	if q.Offset+20 < len(all) {
		page.Next = q.Offset + 20
	}
	return page, nil
}

// times counts how often each number was texted.
func (m *modelCarrier) times() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[string]int)
	for _, o := range m.taken {
		out[o.To]++
	}
	return out
}

func codesOf(err error) []string {
	var codes []string
	if e, ok := errors.AsType[*liadesk.Error](err); ok {
		for _, f := range e.Fields {
			codes = append(codes, f.Field+":"+f.Code)
		}
		if len(codes) == 0 {
			codes = []string{e.Code}
		}
	}
	slices.Sort(codes)
	return codes
}

func TestEverybodyInTheAudienceGetsOneTextWithTheirName(t *testing.T) {
	b := newBench(t)
	for i := range 30 {
		b.person(i, nil)
	}
	b.person(30, func(c *liadesk.Contact) { c.Tags = nil })
	b.person(31, func(c *liadesk.Contact) { c.Consent.State = liadesk.ConsentUnknown })
	c := b.schedule(nil)
	if p := b.progress(c.ID); p.Targeted != nil {
		t.Fatal("targeted is known before the audience is frozen")
	}
	b.due()
	p := b.progress(c.ID)
	if *p.Targeted != 31 || p.Pending != 30 || p.Skipped[liadesk.SkipNoConsent] != 1 {
		t.Fatalf("after the freeze: %+v", p)
	}
	b.work()
	times := b.carrier.times()
	for i := range 30 {
		if times[number(i)] != 1 {
			t.Errorf("%s was texted %d times", number(i), times[number(i)])
		}
	}
	if len(times) != 30 {
		t.Errorf("%d numbers were texted", len(times))
	}
	for _, o := range b.carrier.taken {
		if want := "Hi Person"; len(o.Text) < len(want) || o.Text[:len(want)] != want || o.Text[len(o.Text)-7:] != ", sale!" {
			t.Errorf("text %q", o.Text)
		}
	}
	p = b.progress(c.ID)
	if got := b.campaign(c.ID); got.Status != liadesk.SMSCompleted || p.Accepted != 30 || p.Segments != 30 {
		t.Errorf("at the end: %s, %+v", got.Status, p)
	}
}

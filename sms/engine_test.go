package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/liadesk"
)

// bench is a sender with its real rooms and database, a clock that stands still
// and a model of the carrier.
type bench struct {
	t       tester
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
	nonces  int
}

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Context() context.Context
}

const token = "MAXXtoken"

// noon is of a Tuesday in New York, and six in the evening in Stockholm.
var noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

func newBench(t testing.TB) *bench {
	clock := clockwork.NewFakeClockAt(noon)
	return benchOn(t, dbtest.Open(t), clock, liadesk.RandomIDs(clock.Now))
}

// benchOnDisk is newBench on an engine that the test puts around a real one, with
// ids from a chance that is the same each time.
func benchOnDisk(t testing.TB, around func(kv.Engine) kv.Engine) *bench {
	t.Helper()
	disk, err := bolt.Open(filepath.Join(t.TempDir(), "db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	store, err := db.New(t.Context(), around(disk))
	if err != nil {
		t.Fatal(err)
	}
	chance, clock := rand.NewChaCha8([32]byte{1}), clockwork.NewFakeClockAt(noon)
	return benchOn(t, store, clock, func() liadesk.ID { return liadesk.NewID(clock.Now(), chance) })
}

func benchOn(t tester, store *db.Store, clock *clockwork.FakeClock, ids liadesk.IDs) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock, carrier: &modelCarrier{clock: clock.Now}}
	b.account = liadesk.Account{
		ID: ids(), Name: "Acme", Plan: liadesk.PlanGrowth, Settings: liadesk.DefaultSettings("US", "America/New_York"),
		CreatedAt: clock.Now(), Version: 1,
	}
	b.admin = liadesk.ActorOf(b.account, liadesk.User{ID: ids(), Role: liadesk.RoleAdministrator})
	b.inbox = liadesk.Inbox{
		ID: ids(), AccountID: b.account.ID, Kind: liadesk.InboxSMS, Name: "Texts", CreatedAt: clock.Now(), Version: 1,
		SMS: &liadesk.SMSInbox{Number: "+46701740600", AuthID: "MAXX", MessagesPerSecond: 1000},
	}
	b.options = Options{
		Clock: clock, IDs: ids, PublicURL: "https://desk.example.com", Workers: 1, Dialer: b.carrier,
		Credentials: func(in liadesk.Inbox) (string, string, error) { return in.SMS.AuthID, token, nil },
		Log:         slog.New(slog.DiscardHandler),
	}
	b.open(store)
	b.update(func(tx *db.Tx) error {
		if err := tx.PutAccount(b.account); err != nil {
			return err
		}
		return tx.PutInbox(b.inbox)
	})
	return b
}

// often lets the account text the same people again and again.
func (b *bench) often() {
	b.account.Settings.TextsPerDay = liadesk.MaxTextsPerDay
	b.update(func(tx *db.Tx) error { return tx.PutAccount(b.account) })
}

// open puts the rooms on a database, as a program does when it starts.
func (b *bench) open(store *db.Store) {
	b.store = store
	b.people = contacts.New(store, b.clock, b.options.IDs)
	b.people.OnHoldDecided(func(tx *db.Tx, account liadesk.ID, h liadesk.Hold, v liadesk.Verdict) error {
		return b.svc.HoldDecided(tx, account, h, v)
	})
	b.talk = conversations.New(store, b.clock, b.options.IDs, b.people, []byte("secret"))
	b.options.Store, b.options.Contacts, b.options.Conversations = store, b.people, b.talk
	b.restart()
}

// heard makes the inbox one that the carrier called back just now, so that its
// next callback changes nothing about the inbox.
func (b *bench) heard() {
	b.inbox.SMS.SignedV3, b.inbox.SMS.CallbackSeenAt = true, b.clock.Now()
	b.update(func(tx *db.Tx) error { return tx.PutInbox(b.inbox) })
}

func (b *bench) update(fn func(*db.Tx) error) {
	b.t.Helper()
	if err := b.store.Update(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
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
	b.update(func(tx *db.Tx) error { return tx.PutContact(nil, &c) })
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

// callback signs a form as the carrier does.
func (b *bench) callback(path string, form url.Values) Callback {
	b.t.Helper()
	b.nonces++
	nonce := fmt.Sprintf("%020d", b.nonces)
	signature, err := SignV3("POST", b.options.PublicURL+path, form, nonce, token)
	if err != nil {
		b.t.Fatal(err)
	}
	header := map[string]string{"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": nonce}
	return Callback{Inbox: b.inbox.ID, Form: form, Body: []byte(form.Encode()), Header: func(name string) string { return header[name] }}
}

// report brings a delivery report on a text that the carrier took.
func (b *bench) report(i int, status, code string, sequence int) error {
	o := b.carrier.taken[i]
	path := strings.TrimPrefix(o.CallbackURL, b.options.PublicURL)
	cb := b.callback(path, url.Values{
		"MessageUUID": {uuidOf(i)}, "To": {strings.TrimPrefix(o.To, "+")}, "From": {strings.TrimPrefix(o.From, "+")},
		"Status": {status}, "Units": {"1"}, "TotalAmount": {"0.00350"}, "ErrorCode": {code}, "Sequence": {strconv.Itoa(sequence)},
	})
	cb.Attempt = path[strings.LastIndex(path, "/")+1:]
	return b.svc.ReportStatus(b.t.Context(), cb)
}

// text sends a text from a number to the inbox.
func (b *bench) text(from, text string) error {
	b.nonces++
	return b.svc.Receive(b.t.Context(), b.callback(InboundPath(b.inbox.ID), url.Values{
		"MessageUUID": {fmt.Sprintf("in-%d", b.nonces)}, "From": {strings.TrimPrefix(from, "+")},
		"To": {strings.TrimPrefix(b.inbox.SMS.Number, "+")}, "Text": {text}, "MessageIntent": {""},
	}))
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

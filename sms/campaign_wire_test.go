package sms_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

const (
	authID    = "MAXXXXXXXXXXXXXXXXXX"
	authToken = "token-of-the-sandbox"
)

// wired is the sender with the real library, a carrier over HTTP, and an edge
// that takes its signed callbacks.
type wired struct {
	t       *testing.T
	store   *db.Store
	clock   *clockwork.FakeClock
	svc     *sms.Service
	carrier *sandbox.Sandbox
	edge    *httptest.Server
	admin   liadesk.Actor
	account liadesk.Account
	inbox   liadesk.Inbox

	mu       sync.Mutex
	answers  map[int]int     // how often each status was answered
	requests []*http.Request // the callbacks as they came, to play back
	bodies   []string
}

func (w *wired) Token(id string) (string, bool) { return authToken, id == authID }

func (w *wired) MessageURL(_, number string) (string, bool) {
	return w.edge.URL + sms.InboundPath(w.inbox.ID), number == w.inbox.SMS.Number
}

func wire(t *testing.T) *wired {
	w := &wired{t: t, store: dbtest.Open(t), answers: map[int]int{}}
	// Noon in New York, where no recipient's window is closed.
	w.clock = clockwork.NewFakeClockAt(time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC))
	account, user := dbtest.Account(t, w.store, "acme", liadesk.PlanGrowth)
	w.account, w.admin = account, liadesk.ActorOf(account, user)
	ids := liadesk.RandomIDs(w.clock.Now)
	w.inbox = liadesk.Inbox{ID: ids(), AccountID: account.ID, Kind: liadesk.InboxSMS, Name: "Texts", Version: 1, CreatedAt: w.clock.Now(),
		SMS: &liadesk.SMSInbox{Number: "+12025550100", AuthID: authID, MessagesPerSecond: 10_000}}
	dbtest.Update(t, w.store, func(tx *db.Tx) error { return tx.PutInbox(w.inbox) })

	w.edge = httptest.NewServer(http.HandlerFunc(w.callback))
	t.Cleanup(w.edge.Close)
	var err error
	if w.carrier, err = sandbox.Start(sandbox.Options{Directory: w, Clock: w.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.carrier.Close() })
	plivo, err := sms.NewPlivo(sms.PlivoOptions{BaseURL: w.carrier.URL(), Workers: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plivo.CloseIdleConnections)
	people := contacts.New(w.store, w.clock, ids)
	w.svc = sms.New(sms.Options{
		Store: w.store, Clock: w.clock, IDs: ids, PublicURL: w.edge.URL, Workers: 16, Dialer: plivo,
		Credentials:   func(in liadesk.Inbox) (string, string, error) { return in.SMS.AuthID, authToken, nil },
		Contacts:      people,
		Conversations: conversations.New(w.store, w.clock, ids, people, []byte("secret")),
		Log:           slog.New(slog.DiscardHandler),
	})
	return w
}

// callback is the edge: it parses, calls one verb and maps the error.
func (w *wired) callback(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	status := w.take(r, string(body))
	w.mu.Lock()
	w.answers[status]++
	w.requests, w.bodies = append(w.requests, r), append(w.bodies, string(body))
	w.mu.Unlock()
	rw.WriteHeader(status)
}

func (w *wired) take(r *http.Request, body string) int {
	form, err := url.ParseQuery(body)
	if err != nil {
		return http.StatusForbidden
	}
	parts := strings.Split(r.URL.Path, "/")
	cb := sms.Callback{Form: form, Body: []byte(body), Header: r.Header.Get}
	if cb.Inbox, err = liadesk.ParseID(parts[3]); err != nil {
		return http.StatusForbidden
	}
	if parts[4] == "status" {
		cb.Attempt = parts[5]
		err = w.svc.ReportStatus(context.Background(), cb)
	} else {
		err = w.svc.Receive(context.Background(), cb)
	}
	switch {
	case err == nil:
		return http.StatusOK
	case liadesk.KindOf(err) == liadesk.KindForbidden:
		return http.StatusForbidden
	}
	return http.StatusServiceUnavailable
}

// people writes n contacts with invented numbers of ten area codes.
func (w *wired) people(n int) []liadesk.Contact {
	ids := liadesk.RandomIDs(w.clock.Now)
	areas := []string{"201", "205", "206", "212", "213", "214", "215", "216", "217", "218"}
	list := make([]liadesk.Contact, n)
	dbtest.Update(w.t, w.store, func(tx *db.Tx) error {
		batch := tx.ContactBatch(w.account.ID)
		for i := range list {
			list[i] = liadesk.Contact{
				ID: ids(), AccountID: w.account.ID, Name: fmt.Sprintf("Nº%d Roe", i), Phone: fmt.Sprintf("+1%s55501%02d", areas[i/100], i%100),
				Tags: []string{"vip"}, Class: "US//America/New_York", Version: 1, CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
				Consent: liadesk.Consent{State: liadesk.ConsentGranted, Source: "test", At: w.clock.Now()},
			}
			if err := batch.Put(nil, &list[i]); err != nil {
				return err
			}
		}
		return batch.Flush()
	})
	return list
}

// send schedules a campaign to everybody and works until it is done.
func (w *wired) send() liadesk.SMSCampaign {
	w.t.Helper()
	ctx := w.t.Context()
	c, err := w.svc.Create(ctx, w.admin, sms.Input{
		Title: "Sale", Message: "Hola {{ contact.first_name }}: 5 € & más", InboxID: w.inbox.ID,
		Audience: liadesk.Rule{Tag: "vip"}, ScheduledAt: w.clock.Now().Add(time.Minute),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	for c.Status != liadesk.SMSCompleted {
		if err := w.svc.Tick(ctx); err != nil {
			w.t.Fatal(err)
		}
		_, wait, err := w.svc.Step(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		w.clock.Advance(wait)
		if c, err = w.svc.Get(ctx, w.admin, c.ID); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.carrier.Idle(ctx); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestAThousandContactsGetOneRequestEachAndTheReportAddsUp(t *testing.T) {
	w := wire(t)
	list := w.people(1000)
	for i, p := range list { // every kind of report, in any order
		b := sandbox.Behaviour{Twice: i%3 == 0, Reversed: i%4 == 0, Early: i%5 == 0, FinalOnly: i%7 == 0}
		switch {
		case i%10 == 1:
			b.Outcome, b.Code = sandbox.Failed, "30"
		case i%10 == 2:
			b.Outcome, b.Code = sandbox.Undelivered, "80"
		}
		w.carrier.SetBehaviour(p.Phone, b)
	}
	c := w.send()

	requests := w.carrier.Requests()
	if len(requests) != len(list) {
		t.Errorf("%d numbers got a request", len(requests))
	}
	for _, p := range list {
		if n := requests[p.Phone]; n != 1 {
			t.Errorf("%s got %d requests", p.Phone, n)
		}
	}
	for number, want := range map[string]string{list[0].Phone: "Hola Nº0: 5 € & más", list[999].Phone: "Hola Nº999: 5 € & más"} {
		if got := w.lastText(number); got != want {
			t.Errorf("%s reads %q, want %q", number, got, want)
		}
	}
	p, err := w.svc.Progress(t.Context(), w.admin, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if *p.Targeted != 1000 || p.Delivered != 800 || p.Failed != 100 || p.Undelivered != 100 {
		t.Errorf("the report does not add up: %+v", p)
	}
	before := p

	// All callbacks come once more, and again under a signature of a stranger.
	w.mu.Lock()
	requestsSeen, bodies := w.requests, w.bodies
	w.mu.Unlock()
	for i, r := range requestsSeen[:300] {
		if status := w.take(r, bodies[i]); status != http.StatusOK {
			t.Fatalf("a repeated callback got %d", status)
		}
		if status := w.take(r, bodies[i]+"&Status=failed"); status != http.StatusForbidden {
			t.Fatalf("a changed callback got %d", status)
		}
	}
	if p, err = w.svc.Progress(t.Context(), w.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(p.Delivered, p.Failed, p.Undelivered, p.Cost, p.Segments) !=
		fmt.Sprint(before.Delivered, before.Failed, before.Undelivered, before.Cost, before.Segments) {
		t.Errorf("repeated callbacks changed the report: %+v, was %+v", p, before)
	}
	if w.answers[http.StatusForbidden]+w.answers[http.StatusServiceUnavailable] > 0 {
		t.Errorf("answers to the carrier: %v", w.answers)
	}
}

// lastText is what a handset shows.
func (w *wired) lastText(handset string) string {
	messages := w.carrier.Messages([]string{authID}, handset)
	if len(messages) == 0 {
		return ""
	}
	return messages[len(messages)-1].Text
}

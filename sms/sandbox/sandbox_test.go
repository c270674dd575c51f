package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

const (
	account = "MAAURORACAFE"
	token   = "token of aurora"
	number  = "+12025550100" // the account's
	handset = "+12125550101"
)

var start = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

// event is a report or an inbound text that the app was given.
type event struct {
	path    string
	form    url.Values
	version sms.SignatureVersion // empty: it was not signed as it should
}

// stage is the sandbox between an app that takes its reports and the carrier's
// real client library.
type stage struct {
	*sandbox.Sandbox
	t       *testing.T
	app     *httptest.Server
	events  chan event
	clock   *clockwork.FakeClock
	carrier sms.Carrier

	mu      sync.Mutex
	answers []int // of the app, one for each event; 200 when used up
	onEvent func(event)
}

func (s *stage) Token(id string) (string, bool) {
	return map[string]string{account: token, "MAOTHER": "token of other"}[id], id == account || id == "MAOTHER"
}

func (s *stage) MessageURL(id, n string) (string, bool) {
	return s.app.URL + "/inbound", id == account && n == number || id == "MAOTHER" && n == "+12025550199"
}

func newStage(t *testing.T, o sandbox.Options) *stage {
	t.Helper()
	s := &stage{t: t, events: make(chan event, 10_000), clock: clockwork.NewFakeClockAt(start)}
	s.app = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.app.Close)
	o.Directory, o.Clock = s, s.clock
	var err error
	if s.Sandbox, err = sandbox.Start(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	plivo, err := sms.NewPlivo(sms.PlivoOptions{BaseURL: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plivo.CloseIdleConnections)
	s.carrier = plivo.Carrier(sms.Credentials{AuthID: account, AuthToken: token})
	return s
}

// take is the app's webhook. It knows its own address, as the real one does.
func (s *stage) take(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.t.Error(err)
	}
	form := r.PostForm
	if r.Method == http.MethodGet {
		form = r.Form
	}
	e := event{path: r.URL.Path, form: form}
	v, err := sms.VerifySignature(sms.SignedRequest{Method: r.Method, URL: s.app.URL + r.URL.Path, Form: form, Header: r.Header.Get}, token)
	if err == nil {
		e.version = v.Version
	}
	s.mu.Lock()
	status, on := 200, s.onEvent
	if len(s.answers) > 0 {
		status, s.answers = s.answers[0], s.answers[1:]
	}
	s.mu.Unlock()
	if on != nil {
		on(e)
	}
	s.events <- e
	w.WriteHeader(status)
}

func (s *stage) send(to, text string) (sms.Receipt, error) {
	return s.carrier.Send(s.t.Context(), sms.Outgoing{From: number, To: to, Text: text, CallbackURL: s.app.URL + "/status/attempt-1"})
}

// idle waits until all is reported and gives the events so far.
func (s *stage) idle() []event {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Idle(ctx); err != nil {
		s.t.Fatal(err)
	}
	var events []event
	for {
		select {
		case e := <-s.events:
			events = append(events, e)
		default:
			return events
		}
	}
}

// next waits for one event.
func (s *stage) next() event {
	s.t.Helper()
	select {
	case e := <-s.events:
		return e
	case <-time.After(30 * time.Second):
		s.t.Fatal("no event came")
		return event{}
	}
}

// advance moves the clock on once that many waits are under way.
func (s *stage) advance(waits int, d time.Duration) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	if err := s.clock.BlockUntilContext(ctx, waits); err != nil {
		s.t.Fatal(err)
	}
	s.clock.Advance(d)
}

func states(events []event) []string {
	list := []string{}
	for _, e := range events {
		state := e.form.Get("Status")
		if code := e.form.Get("ErrorCode"); code != "" {
			state += " " + code
		}
		list = append(list, state)
	}
	return list
}

func TestATextIsSentReportedAndListed(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	receipt, err := s.send(handset, "Hé <b> & 5 €")
	if err != nil {
		t.Fatal(err)
	}
	events := s.idle()
	if diff := cmp.Diff([]string{"queued", "sent", "delivered"}, states(events)); diff != "" {
		t.Fatal(diff)
	}
	for i, e := range events {
		if e.version != sms.SignatureV3 || e.path != "/status/attempt-1" || e.form.Get("MessageUUID") != receipt.UUID ||
			e.form.Get("Sequence") != fmt.Sprint(i+1) || e.form.Get("To") != handset[1:] || e.form.Get("From") != number[1:] || e.form.Get("Units") != "1" {
			t.Errorf("%+v", e)
		}
	}
	page, err := s.carrier.List(t.Context(), sms.ListQuery{Since: start, Until: start, From: number, To: handset})
	if err != nil {
		t.Fatal(err)
	}
	want := sms.ListPage{Texts: []sms.Listed{{UUID: receipt.UUID, From: number, To: handset, State: "delivered", Units: 1, Amount: "0.00350", At: start}}}
	if diff := cmp.Diff(want, page); diff != "" {
		t.Error(diff)
	}
	if status, body := s.raw("GET", "/v1/Account/"+account+"/Message/"+receipt.UUID+"/", "", account, token); status != 200 || body["message_state"] != "delivered" || body["text"] != nil {
		t.Errorf("%d %v", status, body)
	}
	messages := s.Messages([]string{account}, handset)
	if len(messages) != 1 || messages[0].Text != "Hé <b> & 5 €" || !messages[0].Received() ||
		!cmp.Equal(messages[0].Reports, []sandbox.Report{{"queued", 1, 200}, {"sent", 1, 200}, {"delivered", 1, 200}}) {
		t.Errorf("%+v", messages)
	}
	if s.Requests()[handset] != 1 || s.Accepted()[handset] != 1 {
		t.Errorf("%v %v", s.Requests(), s.Accepted())
	}
}

// raw makes a request without the library.
func (s *stage) raw(method, path, body, id, token string) (int, map[string]any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(id, token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var answer map[string]any
	if json.Unmarshal(data, &answer) != nil {
		answer = map[string]any{"plain": string(data)}
	}
	return resp.StatusCode, answer
}

func TestEveryWayOfAnsweringIsReadAsWhatItMeans(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	for i, c := range []struct {
		name    string
		answer  sandbox.Answer
		class   sms.Class
		reason  sms.Reason
		retry   time.Duration
		created int
	}{
		{"accept, then drop", sandbox.AcceptThenDrop, sms.Unknown, sms.ReasonNoAnswer, 0, 1},
		{"drop", sandbox.DropUnaccepted, sms.Unknown, sms.ReasonNoAnswer, 0, 0},
		{"accept, then 500", sandbox.AcceptThen500, sms.Unknown, sms.ReasonServer, 0, 1},
		{"empty 502", sandbox.EmptyError, sms.Unknown, sms.ReasonServer, 0, 1},
		{"without uuid", sandbox.WithoutUUID, sms.Unknown, sms.ReasonUnreadable, 0, 1},
		{"truncated", sandbox.Truncated, sms.Unknown, sms.ReasonUnreadable, 0, 1},
		{"HTML", sandbox.HTMLInstead, sms.Unknown, sms.ReasonUnreadable, 0, 1},
		{"throttled", sandbox.Throttled, sms.Refused, sms.ReasonThrottled, 0, 0},
		{"throttled with a wait", sandbox.ThrottledFor("3"), sms.Refused, sms.ReasonThrottled, 3 * time.Second, 0},
		{"unauthorised", sandbox.Unauthorised, sms.Refused, sms.ReasonUnauthorised, 0, 0},
		{"no credit", sandbox.NoCredit, sms.Refused, sms.ReasonNoCredit, 0, 0},
		{"barred", sandbox.Barred, sms.Refused, sms.ReasonForbidden, 0, 0},
		{"invalid number", sandbox.InvalidNumber, sms.Refused, sms.ReasonMessage, 0, 0},
		{"empty 400", sandbox.EmptyBadRequest, sms.Refused, sms.ReasonMessage, 0, 0},
		{"redirect", sandbox.Redirected, sms.Refused, sms.ReasonMisconfigured, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := fmt.Sprintf("+121255501%02d", i)
			c.answer.Times = 1
			s.SetBehaviour(to, sandbox.Behaviour{Answer: &c.answer})
			_, err := s.send(to, "Hello")
			e, ok := errors.AsType[*sms.SendError](err)
			if !ok || e.Class != c.class || e.Reason != c.reason || e.RetryAfter != c.retry {
				t.Fatalf("%+v", err)
			}
			if n := len(s.idle()); n != 3*c.created {
				t.Errorf("%d reports", n)
			}
			if s.Requests()[to] != 1 || s.Accepted()[to] != c.created {
				t.Errorf("%d requests, %d accepted", s.Requests()[to], s.Accepted()[to])
			}
			if _, err := s.send(to, "Hello"); err != nil { // it happens once
				t.Error(err)
			}
			s.idle()
		})
	}
}

func TestAClientThatGivesUpLeavesTheTextBehind(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	s.SetDefault(sandbox.Behaviour{AnswerDelay: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error)
	go func() {
		_, err := s.carrier.Send(ctx, sms.Outgoing{From: number, To: handset, Text: "Hello", CallbackURL: s.app.URL + "/status/1"})
		sent <- err
	}()
	s.advance(1, 0) // the sandbox is waiting before its answer
	cancel()
	if e, ok := errors.AsType[*sms.SendError](<-sent); !ok || e.Class != sms.Unknown {
		t.Errorf("%+v", e)
	}
	if diff := cmp.Diff([]string{"queued", "sent", "delivered"}, states(s.idle())); diff != "" {
		t.Error(diff)
	}
}

func TestADelayedAnswerComes(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	s.SetDefault(sandbox.Behaviour{AnswerDelay: time.Minute})
	sent := make(chan error)
	go func() {
		_, err := s.send(handset, "Hello")
		sent <- err
	}()
	s.advance(1, time.Minute)
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestDestinationsBehave(t *testing.T) {
	for _, c := range []struct {
		name string
		b    sandbox.Behaviour
		want []string
	}{
		{"fails", sandbox.Behaviour{Outcome: sandbox.Failed, Code: "50"}, []string{"queued", "failed 50"}},
		{"undelivered", sandbox.Behaviour{Outcome: sandbox.Undelivered, Code: "80"}, []string{"queued", "sent", "undelivered 80"}},
		{"sent is the end", sandbox.Behaviour{Outcome: sandbox.Sent}, []string{"queued", "sent"}},
		{"never reported", sandbox.Behaviour{Silent: true}, []string{}},
		{"reports go missing", sandbox.Behaviour{FinalOnly: true}, []string{"delivered"}},
		{"reported twice", sandbox.Behaviour{Twice: true}, []string{"queued", "queued", "sent", "sent", "delivered", "delivered"}},
		{"out of order", sandbox.Behaviour{Reversed: true}, []string{"delivered", "sent", "queued"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, sandbox.Options{})
			s.SetBehaviour(handset, c.b)
			if _, err := s.send(handset, "Hello"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, states(s.idle())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFailedTextCostsNothing(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	s.SetDefault(sandbox.Behaviour{Outcome: sandbox.Failed, Code: "50"})
	if _, err := s.send(handset, "Hello"); err != nil {
		t.Fatal(err)
	}
	events := s.idle()
	if amount := events[len(events)-1].form.Get("TotalAmount"); amount != "0.00000" {
		t.Error(amount)
	}
}

func TestTheFirstReportCanComeBeforeTheAnswer(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	s.SetDefault(sandbox.Behaviour{Early: true})
	reported, answered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.onEvent = func(event) { once.Do(func() { close(reported) }) }
	go func() {
		defer close(answered)
		if _, err := s.send(handset, "Hello"); err != nil {
			t.Error(err)
		}
	}()
	<-answered
	select {
	case <-reported:
	default:
		t.Error("the answer came first")
	}
	if diff := cmp.Diff([]string{"queued", "sent", "delivered"}, states(s.idle())); diff != "" {
		t.Error(diff)
	}
}

func TestStatesTakeTheirTime(t *testing.T) {
	s := newStage(t, sandbox.Options{Timeline: sandbox.Timeline{Sent: time.Second, Delivered: 2 * time.Second}})
	s.SetDefault(sandbox.Behaviour{Delay: time.Minute, Late: time.Hour})
	if _, err := s.send(handset, "Hello"); err != nil {
		t.Fatal(err)
	}
	state := func() string { return s.Messages([]string{account}, handset)[0].State }
	s.advance(2, time.Second) // the next state, and the report of queued
	s.advance(3, time.Minute)
	if got := state(); got != "sent" {
		t.Errorf("%s after a minute", got)
	}
	s.advance(3, 2*time.Second)
	s.advance(3, time.Hour)
	if diff := cmp.Diff(3, len(s.idle())); diff != "" || state() != "delivered" {
		t.Error(diff, state())
	}
}

func TestReportsThatAreNotTakenAreRepeatedThreeTimes(t *testing.T) {
	s := newStage(t, sandbox.Options{RetryScale: 0.5})
	s.SetDefault(sandbox.Behaviour{FinalOnly: true})
	s.answers = []int{503, 500, 302, 404, 200}
	if _, err := s.send(handset, "Hello"); err != nil {
		t.Fatal(err)
	}
	first := s.next()
	for _, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
		s.advance(1, wait-1)
		s.advance(1, 1)
		if again := s.next(); !cmp.Equal(again.form, first.form) || again.version != sms.SignatureV3 {
			t.Errorf("%+v", again)
		}
	}
	if more := s.idle(); len(more) != 0 {
		t.Errorf("a fifth time: %v", more)
	}
	reports := s.Messages([]string{account}, handset)[0].Reports
	if diff := cmp.Diff([]sandbox.Report{{"delivered", 4, 404}}, reports); diff != "" {
		t.Error(diff)
	}
}

func TestReportsBearTheSignatureThatIsAskedFor(t *testing.T) {
	for how, want := range map[sandbox.Signatures]sms.SignatureVersion{
		sandbox.SignAsUsual: sms.SignatureV3, sandbox.SignV2Only: sms.SignatureV2, sandbox.SignWrong: "", sandbox.SignNone: "",
	} {
		s := newStage(t, sandbox.Options{})
		s.SetSignatures(how)
		if _, err := s.send(handset, "Hello"); err != nil {
			t.Fatal(err)
		}
		s.SetSignatures(sandbox.SignAsUsual)
		s.idle()
		s.SetBehaviour(handset, sandbox.Behaviour{FinalOnly: true, Signatures: how})
		if _, err := s.send(handset, "Hello"); err != nil {
			t.Fatal(err)
		}
		if e := s.idle(); len(e) != 1 || e[0].version != want {
			t.Errorf("%d: %+v, want %q", how, e, want)
		}
	}
}

func TestReportsByGETCarryTheirValuesInTheAddress(t *testing.T) {
	s := newStage(t, sandbox.Options{})
	body := fmt.Sprintf(`{"src":%q,"dst":%q,"text":"Hello","url":%q,"method":"GET"}`, number, handset, s.app.URL+"/status/1")
	if status, answer := s.raw("POST", "/v1/Account/"+account+"/Message/", body, account, token); status != 202 {
		t.Fatal(answer)
	}
	events := s.idle()
	if len(events) != 3 || events[2].version != sms.SignatureV3 || events[2].form.Get("Status") != "delivered" {
		t.Errorf("%+v", events)
	}
}

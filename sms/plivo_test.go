package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	testCredentials = Credentials{AuthID: "MATESTACCOUNT", AuthToken: "token"}
	testMessage     = Outgoing{From: "+12025550100", To: "+12125550101", Text: "Hé <b> & 5 €",
		CallbackURL: "https://app.example.com/webhooks/plivo/in/status/at"}
)

// dial gives a Carrier on a server that answers as h says.
func dial(t *testing.T, h http.HandlerFunc, o PlivoOptions) Carrier {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	o.BaseURL = server.URL
	p, err := NewPlivo(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.CloseIdleConnections)
	return p.Carrier(testCredentials)
}

func sendError(t *testing.T, err error) *SendError {
	t.Helper()
	e, ok := errors.AsType[*SendError](err)
	if !ok {
		t.Fatalf("got %v, want a SendError", err)
	}
	return e
}

func TestSendIsOneMessageRequestAsPlivoDescribesIt(t *testing.T) {
	var got map[string]any
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		id, token, _ := r.BasicAuth()
		if r.Method != "POST" || r.URL.Path != "/v1/Account/MATESTACCOUNT/Message/" || id != "MATESTACCOUNT" || token != "token" {
			t.Errorf("%s %s as %s:%s", r.Method, r.URL.Path, id, token)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(202)
		io.WriteString(w, `{"api_id":"a","message":"message(s) queued","message_uuid":["u1"]}`)
	}, PlivoOptions{})
	receipt, err := c.Send(t.Context(), testMessage)
	if err != nil || receipt.UUID != "u1" {
		t.Fatalf("%+v %v", receipt, err)
	}
	want := map[string]any{"src": testMessage.From, "dst": testMessage.To, "text": testMessage.Text,
		"url": testMessage.CallbackURL, "method": "POST"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryAnswerHasOneMeaning(t *testing.T) {
	for _, c := range []struct {
		name       string
		status     int
		header     string // Retry-After
		body       string
		class      Class
		reason     Reason
		text, code string
		retry      time.Duration
		ofInbox    bool
	}{
		{name: "bad number", status: 400, body: `{"api_id":"a","error":"'1111111' is not a valid phone number."}`,
			class: Refused, reason: ReasonMessage, text: "'1111111' is not a valid phone number.", code: "http_400"},
		{name: "a code of the carrier's own", status: 400, body: `{"error":"no","error_code":50}`,
			class: Refused, reason: ReasonMessage, text: "no", code: "50"},
		{name: "bad sender", status: 400, body: `{"error":"This caller ID is not allowed for outbound message"}`,
			class: Refused, reason: ReasonSender, text: "This caller ID is not allowed for outbound message", code: "bad_sender"},
		{name: "bad request without a word", status: 400,
			class: Refused, reason: ReasonMessage, text: "Bad Request", code: "http_400"},
		{name: "wrong credentials in plain text", status: 401, body: "Could not verify your access level for that URL.",
			class: Refused, reason: ReasonUnauthorised, text: "Could not verify your access level for that URL.", code: "http_401", ofInbox: true},
		{name: "country not enabled", status: 403, body: `{"error":"Geo permission"}`,
			class: Refused, reason: ReasonForbidden, text: "Geo permission", code: "http_403"},
		{name: "not the API", status: 404, body: "<html>", class: Refused, reason: ReasonMisconfigured, text: "Not Found", code: "http_404", ofInbox: true},
		{name: "not the method", status: 405, class: Refused, reason: ReasonMisconfigured, text: "Method Not Allowed", code: "http_405", ofInbox: true},
		{name: "no credit", status: 400, body: `{"error":"Insufficient Credit"}`, class: Refused, reason: ReasonNoCredit, text: "Insufficient Credit", code: "http_400", ofInbox: true},
		{name: "no credit, one word", status: 403, body: `InsufficientCredit`, class: Refused, reason: ReasonNoCredit, text: "InsufficientCredit", code: "http_403", ofInbox: true},
		{name: "no credit by status", status: 402, class: Refused, reason: ReasonNoCredit, text: "Payment Required", code: "http_402", ofInbox: true},
		{name: "throttled", status: 429, body: `{"error":"too many requests"}`, class: Refused, reason: ReasonThrottled, text: "too many requests", code: "http_429", ofInbox: true},
		{name: "throttled for seconds", status: 429, header: "7", class: Refused, reason: ReasonThrottled, text: "Too Many Requests", code: "http_429", retry: 7 * time.Second, ofInbox: true},
		{name: "throttled for ever", status: 429, header: "99999999999", class: Refused, reason: ReasonThrottled, text: "Too Many Requests", code: "http_429", retry: time.Hour, ofInbox: true},
		{name: "throttled for nonsense", status: 429, header: "-1h", class: Refused, reason: ReasonThrottled, text: "Too Many Requests", code: "http_429", ofInbox: true},
		{name: "redirect", status: 307, class: Refused, reason: ReasonMisconfigured, text: "Temporary Redirect", code: "http_307", ofInbox: true},
		{name: "to https", status: 301, class: Refused, reason: ReasonMisconfigured, text: "Moved Permanently", code: "http_301", ofInbox: true},
		{name: "see other, so it was handled", status: 303, class: Unknown, reason: ReasonUnreadable, text: "See Other", code: "http_303"},
		{name: "time-out of the other side", status: 408, class: Unknown, reason: ReasonNoAnswer, text: "Request Timeout", code: "http_408"},
		{name: "server error", status: 500, body: `{"error":"oops"}`, class: Unknown, reason: ReasonServer, text: "oops", code: "http_500"},
		{name: "a server error may have taken it, whatever it says", status: 500, body: "insufficient credit", class: Unknown, reason: ReasonServer, text: "insufficient credit", code: "http_500"},
		{name: "server error without a word", status: 502, class: Unknown, reason: ReasonServer, text: "Bad Gateway", code: "http_502"},
		{name: "server error in HTML", status: 503, body: "<h1>busy</h1>", class: Unknown, reason: ReasonServer, text: "Service Unavailable", code: "http_503"},
		{name: "time-out of a gateway", status: 504, class: Unknown, reason: ReasonServer, text: "Gateway Timeout", code: "http_504"},
		{name: "accepted without a word", status: 202, class: Unknown, reason: ReasonUnreadable, text: "the answer names 0 texts instead of one"},
		{name: "accepted without uuid", status: 202, body: `{"message":"message(s) queued"}`, class: Unknown, reason: ReasonUnreadable, text: "the answer names 0 texts instead of one"},
		{name: "accepted with an empty uuid", status: 202, body: `{"message_uuid":[""]}`, class: Unknown, reason: ReasonUnreadable, text: "the answer names 1 texts instead of one"},
		{name: "accepted twice", status: 202, body: `{"message_uuid":["a","b"]}`, class: Unknown, reason: ReasonUnreadable, text: "the answer names 2 texts instead of one"},
		{name: "accepted in HTML", status: 200, body: `<html>`, class: Unknown, reason: ReasonUnreadable, text: "invalid character '<' looking for beginning of value"},
		{name: "accepted and cut off", status: 202, body: `{"message_uuid":["a`, class: Unknown, reason: ReasonUnreadable, text: "unexpected end of JSON input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var requests atomic.Int32
			carrier := dial(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				if c.status/100 == 3 {
					w.Header().Set("Location", "/v1/Account/MATESTACCOUNT/Message/")
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}, PlivoOptions{})
			_, err := carrier.Send(t.Context(), testMessage)
			e := sendError(t, err)
			if e.Class != c.class || e.Reason != c.reason || e.Text != c.text || e.Code != c.code || e.RetryAfter != c.retry || e.OfInbox() != c.ofInbox {
				t.Errorf("got %+v (of inbox %v), want %+v", e, e.OfInbox(), c)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests were made", n)
			}
		})
	}
}

func TestRetryAfterAsDateIsReadByTheCarriersClock(t *testing.T) {
	h := http.Header{}
	h.Set("Date", "Tue, 01 Dec 2026 10:00:00 GMT")
	h.Set("Retry-After", "Tue, 01 Dec 2026 10:00:30 GMT")
	if d := retryAfter(h); d != 30*time.Second {
		t.Errorf("%v", d)
	}
	h.Set("Retry-After", "Tue, 01 Dec 2026 09:00:00 GMT")
	if d := retryAfter(h); d != 0 {
		t.Errorf("a date gone by: %v", d)
	}
}

func TestOnlyWhatNeverLeftIsNotSent(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		p, err := NewPlivo(PlivoOptions{BaseURL: "http://" + address})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Carrier(testCredentials).Send(t.Context(), testMessage)
		if e := sendError(t, err); e.Class != NotSent || e.Reason != ReasonNoConnection || !e.OfInbox() {
			t.Errorf("%+v", e)
		}
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Error("a request came through")
		}))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		p, err := NewPlivo(PlivoOptions{BaseURL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Carrier(testCredentials).Send(t.Context(), testMessage)
		if e := sendError(t, err); e.Class != NotSent {
			t.Errorf("%+v", e)
		}
	})
	t.Run("cancelled before it began", func(t *testing.T) {
		c := dial(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }, PlivoOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.Send(ctx, testMessage)
		if e := sendError(t, err); e.Class != NotSent {
			t.Errorf("%+v", e)
		}
	})
	t.Run("cancelled while all connections are in use", func(t *testing.T) {
		entered, release := make(chan struct{}), make(chan struct{})
		c := dial(t, func(w http.ResponseWriter, r *http.Request) {
			entered <- struct{}{}
			<-release
			w.WriteHeader(202)
			io.WriteString(w, `{"message_uuid":["u"]}`)
		}, PlivoOptions{Workers: 1})
		first := make(chan error)
		go func() {
			_, err := c.Send(t.Context(), testMessage)
			first <- err
		}()
		<-entered
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := c.Send(ctx, testMessage)
		if e := sendError(t, err); e.Class != NotSent {
			t.Errorf("%+v", e)
		}
		close(release)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestWhatMayHaveLeftIsUnknown(t *testing.T) {
	unknown := func(t *testing.T, err error) {
		t.Helper()
		if e := sendError(t, err); e.Class != Unknown || e.Reason != ReasonNoAnswer || e.OfInbox() || e.Status != 0 {
			t.Errorf("%+v", e)
		}
	}
	t.Run("cancelled while waiting for the answer", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := dial(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
		}, PlivoOptions{})
		_, err := c.Send(ctx, testMessage)
		unknown(t, err)
	})
	t.Run("no answer in time", func(t *testing.T) {
		c := dial(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, PlivoOptions{Timeout: 500 * time.Millisecond})
		_, err := c.Send(t.Context(), testMessage)
		unknown(t, err)
	})
	t.Run("connection dropped", func(t *testing.T) {
		var requests atomic.Int32
		c := dial(t, func(w http.ResponseWriter, r *http.Request) {
			if requests.Add(1) == 1 { // so that the next one finds an idle connection
				w.WriteHeader(202)
				io.WriteString(w, `{"message_uuid":["u"]}`)
				return
			}
			panic(http.ErrAbortHandler)
		}, PlivoOptions{})
		if _, err := c.Send(t.Context(), testMessage); err != nil {
			t.Fatal(err)
		}
		_, err := c.Send(t.Context(), testMessage)
		unknown(t, err)
		if n := requests.Load(); n != 2 {
			t.Errorf("%d requests for two texts", n)
		}
	})
	t.Run("answer cut off", func(t *testing.T) {
		c := dial(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(202)
			io.WriteString(w, `{"message_uuid":["u"]}`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, PlivoOptions{})
		_, err := c.Send(t.Context(), testMessage)
		if e := sendError(t, err); e.Class != Unknown || e.Status != 202 {
			t.Errorf("%+v", e)
		}
	})
	t.Run("answer without end", func(t *testing.T) {
		c := dial(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(202)
			for chunk := strings.Repeat(" ", 1<<16); ; {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		}, PlivoOptions{})
		_, err := c.Send(t.Context(), testMessage)
		if e := sendError(t, err); e.Class != Unknown || e.Status != 202 {
			t.Errorf("%+v", e)
		}
	})
}

func TestWhatIsNotOneTextToOneNumberNeverReachesTheWire(t *testing.T) {
	c := dial(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }, PlivoOptions{})
	for name, change := range map[string]func(*Outgoing){
		"two numbers":      func(m *Outgoing) { m.To = "+12125550101<12125550102" },
		"national number":  func(m *Outgoing) { m.To = "2125550101" },
		"no number":        func(m *Outgoing) { m.To = "" },
		"no sender":        func(m *Outgoing) { m.From = "" },
		"odd sender":       func(m *Outgoing) { m.From = "Lia Desk!" },
		"no text":          func(m *Outgoing) { m.Text = "" },
		"no callback":      func(m *Outgoing) { m.CallbackURL = "" },
		"relative address": func(m *Outgoing) { m.CallbackURL = "/webhooks" },
		"odd scheme":       func(m *Outgoing) { m.CallbackURL = "file:///etc/hosts" },
	} {
		m := testMessage
		change(&m)
		_, err := c.Send(t.Context(), m)
		if e := sendError(t, err); e.Class != Refused || e.Reason != ReasonMessage || e.OfInbox() {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestCredentialsOfTheEnvironmentAreNeverUsed(t *testing.T) {
	t.Setenv("PLIVO_AUTH_ID", "MASOMEBODYELSE")
	t.Setenv("PLIVO_AUTH_TOKEN", "theirs")
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }))
	defer server.Close()
	p, err := NewPlivo(PlivoOptions{BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for _, cred := range []Credentials{{}, {AuthID: "MA1"}, {AuthToken: "t"}, {AuthID: "../x", AuthToken: "t"}} {
		_, err := p.Carrier(cred).Send(t.Context(), testMessage)
		if e := sendError(t, err); e.Reason != ReasonUnauthorised || !e.OfInbox() {
			t.Errorf("%v: %+v", cred, e)
		}
	}
}

func TestCredentialsDoNotShowTheirToken(t *testing.T) {
	if s := fmt.Sprintf("%v %+v %#v %s", testCredentials, testCredentials, testCredentials, testCredentials); strings.Contains(s, "token") {
		t.Error(s)
	}
}

func TestACarrierIsMadeOncePerAccountAndAnewForANewToken(t *testing.T) {
	p, err := NewPlivo(PlivoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first := p.Carrier(Credentials{"MA1", "a"})
	if p.Carrier(Credentials{"MA1", "a"}) != first {
		t.Error("the same account got a second client")
	}
	if p.Carrier(Credentials{"MA1", "b"}) == first || p.Carrier(Credentials{"MA2", "a"}) == first {
		t.Error("other credentials got the client of the first")
	}
}

func TestAddressOfTheCarrierIsCheckedAtStart(t *testing.T) {
	for _, bad := range []string{"api.plivo.com", "ftp://api.plivo.com", "https://", "https://host/v1", "https://u:p@host", "https://host/?a=b", "://"} {
		if _, err := NewPlivo(PlivoOptions{BaseURL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	for _, good := range []string{"", "https://api.plivo.com", "http://127.0.0.1:8080/"} {
		if _, err := NewPlivo(PlivoOptions{BaseURL: good}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestListHoldsEveryObjectAgainstTheQueryAgain(t *testing.T) {
	since := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	object := func(uuid, from, to, direction, at string) string {
		return fmt.Sprintf(`{"message_uuid":%q,"from_number":%q,"to_number":%q,"message_direction":%q,"message_time":%q,
			"message_state":"delivered","units":2,"total_amount":"0.00700","error_code":"000"}`, uuid, from, to, direction, at)
	}
	var query url.Values
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		fmt.Fprintf(w, `{"api_id":"a","meta":{"limit":20,"offset":0,"next":"/v1/Account/MATESTACCOUNT/Message/?offset=20","previous":null},"objects":[%s]}`,
			strings.Join([]string{
				object("match", "12025550100", "12125550101", "outbound", "2026-12-01 15:34:05.799021+05:30"),
				object("match whole second", "12025550100", "12125550101", "outbound", "2026-12-01 10:05:00+00:00"),
				object("other recipient", "12025550100", "12125550199", "outbound", "2026-12-01 10:05:00+00:00"),
				object("other sender", "12025550199", "12125550101", "outbound", "2026-12-01 10:05:00+00:00"),
				object("inbound", "12125550101", "12025550100", "inbound", "2026-12-01 10:05:00+00:00"),
				object("too early", "12025550100", "12125550101", "outbound", "2026-12-01 09:59:59.999999+00:00"),
				object("too late", "12025550100", "12125550101", "outbound", "2026-12-01 10:10:00.000001+00:00"),
				object("masked", "12025550100", "1212555****", "outbound", "2026-12-01 10:05:00+00:00"),
				object("no zone", "12025550100", "12125550101", "outbound", "2026-12-01 10:05:00"),
				object("", "12025550100", "12125550101", "outbound", "2026-12-01 10:05:00+00:00"),
				`{"message_uuid":7}`,
				`{"message_uuid":"odd types","from_number":"12025550100","to_number":"12125550101","message_direction":"outbound",
				  "message_time":"2026-12-01T10:05:00Z","message_state":"failed","units":"1","total_amount":0.5,"error_code":200}`,
			}, ","))
	}, PlivoOptions{})
	page, err := c.List(t.Context(), ListQuery{Since: since, Until: since.Add(10 * time.Minute), From: "+12025550100", To: "+12125550101"})
	if err != nil {
		t.Fatal(err)
	}
	at := since.Add(5 * time.Minute)
	want := ListPage{Next: 12, Unreadable: 4, Texts: []Listed{
		{UUID: "match", From: "+12025550100", To: "+12125550101", State: "delivered", Units: 2, Amount: "0.00700", At: since.Add(4*time.Minute + 5*time.Second + 799021*time.Microsecond)},
		{UUID: "match whole second", From: "+12025550100", To: "+12125550101", State: "delivered", Units: 2, Amount: "0.00700", At: at},
		{UUID: "odd types", From: "+12025550100", To: "+12125550101", State: "failed", ErrorCode: "200", Units: 1, Amount: "0.5", At: at},
	}}
	if diff := cmp.Diff(want, page); diff != "" {
		t.Error(diff)
	}
	wantQuery := url.Values{"message_direction": {"outbound"}, "message_time__gte": {"2026-12-01 10:00:00.000000"},
		"message_time__lte": {"2026-12-01 10:10:00.000000"}, "from_number": {"12025550100"}, "to_number": {"12125550101"}, "limit": {"20"}}
	if diff := cmp.Diff(wantQuery, query); diff != "" {
		t.Error(diff)
	}
}

func TestListRefusesARangeThatIsNone(t *testing.T) {
	c := dial(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }, PlivoOptions{})
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	for _, q := range []ListQuery{{}, {Since: now}, {Since: now, Until: now.Add(-1)}, {Since: now, Until: now, Offset: -1}} {
		if _, err := c.List(t.Context(), q); err == nil {
			t.Errorf("%+v was taken", q)
		}
	}
}

// Each text once left a timer, a goroutine and its answer behind for twenty
// seconds: 700 MB at five thousand texts a second.
func TestATextThatWasAnsweredLeavesNothingRunning(t *testing.T) {
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(202)
		io.WriteString(w, `{"message_uuid":["u"]}`)
	}, PlivoOptions{Timeout: time.Hour})
	send := func(n int) int {
		for range n {
			if _, err := c.Send(t.Context(), testMessage); err != nil {
				t.Fatal(err)
			}
		}
		return runtime.NumGoroutine()
	}
	before := send(1)
	if after := send(200); after > before+100 {
		t.Errorf("200 texts left %d goroutines", after-before)
	}
}

// Its queue is bounded in whole seconds, from five to one less than three hours.
func TestHowLongTheCarrierMayKeepATextIsSaidAsItTakesIt(t *testing.T) {
	var got map[string]any
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		got = nil
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"message_uuid":["u"]}`)
	}, PlivoOptions{})
	for keep, want := range map[time.Duration]any{
		0: nil, time.Second: 5.0, 90*time.Second + time.Second/2: 90.0, 3 * time.Hour: nil, 10_798 * time.Second: 10_798.0, 10_799 * time.Second: nil,
	} {
		m := testMessage
		m.Keep = keep
		if _, err := c.Send(t.Context(), m); err != nil || got["message_expiry"] != want {
			t.Errorf("%s: %v, %v", keep, got["message_expiry"], err)
		}
	}
}

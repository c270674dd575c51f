package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	plivo "github.com/plivo/plivo-go/v7"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// PlivoURL is where Plivo's API is.
const PlivoURL = "https://api.plivo.com"

// ListRequestsPerMinute is how many pages of its list Plivo gives an account in
// a minute. Whoever lists keeps to it; sending does not count against it.
const ListRequestsPerMinute = 20

// plivoPage is the largest page of Plivo's list.
const plivoPage = 20

// maxAnswer bounds the body of an answer, after decompression. A page of the
// list is about 20 KB.
const maxAnswer = 1 << 20

// PlivoOptions are the settings of the client; the zero value is Plivo itself
// with the defaults below.
type PlivoOptions struct {
	// BaseURL is scheme and host of the API, PlivoURL if empty. A path is
	// refused: the client puts its own there.
	BaseURL string
	// Workers is the most requests in flight, and so the connections kept.
	// Default 64.
	Workers int
	// Timeout bounds one request from looking up the host to the last byte of
	// the answer. Default 20 s. A text that meets it is neither sent nor unsent,
	// so it is generous: the wait costs less than the doubt.
	Timeout time.Duration
}

// Plivo is the Dialer over Plivo's own client library.
type Plivo struct {
	base    *url.URL
	client  *http.Client
	timeout time.Duration

	mu       sync.Mutex
	carriers map[string]*plivoCarrier // by auth id
}

// NewPlivo makes a Dialer. It connects to nothing yet.
func NewPlivo(o PlivoOptions) (*Plivo, error) {
	if o.BaseURL == "" {
		o.BaseURL = PlivoURL
	}
	if o.Workers <= 0 {
		o.Workers = 64
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("the carrier's address %q must look like %s", o.BaseURL, PlivoURL)
	}
	if strings.Trim(base.Path, "/") != "" || base.RawQuery != "" || base.User != nil {
		return nil, fmt.Errorf("the carrier's address %q must be scheme and host only", o.BaseURL)
	}
	// HTTP/1.1 only: one request per connection, so that a connection that
	// breaks leaves one text in doubt and not all that share it.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxConnsPerHost:       o.Workers,
		MaxIdleConns:          o.Workers,
		MaxIdleConnsPerHost:   o.Workers,
		IdleConnTimeout:       30 * time.Second,
		ResponseHeaderTimeout: 0, // the time-out of the whole call covers it
		Protocols:             protocols,
	}
	return &Plivo{
		base:     &url.URL{Scheme: base.Scheme, Host: base.Host},
		client:   &http.Client{Transport: &answers{transport}},
		timeout:  o.Timeout,
		carriers: make(map[string]*plivoCarrier),
	}, nil
}

// CloseIdleConnections lets go of the connections that are not in use.
func (p *Plivo) CloseIdleConnections() { p.client.CloseIdleConnections() }

// Carrier gives the client of an account, made once for each pair of
// credentials. With credentials that cannot be anybody's, it gives one whose
// every call is refused unauthorised before anything is sent: the library would
// fall back to credentials in environment variables, those of somebody else.
func (p *Plivo) Carrier(cred Credentials) Carrier {
	if !liadesk.IsAuthID(cred.AuthID) || cred.AuthToken == "" {
		return &plivoCarrier{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.carriers[cred.AuthID]; c != nil && c.sdk.AuthToken == cred.AuthToken {
		return c
	}
	sdk, err := plivo.NewClient(cred.AuthID, cred.AuthToken, &plivo.ClientOptions{HttpClient: p.client})
	if err != nil {
		return &plivoCarrier{}
	}
	base := *p.base
	sdk.BaseUrl = &base
	c := &plivoCarrier{sdk: sdk, timeout: p.timeout}
	p.carriers[cred.AuthID] = c
	return c
}

type plivoCarrier struct {
	sdk     *plivo.Client // nil without usable credentials
	timeout time.Duration
}

// senderID is the form of one: up to 11 letters and digits, as a short code is.
var senderID = regexp.MustCompile(`^[A-Za-z0-9]{1,11}$`)

// checkOutgoing refuses what must never reach the wire. The carrier takes
// "a<b<c" as three recipients; here it is one message to one number or nothing.
func checkOutgoing(m Outgoing) error {
	switch {
	case !phone.IsE164(m.To):
		return fmt.Errorf("%.30q is not one number in E.164", m.To)
	case !phone.IsE164(m.From) && !senderID.MatchString(m.From):
		return fmt.Errorf("%.30q is neither a number nor a sender id", m.From)
	case m.Text == "":
		return ErrEmptyText
	}
	if u, err := url.Parse(m.CallbackURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("the address for delivery reports is not one")
	}
	return nil
}

func (c *plivoCarrier) Send(ctx context.Context, m Outgoing) (Receipt, error) {
	if err := checkOutgoing(m); err != nil {
		return Receipt{}, invalid(err)
	}
	// Log and Trackable stay as the carrier has them by default: with log off it
	// masks the destination in its list, and nothing could be settled by it.
	params := plivo.MessageCreateParams{Src: m.From, Dst: m.To, Text: m.Text, URL: m.CallbackURL, Method: http.MethodPost}
	if seconds := int(m.Keep / time.Second); m.Keep > 0 && seconds < longestKept {
		params.MessageExpiry = max(shortestKept, seconds)
	}
	var answer struct {
		MessageUUID []string `json:"message_uuid"`
	}
	if err := c.call(ctx, http.MethodPost, params, &answer); err != nil {
		return Receipt{}, err
	}
	if len(answer.MessageUUID) != 1 || answer.MessageUUID[0] == "" {
		return Receipt{}, &SendError{Class: Unknown, Reason: ReasonUnreadable,
			Text: fmt.Sprintf("the answer names %d texts instead of one", len(answer.MessageUUID))}
	}
	return Receipt{UUID: answer.MessageUUID[0]}, nil
}

// What Plivo takes for message_expiry, in seconds; by itself it keeps a text in
// its queue for the longest.
const (
	shortestKept = 5
	longestKept  = 10_799
)

// invalid is the answer to what must not reach the wire. It is a refusal and not
// NotSent: trying again would not make it better.
func invalid(err error) *SendError {
	return &SendError{Class: Refused, Reason: ReasonMessage, Code: "invalid", Text: err.Error(), Err: err}
}

// call makes one request through the library and gives back nil or a *SendError.
func (c *plivoCarrier) call(ctx context.Context, method string, params, out any) error {
	if c.sdk == nil {
		return &SendError{Class: NotSent, Reason: ReasonUnauthorised, Text: "no usable auth id and token"}
	}
	req, err := c.sdk.NewRequest(method, params, "Message")
	if err != nil {
		return invalid(err)
	}
	// The library does not close what it reads. A time-out of http.Client keeps a
	// timer, a goroutine and the answer of each text for its whole length then.
	if until, ok := ctx.Deadline(); !ok || time.Until(until) > c.timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	var wire wire
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { wire.connected.Store(true) },
		WroteHeaders: func() { wire.written.Store(true) },
	})
	if err = c.sdk.ExecuteRequest(req.WithContext(ctx), out); err != nil {
		return classify(err, &wire)
	}
	return nil
}

// wire remembers how far a request got. Once set, a mark stays: the transport
// may move a request to another connection when an idle one proves dead.
type wire struct {
	connected atomic.Bool // a connection was handed to the request
	written   atomic.Bool // its headers were written to it
}

// classify turns what the library gives back into a *SendError.
func classify(err error, wire *wire) *SendError {
	if answer, ok := errors.AsType[*answerError](err); ok {
		return answer.classify()
	}
	e := &SendError{Class: Unknown, Reason: ReasonNoAnswer, Text: shorten(err.Error()), Err: err}
	urlErr, ok := errors.AsType[*url.Error](err)
	if !ok { // not of the connection: the library could not read a 2xx
		e.Reason = ReasonUnreadable
		return e
	}
	// The address is the carrier's and says nothing; the cause does.
	e.Text = shorten(urlErr.Err.Error())
	gaveUp := urlErr.Timeout() || errors.Is(err, context.Canceled)
	// With a connection in hand, a time-out or a cancellation returns while the
	// transport's writer may still be about to write: only before that, or when
	// the connection itself failed first, is it certain that nothing left.
	if !wire.connected.Load() || !wire.written.Load() && !gaveUp {
		e.Class, e.Reason = NotSent, ReasonNoConnection
	}
	return e
}

// answers is a transport that reads every answer whole and makes each one
// outside of 2xx an error with its status. The library loses the status, takes
// an empty error for success, and would have redirects followed: a 307 posts
// the text a second time.
type answers struct{ next http.RoundTripper }

func (t *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	resp.Body.Close()
	if err == nil && len(body) > maxAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, &answerError{status: resp.StatusCode, header: resp.Header, body: body, read: err}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// CloseIdleConnections passes on what http.Client asks of its transport.
func (t *answers) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// answerError is an answer that is not a readable success.
type answerError struct {
	status int
	header http.Header
	body   []byte
	read   error // what went wrong while reading the body
}

func (e *answerError) Error() string {
	if e.read != nil {
		return fmt.Sprintf("status %d, then %v", e.status, e.read)
	}
	return fmt.Sprintf("status %d", e.status)
}

func (e *answerError) Unwrap() error { return e.read }

// classify reads a status as HTTP means it (RFC 9110 §15) and as Plivo uses it.
func (e *answerError) classify() *SendError {
	text, code := e.words()
	s := &SendError{Class: Refused, Status: e.status, Code: code, Text: text, Err: e.read}
	if s.Code == "" {
		s.Code = fmt.Sprintf("http_%d", e.status)
	}
	switch {
	// A redirect says that the request belongs elsewhere, not that it was
	// handled; 303 alone says it was (§15.4.4). Ours go nowhere else: it is
	// the address in the settings that is wrong.
	case e.status == 301, e.status == 302, e.status == 307, e.status == 308:
		s.Reason = ReasonMisconfigured
	case e.status == 408, e.status == 425, e.status == 499: // a time-out on the other side
		s.Class, s.Reason = Unknown, ReasonNoAnswer
	case e.status >= 500:
		s.Class, s.Reason = Unknown, ReasonServer
	case e.status < 400: // 1xx, 2xx with a broken body, 303 and the other 3xx
		s.Class, s.Reason = Unknown, ReasonUnreadable
	case e.status == 402, outOfCredit(text):
		// Plivo documents the words and not the status.
		s.Reason = ReasonNoCredit
	case e.status == 429:
		s.Reason = ReasonThrottled
		s.RetryAfter = retryAfter(e.header)
	case e.status == 401:
		s.Reason = ReasonUnauthorised
	case e.status == 403:
		s.Reason = ReasonForbidden
	case e.status == 404, e.status == 405, e.status == 407:
		// The path and the method are ours and always the same ones.
		s.Reason = ReasonMisconfigured
	case strings.Contains(strings.ToLower(text), "caller id"):
		s.Reason = ReasonSender
		if code == "" {
			s.Code = string(ReasonSender) // a person can mend it, and text those people then
		}
	default:
		s.Reason = ReasonMessage
	}
	return s
}

// words finds what the carrier said. Its own errors are JSON, those of the
// servers before it are plain text or HTML.
func (e *answerError) words() (text, code string) {
	var said struct {
		Error json.RawMessage `json:"error"`
		Code  json.RawMessage `json:"error_code"`
	}
	if json.Unmarshal(e.body, &said) == nil {
		text, code = scalar(said.Error), scalar(said.Code)
	}
	if text == "" {
		text = strings.TrimSpace(string(e.body))
	}
	if text == "" || strings.HasPrefix(text, "<") {
		text = http.StatusText(e.status)
	}
	if len(code) > 40 {
		code = ""
	}
	return shorten(text), strings.ToValidUTF8(code, "")
}

// scalar gives a JSON string as its content and anything else as it is written.
func scalar(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// shorten bounds what somebody else said to a line of a report.
func shorten(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// outOfCredit knows the two ways in which Plivo has been seen to write it.
func outOfCredit(text string) bool {
	return strings.Contains(strings.ReplaceAll(strings.ToLower(text), " ", ""), "insufficientcredit")
}

// retryAfter reads both forms of RFC 9110 §10.2.3. A date is held against the
// answer's own date, so that two clocks that disagree do no harm. A wait over
// an hour is taken for a mistake and cut to one.
func retryAfter(h http.Header) time.Duration {
	var d time.Duration
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(value); err == nil {
		d = time.Duration(min(seconds, 3600)) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		if now, err := http.ParseTime(h.Get("Date")); err == nil {
			d = at.Sub(now)
		}
	}
	return max(0, min(d, time.Hour))
}

// Package sandbox is a carrier that exists on this machine only. It speaks the
// wire of Plivo's Message API, as its documentation and its client library have
// it, so that the product runs against it unchanged: Basic auth, POST and GET of
// messages, delivery reports and inbound texts signed in both of Plivo's ways
// and repeated when they are not taken, a list of people who said STOP.
//
// Its destinations behave as they are told (see Behaviour), which includes the
// ways in which networks and carriers go wrong. Its handsets (Threads, Messages,
// Reply) are read and answered in process.
//
// Everything is in memory, and gone when the program ends.
package sandbox

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
)

// The rates that Plivo allows an account; set them in Options to be held to them.
const (
	PlivoPostsPer5s     = 300
	PlivoListsPerMinute = 20
)

// DefaultMaxConversations is how many conversations are kept.
const DefaultMaxConversations = 20_000

// maxMessages is how many messages of one conversation are kept, the newest.
const maxMessages = 200

// maxDestinations bounds the counts of Requests and Accepted. Past it, numbers
// not seen before go uncounted.
const maxDestinations = 2_000_000

// Directory knows the customers of the sandbox. It is asked at every request
// and report, so that a change of credentials holds at once.
type Directory interface {
	// Token gives the auth token of an account, false if there is no such account.
	Token(authID string) (string, bool)
	// MessageURL is where texts to one of the account's numbers go, false if the
	// number is not the account's. The number is in E.164; a short code or sender
	// id has no plus sign.
	MessageURL(authID, number string) (string, bool)
}

// Timeline is how long a text stays in each state before the next.
type Timeline struct {
	Sent      time.Duration // from queued to sent
	Delivered time.Duration // from sent to delivered or undelivered
}

// Options of a sandbox. The zero value of each but Directory has a meaning.
type Options struct {
	// Directory is required.
	Directory Directory
	// Addr is where to listen, on a loopback address; a free port by default.
	Addr string
	// Clock drives everything but the network's own time-outs. The real one by default.
	Clock clockwork.Clock
	// NewID makes ids of texts. Random UUIDs by default.
	NewID func() string
	// Timeline: by default all states are passed through at once.
	Timeline Timeline
	// RetryScale scales the 60, 120 and 240 s after which a report that was not
	// taken is repeated. 0 stands for 1.
	RetryScale float64
	// Signatures on reports and inbound texts, where a Behaviour does not say other.
	Signatures Signatures
	// DigitRules makes the last two digits of a number decide its behaviour, as
	// ByDigits has it. Without it every destination receives what it is sent.
	DigitRules bool
	// MessagesPerSecond is how fast each sender's queue goes out; 0 is at once.
	MessagesPerSecond float64
	// PostsPer5s and ListsPerMinute are held for each account; 0 is without limit.
	PostsPer5s, ListsPerMinute int
	// ListDelay is how long a text takes to show up in list and record.
	ListDelay time.Duration
	// MaxConversations bounds what is kept: past it the conversation that has
	// been silent for longest is dropped with its texts, which then are in no
	// list either. 0 stands for DefaultMaxConversations.
	MaxConversations int
}

// Sandbox is a running carrier. All its methods may be called at any time from
// anywhere.
type Sandbox struct {
	opts     Options
	clock    clockwork.Clock
	server   *http.Server
	url      string
	callback *http.Client
	slots    chan struct{} // one for each report being posted
	ctx      context.Context
	cancel   context.CancelFunc

	mu         sync.Mutex
	closed     bool
	pending    int           // pieces of work waiting or running
	idle       chan struct{} // closed when pending comes to 0; nil while nobody waits
	timers     map[*timer]struct{}
	standard   Behaviour
	behaviours map[string]*Behaviour // by number in digits
	signatures Signatures
	requests   map[string]int // by number in digits
	accepted   map[string]int
	windows    map[string]*window // of the rates, by account and kind
	nextSlot   map[string]time.Time
	stops      map[parties]stop
	records
}

// Start begins to listen.
func Start(o Options) (*Sandbox, error) {
	if o.Directory == nil {
		return nil, errors.New("sandbox: a directory is needed")
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.RetryScale == 0 {
		o.RetryScale = 1
	}
	if o.MaxConversations <= 0 {
		o.MaxConversations = DefaultMaxConversations
	}
	// It believes every report address it is given and posts to it: strangers
	// must not reach it.
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("sandbox: %s is not a loopback address", o.Addr)
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	const reporters = 32
	s := &Sandbox{
		opts: o, clock: o.Clock, url: "http://" + listener.Addr().String(),
		slots:  make(chan struct{}, reporters),
		timers: make(map[*timer]struct{}), behaviours: make(map[string]*Behaviour),
		signatures: o.Signatures,
		requests:   make(map[string]int), accepted: make(map[string]int),
		windows: make(map[string]*window), nextSlot: make(map[string]time.Time), stops: make(map[parties]stop),
		records: records{max: o.MaxConversations, byUUID: make(map[string]*record), accounts: make(map[string]*ledger),
			conversations: make(map[parties]*conversation), silent: list.New()},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.callback = &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: reporters, IdleConnTimeout: 30 * time.Second},
		Timeout:   8 * time.Second, // Plivo's patience
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	s.server = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go s.server.Serve(listener) // ends with Close
	return s, nil
}

// URL is scheme and host of the sandbox, to be given to the client as its base.
func (s *Sandbox) URL() string { return s.url }

// Close ends listening, forgets what was still to come and waits for what is
// under way.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	s.closed = true
	for t := range s.timers {
		delete(s.timers, t)
		t.Stop()
		s.finish()
	}
	s.mu.Unlock()
	s.cancel()
	err := s.server.Close()
	s.Idle(context.Background())
	s.callback.CloseIdleConnections()
	return err
}

// Idle waits until nothing is to come: every text is in its last state, every
// report has been taken or given up. With a fake clock that stands still it
// waits for ever once something is timed.
func (s *Sandbox) Idle(ctx context.Context) error {
	s.mu.Lock()
	if s.pending == 0 {
		s.mu.Unlock()
		return nil
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// DropIdleConnections closes, without a word, every connection on which no
// request is under way, as the servers before a carrier do.
func (s *Sandbox) DropIdleConnections() {
	s.server.SetKeepAlivesEnabled(false)
	s.server.SetKeepAlivesEnabled(true)
}

// SetSignatures changes how reports and inbound texts are signed from now on.
func (s *Sandbox) SetSignatures(v Signatures) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signatures = v
}

// Requests counts, for each number in E.164, the requests to send to it that
// came with good credentials, whatever was answered.
func (s *Sandbox) Requests() map[string]int {
	return s.counts(func() map[string]int { return s.requests })
}

// Accepted counts, for each number in E.164, the texts that came to exist here.
func (s *Sandbox) Accepted() map[string]int {
	return s.counts(func() map[string]int { return s.accepted })
}

func (s *Sandbox) counts(of func() map[string]int) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]int, len(of()))
	for number, n := range of() {
		counts["+"+number] = n
	}
	return counts
}

// countIn adds one, within bounds. The lock is held.
func countIn(m map[string]int, number string) {
	if _, ok := m[number]; ok || len(m) < maxDestinations {
		m[number]++
	}
}

// now is the time to the microsecond, which is all that the wire shows: what is
// listed by a time shown is found.
func (s *Sandbox) now() time.Time { return s.clock.Now().Truncate(time.Microsecond) }

type timer struct{ clockwork.Timer }

// later runs f after a time, in a goroutine of its own, unless the sandbox is
// closed before.
func (s *Sandbox) later(d time.Duration, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.pending++
	if d <= 0 {
		go func() {
			defer s.done()
			f()
		}()
		return
	}
	t := &timer{}
	s.timers[t] = struct{}{}
	t.Timer = s.clock.AfterFunc(d, func() {
		s.mu.Lock()
		_, due := s.timers[t]
		delete(s.timers, t)
		s.mu.Unlock()
		if due {
			defer s.done()
			f()
		}
	})
}

// hold keeps the sandbox from being idle until the returned function is called.
func (s *Sandbox) hold() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending++
	return s.done
}

func (s *Sandbox) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish()
}

// finish ends one piece of work. The lock is held.
func (s *Sandbox) finish() {
	if s.pending--; s.pending == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// window counts requests within a stretch of time.
type window struct {
	since time.Time
	n     int
}

// allow counts a request against a rate. The lock is held.
func (s *Sandbox) allow(key string, most int, per time.Duration) bool {
	if most <= 0 {
		return true
	}
	w, now := s.windows[key], s.clock.Now()
	if w == nil || now.Sub(w.since) >= per {
		w = &window{since: now}
		s.windows[key] = w
	}
	w.n++
	return w.n <= most
}

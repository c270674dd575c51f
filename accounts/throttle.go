package accounts

import (
	"net/netip"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Guessing passwords is slowed down twice: by the e-mail address that is tried
// and by the network address that tries. After some free tries each further
// one has to wait twice as long as the one before. The wait per e-mail stays
// short enough that nobody can lock somebody else out for long.
const (
	freeTriesPerEmail     = 5
	longestWaitPerEmail   = time.Minute
	freeTriesPerAddress   = 20
	longestWaitPerAddress = 15 * time.Minute

	// forgetAfter is how long after its last try a name starts afresh.
	forgetAfter = time.Hour
	// maxThrottled bounds the memory that strangers can take.
	maxThrottled = 50_000
)

// throttle counts tries by name. It lives in memory: a restart forgives, and
// strangers cannot write to the disk.
type throttle struct {
	clock   clockwork.Clock
	free    int
	longest time.Duration

	mu    sync.Mutex
	names map[string]*tries
}

type tries struct {
	n    int
	last time.Time
	next time.Time // before this no try is looked at
}

func newThrottle(clock clockwork.Clock, free int, longest time.Duration) *throttle {
	return &throttle{clock: clock, free: free, longest: longest, names: map[string]*tries{}}
}

// begin counts a try before its outcome is known, so that many at once count
// too. It answers how long the name has to wait instead; 0 lets the try go on.
// A try that turns out well is taken back by forgive or undo.
func (t *throttle) begin(name string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	e, ok := t.names[name]
	if ok && now.Before(e.next) {
		return e.next.Sub(now)
	}
	if !ok || now.Sub(e.last) > forgetAfter {
		if !ok && len(t.names) >= maxThrottled {
			t.sweep(now)
		}
		e = &tries{}
		t.names[name] = e
	}
	e.n++
	e.last = now
	if over := e.n - t.free; over >= 0 {
		e.next = now.Add(min(t.longest, time.Second<<min(over, 20)))
	}
	return 0
}

// undo takes one try back; the earlier failures stay.
func (t *throttle) undo(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.names[name]; ok {
		e.n = max(0, e.n-1)
		if e.n < t.free {
			e.next = time.Time{}
		}
	}
}

// forgive forgets a name.
func (t *throttle) forgive(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, name)
}

// sweep forgets what is old and, if all of it is young, an arbitrary tenth.
func (t *throttle) sweep(now time.Time) {
	for name, e := range t.names {
		if now.Sub(e.last) > forgetAfter {
			delete(t.names, name)
		}
	}
	for name := range t.names {
		if len(t.names) < maxThrottled*9/10 {
			return
		}
		delete(t.names, name)
	}
}

// networkOf is the part of a network address that one person holds: a whole
// IPv4 address, or the first 64 bits of an IPv6 one (RFC 6177).
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

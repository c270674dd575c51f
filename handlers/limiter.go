package handlers

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/liadesk/campaigns/liadesk"
)

// limiter holds each address to a rate. What it remembers is bounded: it has
// two generations of addresses, and when the newer one is full it becomes the
// older one and the older one is forgotten. Somebody with many thousand
// addresses can so make it forget others, which costs us their limits and
// nobody their service.
type limiter struct {
	every time.Duration // one request in so long, on the whole
	burst int           // so many at once

	mu       sync.Mutex
	new, old map[netip.Prefix]*rate.Limiter
}

// limiterGeneration is how many addresses one generation has.
const limiterGeneration = 20_000

func newLimiter(every time.Duration, burst int) *limiter {
	return &limiter{every: every, burst: burst, new: make(map[netip.Prefix]*rate.Limiter)}
}

// take lets a request of an address pass, or refuses it with the time after
// which it would pass.
func (l *limiter) take(address string, now time.Time) error {
	who := oneParty(address)
	l.mu.Lock()
	one := l.new[who]
	if one == nil {
		if one = l.old[who]; one == nil {
			one = rate.NewLimiter(rate.Every(l.every), l.burst)
		}
		if len(l.new) >= limiterGeneration {
			l.new, l.old = make(map[netip.Prefix]*rate.Limiter), l.new
		}
		l.new[who] = one
	}
	l.mu.Unlock()
	r := one.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait <= 0 {
		return nil
	}
	r.CancelAt(now)
	return &liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_requests", Text: "too many requests from this address", RetryAfter: wait}
}

// oneParty is what one party holds of addresses: an IPv4 address, or the 64
// bits of an IPv6 network (RFC 6177).
func oneParty(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 64
	if ip = ip.Unmap(); ip.Is4() {
		bits = 32
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

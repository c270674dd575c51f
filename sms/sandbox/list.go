package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// pageSize is the largest, and the usual, number of texts on a page of the list.
const pageSize = 20

// filter is what a request for the list asks for.
type filter struct {
	direction, state, kind, code string
	from, to                     string // digits
	since, until                 time.Time
	limit, offset                int
}

// list answers with a page of an account's texts, newest first; without a
// filter by time, those of the last 24 hours.
func (s *Sandbox) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	allowed := s.allow(r.PathValue("account")+" lists", s.opts.ListsPerMinute, time.Minute)
	now := s.clock.Now()
	s.mu.Unlock()
	if !allowed {
		s.fail(w, 429, "too many requests")
		return
	}
	query := r.URL.Query()
	f, problem := readFilter(query, now)
	if problem != "" {
		s.fail(w, 400, problem)
		return
	}
	objects, total := s.find(r.PathValue("account"), f, now)
	page := func(offset int) any {
		if offset < 0 || offset >= total {
			return nil
		}
		query.Set("limit", strconv.Itoa(f.limit))
		query.Set("offset", strconv.Itoa(offset))
		return r.URL.Path + "?" + query.Encode()
	}
	previous := any(nil)
	if f.offset > 0 {
		previous = page(max(0, f.offset-f.limit))
	}
	s.answer(w, 200, map[string]any{
		"api_id": s.opts.NewID(),
		"meta": map[string]any{"limit": f.limit, "offset": f.offset, "total_count": total,
			"next": page(f.offset + f.limit), "previous": previous},
		"objects": objects,
	})
}

func (s *Sandbox) find(account string, f filter, now time.Time) (objects []map[string]any, total int) {
	objects = []map[string]any{}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.accounts[account]
	if l == nil {
		return objects, 0
	}
	for i := len(l.texts) - 1; i >= 0; i-- {
		m := l.texts[i]
		if m.at.Before(f.since) {
			break
		}
		if m.dropped || m.own || m.visible.After(now) || !f.takes(m) {
			continue
		}
		if total >= f.offset && len(objects) < f.limit {
			objects = append(objects, m.object())
		}
		total++
	}
	return objects, total
}

func (f filter) takes(m *record) bool {
	return !m.at.After(f.until) &&
		(f.direction == "" || f.direction == m.direction()) &&
		(f.state == "" || f.state == m.state) &&
		(f.kind == "" || f.kind == "sms") &&
		(f.code == "" || f.code == m.code) &&
		(f.from == "" || f.from == m.from()) &&
		(f.to == "" || f.to == m.to())
}

func (m *record) direction() string {
	if m.inbound {
		return "inbound"
	}
	return "outbound"
}

// object is a text as list and record have it: all strings but units and
// is_domestic, and never the text itself. The lock is held.
func (m *record) object() map[string]any {
	const layout = "2006-01-02 15:04:05.000000-07:00"
	code := any(nil)
	switch {
	case m.code != "":
		code = m.code
	case m.state == "delivered":
		code = "000"
	}
	sent := any(nil)
	if !m.sentAt.IsZero() {
		sent = m.sentAt.UTC().Format(layout)
	}
	return map[string]any{
		"message_uuid": m.uuid, "from_number": m.from(), "to_number": m.to(),
		"message_direction": m.direction(), "message_state": m.state, "message_type": "sms",
		"message_time": m.at.UTC().Format(layout), "message_sent_time": sent, "message_updated_time": m.updatedAt.UTC().Format(layout),
		"units": m.units, "total_rate": rate, "total_amount": m.amount(), "carrier_fees": "0.00000", "carrier_fees_rate": "0.00000",
		"error_code": code, "error_message": nil, "powerpack_id": nil, "requester_ip": "127.0.0.1", "is_domestic": false,
		"destination_network": nil, "log": "true",
		"resource_uri": fmt.Sprintf("/v1/Account/%s/Message/%s/", m.account, m.uuid),
	}
}

// readFilter reads the filters that Plivo documents, and those by number that
// its clients use; the answer is an error text.
func readFilter(q url.Values, now time.Time) (filter, string) {
	f := filter{direction: q.Get("message_direction"), state: q.Get("message_state"), kind: q.Get("message_type"), code: q.Get("error_code"),
		from: digits(q.Get("from_number") + q.Get("from")), to: digits(q.Get("to_number") + q.Get("to")),
		limit: pageSize, until: now}
	var err error
	if v := q.Get("limit"); v != "" {
		if f.limit, err = strconv.Atoi(v); err != nil || f.limit < 1 || f.limit > pageSize {
			return f, "limit parameter is invalid"
		}
	}
	if v := q.Get("offset"); v != "" {
		if f.offset, err = strconv.Atoi(v); err != nil || f.offset < 0 {
			return f, "offset parameter is invalid"
		}
	}
	timed := false
	for name := range q {
		if name != "message_time" && !strings.HasPrefix(name, "message_time__") {
			continue
		}
		at, ok := readTime(q.Get(name))
		if !ok {
			return f, name + " parameter is invalid"
		}
		timed = true
		switch name {
		case "message_time":
			f.since, f.until = at, at
		case "message_time__gt":
			f.since = at.Add(time.Microsecond)
		case "message_time__gte":
			f.since = at
		case "message_time__lt":
			f.until = at.Add(-time.Microsecond)
		case "message_time__lte":
			f.until = at
		default:
			return f, name + " parameter is invalid"
		}
	}
	if !timed {
		f.since = now.Add(-24 * time.Hour)
	}
	return f, ""
}

func readTime(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} { // the latter with any fraction
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

package sandbox

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/sms"
)

// Report is a delivery report that was made of a text.
type Report struct {
	State string
	// Tries is how often it was posted so far, Status the last answer, 0 if
	// there was none.
	Tries, Status int
}

// repeats are the waits after which a report that was not taken is repeated.
var repeats = []time.Duration{60 * time.Second, 120 * time.Second, 240 * time.Second}

// step is a state that a text comes to.
type step struct {
	state, code string
	wait        time.Duration // after the step before
}

// steps is the way a text goes. The lock is held.
func (s *Sandbox) steps(m *record, expiry time.Duration) []step {
	b, line := m.behaviour, s.opts.Timeline
	queue := s.queueFor(m.account + " " + m.number)
	steps := []step{{state: "queued"}}
	switch {
	case queue > expiry:
		return append(steps, step{"failed", "420", expiry})
	case s.stopped(m.parties, m.at):
		return append(steps, step{"failed", "200", queue})
	case b.Outcome == Failed:
		return append(steps, step{"failed", b.Code, queue + line.Sent + b.Delay})
	}
	steps = append(steps, step{state: "sent", wait: queue + line.Sent})
	switch b.Outcome {
	case Delivered:
		steps = append(steps, step{"delivered", "", line.Delivered + b.Delay})
	case Undelivered:
		steps = append(steps, step{"undelivered", b.Code, line.Delivered + b.Delay})
	}
	return steps
}

// queueFor takes the next place in a sender's queue and tells how long it is
// until then. The lock is held.
func (s *Sandbox) queueFor(sender string) time.Duration {
	if s.opts.MessagesPerSecond <= 0 {
		return 0
	}
	now := s.clock.Now()
	place := s.nextSlot[sender]
	if place.Before(now) {
		place = now
	}
	s.nextSlot[sender] = place.Add(time.Duration(float64(time.Second) / s.opts.MessagesPerSecond))
	return place.Sub(now)
}

// live takes a text through its steps, one after the other, each with its
// report; held are reports that wait for the last step.
func (s *Sandbox) live(m *record, steps []step, held []func()) {
	if len(steps) == 0 {
		for _, post := range slices.Backward(held) {
			post()
		}
		return
	}
	s.later(steps[0].wait, func() {
		now, last := steps[0], len(steps) == 1
		post := s.enter(m, now, last)
		if m.behaviour.Reversed {
			held = append(held, post)
		} else {
			post()
		}
		s.live(m, steps[1:], held)
		if last && now.state == "delivered" && m.behaviour.Reply != "" {
			// An account that has gone meanwhile gets no answer.
			_, _ = s.receive(m.parties, m.behaviour.Reply)
		}
	})
}

// enter puts a text into a state and gives the function that reports it.
func (s *Sandbox) enter(m *record, now step, last bool) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.clock.Now()
	m.state, m.code, m.updatedAt = now.state, now.code, at
	if now.state == "sent" {
		m.sentAt = at
	}
	m.sequence++
	b := m.behaviour
	if m.url == "" || b.Silent || b.FinalOnly && !last {
		return func() {}
	}
	form := reportForm(m, at)
	m.reports = append(m.reports, Report{State: now.state})
	place := len(m.reports) - 1
	post := func() {
		s.post(m.account, m.url, m.method, form, m.behaviour.Signatures, 0, func(status int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			m.reports[place].Tries++
			m.reports[place].Status = status
		})
		if b.Twice {
			s.post(m.account, m.url, m.method, form, m.behaviour.Signatures, 0, func(int) {})
		}
	}
	if b.Late > 0 {
		return func() { s.later(b.Late, post) }
	}
	return post
}

// parameters keep the order in which Plivo writes them.
type parameters [][2]string

func (p parameters) encode() string {
	var s strings.Builder
	for i, kv := range p {
		if i > 0 {
			s.WriteByte('&')
		}
		s.WriteString(url.QueryEscape(kv[0]) + "=" + url.QueryEscape(kv[1]))
	}
	return s.String()
}

func (p parameters) values() url.Values {
	v := make(url.Values, len(p))
	for _, kv := range p {
		v.Add(kv[0], kv[1])
	}
	return v
}

const reportTime = "2006-01-02 15:04:05.000000"

// reportForm is what is reported of a text. The lock is held.
func reportForm(m *record, now time.Time) parameters {
	sent, final := "", ""
	if !m.sentAt.IsZero() {
		sent = m.sentAt.UTC().Format(reportTime)
	}
	if m.state == "delivered" || m.state == "undelivered" || m.state == "failed" {
		final = now.UTC().Format(reportTime)
	}
	return parameters{
		{"MessageUUID", m.uuid}, {"To", m.handset}, {"From", m.number}, {"Type", "sms"}, {"Status", m.state},
		{"Units", strconv.Itoa(m.units)}, {"TotalRate", rate}, {"TotalAmount", m.amount()}, {"MCC", ""}, {"MNC", ""},
		{"ErrorCode", m.code}, {"ParentMessageUUID", m.uuid}, {"PartInfo", ""}, {"Sequence", strconv.Itoa(m.sequence)},
		{"MessageTime", m.at.UTC().Format(reportTime)}, {"QueuedTime", m.at.UTC().Format(reportTime)},
		{"SentTime", sent}, {"DeliveryReportTime", final}, {"requester_ip", "127.0.0.1"}, {"PowerpackUUID", ""},
	}
}

// rate is what a segment costs, in the way Plivo writes it.
const rate = "0.00350"

// amount is what a text costs: nothing if it failed.
func (m *record) amount() string {
	if m.state == "failed" {
		return "0.00000"
	}
	return fmt.Sprintf("%.5f", 0.0035*float64(m.units))
}

// post makes a report or hands over an inbound text, and times its repetition
// if it is not taken. It waits for the first answer only.
func (s *Sandbox) post(account, address, method string, form parameters, how Signatures, try int, tried func(status int)) {
	s.slots <- struct{}{}
	status := s.postOnce(account, address, method, form, how)
	<-s.slots
	tried(status)
	if status >= 200 && status <= 299 || try >= len(repeats) {
		return
	}
	wait := time.Duration(float64(repeats[try]) * s.opts.RetryScale)
	s.later(wait, func() { s.post(account, address, method, form, how, try+1, tried) })
}

// postOnce gives the status of the answer, 0 if there was none.
func (s *Sandbox) postOnce(account, address, method string, form parameters, how Signatures) int {
	token, ok := s.opts.Directory.Token(account)
	if !ok {
		return 0
	}
	target, body := address, form.encode()
	if method == http.MethodGet {
		joint := "?"
		if strings.Contains(target, "?") {
			joint = "&"
		}
		target, body = target+joint+body, ""
	}
	req, err := http.NewRequestWithContext(s.ctx, method, target, strings.NewReader(body))
	if err != nil {
		return 0
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	req.Header.Set("User-Agent", "Plivo sandbox")
	if err := s.sign(req.Header, method, address, form.values(), token, how); err != nil {
		return 0
	}
	resp, err := s.callback.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)); err != nil {
		return 0
	}
	return resp.StatusCode
}

// sign sets the headers of both versions, for subaccount and main account.
func (s *Sandbox) sign(h http.Header, method, address string, form url.Values, token string, how Signatures) error {
	if how == SignAsUsual {
		s.mu.Lock()
		how = s.signatures
		s.mu.Unlock()
	}
	switch how {
	case SignNone:
		return nil
	case SignWrong:
		token += " of another"
	}
	for _, version := range []string{"V2", "V3"} {
		if how == SignV2Only && version == "V3" {
			continue
		}
		nonce, err := newNonce()
		if err != nil {
			return err
		}
		signature, err := sms.SignV2(address, nonce, token)
		if version == "V3" {
			signature, err = sms.SignV3(method, address, form, nonce, token)
		}
		if err != nil {
			return err
		}
		h.Set("X-Plivo-Signature-"+version, signature)
		h.Set("X-Plivo-Signature-Ma-"+version, signature)
		h.Set("X-Plivo-Signature-"+version+"-Nonce", nonce)
	}
	return nil
}

// newNonce makes 20 decimal digits.
func newNonce() (string, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%020d", n), nil
}

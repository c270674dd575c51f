package sandbox

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liadesk/campaigns/sms"
)

// ErrNoInbox is Reply's answer when none of the accounts has the number.
var ErrNoInbox = errors.New("sandbox: none of these accounts has that number")

// Message is one text as the handset shows it. Numbers are in E.164 where they
// are full numbers.
type Message struct {
	UUID     string
	AuthID   string
	From, To string
	// Inbound: the handset wrote it, to the account.
	Inbound bool
	// Carrier: neither side wrote it; the carrier confirmed STOP, START or HELP.
	Carrier   bool
	Text      string
	State     string // queued, sent, delivered, undelivered, failed; received if Inbound
	ErrorCode string
	Units     int
	At        time.Time
	Reports   []Report
}

// Received tells whether the person holding the handset sees it.
func (m Message) Received() bool {
	return m.Inbound || m.Carrier || m.State == "sent" || m.State == "delivered"
}

// Thread is what a handset and one number of an account have said.
type Thread struct {
	AuthID  string
	Number  string // the account's
	Handset string
	Last    Message
	Count   int
}

// Threads lists the conversations of these accounts and no others, the most
// recent first.
func (s *Sandbox) Threads(authIDs []string) []Thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	var threads []Thread
	for e := s.silent.Front(); e != nil; e = e.Next() {
		c := e.Value.(*conversation)
		if slices.Contains(authIDs, c.account) {
			threads = append(threads, Thread{AuthID: c.account, Number: display(c.number), Handset: display(c.handset),
				Last: c.messages[len(c.messages)-1].shown(), Count: len(c.messages)})
		}
	}
	return threads
}

// Messages is what a handset and these accounts, and no others, have said,
// oldest first.
func (s *Sandbox) Messages(authIDs []string, handset string) []Message {
	handset = digits(handset)
	s.mu.Lock()
	defer s.mu.Unlock()
	var messages []Message
	for e := s.silent.Front(); e != nil; e = e.Next() {
		c := e.Value.(*conversation)
		if c.handset == handset && slices.Contains(authIDs, c.account) {
			for _, m := range c.messages {
				messages = append(messages, m.shown())
			}
		}
	}
	slices.SortStableFunc(messages, func(a, b Message) int { return a.At.Compare(b.At) })
	return messages
}

// Reply sends a text from a handset to a number of one of these accounts. It
// need not be an answer: a person may write first. It returns once the account
// has been offered the text; one that does not take it is offered it again
// later, as reports are.
func (s *Sandbox) Reply(authIDs []string, handset, number, text string) (uuid string, err error) {
	text = sms.Normalise(text)
	if err := sms.CheckLength(sms.Measure(text), maxSegments); err != nil {
		return "", err
	}
	if digits(handset) == "" {
		return "", errors.New("sandbox: the handset needs a number")
	}
	for _, id := range authIDs {
		if _, ok := s.opts.Directory.MessageURL(id, number); ok {
			return s.receive(parties{id, digits(number), digits(handset)}, text)
		}
	}
	return "", ErrNoInbox
}

// receive takes a text from a handset and hands it to the account.
func (s *Sandbox) receive(p parties, text string) (string, error) {
	address, ok := s.opts.Directory.MessageURL(p.account, display(p.number))
	if !ok {
		return "", ErrNoInbox
	}
	_, units := sms.Segments(text)
	done := s.hold()
	defer done()
	s.mu.Lock()
	now := s.now()
	m := &record{parties: p, uuid: s.opts.NewID(), inbound: true, text: text, units: units,
		at: now, visible: now, updatedAt: now, state: "received"}
	s.add(m)
	intent := s.keyword(p, text, now)
	s.mu.Unlock()
	form := parameters{
		{"MessageUUID", m.uuid}, {"From", p.handset}, {"To", p.number}, {"Text", text}, {"Type", "sms"},
		{"Units", strconv.Itoa(units)}, {"TotalRate", "0.00000"}, {"TotalAmount", "0.00000"}, {"MessageIntent", intent}, {"PowerpackUUID", ""},
	}
	s.post(p.account, address, "POST", form, SignAsUsual, 0, func(int) {})
	return m.uuid, nil
}

// stop is that a person has opted out, with the carrier and from one number.
type stop struct {
	at           time.Time
	acknowledged bool // the one text that is still let through has gone
}

// acknowledgement is how long after a STOP one text of the account still passes.
const acknowledgement = 5 * time.Minute

// stopped tells whether a text is blocked by an opt-out. The lock is held.
func (s *Sandbox) stopped(p parties, now time.Time) bool {
	st, ok := s.stops[p]
	if !ok {
		return false
	}
	if !st.acknowledged && now.Sub(st.at) <= acknowledgement {
		st.acknowledged = true
		s.stops[p] = st
		return false
	}
	return true
}

// keyword does what Plivo does by itself with STOP, START and HELP, on numbers
// of the US and Canada: it keeps a list, and answers. Only the whole message
// counts, blanks after it aside. The lock is held.
func (s *Sandbox) keyword(p parties, text string, now time.Time) (intent string) {
	if len(p.number) != 11 || p.number[0] != '1' {
		return ""
	}
	var answer string
	switch strings.ToUpper(strings.TrimRight(text, " \t\r\n")) {
	case "STOP", "END", "QUIT", "CANCEL", "UNSUBSCRIBE", "UNSUB", "STOP ALL":
		intent, answer = "optout", "You have been unsubscribed and will receive no more messages. Reply START to resubscribe."
		s.stops[p] = stop{at: now}
	case "START", "YES", "RESUME", "UNSTOP", "GO":
		if _, was := s.stops[p]; !was {
			return "optin"
		}
		intent, answer = "optin", "You have been resubscribed. Reply STOP to unsubscribe."
		delete(s.stops, p)
	case "HELP", "INFO":
		intent, answer = "help", "Reply STOP to unsubscribe. Msg & data rates may apply."
	default:
		return ""
	}
	s.add(&record{parties: p, uuid: s.opts.NewID(), own: true, text: answer, units: 1,
		at: now, visible: now, updatedAt: now, sentAt: now, state: "delivered"})
	return intent
}

// shown is a record as the handset has it. The lock is held.
func (m *record) shown() Message {
	return Message{UUID: m.uuid, AuthID: m.account, From: display(m.from()), To: display(m.to()), Inbound: m.inbound, Carrier: m.own,
		Text: m.text, State: m.state, ErrorCode: m.code, Units: m.units, At: m.at, Reports: slices.Clone(m.reports)}
}

// display puts the plus sign before a full number; short codes and sender ids
// have none.
func display(number string) string {
	if len(number) > 6 && strings.Trim(number, "0123456789") == "" {
		return "+" + number
	}
	return number
}

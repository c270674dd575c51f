package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// Behaviour is what happens to texts to a number. The zero value delivers them.
type Behaviour struct {
	// Answer, if set, is given to the request to send instead of 202 with the id.
	Answer *Answer
	// AnswerDelay is the time from taking the request to answering it. The text
	// exists from the beginning, so that a client which gives up leaves it behind.
	AnswerDelay time.Duration

	// Outcome is the last state, Delivered by default.
	Outcome Outcome
	// Code is Plivo's error code of Undelivered and Failed.
	Code string
	// Delay comes on top of the time before the last state.
	Delay time.Duration

	// Silent: no report is ever made.
	Silent bool
	// FinalOnly: the reports of queued and sent go missing.
	FinalOnly bool
	// Twice: every report is made two times.
	Twice bool
	// Reversed: the reports come after the last state, the last one first.
	Reversed bool
	// Early: the report of queued is made, and answered, before the request is.
	Early bool
	// Late comes on top of the time before each report.
	Late time.Duration
	// Signatures on the reports.
	Signatures Signatures

	// Hidden is the time after which list and record show the text, on top of
	// the ListDelay of the sandbox.
	Hidden time.Duration
	// Reply is what the person answers when the text is delivered.
	Reply string
}

// Outcome is the state in which a text ends.
type Outcome int

const (
	Delivered   Outcome = iota
	Undelivered         // sent, then reported undelivered with a code
	Failed              // never sent, with a code
	Sent                // sent, and no word after it
)

// Signatures says how reports and inbound texts are signed.
type Signatures int

const (
	// SignAsUsual is all six headers, or what SetSignatures says.
	SignAsUsual Signatures = iota
	SignV2Only             // as Plivo's documentation promises for texts
	SignWrong              // all six, with a token that is not the account's
	SignNone
)

// Answer replaces the 202 of a request to send.
type Answer struct {
	// Created: the text exists all the same, and is sent and reported.
	Created bool
	// Drop closes the connection without answering.
	Drop bool
	// Otherwise Status and Body are answered, with a Retry-After if not empty.
	Status      int
	Body        string
	ContentType string // application/json by default
	RetryAfter  string
	// Times is how many requests meet this before things are as usual again; 0
	// is all of them.
	Times int
}

// The ways in which a request to send goes wrong.
var (
	AcceptThenDrop  = Answer{Created: true, Drop: true}
	AcceptThen500   = Answer{Created: true, Status: 500, Body: `{"api_id":"","error":"internal server error"}`}
	DropUnaccepted  = Answer{Drop: true}
	Throttled       = Answer{Status: 429, Body: `{"api_id":"","error":"too many requests"}`}
	Unauthorised    = Answer{Status: 401, Body: unauthorised, ContentType: "text/plain"}
	NoCredit        = Answer{Status: 400, Body: `{"api_id":"","error":"Insufficient Credit"}`}
	Barred          = Answer{Status: 403, Body: `{"api_id":"","error":"Geo permission to destination is not enabled"}`}
	InvalidNumber   = Answer{Status: 400, Body: `{"api_id":"","error":"the destination is not a valid phone number."}`}
	WithoutUUID     = Answer{Created: true, Status: 202, Body: `{"api_id":"","message":"message(s) queued"}`}
	Truncated       = Answer{Created: true, Status: 202, Body: `{"api_id":"","message":"message(s) queued","message_uu`}
	HTMLInstead     = Answer{Created: true, Status: 200, Body: "<html><body>Welcome</body></html>", ContentType: "text/html"}
	EmptyBadRequest = Answer{Status: 400}
	EmptyError      = Answer{Created: true, Status: 502}
	Redirected      = Answer{Status: http.StatusTemporaryRedirect}
)

// ThrottledFor is Throttled with a Retry-After in seconds or as a date.
func ThrottledFor(retryAfter string) Answer {
	a := Throttled
	a.RetryAfter = retryAfter
	return a
}

// SetBehaviour says what happens to texts to a number from now on.
func (s *Sandbox) SetBehaviour(number string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours[digits(number)] = b.clone()
}

// BehaviourOf tells what happens to the next text to a number.
func (s *Sandbox) BehaviourOf(number string) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.standing(digits(number)).clone()
}

// SetDefault says what happens to texts to numbers for which neither
// SetBehaviour nor the rule of the last digits has a say.
func (s *Sandbox) SetDefault(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standard = *b.clone()
}

// clone keeps the count of Answer.Times apart from that of the caller.
func (b Behaviour) clone() *Behaviour {
	if b.Answer != nil {
		answer := *b.Answer
		b.Answer = &answer
	}
	return &b
}

// ByDigits is the rule of the last two digits, for use by hand. False means
// that they mean nothing, which is so for all of 00 to 90.
//
//	91  undelivered: temporarily unavailable (80)
//	92  failed: invalid destination (50)
//	93  undelivered: taken for spam (30)
//	94  accepted, and nothing is ever reported
//	95  delivered half a minute late
//	96  answers STOP
//	97  answers "Yes, please!"
//	98  sent, and no word after it
//	99  refused at once: not a valid number
func ByDigits(number string) (Behaviour, bool) {
	number = digits(number)
	switch number[max(0, len(number)-2):] {
	case "91":
		return Behaviour{Outcome: Undelivered, Code: "80"}, true
	case "92":
		return Behaviour{Outcome: Failed, Code: "50"}, true
	case "93":
		return Behaviour{Outcome: Undelivered, Code: "30"}, true
	case "94":
		return Behaviour{Silent: true}, true
	case "95":
		return Behaviour{Delay: 30 * time.Second}, true
	case "96":
		return Behaviour{Reply: "STOP"}, true
	case "97":
		return Behaviour{Reply: "Yes, please!"}, true
	case "98":
		return Behaviour{Outcome: Sent}, true
	case "99":
		return Behaviour{Answer: new(InvalidNumber)}, true
	}
	return Behaviour{}, false
}

// behaviourOf finds what happens to one more text to a number, and uses up an
// answer that is given a number of times only. The lock is held.
func (s *Sandbox) behaviourOf(number string) Behaviour {
	b := s.standing(number)
	now := *b
	if now.Answer != nil && now.Answer.Times > 0 {
		answer := *now.Answer
		now.Answer = &answer
		if b.Answer.Times--; b.Answer.Times == 0 {
			b.Answer = nil
		}
	}
	return now
}

// digits is a number or sender id as the carrier compares them: letters and
// digits only.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
}

// standing is what holds for a number, by the first that has a say. The lock is
// held.
func (s *Sandbox) standing(number string) *Behaviour {
	if b := s.behaviours[number]; b != nil {
		return b
	}
	if s.opts.DigitRules {
		if b, ok := ByDigits(number); ok {
			return &b
		}
	}
	return &s.standard
}

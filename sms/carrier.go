package sms

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Carrier takes texts for one account with it. It is safe for concurrent use.
type Carrier interface {
	// Send hands over one text to one number, once: it never retries. On any
	// error but nil it is a *SendError, whose Class says whether the text may
	// be handed over again.
	Send(ctx context.Context, m Outgoing) (Receipt, error)
	// List reads one page of the outbound texts that the carrier has accepted
	// between two instants. Errors are *SendError too. What it does not show
	// proves nothing: the carrier may show a text late.
	List(ctx context.Context, q ListQuery) (ListPage, error)
}

// Dialer gives the Carrier of an account with it. Asking again for the same
// account is cheap and shares connections.
type Dialer interface {
	Carrier(cred Credentials) Carrier
}

// Credentials are those of one account with the carrier.
type Credentials struct {
	AuthID    string
	AuthToken string
}

// String leaves the token out, so that no log ever holds it.
func (c Credentials) String() string { return "account " + c.AuthID }

// GoString is String, for %#v.
func (c Credentials) GoString() string { return c.String() }

// LogValue is String, for slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Outgoing is one text to one number.
type Outgoing struct {
	// From is the inbox's number in E.164, its short code, or a sender id of up
	// to 11 letters and digits.
	From string
	// To is in E.164, with its plus sign: one number, never a list.
	To string
	// Text has been rendered, normalised and measured.
	Text string
	// CallbackURL receives the delivery reports. It carries the id of the
	// attempt in its path, the only value of ours that the carrier gives back.
	CallbackURL string
	// Keep is how long the carrier may keep the text in its queue at most: what
	// waited longer is dropped and reported as failed. 0 is as long as it likes.
	Keep time.Duration
}

// Receipt proves that the carrier took a text.
type Receipt struct {
	// UUID is the carrier's id of the text, never empty.
	UUID string
}

// ListQuery asks for outbound texts.
type ListQuery struct {
	// Since and Until bound the time at which the carrier accepted the text,
	// both inclusive. Both must be set.
	Since, Until time.Time
	// From and To, when not empty, leave only texts between these numbers.
	From, To string
	// Offset skips that many of the newest, for the pages after the first.
	Offset int
}

// ListPage is a page of what the carrier has, newest first. Pages shift when a
// text in the range becomes visible between two calls, so that one may come
// twice and another be missed: compare by UUID.
type ListPage struct {
	Texts []Listed
	// Unreadable counts outbound texts that could not be told apart: a masked
	// number, a time in an unknown form. Any of them may be the one looked for.
	Unreadable int
	// Next is the Offset of the next page, 0 when this is the last.
	Next int
}

// Listed is a text as the carrier's list has it.
type Listed struct {
	UUID string
	// From and To are in E.164 where the carrier gave a full number, else as given.
	From, To string
	// State is the carrier's word: queued, sent, delivered, undelivered, failed.
	State     string
	ErrorCode string // empty on success
	Units     int    // segments charged, 0 if not told
	Amount    string // what the text cost, in the account's currency, as written
	At        time.Time
}

// Class is what an error means for the text that was to be sent. It answers
// the one question that matters: may it be handed over again?
type Class int

const (
	// Unknown: the carrier may have taken it. Never hand it over again by
	// itself; a delivery report, the carrier's list or a person decides. It is
	// the zero value because it is the only safe thing to assume.
	Unknown Class = iota
	// Refused: the carrier answered that it did not take it, or it was so wrong
	// that it was not even offered.
	Refused
	// NotSent: not a byte of it left this machine.
	NotSent
)

func (c Class) String() string {
	switch c {
	case Refused:
		return "refused"
	case NotSent:
		return "not sent"
	default:
		return "unknown"
	}
}

// Reason says why a text was not accepted, in words that can be kept in a
// record and looked up in a catalogue of sentences.
type Reason string

const (
	// Of the message: it will not be better next time.
	ReasonMessage   Reason = "bad_message" // a number, text or parameter that the carrier refuses
	ReasonSender    Reason = "bad_sender"  // the inbox's number may not send (this)
	ReasonForbidden Reason = "forbidden"   // destination country not enabled, account not verified

	// Of the inbox: any message would have met the same.
	ReasonThrottled     Reason = "throttled"     // too many requests: slow down
	ReasonUnauthorised  Reason = "unauthorised"  // auth id and token are not accepted
	ReasonNoCredit      Reason = "no_credit"     // the account with the carrier is empty
	ReasonNoConnection  Reason = "no_connection" // no connection to the carrier was had
	ReasonMisconfigured Reason = "misconfigured" // what answers at that address is not the carrier's API

	// Unclear.
	ReasonNoAnswer   Reason = "no_answer"  // time-out, reset or cancelled while waiting
	ReasonServer     Reason = "server"     // the carrier's servers failed while handling it
	ReasonUnreadable Reason = "unreadable" // an answer that proves neither
)

// SendError is every error of a Carrier.
type SendError struct {
	Class  Class
	Reason Reason
	// Status is the HTTP status, 0 if there was no answer.
	Status int
	// Code is the carrier's own code if it gave one, else http_ and the status;
	// empty if there was no answer.
	Code string
	// Text is what the carrier said, shortened; or the error of the connection.
	Text string
	// RetryAfter is how long the carrier asks to wait, 0 if it did not say.
	RetryAfter time.Duration
	// Err is the cause, if there is one beside the answer.
	Err error
}

func (e *SendError) Error() string {
	s := fmt.Sprintf("sms: %s (%s)", e.Class, e.Reason)
	if e.Status != 0 {
		s += fmt.Sprintf(", status %d", e.Status)
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

func (e *SendError) Unwrap() error { return e.Err }

// OfInbox tells whether the carrier certainly did not take the text for a
// reason that any other text of the inbox would have met as well. Then the text
// waits, no attempt is counted, and it is the inbox that slows down or pauses.
func (e *SendError) OfInbox() bool {
	if e.Class == Unknown {
		return false
	}
	switch e.Reason {
	case ReasonThrottled, ReasonUnauthorised, ReasonNoCredit, ReasonNoConnection, ReasonMisconfigured:
		return true
	}
	return false
}

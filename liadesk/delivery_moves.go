package liadesk

import (
	"cmp"
	"slices"
	"time"
)

// EventKind is what happened to one text.
type EventKind string

// The events of the ledger. The first five prove that the carrier took the
// text, whoever brings the proof: the answer to the post, a report on the
// attempt's own address, the carrier's list, or a person's word.
const (
	EventAccepted    EventKind = "accepted"
	EventSent        EventKind = "sent"
	EventDelivered   EventKind = "delivered"
	EventUndelivered EventKind = "undelivered"
	EventFailed      EventKind = "failed" // taken, then not sent on

	EventRefused   EventKind = "refused"   // the answer: not taken, and never will be
	EventNotTaken  EventKind = "not_taken" // certainly not taken, for no fault of the text
	EventUncertain EventKind = "uncertain" // nobody knows
	EventSkip      EventKind = "skip"      // must not go: held back before the post
	EventExpire    EventKind = "expire"    // too late: held back before the post

	EventGivenUp EventKind = "given_up" // a person: it did not go out
	EventAgain   EventKind = "again"    // a person: send it again
)

// What proved the state of a delivery.
const (
	EvidenceResponse = "response"
	EvidenceCallback = "callback"
	EvidenceList     = "list"
	EvidencePerson   = "person"
)

// Resolution is what a person decides about a text of which nobody knows
// whether it went out.
type Resolution string

// The decisions.
const (
	ResolveResend Resolution = "resend" // at the risk that it arrives twice
	ResolveSent   Resolution = "sent"
	ResolveFailed Resolution = "failed"
)

// Event is what a decision means to the ledger; "" for an unknown one.
func (r Resolution) Event() EventKind {
	switch r {
	case ResolveResend:
		return EventAgain
	case ResolveSent:
		return EventSent
	case ResolveFailed:
		return EventGivenUp
	}
	return ""
}

// DeliveryEvent is one piece of news about a text.
type DeliveryEvent struct {
	Kind EventKind
	// AttemptID is the attempt it speaks of. Proof of acceptance holds whatever
	// the attempt; everything else only for the last one.
	AttemptID ID
	At        time.Time
	Evidence  string
	CarrierID string
	Code      string // the carrier's error code, verbatim
	Text      string // what it said
	Reason    SkipReason
	Segments  int    // 0 when not told
	Cost      *int64 // millionths; nil when not told
	Estimate  int64  // what it should cost, in millionths; 0 when not told
	Sequence  int    // the report's number, 0 when it has none
}

// weight orders the states that proof can bring. A heavier state is never
// overwritten by a lighter one, so that the order in which reports arrive does
// not matter.
func weight(s DeliveryStatus) int {
	switch s {
	case DeliveryAccepted:
		return 1
	case DeliverySent:
		return 2
	case DeliveryFailed:
		return 3
	case DeliveryUndelivered:
		return 4
	case DeliveryDelivered:
		return 5
	}
	return 0
}

// final tells whether a proven state is the last that the carrier reports.
func final(s DeliveryStatus) bool { return weight(s) >= weight(DeliveryFailed) }

// Final tells whether the carrier took the text and has said the last of it, so
// that what it charges is known.
func (d Delivery) Final() bool { return d.Proven() && final(d.Status) }

// Proven tells whether the carrier certainly took the text.
func (d Delivery) Proven() bool { return !d.AcceptedAt.IsZero() }

var proofs = map[EventKind]DeliveryStatus{
	EventAccepted:    DeliveryAccepted,
	EventSent:        DeliverySent,
	EventDelivered:   DeliveryDelivered,
	EventUndelivered: DeliveryUndelivered,
	EventFailed:      DeliveryFailed,
}

// moves are the allowed moves of what is no proof, all of them of the attempt
// under way. An answer that is certain may still come when the attempt was
// already held for uncertain: another process took it for dead.
var moves = map[EventKind]struct {
	from []DeliveryStatus
	to   DeliveryStatus
}{
	EventRefused:   {[]DeliveryStatus{DeliverySending, DeliveryUnconfirmed}, DeliveryFailed},
	EventNotTaken:  {[]DeliveryStatus{DeliverySending, DeliveryUnconfirmed}, DeliveryPending},
	EventUncertain: {[]DeliveryStatus{DeliverySending}, DeliveryUnconfirmed},
	EventSkip:      {[]DeliveryStatus{DeliverySending}, DeliverySkipped},
	EventExpire:    {[]DeliveryStatus{DeliverySending}, DeliveryExpired},
	EventGivenUp:   {[]DeliveryStatus{DeliveryUnconfirmed}, DeliveryFailed},
	EventAgain:     {[]DeliveryStatus{DeliveryUnconfirmed}, DeliveryPending},
}

// Apply is the one table of allowed moves in which answers, reports and
// settlements meet. It returns the delivery after the event, and whether
// anything changed: the same event twice changes nothing, and the order of the
// carrier's reports does not matter.
//
// Proof of acceptance wins from any state: from sending and unconfirmed, from
// failed when only an answer said so, and even from pending and skipped, should
// the carrier take what it said it would not.
func (d Delivery) Apply(e DeliveryEvent) (Delivery, bool) {
	if to, ok := proofs[e.Kind]; ok {
		return d.prove(to, e)
	}
	m, ok := moves[e.Kind]
	if !ok || e.AttemptID != d.AttemptID || d.Proven() || !slices.Contains(m.from, d.Status) {
		return d, false
	}
	d.Status, d.UpdatedAt = m.to, e.At
	switch e.Kind {
	case EventRefused:
		d.Attempts++
		d.ErrorCode, d.Error, d.Evidence = e.Code, e.Text, e.Evidence
	case EventGivenUp: // counted when it became uncertain
		d.ErrorCode, d.Error, d.Evidence = e.Code, e.Text, e.Evidence
	case EventUncertain:
		d.Attempts++
		d.ErrorCode, d.Error = e.Code, e.Text
	case EventSkip:
		d.SkipReason = e.Reason
	}
	return d, true
}

func (d Delivery) prove(to DeliveryStatus, e DeliveryEvent) (Delivery, bool) {
	first := !d.Proven()
	if !first && d.twice(e) {
		// A person had it sent again, and now both attempts are known to have
		// been taken.
		d.TakenAgain = e.AttemptID
		d.Attempts++
		d.UpdatedAt = e.At
		if after, changed := d.prove(to, e); changed {
			return after, true
		}
		return d, true
	}
	if !first && !d.newer(to, e) {
		// The uuid may still be news: a person said "sent", now the carrier
		// names it. So may the estimate, of an answer that a report outran.
		news := d.CarrierID == "" && e.CarrierID != "" || d.Estimate == 0 && e.Estimate > 0
		if news {
			d.CarrierID, d.UpdatedAt = cmp.Or(d.CarrierID, e.CarrierID), e.At
			d.Estimate = cmp.Or(d.Estimate, e.Estimate)
		}
		return d, news
	}
	if first {
		if d.Status != DeliveryUnconfirmed && d.Status != DeliveryFailed {
			d.Attempts++ // those two have counted it already
		}
		d.AcceptedAt, d.TakenBy = e.At, e.AttemptID
	}
	if to != DeliveryDelivered {
		d.DeliveredAt = time.Time{}
	} else if d.Status != to { // said again, it is there since the first time
		d.DeliveredAt = e.At
	}
	d.Status, d.UpdatedAt, d.Evidence, d.SkipReason = to, e.At, e.Evidence, ""
	d.ErrorCode, d.Error = "", ""
	if to == DeliveryFailed || to == DeliveryUndelivered {
		d.ErrorCode, d.Error = e.Code, e.Text
	}
	if e.CarrierID != "" {
		d.CarrierID = e.CarrierID
	}
	d.Sequence = e.Sequence // that of the report which won
	if e.Segments > 0 {
		d.Segments = e.Segments
	}
	if e.Cost != nil {
		d.Cost = *e.Cost
	}
	if e.Estimate > 0 {
		d.Estimate = e.Estimate
	}
	return d, true
}

// twice tells whether proof of a proven text speaks of another attempt than
// the one that was known to be taken, and for the first time.
func (d Delivery) twice(e DeliveryEvent) bool {
	return !d.TakenBy.IsZero() && d.TakenAgain.IsZero() && !e.AttemptID.IsZero() && e.AttemptID != d.TakenBy
}

// newer tells whether proof of another state overrides the proven one. Of two
// final reports on one message, the one with the higher number is the later
// word; where the numbers do not tell, the better news stays.
func (d Delivery) newer(to DeliveryStatus, e DeliveryEvent) bool {
	if final(d.Status) && final(to) && d.CarrierID == e.CarrierID && d.Sequence != 0 && e.Sequence != 0 &&
		d.Sequence != e.Sequence {
		return e.Sequence > d.Sequence
	}
	return weight(to) > weight(d.Status)
}

// Proof tells whether an event proves that the carrier took the text.
func (k EventKind) Proof() bool { _, ok := proofs[k]; return ok }

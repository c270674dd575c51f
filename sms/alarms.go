package sms

import "github.com/liadesk/campaigns/liadesk"

// AlarmKind is something in a report that somebody should look at.
type AlarmKind string

// The alarms: people who opt out, a class of failures, texts about which the
// carrier never said what became of them, and links that few people open.
const (
	AlarmOptOuts AlarmKind = "opt_outs"
	AlarmFailed  AlarmKind = "failed"
	AlarmUnknown AlarmKind = "unknown"
	AlarmClicks  AlarmKind = "clicks"
)

// FailureClass is what failures of the same kind have in common: what can be
// done about them.
type FailureClass string

// The classes of the carrier's codes.
const (
	FailedNumbers     FailureClass = "numbers"     // nobody can be reached there
	FailedUnreachable FailureClass = "unreachable" // not just then; another time may do
	FailedContent     FailureClass = "content"     // a network did not take the text
	FailedOptedOut    FailureClass = "opted_out"   // the carrier holds an opt-out
	FailedAccount     FailureClass = "account"     // the carrier's account or our number may not
	FailedHere        FailureClass = "here"        // it never left: our own reason, or a person's word
	FailedUnknown     FailureClass = "unknown"     // no reason, or one that we do not know
)

// failureClasses are in the order in which they are told.
var failureClasses = []FailureClass{FailedContent, FailedAccount, FailedNumbers, FailedUnreachable, FailedOptedOut, FailedHere, FailedUnknown}

// ClassOf sorts the carrier's code (Plivo, "Message error codes").
func ClassOf(code string) FailureClass {
	switch code {
	case liadesk.CodeGivenUp, liadesk.CodeNotSendable, "invalid":
		return FailedHere
	case "50", "70":
		return FailedNumbers
	case "10", "30", "60", "100", "110", "http_400":
		return FailedContent
	case "200":
		return FailedOptedOut
	case "40", "201", "450", "451", "900", "910", "http_403", liadesk.CodeBadSender:
		return FailedAccount
	}
	if liadesk.MayPass(code) {
		return FailedUnreachable
	}
	return FailedUnknown
}

// The limits: shares above which there is an alarm; of clicks, below which.
const (
	optOutLimit  = 0.013
	failureLimit = 0.05
	contentLimit = 0.10 // networks filter some of every text
	unknownLimit = 0.10
	clickLimit   = 0.06
)

// enoughToAlarm is from how many texts on a share says something while a
// campaign still runs: of the first three, one is no sign. Few clicks of few
// people are none later either.
const enoughToAlarm = 20

// Alarm is a share that is above its limit, or of AlarmClicks below it: Part ÷
// Whole.
type Alarm struct {
	Kind AlarmKind `json:"kind"`
	// Class is the class of failures of AlarmFailed.
	Class FailureClass `json:"class,omitempty"`
	Part  int64        `json:"part"`
	Whole int64        `json:"whole"`
	// Limit is the share from which on there is an alarm.
	Limit float64 `json:"limit"`
}

// alarms finds what is wrong with a campaign's figures. While it runs, shares
// of few texts are passed over; once it has ended each one counts.
func (r Report) alarms() []Alarm {
	var list []Alarm
	check := func(a Alarm) {
		if a.Whole >= enoughToAlarm || r.Campaign.Status.Ended() && a.Whole > 0 {
			if float64(a.Part) > a.Limit*float64(a.Whole) {
				list = append(list, a)
			}
		}
	}
	p := r.Progress
	base := p.Delivered
	if r.OfAccepted {
		base = r.Accepted
	}
	check(Alarm{Kind: AlarmOptOuts, Part: p.OptOuts, Whole: base, Limit: optOutLimit})
	classes := make(map[FailureClass]int64)
	for _, f := range p.Failures {
		classes[ClassOf(f.Code)] += f.Count
	}
	for _, class := range failureClasses {
		limit := failureLimit
		if class == FailedContent {
			limit = contentLimit
		}
		check(Alarm{Kind: AlarmFailed, Class: class, Part: classes[class], Whole: p.Taken(), Limit: limit})
	}
	check(Alarm{Kind: AlarmUnknown, Part: r.Unknown, Whole: r.Accepted + p.Unconfirmed, Limit: unknownLimit})
	// Few clicks say something once people had the time to, and of more than a
	// few people, also after the end.
	if c := p.Clicks.People; r.settled && r.Campaign.TrackClicks && base >= enoughToAlarm && float64(c) < clickLimit*float64(base) {
		list = append(list, Alarm{Kind: AlarmClicks, Part: c, Whole: base, Limit: clickLimit})
	}
	return list
}

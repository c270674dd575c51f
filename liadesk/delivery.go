package liadesk

import "time"

// DeliveryStatus is the one state a recipient of an SMS campaign is in.
type DeliveryStatus string

// The states of a delivery. Pending and deferred recipients have no row yet:
// they are bits of the frozen audience. Skipped ones are bits per reason.
const (
	DeliveryPending     DeliveryStatus = "pending"     // waits for its turn
	DeliveryDeferred    DeliveryStatus = "deferred"    // waits for its window, or a retry
	DeliverySending     DeliveryStatus = "sending"     // claimed; a post may be under way
	DeliveryUnconfirmed DeliveryStatus = "unconfirmed" // handed over perhaps; settled by evidence
	DeliveryAccepted    DeliveryStatus = "accepted"    // taken by the carrier, no report yet
	DeliverySent        DeliveryStatus = "sent"        // handed to the network
	DeliveryDelivered   DeliveryStatus = "delivered"   // on the handset
	DeliveryUndelivered DeliveryStatus = "undelivered" // refused by the network, charged
	DeliveryFailed      DeliveryStatus = "failed"      // refused, not charged
	DeliveryExpired     DeliveryStatus = "expired"     // never handed over because of ExpiresAt
	DeliverySkipped     DeliveryStatus = "skipped"
)

// Delivery is a row of the ledger: one SMS campaign to one number. It is made
// when the recipient is claimed for sending. Its key is campaign and number,
// so that a contact who changes numbers, or a number that changes contacts,
// cannot be texted twice by one campaign.
type Delivery struct {
	CampaignID ID             `cbor:"1,keyasint"`
	ContactID  ID             `cbor:"2,keyasint"`
	Dense      uint32         `cbor:"3,keyasint"`
	Phone      string         `cbor:"4,keyasint"`
	Status     DeliveryStatus `cbor:"5,keyasint"`
	SkipReason SkipReason     `cbor:"6,keyasint,omitempty"`

	// AttemptID is the last attempt; Attempts counts those that may have
	// reached the carrier.
	AttemptID ID  `cbor:"7,keyasint"`
	Attempts  int `cbor:"8,keyasint"`
	// Owner and Epoch are the lease under which it was claimed.
	Owner     ID        `cbor:"9,keyasint"`
	Epoch     uint64    `cbor:"10,keyasint"`
	StartedAt time.Time `cbor:"11,keyasint"`
	// Deadline is when the post of this attempt is surely over.
	Deadline time.Time `cbor:"12,keyasint"`

	CarrierID  string    `cbor:"13,keyasint,omitempty"`
	ErrorCode  string    `cbor:"14,keyasint,omitempty"` // the carrier's, verbatim
	Error      string    `cbor:"15,keyasint,omitempty"`
	Segments   int       `cbor:"16,keyasint,omitempty"` // our estimate, then the carrier's count
	Cost       int64     `cbor:"17,keyasint,omitempty"` // millionths of the carrier's currency
	AcceptedAt time.Time `cbor:"18,keyasint,omitzero"`
	UpdatedAt  time.Time `cbor:"19,keyasint"`
	// Sequence is the highest report sequence merged so far.
	Sequence int `cbor:"20,keyasint,omitempty"`
	// Evidence says what proved the state: "response", "callback", "list", "person".
	Evidence string `cbor:"21,keyasint,omitempty"`
	// Class is the window class under which it was claimed, to go back to.
	Class string `cbor:"22,keyasint,omitempty"`
	// RepliedAt is the first reply that counts.
	RepliedAt time.Time `cbor:"23,keyasint,omitzero"`
	// ID names the row to the outside: the id of its first attempt.
	ID ID `cbor:"24,keyasint"`
	// ClickedAt is when the person first opened a link in it, as far as it can be
	// told from machines; Opened is how often anybody did, up to a limit.
	ClickedAt time.Time `cbor:"44,keyasint,omitzero"`
	Opened    int       `cbor:"45,keyasint,omitempty"`
	// OptedOutAt is the opt-out that answered this text.
	OptedOutAt time.Time `cbor:"25,keyasint,omitzero"`
	// TakenBy is the attempt that the carrier was first known to have taken;
	// TakenAgain is another one that it took too, after a person's resend.
	TakenBy    ID `cbor:"37,keyasint,omitzero"`
	TakenAgain ID `cbor:"38,keyasint,omitzero"`
	// Marketing texts count for the restraint.
	Marketing bool `cbor:"41,keyasint,omitempty"`
	// Estimate is what the text should cost by the account's own prices of the
	// moment when it was posted, in millionths; 0 when no price was known.
	Estimate int64 `cbor:"42,keyasint,omitempty"`
	// DeliveredAt is when the report came that the handset has it; zero in other
	// states, and in rows of before it was kept.
	DeliveredAt time.Time `cbor:"43,keyasint,omitzero"`
}

// Cause is why a text is sent.
type Cause string

// The causes of an attempt.
const (
	CauseCampaign     Cause = "campaign"
	CauseReply        Cause = "reply"
	CauseConfirmation Cause = "confirmation"
	CauseTest         Cause = "test"
)

// Attempt is one POST to the carrier. Its id stands in the path of the status
// callback, so any callback there proves that the carrier took the message
// even if its answer was lost.
type Attempt struct {
	ID        ID        `cbor:"1,keyasint"`
	AccountID ID        `cbor:"2,keyasint"`
	InboxID   ID        `cbor:"3,keyasint"`
	Cause     Cause     `cbor:"4,keyasint"`
	Phone     string    `cbor:"5,keyasint"`
	StartedAt time.Time `cbor:"6,keyasint"`
	Deadline  time.Time `cbor:"7,keyasint"`
	// CampaignID is set for CauseCampaign: the delivery is (campaign, phone).
	CampaignID ID `cbor:"8,keyasint,omitzero"`
	// ConversationID and MessageID are set for replies: the message whose
	// state the attempt carries.
	ConversationID ID `cbor:"9,keyasint,omitzero"`
	MessageID      ID `cbor:"10,keyasint,omitzero"`
	// ContactID, Dense and Class find the recipient of a campaign again when
	// the delivery's row is gone because the text went back to pending.
	ContactID ID     `cbor:"11,keyasint,omitzero"`
	Dense     uint32 `cbor:"12,keyasint,omitempty"`
	Class     string `cbor:"13,keyasint,omitempty"`
	// Alone is the ledger row of a text that belongs to no campaign; it goes
	// through the same moves as a campaign's.
	Alone *Delivery `cbor:"14,keyasint,omitempty"`
	// Settled is a person's word on its outcome, nil when there was none.
	Settled *Settled `cbor:"23,keyasint,omitempty"`
	// Marketing is that of the row, should it have to be made anew.
	Marketing bool `cbor:"25,keyasint,omitempty"`
}

// Settled says who decided about an attempt of which nobody knew the outcome,
// when and how.
type Settled struct {
	By     ID         `cbor:"1,keyasint"`
	At     time.Time  `cbor:"2,keyasint"`
	Action Resolution `cbor:"3,keyasint"`
}

// Reacted is when the person first showed to have the text, by a reply or by
// opening a link that only they have; zero if they did not.
func (d Delivery) Reacted() time.Time {
	if d.RepliedAt.IsZero() || !d.ClickedAt.IsZero() && d.ClickedAt.Before(d.RepliedAt) {
		return d.ClickedAt
	}
	return d.RepliedAt
}

// OutboxItem is a text of ours that waits to go out ahead of campaigns: an
// agent's reply, a confirmation, a test. It is written in one transaction
// with what caused it, and removed in the one that claims its attempt.
type OutboxItem struct {
	ID             ID        `cbor:"1,keyasint"` // also its order: UUIDv7
	AccountID      ID        `cbor:"2,keyasint"`
	InboxID        ID        `cbor:"3,keyasint"`
	Cause          Cause     `cbor:"4,keyasint"`
	Phone          string    `cbor:"5,keyasint"`
	Text           string    `cbor:"6,keyasint"`
	ConversationID ID        `cbor:"7,keyasint,omitzero"`
	MessageID      ID        `cbor:"8,keyasint,omitzero"`
	CreatedAt      time.Time `cbor:"9,keyasint"`
}

// Codes of failures that are not the carrier's.
const (
	CodeGivenUp     = "given_up"     // a person decided that it did not go out
	CodeNotSendable = "not_sendable" // the text could not be made for this person
	CodeBadSender   = "bad_sender"   // the carrier does not let our number text (there)
)

// MayPass tells whether a carrier's error code is of a failure that another
// time may not meet: the network, the phone or the queue of that moment
// (Plivo, "Message error codes"). So is what a person gave up, and what a person
// can mend about our number.
func MayPass(code string) bool {
	switch code {
	case "20", "80", "90", "300", "420", CodeGivenUp, CodeBadSender:
		return true
	}
	return false
}

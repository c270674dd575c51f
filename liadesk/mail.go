package liadesk

import "time"

// MailItem is an e-mail of ours that waits to go out: an answer that follows a
// visitor who has left. It is written in one transaction with what caused it,
// and removed in the one that notes what became of it.
type MailItem struct {
	ID        ID     `cbor:"1,keyasint"` // also its order, and its Message-ID
	AccountID ID     `cbor:"2,keyasint"`
	To        string `cbor:"3,keyasint"`
	// From is the name that it is sent under; the address is the operator's.
	From           string    `cbor:"4,keyasint"`
	Subject        string    `cbor:"5,keyasint"`
	Text           string    `cbor:"6,keyasint"`
	ConversationID ID        `cbor:"7,keyasint,omitzero"`
	MessageID      ID        `cbor:"8,keyasint,omitzero"`
	CreatedAt      time.Time `cbor:"9,keyasint"`
	// Tries counts those that failed for a passing reason, NotBefore is when the
	// next may be.
	Tries     int       `cbor:"10,keyasint,omitempty"`
	NotBefore time.Time `cbor:"11,keyasint"`
}

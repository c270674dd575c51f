package liadesk

import "time"

// Times of an answer that follows a visitor who has left.
const (
	// FollowFor is how long an answer waits to be seen on the page before it goes
	// where the visitor asked for it. What is written meanwhile goes with it.
	FollowFor = 30 * time.Second
	// TextsFor is how long after our last text an answer to it still belongs to
	// the thread that it came from.
	TextsFor = 7 * 24 * time.Hour
	// ComebackFor is how long the link in a text or an e-mail leads back to its
	// thread.
	ComebackFor = 7 * 24 * time.Hour
)

// Reach is how a visitor who has left wants to be told of the answer. They said
// so themselves, for this thread alone: nothing else is ever sent there.
//
// Whoever wrote the number or address down may have written somebody else's. So
// nothing that comes back by text is shown to the page on which it was written,
// but only to one that was opened from the link in the text.
type Reach struct {
	Email string `cbor:"1,keyasint,omitempty"`
	Phone string `cbor:"2,keyasint,omitempty"` // E.164
	// InboxID is the SMS inbox that texts them.
	InboxID ID `cbor:"3,keyasint,omitempty"`
	// At is when they said so.
	At time.Time `cbor:"4,keyasint"`
	// TextedAt is when a text last went to Phone; zero for never.
	TextedAt time.Time `cbor:"5,keyasint"`
	// TellAt is when answers from the place From on follow the visitor, unless
	// they are seen before; zero while none waits.
	TellAt time.Time `cbor:"6,keyasint"`
	From   uint64    `cbor:"7,keyasint,omitempty"`
	// Moved is the place of the first message that came by text. From there on
	// the thread belongs to who holds the phone. 0 for none.
	Moved uint64 `cbor:"8,keyasint,omitempty"`
	// MovedTo is that phone's number. It stays when Phone is taken back: what was
	// said from there on is still of whoever holds it.
	MovedTo string `cbor:"10,keyasint,omitempty"`
	// Texting says that the other side wrote by text last, and is answered so.
	Texting bool `cbor:"9,keyasint,omitempty"`
}

// Any tells whether there is a way to reach them.
func (r Reach) Any() bool { return r.Email != "" || r.Phone != "" }

// Here is the reach once its visitor is back on the page.
func (r Reach) Here() Reach {
	r.TellAt, r.From, r.Texting = time.Time{}, 0, false
	return r
}

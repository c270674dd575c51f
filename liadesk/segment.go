package liadesk

import "time"

// Segment is a rule that was given a name, to choose it again. A campaign that
// uses one takes a copy of the rule: it means the same when the segment changes
// or goes.
type Segment struct {
	ID        ID        `cbor:"1,keyasint"`
	AccountID ID        `cbor:"2,keyasint"`
	Name      string    `cbor:"3,keyasint"`
	Rule      Rule      `cbor:"4,keyasint"`
	CreatedAt time.Time `cbor:"5,keyasint"`
	CreatedBy ID        `cbor:"6,keyasint"`
}

package liadesk

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/google/uuid"
)

// ID names a record for ever. It is a UUID of version 7 (RFC 9562), so that
// ids made later sort later. To the outside it is an opaque string.
type ID [16]byte

// NewID makes the id of a record born at t, with chance from r.
func NewID(t time.Time, r io.Reader) ID {
	var id ID
	if _, err := io.ReadFull(r, id[6:]); err != nil {
		// The operating system's source of chance does not fail (crypto/rand
		// ends the process itself if it does); a test's reader must not either.
		panic(fmt.Sprintf("liadesk: no randomness for an id: %v", err))
	}
	ms := t.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// IDs makes ids. Real ones come from RandomIDs; tests use SequenceIDs.
type IDs func() ID

// RandomIDs makes ids from now's time and the system's randomness.
func RandomIDs(now func() time.Time) IDs {
	return func() ID { return NewID(now(), rand.Reader) }
}

// SequenceIDs makes ids that count up from 1, for tests that need to foresee
// them. It is safe only for one goroutine.
func SequenceIDs() IDs {
	var n uint64
	return func() ID {
		n++
		id := ID{6: 0x70, 8: 0x80}
		for i := range 6 {
			id[15-i] = byte(n >> (8 * i))
		}
		return id
	}
}

// ParseID reads what String wrote. Anything else is a not-found error, for to
// the outside an id that cannot be is an id that is not there.
func ParseID(s string) (ID, error) {
	if len(s) != 36 {
		return ID{}, ErrNotFound
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return ID{}, ErrNotFound
	}
	return ID(u), nil
}

// String is the canonical text of RFC 9562, or "" for the zero id.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	return uuid.UUID(id).String()
}

// Compare orders ids by when they were made.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// IsZero tells whether the id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Time is the moment the id was made, to the millisecond.
func (id ID) Time() time.Time {
	var ms int64
	for i := range 6 {
		ms = ms<<8 | int64(id[i])
	}
	return time.UnixMilli(ms).UTC()
}

// MarshalText writes the id for JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads an id from JSON; the empty text is the zero id.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	v, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// UnmarshalJSON reads what UnmarshalText does. What it refuses is an error to
// which encoding/json adds the name of the field.
func (id *ID) UnmarshalJSON(b []byte) error {
	var text *string // null leaves what is there
	err := json.Unmarshal(b, &text)
	if err == nil && text != nil {
		err = id.UnmarshalText([]byte(*text))
	}
	if err != nil {
		return &json.UnmarshalTypeError{Value: "what is no id", Type: reflect.TypeFor[ID]()}
	}
	return nil
}

// MarshalBinary writes the 16 bytes that are stored.
func (id ID) MarshalBinary() ([]byte, error) { return id[:], nil }

// UnmarshalBinary reads the 16 bytes that were stored.
func (id *ID) UnmarshalBinary(b []byte) error {
	if len(b) != len(id) {
		return fmt.Errorf("an id has 16 bytes, not %d", len(b))
	}
	copy(id[:], b)
	return nil
}

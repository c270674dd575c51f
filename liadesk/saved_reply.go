package liadesk

import (
	"time"
	"unicode/utf8"
)

// SavedReply is a text that the team keeps for answers that it gives often. It
// may have variables, as messages of campaigns do.
type SavedReply struct {
	ID        ID        `cbor:"1,keyasint"`
	AccountID ID        `cbor:"2,keyasint"`
	Name      string    `cbor:"3,keyasint"` // what people look for
	Text      string    `cbor:"4,keyasint"`
	UpdatedAt time.Time `cbor:"5,keyasint"`
	Version   uint64    `cbor:"6,keyasint"`
}

// Bounds of a SavedReply, in characters.
const (
	MaxSavedName = 80
	MaxSavedText = 4000
)

// Check notes what is wrong with a saved reply.
func (r SavedReply) Check(v *Invalid) {
	switch {
	case r.Name == "":
		v.Add("name", "required")
	case utf8.RuneCountInString(r.Name) > MaxSavedName:
		v.Add("name", "too_long", "Max", MaxSavedName)
	}
	switch {
	case r.Text == "":
		v.Add("text", "required")
	case utf8.RuneCountInString(r.Text) > MaxSavedText:
		v.Add("text", "too_long", "Max", MaxSavedText)
	}
}

package liadesk

import "time"

// Digest is the SHA-256 of a random secret: of a session, an API token, a
// one-use link. The secret itself is never stored, so that whoever reads a
// stolen backup cannot sign in with it. The secrets have 256 bits of chance,
// so they need no slow hash.
type Digest [32]byte

// Session is a browser that is signed in.
type Session struct {
	ID        ID     `cbor:"1,keyasint"`
	AccountID ID     `cbor:"2,keyasint"`
	UserID    ID     `cbor:"3,keyasint"`
	Digest    Digest `cbor:"4,keyasint"`
	// Browser and Address are the last seen ones, for people to recognise
	// their sessions by.
	Browser   string    `cbor:"5,keyasint,omitempty"`
	Address   string    `cbor:"6,keyasint,omitempty"`
	CreatedAt time.Time `cbor:"7,keyasint"`
	// SeenAt is the last use, to about an hour: it is not written at each page.
	SeenAt time.Time `cbor:"8,keyasint"`
	// ExpiresAt moves on while the session is used.
	ExpiresAt time.Time `cbor:"9,keyasint"`
}

// Token lets a program use the API in the name of the person who made it: it
// may do what that person may, and nothing once they are deactivated.
type Token struct {
	ID        ID        `cbor:"1,keyasint"`
	AccountID ID        `cbor:"2,keyasint"`
	UserID    ID        `cbor:"3,keyasint"`
	Name      string    `cbor:"4,keyasint"`
	Digest    Digest    `cbor:"5,keyasint"`
	CreatedAt time.Time `cbor:"6,keyasint"`
	// UsedAt is the last use, to about an hour; zero means never.
	UsedAt time.Time `cbor:"7,keyasint"`
}

// Link is a one-use link by which a person sets their name and password: to
// join a team, or because the password was forgotten.
type Link struct {
	AccountID ID        `cbor:"1,keyasint"`
	UserID    ID        `cbor:"2,keyasint"`
	Digest    Digest    `cbor:"3,keyasint"`
	CreatedBy ID        `cbor:"4,keyasint"`
	CreatedAt time.Time `cbor:"5,keyasint"`
	ExpiresAt time.Time `cbor:"6,keyasint"`
}

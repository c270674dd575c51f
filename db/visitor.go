package db

import (
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// Visitor is what a widget's token stands for. Only the token's digest is
// stored: who reads the database cannot speak for a visitor.
type Visitor struct {
	ConversationID liadesk.ID `cbor:"1,keyasint"`
	InboxID        liadesk.ID `cbor:"2,keyasint"`
	SeenAt         time.Time  `cbor:"3,keyasint"`
	// Phone is the number to which the link went by text that the token came
	// from: who has it holds that phone. "" for other tokens.
	Phone string `cbor:"4,keyasint,omitempty"`
}

// Visitor finds what the token with this digest stands for.
func (tx *Tx) Visitor(account liadesk.ID, digest []byte) (Visitor, bool, error) {
	return get[Visitor](tx, in(account, nVisitor).raw(digest))
}

// DeleteVisitor forgets a token.
func (tx *Tx) DeleteVisitor(account liadesk.ID, digest []byte) error {
	return tx.kv.Delete(in(account, nVisitor).raw(digest))
}

// PutVisitor notes what a token stands for.
func (tx *Tx) PutVisitor(account liadesk.ID, digest []byte, v Visitor) error {
	return put(tx, in(account, nVisitor).raw(digest), v)
}

// Comeback is what the code in a link stands for that leads a visitor back to
// their thread. Only the code's digest is stored.
type Comeback struct {
	ConversationID liadesk.ID `cbor:"1,keyasint"`
	// Phone is the number that the link went to by text, "" for others.
	Phone string    `cbor:"2,keyasint,omitempty"`
	Until time.Time `cbor:"3,keyasint"`
	// UsedAt is when the code was first exchanged for a token; zero before.
	UsedAt time.Time `cbor:"4,keyasint"`
}

func comebackKey(account liadesk.ID, digest []byte) key {
	return in(account, nComeback).str("code").raw(digest)
}

func comebackUntil(account liadesk.ID) key { return in(account, nComeback).str("until") }

func comebackAccount(digest []byte) key { return global("comeback").raw(digest) }

// expiredAtOnce bounds how many codes that are over one new code clears away.
const expiredAtOnce = 10

// AddComeback notes what a new code stands for, and clears away some that are
// over.
func (tx *Tx) AddComeback(account liadesk.ID, digest []byte, b Comeback, now time.Time) error {
	base := comebackUntil(account)
	old, err := tx.kv.Scan(base, base.clone().time(now), expiredAtOnce, false)
	if err != nil {
		return err
	}
	for _, p := range old {
		gone := p.Key[len(base)+8:]
		for _, k := range []key{key(p.Key), comebackKey(account, gone), comebackAccount(gone)} {
			if err := tx.kv.Delete(k); err != nil {
				return err
			}
		}
	}
	if err := put(tx, comebackAccount(digest), account); err != nil {
		return err
	}
	if err := tx.kv.Put(base.time(b.Until).raw(digest), there); err != nil {
		return err
	}
	return tx.PutComeback(account, digest, b)
}

// PutComeback changes what a code stands for.
func (tx *Tx) PutComeback(account liadesk.ID, digest []byte, b Comeback) error {
	return put(tx, comebackKey(account, digest), b)
}

// Comeback finds what the code with this digest stands for, and whose it is.
func (tx *Tx) Comeback(digest []byte) (account liadesk.ID, b Comeback, found bool, err error) {
	if account, found, err = get[liadesk.ID](tx, comebackAccount(digest)); err != nil || !found {
		return account, b, false, err
	}
	b, found, err = get[Comeback](tx, comebackKey(account, digest))
	return account, b, found, err
}

package db

import (
	"encoding/binary"
	"errors"

	"github.com/liadesk/campaigns/liadesk"
)

// The addresses of opt-out pages name an account by a code of three bytes, for
// every character of a text costs. Public code -> account, and back.

const linkCodes = 1 << 24

func outLinkKey(code uint32) key { return global("optout").u32(code) }

// linkCode reads the code of an account, and gives it one when it has none: one
// that is free, from where its id points. It stays for ever, for texts with it
// stay on people's phones.
func (tx *Tx) linkCode(account liadesk.ID) (uint32, error) {
	code, has, err := get[uint32](tx, in(account, nLinkCode))
	if err != nil || has {
		return code, err
	}
	if code, err = tx.freeCode(account, outLinkKey); err != nil {
		return 0, err
	}
	if err := put(tx, outLinkKey(code), account); err != nil {
		return 0, err
	}
	return code, put(tx, in(account, nLinkCode), code)
}

// mostTries bounds how far a free code is looked for, and so how long others
// wait meanwhile.
const mostTries = 100_000

// freeCode finds a code of three bytes under which nothing lies yet, from where
// an id points; never 0.
func (tx *Tx) freeCode(id liadesk.ID, at func(code uint32) key) (uint32, error) {
	first := binary.BigEndian.Uint32(id[12:])
	for i := range uint32(mostTries) {
		code := (first + i) % linkCodes
		if code == 0 {
			continue
		}
		if _, taken, err := get[liadesk.ID](tx, at(code)); err != nil || !taken {
			return code, err
		}
	}
	return 0, errors.New("db: no code for short addresses is free near by")
}

// LinkAccount finds the account of a code.
func (tx *Tx) LinkAccount(code uint32) (liadesk.ID, bool, error) {
	return get[liadesk.ID](tx, outLinkKey(code))
}

// giveLinkCodes gives accounts of before their codes. Its cursor is the account.
func giveLinkCodes(tx *Tx, from []byte) ([]byte, error) {
	var after liadesk.ID
	copy(after[:], from)
	ids, err := tx.AccountIDs(after, 100)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	for _, id := range ids {
		a, found, err := tx.Account(id)
		if err != nil {
			return nil, err
		}
		if found {
			if err := tx.PutAccount(a); err != nil {
				return nil, err
			}
		}
	}
	return ids[len(ids)-1][:], nil
}

package db

import (
	"errors"
	"strings"

	"github.com/liadesk/campaigns/liadesk"
)

// MaxUsers is the most people that an account's team may have, those who left
// included. A team is read whole, in one scan.
const MaxUsers = 1000

// ErrEmailTaken refuses a second user with an e-mail address. The address
// signs in, so it is unique in the whole installation.
var ErrEmailTaken = errors.New("the e-mail address belongs to another user")

// owner is what the prefix g/ maps to: an account and one of its records.
type owner struct {
	Account liadesk.ID `cbor:"1,keyasint"`
	ID      liadesk.ID `cbor:"2,keyasint"`
	// User is set for sessions, which are kept by user.
	User liadesk.ID `cbor:"3,keyasint,omitempty"`
}

func userKey(account, id liadesk.ID) key { return in(account, nUser).id(id) }

// FoldEmail is the form in which e-mail addresses are compared: without
// blanks around it and in lower case. RFC 5321 §2.4 lets a host tell cases of
// the local part apart, and none does.
func FoldEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func emailKey(email string) key { return global("email").str(FoldEmail(email)) }

// User reads one person of an account's team.
func (tx *Tx) User(account, id liadesk.ID) (liadesk.User, bool, error) {
	return get[liadesk.User](tx, userKey(account, id))
}

// Users reads an account's whole team, in the order in which they came.
func (tx *Tx) Users(account liadesk.ID) ([]liadesk.User, error) {
	base := in(account, nUser)
	users, _, err := scan[liadesk.User](tx, base, base.end(), MaxUsers, false)
	return users, err
}

// UserByEmail finds who signs in with an address.
func (tx *Tx) UserByEmail(email string) (account, user liadesk.ID, found bool, err error) {
	o, found, err := get[owner](tx, emailKey(email))
	return o.Account, o.ID, found, err
}

// PutUser writes a user and its e-mail address, which it folds. It fails with
// ErrEmailTaken when the address is somebody else's.
func (tx *Tx) PutUser(u liadesk.User) error {
	u.Email = FoldEmail(u.Email)
	switch o, found, err := get[owner](tx, emailKey(u.Email)); {
	case err != nil:
		return err
	case found && (o.Account != u.AccountID || o.ID != u.ID):
		return ErrEmailTaken
	case !found:
		old, had, err := tx.User(u.AccountID, u.ID)
		if err != nil {
			return err
		}
		if had {
			if err := tx.kv.Delete(emailKey(old.Email)); err != nil {
				return err
			}
		}
		if err := put(tx, emailKey(u.Email), owner{Account: u.AccountID, ID: u.ID}); err != nil {
			return err
		}
	}
	return put(tx, userKey(u.AccountID, u.ID), u)
}

// DeleteUser removes a user and frees the address. It is for people who never
// accepted their invitation; others are deactivated, so that their name stays
// with what they wrote.
func (tx *Tx) DeleteUser(u liadesk.User) error {
	if err := tx.kv.Delete(emailKey(u.Email)); err != nil {
		return err
	}
	return tx.kv.Delete(userKey(u.AccountID, u.ID))
}

package db

import "github.com/liadesk/campaigns/liadesk"

// MaxTokens is the most API tokens that an account may have.
const MaxTokens = 200

func tokenKey(account, id liadesk.ID) key { return in(account, nToken).id(id) }

func tokenDigestKey(d liadesk.Digest) key { return global("token").raw(d[:]) }

// Token reads one API token's record.
func (tx *Tx) Token(account, id liadesk.ID) (liadesk.Token, bool, error) {
	return get[liadesk.Token](tx, tokenKey(account, id))
}

// TokenHolder is an API token with in whose name it acts.
type TokenHolder struct {
	Token   liadesk.Token
	User    liadesk.User
	Account liadesk.Account
}

// TokenHolder finds all that an API call needs to know of its caller, in two
// round trips.
func (tx *Tx) TokenHolder(d liadesk.Digest) (h TokenHolder, found bool, err error) {
	o, found, err := get[owner](tx, tokenDigestKey(d))
	if err != nil || !found {
		return TokenHolder{}, false, err
	}
	found, err = getEach(tx, []key{tokenKey(o.Account, o.ID), userKey(o.Account, o.User), accountKey(o.Account)},
		&h.Token, &h.User, &h.Account)
	return h, found, err
}

// Tokens lists an account's API tokens, oldest first.
func (tx *Tx) Tokens(account liadesk.ID) ([]liadesk.Token, error) {
	base := in(account, nToken)
	tokens, _, err := scan[liadesk.Token](tx, base, base.end(), MaxTokens, false)
	return tokens, err
}

// PutToken writes an API token's record and the way to it.
func (tx *Tx) PutToken(t liadesk.Token) error {
	if err := put(tx, tokenDigestKey(t.Digest), owner{Account: t.AccountID, ID: t.ID, User: t.UserID}); err != nil {
		return err
	}
	return put(tx, tokenKey(t.AccountID, t.ID), t)
}

// DeleteToken revokes an API token.
func (tx *Tx) DeleteToken(t liadesk.Token) error {
	if err := tx.kv.Delete(tokenDigestKey(t.Digest)); err != nil {
		return err
	}
	return tx.kv.Delete(tokenKey(t.AccountID, t.ID))
}

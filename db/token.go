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

// TokenByDigest finds the API token that a secret belongs to.
func (tx *Tx) TokenByDigest(d liadesk.Digest) (liadesk.Token, bool, error) {
	o, found, err := get[owner](tx, tokenDigestKey(d))
	if err != nil || !found {
		return liadesk.Token{}, false, err
	}
	return tx.Token(o.Account, o.ID)
}

// Tokens lists an account's API tokens, oldest first.
func (tx *Tx) Tokens(account liadesk.ID) ([]liadesk.Token, error) {
	base := in(account, nToken)
	tokens, _, err := scan[liadesk.Token](tx, base, base.end(), MaxTokens, false)
	return tokens, err
}

// PutToken writes an API token's record and the way to it.
func (tx *Tx) PutToken(t liadesk.Token) error {
	if err := put(tx, tokenDigestKey(t.Digest), owner{Account: t.AccountID, ID: t.ID}); err != nil {
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

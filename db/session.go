package db

import (
	"fmt"

	"github.com/liadesk/campaigns/liadesk"
)

// MaxSessions is the most sessions one person may have; the oldest ends when
// another begins.
const MaxSessions = 100

// Sessions lie under their user, so that one scan lists or ends all of them.
func sessionKey(s liadesk.Session) key {
	return in(s.AccountID, nSession).id(s.UserID).id(s.ID)
}

func sessionAt(o owner) key { return in(o.Account, nSession).id(o.User).id(o.ID) }

func sessionDigestKey(d liadesk.Digest) key { return global("session").raw(d[:]) }

// SessionByDigest finds the session that a secret belongs to.
func (tx *Tx) SessionByDigest(d liadesk.Digest) (liadesk.Session, bool, error) {
	o, found, err := get[owner](tx, sessionDigestKey(d))
	if err != nil || !found {
		return liadesk.Session{}, false, err
	}
	return get[liadesk.Session](tx, sessionAt(o))
}

// Sessions lists a person's sessions, oldest first.
func (tx *Tx) Sessions(account, user liadesk.ID) ([]liadesk.Session, error) {
	base := in(account, nSession).id(user)
	sessions, _, err := scan[liadesk.Session](tx, base, base.end(), 2*MaxSessions, false)
	return sessions, err
}

// PutSession writes a session and the way to it.
func (tx *Tx) PutSession(s liadesk.Session) error {
	o := owner{Account: s.AccountID, ID: s.ID, User: s.UserID}
	if err := put(tx, sessionDigestKey(s.Digest), o); err != nil {
		return err
	}
	return put(tx, sessionKey(s), s)
}

// DeleteSession ends a session.
func (tx *Tx) DeleteSession(s liadesk.Session) error {
	if err := tx.kv.Delete(sessionDigestKey(s.Digest)); err != nil {
		return err
	}
	return tx.kv.Delete(sessionKey(s))
}

// DeleteSessions ends all sessions of a person but the one to keep, if any.
func (tx *Tx) DeleteSessions(account, user, keep liadesk.ID) error {
	sessions, err := tx.Sessions(account, user)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.ID == keep {
			continue
		}
		if err := tx.DeleteSession(s); err != nil {
			return err
		}
	}
	return nil
}

// One person has at most one open link: a newer one ends the older.
func linkKey(account, user liadesk.ID) key { return in(account, nInvite).id(user) }

func linkDigestKey(d liadesk.Digest) key { return global("link").raw(d[:]) }

// LinkByDigest finds the one-use link that a secret belongs to.
func (tx *Tx) LinkByDigest(d liadesk.Digest) (liadesk.Link, bool, error) {
	o, found, err := get[owner](tx, linkDigestKey(d))
	if err != nil || !found {
		return liadesk.Link{}, false, err
	}
	return tx.Link(o.Account, o.ID)
}

// Link reads a person's open link.
func (tx *Tx) Link(account, user liadesk.ID) (liadesk.Link, bool, error) {
	return get[liadesk.Link](tx, linkKey(account, user))
}

// Links lists the open links of an account.
func (tx *Tx) Links(account liadesk.ID) ([]liadesk.Link, error) {
	base := in(account, nInvite)
	links, _, err := scan[liadesk.Link](tx, base, base.end(), MaxUsers, false)
	return links, err
}

// PutLink writes a link in place of the person's older one.
func (tx *Tx) PutLink(l liadesk.Link) error {
	if err := tx.DeleteLink(l.AccountID, l.UserID); err != nil {
		return err
	}
	if err := put(tx, linkDigestKey(l.Digest), owner{Account: l.AccountID, ID: l.UserID}); err != nil {
		return err
	}
	return put(tx, linkKey(l.AccountID, l.UserID), l)
}

// DeleteLink ends a person's link; that there is none is fine.
func (tx *Tx) DeleteLink(account, user liadesk.ID) error {
	old, found, err := tx.Link(account, user)
	if err != nil || !found {
		return err
	}
	if err := tx.kv.Delete(linkDigestKey(old.Digest)); err != nil {
		return err
	}
	return tx.kv.Delete(linkKey(account, user))
}

// SignedIn is a session with whose it is.
type SignedIn struct {
	Session liadesk.Session
	User    liadesk.User
	Account liadesk.Account
}

// SignedIn finds all that a page view needs to know of its reader, in two
// round trips.
func (tx *Tx) SignedIn(d liadesk.Digest) (in SignedIn, found bool, err error) {
	o, found, err := get[owner](tx, sessionDigestKey(d))
	if err != nil || !found {
		return SignedIn{}, false, err
	}
	found, err = getEach(tx, []key{sessionAt(o), userKey(o.Account, o.User), accountKey(o.Account)},
		&in.Session, &in.User, &in.Account)
	return in, found, err
}

// getEach reads one record per key in one round trip, each into its place. It
// answers false when one of them is absent.
func getEach(tx *Tx, keys []key, into ...any) (bool, error) {
	raw := make([][]byte, len(keys))
	for i, k := range keys {
		raw[i] = k
	}
	values, err := tx.kv.GetMulti(raw)
	if err != nil {
		return false, err
	}
	for i, b := range values {
		if b == nil {
			return false, nil
		}
		if err := decode(b, into[i]); err != nil {
			return false, fmt.Errorf("record %x: %w", raw[i], err)
		}
	}
	return true, nil
}

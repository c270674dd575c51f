package accounts

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// A session ends this long after its last use.
const sessionLife = 30 * 24 * time.Hour

// touchEvery is how often a use is written down. The page view that finds the
// last one older than this moves the session's end on.
const touchEvery = time.Hour

// ErrSignIn refuses a sign-in. It is the same for an address that nobody has,
// a wrong password and somebody who was deactivated, so that strangers cannot
// find out who works here.
var ErrSignIn = &liadesk.Error{Kind: liadesk.KindUnauthenticated, Code: "sign_in_failed",
	Text: "this e-mail address and password do not fit together"}

// Origin is where a session comes from, for people to recognise it by.
type Origin struct {
	Address string // network address
	Browser string // the User-Agent header
}

// SignIn begins a session and returns its secret, for a cookie; only its
// digest is stored. It answers ErrSignIn, or KindTooMany after many tries for
// this e-mail address or from this network address.
func (s *Service) SignIn(ctx context.Context, email, password string, from Origin) (secret string, err error) {
	var v liadesk.Invalid
	email = db.FoldEmail(email)
	if email == "" {
		v.Add("email", "required")
	}
	if password == "" {
		v.Add("password", "required")
	}
	if err := v.Err(); err != nil {
		return "", err
	}
	if len(email) > maxEmail || utf8.RuneCountInString(password) > maxPassword {
		return "", ErrSignIn // nobody has such, and hashing it would only cost
	}
	network := networkOf(from.Address)
	if wait := s.byEmail.begin(email); wait > 0 {
		return "", tooMany(wait)
	}
	if wait := s.byAddress.begin(network); wait > 0 {
		s.byEmail.undo(email)
		return "", tooMany(wait)
	}

	var u liadesk.User
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		u = liadesk.User{}
		accountID, userID, found, err := tx.UserByEmail(email)
		if err != nil || !found {
			return err
		}
		u, _, err = tx.User(accountID, userID)
		return err
	}); err != nil {
		return "", err
	}
	hash := u.PasswordHash
	if !u.Active() {
		hash = ""
	}
	ok, err := s.hasher.matches(ctx, password, hash)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", ErrSignIn
	}
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		now, err := user(tx, u.AccountID, u.ID)
		if err != nil {
			return err
		}
		if !now.Active() || now.PasswordHash != hash {
			return ErrSignIn // deactivated, or the password was changed, since we looked
		}
		secret, err = s.begin(tx, now, from)
		return err
	})
	if err != nil {
		return "", err
	}
	s.byEmail.forgive(email)
	s.byAddress.undo(network)
	return secret, nil
}

func tooMany(wait time.Duration) error {
	return &liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_sign_ins", Text: "too many tries, wait a little",
		Args: map[string]any{"Count": int((wait + time.Second - 1) / time.Second)}, RetryAfter: wait}
}

// begin starts a session for a user within tx. Whoever was away because they
// were signed out is online again.
func (s *Service) begin(tx *db.Tx, u liadesk.User, from Origin) (secret string, err error) {
	sessions, err := tx.Sessions(u.AccountID, u.ID)
	if err != nil {
		return "", err
	}
	now := s.clock.Now().UTC()
	live := 0
	for i, old := range sessions {
		// The list is oldest first: those that ended go, and beyond the limit the
		// oldest go too.
		if !now.Before(old.ExpiresAt) || len(sessions)-i >= db.MaxSessions {
			if err := tx.DeleteSession(old); err != nil {
				return "", err
			}
			continue
		}
		live++
	}
	if live == 0 && u.Presence != liadesk.PresenceOnline {
		u.Presence = liadesk.PresenceOnline
		if err := tx.PutUser(u); err != nil {
			return "", err
		}
	}
	secret = s.secret("")
	return secret, tx.PutSession(liadesk.Session{
		ID: s.ids(), AccountID: u.AccountID, UserID: u.ID, Digest: digest(secret),
		Browser: cut(line(from.Browser), 300), Address: cut(line(from.Address), 60),
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(sessionLife),
	})
}

// cut shortens a text to at most n bytes, never inside a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Session finds who holds a session's secret, and moves the session's end on.
// It answers ErrUnauthenticated for secrets that are unknown, revoked or too
// old, and when the person was deactivated.
func (s *Service) Session(ctx context.Context, secret string) (db.SignedIn, error) {
	var in db.SignedIn
	d := digest(secret)
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		in, err = s.signedIn(tx, d)
		return err
	})
	if err != nil || s.clock.Since(in.Session.SeenAt) < touchEvery {
		return in, err
	}
	err = s.store.Update(ctx, func(tx *db.Tx) (err error) {
		// Read again: it may have been revoked since, and must stay so.
		if in, err = s.signedIn(tx, d); err != nil {
			return err
		}
		in.Session.SeenAt = s.clock.Now().UTC()
		in.Session.ExpiresAt = in.Session.SeenAt.Add(sessionLife)
		return tx.PutSession(in.Session)
	})
	return in, err
}

func (s *Service) signedIn(tx *db.Tx, d liadesk.Digest) (db.SignedIn, error) {
	in, found, err := tx.SignedIn(d)
	if err != nil {
		return db.SignedIn{}, err
	}
	if !found || !in.User.Active() || !s.clock.Now().Before(in.Session.ExpiresAt) {
		return db.SignedIn{}, liadesk.ErrUnauthenticated
	}
	return in, nil
}

// SignOut ends the session that a secret belongs to; that there is none is
// fine. Nobody who is signed out everywhere is online.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.store.Update(ctx, func(tx *db.Tx) error {
		session, found, err := tx.SessionByDigest(digest(secret))
		if err != nil || !found {
			return err
		}
		if err := tx.DeleteSession(session); err != nil {
			return err
		}
		return s.awayIfSignedOut(tx, session.AccountID, session.UserID)
	})
}

// awayIfSignedOut marks a person away who has no session left.
func (s *Service) awayIfSignedOut(tx *db.Tx, account, id liadesk.ID) error {
	sessions, err := tx.Sessions(account, id)
	if err != nil {
		return err
	}
	for _, other := range sessions {
		if s.clock.Now().Before(other.ExpiresAt) {
			return nil
		}
	}
	u, found, err := tx.User(account, id)
	if err != nil || !found || u.Presence == liadesk.PresenceAway {
		return err
	}
	u.Presence = liadesk.PresenceAway
	return tx.PutUser(u)
}

// Sessions lists the actor's own sessions, the last used first.
func (s *Service) Sessions(ctx context.Context, actor liadesk.Actor) ([]liadesk.Session, error) {
	var list []liadesk.Session
	err := s.store.View(ctx, func(tx *db.Tx) error {
		list = nil
		all, err := tx.Sessions(actor.Account, actor.User)
		if err != nil {
			return err
		}
		for _, session := range all {
			if s.clock.Now().Before(session.ExpiresAt) {
				list = append(list, session)
			}
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b liadesk.Session) int { return b.SeenAt.Compare(a.SeenAt) })
	return list, err
}

// RevokeSession ends one of the actor's own sessions.
func (s *Service) RevokeSession(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	return s.store.Update(ctx, func(tx *db.Tx) error {
		sessions, err := tx.Sessions(actor.Account, actor.User)
		if err != nil {
			return err
		}
		for _, session := range sessions {
			if session.ID == id {
				if err := tx.DeleteSession(session); err != nil {
					return err
				}
				return s.awayIfSignedOut(tx, actor.Account, actor.User)
			}
		}
		return liadesk.ErrNotFound
	})
}

// RevokeOtherSessions ends all of the actor's sessions but one.
func (s *Service) RevokeOtherSessions(ctx context.Context, actor liadesk.Actor, keep liadesk.ID) error {
	return s.store.Update(ctx, func(tx *db.Tx) error {
		return tx.DeleteSessions(actor.Account, actor.User, keep)
	})
}

// ChangePassword sets the actor's own password. All their other sessions and
// open links end: whoever knew the old one is out.
func (s *Service) ChangePassword(ctx context.Context, actor liadesk.Actor, session liadesk.ID, current, next string) error {
	var u liadesk.User
	if err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		u, err = user(tx, actor.Account, actor.User)
		return err
	}); err != nil {
		return err
	}
	var v liadesk.Invalid
	if current == "" {
		v.Add("current_password", "required")
	}
	checkPassword(&v, "password", next, u.Email)
	if err := v.Err(); err != nil {
		return err
	}
	// A stolen session must not be a way to guess the password.
	if wait := s.byEmail.begin(u.Email); wait > 0 {
		return tooMany(wait)
	}
	ok, err := s.hasher.matches(ctx, current, u.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		v.Add("current_password", "wrong_password")
		return v.Err()
	}
	s.byEmail.forgive(u.Email)
	return s.setPassword(ctx, actor.Account, actor.User, next, session)
}

// SetPassword sets the password of whoever signs in with an e-mail address,
// for the operator at the command line. All sessions end.
func (s *Service) SetPassword(ctx context.Context, email, password string) error {
	var account, id liadesk.ID
	if err := s.store.View(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		if account, id, found, err = tx.UserByEmail(email); err == nil && !found {
			err = &liadesk.Error{Kind: liadesk.KindNotFound, Code: "no_such_user", Text: "nobody signs in with " + db.FoldEmail(email)}
		}
		return err
	}); err != nil {
		return err
	}
	var v liadesk.Invalid
	checkPassword(&v, "password", password, email)
	if err := v.Err(); err != nil {
		return err
	}
	return s.setPassword(ctx, account, id, password, liadesk.ID{})
}

// setPassword stores a checked password and ends all sessions but one.
func (s *Service) setPassword(ctx context.Context, account, id liadesk.ID, password string, keep liadesk.ID) error {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		u, err := user(tx, account, id)
		if err != nil {
			return err
		}
		u.PasswordHash = hash
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if err := tx.DeleteLink(account, id); err != nil {
			return err
		}
		if err := tx.DeleteSessions(account, id, keep); err != nil {
			return err
		}
		return s.awayIfSignedOut(tx, account, id)
	})
}

package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// LinkLife is how long a one-use link works: long enough for a weekend.
const LinkLife = 72 * time.Hour

// ErrLink refuses a one-use link that was used, replaced, withdrawn or is too
// old; which of them is nobody's business who cannot see the team.
var ErrLink = &liadesk.Error{Kind: liadesk.KindNotFound, Code: "link_ended",
	Text: "this link was used already or is too old: ask an administrator for a new one"}

// Invitation is whom to add to the team. The name may be left for the person
// to fill in.
type Invitation struct {
	Name     string
	Email    string
	Role     liadesk.Role
	InboxIDs []liadesk.ID
}

// Invite adds a person to the team and makes the secret of the one-use link by
// which they set their name and password. It works for LinkLife; no e-mail is
// sent, for the product needs no mail server: whoever invites hands it over.
func (s *Service) Invite(ctx context.Context, actor liadesk.Actor, in Invitation) (u liadesk.User, secret string, err error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.User{}, "", err
	}
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		var v liadesk.Invalid
		u = liadesk.User{AccountID: actor.Account, Role: in.Role, Presence: liadesk.PresenceAway, Version: 1}
		u.Email = checkEmail(&v, "email", in.Email)
		if u.Name = line(in.Name); u.Name == "" {
			u.Name = u.Email
		}
		if u.Name != "" {
			u.Name = checkName(&v, "name", cutName(u.Name, in.Name == ""))
		}
		checkRole(&v, "role", in.Role)
		if u.InboxIDs, err = checkInboxes(tx, &v, "inbox_ids", actor.Account, in.InboxIDs); err != nil {
			return err
		}
		if err := v.Err(); err != nil {
			return err
		}
		users, err := tx.Users(actor.Account)
		if err != nil {
			return err
		}
		if len(users) >= db.MaxUsers {
			return liadesk.Conflict("team_full", "the team has as many people as it may")
		}
		u.ID, u.CreatedAt = s.ids(), s.clock.Now().UTC()
		if err := putUser(tx, u); err != nil {
			return err
		}
		secret, err = s.link(tx, actor, u)
		return err
	})
	return u, secret, err
}

// cutName shortens a name that we made of an e-mail address ourselves.
func cutName(name string, ours bool) string {
	if ours {
		return cut(name, maxName)
	}
	return name
}

// NewLink makes a link in place of the one before: for an invitation that was
// lost or got too old, or for somebody who forgot the password. The old
// password works until the link is used.
func (s *Service) NewLink(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (u liadesk.User, secret string, err error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.User{}, "", err
	}
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		if u, err = user(tx, actor.Account, id); err != nil {
			return err
		}
		if !u.DeactivatedAt.IsZero() {
			return liadesk.Conflict("deactivated", "this person was deactivated: reactivate them first")
		}
		secret, err = s.link(tx, actor, u)
		return err
	})
	return u, secret, err
}

func (s *Service) link(tx *db.Tx, actor liadesk.Actor, u liadesk.User) (string, error) {
	secret, now := s.secret(""), s.clock.Now().UTC()
	return secret, tx.PutLink(liadesk.Link{AccountID: u.AccountID, UserID: u.ID, Digest: digest(secret),
		CreatedBy: actor.User, CreatedAt: now, ExpiresAt: now.Add(LinkLife)})
}

// Withdraw takes back an invitation that was not accepted; the person is gone
// from the team and the address is free.
func (s *Service) Withdraw(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		u, err := user(tx, actor.Account, id)
		if err != nil {
			return err
		}
		if !u.Invited() {
			return liadesk.Conflict("accepted", "this person has joined already: deactivate them instead")
		}
		if err := tx.DeleteLink(u.AccountID, u.ID); err != nil {
			return err
		}
		return tx.DeleteUser(u)
	})
}

// LinkHolder finds for whom a link was made, or ErrLink.
func (s *Service) LinkHolder(ctx context.Context, secret string) (a liadesk.Account, u liadesk.User, err error) {
	err = s.store.View(ctx, func(tx *db.Tx) error {
		if u, err = s.linkHolder(tx, secret); err != nil {
			return err
		}
		a, err = account(tx, u.AccountID)
		return err
	})
	return a, u, err
}

func (s *Service) linkHolder(tx *db.Tx, secret string) (liadesk.User, error) {
	l, found, err := tx.LinkByDigest(digest(secret))
	if err != nil {
		return liadesk.User{}, err
	}
	if !found || !s.clock.Now().Before(l.ExpiresAt) {
		return liadesk.User{}, ErrLink
	}
	u, err := user(tx, l.AccountID, l.UserID)
	if errors.Is(err, liadesk.ErrNotFound) || (err == nil && !u.DeactivatedAt.IsZero()) {
		err = ErrLink
	}
	return u, err
}

// Accept uses a link: it sets name and password, ends the link and all other
// sessions, and begins one, whose secret it returns.
func (s *Service) Accept(ctx context.Context, link, name, password string, from Origin) (session string, err error) {
	_, u, err := s.LinkHolder(ctx, link)
	if err != nil {
		return "", err // before hashing for strangers
	}
	var v liadesk.Invalid
	name = checkName(&v, "name", name)
	checkPassword(&v, "password", password, u.Email)
	if err := v.Err(); err != nil {
		return "", err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		u, err := s.linkHolder(tx, link) // again: it works once, and may have been used since
		if err != nil {
			return err
		}
		u.Name, u.PasswordHash = name, hash
		u.Version++
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if err := tx.DeleteLink(u.AccountID, u.ID); err != nil {
			return err
		}
		if err := tx.DeleteSessions(u.AccountID, u.ID, liadesk.ID{}); err != nil {
			return err
		}
		session, err = s.begin(tx, u, from)
		return err
	})
	return session, err
}

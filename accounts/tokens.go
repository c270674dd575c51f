package accounts

import (
	"context"
	"slices"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// tokenPrefix lets people, and programs that look for leaked secrets,
// recognise one of ours.
const tokenPrefix = "liadesk_"

// CreateToken makes an API token that acts as the actor, who must be an
// administrator. The secret is shown once: only its digest is stored.
func (s *Service) CreateToken(ctx context.Context, actor liadesk.Actor, name string) (liadesk.Token, string, error) {
	if err := actor.Administrator(); err != nil {
		return liadesk.Token{}, "", err
	}
	var v liadesk.Invalid
	name = checkName(&v, "name", name)
	if err := v.Err(); err != nil {
		return liadesk.Token{}, "", err
	}
	var t liadesk.Token
	var secret string
	err := s.store.Update(ctx, func(tx *db.Tx) error {
		tokens, err := tx.Tokens(actor.Account)
		if err != nil {
			return err
		}
		if len(tokens) >= db.MaxTokens {
			return liadesk.Conflict("too_many_tokens", "the account has as many API tokens as it may: revoke one")
		}
		t, secret = s.newToken(actor.Account, actor.User, name)
		return tx.PutToken(t)
	})
	return t, secret, err
}

func (s *Service) newToken(account, user liadesk.ID, name string) (liadesk.Token, string) {
	secret := s.secret(tokenPrefix)
	return liadesk.Token{ID: s.ids(), AccountID: account, UserID: user, Name: name, Digest: digest(secret),
		CreatedAt: s.clock.Now().UTC()}, secret
}

// Tokens lists the account's API tokens, newest first.
func (s *Service) Tokens(ctx context.Context, actor liadesk.Actor) ([]liadesk.Token, error) {
	if err := actor.Administrator(); err != nil {
		return nil, err
	}
	var tokens []liadesk.Token
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		tokens, err = tx.Tokens(actor.Account)
		return err
	})
	slices.Reverse(tokens)
	return tokens, err
}

// RevokeToken ends an API token at once.
func (s *Service) RevokeToken(ctx context.Context, actor liadesk.Actor, id liadesk.ID) error {
	if err := actor.Administrator(); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *db.Tx) error {
		t, found, err := tx.Token(actor.Account, id)
		if err != nil {
			return err
		}
		if !found {
			return liadesk.ErrNotFound
		}
		return tx.DeleteToken(t)
	})
}

// TokenActor finds in whose name an API token acts. It answers
// ErrUnauthenticated for secrets that are unknown or revoked, and when the
// person who made it was deactivated.
func (s *Service) TokenActor(ctx context.Context, secret string) (liadesk.Actor, error) {
	var h db.TokenHolder
	d := digest(secret)
	find := func(tx *db.Tx) error {
		var found bool
		var err error
		h, found, err = tx.TokenHolder(d)
		if err == nil && (!found || !h.User.Active()) {
			err = liadesk.ErrUnauthenticated
		}
		return err
	}
	if err := s.store.View(ctx, find); err != nil {
		return liadesk.Actor{}, err
	}
	if s.clock.Since(h.Token.UsedAt) >= touchEvery {
		if err := s.store.Update(ctx, func(tx *db.Tx) error {
			if err := find(tx); err != nil {
				return err
			}
			h.Token.UsedAt = s.clock.Now().UTC()
			return tx.PutToken(h.Token)
		}); err != nil {
			return liadesk.Actor{}, err
		}
	}
	return liadesk.ActorOf(h.Account, h.User), nil
}

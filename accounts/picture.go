package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/picture"
)

const (
	// MaxPicture is the most bytes that an uploaded picture may have.
	MaxPicture = 2 << 20
	// pictureSide is the side of a stored picture, in pixels.
	pictureSide = 256
	// minSide is the least side of a picture that shows anything.
	minSide = 16
)

// SetPicture gives a person a picture: the actor's own, or anybody's for an
// administrator. It is read as PNG, JPEG or WebP, cut to its middle square and
// written anew, so that nothing of the file but its pixels is kept: neither
// where it was taken nor anything hidden in it.
func (s *Service) SetPicture(ctx context.Context, actor liadesk.Actor, id liadesk.ID, r io.Reader) (liadesk.User, error) {
	if id != actor.User {
		if err := actor.Administrator(); err != nil {
			return liadesk.User{}, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxPicture+1))
	if err != nil {
		return liadesk.User{}, err
	}
	clean, err := cleanPicture(ctx, data)
	if err != nil {
		return liadesk.User{}, err
	}
	sum := sha256.Sum256(clean)
	return s.changePicture(ctx, actor, id, actor.Account.String()+"-"+hex.EncodeToString(sum[:16]), clean)
}

// RemovePicture goes back to initials.
func (s *Service) RemovePicture(ctx context.Context, actor liadesk.Actor, id liadesk.ID) (liadesk.User, error) {
	if id != actor.User {
		if err := actor.Administrator(); err != nil {
			return liadesk.User{}, err
		}
	}
	return s.changePicture(ctx, actor, id, "", nil)
}

func (s *Service) changePicture(ctx context.Context, actor liadesk.Actor, id liadesk.ID, name string, data []byte) (liadesk.User, error) {
	var u liadesk.User
	err := s.store.Update(ctx, func(tx *db.Tx) (err error) {
		if u, err = user(tx, actor.Account, id); err != nil {
			return err
		}
		if u.Picture == name {
			return nil
		}
		old := u.Picture
		u.Picture = name
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if name != "" {
			if err := tx.PutPicture(u.AccountID, name, data); err != nil {
				return err
			}
		}
		return dropPicture(tx, u.AccountID, old)
	})
	return u, err
}

// dropPicture removes a picture that nobody has any more.
func dropPicture(tx *db.Tx, account liadesk.ID, name string) error {
	if name == "" {
		return nil
	}
	users, err := tx.Users(account)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.Picture == name {
			return nil
		}
	}
	return tx.DeletePicture(account, name)
}

// Picture reads a picture by the name that a user's Picture holds and its
// address carries: the account, a dash, and the digest. It needs no actor:
// visitors of the company's sites see it too, and the digest is as hard to
// guess as the picture itself.
func (s *Service) Picture(ctx context.Context, name string) ([]byte, error) {
	if len(name) < 36 {
		return nil, liadesk.ErrNotFound
	}
	account, err := liadesk.ParseID(name[:36])
	if err != nil {
		return nil, err
	}
	var data []byte
	err = s.store.View(ctx, func(tx *db.Tx) (err error) {
		data, err = tx.Picture(account, name)
		if err == nil && data == nil {
			err = liadesk.ErrNotFound
		}
		return err
	})
	return data, err
}

// cleanPicture makes the stored form of an uploaded picture.
func cleanPicture(ctx context.Context, data []byte) ([]byte, error) {
	wrong := func(code string, args ...any) error {
		var v liadesk.Invalid
		v.Add("picture", code, args...)
		return v.Err()
	}
	switch {
	case len(data) == 0:
		return nil, wrong("required")
	case len(data) > MaxPicture:
		return nil, wrong("too_big", "Limit", "2 MB")
	}
	clean, err := picture.Square(ctx, data, pictureSide, minSide)
	switch {
	case errors.Is(err, picture.ErrUnreadable):
		return nil, wrong("not_a_picture")
	case errors.Is(err, picture.ErrTooSmall):
		return nil, wrong("too_small", "Min", minSide)
	case errors.Is(err, picture.ErrTooManyPixels):
		return nil, wrong("too_many_pixels")
	case errors.Is(err, picture.ErrBusy):
		return nil, &liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_requests", Text: "too many pictures at once", RetryAfter: 5 * time.Second}
	}
	return clean, err
}

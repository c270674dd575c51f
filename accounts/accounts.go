// Package accounts is the room of the organisations that use the product:
// how an account begins, who signs in and what they may do, the plan, the
// inboxes and the settings.
package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Service has the verbs of this room. All its methods may be called from many
// goroutines, once the hooks are registered.
type Service struct {
	store   *db.Store
	clock   clockwork.Clock
	ids     liadesk.IDs
	secrets *Secrets
	random  io.Reader
	hasher  *hasher

	byEmail, byAddress *throttle

	onDowngrade      []func(*db.Tx, liadesk.Account) error
	onInboxDelete    []func(*db.Tx, liadesk.Inbox) error
	onUserDeactivate []func(*db.Tx, liadesk.User) error
	onServesLess     []func(*db.Tx, liadesk.User) error
	inboxUsers       []func(*db.Tx, liadesk.Inbox) ([]liadesk.Ref, error)
	cameOnline       func(ctx context.Context, account, user liadesk.ID) error
}

// New makes the room. Secrets seal what inboxes must keep.
func New(store *db.Store, clock clockwork.Clock, ids liadesk.IDs, secrets *Secrets) *Service {
	return &Service{
		store: store, clock: clock, ids: ids, secrets: secrets, random: rand.Reader, hasher: newHasher(),
		cameOnline: func(context.Context, liadesk.ID, liadesk.ID) error { return nil },
		byEmail:    newThrottle(clock, freeTriesPerEmail, longestWaitPerEmail),
		byAddress:  newThrottle(clock, freeTriesPerAddress, longestWaitPerAddress),
	}
}

// OnDowngrade registers what happens when an account loses campaigns, in the
// transaction that takes the plan away: live campaigns stop, sends pause.
func (s *Service) OnDowngrade(fn func(tx *db.Tx, a liadesk.Account) error) {
	s.onDowngrade = append(s.onDowngrade, fn)
}

// OnInboxDelete registers what happens when an inbox goes, in the transaction
// that removes it: its campaigns are disabled.
func (s *Service) OnInboxDelete(fn func(tx *db.Tx, in liadesk.Inbox) error) {
	s.onInboxDelete = append(s.onInboxDelete, fn)
}

// OnUserDeactivate registers what happens when a person leaves, in the
// transaction that says so: campaigns in their name fall back to LiaDesk.
func (s *Service) OnUserDeactivate(fn func(tx *db.Tx, u liadesk.User) error) {
	s.onUserDeactivate = append(s.onUserDeactivate, fn)
}

// OnServesLess registers what happens when a person serves an inbox no longer,
// in the transaction that says so.
func (s *Service) OnServesLess(fn func(tx *db.Tx, u liadesk.User) error) {
	s.onServesLess = append(s.onServesLess, fn)
}

// OnOnline registers what happens after a person says that they can take
// conversations: those that wait are offered to them.
func (s *Service) OnOnline(fn func(ctx context.Context, account, user liadesk.ID) error) {
	s.cameOnline = fn
}

// InboxUsers registers who can name the campaigns that use an inbox, for the
// question before it is deleted.
func (s *Service) InboxUsers(fn func(tx *db.Tx, in liadesk.Inbox) ([]liadesk.Ref, error)) {
	s.inboxUsers = append(s.inboxUsers, fn)
}

// Account reads the actor's account.
func (s *Service) Account(ctx context.Context, actor liadesk.Actor) (liadesk.Account, error) {
	var a liadesk.Account
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		a, err = account(tx, actor.Account)
		return err
	})
	return a, err
}

// account, user and inbox read a record that must be there.

func account(tx *db.Tx, id liadesk.ID) (liadesk.Account, error) {
	a, found, err := tx.Account(id)
	if err == nil && !found {
		err = liadesk.ErrNotFound
	}
	return a, err
}

func user(tx *db.Tx, account, id liadesk.ID) (liadesk.User, error) {
	u, found, err := tx.User(account, id)
	if err == nil && !found {
		err = liadesk.ErrNotFound
	}
	return u, err
}

func inbox(tx *db.Tx, account, id liadesk.ID) (liadesk.Inbox, error) {
	i, found, err := tx.Inbox(account, id)
	if err == nil && !found {
		err = liadesk.ErrNotFound
	}
	return i, err
}

// secret makes 256 bits of chance, as text for a cookie, a header or a link.
func (s *Service) secret(prefix string) string {
	b := make([]byte, 32)
	if _, err := io.ReadFull(s.random, b); err != nil {
		panic("accounts: no randomness for a secret: " + err.Error()) // crypto/rand does not fail
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// publicKey is what a website's snippet names its inbox by. It is no secret,
// only hard to meet by chance: 128 bits in letters and digits.
func (s *Service) publicKey() string {
	b := make([]byte, 16)
	if _, err := io.ReadFull(s.random, b); err != nil {
		panic("accounts: no randomness for a key: " + err.Error()) // crypto/rand does not fail
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// digest is what is stored of a secret.
func digest(secret string) liadesk.Digest { return sha256.Sum256([]byte(secret)) }

// maxName is the most characters that a name of anything may have.
const maxName = 100

// line cleans a text of one line: no blanks around it, no control characters,
// runs of blanks become one.
func line(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// checkName cleans a name that must be there, and notes what is wrong with it.
func checkName(v *liadesk.Invalid, field, name string) string {
	name = line(name)
	switch {
	case name == "":
		v.Add(field, "required")
	case utf8.RuneCountInString(name) > maxName:
		v.Add(field, "too_long", "Max", maxName)
	}
	return name
}

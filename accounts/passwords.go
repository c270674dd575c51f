package accounts

import (
	"context"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/liadesk/campaigns/liadesk"
)

// Length of a password, in characters: at least 8 (NIST SP 800-63B §5.1.1.2),
// and few enough that hashing a stranger's input stays cheap. There are no
// rules about kinds of characters, for they make passwords worse (ibid.).
const (
	minPassword = 8
	maxPassword = 200
)

// argonParams are OWASP's for argon2id with little memory: 19 MiB, two passes.
var argonParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// maxHashing is how many passwords are hashed at a time: more would let
// strangers at the sign-in page take all memory and all cores.
const maxHashing = 2

// nobodysHash is compared with when nobody has the e-mail address, so that the
// answer takes as long as for somebody.
var nobodysHash = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash("nobody's password", argonParams)
})

// hasher hashes and compares passwords, few at a time.
type hasher struct{ slots chan struct{} }

func newHasher() *hasher { return &hasher{slots: make(chan struct{}, maxHashing)} }

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &liadesk.Error{Kind: liadesk.KindUnavailable, Code: "unavailable", Text: "too many sign-ins at once", Cause: ctx.Err()}
	}
}

func (h *hasher) leave() { <-h.slots }

// hash makes the text that is stored of a password. The caller checked it.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	return argon2id.CreateHash(password, argonParams)
}

// matches compares a password with a hash; with an empty hash it takes as long
// and is false.
func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	nobody := hash == ""
	if nobody {
		var err error
		if hash, err = nobodysHash(); err != nil {
			return false, err
		}
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	return ok && !nobody, err
}

// checkPassword notes what is wrong with a new password.
func checkPassword(v *liadesk.Invalid, field, password, email string) {
	switch n := utf8.RuneCountInString(password); {
	case password == "":
		v.Add(field, "required")
	case n < minPassword:
		v.Add(field, "too_short", "Min", minPassword)
	case n > maxPassword:
		v.Add(field, "too_long", "Max", maxPassword)
	case email != "" && strings.EqualFold(password, email):
		v.Add(field, "same_as_email")
	}
}

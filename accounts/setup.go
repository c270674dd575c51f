package accounts

import (
	"context"
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/text/language"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
)

// maxEmail is the longest address that SMTP carries (RFC 5321 §4.5.3.1.3).
const maxEmail = 254

// ErrSetupDone refuses the setup page once there is an account.
var ErrSetupDone = &liadesk.Error{Kind: liadesk.KindNotFound, Code: "setup_done",
	Text: "this link was used already, or a newer one was printed at the last start"}

// NewAccount is what an account and its first administrator are made of.
type NewAccount struct {
	Account  string // name of the organisation
	Plan     liadesk.Plan
	Name     string // of the administrator; "" takes it from the e-mail address
	Email    string
	Password string
	Region   string // ISO 3166, may be ""
	TimeZone string // IANA, "" means UTC
	// Demo makes an account whose windows are open round the clock.
	Demo bool
}

// Created is a new account with its administrator and the secret of its first
// API token, which is stored nowhere.
type Created struct {
	Account liadesk.Account
	User    liadesk.User
	Token   string
}

// Setup makes an account, its administrator and an API token, all or nothing.
// It is the operator's: nobody who is signed in may.
func (s *Service) Setup(ctx context.Context, in NewAccount) (Created, error) {
	p, err := s.prepare(ctx, in)
	if err != nil {
		return Created{}, err
	}
	var out Created
	err = s.store.Update(ctx, func(tx *db.Tx) (err error) {
		out, err = s.create(tx, p)
		return err
	})
	return out, err
}

// prepared is a checked NewAccount with its password hashed, which takes too
// long for a transaction.
type prepared struct {
	NewAccount
	hash string
}

func (s *Service) prepare(ctx context.Context, in NewAccount) (prepared, error) {
	var v liadesk.Invalid
	in.Account = checkName(&v, "account", in.Account)
	in.Email = checkEmail(&v, "email", in.Email)
	if line(in.Name) == "" {
		in.Name, _, _ = strings.Cut(in.Email, "@")
	}
	if in.Email != "" || line(in.Name) != "" {
		in.Name = checkName(&v, "name", in.Name)
	}
	if !in.Plan.Valid() {
		v.Add("plan", "unknown_plan")
	}
	in.Region = checkRegion(&v, "region", in.Region)
	if in.TimeZone == "" {
		in.TimeZone = "UTC"
	}
	checkZone(&v, "time_zone", in.TimeZone)
	checkPassword(&v, "password", in.Password, in.Email)
	if err := v.Err(); err != nil {
		return prepared{}, err
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	in.Password = ""
	return prepared{in, hash}, err
}

func (s *Service) create(tx *db.Tx, in prepared) (Created, error) {
	now := s.clock.Now().UTC()
	settings := liadesk.DefaultSettings(in.Region, in.TimeZone)
	settings.RoundTheClock = in.Demo
	if in.Demo {
		settings.TextsPerDay = liadesk.MaxTextsPerDay // whoever tries the product texts the same few people again and again
	}
	a := liadesk.Account{ID: s.ids(), Name: in.Account, Plan: in.Plan, Settings: settings, CreatedAt: now, Demo: in.Demo, Version: 1}
	u := liadesk.User{ID: s.ids(), AccountID: a.ID, Name: in.Name, Email: in.Email, Role: liadesk.RoleAdministrator,
		PasswordHash: in.hash, Presence: liadesk.PresenceAway, CreatedAt: now, Version: 1}
	token, secret := s.newToken(a.ID, u.ID, "Setup")
	if err := tx.PutAccount(a); err != nil {
		return Created{}, err
	}
	if err := putUser(tx, u); err != nil {
		return Created{}, err
	}
	if err := tx.PutToken(token); err != nil {
		return Created{}, err
	}
	return Created{a, u, secret}, tx.DeleteSetupLink()
}

// putUser writes a user and names the field when the address is taken.
func putUser(tx *db.Tx, u liadesk.User) error {
	err := tx.PutUser(u)
	if errors.Is(err, db.ErrEmailTaken) {
		var v liadesk.Invalid
		v.Add("email", "taken")
		return v.Err()
	}
	return err
}

// SetupLink makes the secret of a one-use link where the first account is
// made. It answers "" when there is an account already. A new link ends the
// one before: only the last printed one works.
func (s *Service) SetupLink(ctx context.Context) (secret string, err error) {
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		secret = ""
		ids, err := tx.AccountIDs(liadesk.ID{}, 1)
		if err != nil || len(ids) > 0 {
			return err
		}
		secret = s.secret("")
		return tx.PutSetupLink(db.SetupLink{Digest: digest(secret), CreatedAt: s.clock.Now().UTC()})
	})
	return secret, err
}

// CheckSetupLink tells whether the secret of a setup link still works, with
// nil, or ErrSetupDone.
func (s *Service) CheckSetupLink(ctx context.Context, secret string) error {
	return s.store.View(ctx, func(tx *db.Tx) error { return checkSetupLink(tx, secret) })
}

func checkSetupLink(tx *db.Tx, secret string) error {
	l, found, err := tx.SetupLink()
	if err == nil && (!found || l.Digest != digest(secret)) {
		err = ErrSetupDone
	}
	return err
}

// SetupByLink is Setup for whoever opened the one-use link. The link ends and
// the new administrator is signed in, with the session's secret.
func (s *Service) SetupByLink(ctx context.Context, link string, in NewAccount, from Origin) (session string, err error) {
	if err := s.CheckSetupLink(ctx, link); err != nil {
		return "", err // before hashing for strangers
	}
	in.Demo = false
	p, err := s.prepare(ctx, in)
	if err != nil {
		return "", err
	}
	err = s.store.Update(ctx, func(tx *db.Tx) error {
		if err := checkSetupLink(tx, link); err != nil {
			return err
		}
		out, err := s.create(tx, p)
		if err != nil {
			return err
		}
		session, err = s.begin(tx, out.User, from)
		return err
	})
	return session, err
}

// checkEmail folds an address and notes what is wrong with it. It must be a
// bare addr-spec of RFC 5322 §3.4.1.
func checkEmail(v *liadesk.Invalid, field, email string) string {
	email = db.FoldEmail(email)
	parsed, err := mail.ParseAddress(email)
	_, domain, _ := strings.Cut(email, "@")
	switch {
	case email == "":
		v.Add(field, "required")
	case len(email) > maxEmail:
		v.Add(field, "too_long", "Max", maxEmail)
	case err != nil || parsed.Address != email || domain == "":
		v.Add(field, "not_an_email")
	}
	return email
}

// checkRegion writes an ISO 3166 country in capitals; "" is fine.
func checkRegion(v *liadesk.Invalid, field, region string) string {
	region = strings.ToUpper(strings.TrimSpace(region))
	if region == "" {
		return ""
	}
	r, err := language.ParseRegion(region)
	if err != nil || len(region) != 2 || !r.IsCountry() || r.String() != region {
		v.Add(field, "unknown_region")
	}
	return region
}

// checkZone notes a name that is not of the IANA database.
func checkZone(v *liadesk.Invalid, field, zone string) {
	switch {
	case zone == "":
		v.Add(field, "required")
	case !hours.ValidZone(zone):
		v.Add(field, "unknown_zone")
	}
}

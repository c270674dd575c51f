// Package dbtest makes databases for tests: real ones, on a temporary file.
package dbtest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/kv"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/liadesk"
)

// Now is when the records that this package makes were born: a Tuesday.
var Now = time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)

// Open makes an empty database that is closed when the test ends.
func Open(t testing.TB) *db.Store {
	t.Helper()
	s, _ := OpenCounting(t)
	return s
}

// OpenCounting is Open with a counter of the engine's round trips.
func OpenCounting(t testing.TB) (*db.Store, *kv.Counter) {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "campaigns.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	counter := kv.Counting(engine)
	s, err := db.New(t.Context(), counter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, counter
}

// Account writes an account on a plan with one administrator, who is active
// and whose address is name@example.com.
func Account(t testing.TB, s *db.Store, name string, plan liadesk.Plan) (liadesk.Account, liadesk.User) {
	t.Helper()
	ids := liadesk.RandomIDs(func() time.Time { return Now })
	a := liadesk.Account{ID: ids(), Name: name, Plan: plan, Settings: liadesk.DefaultSettings("US", "America/New_York"),
		CreatedAt: Now, Version: 1}
	u := liadesk.User{ID: ids(), AccountID: a.ID, Name: "Ana of " + name, Email: name + "@example.com",
		Role: liadesk.RoleAdministrator, PasswordHash: "$argon2id$none", Presence: liadesk.PresenceOnline, CreatedAt: Now, Version: 1}
	Update(t, s, func(tx *db.Tx) error {
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		return tx.PutUser(u)
	})
	return a, u
}

// Update runs a transaction that must succeed.
func Update(t testing.TB, s *db.Store, fn func(*db.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// View runs a read that must succeed.
func View(t testing.TB, s *db.Store, fn func(*db.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

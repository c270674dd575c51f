package db_test

import (
	"errors"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func TestAnAddressLeadsToOneUserAndFollowsThem(t *testing.T) {
	s := dbtest.Open(t)
	_, ana := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	_, eve := dbtest.Account(t, s, "other", liadesk.PlanGrowth)
	eve.Email = " ACME@example.com"
	if err := s.Update(t.Context(), func(tx *db.Tx) error { return tx.PutUser(eve) }); !errors.Is(err, db.ErrEmailTaken) {
		t.Errorf("taking somebody's address: %v", err)
	}
	ana.Email = "New@Example.com"
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.PutUser(ana) })
	dbtest.View(t, s, func(tx *db.Tx) error {
		account, id, found, err := tx.UserByEmail("new@example.com ")
		if account != ana.AccountID || id != ana.ID || !found || err != nil {
			t.Error("the new address leads to", account, id, found, err)
		}
		_, _, found, err = tx.UserByEmail("acme@example.com")
		if found {
			t.Error("the old address still leads somewhere")
		}
		return err
	})
}

func TestAccountsAreListedInPages(t *testing.T) {
	s := dbtest.Open(t)
	for _, name := range []string{"a", "b", "c"} {
		dbtest.Account(t, s, name, liadesk.PlanFree)
	}
	dbtest.View(t, s, func(tx *db.Tx) error {
		seen := map[liadesk.ID]bool{}
		var after liadesk.ID
		for {
			ids, err := tx.AccountIDs(after, 2)
			if err != nil || len(ids) == 0 {
				if len(seen) != 3 {
					t.Errorf("%d accounts were listed, want 3", len(seen))
				}
				return err
			}
			for _, id := range ids {
				seen[id] = true
			}
			after = ids[len(ids)-1]
		}
	})
}

func TestAReadersRecordsTakeTwoRoundTrips(t *testing.T) {
	s, counter := dbtest.OpenCounting(t)
	a, u := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	session := liadesk.Session{ID: liadesk.ID{1}, AccountID: a.ID, UserID: u.ID, Digest: liadesk.Digest{2}, CreatedAt: dbtest.Now}
	token := liadesk.Token{ID: liadesk.ID{3}, AccountID: a.ID, UserID: u.ID, Digest: liadesk.Digest{4}}
	dbtest.Update(t, s, func(tx *db.Tx) error { return errors.Join(tx.PutSession(session), tx.PutToken(token)) })
	counter.Reset()
	dbtest.View(t, s, func(tx *db.Tx) error {
		in, found, err := tx.SignedIn(session.Digest)
		if !found || in.User.ID != u.ID || in.Account.Name != "acme" || !in.Session.CreatedAt.Equal(dbtest.Now) {
			t.Errorf("%+v %t", in, found)
		}
		return err
	})
	if n := counter.Counts().RoundTrips(); n != 2 {
		t.Errorf("a session took %d round trips, want 2", n)
	}
	dbtest.View(t, s, func(tx *db.Tx) error {
		h, found, err := tx.TokenHolder(token.Digest)
		if !found || h.User.ID != u.ID || h.Account.ID != a.ID {
			t.Errorf("%+v %t", h, found)
		}
		_, found, err2 := tx.SignedIn(token.Digest)
		if found {
			t.Error("an API token signed somebody in")
		}
		return errors.Join(err, err2)
	})
}

func TestANewerLinkEndsTheOlder(t *testing.T) {
	s := dbtest.Open(t)
	a, u := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	link := func(n byte) liadesk.Link {
		return liadesk.Link{AccountID: a.ID, UserID: u.ID, Digest: liadesk.Digest{n}, ExpiresAt: dbtest.Now.Add(time.Hour)}
	}
	dbtest.Update(t, s, func(tx *db.Tx) error { return errors.Join(tx.PutLink(link(1)), tx.PutLink(link(2))) })
	dbtest.View(t, s, func(tx *db.Tx) error {
		_, old, err := tx.LinkByDigest(liadesk.Digest{1})
		_, young, err2 := tx.LinkByDigest(liadesk.Digest{2})
		if old || !young {
			t.Errorf("the old link works: %t, the new one: %t", old, young)
		}
		return errors.Join(err, err2)
	})
}

func TestTheFirstReasonToHoldStays(t *testing.T) {
	s := dbtest.Open(t)
	dbtest.Update(t, s, func(tx *db.Tx) error {
		return errors.Join(tx.SetHeld(db.Held{Reason: db.HeldRestored, At: dbtest.Now}), tx.SetHeld(db.Held{Reason: db.HeldAddress}))
	})
	dbtest.View(t, s, func(tx *db.Tx) error {
		held, is, err := tx.Held()
		if !is || held.Reason != db.HeldRestored || !held.At.Equal(dbtest.Now) {
			t.Errorf("%+v %t", held, is)
		}
		return err
	})
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.ClearHeld() })
	dbtest.View(t, s, func(tx *db.Tx) error {
		_, is, err := tx.Held()
		if is {
			t.Error("still held")
		}
		return err
	})
}

func TestAPublicKeyFollowsItsInbox(t *testing.T) {
	s := dbtest.Open(t)
	a, _ := dbtest.Account(t, s, "acme", liadesk.PlanGrowth)
	site := func(id byte, key string) liadesk.Inbox {
		return liadesk.Inbox{ID: liadesk.ID{id}, AccountID: a.ID, Kind: liadesk.InboxWebsite, Website: &liadesk.Website{Key: key}}
	}
	dbtest.Update(t, s, func(tx *db.Tx) error { return errors.Join(tx.PutInbox(site(1, "one")), tx.PutInbox(site(2, "two"))) })
	if err := s.Update(t.Context(), func(tx *db.Tx) error { return tx.PutInbox(site(2, "one")) }); !errors.Is(err, db.ErrKeyTaken) {
		t.Errorf("taking another inbox's key: %v", err)
	}
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.PutInbox(site(1, "uno")) })
	dbtest.View(t, s, func(tx *db.Tx) error {
		_, id, found, err := tx.InboxByKey("uno")
		_, _, old, err2 := tx.InboxByKey("one")
		if !found || old || id != (liadesk.ID{1}) {
			t.Error("the key leads to", id, found, old)
		}
		return errors.Join(err, err2)
	})
}

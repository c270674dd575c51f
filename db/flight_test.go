package db_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func TestAnAttemptIsOpenUntilItsOutcomeIsKnown(t *testing.T) {
	s := dbtest.Open(t)
	account, inbox := liadesk.ID{1}, liadesk.ID{2}
	attempt := func(n byte, phone string) liadesk.Attempt {
		return liadesk.Attempt{ID: liadesk.ID{15: n}, AccountID: account, InboxID: inbox, Phone: phone}
	}
	first, second, third := attempt(1, "+46701740600"), attempt(2, "+46701740600"), attempt(3, "+46701740599")
	check := func(when, phone string, after liadesk.Attempt, want ...byte) {
		t.Helper()
		dbtest.View(t, s, func(tx *db.Tx) error {
			open, err := tx.OpenAttempts(account, inbox, phone, after, 10)
			var got []byte
			for _, a := range open {
				got = append(got, a.ID[15])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v are open, not %v", when, got, want)
			}
			return err
		})
	}
	dbtest.Update(t, s, func(tx *db.Tx) error {
		for _, a := range []liadesk.Attempt{third, first, second} {
			if err := tx.OpenAttempt(a); err != nil {
				return err
			}
		}
		return nil
	})
	check("under way", "", liadesk.Attempt{}, 1, 2, 3)
	check("under way to a number", first.Phone, liadesk.Attempt{}, 1, 2)
	dbtest.Update(t, s, func(tx *db.Tx) error {
		if err := tx.KeepOpen(first); err != nil {
			return err
		}
		return tx.KeepOpen(third)
	})
	check("two uncertain", "", liadesk.Attempt{}, 2, 3, 1)
	check("two uncertain, after one", "", third, 1)
	check("uncertain to a number", third.Phone, liadesk.Attempt{}, 3)
	dbtest.Update(t, s, func(tx *db.Tx) error {
		for _, a := range []liadesk.Attempt{first, second} {
			if err := tx.CloseAttempt(a); err != nil {
				return err
			}
		}
		return nil
	})
	check("one is left", "", liadesk.Attempt{}, 3)
	dbtest.View(t, s, func(tx *db.Tx) error {
		flying, err := tx.Flying(account, inbox)
		if len(flying) != 0 {
			t.Errorf("still flying: %v", flying)
		}
		return err
	})
}

func TestTheGateShutsForWhateverMayForbidAText(t *testing.T) {
	s := dbtest.Open(t)
	account := liadesk.ID{1}
	row := liadesk.Delivery{CampaignID: liadesk.ID{2}, Phone: "+46701740600", Status: liadesk.DeliverySending}
	failed, sent := row, row
	failed.Status, sent.Status = liadesk.DeliveryFailed, liadesk.DeliverySent
	gate := func() (n uint64) {
		dbtest.View(t, s, func(tx *db.Tx) (err error) {
			n, err = tx.Gate(account)
			return err
		})
		return n
	}
	for _, c := range []struct {
		name  string
		shuts bool
		write func(*db.Tx) error
	}{
		{"an account", true, func(tx *db.Tx) error { return tx.PutAccount(liadesk.Account{ID: account}) }},
		{"an inbox", true, func(tx *db.Tx) error { return tx.PutInbox(liadesk.Inbox{ID: liadesk.ID{3}, AccountID: account}) }},
		{"an inbox that goes", true, func(tx *db.Tx) error { return tx.DeleteInbox(liadesk.Inbox{ID: liadesk.ID{3}, AccountID: account}) }},
		{"an opt-out", true, func(tx *db.Tx) error { return tx.PutOptOut(account, liadesk.ID{4}, liadesk.OptOut{Number: row.Phone}) }},
		{"a hold", true, func(tx *db.Tx) error { return tx.PutHold(account, liadesk.ID{5}, liadesk.Hold{Number: row.Phone}) }},
		{"a campaign", true, func(tx *db.Tx) error {
			return tx.PutSMSCampaign(liadesk.SMSCampaign{ID: row.CampaignID, AccountID: account})
		}},
		{"a claim", false, func(tx *db.Tx) error {
			_, err := tx.AddDelivery(account, row)
			return err
		}},
		{"a text that failed", false, func(tx *db.Tx) error { return tx.PutDelivery(account, row, failed) }},
		{"a failed text that arrived", true, func(tx *db.Tx) error { return tx.PutDelivery(account, failed, sent) }},
		{"a text that was thought not to have gone", true, func(tx *db.Tx) error { return tx.PutDelivery(account, liadesk.Delivery{}, sent) }},
		{"a contact", false, func(tx *db.Tx) error {
			c := liadesk.Contact{ID: liadesk.ID{6}, AccountID: account, Phone: row.Phone}
			return tx.PutContact(nil, &c)
		}},
	} {
		before := gate()
		counted, known := s.Shuts()
		dbtest.Update(t, s, c.write)
		if shut := gate() != before; shut != c.shuts {
			t.Errorf("%s: shut %v", c.name, shut)
		}
		if now, _ := s.Shuts(); known != true || (now != counted) != c.shuts {
			t.Errorf("%s: from %d to %d shuts, known %v", c.name, counted, now, known)
		}
	}
}

func TestHoldingAndReleasingCountAsShutsAndFailuresDoNot(t *testing.T) {
	s := dbtest.Open(t)
	for _, c := range []struct {
		name  string
		write func(*db.Tx) error
	}{
		{"held", func(tx *db.Tx) error { return tx.SetHeld(db.Held{Reason: db.HeldRestored}) }},
		{"releasing", (*db.Tx).SetReleasing},
		{"released", (*db.Tx).ClearHeld},
	} {
		before, _ := s.Shuts()
		dbtest.Update(t, s, c.write)
		if now, _ := s.Shuts(); now != before+1 {
			t.Errorf("%s: from %d to %d", c.name, before, now)
		}
	}
	before, _ := s.Shuts()
	failed := errors.New("failed")
	if err := s.Update(t.Context(), func(tx *db.Tx) error { return errors.Join(tx.ClearHeld(), failed) }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if now, _ := s.Shuts(); now != before {
		t.Errorf("an update that failed: from %d to %d", before, now)
	}
}

package db

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// TestNumbersRememberWhatTheyWereTextedBeforeThereWasAMemory writes the index
// of before, lets the power go in the middle of its migration, and asks for
// what each number got.
func TestNumbersRememberWhatTheyWereTextedBeforeThereWasAMemory(t *testing.T) {
	s := open(t)
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	account, empty, other := liadesk.ID{0: 1, 1: 1}, liadesk.ID{0: 1, 1: 2}, liadesk.ID{0: 1, 1: 3}
	marketing, transactional := liadesk.ID{0: 2, 1: 1}, liadesk.ID{0: 2, 1: 2}
	number := func(i int) string { return fmt.Sprintf("+4670174%05d", i) }
	const people = rememberPart + 5
	update := func(fn func(*Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *Tx) error {
		for _, a := range []liadesk.ID{account, empty, other} {
			if err := tx.PutAccount(liadesk.Account{ID: a}); err != nil {
				return err
			}
		}
		for _, a := range []liadesk.ID{account, other} {
			for _, c := range []liadesk.SMSCampaign{{ID: marketing, AccountID: a, Purpose: liadesk.PurposeMarketing, Status: liadesk.SMSCompleted},
				{ID: transactional, AccountID: a, Purpose: liadesk.PurposeTransactional, Status: liadesk.SMSCompleted}} {
				if err := tx.PutSMSCampaign(c); err != nil {
					return err
				}
			}
			for i := range people {
				for n, c := range []liadesk.ID{marketing, transactional} {
					d := liadesk.Delivery{CampaignID: c, Phone: number(i), Status: liadesk.DeliverySent, StartedAt: now.Add(time.Duration(n) * time.Hour)}
					if i == 0 {
						d.Status = liadesk.DeliveryFailed
					}
					if err := put(tx, deliveryKey(a, c, d.Phone), d); err != nil {
						return err
					}
					if err := put(tx, in(a, nCampaignBy).str(d.Phone).time(d.StartedAt).id(c), c); err != nil {
						return err
					}
				}
			}
		}
		return put(tx, meta("schema"), schema{Steps: 2})
	})
	cut := 2
	steps := []migration{migrations[0], migrations[1], {"memory", func(tx *Tx, from []byte) ([]byte, error) {
		if cut--; cut == 0 {
			return nil, errors.New("power cut")
		}
		return rememberTexts(tx, from)
	}}}
	if err := s.migrate(t.Context(), steps, untold); err == nil {
		t.Fatal("the power cut was swallowed")
	}
	if err := s.migrate(t.Context(), steps, untold); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		for _, a := range []liadesk.ID{account, other} {
			left, err := tx.kv.Scan(in(a, nCampaignBy), in(a, nCampaignBy).end(), 10, false)
			if err != nil || len(left) > 0 {
				t.Errorf("%d entries of the old index are left, %v", len(left), err)
			}
			for i := range people {
				texts, err := tx.Texted(a, []string{number(i)})
				want := []liadesk.Texted{{CampaignID: marketing, At: now, Marketing: true, Missed: i == 0},
					{CampaignID: transactional, At: now.Add(time.Hour), Missed: i == 0}}
				if got := texts[number(i)]; err != nil || !slices.EqualFunc(got, want, func(a, b liadesk.Texted) bool {
					return a.CampaignID == b.CampaignID && a.At.Equal(b.At) && a.Marketing == b.Marketing && a.Missed == b.Missed
				}) {
					t.Fatalf("%s remembers %+v, %v", number(i), got, err)
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

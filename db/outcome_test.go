package db

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/liadesk/campaigns/liadesk"
)

// TestAnOutcomeIsFoundAmongEntriesOfBefore mixes entries of the index by status
// as they were, with the number, and as they are.
func TestAnOutcomeIsFoundAmongEntriesOfBefore(t *testing.T) {
	s := open(t)
	account, campaign := liadesk.ID{0: 1}, liadesk.ID{0: 2}
	if err := s.Update(t.Context(), func(tx *Tx) error {
		for i := range uint32(outcomePage + 3) {
			d := liadesk.Delivery{CampaignID: campaign, Dense: i + 7, Phone: fmt.Sprintf("+4670174%05d", i), Status: liadesk.DeliveryDelivered}
			if i%5 == 1 {
				d.Status, d.ErrorCode = liadesk.DeliveryUndelivered, map[bool]string{true: "80", false: "30"}[i%2 == 0]
			}
			if err := tx.PutDelivery(account, liadesk.Delivery{}, d); err != nil {
				return err
			}
			if i%3 == 0 {
				if err := put(tx, deliveryStateKey(account, d), d.Phone); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx *Tx) error {
		for o, is := range map[Outcome]func(i uint32) bool{
			OutcomeSent: func(uint32) bool { return true }, OutcomeDelivered: func(i uint32) bool { return i%5 != 1 },
			OutcomeUnreachable: func(i uint32) bool { return i%10 == 6 }, OutcomeReplied: func(uint32) bool { return false },
		} {
			set, err := tx.CampaignOutcome(account, campaign, o)
			if err != nil {
				return err
			}
			for i := range uint32(outcomePage + 3) {
				if set.Contains(i+7) != is(i) {
					t.Fatalf("%s: person %d is %v", o, i, !is(i))
				}
			}
		}
		rows, err := tx.CampaignDeliveries(account, campaign, liadesk.DeliveryUndelivered, "", 3)
		if len(rows) != 3 || rows[0].Dense != 8 {
			t.Errorf("the list by status: %+v", rows)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Who answered a campaign is a set, which goes with the row; rows of before it
// was kept are found by the migration, account by account.
func TestWhoAnsweredIsASet(t *testing.T) {
	s := open(t)
	one, two, campaign := liadesk.ID{0: 1}, liadesk.ID{0: 3}, liadesk.ID{0: 2}
	answered := func(account liadesk.ID, want ...uint32) {
		t.Helper()
		if err := s.View(t.Context(), func(tx *Tx) error {
			set, err := tx.CampaignOutcome(account, campaign, OutcomeReplied)
			if err == nil && !slices.Equal(set.ToArray(), want) {
				t.Errorf("answered: %v, want %v", set.ToArray(), want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	row := func(dense uint32, replied bool) liadesk.Delivery {
		d := liadesk.Delivery{CampaignID: campaign, Dense: dense, Phone: fmt.Sprintf("+4670174%05d", dense), Status: liadesk.DeliveryDelivered}
		if replied {
			d.RepliedAt = time.Unix(1e9, 0)
		}
		return d
	}
	change := func(do func(tx *Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	change(func(tx *Tx) error {
		for _, id := range []liadesk.ID{one, two} {
			if err := tx.PutAccount(liadesk.Account{ID: id}); err != nil {
				return err
			}
			for _, d := range []liadesk.Delivery{row(5, false), row(6, true), row(70_000, true)} {
				if err := tx.PutDelivery(id, liadesk.Delivery{}, d); err != nil {
					return err
				}
			}
		}
		return tx.PutDelivery(one, row(5, false), row(5, true))
	})
	answered(one, 5, 6, 70_000)
	answered(two, 6, 70_000)
	change(func(tx *Tx) error { return tx.DeleteDelivery(one, row(6, true)) })
	answered(one, 5, 70_000)

	change(func(tx *Tx) error { // as it was before
		for _, id := range []liadesk.ID{one, two} {
			for _, chunk := range []uint32{0, 1} {
				if err := tx.kv.Delete(repliedSet(id, campaign).u32(chunk)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	answered(one)
	for from, done := []byte(nil), false; !done; {
		change(func(tx *Tx) (err error) {
			from, err = gatherReplied(tx, from)
			done = from == nil
			return err
		})
	}
	answered(one, 5, 70_000)
	answered(two, 6, 70_000)
}

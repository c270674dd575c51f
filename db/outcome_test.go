package db

import (
	"fmt"
	"testing"

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

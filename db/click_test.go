package db_test

import (
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// Campaigns have codes of their own, also of several accounts and when their ids
// end alike, and each leads back to its own.
func TestEveryCampaignHasAClickCodeOfItsOwn(t *testing.T) {
	s := dbtest.Open(t)
	type owner struct{ account, campaign liadesk.ID }
	codes := make(map[uint32]owner)
	for account := range byte(2) {
		for campaign := range byte(3) {
			o := owner{liadesk.ID{1, 15: account}, liadesk.ID{2, account, campaign}} // the last four bytes are 0, which is no code
			dbtest.Update(t, s, func(tx *db.Tx) error {
				code, err := tx.ClickCode(o.account, o.campaign)
				if before, taken := codes[code]; taken || code == 0 {
					t.Errorf("the code %d of %v was given to %v", code, o, before)
				}
				codes[code] = o
				return err
			})
		}
	}
	dbtest.View(t, s, func(tx *db.Tx) error {
		for code, o := range codes {
			if account, campaign, found, err := tx.ClickCampaign(code); err != nil || !found || account != o.account || campaign != o.campaign {
				t.Errorf("%d leads to %v of %v, %v, %v", code, campaign, account, found, err)
			}
		}
		_, _, found, err := tx.ClickCampaign(9_999)
		if found {
			t.Error("a code that nobody has leads somewhere")
		}
		return err
	})
}

func TestWhoClickedIsNewsOnce(t *testing.T) {
	s := dbtest.Open(t)
	account, campaign := liadesk.ID{1}, liadesk.ID{2}
	for _, c := range []struct {
		dense uint32
		news  bool
	}{{7, true}, {7, false}, {70_000, true}} {
		dbtest.Update(t, s, func(tx *db.Tx) error {
			news, err := tx.AddClicked(account, campaign, c.dense)
			if news != c.news {
				t.Errorf("%d is news: %v", c.dense, news)
			}
			return err
		})
	}
	dbtest.View(t, s, func(tx *db.Tx) error {
		set, err := tx.CampaignOutcome(account, campaign, db.OutcomeClicked)
		if err == nil && (set.GetCardinality() != 2 || !set.Contains(70_000)) {
			t.Errorf("clicked: %v", set)
		}
		other, otherErr := tx.CampaignOutcome(liadesk.ID{9}, campaign, db.OutcomeClicked)
		if otherErr == nil && !other.IsEmpty() {
			t.Errorf("another account sees %v", other)
		}
		return err
	})
}

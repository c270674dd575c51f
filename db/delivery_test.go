package db_test

import (
	"slices"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

func TestADeliverysIndexesMoveWithIt(t *testing.T) {
	s := dbtest.Open(t)
	account, one, two := liadesk.ID{1}, liadesk.ID{2}, liadesk.ID{3}
	list := func(campaign liadesk.ID, status liadesk.DeliveryStatus, after string) (phones []string) {
		dbtest.View(t, s, func(tx *db.Tx) error {
			rows, err := tx.CampaignDeliveries(account, campaign, status, after, 10)
			for _, d := range rows {
				phones = append(phones, d.Phone)
			}
			return err
		})
		return phones
	}
	row := func(campaign liadesk.ID, phone string, at time.Time) liadesk.Delivery {
		return liadesk.Delivery{CampaignID: campaign, Phone: phone, Status: liadesk.DeliverySending, StartedAt: at}
	}
	a, b := row(one, "+46701740600", dbtest.Now), row(one, "+46701740601", dbtest.Now)
	c := row(two, "+46701740600", dbtest.Now.Add(time.Hour))
	dbtest.Update(t, s, func(tx *db.Tx) error {
		for _, d := range []liadesk.Delivery{a, b, c} {
			if err := tx.PutDelivery(account, liadesk.Delivery{}, d); err != nil {
				return err
			}
		}
		return nil
	})
	moved := a
	moved.Status = liadesk.DeliveryAccepted
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.PutDelivery(account, a, moved) })
	if got := list(one, liadesk.DeliveryAccepted, ""); !slices.Equal(got, []string{a.Phone}) {
		t.Errorf("accepted: %v", got)
	}
	if got := list(one, "", a.Phone); !slices.Equal(got, []string{b.Phone}) {
		t.Errorf("all after the first: %v", got)
	}
	dbtest.View(t, s, func(tx *db.Tx) error {
		to, err := tx.DeliveriesTo(account, a.Phone, 10)
		if len(to) != 2 || to[0].CampaignID != two || to[1].Status != liadesk.DeliveryAccepted {
			t.Errorf("to one number, newest first: %+v", to)
		}
		if since, _ := tx.DeliveriesSince(account, a.Phone, dbtest.Now.Add(time.Minute), 10); len(since) != 1 {
			t.Errorf("since: %+v", since)
		}
		return err
	})
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.DeleteDelivery(account, b) })
	if got := list(one, "", ""); !slices.Equal(got, []string{a.Phone}) {
		t.Errorf("after a deletion: %v", got)
	}
}

func TestCampaignsAreFoundByStatusAndTime(t *testing.T) {
	s := dbtest.Open(t)
	account := liadesk.ID{1}
	c := liadesk.SMSCampaign{ID: liadesk.ID{2}, AccountID: account, Status: liadesk.SMSScheduled, ScheduledAt: dbtest.Now}
	due := func(status liadesk.SMSStatus, until time.Time) (n int) {
		dbtest.View(t, s, func(tx *db.Tx) error {
			found, err := tx.SMSCampaignsDue(account, status, until)
			n = len(found)
			return err
		})
		return n
	}
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.PutSMSCampaign(c) })
	if due(liadesk.SMSScheduled, dbtest.Now.Add(-1)) != 0 || due(liadesk.SMSScheduled, dbtest.Now) != 1 {
		t.Error("a campaign is due at its very instant and not before")
	}
	c.Status = liadesk.SMSCompleted
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.PutSMSCampaign(c) })
	if due(liadesk.SMSScheduled, time.Time{}) != 0 || due(liadesk.SMSCompleted, time.Time{}) != 0 {
		t.Error("a campaign that is over is still looked at")
	}
}

func TestFrozenSetsCountWhatChanged(t *testing.T) {
	s := dbtest.Open(t)
	account, campaign := liadesk.ID{1}, liadesk.ID{2}
	dbtest.Update(t, s, func(tx *db.Tx) error {
		for chunk, bits := range map[uint32]*roaring.Bitmap{0: roaring.BitmapOf(1, 2, 3), 1: roaring.BitmapOf(65536)} {
			if n, err := tx.FrozenAdd(account, campaign, "p:SE//Europe/Stockholm", chunk, bits); err != nil || n != int64(bits.GetCardinality()) {
				t.Error(n, err)
			}
		}
		if n, err := tx.FrozenAdd(account, campaign, "p:SE//Europe/Stockholm", 0, roaring.BitmapOf(3, 4)); err != nil || n != 1 {
			t.Error("added again:", n, err)
		}
		if n, err := tx.FrozenRemove(account, campaign, "p:SE//Europe/Stockholm", 0, roaring.BitmapOf(4, 5)); err != nil || n != 1 {
			t.Error("removed:", n, err)
		}
		_, err := tx.FrozenAdd(account, campaign, "s:no_consent", 0, roaring.BitmapOf(9))
		return err
	})
	dbtest.View(t, s, func(tx *db.Tx) error {
		parts, err := tx.FrozenParts(account, campaign, "p:", 10)
		if len(parts) != 2 || parts[0].Set != "p:SE//Europe/Stockholm" || parts[1].Chunk != 1 || parts[0].Bits.GetCardinality() != 3 {
			t.Errorf("%+v", parts)
		}
		from, _ := tx.FrozenFrom(account, campaign, "p:SE//Europe/Stockholm", 1, 10)
		if len(from) != 1 || !from[0].Bits.Contains(65536) {
			t.Errorf("%+v", from)
		}
		return err
	})
}

func TestANonceIsKnownForADayWithTheBodyItCameWith(t *testing.T) {
	s := dbtest.Open(t)
	account, inbox := liadesk.ID{1}, liadesk.ID{2}
	late := time.Date(2026, 11, 24, 23, 59, 0, 0, time.UTC)
	body, other := liadesk.Digest{1}, liadesk.Digest{2}
	dbtest.Update(t, s, func(tx *db.Tx) error { return tx.PutNonce(account, inbox, "123", body, late) })
	for _, c := range []struct {
		nonce       string
		body        liadesk.Digest
		at          time.Time
		same, other bool
	}{
		{"123", body, late.Add(2 * time.Minute), true, false}, // over midnight
		{"123", other, late.Add(2 * time.Minute), false, true},
		{"12", body, late, false, false},
		{"123", body, late.Add(24 * time.Hour), false, false},
	} {
		dbtest.View(t, s, func(tx *db.Tx) error {
			same, otherBody, err := tx.NonceSeen(account, inbox, c.nonce, c.body, c.at)
			if same != c.same || otherBody != c.other {
				t.Errorf("%s at %s: %v, %v", c.nonce, c.at, same, otherBody)
			}
			return err
		})
	}
}

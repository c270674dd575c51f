package sms

import (
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// What texts cost is held against the account's prices only for texts of which
// both are known, so that neither missing prices nor reports to come look like
// a carrier that charges too little.
func TestWhatWasChargedIsHeldAgainstThePricesOfTheSameTexts(t *testing.T) {
	b := newBench(t)
	for i := range 4 {
		b.person(i, nil)
	}
	price := func(prices map[string]int64) {
		b.update(func(tx *db.Tx) error {
			b.account.Settings.Prices = prices
			return tx.PutAccount(b.account)
		})
	}
	compared := func(c liadesk.SMSCampaign) Estimated {
		t.Helper()
		r, err := b.svc.Report(t.Context(), b.admin, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r.Estimated == nil {
			return Estimated{}
		}
		return *r.Estimated
	}
	price(map[string]int64{"SE": 4000})
	c := b.sends(nil)
	if got := compared(c); got != (Estimated{}) {
		t.Errorf("nothing is reported yet, and %+v is compared", got)
	}
	price(map[string]int64{"SE": 9999}) // of later: what was posted keeps its price
	for i, status := range []string{"delivered", "undelivered", "sent"} {
		if err := b.report(i, status, "", 3); err != nil {
			t.Fatal(err)
		}
	}
	if got := compared(c); got != (Estimated{Texts: 2, Estimate: 8000, Charged: 7000}) {
		t.Errorf("compared %+v", got)
	}
	if err := b.report(0, "delivered", "", 3); err != nil { // the same report again
		t.Fatal(err)
	}
	if got := compared(c); got.Texts != 2 {
		t.Errorf("a report that came twice counts twice: %+v", got)
	}

	b = newBench(t)
	b.person(1, nil)
	price(map[string]int64{"US": 4000})
	c = b.sends(nil)
	if err := b.report(0, "delivered", "", 3); err != nil {
		t.Fatal(err)
	}
	if got := compared(c); got != (Estimated{}) {
		t.Errorf("no price is known for Sweden, and %+v is compared", got)
	}
}

package sms

import (
	"slices"
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestARecipientIsFoundByNameOrNumberWhereverTheyAre(t *testing.T) {
	b := newBench(t)
	b.slow()
	ana := b.person(1, func(c *liadesk.Contact) { c.Name = "Ana Roe" })
	b.person(2, func(c *liadesk.Contact) { c.Name = "Ana Waits" })
	out := b.person(3, func(c *liadesk.Contact) { c.Name = "Ana Out"; c.Consent = liadesk.Consent{} })
	b.person(4, func(c *liadesk.Contact) { c.Name, c.Tags = "Ana Elsewhere", []string{"other"} })
	c := b.schedule(nil)
	b.due()
	b.step(1)
	find := func(f RecipientFilter) []string {
		list, next, err := b.svc.Deliveries(t.Context(), b.admin, c.ID, f, db.Page{})
		if err != nil || next != "" {
			t.Fatal(err, next)
		}
		var got []string
		for _, r := range list {
			got = append(got, r.Name+" "+string(r.Status))
		}
		slices.Sort(got)
		return got
	}
	for _, q := range []struct {
		filter RecipientFilter
		want   []string
	}{
		{RecipientFilter{Query: "ana"}, []string{"Ana Out skipped", "Ana Roe accepted", "Ana Waits pending"}},
		{RecipientFilter{Query: "ana", Status: liadesk.DeliveryAccepted}, []string{"Ana Roe accepted"}},
		{RecipientFilter{Query: "ana", Status: liadesk.DeliverySkipped}, []string{"Ana Out skipped"}},
		{RecipientFilter{Query: "ana", Reason: liadesk.SkipNoConsent}, []string{"Ana Out skipped"}},
		{RecipientFilter{Query: "ana", Reason: liadesk.SkipOptedOut}, nil},
		{RecipientFilter{Query: number(2)}, []string{"Ana Waits pending"}},
		{RecipientFilter{Query: out.Phone[len(out.Phone)-4:]}, []string{"Ana Out skipped"}},
		{RecipientFilter{Query: "Elsewhere"}, nil},
		{RecipientFilter{Query: "nobody"}, nil},
	} {
		if got := find(q.filter); !slices.Equal(got, q.want) {
			t.Errorf("%+v: %q, not %q", q.filter, got, q.want)
		}
	}
	// Somebody whose contact was deleted is still found, by the whole number.
	if err := b.people.Delete(t.Context(), b.admin, ana.ID); err != nil {
		t.Fatal(err)
	}
	if got := find(RecipientFilter{Query: number(1)}); !slices.Equal(got, []string{" accepted"}) {
		t.Errorf("%q", got)
	}
}

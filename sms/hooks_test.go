package sms

import (
	"testing"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

func TestDowngradePausesEverythingAndAnUpgradeReleasesNothing(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	b.update(func(tx *db.Tx) error { return b.svc.OnDowngrade(tx, b.account) })
	b.due()
	b.work()
	if got := b.campaign(c.ID); got.Status != liadesk.SMSPaused || got.Reason != liadesk.PausePlan || len(b.carrier.asked) != 0 {
		t.Errorf("it is %s %s", got.Status, got.Reason)
	}
}

func TestAnInboxNamesTheCampaignsThatUseIt(t *testing.T) {
	b := newBench(t)
	b.person(1, nil)
	c := b.schedule(nil)
	var refs []liadesk.Ref
	b.update(func(tx *db.Tx) (err error) {
		refs, err = b.svc.InboxUsers(tx, b.inbox)
		return err
	})
	if len(refs) != 1 || refs[0].ID != c.ID || refs[0].Name != c.Title {
		t.Errorf("%+v", refs)
	}
}

func TestATagNamesTheCampaignsWhoseAudienceItDecides(t *testing.T) {
	b := newBench(t)
	b.person(1, func(p *liadesk.Contact) { p.Tags = []string{"guests", "vip"} })
	all, anyOf := []liadesk.Rule{{Tag: "vip"}, {Not: &liadesk.Rule{Tag: "staff"}}}, []liadesk.Rule{{Tag: "guests"}}
	c := b.schedule(func(in *Input) { in.Audience = liadesk.Rule{Any: &[]liadesk.Rule{{All: &all}, {Any: &anyOf}}} })
	users := func(tag string) (refs []liadesk.Ref) {
		b.update(func(tx *db.Tx) (err error) {
			refs, err = b.svc.TagUsers(tx, b.account.ID, tag)
			return err
		})
		return refs
	}
	for _, tag := range []string{"vip", "staff", "guests"} {
		if refs := users(tag); len(refs) != 1 || refs[0].ID != c.ID {
			t.Errorf("%s: %+v", tag, refs)
		}
	}
	if refs := users("others"); len(refs) != 0 {
		t.Errorf("%+v", refs)
	}
	b.due()
	b.work()
	if refs := users("vip"); len(refs) != 0 {
		t.Errorf("its audience is fixed, yet %+v", refs)
	}
}

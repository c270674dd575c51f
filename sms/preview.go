package sms

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// Preview is what a campaign means for one person.
type Preview struct {
	Person liadesk.Contact
	Text   string // what the person would read, footer and all
	Cost   Measurement
	// Meant tells whether the person is in the audience; LeftOut is why a person
	// of the audience would get no text all the same, "" when there is no reason.
	Meant   bool
	LeftOut liadesk.SkipReason
}

// Gets tells whether the person would get the text.
func (p Preview) Gets() bool { return p.Meant && p.LeftOut == "" }

// Preview looks for a person by the beginning of a name, an e-mail address or a
// number, as the list of contacts does. Of several, one who gets the text comes
// first, then one of the audience. It is false when there is nobody like that.
func (s *Service) Preview(ctx context.Context, actor liadesk.Actor, id liadesk.ID, query string) (Preview, bool, error) {
	var out Preview
	var found bool
	if err := actor.ManageCampaigns(); err != nil {
		return out, false, err
	}
	err := s.Store.View(ctx, func(tx *db.Tx) error {
		out, found = Preview{}, false
		c, err := s.find(tx, actor, id)
		if err != nil {
			return err
		}
		account, _, err := tx.Account(actor.Account)
		if err != nil {
			return err
		}
		page, err := tx.Contacts(c.AccountID, db.ContactQuery{Text: query, CallingCode: phone.CallingCode(account.Settings.Region),
			Page: db.Page{Limit: soughtMost}})
		if err != nil || len(page.Items) == 0 {
			return err
		}
		split := audience.Split{Matched: roaring.New(), Reachable: roaring.New()}
		if !c.Audience.Empty() { // a draft may have none yet, and then means nobody
			if split, err = audience.Evaluate(tx, c.AccountID, c.Audience, c.Purpose); err != nil {
				return err
			}
		}
		for i, p := range page.Items {
			one := meaning(split, p)
			if i == 0 || one.Gets() && !out.Gets() || one.Meant && !out.Meant {
				out = one
			}
		}
		if err := s.lately(tx, account, c, &out); err != nil {
			return err
		}
		if out.Text, err = s.textFor(tx, account, c, out.Person); err != nil {
			return err
		}
		out.Cost, found = Measure(out.Text), true
		return nil
	})
	return out, found, err
}

// lately leaves a person out who will have got so many texts when the campaign
// begins that this one is too much.
func (s *Service) lately(tx *db.Tx, account liadesk.Account, c liadesk.SMSCampaign, out *Preview) error {
	if !out.Gets() {
		return nil
	}
	at := c.ScheduledAt
	if at.Before(s.now()) {
		at = s.now()
	}
	texts, err := tx.Texted(account.ID, []string{out.Person.Phone})
	if err == nil && restraint(account, c, out.Person.Class, texts[out.Person.Phone], at) == leftOut {
		out.LeftOut = liadesk.SkipRecentlyTexted
	}
	return err
}

// meaning is where a person stands in an audience.
func meaning(split audience.Split, p liadesk.Contact) Preview {
	out := Preview{Person: p}
	if !split.Matched.Contains(p.Dense) {
		return out
	}
	out.Meant = true
	for _, reason := range liadesk.SkipReasons {
		if set := split.Skipped[reason]; set != nil && set.Contains(p.Dense) {
			out.LeftOut = reason
		}
	}
	return out
}

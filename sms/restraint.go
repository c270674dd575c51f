package sms

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// Restraint: one number gets at most so many marketing texts in 24 hours, over
// all campaigns and inboxes of the account. Whoever had theirs is left out of
// the campaign for good, as "texted recently", and does not wait: a text that
// comes a day late is seldom the one that was meant. Only who is free within
// minutes waits for them, so that a campaign at the same hour of every day
// reaches those whose turn came a little later the day before.
//
// It is decided when a text is claimed, in the transaction that also notes the
// claim for the number, so that two inboxes that claim at the same moment see
// each other; and again just before the post, should it have turned out
// meanwhile that another text went.

// restraintPatience is how long a recipient waits to be free.
const restraintPatience = 15 * time.Minute

// textsPerDay is how many marketing texts a campaign lets a number of a window
// class get in 24 hours; 0 is as many as there are. The limit of a place, which
// is a law's unless the account has set another for it, holds against what the
// account lets everybody have, and against an override.
func textsPerDay(account liadesk.Account, c liadesk.SMSCampaign, class string) int {
	most := account.Settings.MostTextsPerDay()
	if c.Override != nil {
		most = 0
	}
	if place, err := phone.ParseClass(class); err == nil {
		if law := rules().MostPerDay(account.Settings.Windows, place.Country, place.State); law > 0 && (most == 0 || law < most) {
			most = law
		}
	}
	return most
}

// verdict is what restraint says about a recipient.
type verdict int

const (
	mayGo   verdict = iota
	waits           // free within minutes
	leftOut         // for good
)

// restraint tells whether a campaign may text a number now, after what it got
// lately. What counts of a text is the moment of its claim; it may have been
// posted until the end of its lease.
func restraint(account liadesk.Account, c liadesk.SMSCampaign, class string, lately []liadesk.Texted, now time.Time) verdict {
	if c.Purpose == liadesk.PurposeTransactional || len(lately) == 0 {
		return mayGo
	}
	most := textsPerDay(account, c, class)
	if most == 0 {
		return mayGo
	}
	switch wait := liadesk.FreeAt(lately, c.ID, most).Add(leaseTime).Sub(now); {
	case wait <= 0:
		return mayGo
	case wait <= restraintPatience:
		return waits
	}
	return leftOut
}

// maxReason is the most characters of an override's reason.
const maxReason = 200

// fillOverride notes a reason to text people in spite of restraint, with who
// gave it and when. A reason that stays the same stays as it was given.
func (s *Service) fillOverride(v *liadesk.Invalid, c *liadesk.SMSCampaign, in Input) {
	reason := strings.Join(strings.Fields(in.OverrideReason), " ")
	switch {
	case utf8.RuneCountInString(reason) > maxReason:
		v.Add("override_reason", "too_long", "Max", maxReason)
	case reason == "" || c.Purpose == liadesk.PurposeTransactional: // which needs none
		c.Override = nil
	case c.Override == nil || c.Override.Reason != reason:
		c.Override = &liadesk.Override{Reason: reason, By: in.by, At: s.now()}
	}
}

// Restrained is how many people of an audience got marketing texts lately and
// would be left out for it.
type Restrained struct {
	Count int64
	// AtMost says that Count was not made sure person by person: it may hold
	// some whose last text is a little older than 24 hours.
	AtMost bool
}

// restrainedSure is how many people are looked at one by one.
const restrainedSure = 10_000

// restrainedOf tells who of an audience would be left out at a time for what
// they got until now. Campaigns that send until then are not foreseen. The set
// is the caller's.
func (s *Service) restrainedOf(tx *db.Tx, account liadesk.Account, c liadesk.SMSCampaign, reachable *roaring.Bitmap, at time.Time) (*roaring.Bitmap, Restrained, error) {
	none := roaring.New()
	if c.Purpose == liadesk.PurposeTransactional {
		return none, Restrained{}, nil
	}
	lately, err := tx.TextedLately(account.ID, at.Add(-liadesk.RestraintPeriod))
	if err != nil {
		return none, Restrained{}, err
	}
	lately.And(reachable)
	if c.Override != nil && !lately.IsEmpty() {
		limited, err := limitedByLaw(tx, account, c)
		if err != nil {
			return none, Restrained{}, err
		}
		lately.And(limited)
	}
	if n := lately.GetCardinality(); n > restrainedSure {
		return lately, Restrained{Count: int64(n), AtMost: true}, nil
	}
	out, dense := none, lately.ToArray()
	for from := 0; from < len(dense); from += restrainedPage {
		if err := s.addRestrained(tx, account, c, dense[from:min(from+restrainedPage, len(dense))], at, out); err != nil {
			return none, Restrained{}, err
		}
	}
	return out, Restrained{Count: int64(out.GetCardinality())}, nil
}

// limitedByLaw is everybody for whom a law bounds how many texts they get, which
// an override does not lift.
func limitedByLaw(tx *db.Tx, account liadesk.Account, c liadesk.SMSCampaign) (*roaring.Bitmap, error) {
	classes, err := tx.ContactClasses(account.ID)
	if err != nil {
		return nil, err
	}
	var refs []db.SetRef
	for _, class := range classes {
		if textsPerDay(account, c, class) > 0 {
			refs = append(refs, db.SetClass(class))
		}
	}
	sets, err := tx.ReadSets(account.ID, refs)
	return roaring.FastOr(sets...), err
}

// restrainedPage is how many people one round trip reads.
const restrainedPage = 1000

// addRestrained adds to a set those of some people who would be left out.
func (s *Service) addRestrained(tx *db.Tx, account liadesk.Account, c liadesk.SMSCampaign, dense []uint32, at time.Time, out *roaring.Bitmap) error {
	people, err := tx.ContactsByDense(account.ID, dense)
	if err != nil {
		return err
	}
	phones := make([]string, len(people))
	for i, p := range people {
		phones[i] = p.Phone
	}
	texts, err := tx.Texted(account.ID, phones)
	if err != nil {
		return err
	}
	for _, p := range people {
		if restraint(account, c, p.Class, texts[p.Phone], at) == leftOut {
			out.Add(p.Dense)
		}
	}
	return nil
}

package liadesk

import (
	"slices"
	"time"

	"github.com/liadesk/campaigns/hours"
)

// RestraintPeriod is the time over which marketing texts to one number are
// counted, back from the moment of sending.
const RestraintPeriod = 24 * time.Hour

// The bounds of Settings.TextsPerDay, and what holds where it is 0: one
// marketing text in the RestraintPeriod.
const (
	DefaultTextsPerDay = 1
	MaxTextsPerDay     = hours.MaxPerDay
)

// Texted is one campaign's text to a number, as it is remembered for that
// number over all campaigns and inboxes of an account.
type Texted struct {
	CampaignID ID        `cbor:"1,keyasint"`
	At         time.Time `cbor:"2,keyasint"` // when its last attempt began
	// Marketing texts count for the restraint, transactional ones do not.
	Marketing bool `cbor:"3,keyasint,omitempty"`
	// Missed is set when the text certainly did not reach the person: it was
	// refused, or the carrier reported that it failed.
	Missed bool `cbor:"4,keyasint,omitempty"`
}

// FreeAt is when a number that may get so many marketing texts in the
// RestraintPeriod may get its next one, of a campaign whose own text does not
// count; long ago for one that may have it now. Texts must be oldest first.
func FreeAt(texts []Texted, campaign ID, most int) time.Time {
	for i := len(texts) - 1; i >= 0; i-- {
		t := texts[i]
		if !t.Marketing || t.Missed || t.CampaignID == campaign {
			continue
		}
		if most--; most <= 0 {
			return t.At.Add(RestraintPeriod)
		}
	}
	return time.Time{}
}

// MaxTexted is how many texts a number remembers; older ones are forgotten
// first. The campaigns keep theirs.
const MaxTexted = 100

// Remember puts a text into the memory of a number, in place of what it has of
// the same campaign, oldest first.
func Remember(texts []Texted, t Texted) []Texted {
	texts = append(Forget(texts, t.CampaignID), t)
	slices.SortStableFunc(texts, func(a, b Texted) int { return a.At.Compare(b.At) })
	return texts[max(0, len(texts)-MaxTexted):]
}

// Forget takes a campaign's text out of the memory of a number.
func Forget(texts []Texted, campaign ID) []Texted {
	return slices.DeleteFunc(slices.Clone(texts), func(t Texted) bool { return t.CampaignID == campaign })
}

// Override is a person's decision to text people although they got a marketing
// text lately. Limits of the law hold all the same.
type Override struct {
	Reason string    `cbor:"1,keyasint"`
	By     ID        `cbor:"2,keyasint"`
	At     time.Time `cbor:"3,keyasint"`
}

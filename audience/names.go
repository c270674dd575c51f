package audience

import (
	"context"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Offer is what a person can choose from when they put a rule together.
type Offer struct {
	Attributes []string            // the names that any contact has
	Values     map[string][]string // of the fields that were asked for, folded
	// Campaigns are the SMS campaigns that began, the newest first.
	Campaigns []liadesk.SMSCampaign
}

const (
	offeredFields = 6  // of how many fields one offer gives the values
	offeredValues = 50 // how many values of a field are offered
	// offeredCampaigns is among how many of the newest campaigns those are
	// offered that began.
	offeredCampaigns = 50
)

// Offer tells which attributes and campaigns there are, and which values the
// fields have, the first of them each.
func (s *Service) Offer(ctx context.Context, actor liadesk.Actor, fields []string) (Offer, error) {
	if err := actor.ManageCampaigns(); err != nil {
		return Offer{}, err
	}
	fields = slices.Compact(slices.Sorted(slices.Values(fields)))
	fields = fields[:min(len(fields), offeredFields)]
	var o Offer
	err := s.store.View(ctx, func(tx *db.Tx) (err error) {
		o = Offer{Values: make(map[string][]string, len(fields))}
		if o.Attributes, err = tx.AttributeNames(actor.Account); err != nil {
			return err
		}
		newest, err := tx.SMSCampaigns(actor.Account, liadesk.ID{}, offeredCampaigns)
		if err != nil {
			return err
		}
		for _, k := range newest {
			if !k.StartedAt.IsZero() && k.DeletedAt.IsZero() {
				o.Campaigns = append(o.Campaigns, k)
			}
		}
		for _, f := range fields {
			if o.Values[f], err = tx.FieldValues(actor.Account, f, offeredValues); err != nil {
				return err
			}
		}
		return nil
	})
	return o, err
}

// CheckNames refuses a rule about an attribute that no contact has, and names
// the nearest that there is. A slip of the pen under ne or not would otherwise
// mean everybody. A rule is held against it when it is saved; one that was good
// then stays good when the last contact loses the attribute.
func CheckNames(tx *db.Tx, account liadesk.ID, rule liadesk.Rule) error {
	var v liadesk.Invalid
	if err := checkCampaigns(tx, account, rule, &v); err != nil {
		return err
	}
	asked := attributesOf(rule, nil)
	if len(asked) == 0 {
		return v.Err()
	}
	known, err := tx.AttributeNames(account)
	if err != nil {
		return err
	}
	for _, name := range asked {
		if slices.Contains(known, name) {
			continue
		}
		// It may lie beyond the names that were listed.
		set, err := tx.ReadSets(account, []db.SetRef{db.SetKnown(attribute + name)})
		if err != nil {
			return err
		}
		if !set[0].IsEmpty() {
			continue
		}
		if near := nearest(name, known); near != "" {
			v.Add("rule", "attribute_misspelt", "Name", clip(name), "Near", near)
		} else {
			v.Add("rule", "attribute_unknown", "Name", clip(name))
		}
		break // one at a time: each asks for a look
	}
	return v.Err()
}

// attributesOf are the attributes that a rule asks for, as contacts have them.
func attributesOf(r liadesk.Rule, names []string) []string {
	if name, ok := strings.CutPrefix(r.Field, attribute); ok {
		if name = liadesk.StoredAttribute(name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, list := range []*[]liadesk.Rule{r.All, r.Any} {
		if list != nil {
			for _, part := range *list {
				names = attributesOf(part, names)
			}
		}
	}
	if r.Not != nil {
		names = attributesOf(*r.Not, names)
	}
	return names
}

// nearest is the name that differs least, "" when none is alike: a third of
// its letters may be others. Spaces, hyphens and underscores are the same.
func nearest(name string, known []string) string {
	plain := func(s string) []rune {
		return []rune(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(s))
	}
	best, least := "", 0
	asked := plain(name)
	if len(asked) > 60 {
		return ""
	}
	for _, k := range known {
		other := plain(k)
		if len(other) > 60 {
			continue
		}
		d := distance(asked, other)
		if d*3 <= max(len(asked), len(other)) && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters must be added, left out or changed to make one
// word of another (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		corner := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := corner
			if x != y {
				cost = 1 + min(corner, row[j], row[j+1])
			}
			corner, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

package audience

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/text/language"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/hours"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/phone"
)

// The comparisons of a field with a value.
//
//   - eq: has this value. Small and large letters and accents are the same.
//   - ne: has not this value. It is everybody whom eq leaves out, so also those
//     of whom nothing is known: add exists to leave them out.
//   - in: has one of these values.
//   - exists: something is known (true) or nothing (false).
//
// has_email and has_phone are asked with eq, ne or exists and true or false.
const (
	opEq     = "eq"
	opNe     = "ne"
	opIn     = "in"
	opExists = "exists"
)

const (
	hasEmail  = "has_email"
	hasPhone  = "has_phone"
	attribute = "attributes."
	// maxValues bounds one list of values: each is a set to read.
	maxValues = 200
	// maxAttributeName is the most bytes of an attribute's name.
	maxAttributeName = 200
)

var textFields = []string{"country", "language", "time_zone", "phone_type"}

// checkField refuses a part whose field, comparison or value is not known. To
// guess would text people whom the author did not mean.
func (c *checker) checkField(at string, r liadesk.Rule) {
	v := c.v
	has := r.Field == hasEmail || r.Field == hasPhone
	name, isAttribute := strings.CutPrefix(r.Field, attribute)
	switch {
	case strings.HasPrefix(r.Field, campaignField):
		checkCampaign(v, at, r)
		return
	case isAttribute && (name == "" || c.strict && liadesk.StoredAttribute(name) == "" || len(name) > maxAttributeName),
		!isAttribute && !has && !slices.Contains(textFields, r.Field) && !slices.Contains(momentFields, r.Field):
		v.Add(at+".field", "field_unknown", "Name", clip(r.Field))
		return
	case isRange(r) && !has:
		checkRange(v, at, r)
		return
	case !slices.Contains([]string{opEq, opNe, opIn, opExists}, r.Op), has && r.Op == opIn,
		slices.Contains(momentFields, r.Field) && r.Op != opExists:
		v.Add(at+".op", "op_unknown", "Name", clip(r.Op))
		return
	}
	switch {
	case has || r.Op == opExists:
		if r.Value == nil || r.Value.Yes == nil {
			v.Add(at+".value", "value_yes_or_no")
		}
	case r.Op == opIn:
		switch {
		case r.Value == nil || r.Value.List == nil || len(*r.Value.List) == 0:
			v.Add(at+".value", "value_list")
		case len(*r.Value.List) > maxValues:
			v.Add(at+".value", "too_many", "Max", maxValues)
		default:
			for _, text := range *r.Value.List {
				if c.checkText(at+".value", r.Field, text); v.Has(at + ".value") {
					return
				}
			}
		}
	case r.Value == nil || r.Value.Text == nil && (r.Value.Number == nil || !isAttribute):
		v.Add(at+".value", "value_text")
	default:
		c.checkText(at+".value", r.Field, valueOf(r))
	}
}

// checkText refuses a value that nobody can have, for a slip of the pen under
// ne would mean everybody.
func (c *checker) checkText(at, field, text string) {
	v := c.v
	switch set, ok := db.SetField(field, text); {
	case set.Value == "":
		v.Add(at, "value_text")
	case !ok:
		v.Add(at, "too_long", "Max", db.MaxSetValue)
	case field == "country":
		if region, err := language.ParseRegion(text); err != nil || len(text) > 3 || !region.IsCountry() {
			v.Add(at, "bad_country")
		}
	case field == "language":
		if _, err := language.Parse(text); err != nil {
			v.Add(at, "bad_language")
		}
	case field == "time_zone" && c.strict:
		same := func(zone string) bool { return strings.EqualFold(zone, strings.TrimSpace(text)) }
		if !hours.ValidZone(strings.TrimSpace(text)) && !slices.ContainsFunc(hours.ZoneNames(), same) {
			v.Add(at, "bad_time_zone")
		}
	case field == "phone_type":
		if _, known := phone.ParseKind(set.Value); !known {
			v.Add(at, "bad_phone_type")
		}
	}
}

// clip shortens a name that goes into a sentence.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// asStored are the ways in which contacts have a value, however the rule writes
// it: pt_BR is pt-BR, and UK is GB, which contacts of earlier versions have as UK.
func asStored(field, text string) []string {
	ways := []string{text}
	switch field {
	case "country":
		if region, err := language.ParseRegion(strings.TrimSpace(text)); err == nil {
			if ways = append(ways, region.Canonicalize().String()); ways[1] == "GB" {
				ways = append(ways, "UK")
			}
		}
	case "language":
		if tag, err := language.Parse(strings.TrimSpace(text)); err == nil {
			ways = append(ways, tag.String())
		}
	}
	return ways
}

// setsOfField are the sets that a part about a field asks for; any of them
// will do.
func setsOfField(r liadesk.Rule) []db.SetRef {
	field := r.Field
	if strings.HasPrefix(field, campaignField) || isRange(r) {
		return nil
	}
	if name, ok := strings.CutPrefix(field, attribute); ok {
		field = attribute + liadesk.StoredAttribute(name) // as contacts have it
	}
	switch {
	case field == hasEmail:
		return []db.SetRef{db.SetEmail}
	case field == hasPhone:
		return []db.SetRef{db.SetPhone}
	case r.Op == opExists && field == db.FieldCreatedAt:
		return []db.SetRef{db.SetAll}
	case r.Op == opExists:
		return []db.SetRef{db.SetKnown(field)}
	}
	texts := textsOf(r)
	refs := make([]db.SetRef, 0, len(texts))
	for _, text := range texts {
		for _, stored := range asStored(field, text) {
			if set, ok := db.SetField(field, stored); ok && !slices.Contains(refs, set) {
				refs = append(refs, set)
			}
		}
	}
	return refs
}

// fieldSets adds what the parts of a rule about fields ask for.
func fieldSets(r liadesk.Rule, refs []db.SetRef) []db.SetRef {
	if r.AsksField() {
		for _, set := range setsOfField(r) {
			if !slices.Contains(refs, set) {
				refs = append(refs, set)
			}
		}
	}
	for _, list := range []*[]liadesk.Rule{r.All, r.Any} {
		if list != nil {
			for _, part := range *list {
				refs = fieldSets(part, refs)
			}
		}
	}
	if r.Not != nil {
		refs = fieldSets(*r.Not, refs)
	}
	return refs
}

// matchField is the set of those who fulfil a part about a field.
func (e *evaluation) matchField(r liadesk.Rule) *roaring.Bitmap {
	if strings.HasPrefix(r.Field, campaignField) {
		return e.matchCampaign(r)
	}
	if isRange(r) {
		return roaring.And(e.sets[db.SetAll], e.ranges[rangeOf(r)])
	}
	out := roaring.New()
	for _, set := range setsOfField(r) {
		out.Or(e.sets[set])
	}
	if turned(r) {
		return roaring.AndNot(e.sets[db.SetAll], out)
	}
	return out
}

// turned tells whether a part means everybody but those in its sets.
func turned(r liadesk.Rule) bool {
	no := r.Value != nil && r.Value.Yes != nil && !*r.Value.Yes
	return no != (r.Op == opNe)
}

// textsOf are the texts that a field is compared with, a list of its own.
func textsOf(r liadesk.Rule) []string {
	switch {
	case r.Value == nil:
	case r.Value.Text != nil:
		return []string{*r.Value.Text}
	case r.Value.Number != nil:
		return []string{valueOf(r)}
	case r.Value.List != nil:
		return slices.Clone(*r.Value.List)
	}
	return nil
}

// fieldPhrase reads a part about a field, or its contrary.
func fieldPhrase(l Speaker, r liadesk.Rule, contrary bool) string {
	if strings.HasPrefix(r.Field, campaignField) {
		return campaignPhrase(l, r, contrary)
	}
	which := ""
	if turned(r) != contrary {
		which = "not_"
	}
	name, isAttribute := strings.CutPrefix(r.Field, attribute)
	switch {
	case r.Field == hasEmail, r.Field == hasPhone:
		return l.T("audience.field." + which + r.Field)
	case isAttribute:
		name = l.T("audience.quoted", "Tag", name)
	case slices.Contains(momentFields, r.Field):
		if r.Op == opExists {
			if which != "" {
				return l.T("audience.moment.unknown_" + r.Field)
			}
			return l.T("audience.moment.known_" + r.Field)
		}
	default:
		name = l.T("audience.field." + r.Field)
	}
	if isRange(r) {
		return rangePhrase(l, r, name, contrary)
	}
	if r.Op == opExists {
		return l.T("audience.field."+which+"known", "Field", name)
	}
	texts := textsOf(r)
	if len(texts) == 0 {
		texts = []string{""} // a rule that is not valid; it is shown to be mended
	}
	for i, text := range texts {
		texts[i] = l.T("audience.quoted", "Tag", text)
	}
	return l.T("audience.field."+which+"is", "Field", name, "Values", joined(l, texts, "audience.or"))
}

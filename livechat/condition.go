package livechat

import (
	"net/url"
	"slices"
	"strings"

	"github.com/liadesk/campaigns/liadesk"
)

// Facts are what the server knows of a page view when the page asks. What it
// does not know stays open, and the page judges it.
type Facts struct {
	Page Page
	// Referrer is the address of the page before, "" for none.
	Referrer string
	// Landing is the query of the first page of the visit, where the widget
	// may keep it; the page's own comes first.
	Landing  string
	Language string // BCP 47
	Device   string // one of liadesk.Devices
	// Tags are those of a visitor who is a known contact.
	Tags []string
	// Counted tells whether the widget may count pages and visits.
	Counted bool
}

// Verdict is what is known about a condition.
type Verdict string

// The verdicts.
const (
	Met   Verdict = "met"
	Unmet Verdict = "unmet"
	// Open conditions are for the page to judge.
	Open Verdict = "open"
)

func verdict(yes bool) Verdict {
	if yes {
		return Met
	}
	return Unmet
}

func (v Verdict) not() Verdict {
	switch v {
	case Met:
		return Unmet
	case Unmet:
		return Met
	}
	return Open
}

// reduce judges what the server can judge, and leaves of a tree only what the
// page has to: rest has no meaning unless the verdict is Open.
func reduce(r liadesk.Rule, judge func(liadesk.Rule) Verdict) (v Verdict, rest liadesk.Rule) {
	switch {
	case r.All != nil:
		return reduceList(*r.All, Met, judge)
	case r.Any != nil:
		return reduceList(*r.Any, Unmet, judge)
	case r.Not != nil:
		v, rest := reduce(*r.Not, judge)
		return v.not(), liadesk.Rule{Not: &rest}
	}
	return judge(r), r
}

// reduceList is reduce for a list in which neutral parts do not matter and a
// part of the opposite verdict settles the whole.
func reduceList(list []liadesk.Rule, neutral Verdict, judge func(liadesk.Rule) Verdict) (Verdict, liadesk.Rule) {
	var open []liadesk.Rule
	for _, part := range list {
		switch v, rest := reduce(part, judge); v {
		case neutral:
		case Open:
			open = append(open, rest)
		default:
			return v, liadesk.Rule{}
		}
	}
	switch {
	case len(open) == 0:
		return neutral, liadesk.Rule{}
	case len(open) == 1:
		return Open, open[0]
	case neutral == Met:
		return Open, liadesk.Rule{All: &open}
	}
	return Open, liadesk.Rule{Any: &open}
}

// judge is the verdict on one condition, without regard to those around it.
func (f Facts) judge(r liadesk.Rule) Verdict {
	if r.Tag != "" {
		return verdict(slices.ContainsFunc(f.Tags, func(tag string) bool { return strings.EqualFold(tag, r.Tag) }))
	}
	field, known := liadesk.VisitFieldOf(r.Field)
	switch {
	case !known || r.Value == nil:
		return Unmet // stored by a version that knew more
	case field.Counted && !f.Counted:
		return Unmet
	case field.Page:
		return Open
	}
	switch r.Field {
	case liadesk.VisitReferrer:
		return verdict(f.referredBy(r))
	case liadesk.VisitLanguage:
		return verdict(compareText(r, f.Language, func(have, want string) bool {
			have, want = strings.ToLower(have), strings.ToLower(want)
			return have == want || strings.HasPrefix(have, want+"-") // es includes es-MX
		}))
	case liadesk.VisitDevice:
		return verdict(compareText(r, f.Device, strings.EqualFold))
	}
	return verdict(compareText(r, f.utm(r.Field), strings.EqualFold))
}

// compareText holds what is known against a condition; empty means unknown,
// which differs from every value.
func compareText(r liadesk.Rule, have string, equal func(have, want string) bool) bool {
	switch {
	case r.Op == "exists" && r.Value.Yes != nil:
		return *r.Value.Yes == (have != "")
	case r.Op == "in" && r.Value.List != nil:
		return slices.ContainsFunc(*r.Value.List, func(want string) bool { return have != "" && equal(have, want) })
	case r.Value.Text == nil:
		return false
	case r.Op == "ne":
		return have == "" || !equal(have, *r.Value.Text)
	case r.Op == "contains":
		return strings.Contains(strings.ToLower(have), strings.ToLower(*r.Value.Text))
	}
	return have != "" && equal(have, *r.Value.Text)
}

// referredBy holds the page before against a condition: eq and ne mean its
// site, with what is below it; contains any text in its address. A page of the
// same site has sent nobody.
func (f Facts) referredBy(r liadesk.Rule) bool {
	address := f.Referrer
	from, err := ParsePage(address)
	if err != nil || address == "" || from.site == f.Page.site {
		return compareText(r, "", strings.EqualFold)
	}
	if r.Op == "contains" {
		return compareText(r, from.String(), strings.EqualFold)
	}
	return compareText(r, from.site, func(have, want string) bool {
		want = strings.TrimPrefix(strings.ToLower(want), "www.")
		if page, err := ParsePage(want); err == nil {
			want = page.site
		}
		return have == want || strings.HasSuffix(have, "."+want)
	})
}

// utm is a campaign parameter of the page's address, or of the address that
// the visit began with.
func (f Facts) utm(name string) string {
	for _, query := range []string{f.Page.query, strings.TrimPrefix(f.Landing, "?")} {
		if query == "" {
			continue
		}
		// What cannot be read has no parameters; the rest of it counts.
		values, _ := url.ParseQuery(query)
		if v := values.Get(name); v != "" {
			return v
		}
	}
	return ""
}

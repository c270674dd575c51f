package audience

import (
	"slices"

	"github.com/liadesk/campaigns/liadesk"
)

// Speaker writes the sentences of the catalogue; a texts.Localizer is one.
type Speaker interface {
	T(id string, args ...any) string
}

// Sentence reads a rule as one sentence without a full stop: "Everyone tagged
// “vip” or “new”, but not tagged “staff”".
func Sentence(l Speaker, r liadesk.Rule) string {
	switch {
	case r.Empty():
		return l.T("audience.nobody_yet")
	case r.All != nil && len(*r.All) == 0:
		return l.T("audience.everyone")
	case r.Any != nil && len(*r.Any) == 0:
		return l.T("audience.nobody")
	}
	return l.T("audience.who", "Who", phrase(l, r, false))
}

// phrase reads a part of a rule; nested ones of several parts get brackets, so
// that "and" and "or" never mix ambiguously.
func phrase(l Speaker, r liadesk.Rule, nested bool) string {
	bracket := func(s string, parts int) string {
		if nested && parts > 1 {
			return l.T("audience.bracket", "What", s)
		}
		return s
	}
	switch {
	case r.All != nil:
		if len(*r.All) == 0 {
			return l.T("audience.part.everyone")
		}
		if tags, ok := tagList(l, *r.All, "audience.and"); ok {
			return bracket(l.T("audience.part.tagged", "Tags", tags), len(*r.All))
		}
		return bracket(allPhrase(l, *r.All), len(*r.All))
	case r.Any != nil:
		if len(*r.Any) == 0 {
			return l.T("audience.part.nobody")
		}
		if tags, ok := tagList(l, *r.Any, "audience.or"); ok {
			return l.T("audience.part.tagged", "Tags", tags)
		}
		parts := make([]string, len(*r.Any))
		for i, p := range *r.Any {
			parts[i] = phrase(l, p, true)
		}
		return bracket(joined(l, parts, "audience.or"), len(parts))
	case r.Not != nil:
		parts := 1
		if r.Not.Any != nil && simple(*r.Not.Any) && !isTags(*r.Not.Any) {
			parts = len(*r.Not.Any)
		}
		return bracket(notPhrase(l, *r.Not), parts)
	case r.AsksField():
		return fieldPhrase(l, r, false)
	}
	return l.T("audience.part.tagged", "Tags", l.T("audience.quoted", "Tag", r.Tag))
}

// allPhrase says first what people must have, then, after "but", what not.
func allPhrase(l Speaker, list []liadesk.Rule) string {
	var must, mustNot []string
	for _, p := range list {
		if p.Not != nil {
			mustNot = append(mustNot, notPhrase(l, *p.Not))
		} else {
			must = append(must, phrase(l, p, len(list) > 1 && p.Any == nil))
		}
	}
	switch {
	case len(mustNot) == 0:
		return joined(l, must, "audience.and_also")
	case len(must) == 0:
		return joined(l, mustNot, "audience.and_also")
	}
	return l.T("audience.but", "Must", joined(l, must, "audience.and_also"), "Not", joined(l, mustNot, "audience.and_also"))
}

func notPhrase(l Speaker, r liadesk.Rule) string {
	switch {
	case r.Tag != "":
		return l.T("audience.part.untagged", "Tags", l.T("audience.quoted", "Tag", r.Tag))
	case r.AsksField():
		return fieldPhrase(l, r, true)
	case r.Any != nil && len(*r.Any) > 0:
		if tags, ok := tagList(l, *r.Any, "audience.or"); ok {
			return l.T("audience.part.untagged", "Tags", tags)
		}
		if simple(*r.Any) { // none of them: each is denied
			parts := make([]string, len(*r.Any))
			for i, p := range *r.Any {
				parts[i] = notPhrase(l, p)
			}
			return joined(l, parts, "audience.and_also")
		}
	}
	return l.T("audience.part.not", "What", phrase(l, r, true))
}

// simple tells whether parts are tags and fields all.
func simple(list []liadesk.Rule) bool {
	return !slices.ContainsFunc(list, func(p liadesk.Rule) bool { return p.Tag == "" && !p.AsksField() })
}

// isTags tells whether parts are tags all.
func isTags(list []liadesk.Rule) bool {
	return !slices.ContainsFunc(list, func(p liadesk.Rule) bool { return p.Tag == "" })
}

// tagList joins parts that are tags all.
func tagList(l Speaker, list []liadesk.Rule, with string) (string, bool) {
	tags := make([]string, len(list))
	for i, p := range list {
		if p.Tag == "" {
			return "", false
		}
		tags[i] = l.T("audience.quoted", "Tag", p.Tag)
	}
	return joined(l, tags, with), true
}

func joined(l Speaker, parts []string, with string) string {
	out := parts[0]
	for _, p := range parts[1:] {
		out = l.T(with, "A", out, "B", p)
	}
	return out
}

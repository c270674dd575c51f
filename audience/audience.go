// Package audience tells who a rule means: who matches, who of them can be
// texted, and why the others cannot.
//
// A rule is evaluated over sets of contacts that are kept with every change of
// a contact (package db), so that a million contacts cost a few milliseconds
// and the answer is never stale.
package audience

import (
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
)

// Split is an evaluated audience. Matched is the union of Reachable and all of
// Skipped, which have nobody in common.
type Split struct {
	Matched, Reachable *roaring.Bitmap
	Skipped            map[liadesk.SkipReason]*roaring.Bitmap
}

const (
	// maxDepth and maxParts bound a rule: deeper and wider ones come from no
	// form and would only cost time.
	maxDepth = 16
	maxParts = 500
)

// Validate refuses rules that mean nothing: the empty rule {}, which must
// never come to mean everybody, parts with two meanings, and tags without a
// name.
func Validate(rule liadesk.Rule) error { return validate(rule, true) }

// validate is Validate. Of a rule that was taken before it is asked no more than
// was asked then: strict is for what somebody writes now.
func validate(rule liadesk.Rule, strict bool) error {
	var v liadesk.Invalid
	c := checker{v: &v, strict: strict}
	c.check("rule", rule, 0)
	return v.Err()
}

// checker looks through one rule.
type checker struct {
	v      *liadesk.Invalid
	strict bool
	parts  int
}

func (c *checker) check(field string, r liadesk.Rule, depth int) {
	v, parts := c.v, &c.parts
	if *parts++; *parts > maxParts || depth > maxDepth {
		if !v.Has("rule") {
			v.Add("rule", "rule_too_large", "Max", maxParts, "Depth", maxDepth)
		}
		return
	}
	set := 0
	for _, is := range []bool{r.All != nil, r.Any != nil, r.Not != nil, r.Tag != "", r.AsksField()} {
		if is {
			set++
		}
	}
	switch {
	case set == 0:
		v.Add(field, "rule_empty")
	case set > 1:
		v.Add(field, "rule_ambiguous")
	case r.All != nil:
		for i, part := range *r.All {
			c.check(fmt.Sprintf("%s.all.%d", field, i), part, depth+1)
		}
	case r.Any != nil:
		for i, part := range *r.Any {
			c.check(fmt.Sprintf("%s.any.%d", field, i), part, depth+1)
		}
	case r.Not != nil:
		c.check(field+".not", *r.Not, depth+1)
	case r.AsksField():
		*parts += len(textsOf(r)) // each is a set to read
		c.checkField(field, r)
	case c.strict && liadesk.FoldTag(r.Tag) == "":
		v.Add(field+".tag", "required")
	case len(r.Tag) > 400:
		v.Add(field+".tag", "too_long", "Max", 50)
	}
}

// Evaluate splits the account's contacts by a rule, in the caller's
// transaction. The rule must be valid. The caller owns the sets.
func Evaluate(tx *db.Tx, account liadesk.ID, rule liadesk.Rule, purpose liadesk.Purpose) (Split, error) {
	within, err := tx.AllChunks(account)
	if err != nil {
		return Split{}, err
	}
	return evaluate(tx, account, rule, purpose, within, Outcomes{}, tx.ReadSets)
}

// EvaluateChunk is Evaluate for the contacts of one chunk alone, so that a
// freeze goes through a large account in bounded transactions; before is what
// the rule asks about campaigns, as far as it was read already.
func EvaluateChunk(tx *db.Tx, account liadesk.ID, rule liadesk.Rule, purpose liadesk.Purpose, chunk uint32, before Outcomes) (Split, error) {
	return evaluate(tx, account, rule, purpose, db.Chunks{From: chunk, To: chunk}, before, func(account liadesk.ID, refs []db.SetRef) ([]*roaring.Bitmap, error) {
		return tx.ReadSetsChunk(account, refs, chunk)
	})
}

// reader reads sets of contacts.
type reader func(account liadesk.ID, refs []db.SetRef) ([]*roaring.Bitmap, error)

func evaluate(tx *db.Tx, account liadesk.ID, rule liadesk.Rule, purpose liadesk.Purpose, within db.Chunks, before Outcomes, read reader) (Split, error) {
	if err := validate(rule, false); err != nil {
		return Split{}, err
	}
	e, err := load(tx, account, rule, purpose, within, before, read)
	if err != nil {
		return Split{}, err
	}
	return e.split(e.match(rule), purpose), nil
}

// evaluation has every set that a rule and the reasons need, read in one round
// trip: criteria name the sets they need, and match combines them.
type evaluation struct {
	sets map[db.SetRef]*roaring.Bitmap
	tags map[string][]string // under which names a tag's contacts are filed
	// blocked are the sets of those in countries that take no marketing texts.
	blocked []db.SetRef
	// campaigns are who had which outcome of the campaigns that are asked for.
	campaigns map[asked]*roaring.Bitmap
	// ranges are who has a value within a range, or with a text in it.
	ranges map[asksRange]*roaring.Bitmap
}

var reasonSets = []db.SetRef{db.SetAll, db.SetPhone, db.SetBadNumber, db.SetCannotText, db.SetOptOut, db.SetHeld, db.SetConsent}

func load(tx *db.Tx, account liadesk.ID, rule liadesk.Rule, purpose liadesk.Purpose, within db.Chunks, before Outcomes, read reader) (*evaluation, error) {
	tags := tagsOf(rule, nil)
	slices.Sort(tags)
	tags = slices.Compact(tags)
	names, err := tx.TagNames(account, tags)
	if err != nil {
		return nil, err
	}
	refs := slices.Clone(reasonSets)
	for _, t := range tags {
		for _, name := range names[t] {
			refs = append(refs, db.SetTag(name))
		}
	}
	refs = fieldSets(rule, refs)
	blocked, err := blockedSets(tx, account, purpose)
	if err != nil {
		return nil, err
	}
	refs = append(refs, blocked...)
	sets, err := read(account, refs)
	if err != nil {
		return nil, err
	}
	e := &evaluation{sets: make(map[db.SetRef]*roaring.Bitmap, len(refs)), tags: names, blocked: blocked}
	if e.campaigns, err = readCampaigns(tx, account, rule, before); err != nil {
		return nil, err
	}
	if e.ranges, err = readRanges(tx, account, rule, within); err != nil {
		return nil, err
	}
	for i, ref := range refs {
		e.sets[ref] = sets[i]
	}
	return e, nil
}

func tagsOf(r liadesk.Rule, tags []string) []string {
	if r.Tag != "" {
		tags = append(tags, liadesk.FoldTag(r.Tag))
	}
	for _, list := range []*[]liadesk.Rule{r.All, r.Any} {
		if list != nil {
			for _, part := range *list {
				tags = tagsOf(part, tags)
			}
		}
	}
	if r.Not != nil {
		tags = tagsOf(*r.Not, tags)
	}
	return tags
}

// match is the set of those who fulfil a rule, a set of its own.
func (e *evaluation) match(r liadesk.Rule) *roaring.Bitmap {
	all := e.sets[db.SetAll]
	switch {
	case r.All != nil:
		out := all.Clone()
		for _, part := range *r.All {
			out.And(e.match(part))
		}
		return out
	case r.Any != nil:
		out := roaring.New()
		for _, part := range *r.Any {
			out.Or(e.match(part))
		}
		return out
	case r.Not != nil:
		return roaring.AndNot(all, e.match(*r.Not))
	case r.AsksField():
		return e.matchField(r)
	}
	out := roaring.New()
	for _, name := range e.tags[liadesk.FoldTag(r.Tag)] {
		out.Or(e.sets[db.SetTag(name)])
	}
	return out
}

// split takes from the matched those who cannot be texted, reason by reason in
// the order of liadesk.SkipReasons: each person counts under the first.
func (e *evaluation) split(matched *roaring.Bitmap, purpose liadesk.Purpose) Split {
	s := Split{Matched: matched, Reachable: matched.Clone(), Skipped: map[liadesk.SkipReason]*roaring.Bitmap{}}
	take := func(reason liadesk.SkipReason, out *roaring.Bitmap) {
		if out = roaring.And(s.Reachable, out); !out.IsEmpty() {
			s.Reachable.AndNot(out)
			if more := s.Skipped[reason]; more != nil {
				out.Or(more)
			}
			s.Skipped[reason] = out
		}
	}
	take(liadesk.SkipNoNumber, roaring.AndNot(matched, e.sets[db.SetPhone]))
	take(liadesk.SkipInvalidNumber, e.sets[db.SetBadNumber])
	take(liadesk.SkipCannotText, e.sets[db.SetCannotText])
	take(liadesk.SkipOptedOut, e.sets[db.SetOptOut])
	if purpose != liadesk.PurposeTransactional {
		take(liadesk.SkipHeld, e.sets[db.SetHeld])
		take(liadesk.SkipNoConsent, roaring.AndNot(matched, e.sets[db.SetConsent]))
		for _, set := range e.blocked {
			take(liadesk.SkipBlockedCountry, e.sets[set])
		}
	}
	return s
}

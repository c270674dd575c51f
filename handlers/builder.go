package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// The builder puts a rule together from conditions and groups of conditions. A
// group holds no other group: what nests deeper comes from a program, is read
// out in the form, and stays as it is.

// builderPart is a condition, or a group of conditions when Join is set.
type builderPart struct {
	Key  string // its place: "2", or "2.0" within a group
	Join string // of a group: all, any or none

	// Visit is set in conditions of a visit to a website; else they are about
	// contacts.
	Visit bool
	// Field is "tag" or a field of a rule; Op one of those in compared, or known
	// and unknown. Name is the event and its property for a field that has one.
	Field, Op, Name, Value string

	Parts       []builderPart
	First, Last bool // within its list
}

// builder is a rule as the form shows it.
type builder struct {
	Join  string // all or any
	Parts []builderPart
	Visit bool // as of its parts

	// What can be chosen.
	Fields  []Option
	Choices map[string][]Option // values of a field that are chosen from a list
	Known   map[string][]string // values of a field that one may type
	Names   map[string]string   // how fields are called in a label
}

// mostParts bounds the builder; a rule has its own, wider bound.
const mostParts = 60

// Ops are the comparisons of a field, in the order of the list.
func (p builderPart) Ops() []string {
	if p.Visit {
		return visitOps(p.Field)
	}
	switch p.Field {
	case "tag":
		return []string{"is", "not"}
	case "has_email", "has_phone":
		return []string{"known", "unknown"}
	case "created_at":
		return []string{"before", "after"}
	case "last_seen_at", "last_replied_at":
		return []string{"before", "after", "known", "unknown"}
	}
	if strings.HasPrefix(p.Field, campaignPrefix) {
		return []string{"was", "was_not"}
	}
	if strings.HasPrefix(p.Field, attributePrefix) {
		return []string{"is", "not", "contains", "more", "less", "least", "most", "before", "after", "known", "unknown"}
	}
	return []string{"is", "not", "known", "unknown"}
}

// compared are the comparisons of a rule by those of the form.
var compared = map[string]string{"is": "eq", "not": "ne", "contains": "contains", "more": "gt", "less": "lt", "least": "gte", "most": "lte",
	"before": "before", "after": "after", "was": "eq", "was_not": "ne"}

// Asks tells whether a condition has a value.
func (p builderPart) Asks() bool { return compared[p.Op] != "" }

// Input is the kind of input that takes the value.
func (p builderPart) Input() string {
	switch p.Op {
	case "before", "after":
		return "date"
	case "more", "less", "least", "most":
		return "number"
	}
	return "text"
}

// settle gives a condition a comparison that its field has.
func (p *builderPart) settle() {
	if p.Join == "" && p.Field != "" && !slices.Contains(p.Ops(), p.Op) {
		p.Op = p.Ops()[0]
	}
}

// readBuilder reads the builder's fields and does what its buttons ask for:
// build is "add", "group", "except", "add:2", "drop:2.0", "up:2" or "down:2".
// It gives the id of the control that has the focus then.
func readBuilder(c *fiber.Ctx, visit bool) (b builder, focus string) {
	b.Visit = visit
	b.Join = c.FormValue("b.join")
	if b.Join != "any" {
		b.Join = "all"
	}
	n := 0
	for _, raw := range c.Request().PostArgs().PeekMulti("b") {
		key := string(raw)
		if n++; n > mostParts {
			break
		}
		value := func(name string) string { return strings.TrimSpace(c.FormValue("b." + key + "." + name)) }
		p := builderPart{Visit: visit, Name: value("name"), Join: value("join"), Field: value("field"), Op: value("op"), Value: value("value")}
		if p.Join != "" && !slices.Contains([]string{"all", "any", "none"}, p.Join) {
			p.Join = "any"
		}
		// A value that was chosen for one field says nothing about another, nor
		// one of one kind about a comparison of another.
		if was := value("was"); was != "" && was != p.Field {
			p.Value = ""
		}
		p.settle()
		if kind := value("kind"); kind != "" && kind != p.Input() && !p.holds() {
			p.Value = ""
		}
		if within := strings.Contains(key, "."); within && len(b.Parts) > 0 && p.Join == "" && b.Parts[len(b.Parts)-1].Join != "" {
			last := &b.Parts[len(b.Parts)-1]
			last.Parts = append(last.Parts, p)
		} else if !within {
			b.Parts = append(b.Parts, p)
		}
	}
	if _, id, ok := strings.Cut(c.Get("HX-Source"), "#b-"); ok {
		focus = "b-" + id
	}
	if act := c.FormValue("build"); act != "" {
		focus = b.act(act, n)
	}
	return b, focus
}

// act does what a button asks for and tells where the focus goes.
func (b *builder) act(act string, n int) string {
	verb, place, _ := strings.Cut(act, ":")
	list, i, base := b.find(place)
	switch verb {
	case "add", "group", "except":
		if n >= mostParts-1 {
			return "b-add"
		}
		if place != "" {
			if i < 0 || (*list)[i].Join == "" {
				return "b-add"
			}
			group := &(*list)[i]
			group.Parts = append(group.Parts, builderPart{Visit: b.Visit})
			return "b-" + place + "." + strconv.Itoa(len(group.Parts)-1) + "-field"
		}
		p := builderPart{Visit: b.Visit}
		if verb != "add" {
			p.Join, p.Parts = "any", []builderPart{p}
		}
		if verb == "except" {
			p.Join = "none"
		}
		b.Parts = append(b.Parts, p)
		at := "b-" + strconv.Itoa(len(b.Parts)-1)
		if p.Join != "" {
			return at + ".0-field"
		}
		return at + "-field"
	}
	if i < 0 {
		return "b-add"
	}
	control := func(at int, name string) string { return "b-" + base + strconv.Itoa(at) + "-" + name }
	switch verb {
	case "drop":
		*list = slices.Delete(*list, i, i+1)
		if len(*list) == 0 {
			return "b-" + base + "add"
		}
		return control(min(i, len(*list)-1), "drop")
	case "up":
		if i > 0 {
			(*list)[i-1], (*list)[i] = (*list)[i], (*list)[i-1]
			i--
		}
		if i == 0 {
			return control(i, "down")
		}
		return control(i, "up")
	case "down":
		if i < len(*list)-1 {
			(*list)[i+1], (*list)[i] = (*list)[i], (*list)[i+1]
			i++
		}
		if i == len(*list)-1 {
			return control(i, "up")
		}
		return control(i, "down")
	}
	return "b-add"
}

// find is the list that a place is in and where, -1 when there is no such
// place; base is the place of the list's group, with its dot.
func (b *builder) find(place string) (list *[]builderPart, i int, base string) {
	list = &b.Parts
	outer, inner, within := strings.Cut(place, ".")
	i, err := strconv.Atoi(outer)
	if err != nil || i < 0 || i >= len(*list) {
		return list, -1, ""
	}
	if !within {
		return list, i, ""
	}
	list, base = &(*list)[i].Parts, outer+"."
	if i, err = strconv.Atoi(inner); err != nil || i < 0 || i >= len(*list) {
		i = -1
	}
	return list, i, base
}

// rule is what the builder says. A condition that is not finished is a rule
// that is refused.
func (b builder) rule() liadesk.Rule {
	if len(b.Parts) == 0 {
		return liadesk.Rule{} // nobody means everybody by taking the last condition away
	}
	return joinedRule(b.Join, b.Parts)
}

func joinedRule(join string, parts []builderPart) liadesk.Rule {
	list := make([]liadesk.Rule, len(parts))
	for i, p := range parts {
		switch {
		case p.Join == "":
			list[i] = p.condition()
		case len(p.Parts) > 0:
			list[i] = joinedRule(p.Join, p.Parts)
		}
	}
	switch join {
	case "any":
		return liadesk.Rule{Any: &list}
	case "none":
		return liadesk.Rule{Not: &liadesk.Rule{Any: &list}}
	}
	return liadesk.Rule{All: &list}
}

func (p builderPart) condition() liadesk.Rule {
	if p.Visit {
		return p.visitCondition()
	}
	yes := p.Op == "known"
	switch {
	case p.Field == "", p.Field == "tag" && p.Value == "":
		return liadesk.Rule{}
	case p.Field == "tag" && p.Op == "not":
		return liadesk.Rule{Not: &liadesk.Rule{Tag: p.Value}}
	case p.Field == "tag":
		return liadesk.Rule{Tag: p.Value}
	case p.Field == "has_email" || p.Field == "has_phone":
		return liadesk.Rule{Field: p.Field, Op: "eq", Value: &liadesk.RuleValue{Yes: &yes}}
	case !p.Asks():
		return liadesk.Rule{Field: p.Field, Op: "exists", Value: &liadesk.RuleValue{Yes: &yes}}
	}
	r := liadesk.Rule{Field: p.Field, Op: compared[p.Op], Value: &liadesk.RuleValue{Text: &p.Value}}
	if n, err := strconv.ParseFloat(p.Value, 64); p.Input() == "number" && err == nil {
		r.Value = &liadesk.RuleValue{Number: &n}
	}
	return r
}

// builderOf shows a rule; false when it nests deeper than the builder does.
// What it shows means the same: "is one of" becomes a group of any.
func builderOf(r liadesk.Rule, visit bool) (builder, bool) {
	b := builder{Join: "all", Visit: visit}
	list := []liadesk.Rule{r}
	switch {
	case r.All != nil:
		list = *r.All
	case r.Any != nil:
		b.Join, list = "any", *r.Any
	}
	for _, part := range list {
		p, ok := conditionOf(part, visit)
		if !ok {
			if p, ok = groupOf(part, visit); !ok {
				return builder{}, false
			}
		}
		b.Parts = append(b.Parts, p)
	}
	return b, len(b.Parts) > 0 && len(b.Parts) < mostParts
}

func groupOf(r liadesk.Rule, visit bool) (builderPart, bool) {
	p := builderPart{Join: "any", Visit: visit}
	var list *[]liadesk.Rule
	switch {
	case r.All != nil:
		p.Join, list = "all", r.All
	case r.Any != nil:
		list = r.Any
	case r.Not != nil && r.Not.Any != nil:
		p.Join, list = "none", r.Not.Any
	case r.Op == "in" && r.Value != nil && r.Value.List != nil:
		for _, text := range *r.Value.List {
			p.Parts = append(p.Parts, builderPart{Visit: visit, Field: r.Field, Op: "is", Value: text})
		}
		return p, len(p.Parts) > 0 && len(p.Parts) < mostParts/2
	}
	if list == nil || len(*list) == 0 || len(*list) > mostParts/2 {
		return p, false
	}
	for _, part := range *list {
		one, ok := conditionOf(part, visit)
		if !ok {
			return p, false
		}
		p.Parts = append(p.Parts, one)
	}
	return p, true
}

func conditionOf(r liadesk.Rule, visit bool) (builderPart, bool) {
	if visit {
		return visitPartOf(r)
	}
	known := func(yes bool) string {
		if yes {
			return "known"
		}
		return "unknown"
	}
	has := r.Field == "has_email" || r.Field == "has_phone"
	switch {
	case r.Tag != "":
		return builderPart{Field: "tag", Op: "is", Value: r.Tag}, true
	case r.Not != nil && r.Not.Tag != "":
		return builderPart{Field: "tag", Op: "not", Value: r.Not.Tag}, true
	case !r.AsksField() || r.Value == nil:
		return builderPart{}, false
	case r.Value.Yes != nil && has:
		return builderPart{Field: r.Field, Op: known(*r.Value.Yes == (r.Op != "ne"))}, true
	case r.Value.Yes != nil && r.Op == "exists":
		return builderPart{Field: r.Field, Op: known(*r.Value.Yes)}, true
	}
	return builderPart{Field: r.Field}.comparing(r)
}

// comparing gives a condition the value of a rule's, and the form's word for how
// they compare; false for what the form cannot show.
func (p builderPart) comparing(r liadesk.Rule) (builderPart, bool) {
	switch {
	case r.Value.Text != nil:
		p.Value = *r.Value.Text
	case r.Value.Number != nil:
		p.Value = strconv.FormatFloat(*r.Value.Number, 'f', -1, 64)
	default:
		return p, false
	}
	for _, op := range p.Ops() {
		if p.Op = op; compared[op] == r.Op && p.holds() {
			return p, true
		}
	}
	return builderPart{}, false
}

// holds tells whether the condition's kind of input can show its value: a date
// with a time of day, such as a program may ask for, stays as it is.
func (p builderPart) holds() bool {
	switch p.Input() {
	case "date":
		_, err := time.Parse(time.DateOnly, p.Value)
		return err == nil
	case "number":
		_, err := strconv.ParseFloat(p.Value, 64)
		return err == nil
	}
	return true
}

// number gives every part its place.
func number(parts []builderPart, base string) {
	for i := range parts {
		p := &parts[i]
		p.Key, p.First, p.Last = base+strconv.Itoa(i), i == 0, i == len(parts)-1
		number(p.Parts, p.Key+".")
	}
}

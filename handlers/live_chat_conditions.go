package handlers

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// The builder of conditions on a visit, and the sentence that reads them out.

// eventProperty is the field of the builder that asks for a property of an
// event; its part's Name is "added_to_cart.value".
const eventProperty = "event_property"

// visitFields are the fields of the builder, in the order of its list.
var visitFields = append(slices.DeleteFunc(visitFieldNames(), func(name string) bool { return name == liadesk.VisitTimeOnPage }),
	eventProperty, liadesk.VisitTag, liadesk.VisitTimeOnPage)

func visitFieldNames() (names []string) {
	for _, f := range liadesk.VisitFields {
		names = append(names, f.Name)
	}
	return names
}

// visitOps are the comparisons of a field of a visit, in the form's words.
func visitOps(field string) []string {
	switch field {
	case liadesk.VisitTag, liadesk.VisitLanguage, liadesk.VisitDevice:
		return []string{"is", "not"}
	case liadesk.VisitPagesSeen:
		return []string{"least", "most"}
	case liadesk.VisitTimeOnPage, liadesk.VisitTimeOnSite, liadesk.VisitScroll:
		return []string{"least"}
	case liadesk.VisitVisitor, liadesk.VisitElement, liadesk.VisitEvent:
		return []string{"is"}
	case liadesk.VisitExit:
		return []string{"known"}
	case eventProperty:
		return []string{"is", "not", "contains", "least", "most", "more", "less", "known", "unknown"}
	}
	return []string{"is", "not", "contains", "known", "unknown"} // where a visitor comes from
}

// Fixed tells whether the field's name says all about how it compares.
func (p builderPart) Fixed() bool { return p.Visit && len(p.Ops()) == 1 }

// visitCondition is the rule of one condition; one that is not finished is a
// rule that is refused.
func (p builderPart) visitCondition() liadesk.Rule {
	yes := p.Op == "known"
	r := liadesk.Rule{Field: p.Field, Op: compared[p.Op], Value: &liadesk.RuleValue{Text: &p.Value}}
	switch {
	case p.Field == "", p.Field == liadesk.VisitTag && p.Value == "":
		return liadesk.Rule{}
	case p.Field == liadesk.VisitTag && p.Op == "not":
		return liadesk.Rule{Not: &liadesk.Rule{Tag: p.Value}}
	case p.Field == liadesk.VisitTag:
		return liadesk.Rule{Tag: p.Value}
	case p.Field == eventProperty && strings.Count(p.Name, ".") != 1:
		return liadesk.Rule{}
	case p.Field == eventProperty:
		r.Field = liadesk.VisitEvent + "." + p.Name
	}
	switch {
	case p.Field == liadesk.VisitExit:
		return liadesk.Rule{Field: r.Field, Op: "eq", Value: &liadesk.RuleValue{Yes: &yes}}
	case !p.Asks():
		return liadesk.Rule{Field: r.Field, Op: "exists", Value: &liadesk.RuleValue{Yes: &yes}}
	}
	if n, err := strconv.ParseFloat(p.Value, 64); p.Input() == "number" && err == nil {
		r.Value = &liadesk.RuleValue{Number: &n}
	}
	return r
}

// visitPartOf shows one condition; false for what the builder does not have.
func visitPartOf(r liadesk.Rule) (builderPart, bool) {
	p := builderPart{Visit: true, Field: r.Field}
	switch {
	case r.Tag != "":
		p.Field, p.Op, p.Value = liadesk.VisitTag, "is", r.Tag
		return p, true
	case r.Not != nil && r.Not.Tag != "":
		p.Field, p.Op, p.Value = liadesk.VisitTag, "not", r.Not.Tag
		return p, true
	case !r.AsksField() || r.Value == nil:
		return p, false
	}
	if name, ok := strings.CutPrefix(r.Field, liadesk.VisitEvent+"."); ok {
		p.Field, p.Name = eventProperty, name
	} else if !slices.Contains(visitFields, r.Field) {
		return p, false
	}
	if r.Value.Yes != nil {
		if p.Op = "unknown"; *r.Value.Yes {
			p.Op = "known"
		}
		return p, slices.Contains(p.Ops(), p.Op)
	}
	return p.comparing(r)
}

// fillVisitBuilder adds what can be chosen, in the reader's language.
func (s *Server) fillVisitBuilder(c *fiber.Ctx, b *builder, tags []liadesk.Tag) {
	number(b.Parts, "")
	b.Fields, b.Names = []Option{{Label: s.t(c, "builder.choose_field")}}, map[string]string{}
	for _, name := range visitFields {
		label := s.t(c, "livechat.visit."+name)
		b.Fields, b.Names[name] = append(b.Fields, Option{Value: name, Label: label}), label
	}
	choices := func(name string, values ...string) {
		list := []Option{{Label: s.t(c, "builder.choose_value")}}
		for _, v := range values {
			list = append(list, Option{Value: v, Label: s.t(c, "livechat.visit_"+name+"."+v)})
		}
		b.Choices[name] = list
	}
	b.Choices = map[string][]Option{}
	choices(liadesk.VisitVisitor, liadesk.VisitorNew, liadesk.VisitorReturning)
	choices(liadesk.VisitDevice, liadesk.Devices...)
	b.Known = map[string][]string{}
	for _, t := range tags {
		b.Known[liadesk.VisitTag] = append(b.Known[liadesk.VisitTag], t.Name)
	}
}

// readConditions reads the conditions of the form: from the builder, or as they
// were handed on by a page without one.
func (f *chatForm) readConditions(c *fiber.Ctx) {
	f.Builder, f.Focus = readBuilder(c, true)
	f.Kept = c.FormValue("conditions")
	if len(f.Builder.Parts) > 0 {
		f.Kept = ""
		f.Conditions = new(f.Builder.rule())
		return
	}
	if f.Kept == "" {
		return
	}
	var r liadesk.Rule
	if json.Unmarshal([]byte(f.Kept), &r) != nil {
		r = liadesk.Rule{} // refused as unfinished
	}
	f.setConditions(&r)
}

// setConditions shows conditions in the builder; those that nest deeper, which
// come from a program, stay as they are.
func (f *chatForm) setConditions(r *liadesk.Rule) {
	f.Builder, f.Kept, f.Conditions = builder{Join: "all", Visit: true}, "", r
	if r == nil {
		return
	}
	b, ok := builderOf(*r, true)
	if ok {
		f.Builder = b
		return
	}
	if text, err := json.Marshal(r); err == nil {
		f.Kept = string(text)
	}
}

// ConditionsText is the conditions for a page that only hands them on.
func (f chatForm) ConditionsText() string {
	if f.Conditions == nil {
		return ""
	}
	text, err := json.Marshal(f.Conditions)
	if err != nil {
		return ""
	}
	return string(text)
}

// chatConditions answers the builder's buttons and lists.
func (s *Server) chatConditions(c *fiber.Ctx) error {
	f := readChatForm(c)
	f.ID = c.FormValue("id")
	if c.FormValue("build") == "anew" {
		f.setConditions(nil)
	}
	if wantsFragment(c) {
		choices, err := s.LiveChat.Choices(c.UserContext(), actor(c))
		if err != nil {
			return err
		}
		s.fillVisitBuilder(c, &f.Builder, choices.Tags)
		return s.fragment(c, "livechat/conditions", Page{Nav: "live-chat", Data: f})
	}
	if err := s.fillChatForm(c, &f); err != nil && liadesk.KindOf(err) != liadesk.KindInvalid {
		return err
	}
	return s.page(c, "livechat/form", s.chatFormPage(c, f))
}

// saysConditions reads conditions out as one sentence, "" for none.
func (s *Server) saysConditions(c *fiber.Ctx, r *liadesk.Rule) string {
	if r == nil {
		return ""
	}
	return s.saysCondition(c, *r, true)
}

func (s *Server) saysCondition(c *fiber.Ctx, r liadesk.Rule, outer bool) string {
	join := func(list []liadesk.Rule, word, empty string) string {
		var parts []string
		for _, part := range list {
			parts = append(parts, s.saysCondition(c, part, false))
		}
		if len(parts) == 0 {
			return s.t(c, empty)
		}
		text := strings.Join(parts, " "+s.t(c, word)+" ")
		if outer || len(parts) == 1 {
			return text
		}
		return "(" + text + ")"
	}
	switch {
	case r.All != nil:
		return join(*r.All, "livechat.says.and", "livechat.says.always")
	case r.Any != nil:
		return join(*r.Any, "livechat.says.or", "livechat.says.never")
	case r.Not != nil:
		return s.t(c, "livechat.says.not", "What", s.saysCondition(c, *r.Not, false))
	case r.Tag != "":
		return s.t(c, "livechat.says.tag", "Value", r.Tag)
	case r.Value == nil:
		return s.t(c, "builder.condition")
	}
	value, op := s.saysValue(c, r), r.Op
	var name string
	if property, ok := strings.CutPrefix(r.Field, liadesk.VisitEvent+"."); ok {
		event, property, _ := strings.Cut(property, ".")
		name = s.t(c, "livechat.says.property", "Event", event, "Property", property)
	} else if f, ok := liadesk.VisitFieldOf(r.Field); ok && len(f.Ops) == 1 {
		return s.t(c, "livechat.says."+r.Field, "Value", value)
	} else {
		name = s.t(c, "livechat.visit."+r.Field)
	}
	if r.Op == "exists" && r.Value.Yes != nil && !*r.Value.Yes {
		op = "missing"
	}
	return s.t(c, "livechat.says_op."+op, "Field", name, "Value", value)
}

func (s *Server) saysValue(c *fiber.Ctx, r liadesk.Rule) string {
	word := func(text string) string {
		if f, ok := liadesk.VisitFieldOf(r.Field); ok && f.Values != nil && slices.Contains(f.Values, text) {
			return s.t(c, "livechat.visit_"+r.Field+"."+text)
		}
		return text
	}
	switch {
	case r.Value.Text != nil:
		return word(*r.Value.Text)
	case r.Value.Number != nil:
		return s.localizer(c).Decimal(*r.Value.Number, 2)
	case r.Value.List != nil:
		var list []string
		for _, text := range *r.Value.List {
			list = append(list, word(text))
		}
		return strings.Join(list, ", ")
	}
	return ""
}

package liadesk

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Rule describes an audience as a tree. Exactly one of its parts is set:
// {"all":[…]} {"any":[…]} {"not":…} {"tag":"vip"}
// {"field":"country","op":"eq","value":"BR"}. {"all":[]} is everyone,
// {"any":[]} nobody, and {} is refused, so that an empty form never means
// "text everybody".
type Rule struct {
	All *[]Rule `cbor:"1,keyasint,omitempty" json:"all,omitempty"`
	Any *[]Rule `cbor:"2,keyasint,omitempty" json:"any,omitempty"`
	Not *Rule   `cbor:"3,keyasint,omitempty" json:"not,omitempty"`
	Tag string  `cbor:"4,keyasint,omitempty" json:"tag,omitempty"`
	// Field, Op and Value are one part: what is known about a person, and how
	// it compares. What they may be is the audience package's to say.
	Field string     `cbor:"5,keyasint,omitempty" json:"field,omitempty"`
	Op    string     `cbor:"6,keyasint,omitempty" json:"op,omitempty"`
	Value *RuleValue `cbor:"7,keyasint,omitempty" json:"value,omitempty"`
}

// Empty tells whether the rule says nothing at all, which is neither everyone
// nor nobody.
func (r Rule) Empty() bool {
	return r.All == nil && r.Any == nil && r.Not == nil && r.Tag == "" && !r.AsksField()
}

// AsksField tells whether the rule, or this part of one, is about a field.
func (r Rule) AsksField() bool { return r.Field != "" || r.Op != "" || r.Value != nil }

// AsksTag tells whether any part of the rule is about a tag, however it is
// written there.
func (r Rule) AsksTag(tag string) bool {
	for _, parts := range []*[]Rule{r.All, r.Any} {
		if parts != nil && slices.ContainsFunc(*parts, func(part Rule) bool { return part.AsksTag(tag) }) {
			return true
		}
	}
	return r.Tag != "" && FoldTag(r.Tag) == FoldTag(tag) || r.Not != nil && r.Not.AsksTag(tag)
}

// RuleValue is what a field is compared with: a text, a list of texts, yes and
// no, or a number. Exactly one is set. In JSON it is "BR", ["BR","PT"], true or 5.
type RuleValue struct {
	Text   *string   `cbor:"1,keyasint,omitempty"`
	List   *[]string `cbor:"2,keyasint,omitempty"`
	Yes    *bool     `cbor:"3,keyasint,omitempty"`
	Number *float64  `cbor:"4,keyasint,omitempty"`
}

// MarshalJSON writes the one value that is set.
func (v RuleValue) MarshalJSON() ([]byte, error) {
	switch {
	case v.List != nil:
		return json.Marshal(*v.List)
	case v.Yes != nil:
		return json.Marshal(*v.Yes)
	case v.Number != nil:
		return json.Marshal(*v.Number)
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON refuses every other kind of value, and lists with holes in
// them, with an error to which encoding/json adds the name of the field.
func (v *RuleValue) UnmarshalJSON(text []byte) error {
	wrong := &json.UnmarshalTypeError{Value: "neither a text nor a list of texts nor a number nor true or false", Type: reflect.TypeFor[RuleValue]()}
	switch text[0] {
	case '"':
		if json.Unmarshal(text, &v.Text) != nil {
			return wrong
		}
	case 't', 'f':
		if json.Unmarshal(text, &v.Yes) != nil {
			return wrong
		}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if json.Unmarshal(text, &v.Number) != nil {
			return wrong
		}
	case '[':
		var list []*string
		if json.Unmarshal(text, &list) != nil {
			return wrong
		}
		texts := make([]string, len(list))
		for i, t := range list {
			if t == nil {
				return wrong
			}
			texts[i] = *t
		}
		v.List = &texts
	default:
		return wrong
	}
	return nil
}

// UnmarshalJSON refuses what it does not know. To overlook a part of a rule
// would text people whom the rule leaves out.
//
// The whole tree is read in one pass: a method that is called again for every
// part reads the rest of the text anew at each level, and a rule may be nested
// ten thousand levels deep before encoding/json ends it. A value of the wrong
// type is a *json.UnmarshalTypeError, which then bears the path to it.
func (r *Rule) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var p plainRule
	err := dec.Decode(&p)
	if err == nil {
		*r = p.rule()
		return nil
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		var wrong Invalid
		wrong.Add("rule", "rule_unknown", "Name", strings.Trim(name, `"`))
		return wrong.Err()
	}
	return err
}

// plainRule is a Rule without a method of its own for encoding/json to call.
type plainRule struct {
	All *[]plainRule `json:"all"`
	Any *[]plainRule `json:"any"`
	Not *plainRule   `json:"not"`
	Tag string       `json:"tag"`

	Field string     `json:"field"`
	Op    string     `json:"op"`
	Value *RuleValue `json:"value"`
}

func (p plainRule) rule() Rule {
	r := Rule{All: plainRules(p.All), Any: plainRules(p.Any), Tag: p.Tag,
		Field: p.Field, Op: p.Op, Value: p.Value}
	if p.Not != nil {
		r.Not = new(p.Not.rule())
	}
	return r
}

func plainRules(list *[]plainRule) *[]Rule {
	if list == nil {
		return nil
	}
	out := make([]Rule, len(*list))
	for i, p := range *list {
		out[i] = p.rule()
	}
	return &out
}

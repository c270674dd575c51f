package liadesk

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Rule describes an audience as a tree. Exactly one of its parts is set:
// {"all":[…]} {"any":[…]} {"not":…} {"tag":"vip"}. {"all":[]} is everyone,
// {"any":[]} nobody, and {} is refused, so that an empty form never means
// "text everybody".
type Rule struct {
	All *[]Rule `cbor:"1,keyasint,omitempty" json:"all,omitempty"`
	Any *[]Rule `cbor:"2,keyasint,omitempty" json:"any,omitempty"`
	Not *Rule   `cbor:"3,keyasint,omitempty" json:"not,omitempty"`
	Tag string  `cbor:"4,keyasint,omitempty" json:"tag,omitempty"`
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
}

func (p plainRule) rule() Rule {
	r := Rule{All: plainRules(p.All), Any: plainRules(p.Any), Tag: p.Tag}
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

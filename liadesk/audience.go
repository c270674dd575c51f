package liadesk

import (
	"bytes"
	"encoding/json"
	"errors"
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
func (r *Rule) UnmarshalJSON(text []byte) error {
	type plain Rule
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var p plain
	err := dec.Decode(&p)
	if err == nil {
		*r = Rule(p)
		return nil
	}
	var wrong Invalid
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		wrong.Add("rule", "wrong_type")
		return wrong.Err()
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		wrong.Add("rule", "rule_unknown", "Name", strings.Trim(name, `"`))
		return wrong.Err()
	}
	return err
}

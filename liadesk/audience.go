package liadesk

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

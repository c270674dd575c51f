package liadesk

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func TestARuleSaysOnlyWhatIsUnderstood(t *testing.T) {
	for text, code := range map[string]string{
		`{"tag":"vip"}`: "", `{"all":[]}`: "", `{"not":{"any":[{"tag":"a"},{"tag":"b"}]}}`: "", `{}`: "",
		`{"tag":"vip","country":"BR"}`:                   "rule_unknown",
		`{"all":[{"tag":"vip"},{"not":{"tags":["x"]}}]}`: "rule_unknown",
		`{"field":"country","op":"eq","value":"BR"}`:     "", `{"field":"country","op":"in","value":["BR","PT"]}`: "",
		`{"not":{"field":"has_email","op":"eq","value":true}}`: "",
		`{"field":"country","operator":"eq"}`:                  "rule_unknown",
		`{"field":"attributes.n","op":"gt","value":-5.5e3}`:    "",
		`{"field":"attributes.n","op":"gt","value":1e999}`:     "wrong_type",
		`{"field":"country","op":"in","value":["BR",null]}`:    "wrong_type",
		`{"field":"country","op":"in","value":{"a":"BR"}}`:     "wrong_type",
		`{"field":["country"]}`:                                "wrong_type",
		`{"tag":5}`:                                            "wrong_type",
		`{"all":{}}`:                                           "wrong_type",
		`{"any":["vip"]}`:                                      "wrong_type",
		`{"not":[{}]}`:                                         "wrong_type",
		`["vip"]`:                                              "wrong_type",
		`{"all":[{"a":1}]}`:                                    "rule_unknown",
	} {
		var body struct {
			Rule Rule `json:"rule"`
		}
		err := json.Unmarshal([]byte(`{"rule":`+text+`}`), &body)
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			if code != "wrong_type" || wrong.Field != "rule" && !strings.HasPrefix(wrong.Field, "rule.") {
				t.Errorf("%s: got %v of %s, want %s", text, err, wrong.Field, code)
			}
			continue
		}
		e, refused := errors.AsType[*Error](err)
		switch {
		case code == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case code != "" && (!refused || len(e.Fields) != 1 || e.Fields[0].Field != "rule" || e.Fields[0].Code != code):
			t.Errorf("%s: got %v, want %s", text, err, code)
		}
	}
}

// A stranger with a token may send a megabyte of brackets: it is read once, not
// once for each level.
func TestADeepRuleIsReadOnce(t *testing.T) {
	const levels = 9_000
	text := []byte(strings.Repeat(`{"not":`, levels) + `{"tag":"` + strings.Repeat("x", 1<<19) + `"}` + strings.Repeat("}", levels))
	var r Rule
	spent := testing.AllocsPerRun(1, func() {
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
	})
	depth := 0
	for p := &r; p.Not != nil; p = p.Not {
		depth++
	}
	if depth != levels || spent > 20*levels {
		t.Errorf("%d levels were read with %.0f allocations", depth, spent)
	}
}

func TestARuleOverFieldsIsKeptAsItWasSaid(t *testing.T) {
	const text = `{"all":[{"field":"country","op":"eq","value":"BR"},{"field":"language","op":"in","value":["pt","es"]},` +
		`{"field":"has_email","op":"eq","value":false}]}`
	var r, kept Rule
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	stored, err := cbor.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := cbor.Unmarshal(stored, &kept); err != nil {
		t.Fatal(err)
	}
	if said, err := json.Marshal(kept); err != nil || string(said) != text {
		t.Errorf("%s, %v", said, err)
	}
}

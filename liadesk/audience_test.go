package liadesk

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestARuleSaysOnlyWhatIsUnderstood(t *testing.T) {
	for text, code := range map[string]string{
		`{"tag":"vip"}`: "", `{"all":[]}`: "", `{"not":{"any":[{"tag":"a"},{"tag":"b"}]}}`: "", `{}`: "",
		`{"tag":"vip","country":"BR"}`:                   "rule_unknown",
		`{"all":[{"tag":"vip"},{"not":{"tags":["x"]}}]}`: "rule_unknown",
		`{"tag":5}`:         "wrong_type",
		`{"all":{}}`:        "wrong_type",
		`{"any":["vip"]}`:   "wrong_type",
		`{"not":[{}]}`:      "wrong_type",
		`["vip"]`:           "wrong_type",
		`{"all":[{"a":1}]}`: "rule_unknown",
	} {
		var body struct {
			Rule Rule `json:"rule"`
		}
		err := json.Unmarshal([]byte(`{"rule":`+text+`}`), &body)
		e, refused := errors.AsType[*Error](err)
		switch {
		case code == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case code != "" && (!refused || len(e.Fields) != 1 || e.Fields[0].Field != "rule" || e.Fields[0].Code != code):
			t.Errorf("%s: got %v, want %s", text, err, code)
		}
	}
}

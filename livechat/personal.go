package livechat

import (
	"errors"
	"strings"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/wording"
)

// A message may hold variables, as texts do, for visitors who are known
// contacts: {{ contact.first_name | default: "there" }}. They are filled in
// where text stands and nowhere else, after the markup was read, so that a value
// is text whatever it holds. For all others every value is empty, which is what
// default is for.

// checkWording notes what is wrong with the variables of a message.
func checkWording(v *liadesk.Invalid, clean string) error {
	blocks, err := Blocks(clean)
	if err != nil {
		return err
	}
	var look func([]Block) error
	look = func(list []Block) error {
		for _, b := range list {
			if b.T == "text" {
				if _, err := wording.Parse(b.V); err != nil {
					return err
				}
			}
			if err := look(b.C); err != nil {
				return err
			}
		}
		return nil
	}
	err = look(blocks)
	if e, ok := errors.AsType[*wording.Error](err); ok {
		p := e.Problems[0]
		v.Add("message", "template_"+string(p.Kind), "Name", p.Name)
		return nil
	}
	return err
}

// personal fills the variables of a message in for one person. A text that can
// not be filled in, such as one that a value blows up, is left out.
func personal(blocks []Block, v wording.Vars) []Block {
	out := make([]Block, 0, len(blocks))
	for _, b := range blocks {
		if b.T == "text" && strings.Contains(b.V, "{{") {
			t, err := wording.Parse(b.V)
			if err != nil {
				continue
			}
			if b.V, err = t.Render(v); err != nil || b.V == "" {
				continue
			}
		}
		if b.C != nil {
			b.C = personal(b.C, v)
		}
		out = append(out, b)
	}
	return out
}

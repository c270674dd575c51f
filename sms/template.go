package sms

import "github.com/liadesk/campaigns/wording"

// A text may hold variables (package wording). Texts are normalised before they
// are read and after they are filled in, and have one variable more: the address
// of the recipient's opt-out page.

// parseTemplate reads a text, or answers with a *wording.Error.
func parseTemplate(source string) (*wording.Template, error) {
	return wording.Parse(Normalise(source), optOutLink)
}

// render fills in the values of one recipient.
func render(t *wording.Template, v wording.Vars) (string, error) {
	text, err := t.Render(v)
	return Normalise(text), err
}

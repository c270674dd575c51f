package sms

import (
	"slices"

	"github.com/liadesk/campaigns/wording"
)

// A text may hold variables (package wording). Texts are normalised before they
// are read and after they are filled in, and have one variable more: the address
// of the recipient's opt-out page.

// parseTemplate reads a text, or answers with a *wording.Error.
func parseTemplate(source string) (*wording.Template, error) {
	return wording.Parse(Normalise(source), optOutLink)
}

// parseWording is parseTemplate for a text as it goes out, with its links made
// short if they are counted.
func parseWording(w Wording) (*wording.Template, error) {
	if !w.TrackClicks {
		return parseTemplate(w.Message)
	}
	source := w.LinkSource
	if source == "" {
		source, _ = splitLinks(Normalise(w.Message))
	}
	return wording.Parse(source, slices.Concat(trackedLinks, []string{optOutLink})...)
}

// render fills in the values of one recipient.
func render(t *wording.Template, v wording.Vars) (string, error) {
	text, err := t.Render(v)
	return Normalise(text), err
}

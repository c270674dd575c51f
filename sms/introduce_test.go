package sms

import "testing"

func TestANameIsSaidOnlyAsAWordOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		text, name string
		want       bool
	}{
		{"Your place is ready", "Ace", false},
		{"ACE: your place is ready", "Ace", true},
		{"The palace of Ace.", "Ace", true},
		{"Ace2 is ready", "Ace", false},
		{"Juniper & Finch: hello", "juniper & finch", true},
		{"您好，晨光花店为您服务", "晨光花店", true},
		{"Café Été!", "café été", true},
		{"Réace", "ace", false},
		{"", "Ace", false},
		{"Your place", "", true},
	} {
		if got := mentions(c.text, c.name); got != c.want {
			t.Errorf("%q says %q: %v", c.text, c.name, got)
		}
	}
}

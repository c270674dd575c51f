package handlers

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTextsAreShortenedBetweenWords(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"Hello", 10, "Hello"},
		{"Hello there,\nfriend of mine", 16, "Hello there…"},
		{"Hello there, friend", 13, "Hello there…"},
		{strings.Repeat("x", 30), 10, strings.Repeat("x", 10-1) + "…"},
		{"Hi {{ contact.first_name }}, the sale begins tomorrow", 15, "Hi {{ contact.first_name }}…"},
		{"Hi {{ contact.first_name }}", 8, "Hi…"},
		{"Party 👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 9, "Party…"},
		{"👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 9, "👨‍👩‍👧‍👦…"},
		{"🇧🇷🇪🇸🇵🇹🇫🇷", 6, "🇧🇷🇪🇸…"},
	} {
		if got := shorten(c.text, c.n); got != c.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

func FuzzShortenKeepsWholeCharacters(f *testing.F) {
	f.Add("Hi {{ contact.first_name }} 👨‍👩‍👧‍👦 e\u0301", 5)
	f.Add("{{{{}} }}", 3)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n &= 63
		text = strings.ToValidUTF8(text, "")
		got := shorten(text, n)
		if !utf8.ValidString(got) {
			t.Errorf("%q is cut within a character: %q", text, got)
		}
		whole := strings.Join(strings.Fields(text), " ")
		if begin, cut := strings.CutSuffix(got, "…"); cut && got != whole && !strings.HasPrefix(whole, begin) {
			t.Errorf("%q is no beginning of %q", begin, whole)
		}
	})
}

func TestVariablesAreShownByName(t *testing.T) {
	got := pieces(`Hi {{ contact.first_name | default: "you" }}, from {{account.name}}{{ contact.attributes.loyalty_level }}`)
	want := []Piece{{"Hi ", false}, {"first name", true}, {", from ", false}, {"account name", true}, {"loyalty level", true}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

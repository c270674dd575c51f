package sms

import (
	"slices"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/liadesk"
)

func TestGSMSafeWritesWithCheapCharacters(t *testing.T) {
	for _, c := range []struct{ text, plain, folded string }{
		{"It’s “on” – wait…", `It's "on" - wait...`, `It's "on" - wait...`},
		{"a\u00A0b\u200Bc\td", "a bc d", "a bc d"},
		{"½ ＡＢＣ！ ｛｛", "1/2 ABC! ｛｛", "1/2 ABC! ｛｛"},
		{"São Paulo, œuf, é à ñ ü Ç", "São Paulo, œuf, é à ñ ü Ç", "Sao Paulo, oeuf, é à ñ ü Ç"},
		{"’{{ contact.name | default: “ç’” }}ç", "'{{ contact.name | default: “ç’” }}ç", "'{{ contact.name | default: “ç’” }}c"},
		{"👨‍👩‍👧‍👦 ❤️ 1️⃣ 👍🏽 🇧🇷", "👨‍👩‍👧‍👦 ❤️ 1️⃣ 👍🏽 🇧🇷", "👨‍👩‍👧‍👦 ❤️ 1️⃣ 👍🏽 🇧🇷"},
		{"a\r\nb", "a\nb", "a\nb"},
	} {
		if got, _ := GSMSafe(c.text, false); got != c.plain {
			t.Errorf("%q: %q, want %q", c.text, got, c.plain)
		}
		if got, _ := GSMSafe(c.text, true); got != c.folded {
			t.Errorf("%q folded: %q, want %q", c.text, got, c.folded)
		}
	}
	_, replaced := GSMSafe("’’…", false)
	if len(replaced) != 2 || replaced[0].CodePoint != "U+2019" || replaced[0].To != "'" || replaced[1].To != "..." {
		t.Errorf("replaced: %v", replaced)
	}
}

func TestACheaperTextIsOfferedOnlyWithAGain(t *testing.T) {
	for _, c := range []struct {
		text     string
		segments int // 0 for no offer
		folded   bool
	}{
		{"It’s", 0, false}, // one segment either way
		{times("a", 100) + "’", 1, false},
		{times("a", 100) + "ê", 1, true},
		{times("a", 100) + "’😀", 0, false}, // it would stay UCS-2
		{times("…", 60), 0, false},         // 180 septets: dearer
		{times("a", 200), 0, false},
		{times("\u200B", 90), 0, false}, // nothing would be left
	} {
		switch s := MeasureOffering(c.text).Safe; {
		case s == nil && c.segments != 0, s != nil && (s.Segments != c.segments || s.Folded != c.folded):
			t.Errorf("%q: %+v", c.text, s)
		}
	}
}

func TestTheOfferIsCountedWithTheFooter(t *testing.T) {
	account := liadesk.Account{Name: "Acme"}
	text := times("a", 60) + "’ {{ contact.first_name }}"
	m, err := (&Service{}).measureTemplateOffering(account, Wording{Message: text, Purpose: liadesk.PurposeMarketing})
	if err != nil || m.Safe == nil || m.Safe.Segments != 1 || !strings.HasSuffix(m.Safe.Text, "' {{ contact.first_name }}") {
		t.Errorf("%+v %v", m, err)
	}
}

// FuzzGSMSafe: whatever people paste, doing it twice is doing it once, what
// stands between braces and emoji stay, and an offer is a gain.
func FuzzGSMSafe(f *testing.F) {
	for _, c := range knownSizes {
		f.Add(c.text, true)
	}
	f.Add("’{{ contact.name | default: \"ç\" }}…\u0301 a\u200B\u0301 ｛｛ Ａ\u030A", false)
	f.Fuzz(func(t *testing.T, text string, fold bool) {
		safe, replaced := GSMSafe(text, fold)
		if again, _ := GSMSafe(safe, fold); again != safe {
			t.Fatalf("%q, then %q", safe, again)
		}
		if len(replaced) == 0 && safe != Normalise(text) {
			t.Fatal("changed without a word")
		}
		if !slices.Equal(placeholder.FindAllString(Normalise(text), -1), placeholder.FindAllString(safe, -1)) {
			t.Fatalf("%q: other variables", safe)
		}
		for _, r := range "\u200D\uFE0F\u20E3" {
			if strings.Count(safe, string(r)) != strings.Count(Normalise(text), string(r)) {
				t.Fatalf("%q lost %U", safe, r)
			}
		}
		m := MeasureOffering(text)
		if m.Safe != nil {
			if n := Measure(m.Safe.Text); n.Encoding != GSM7 || n.Segments >= m.Segments || n.Segments != m.Safe.Segments {
				t.Fatalf("%+v is no gain over %+v", n, m)
			}
		}
	})
}

// An address with an accent leads nowhere without it, and names keep theirs where
// nothing is gained.
func TestWhatMustNotBePlain(t *testing.T) {
	for text, want := range map[string]string{
		"40° ★ promoção":                            "40 ★ promocao",
		"Já! https://loja.example/promoção. “Olá”":  "Ja! https://loja.example/promoção. \"Ola\"",
		"{{ contact.name | default: 'você' }} é só": "{{ contact.name | default: 'você' }} é so",
	} {
		if got, _ := GSMSafe(text, true); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	// Without what nobody sees it is one segment less, and no GSM-7 all the same.
	text := strings.Repeat("ã", 68) + "★" + strings.Repeat("\u200b", 3)
	if got := folded(text); got != text {
		t.Errorf("%q lost its accents for nothing: %q", text, got)
	}
}

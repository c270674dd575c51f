package sms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

func times(s string, n int) string { return strings.Repeat(s, n) }

// sizesCase is one text counted exactly as it stands, before normalising.
type sizesCase struct {
	name     string
	text     string
	enc      Encoding
	units    int
	segments int
	parts    []int // nil where only their number matters
}

var knownSizes = []sizesCase{
	{"1 plain", "Hello", GSM7, 5, 1, []int{5}},
	{"2 full segment", times("a", 160), GSM7, 160, 1, []int{160}},
	{"3 one over", times("a", 161), GSM7, 161, 2, []int{153, 8}},
	{"4 two full", times("a", 306), GSM7, 306, 2, []int{153, 153}},
	{"5 three", times("a", 307), GSM7, 307, 3, []int{153, 153, 1}},
	{"6 ten full", times("a", 1530), GSM7, 1530, 10, nil},
	{"6 eleven", times("a", 1531), GSM7, 1531, 11, nil},
	{"6 carrier's most", times("a", 1600), GSM7, 1600, 11, nil},
	{"7 euro", "€", GSM7, 2, 1, []int{2}},
	{"8 euro at the end fits", times("a", 158) + "€", GSM7, 160, 1, []int{160}},
	{"9 euro at the end does not", times("a", 159) + "€", GSM7, 161, 2, []int{153, 8}},
	{"10 euros", times("€", 80), GSM7, 160, 1, []int{160}},
	{"10 euros, a pair kept whole", times("€", 81), GSM7, 162, 2, []int{152, 10}},
	{"11 euros, a third segment", times("€", 153), GSM7, 306, 3, []int{152, 152, 2}},
	{"12 pair moved", times("a", 152) + "€" + times("a", 151), GSM7, 305, 2, []int{152, 153}},
	{"13 pair moved, a third segment", times("a", 152) + "€" + times("a", 152), GSM7, 306, 3, []int{152, 153, 1}},
	{"14 pair just fits", times("a", 151) + "€" + times("a", 153), GSM7, 306, 2, []int{153, 153}},
	{"15 extension table", `^{}\[~]€|`, GSM7, 18, 1, []int{18}},
	{"16 brackets", "[" + times("a", 156) + "]", GSM7, 160, 1, []int{160}},
	{"16 brackets, one over", "[" + times("a", 157) + "]", GSM7, 161, 2, []int{153, 8}},
	{"17 LF", "a\nb", GSM7, 3, 1, nil},
	{"17 CR LF", "a\r\nb", GSM7, 4, 1, nil},
	{"18 CR LF over the edge", times("a", 159) + "\r\n", GSM7, 161, 2, []int{153, 8}},
	{"19 form feeds", times("\f", 80), GSM7, 160, 1, []int{160}},
	{"20 tab", "a\tb", UCS2, 3, 1, nil},
	{"20 backtick", "`", UCS2, 1, 1, nil},
	{"20 no-break space", "a\u00a0b", UCS2, 3, 1, nil},
	{"21 composed", "café", GSM7, 4, 1, nil},
	{"21 combining", "cafe\u0301", UCS2, 5, 1, nil},
	{"22 circumflex", "fête", UCS2, 4, 1, []int{4}},
	{"23 capital cedilla", "Ça", GSM7, 2, 1, nil},
	{"23 small cedilla", "ça", UCS2, 2, 1, nil},
	{"24 São", "São", UCS2, 3, 1, nil},
	{"24 día", "día", UCS2, 3, 1, nil},
	{"24 œuf", "œuf", UCS2, 3, 1, nil},
	{"24 degree", "20°", UCS2, 3, 1, nil},
	{"25 Spanish", "España ¿Qué?", GSM7, 12, 1, nil},
	{"25 German", "Straße Müller", GSM7, 13, 1, nil},
	{"25 small à", "à la", GSM7, 4, 1, nil},
	{"25 Greek capitals", "ΔΩ", GSM7, 2, 1, nil},
	{"26 capital À", "À la", UCS2, 4, 1, nil},
	{"26 Greek", "Αθήνα", UCS2, 5, 1, nil},
	{"27 curly apostrophe", "It\u2019s", UCS2, 4, 1, nil},
	{"27 curly quotes", "\u201chi\u201d", UCS2, 4, 1, nil},
	{"27 dash", "a\u2014b", UCS2, 3, 1, nil},
	{"27 ellipsis", "wait\u2026", UCS2, 5, 1, nil},
	{"28 byte order mark", "\ufeffHi", UCS2, 3, 1, nil},
	{"28 zero width space", "a\u200bb", UCS2, 3, 1, nil},
	{"29 full", "ê" + times("a", 69), UCS2, 70, 1, []int{70}},
	{"29 one over", "ê" + times("a", 70), UCS2, 71, 2, []int{67, 4}},
	{"30 two full", "ê" + times("a", 133), UCS2, 134, 2, []int{67, 67}},
	{"30 three", "ê" + times("a", 134), UCS2, 135, 3, []int{67, 67, 1}},
	{"31 extension costs one here", "ê" + times("€", 69), UCS2, 70, 1, []int{70}},
	{"31 and over", "ê" + times("[", 70), UCS2, 71, 2, []int{67, 4}},
	{"32 Chinese", times("你", 70), UCS2, 70, 1, nil},
	{"32 Chinese, two", times("你", 71), UCS2, 71, 2, nil},
	{"33 emoji", "😀", UCS2, 2, 1, []int{2}},
	{"34 emoji at the end", times("a", 68) + "😀", UCS2, 70, 1, []int{70}},
	{"34 emoji over the end", times("a", 69) + "😀", UCS2, 71, 2, []int{67, 4}},
	{"35 surrogates moved", times("a", 66) + "😀" + times("a", 65), UCS2, 133, 2, []int{66, 67}},
	{"36 surrogates moved, a third", times("a", 66) + "😀" + times("a", 66), UCS2, 134, 3, []int{66, 67, 1}},
	{"37 surrogates fit", times("a", 65) + "😀" + times("a", 67), UCS2, 134, 2, []int{67, 67}},
	{"38 35 emoji", times("😀", 35), UCS2, 70, 1, nil},
	{"38 36 emoji", times("😀", 36), UCS2, 72, 2, nil},
	{"38 66 emoji", times("😀", 66), UCS2, 132, 2, nil},
	{"38 67 emoji", times("😀", 67), UCS2, 134, 3, []int{66, 66, 2}},
	{"39 skin tone", "👍🏽", UCS2, 4, 1, nil},
	{"39 keycap", "1\ufe0f\u20e3", UCS2, 3, 1, nil},
	{"39 heart", "❤\ufe0f", UCS2, 2, 1, nil},
	{"39 flag", "🇧🇷", UCS2, 4, 1, nil},
	{"40 family", family, UCS2, 11, 1, nil},
	{"40 six families", times(family, 6), UCS2, 66, 1, nil},
	{"40 seven families", times(family, 7), UCS2, 77, 2, []int{66, 11}},
	{"41 flags", times("🇧🇷", 33), UCS2, 132, 2, []int{66, 66}},
	{"42 astronauts", times("👩🏽\u200d🚀", 28), UCS2, 196, 3, []int{67, 66, 63}},
	{"43 CR LF in UCS-2", "ê" + times("a", 65) + "\r\n" + times("a", 66), UCS2, 134, 2, []int{67, 67}},
	{"44 Hindi", "नमस्ते", UCS2, 6, 1, nil},
	{"44 Arabic", "مرحبا", UCS2, 5, 1, nil},
	{"empty", "", GSM7, 0, 0, []int{}},
}

const family = "👨\u200d👩\u200d👧\u200d👦"

func TestSizesOfKnownTexts(t *testing.T) {
	for _, c := range knownSizes {
		t.Run(c.name, func(t *testing.T) {
			m := measure(c.text)
			if m.Encoding != c.enc || m.Units != c.units || m.Segments != c.segments {
				t.Errorf("got %s %d units %d segments, want %s %d %d", m.Encoding, m.Units, m.Segments, c.enc, c.units, c.segments)
			}
			if c.parts != nil && !slices.Equal(m.Parts, c.parts) {
				t.Errorf("parts %v, want %v", m.Parts, c.parts)
			}
			if len(m.Parts) != c.segments {
				t.Errorf("%d parts for %d segments", len(m.Parts), c.segments)
			}
		})
	}
}

func TestMeasureCountsWhatIsSentAfterNormalising(t *testing.T) {
	for _, c := range []struct {
		text  string
		enc   Encoding
		units int
	}{
		{"a\r\nb", GSM7, 3},
		{"a\rb", GSM7, 3},
		{times("a", 159) + "\r\n", GSM7, 160},
		{"cafe\u0301", GSM7, 4},
		{"10\u2126", GSM7, 3}, // the ohm sign is composed to the Greek letter
		{"ê" + times("a", 65) + "\r\n" + times("a", 66), UCS2, 133}, // one line end, one unit
		{"a\xffb", UCS2, 3},
	} {
		m := Measure(c.text)
		if m.Encoding != c.enc || m.Units != c.units {
			t.Errorf("%q: %s %d, want %s %d", c.text, m.Encoding, m.Units, c.enc, c.units)
		}
	}
}

func TestRemainingIsWhatFitsBeforeTheNextSegment(t *testing.T) {
	for text, want := range map[string]int{
		"":                            160,
		"Hello":                       155,
		times("a", 160):               0,
		times("a", 161):               145,
		"ê":                           69,
		"ê" + times("a", 70):          63,
		times("€", 81):                143,
		times("a", 66) + "😀aaaaaaaaa": 67 - 11,
	} {
		if got := Measure(text).Remaining; got != want {
			t.Errorf("%.10q…: %d remaining, want %d", text, got, want)
		}
	}
}

func TestCostlyCharactersAreNamedOnceWithTheirCodePoints(t *testing.T) {
	for text, want := range map[string][]Costly{
		"plain":            {},
		"10 € or [20 €]":   {{"€", "U+20AC"}, {"[", "U+005B"}, {"]", "U+005D"}},
		"It\u2019s 10 €":   {{"\u2019", "U+2019"}}, // in UCS-2 the euro costs one
		"😀 ok 😀 \u200b":    {{"😀", "U+1F600"}, {"\u200b", "U+200B"}},
		"São Paulo `now`":  {{"ã", "U+00E3"}, {"`", "U+0060"}},
		"line\tone\nline2": {{"\t", "U+0009"}},
	} {
		if diff := cmp.Diff(want, Measure(text).Costly); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	if n := len(Measure("абвгдежзийклмнопрстуфхцчшщъыьэюя").Costly); n != maxCostly {
		t.Errorf("a text in its own alphabet names %d characters", n)
	}
}

func TestLengthIsHeldAgainstTheAccountAndTheCarrier(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		max  int
		want *TooLongError
	}{
		{"ten segments", times("a", 1530), 0, nil},
		{"eleven segments", times("a", 1531), 0, &TooLongError{"segments", 11, 10}},
		{"an account with a lower limit", times("a", 161), 1, &TooLongError{"segments", 2, 1}},
		{"a setting cannot lift the carrier's limit", times("a", 1601), 50, &TooLongError{"units", 1601, 1600}},
		{"bytes, not characters, in UCS-2", times("你", 246), 50, &TooLongError{"bytes", 738, 737}},
		{"bytes just fit", times("你", 245) + "aa", 50, nil},
	} {
		err := CheckLength(Measure(c.text), c.max)
		var got *TooLongError
		errors.As(err, &got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	for _, blank := range []string{"", " \r\n ", "\u00a0"} {
		if err := CheckLength(Measure(blank), 0); !errors.Is(err, ErrEmptyText) {
			t.Errorf("%q: %v", blank, err)
		}
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	for _, text := range []string{times("Hello [you] ", 30), times("Olá você ", 30)} {
		if n := testing.AllocsPerRun(10, func() { Segments(text) }); n != 0 {
			t.Errorf("%.10q…: %v allocations", text, n)
		}
	}
}

// FuzzMeasure: whatever people paste, the parts add up, none is over its size,
// none could have been avoided, and the short count agrees with the long one.
func FuzzMeasure(f *testing.F) {
	for _, c := range knownSizes {
		f.Add(c.text)
	}
	f.Add("\xff\xfe\r\r\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		n := Normalise(text)
		if !utf8.ValidString(n) || strings.Contains(n, "\r") || !norm.NFC.IsNormalString(n) {
			t.Fatalf("%q is not normal", n)
		}
		if Normalise(n) != n {
			t.Fatal("normalising twice changes the text")
		}
		m := Measure(text)
		single, part := sizes(m.Encoding)
		sum := 0
		for i, p := range m.Parts {
			sum += p
			if p < 1 || len(m.Parts) == 1 && p > single || len(m.Parts) > 1 && p > part {
				t.Fatalf("part %d of %v", i, m.Parts)
			}
			if i < len(m.Parts)-1 && p < part-1 {
				t.Fatalf("part %d of %v wastes more than a pair needs", i, m.Parts)
			}
		}
		if sum != m.Units || m.Segments != len(m.Parts) || m.Remaining < 0 {
			t.Fatalf("%+v does not add up", m)
		}
		if enc, segments := Segments(text); enc != m.Encoding || segments != m.Segments {
			t.Fatalf("short count %s %d, long count %+v", enc, segments, m)
		}
	})
}

func BenchmarkSegments(b *testing.B) {
	for name, text := range map[string]string{
		"ascii": times("Hello, your table is ready. ", 5),
		"gsm":   times("Straße à 10 €. ", 9),
		"ucs2":  times("Olá, você 😀 ", 12),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Segments(text)
			}
		})
	}
}

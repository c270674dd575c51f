package sms

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// One curly quote that a word processor put in brings a whole text down from
// 160 to 70 characters a segment. Here is what such characters can be written
// as. Nothing is ever changed by itself: the text is offered, and a person takes
// it or not.

// Replacement is a character that was written otherwise.
type Replacement struct {
	Costly
	// To is "" for a character that nobody sees and that was left out.
	To string
}

// SafeText is a text as it could be written to cost less.
type SafeText struct {
	Text     string `json:"text"`
	Segments int    `json:"segments"`
	// Folded tells that letters lost their accents, which changes spelling.
	Folded bool `json:"folded"`
	// Replaced has each character once, in order of appearance.
	Replaced []Replacement `json:"-"`
}

// plainer has what is written otherwise without changing a word.
var plainer = func() map[rune]string {
	t := make(map[rune]string)
	for to, from := range map[string]string{
		"'":   "\u2018\u2019\u201A\u201B\u00B4\u2032`",
		`"`:   "\u201C\u201D\u201E\u00AB\u00BB\u2033",
		"-":   "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022",
		"...": "\u2026",
		"<":   "\u2039",
		">":   "\u203A",
		" ":   "\t\u00A0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u3000",
		"\n":  "\u2028\u2029",
		"":    "\u200B\u200C\u2060\uFEFF\u00AD",
		"1/2": "½", "1/4": "¼", "3/4": "¾",
	} {
		for _, r := range from {
			t[r] = to
		}
	}
	// The full-width forms of ASCII, but for those that could make a variable
	// where there was none.
	for r := rune(0xFF01); r <= 0xFF5E; r++ {
		if to := r - 0xFF01 + '!'; !strings.ContainsRune("{}%`", to) {
			t[r] = string(to)
		}
	}
	return t
}()

// unaccented has the Latin letters that GSM-7 has only without their accent:
// those that Unicode takes apart into a plain letter and marks, and some that it
// does not; and the degree sign, which nobody misses. Those that GSM-7 has with
// an accent, as é and ñ, stay.
var unaccented = func() map[rune]string {
	t := map[rune]string{'œ': "oe", 'Œ': "OE", 'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "Th",
		'ħ': "h", 'Ħ': "H", 'ŧ': "t", 'Ŧ': "T", 'ı': "i", 'ŋ': "n", 'Ŋ': "N", '°': ""}
	for _, block := range [][2]rune{{0x00C0, 0x024F}, {0x1E00, 0x1EFF}} {
		for r := block[0]; r <= block[1]; r++ {
			parts := []rune(norm.NFD.String(string(r)))
			plain := parts[0] < utf8.RuneSelf && unicode.IsLetter(parts[0]) && len(parts) > 1
			if plain && Measure(string(r)).Encoding != GSM7 {
				t[r] = string(parts[0])
			}
		}
	}
	return t
}()

// placeholder is what stands between braces, and is nobody's to change.
var placeholder = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)

// GSMSafe writes a template with characters of GSM-7 as far as that goes, with
// fold also without the accents that GSM-7 lacks. It changes nothing within
// {{ … }} or a web address, and nothing that a mark, a joiner or a variation
// selector follows: so emoji stay whole. What it gives it gives back when asked
// again.
func GSMSafe(text string, fold bool) (string, []Replacement) {
	text = Normalise(text)
	var (
		out  strings.Builder
		done []Replacement
		at   int
	)
	for _, p := range append(untouched(text), []int{len(text), len(text)}) {
		for ; at < p[0]; at += utf8.RuneLen(runeAt(text, at)) {
			r := runeAt(text, at)
			to, ok := plainer[r]
			if !ok && fold {
				to, ok = unaccented[r]
			}
			if !ok || joined(text[at+utf8.RuneLen(r):]) {
				out.WriteRune(r)
				continue
			}
			out.WriteString(to)
			if c := costlyOf(r); !slices.ContainsFunc(done, func(d Replacement) bool { return d.Costly == c }) {
				done = append(done, Replacement{c, to})
			}
		}
		out.WriteString(text[p[0]:p[1]])
		at = p[1]
	}
	return out.String(), done
}

// untouched are the pieces of a template that mean something to others than who
// reads it: variables, and web addresses, which would lead elsewhere.
func untouched(text string) (list [][]int) {
	at := 0
	between := func(to int) {
		for _, a := range WebAddresses(text[at:to]) {
			list = append(list, []int{at + a[0], at + a[1]})
		}
	}
	for _, p := range placeholder.FindAllStringIndex(text, -1) {
		between(p[0])
		list, at = append(list, p), p[1]
	}
	between(len(text))
	return list
}

func runeAt(text string, at int) rune {
	r, _ := utf8.DecodeRuneInString(text[at:])
	return r
}

// joined tells whether a text begins with what belongs to the character before.
func joined(rest string) bool {
	if rest == "" {
		return false
	}
	r := runeAt(rest, 0)
	return r == '\u200D' || unicode.IsMark(r) || !norm.NFC.PropertiesString(rest).BoundaryBefore()
}

// saferText is the cheapest honest offer for a text that was measured as m, or
// nil: wholly GSM-7, in fewer segments, and with the same variables. Accents are
// touched only if nothing is gained without. How a text is measured is the
// caller's, who knows its footer and its sample.
func saferText(text string, m Measurement, measured func(string) (Measurement, error)) *SafeText {
	if m.Encoding == GSM7 {
		return nil
	}
	for _, fold := range []bool{false, true} {
		safe, replaced := GSMSafe(text, fold)
		n, err := measured(safe)
		if err != nil || n.Encoding != GSM7 || n.blank || n.Segments == 0 || n.Segments >= m.Segments || !slices.Equal(placeholder.FindAllString(Normalise(text), -1), placeholder.FindAllString(safe, -1)) {
			continue
		}
		return &SafeText{Text: safe, Segments: n.Segments, Folded: fold, Replaced: replaced}
	}
	return nil
}

// MeasureOffering is Measure, with a cheaper way to write the text if there is
// one.
func MeasureOffering(text string) Measurement {
	m := Measure(text)
	m.Safe = saferText(text, m, func(s string) (Measurement, error) { return Measure(s), nil })
	return m
}

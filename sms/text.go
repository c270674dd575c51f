package sms

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Encoding is how a text travels, in the words that people in the trade use.
type Encoding string

const (
	// GSM7 is the GSM 7-bit default alphabet with its extension table
	// (3GPP TS 23.038 §6.2.1); its unit is the septet.
	GSM7 Encoding = "GSM-7"
	// UCS2 is what a text travels in as soon as one character is outside of
	// that alphabet. It is UTF-16 in practice; its unit is the code unit.
	UCS2 Encoding = "UCS-2"
)

// Units that one segment holds: alone, and as a part of several, where the
// header that joins them takes its share (3GPP TS 23.040 §9.2.3.24.1).
const (
	gsmSingle  = 160
	gsmPart    = 153
	ucs2Single = 70
	ucs2Part   = 67
)

// The carrier's own limits for one text (Plivo, "Send a message"): 1,600
// characters in GSM-7; 737 in UCS-2, which it has been seen to count in bytes
// of UTF-8, so bytes are what is held against it here.
const (
	CarrierMaxUnitsGSM  = 1600
	CarrierMaxBytesUCS2 = 737
)

// DefaultMaxSegments is the product's limit where an account has set no other.
const DefaultMaxSegments = 10

// maxCostly bounds Measurement.Costly. A text in an alphabet of its own has
// dozens of such characters; past a handful the list teaches nobody anything.
const maxCostly = 20

// Measurement says what a text costs. The field names are those of the API.
type Measurement struct {
	Encoding Encoding `json:"encoding"`
	// Units are septets in GSM-7 and UTF-16 code units in UCS-2.
	Units    int `json:"units"`
	Segments int `json:"segments"`
	// Parts has the units of each segment, in order. It is never nil.
	Parts []int `json:"parts"`
	// Remaining is how many units still fit before one more segment begins.
	Remaining int `json:"remaining"`
	// Costly names, once each and in order of appearance, the characters that
	// make the text dear: in UCS-2 those outside of GSM-7, which bring down the
	// whole text to 70 units a segment; in GSM-7 those that take two units.
	// At most 20 are named. It is never nil.
	Costly []Costly `json:"costly"`
	// Bytes is the length in UTF-8, which the carrier limits for UCS-2.
	Bytes int `json:"bytes"`
	// Safe is a way to write the text in fewer segments, nil if none is known or
	// none was asked for.
	Safe *SafeText `json:"gsm_safe,omitempty"`

	blank bool
}

// Costly is a character that makes a text dear.
type Costly struct {
	Char string `json:"char"`
	// CodePoint is in the form U+2019: many of these characters cannot be told
	// from a cheap one by eye, and some cannot be seen at all.
	CodePoint string `json:"code_point"`
}

// ErrEmptyText is CheckLength's answer for a text without a visible character.
var ErrEmptyText = errors.New("sms: the text is empty")

// TooLongError says which limit a text is over, and by how much.
type TooLongError struct {
	// Limit is "segments" (the account's own), or the carrier's: "units" for
	// GSM-7, "bytes" for UCS-2.
	Limit    string
	Got, Max int
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("sms: the text has %d %s and may have %d", e.Got, e.Limit, e.Max)
}

// gsm has the cost in septets of each character below U+0400, 0 for those that
// the alphabet lacks. Above that only the euro sign belongs to it.
var gsm = func() (t [0x400]uint8) {
	const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	for _, r := range basic {
		t[r] = 1
	}
	for _, r := range "\f^{}\\[~]|" {
		t[r] = 2
	}
	return t
}()

// septets is the cost of a character in GSM-7, or 0 if it is not in it.
func septets(r rune) int {
	if r < 0x400 {
		return int(gsm[r])
	}
	if r == '€' {
		return 2
	}
	return 0
}

// codeUnits is the cost of a character in UCS-2.
func codeUnits(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// Normalise gives the form in which a text is counted, stored and sent: every
// line end a single LF (a form post turns each into CR LF, one unit more per
// line), Unicode NFC (an e with a combining accent is in no SMS alphabet, é is),
// and valid UTF-8, since anything else would be replaced on its way out.
func Normalise(text string) string {
	ascii := true
	for i := 0; i < len(text); i++ {
		if text[i] == '\r' {
			text = strings.ReplaceAll(text, "\r\n", "\n")
			text = strings.ReplaceAll(text, "\r", "\n")
			break
		}
		if text[i] >= utf8.RuneSelf {
			ascii = false
		}
	}
	if ascii && isASCII(text) {
		return text
	}
	return norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD"))
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Measure says what a text costs when it is sent: it is normalised first, as it
// is before sending. An empty text has no segments and no parts.
func Measure(text string) Measurement { return measure(Normalise(text)) }

// Segments is Measure for those who only add up: it allocates nothing for a
// text that needs no normalising.
func Segments(text string) (Encoding, int) {
	text = Normalise(text)
	enc, units := count(text)
	n, _ := split(text, enc, units, nil)
	return enc, n
}

// measure counts a text exactly as it is given.
func measure(text string) Measurement {
	enc, units := count(text)
	m := Measurement{Encoding: enc, Units: units, Parts: []int{}, Costly: []Costly{}, Bytes: len(text)}
	m.blank = strings.TrimSpace(text) == ""
	single, part := sizes(enc)
	m.Segments, m.Parts = split(text, enc, units, m.Parts)
	switch {
	case m.Segments <= 1:
		m.Remaining = single - units
	default:
		m.Remaining = part - m.Parts[len(m.Parts)-1]
	}
	m.Costly = costly(text, enc, m.Costly)
	return m
}

// count finds the encoding of a text and its length in units of it.
func count(text string) (Encoding, int) {
	gsmUnits, i := 0, 0
	for ; i < len(text) && text[i] < utf8.RuneSelf; i++ {
		c := gsm[text[i]]
		if c == 0 {
			break
		}
		gsmUnits += int(c)
	}
	for _, r := range text[i:] {
		c := septets(r)
		if c == 0 {
			return UCS2, utf16Length(text)
		}
		gsmUnits += c
	}
	return GSM7, gsmUnits
}

func utf16Length(text string) int {
	n := 0
	for _, r := range text {
		n += codeUnits(r)
	}
	return n
}

func sizes(enc Encoding) (single, part int) {
	if enc == GSM7 {
		return gsmSingle, gsmPart
	}
	return ucs2Single, ucs2Part
}

// split fills the parts in order. Neither an escape with its character nor a
// surrogate pair may be cut: what does not fit whole goes to the next part, so
// that the number of parts can be more than units divided by size. With parts
// nil only the number of segments is counted.
func split(text string, enc Encoding, units int, parts []int) (int, []int) {
	single, part := sizes(enc)
	if units == 0 {
		return 0, parts
	}
	if units <= single {
		if parts != nil {
			parts = append(parts, units)
		}
		return 1, parts
	}
	cost := septets
	if enc == UCS2 {
		cost = codeUnits
	}
	n, filled := 1, 0
	for _, r := range text {
		c := cost(r)
		if filled+c > part {
			if parts != nil {
				parts = append(parts, filled)
			}
			n, filled = n+1, 0
		}
		filled += c
	}
	if parts != nil {
		parts = append(parts, filled)
	}
	return n, parts
}

func costly(text string, enc Encoding, out []Costly) []Costly {
	var seen map[rune]bool
	for _, r := range text {
		c := septets(r)
		if c == 1 || c == 2 && enc == UCS2 || seen[r] {
			continue
		}
		if seen == nil {
			seen = make(map[rune]bool, 4)
		}
		seen[r] = true
		out = append(out, costlyOf(r))
		if len(out) == maxCostly {
			break
		}
	}
	return out
}

func costlyOf(r rune) Costly { return Costly{Char: string(r), CodePoint: fmt.Sprintf("U+%04X", r)} }

// CheckLength holds a measured text against the account's limit in segments
// (0 stands for the default) and the carrier's limits, which no setting can
// lift. It answers with ErrEmptyText or a *TooLongError. Whoever sends checks
// every rendered text again: a long name can make one that was never shown to
// anybody.
func CheckLength(m Measurement, maxSegments int) error {
	if maxSegments <= 0 {
		maxSegments = DefaultMaxSegments
	}
	switch {
	case m.Segments == 0 || m.blank:
		return ErrEmptyText
	case m.Segments > maxSegments:
		return &TooLongError{Limit: "segments", Got: m.Segments, Max: maxSegments}
	case m.Encoding == GSM7 && m.Units > CarrierMaxUnitsGSM:
		return &TooLongError{Limit: "units", Got: m.Units, Max: CarrierMaxUnitsGSM}
	case m.Encoding == UCS2 && m.Bytes > CarrierMaxBytesUCS2:
		return &TooLongError{Limit: "bytes", Got: m.Bytes, Max: CarrierMaxBytesUCS2}
	}
	return nil
}

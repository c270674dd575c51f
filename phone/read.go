package phone

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxInput bounds what is looked at, in bytes. The longest way to write a number
// is far shorter.
const maxInput = 250

// An input is a number as written, reduced to what counts.
type input struct {
	plus   bool
	digits string // ASCII digits
	bare   string // digits without a bracketed zero, when there is one
}

// first tries the digits as written, then without the bracketed zero of
// "+44 (0)…". In that order, because in Italy the zero belongs to the number.
// The error is that of the first try.
func (in input) first(try func(digits string) (Number, error)) (Number, error) {
	n, err := try(in.digits)
	if err != nil && in.bare != "" {
		if m, bareErr := try(in.bare); bareErr == nil {
			return m, nil
		}
	}
	return n, err
}

var (
	exponent = regexp.MustCompile(`^\+?\d+(?:[.,]\d+)?[eE] ?[+-]?\d+$`)
	decimal  = regexp.MustCompile(`^\+?\d{6,}[.,]0+$`)
	// An extension follows a number long enough to stand alone. The word may
	// be English, Spanish, Portuguese, French or German.
	extension = regexp.MustCompile(`(?i)^(.*\d.*?)[ ;,]*(?:extension|extensión|extensão|extn|ext|ramal|interno|int|anexo|poste|durchwahl|x|#)[ .:=]*\d{1,6}$`)
	notNumber = regexp.MustCompile(`[^0-9+(). -]+`)
	zero      = regexp.MustCompile(`\( *0 *\)`)
)

// read reduces a written number to its digits, or refuses it.
func read(raw string) (input, error) {
	if len(raw) > maxInput {
		return input{}, refuse(TooLong)
	}
	if digits := strings.TrimPrefix(raw, "+"); digits != "" && strings.Trim(digits, "0123456789") == "" {
		return input{plus: len(digits) < len(raw), digits: digits}, nil // as programs write numbers: most of a large file
	}
	s := tidy(raw)
	if !strings.ContainsFunc(s, isLetterOrDigit) {
		if strings.Trim(s, "+-.()/ ") == "" {
			return input{}, refuse(Empty)
		}
		return input{}, refuse(Symbols)
	}
	switch {
	case exponent.MatchString(s):
		return input{}, refuse(SpreadsheetExponent)
	case decimal.MatchString(s):
		return input{}, refuse(SpreadsheetDecimal)
	}
	if m := extension.FindStringSubmatch(s); m != nil && countDigits(m[1]) >= 6 && !strings.ContainsFunc(m[1], unicode.IsLetter) {
		return input{}, refuse(Extension)
	}
	switch {
	case several(s):
		return input{}, refuse(SeveralNumbers)
	case strings.ContainsFunc(s, unicode.IsLetter):
		return input{}, refuse(Letters)
	}
	return reduce(s)
}

// reduce takes a number without letters down to its digits.
func reduce(s string) (input, error) {
	before, after, plus := strings.Cut(s, "+")
	if plus && (strings.Contains(after, "+") || countDigits(before) > 0) {
		return input{}, refuse(Symbols)
	}
	var digits strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !strings.ContainsRune("+-.()/ ", r):
			return input{}, refuse(Symbols)
		}
	}
	in := input{plus: plus, digits: digits.String()}
	if loc := zero.FindStringIndex(s); loc != nil {
		if bare := onlyDigits(s[:loc[0]] + s[loc[1]:]); bare != "" {
			in.bare = bare
		}
	}
	return in, nil
}

// tidy makes look-alikes equal: digits of every script become ASCII, the many
// spaces, hyphens and full-width signs their plain forms; invisible characters
// that phones and chat programs copy along (direction marks, joiners, byte order
// marks) vanish, and with them the apostrophe by which a spreadsheet keeps a
// number as text, and a link's tel:.
func tidy(raw string) string {
	var b strings.Builder
	for _, r := range raw {
		switch {
		case r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			b.WriteByte('\n') // two lines in a cell are two things
		case r == '\t' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Cf, r):
		case unicode.Is(unicode.Pd, r) || r == '\u2212':
			b.WriteByte('-')
		case r == '+' || r == '\uff0b':
			b.WriteByte('+')
		case r >= '\uff08' && r <= '\uff0f': // full-width ( ) * + , - . /
			b.WriteRune(r - '\uff08' + '(')
		case unicode.Is(unicode.Nd, r):
			b.WriteByte(digit(r))
		default:
			b.WriteRune(r)
		}
	}
	s := strings.TrimSpace(b.String())
	s = strings.TrimSpace(strings.TrimLeft(s, "'’‘`´"))
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") {
		s = strings.TrimSpace(s[4:])
	}
	return s
}

// digit is the ASCII digit of a decimal digit of any script. Unicode keeps the
// ten digits of a script together and in order, from zero (Unicode 16 §4.6), and
// its tables begin each run at a zero.
func digit(r rune) byte {
	for _, run := range unicode.Nd.R16 {
		if r >= rune(run.Lo) && r <= rune(run.Hi) {
			return byte('0' + (r-rune(run.Lo))%10)
		}
	}
	for _, run := range unicode.Nd.R32 {
		if r >= rune(run.Lo) && r <= rune(run.Hi) {
			return byte('0' + (r-rune(run.Lo))%10)
		}
	}
	return '?'
}

// several reports whether a cell holds two numbers: two runs of seven digits or
// more with anything between them that is not part of one number, or two plus
// signs, or more digits than E.164 allows with a gap between two numbers.
// A lone slash or a hyphen after an area code does not make two numbers.
func several(s string) bool {
	const enough = 7 // digits of a number that stands alone
	long := 0
	for _, part := range notNumber.Split(s, -1) {
		if countDigits(part) >= enough {
			long++
		}
	}
	if long > 1 {
		return true
	}
	if first, rest, ok := strings.Cut(strings.TrimPrefix(s, "+"), "+"); ok && countDigits(first) >= enough && countDigits(rest) >= enough {
		return true
	}
	if countDigits(s) > 15 {
		long = 0
		for _, part := range strings.Fields(s) {
			if countDigits(part) >= enough {
				long++
			}
		}
	}
	return long > 1
}

func isLetterOrDigit(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || r >= '0' && r <= '9')
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func allDigits(s string) bool { return countDigits(s) == len(s) }

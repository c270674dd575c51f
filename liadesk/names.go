package liadesk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// AttributeName is how an attribute is called in messages: small letters, digits
// and underscores, without digits in front ("Fecha de alta" is fecha_de_alta).
// "" when nothing is left.
func AttributeName(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(OneLine(s))) {
		switch {
		case r >= 'a' && r <= 'z', r == '_', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return strings.Trim(b.String(), "_")
}

// StoredAttribute is the name of an attribute of which one speaks: as it is, if
// contacts can have it like that, else as AttributeName makes it.
func StoredAttribute(s string) string {
	lower := strings.ToLower(strings.TrimSpace(s))
	if strings.Trim(lower, "_abcdefghijklmnopqrstuvwxyz0123456789") == "" {
		return lower
	}
	return AttributeName(s)
}

// OneLine makes one line of a text: no control characters, no space at the ends
// or twice.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, r == '\uFEFF', r == '\u200B':
			return -1
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		}
		return r
	}, s)
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// FoldTag makes tags comparable: small letters, single spaces.
func FoldTag(s string) string { return strings.ToLower(OneLine(s)) }

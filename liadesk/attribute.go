package liadesk

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// AttributeName is how an attribute is called in messages: small letters,
// digits and underscores, beginning with a letter ("Fecha de alta" is
// fecha_de_alta). "" when nothing is left.
func AttributeName(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(strings.ToValidUTF8(s, ""))) {
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

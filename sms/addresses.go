package sms

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// webScheme begins an address.
var webScheme = regexp.MustCompile(`(?i)\bhttps?://`)

// WebAddresses finds the http and https addresses in a text, as pairs of where
// each begins and ends. It leaves out what belongs to the sentence around: a
// full stop or bracket behind it, quotes and dashes of typography.
func WebAddresses(text string) [][2]int {
	var list [][2]int
	for at := 0; ; {
		m := webScheme.FindStringIndex(text[at:])
		if m == nil {
			return list
		}
		from, to := at+m[0], at+m[1]
		for to < len(text) {
			r, size := utf8.DecodeRuneInString(text[to:])
			if r < utf8.RuneSelf && (r <= ' ' || strings.ContainsRune("<>\"{}\x7f", r)) || r >= utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				break
			}
			to += size
		}
		at = to
		address := trimAddress(text[from:to])
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			list = append(list, [2]int{from, from + len(address)})
		}
	}
}

// trimAddress takes off what ends the sentence and not the address: a bracket
// only where it was not opened in it.
func trimAddress(s string) string {
	for s != "" {
		switch last := s[len(s)-1]; last {
		case '.', ',', ';', ':', '!', '?', '\'':
		case ')', ']':
			open := map[byte]string{')': "(", ']': "["}[last]
			if strings.Count(s, open) >= strings.Count(s, string(last)) {
				return s
			}
		default:
			return s
		}
		s = s[:len(s)-1]
	}
	return s
}

// splitLinks puts variables in the place of the addresses of a message, and
// gives what they were. One that a variable follows at once is the recipient's
// own, and stays.
func splitLinks(message string) (source string, targets []string) {
	var out strings.Builder
	for rest := message; rest != ""; {
		text, after, variable := strings.Cut(rest, "{{")
		at := 0
		for _, m := range WebAddresses(text) {
			if variable && !strings.ContainsFunc(text[m[1]:], unicode.IsSpace) || len(targets) == maxTracked {
				continue
			}
			out.WriteString(text[at:m[0]])
			fmt.Fprintf(&out, "{{ %s }}", trackedLink(len(targets)))
			targets = append(targets, text[m[0]:m[1]])
			at = m[1]
		}
		out.WriteString(text[at:])
		if !variable {
			break
		}
		object, tail, closed := strings.Cut(after, "}}")
		out.WriteString("{{" + object)
		if closed {
			out.WriteString("}}")
		}
		rest = tail
	}
	return out.String(), targets
}

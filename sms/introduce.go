package sms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/liadesk/campaigns/liadesk"
)

// introduced begins a text with the account's name, if the account wants that
// and neither the text nor the footer says it.
func introduced(account liadesk.Account, text string, purpose liadesk.Purpose) string {
	name := strings.TrimSpace(account.Name)
	said := strings.ToLower(text)
	if purpose != liadesk.PurposeTransactional {
		said += "\n" + strings.ToLower(account.Settings.Footer)
	}
	if !account.Settings.Introduce || name == "" || mentions(said, name) {
		return text
	}
	return name + ": " + text
}

// mentions tells whether a text says a name: as a word of its own, but for
// alphabets that part no words.
func mentions(text, name string) bool {
	if name == "" {
		return true
	}
	text, name = strings.ToLower(text), strings.ToLower(name)
	for from := 0; ; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(name):])
		if !continues(before) && !continues(after) {
			return true
		}
		_, n := utf8.DecodeRuneInString(text[at:])
		from = at + n
	}
}

// continues tells whether a character next to a word is a part of it.
func continues(r rune) bool {
	return r != utf8.RuneError && (unicode.IsDigit(r) || unicode.IsLetter(r) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

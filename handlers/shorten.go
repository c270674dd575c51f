package handlers

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// variable is a place in a text where a recipient's value goes.
var variable = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// shorten gives the beginning of a text, of about n characters, with an
// ellipsis when something follows. It cuts between words, else between letters,
// and never inside a variable, an emoji or a letter with its accents. Line ends
// become spaces.
func shorten(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	cut, space, runes := 0, 0, 0
	variables := variable.FindAllStringIndex(text, -1)
	for i := 0; i < len(text) && runes < n; {
		if len(variables) > 0 && i == variables[0][0] {
			// What is shown in its place is shorter than the braces say.
			i, runes, variables = variables[0][1], runes+8, variables[1:]
			if runes <= n {
				cut = i
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if i > 0 && !joins(text, i) {
			cut = i
			if r == ' ' {
				space = i
			}
		}
		i, runes = i+size, runes+1
	}
	if space > cut/2 && !strings.HasSuffix(text[:cut], "}}") {
		cut = space
	}
	return strings.TrimRight(text[:cut], " ,;:–—-") + "…"
}

// joins tells whether the character at i belongs with the one before it: an
// accent, the colour of a skin, the second half of a flag, or what a joiner
// ties together.
func joins(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r), r == '\u200d', r >= 0x1F3FB && r <= 0x1F3FF, before == '\u200d':
		return true
	case isFlag(r) && isFlag(before):
		pairs := 0
		for rest := text[:i]; rest != ""; pairs++ {
			last, size := utf8.DecodeLastRuneInString(rest)
			if !isFlag(last) {
				break
			}
			rest = rest[:len(rest)-size]
		}
		return pairs%2 == 1
	}
	return false
}

// isFlag tells the letters that make a flag two by two.
func isFlag(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// Piece is a part of a text with variables: words, or the name of a variable.
type Piece struct {
	Text     string
	Variable bool
}

// pieces parts a text into words and variables, to be shown to people who need
// not know how variables are written.
func pieces(text string) []Piece {
	var list []Piece
	at := 0
	for _, v := range variable.FindAllStringIndex(text, -1) {
		if v[0] > at {
			list = append(list, Piece{Text: text[at:v[0]]})
		}
		name, _, _ := strings.Cut(strings.Trim(text[v[0]:v[1]], "{} \t\n"), "|")
		name = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(name), "contact."), "attributes.")
		list = append(list, Piece{Text: strings.NewReplacer("_", " ", ".", " ").Replace(name), Variable: true})
		at = v[1]
	}
	if at < len(text) {
		list = append(list, Piece{Text: text[at:]})
	}
	return list
}

// Package speech reads what people write in a chat or a text: which words it
// has, in which language it seems to be, whether it asks for a person or to be
// left alone, and which of the questions that LiaDesk knows it asks. It also
// holds what LiaDesk says by itself. It knows English, Spanish and Portuguese.
//
// Everything here is pure and explains itself: no model, no network. How good
// it is, is measured by the phrases in testdata, and the thresholds are chosen
// from them.
package speech

import (
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/spanish"
	"golang.org/x/text/unicode/norm"
)

// maxText is how many bytes of a message are read; what a message means stands
// near its beginning.
const maxText = 2000

// Fold are the words of a text in small letters, without accents, marks and
// apostrophes (don't is dont).
func Fold(text string) []string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	return strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), r == '\'', r == '’':
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFKD.String(text)))
}

// Languages are those that this package knows, the usual one first.
var Languages = []string{"en", "es", "pt"}

// Known tells whether a language is one of them.
func Known(language string) bool { return language == "en" || language == "es" || language == "pt" }

// fillers are words that say little in each language, after Fold. They are left
// out when questions are compared, and tell languages apart.
var fillers = map[string]map[string]bool{
	"en": words("a an the i me my we our you your he she it its they them this that these those is are was were be been am do does did have has had " +
		"will would can could shall should may might must to of in on at by for from with about as into and or but if so not no what which who whom " +
		"why how there here im ive id ill youre dont doesnt isnt cant please hi hello hey thanks thank just any some get got want like know need " +
		"tell let us also then than too very really still"),
	"es": words("el la los las un una unos unas yo mi mis me tu tus te su sus se nos lo le les este esta estos estas ese esa eso es son era fue ser estar " +
		"estoy soy hay he ha han de del en a al por para con sin sobre como y o pero si no que cual cuales quien cuanto cuanta cuantos cuantas " +
		"puedo puede pueden quiero quisiera necesito tengo tiene tienen hola gracias favor buenas buenos dias tardes saber algo muy mas ya porque ustedes usted"),
	"pt": words("o a os as um uma uns umas eu meu minha meus minhas me voce voces seu sua seus suas se nos lhe este esta estes estas esse essa isso e sao era foi ser estar " +
		"estou sou ha tem de do da dos das em no na nos nas ao por para pra com sem sobre como e ou mas nao que qual quais quem quanto quanta quantos " +
		"posso pode podem quero queria gostaria preciso tenho ola oi obrigado obrigada favor bom boa dia tarde saber algo muito mais ja porque vcs vc"),
}

// Guess is the language that a text seems to be in, "" when nothing in it
// tells.
func Guess(text string) string {
	var count [3]int
	for _, w := range Fold(text) {
		for i, language := range Languages {
			if fillers[language][w] {
				count[i]++
			}
			if telling[language][w] {
				count[i] += 2
			}
		}
	}
	best, second := 0, -1
	for i := 1; i < len(count); i++ {
		if count[i] > count[best] {
			best = i
		}
	}
	for i, n := range count {
		if i != best {
			second = max(second, n)
		}
	}
	if count[best] == second {
		return ""
	}
	return Languages[best]
}

// telling are common words of one language alone.
var telling = map[string]map[string]bool{
	"en": words("the you what how where when who which hello thanks please order shipping person agent human help want talk speak"),
	"es": words("el los las cual cuando donde quiero hola gracias usted ustedes hablar persona pedido envio cuanto cuanta estoy mi hay tengo"),
	"pt": words("voce voces nao quero obrigado obrigada ola oi falar pessoa frete meu minha quanto estou qual onde quando tem uma em com"),
}

// stems are the words of a text that say something, without their endings, in
// their order and without repeats. A text of fillers alone keeps them.
func stems(text, language string) []string {
	list := Fold(text)
	out := make([]string, 0, len(list))
	for _, w := range list {
		if !fillers[language][w] {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		out = list
	}
	seen := make(map[string]bool, len(out))
	n := 0
	for _, w := range out {
		w = stem(w, language)
		if !seen[w] {
			seen[w] = true
			out[n] = w
			n++
		}
	}
	return out[:n]
}

func stem(word, language string) string {
	env := snowballstem.NewEnv(word)
	switch language {
	case "es":
		spanish.Stem(env)
	case "pt":
		portuguese.Stem(env)
	default:
		english.Stem(env)
	}
	if env.Current() == "" {
		return word
	}
	return env.Current()
}

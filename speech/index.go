package speech

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// Question is something that LiaDesk can answer, in the ways in which it is
// asked.
type Question struct {
	Language string
	Asked    []string
}

// The bounds of confidence, chosen from the phrases in testdata/chosen.csv, where
// they answer nine of ten rightly; TestHeldOutPhrases says what they mean for
// phrases of another hand.
const (
	// Sure is enough to answer.
	Sure = 0.48
	// Maybe is enough to ask "did you mean".
	Maybe = 0.32
	// Ahead is by how much the best must lead the second best, unless it is as
	// good as certain.
	Ahead   = 0.06
	Certain = 0.85
)

// Index finds questions by what somebody writes. It is read by many at once and
// never changes.
type Index struct {
	languages map[string]*languageIndex
}

type languageIndex struct {
	entries []indexed
	weight  map[string]float64 // of a stem: the rarer among questions, the heavier
	unknown float64            // weight of a stem that no question has
}

type indexed struct {
	n     int // place in the list of questions
	asked [][]string
	all   map[string]bool // stems of all ways of asking
}

// Match is a question that may have been asked.
type Match struct {
	N int // its place in the list that the index was made of
	// Score is between 0 and 1.
	Score float64
	// Asked is the way of asking it that came nearest, Words what agreed.
	Asked int
	Words []Word
}

// Word is a word that a message and a question have in common.
type Word struct {
	Text   string // without its ending
	Weight float64
	// Near says that they were not written quite alike.
	Near bool
}

// NewIndex makes an index of questions.
func NewIndex(questions []Question) *Index {
	x := &Index{languages: make(map[string]*languageIndex)}
	for n, q := range questions {
		language := q.Language
		if !Known(language) {
			language = Languages[0]
		}
		l := x.languages[language]
		if l == nil {
			l = &languageIndex{weight: make(map[string]float64)}
			x.languages[language] = l
		}
		e := indexed{n: n, all: make(map[string]bool)}
		for _, asked := range q.Asked {
			e.asked = append(e.asked, stems(asked, language))
		}
		for _, asked := range e.asked {
			for _, w := range asked {
				e.all[w] = true
			}
		}
		l.entries = append(l.entries, e)
	}
	for _, l := range x.languages {
		l.weigh()
	}
	return x
}

// weigh gives each stem its weight: the inverse document frequency of BM25
// (Robertson and Zaragoza 2009, §3.1), a question in all its ways being one
// document.
func (l *languageIndex) weigh() {
	count := make(map[string]int)
	for _, e := range l.entries {
		seen := make(map[string]bool)
		for _, asked := range e.asked {
			for _, w := range asked {
				if !seen[w] {
					seen[w] = true
					count[w]++
				}
			}
		}
	}
	// A small list would make everything equally rare: it counts as ten.
	total := float64(max(len(l.entries), 10))
	idf := func(df float64) float64 { return math.Log(1 + (total-df+0.5)/(df+0.5)) }
	for w, df := range count {
		l.weight[w] = idf(float64(df))
	}
	// What no question has says less than what one has: people add names and
	// places.
	l.unknown = idf(0.5) * 0.45
}

// Match lists the questions that a message may ask, the likeliest first. When
// the message seems to be in one language, and a question in that language may
// be meant, the others are left out.
func (x *Index) Match(text string) []Match {
	if l := x.languages[Guess(text)]; l != nil {
		if list := l.match(text, Guess(text)); len(list) > 0 && list[0].Score >= Maybe {
			return list
		}
	}
	var out []Match
	for language, l := range x.languages {
		out = append(out, l.match(text, language)...)
	}
	sortMatches(out)
	return out
}

func sortMatches(list []Match) {
	slices.SortFunc(list, func(a, b Match) int { return cmp.Or(cmp.Compare(b.Score, a.Score), a.N-b.N) })
}

func (l *languageIndex) match(text, language string) []Match {
	said := stems(text, language)
	if len(said) == 0 {
		return nil
	}
	var out []Match
	for _, e := range l.entries {
		if m := l.compare(said, e); m.Score > 0 {
			out = append(out, m)
		}
	}
	sortMatches(out)
	return out
}

// compare is how well a message fits a question: the share of what was said that
// any way of asking it has, and the share of one way of asking that was said, by
// weight (their geometric mean).
func (l *languageIndex) compare(said []string, e indexed) Match {
	m := Match{N: e.n, Asked: -1}
	heard := make(map[string]float64, len(said)) // stems of the question that were said, and how surely
	var common, all float64
	for _, w := range said {
		weight, known := l.weight[w]
		if !known {
			weight = l.unknown
		}
		if e.all[w] {
			heard[w] = 1
			common += weight
			all += weight
			m.Words = append(m.Words, Word{Text: w, Weight: weight})
			continue
		}
		if near := nearest(w, e.all); !known && near != "" {
			weight = l.weight[near]
			heard[near] = nearShare
			common += weight * nearShare
			all += weight
			m.Words = append(m.Words, Word{Text: near, Weight: weight * nearShare, Near: true})
			continue
		}
		all += weight
	}
	if common == 0 {
		return m
	}
	for i, asked := range e.asked {
		var sum, there float64
		for _, w := range asked {
			sum += l.weight[w]
			there += l.weight[w] * heard[w]
		}
		if sum == 0 {
			continue
		}
		if score := math.Sqrt(common / all * there / sum); score > m.Score {
			m.Score, m.Asked = score, i
		}
	}
	return m
}

// nearShare is how much of a word's weight one that was nearly written has.
const nearShare = 0.85

// nearest is the word of a question that was meant by one with a slip in it, ""
// for none; the first in order, so that it is always the same.
func nearest(w string, all map[string]bool) string {
	best := ""
	for a := range all {
		if (best == "" || a < best) && nearly(w, a) {
			best = a
		}
	}
	return best
}

// nearly tells whether two words are one slip of the keyboard apart: a letter
// too much, too few, another one, or two exchanged. Short words are not
// compared so, for too many of them are neighbours.
func nearly(a, b string) bool {
	if utf8.RuneCountInString(a) < 4 || utf8.RuneCountInString(b) < 4 {
		return false
	}
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) < len(y) {
		return slices.Equal(x[i:], y[i+1:])
	}
	if i == len(x) {
		return true
	}
	if slices.Equal(x[i+1:], y[i+1:]) {
		return true
	}
	return i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && slices.Equal(x[i+2:], y[i+2:])
}

// Answer is what to make of a message: the question that it asks for certain,
// or those that may be meant, or nothing.
type Answer struct {
	Found   bool
	Match   Match
	Perhaps []Match // at most three
}

// Judge applies the thresholds to matches.
func Judge(list []Match) Answer {
	if len(list) == 0 || list[0].Score < Maybe {
		return Answer{}
	}
	best := list[0]
	clear := len(list) == 1 || best.Score >= Certain || best.Score-list[1].Score >= Ahead
	if best.Score >= Sure && clear {
		return Answer{Found: true, Match: best}
	}
	var perhaps []Match
	for _, m := range list {
		if m.Score >= Maybe && best.Score-m.Score < 2*Ahead && len(perhaps) < 3 {
			perhaps = append(perhaps, m)
		}
	}
	return Answer{Perhaps: perhaps}
}

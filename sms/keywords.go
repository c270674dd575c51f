package sms

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/liadesk/campaigns/liadesk"
)

// Keyword is what a whole message asks for.
type Keyword string

// The keywords.
const (
	KeywordNone   Keyword = ""
	KeywordOptOut Keyword = "opt_out"
	KeywordOptIn  Keyword = "opt_in"
	KeywordHelp   Keyword = "help"
)

// keywords hold in every language at once: nobody knows in which one a person
// will answer, and STOP works everywhere. Where one word is an opt-out in one
// language and something else in another, the opt-out wins. Source: the lists
// of the CTIA's messaging principles and of the carriers, and the words in use
// in Spanish, Portuguese, French, German and Italian.
var keywords = func() map[string]Keyword {
	m := make(map[string]Keyword)
	for _, k := range []struct {
		keyword Keyword
		words   string
	}{
		{KeywordHelp, "help,info,ayuda,ajuda,aide,hilfe,aiuto"},
		{KeywordOptIn, "start,unstop,resume,subscribe," +
			"iniciar,volver,recibir,alta,voltar,receber,nonarret,reprendre"},
		{KeywordOptOut, "stop,stopall,stop all,unsubscribe,unsub,cancel,end,quit,revoke,optout,opt out,remove," +
			"alto,parar,baja,cancelar,detener,salir,sair,remover,descadastrar," +
			"arret,arreter,desabonner,stopp,abmelden,annulla,cancella"},
	} {
		for word := range strings.SplitSeq(k.words, ",") {
			m[word] = k.keyword
		}
	}
	return m
}()

// keywordYes is an opt-in only from somebody who opted out: else it answers a
// question.
const keywordYes = "yes"

// maxKeyword bounds what is folded: no keyword is that long.
const maxKeyword = 160

// foldKeyword brings a message to the form of the tables: lower case, without
// accents, punctuation and symbols, single blanks.
func foldKeyword(text string) string {
	if len(text) > maxKeyword {
		return ""
	}
	var b strings.Builder
	blank := false
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
			// an accent, or a mark that cannot be seen
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if blank && b.Len() > 0 {
				b.WriteByte(' ')
			}
			blank = false
			b.WriteRune(unicode.ToLower(r))
		default:
			blank = true
		}
	}
	return b.String()
}

// ReadKeyword tells what a message asks for. The whole message must be a
// keyword: "please stop the work" asks for nothing. The account's own keywords
// add to the lists; none can take STOP away.
func ReadKeyword(text string, settings liadesk.Settings, optedOut bool) Keyword {
	word := foldKeyword(text)
	if word == "" {
		return KeywordNone
	}
	// "S.T.O.P." and "un-subscribe" are the words themselves, and so is "ST0P".
	tight := strings.ReplaceAll(word, " ", "")
	if keywords[word] == KeywordOptOut || keywords[tight] == KeywordOptOut || keywords[strings.ReplaceAll(tight, "0", "o")] == KeywordOptOut {
		return KeywordOptOut
	}
	for _, own := range settings.OptOutKeywords {
		if foldKeyword(own) == word && !slices.Contains(neverOut, word) {
			return KeywordOptOut
		}
	}
	for _, own := range settings.OptInKeywords {
		if foldKeyword(own) == word {
			return KeywordOptIn
		}
	}
	if word == keywordYes && optedOut {
		return KeywordOptIn
	}
	return cmp.Or(keywords[word], keywords[tight])
}

// neverOut are words that an account cannot make opt-outs of, however it writes
// them.
var neverOut = []string{"start", "unstop", "help"}

// intentOf is what the carrier took a text for, by its MessageIntent.
func intentOf(intent string) Keyword {
	switch strings.ToLower(strings.TrimSpace(intent)) {
	case "optout":
		return KeywordOptOut
	case "optin":
		return KeywordOptIn
	case "help":
		return KeywordHelp
	}
	return KeywordNone
}

// carrierAnswers tells whether the carrier answers a keyword itself: Plivo does
// for its own, shorter list on the long codes and toll-free numbers of the USA
// and Canada, and says so in MessageIntent. Two confirmations are one too many.
func carrierAnswers(intent string, k Keyword) bool {
	return k != KeywordNone && intentOf(intent) == k
}

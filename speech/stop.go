package speech

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liadesk/campaigns/liadesk"
)

// Texts that are no keyword and may still mean "no more texts": nobody is
// opted out by them, for "please stop the work" is no opt-out, and nobody who
// wrote one gets marketing before a person has read it. US rules take any
// reasonable words for a revocation (47 CFR 64.1200(a)(10)).
//
// Words of the keyword tables that are common in other senses (end, alto, baja,
// sair …) hold nobody by themselves, only in the phrases below.

// hintWords hold a text wherever they stand in it.
var hintWords = words("stop stopp stopall unsubscribe unsub optout unsubscribed " +
	"parar descadastrar descadastre desuscribir desuscribirme desinscribir " +
	"arretez desabonner desabonnez desinscrire abmelden abbestellen annullare disiscrivere disiscrivetemi")

// hintPhrases hold a text that has them anywhere, word for word.
var hintPhrases = phrases("opt out,opt me out,take me off,remove me,remove my number,delete my number,take my number off,lose my number,not interested,no longer interested,leave me alone,no more texts,no more messages,no more sms," +
	"do not text,dont text,do not contact,dont contact,do not message,dont message,quit texting,quit messaging,cancel texts,cancel messages," +
	"no quiero recibir,no quiero mas,desuscribanme,desuscribeme,no me escriban,no me escribas,no me envien,no me manden,no me envies,no mas mensajes,darme de baja," +
	"dar de baja,deme de baja,denme de baja,dejen de,deja de enviar,dejar de recibir,quiero salir," +
	"nao quero receber,nao quero mais,nao me mande,nao me mandem,nao envie,nao enviem,parem de,pare de,quero sair,me tire da lista," +
	"deixar de receber,chega de mensagens," +
	"ne plus recevoir,plus de messages,plus de sms,retirez moi,ne mecrivez plus," +
	"keine nachrichten mehr,keine sms mehr,nicht mehr schreiben,keine weiteren nachrichten,lassen sie mich in ruhe," +
	"non voglio piu,non voglio ricevere,basta messaggi,non scrivetemi,toglietemi,cancellami,cancellatemi")

// wrongPhrases say that the number is somebody else's.
var wrongPhrases = phrases("wrong number,wrong person,not my number,you have the wrong," +
	"numero equivocado,persona equivocada,se equivoca de numero,se equivoco de numero," +
	"numero errado,pessoa errada,engano de numero," +
	"mauvais numero,faux numero,trompe de numero,falsche nummer,nummer ist falsch,numero sbagliato,persona sbagliata")

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

func phrases(s string) []string { return strings.Split(s, ",") }

// quotation is from how many characters on a stretch in quotation marks is
// somebody else's words, and not one's own that one stresses.
const quotation = 20

// quoted is a stretch in quotation marks, and cutOff one of which a network has
// cut the end off. A straight mark without its other is an inch.
var (
	quoted = regexp.MustCompile(`“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|"[^"]*"`)
	cutOff = regexp.MustCompile(`[“«][^“”«»]{20,}$`)
)

// Unquoted is a text without what it quotes at length: phones that "like" a text
// answer with all of it in quotation marks, "Reply STOP to opt out" at its end. A
// text that is all quotation stays as it is.
func Unquoted(text string) string {
	var out strings.Builder
	at := 0
	for _, span := range quoted.FindAllStringIndex(text, -1) {
		if utf8.RuneCountInString(text[span[0]:span[1]]) < quotation+2 {
			continue
		}
		out.WriteString(text[at:span[0]] + " ")
		at = span[1]
	}
	rest := text[at:]
	if cut := cutOff.FindStringIndex(rest); cut != nil && !strings.Contains(rest[:cut[0]], "„") {
		rest = rest[:cut[0]]
	}
	out.WriteString(rest)
	if left := out.String(); len(Fold(left)) > 0 {
		return left
	}
	return text
}

// ReadHint tells what a text that is no keyword may mean, "" for nothing of
// the kind. What it quotes at length means nothing, nor do the words by which
// a machine says how to end its own texts.
func ReadHint(text string) liadesk.HoldKind {
	machine := IsAutomatic(text)
	list := Fold(Unquoted(text))
	folded := " " + strings.Join(list, " ") + " "
	bare := slices.DeleteFunc(slices.Clone(list), func(w string) bool { return politeWords[w] })
	switch {
	case hasPhrase(folded, wrongPhrases):
		return liadesk.HoldWrongNumber
	case hasPhrase(folded, plainHints), hasPhrase(folded, textStops), strings.Join(bare, " ") == "go away":
		return liadesk.HoldOptOut
	case machine:
		return ""
	case hasPhrase(folded, hintPhrases), slices.ContainsFunc(list, func(w string) bool { return hintWords[w] }),
		len(bare) == 1 && stopWords[bare[0]]:
		return liadesk.HoldOptOut
	}
	return ""
}

// plainHints are the phrases that hold a text whoever wrote it, and textStops
// those of chats that do: "we go away on Friday" asks for nothing.
var (
	plainHints = slices.DeleteFunc(slices.Clone(hintPhrases), func(p string) bool { return p == "opt out" })
	textStops  = slices.DeleteFunc(slices.Clone(chatStops), func(p string) bool { return p == "go away" })
)

// automatic stands in what phones and mailboxes answer by themselves.
var automatic = phrases("auto reply,autoreply,automatic reply,automated reply,auto response,automatic response,automated response,automated message," +
	"out of office,driving with do not disturb,driving with focus,not receiving notifications,number is not monitored,inbox is not monitored," +
	"respuesta automatica,mensaje automatico,fuera de la oficina," +
	"resposta automatica,mensagem automatica,fora do escritorio,ausencia temporaria," +
	"reponse automatique,message automatique,absent du bureau," +
	"automatische antwort,automatische nachricht,abwesenheitsnotiz," +
	"risposta automatica,messaggio automatico,fuori ufficio")

// IsAutomatic tells whether a text was plainly written by nobody: an answer of a
// phone whose owner drives, or of a mailbox. It is narrow, for what it takes for
// one counts as nobody's reply.
func IsAutomatic(text string) bool {
	return hasPhrase(" "+strings.Join(Fold(text), " ")+" ", automatic)
}

// stopWords are messages that consist of nothing else.
var stopWords = words("stop stopall unsubscribe unsub optout quit parar basta baja descadastrar desuscribirme")

// AsksToStop tells whether somebody in a chat wants to be left alone. It is
// narrower than ReadHint: in a chat "how do I stop my subscription" is a
// question.
func AsksToStop(text string) bool {
	list := Fold(text)
	list = slices.DeleteFunc(list, func(w string) bool { return politeWords[w] })
	if len(list) == 1 && stopWords[list[0]] {
		return true
	}
	folded := " " + strings.Join(list, " ") + " "
	return hasPhrase(folded, chatHints) || hasPhrase(folded, chatStops)
}

// chatHints are the phrases of texts but for those that need something behind
// them to be one in a chat: "how can I make the cat stop biting".
var chatHints = slices.DeleteFunc(slices.Clone(hintPhrases), func(p string) bool {
	return slices.Contains([]string{"dejen de", "pare de", "parem de"}, p)
})

// chatStops are phrases of chats, beside those of texts.
var chatStops = phrases("stop messaging,stop texting,stop writing,stop sending me,stop bothering,stop contacting,stop spamming,go away,not interested,dont want to chat,do not want to chat,dont want to talk to anyone," +
	"no me escriban mas,dejen de escribir,dejen de molestar,deja de escribir,deja de molestar,no estoy interesado,no estoy interesada,no me interesa,no me molesten,no quiero chatear,no me mandes mas,dejen de enviar,dejen de mandar,dejen de enviarme,dejen de mandarme,para de mandar,para de mandarme,para de escribir,para de escribirme," +
	"parem de escrever,pare de escrever,pare de me,parem de me,nao me incomode,nao me incomodem,nao estou interessado,nao estou interessada,nao tenho interesse,nao quero conversar,nao me escreva,nao me escrevam,parem de mandar,pare de mandar,parem de enviar,pare de enviar,para de mandar mensagem,me deixa em paz,me deixe em paz,me deixem em paz,dejame en paz,dejenme en paz")

var politeWords = words("please por favor pls plz porfavor now ya ahora agora hey hi pfv pfvr pff porfa porfavor gentileza")

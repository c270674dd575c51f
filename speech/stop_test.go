package speech

import (
	"testing"

	"github.com/liadesk/campaigns/liadesk"
)

func TestWordsThatMayMeanNoMoreTextsAreNoticed(t *testing.T) {
	for text, want := range map[string]liadesk.HoldKind{
		"please stop texting me":                              liadesk.HoldOptOut,
		"Stop it!":                                            liadesk.HoldOptOut,
		"Please stop the work on Friday":                      liadesk.HoldOptOut, // a person reads it
		"DON’T TEXT me again":                                 liadesk.HoldOptOut,
		"take me off this list":                               liadesk.HoldOptOut,
		"No quiero recibir más mensajes":                      liadesk.HoldOptOut,
		"Quiero darme de baja":                                liadesk.HoldOptOut,
		"Não quero mais isso":                                 liadesk.HoldOptOut,
		"Por favor, parem de mandar":                          liadesk.HoldOptOut,
		"Je ne veux plus de SMS":                              liadesk.HoldOptOut,
		"Arrêtez !":                                           liadesk.HoldOptOut,
		"Ne m’écrivez plus":                                   liadesk.HoldOptOut,
		"Bitte keine SMS mehr":                                liadesk.HoldOptOut,
		"Non voglio più messaggi":                             liadesk.HoldOptOut,
		"Sorry, wrong number":                                 liadesk.HoldWrongNumber,
		"Número equivocado":                                   liadesk.HoldWrongNumber,
		"numero errado, pare de mandar":                       liadesk.HoldWrongNumber,
		"Falsche Nummer":                                      liadesk.HoldWrongNumber,
		"Yes, see you at the end of the week":                 "",
		"Can I cancel my appointment?":                        "",
		"Is the alto saxophone still there? I am stopping by": "",
		"A la baja, por favor":                                "",
		"":                                                    "",
		"👍":                                                   "",
	} {
		if got := ReadHint(text); got != want {
			t.Errorf("%q means %q, want %q", text, got, want)
		}
	}
}

func TestAnswersOfMachinesAreToldFromPeoples(t *testing.T) {
	for text, want := range map[string]bool{
		"I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I get where I’m going.":    true,
		"I'm driving with Focus turned on. (I’m not receiving notifications. If this is urgent, reply “urgent” to me.)": true,
		"Auto-reply: out of office until Monday.":              true,
		"AUTOMATIC REPLY":                                      true,
		"Respuesta automática: estoy de viaje":                 true,
		"Fora do escritório até dia 5":                         true,
		"Réponse automatique : je suis absent du bureau":       true,
		"I am driving there tomorrow, do you have it in blue?": false,
		"Our office is closed, can you deliver to my home?":    false,
		"Can you reply automatically with the price?":          false,
		"yes": false,
		"":    false,
	} {
		if got := IsAutomatic(text); got != want {
			t.Errorf("%q is a machine's: %v", text, got)
		}
	}
}

// What makes LiaDesk fall silent in a chat holds marketing texts too.
func TestWhoAsksToBeLeftAloneIsHeld(t *testing.T) {
	for _, text := range []string{"Para de mandar mensagem", "Me deixa em paz", "Déjame en paz", "No me interesa", "No me molesten", "Não me escreva",
		"Go away", "Basta", "ya basta por favor", "desuscríbanme"} {
		if got := ReadHint(text); got != liadesk.HoldOptOut {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Phones that "like" a text send all of it back, with the footer that says how
// to stop; and machines say in their answers how to stop theirs.
func TestWhatIsQuotedOrWrittenByNobodyHoldsNobody(t *testing.T) {
	for text, want := range map[string]liadesk.HoldKind{
		"Liked “Spring sale today. Reply STOP to opt out”":                    "",
		"Loved “Spring sale today. Reply STOP to opt o":                       "", // cut off
		`Laughed at "Spring sale today. Reply STOP to opt out"`:               "",
		"A aimé « Soldes. Répondez STOP pour ne plus recevoir »":              "",
		"👍 to “ Spring sale today. Reply STOP to opt out ”":                   "",
		"This is an automated message. Reply STOP to end.":                    "",
		"You wrote “Spring sale today. Reply STOP to opt out” so please stop": liadesk.HoldOptOut,
		"please “stop” this":                                                  liadesk.HoldOptOut,
		"“please stop texting me at this number”":                             liadesk.HoldOptOut, // all of it: somebody's own words
		`Please remove "John" from your list, I am not interested`:            liadesk.HoldOptOut,
		`You said "free". Please take me off this list`:                       liadesk.HoldOptOut,
		`Is the 32" TV gone? then stop texting me please`:                     liadesk.HoldOptOut,
		`Ihr „Sale“ ist nichts für mich, bitte keine SMS mehr`:                liadesk.HoldOptOut,
		"Is this an automated message? Please stop texting me":                liadesk.HoldOptOut,
		"Sorry, out of office. Wrong number":                                  liadesk.HoldWrongNumber,
		"Antes no, ahora me interesa":                                         "",
		"No, por favor, me interesa":                                          "",
		"We go away on Friday, can I book after?":                             "",
		"what's \"stop\" and \"opt out\"":                                     liadesk.HoldOptOut, // a person reads it
	} {
		if got := ReadHint(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzUnquoted(f *testing.F) {
	for _, s := range []string{"", "“", "”", "\"\"", "“a”b“", "«»", "Liked “0123456789012345678901234567890", "\xff“\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Unquoted(text); len(got) > len(text)+len(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

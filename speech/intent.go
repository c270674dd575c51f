package speech

import (
	"slices"
	"strings"
)

// Asking for a person is a wish (to talk, to be connected) and a person to have
// it with, near each other, and no word that turns it round. The words are
// whole ones after Fold, for "persona" must not be found in "personalizar".
var (
	personWords = words("human humans person people agent agents representative rep operator advisor adviser manager supervisor someone somebody staff employee salesperson associate specialist colleague colleagues " +
		"humano humana persona personas agente agentes representante operador operadora asesor asesora encargado encargada alguien supervisor supervisora ejecutivo ejecutiva empleado comercial companero companera soporte " +
		"pessoa pessoas atendente atendentes consultor consultora responsavel alguem gerente funcionario funcionaria vendedor vendedora suporte gente colega")
	wishWords = words("talk speak chat connect transfer put pass reach contact get want need give call prefer rather let escalate forward switch " +
		"hablar hablo hable hablarle conversar chatear conectar conecteme conectame comunicar comuniqueme comunicame comunicarme pasar pase paseme pasame pasen pasenme transferir transfiera transfierame contactar quiero quisiera necesito prefiero deseo atienda atender pongame ponme deme dame derivar derive deriveme contar contarle contarselo explicar explicarle " +
		"falar falo conversar falasse conectar transferir transfira transfere passar passa passe chamar chama chame contato quero queria preciso prefiro gostaria desejo atendimento atenda atendido atendida contar explicar")
	// personPhrases ask for a person by themselves.
	personPhrases = phrases("real person,real human,live agent,live person,human please,agent please,person please,human agent,human support,human being,live chat agent," +
		"talk to you guys,speak with your team,talk to your team,contact your team,speak to sales,talk to sales,talk to support,speak to support,customer service please,not a bot,no bot,no bots,stop the bot,hate bots,no robots,not a robot,not a machine,who can i speak to,who can i talk to," +
		"persona real,persona de verdad,persona humana,agente humano,agente real,atencion humana,un humano,una humana,atencion al cliente por favor,alguien de verdad,no un bot,no un robot,no una maquina,ser humano,persona disponible,alguien disponible,hay alguien ahi,hay alguien que me," +
		"pessoa real,pessoa de verdade,pessoa humana,atendente humano,atendimento humano,um humano,uma humana,alguem de verdade,nao um robo,nao um bot,nao uma maquina,gente de verdade,tem alguem ai,alguem disponivel,pessoa disponivel")
	// alonePerson are messages that consist of nothing else.
	alonePerson = words("human agent person operator representative representante humano humana agente persona operador operadora atendente pessoa asesor asesora supervisor manager gerente")
	// turned are phrases in which the person is not asked for.
	turned = phrases("dont need a human,dont need a person,dont want to talk,dont want to speak,do not want to talk,do not need a person,no need for a human,no human needed,no need to talk," +
		"are you a human,are you a person,are you human,are you a real,are you real,is this a real,is this a human,is this a person,am i talking to,am i speaking to,am i chatting with,are you an agent," +
		"no necesito hablar,no quiero hablar,no hace falta,eres una persona,eres un humano,eres humano,eres humana,es usted una persona,es usted un,estoy hablando con,hablo con una persona o," +
		"nao preciso falar,nao quero falar,nao precisa,voce e uma pessoa,voce e um humano,voce e humano,voce e humana,voce e uma,estou falando com,falo com uma pessoa ou")
	// tired are wishes not to talk with a machine: for a person, that is.
	tired = phrases("dont want to talk to a bot,dont want to talk to a robot,dont want to talk to a machine,dont want to chat with a bot,dont want a bot,do not want a bot," +
		"no quiero hablar con un robot,no quiero hablar con un bot,no quiero hablar con una maquina,no quiero un robot,no quiero un bot," +
		"nao quero falar com robo,nao quero falar com um robo,nao quero falar com bot,nao quero falar com um bot,nao quero falar com maquina,nao quero um robo")
	// elsewhere are things that people have persons for that are no wish to talk.
	elsewhere = phrases("per person,for one person,for two people,contact person,person in charge of delivery,travel agent,real estate agent,estate agent,cleaning agent,delivery person,another person,other person,third person,for someone,someone else,gift for,know if someone,people say,many people,how many people,order for people," +
		"por persona,para una persona,para dos personas,otra persona,para alguien,agente inmobiliario,agente de viajes,cuantas personas,muchas personas,tercera persona,regalo para,persona juridica,persona fisica," +
		"por pessoa,para uma pessoa,para duas pessoas,outra pessoa,para alguem,pessoa juridica,pessoa fisica,quantas pessoas,muitas pessoas,presente para,agente de viagens,em pessoa,em persona,in person")
	botQuestions = phrases("are you a bot,are you a robot,are you a human,are you a person,are you human,are you a real,are you real,is this a bot,is this a robot,is this a real,is this a human,is this a person,am i talking to a,am i speaking to a,am i chatting with,are you an ai,is this ai,is this automated," +
		"eres un bot,eres un robot,eres una persona,eres humano,eres humana,eres un humano,eres una maquina,es usted un robot,es usted una persona,es un bot,estoy hablando con un,estoy hablando con una," +
		"voce e um robo,voce e um bot,voce e uma pessoa,voce e humano,voce e humana,voce e um humano,voce e real,isso e um robo,estou falando com um,estou falando com uma")
)

// near is how many words may stand between a wish and a person.
const near = 6

func hasPhrase(folded string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return strings.Contains(folded, " "+p+" ") })
}

// AsksForPerson tells whether somebody wants to go on with a person.
func AsksForPerson(text string) bool {
	list := Fold(text)
	bare := slices.DeleteFunc(slices.Clone(list), func(w string) bool {
		return politeWords[w] || w == "a" || w == "un" || w == "una" || w == "um" || w == "uma"
	})
	if len(bare) == 1 && alonePerson[bare[0]] {
		return true
	}
	folded := " " + strings.Join(list, " ") + " "
	if hasPhrase(folded, tired) {
		return true
	}
	if hasPhrase(folded, turned) {
		return false
	}
	if hasPhrase(folded, personPhrases) {
		return true
	}
	if hasPhrase(folded, elsewhere) {
		return false
	}
	wish := -1
	for i, w := range list {
		if wishWords[w] && !talkAbout(list, i) {
			wish = i
		}
		if (personWords[w] || nearPerson(w)) && wish >= 0 && i-wish <= near {
			return true
		}
	}
	// "Is there anybody I can talk to?" has them the other way round.
	for i, w := range list {
		if !(personWords[w] || w == "anyone" || w == "anybody") {
			continue
		}
		for j := i + 1; j < len(list) && j-i <= near; j++ {
			if talkWords[list[j]] {
				return true
			}
		}
	}
	return false
}

// nearPerson tells whether a long word is that for a person with a slip in it.
func nearPerson(w string) bool {
	if len(w) < 7 {
		return false
	}
	for p := range personWords {
		if len(p) >= 7 && nearly(w, p) {
			return true
		}
	}
	return false
}

// talkWords are the wishes that mean talking and nothing else.
var talkWords = words("talk speak chat hablar conversar atienda atender atenderme falar conversar atenda atende help ayude ayudar ayudarme ajude ajudar call llamar llame llamarme llamen ligar ligue liguem")

// talkAbout tells whether a word of wishing has an object of its own: "get",
// "want", "need", "give" before a thing are no wish to talk unless a person
// follows at once.
func talkAbout(list []string, i int) bool {
	if !thingWords[list[i]] {
		return false
	}
	for j := i + 1; j < len(list) && j <= i+4; j++ {
		if personWords[list[j]] || talkWords[list[j]] {
			return false
		}
	}
	return true
}

// thingWords are wishes that usually have a thing behind them.
var thingWords = words("get want need give call let put pass reach quiero quisiera necesito prefiero deseo dame deme quero queria preciso prefiro gostaria desejo")

// AsksWhetherBot tells whether somebody wants to know what they talk to.
func AsksWhetherBot(text string) bool {
	return hasPhrase(" "+strings.Join(Fold(text), " ")+" ", botQuestions)
}

var (
	yesWords = words("yes yep yeah yup sure ok okay correct right exactly perfect great helped works worked solved resolved si claro vale exacto perfecto correcto sirvio servido resuelto listo sim isso certo perfeito ajudou resolveu resolvido otimo")
	noWords  = words("no nope nah not didnt doesnt wrong unsolved tampoco nada nao nem")
	greets   = words("hi hello hey hiya howdy morning afternoon evening good there hola buenas buenos dias tardes noches ola oi bom boa dia tarde noite alo")
	thanks   = words("thanks thank you thx ty cheers much so very a lot great perfect ok okay gracias muchas mil perfecto vale genial obrigado obrigada valeu muito brigado perfeito otimo awesome bye goodbye adios tchau chao")
	thankful = words("thanks thank thx ty cheers gracias obrigado obrigada valeu brigado bye goodbye adios tchau chao")
)

// Affirms tells whether a short answer is yes, Denies whether it is no. Of long
// ones neither is true: they say something of their own.
func Affirms(text string) bool { return answers(text, yesWords) && !answers(text, noWords) }

// Denies is the opposite of Affirms.
func Denies(text string) bool { return answers(text, noWords) }

func answers(text string, list map[string]bool) bool {
	said := Fold(text)
	return len(said) > 0 && len(said) <= 5 && slices.ContainsFunc(said, func(w string) bool { return list[w] })
}

// Greets tells whether a message is a greeting and nothing else.
func Greets(text string) bool { return only(text, greets, 4) }

// Thanks tells whether a message says thanks or goodbye and nothing else.
func Thanks(text string) bool {
	return only(text, thanks, 6) && slices.ContainsFunc(Fold(text), func(w string) bool { return thankful[w] })
}

func only(text string, list map[string]bool, most int) bool {
	said := Fold(text)
	return len(said) > 0 && len(said) <= most && !slices.ContainsFunc(said, func(w string) bool { return !list[w] })
}

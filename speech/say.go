package speech

// Line is something that LiaDesk says by itself.
type Line string

// The lines. None has a placeholder: what changes stands in the notice under the
// conversation.
const (
	Nobody     Line = "nobody"       // nobody came
	Rephrase   Line = "rephrase"     // no answer the first time
	DidYouMean Line = "did_you_mean" // several may be meant
	Passing    Line = "passing"      // a person will take over
	DidItHelp  Line = "did_it_help"
	Glad       Line = "glad" // it helped
	Leaving    Line = "leaving"
	IAmABot    Line = "bot"
	AskName    Line = "ask_name"
	AskEmail   Line = "ask_email"
	AskPhone   Line = "ask_phone"
	BadEmail   Line = "bad_email"
	BadPhone   Line = "bad_phone"
	Yes        Line = "yes"    // a quick reply
	No         Line = "no"     // a quick reply
	Person     Line = "person" // a quick reply
	Skip       Line = "skip"   // a quick reply
	Hello      Line = "hello"
	ThatHelped Line = "helped"
)

var lines = map[Line][3]string{
	Nobody: {
		"I am sorry, nobody could get to it just now. Your message is with the team, and the answer comes here.",
		"Lo siento, nadie pudo atenderle en este momento. El equipo tiene su mensaje y la respuesta llegará aquí.",
		"Desculpe, ninguém conseguiu atender agora. Sua mensagem está com a equipe e a resposta chega aqui.",
	},
	Rephrase: {
		"I did not find an answer to that. Could you put it in other words?",
		"No encontré una respuesta a eso. ¿Puede decirlo con otras palabras?",
		"Não encontrei uma resposta para isso. Pode dizer com outras palavras?",
	},
	DidYouMean: {
		"I am not quite sure what you mean. Is it one of these?",
		"No estoy seguro de haberle entendido. ¿Es una de estas cosas?",
		"Não tenho certeza se entendi. É uma destas coisas?",
	},
	Passing: {
		"I am passing you on to a person of the team. They can read what we wrote so far.",
		"Le paso con una persona del equipo. Puede leer lo que hemos escrito hasta ahora.",
		"Vou passar a conversa para uma pessoa da equipe. Ela pode ler o que escrevemos até aqui.",
	},
	DidItHelp: {"Did that help?", "¿Le ha servido?", "Isso ajudou?"},
	Glad: {
		"Good to hear. Write again any time.",
		"Me alegro. Escríbanos cuando quiera.",
		"Que bom. Escreva quando quiser.",
	},
	Leaving: {
		"All right, I will leave you in peace. If you need something after all, write here.",
		"De acuerdo, no le molesto más. Si necesita algo, escriba aquí.",
		"Tudo bem, não incomodo mais. Se precisar de algo, escreva aqui.",
	},
	IAmABot: {
		"I am LiaDesk, an automatic assistant. If you would rather have a person, just say so.",
		"Soy LiaDesk, un asistente automático. Si prefiere una persona, dígamelo.",
		"Sou LiaDesk, um assistente automático. Se preferir uma pessoa, é só dizer.",
	},
	AskName:    {"What is your name?", "¿Cómo se llama?", "Qual é o seu nome?"},
	AskEmail:   {"At which e-mail address can we answer if you have to leave?", "¿A qué correo podemos responderle si tiene que irse?", "Para qual e-mail podemos responder se você precisar sair?"},
	AskPhone:   {"At which number may we text you the answer? Write it with the country code.", "¿A qué número podemos enviarle la respuesta? Escríbalo con el prefijo del país.", "Para qual número podemos enviar a resposta? Escreva com o código do país."},
	BadEmail:   {"That does not look like an e-mail address. Could you check it?", "Eso no parece un correo. ¿Puede revisarlo?", "Isso não parece um e-mail. Pode conferir?"},
	BadPhone:   {"That does not look like a phone number. Could you check it?", "Eso no parece un número de teléfono. ¿Puede revisarlo?", "Isso não parece um número de telefone. Pode conferir?"},
	Yes:        {"Yes", "Sí", "Sim"},
	No:         {"No", "No", "Não"},
	Person:     {"Talk to a person", "Hablar con una persona", "Falar com uma pessoa"},
	Skip:       {"Skip", "Omitir", "Pular"},
	Hello:      {"Hello! What can I do for you?", "¡Hola! ¿En qué puedo ayudarle?", "Olá! Como posso ajudar?"},
	ThatHelped: {"That helped", "Me ha servido", "Ajudou"},
}

// Say is a line in a language, in English for languages that are not known.
func Say(language string, l Line) string {
	for i, known := range Languages {
		if known == language {
			return lines[l][i]
		}
	}
	return lines[l][0]
}

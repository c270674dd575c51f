package speech

import "strings"

// Line is something that LiaDesk says by itself.
type Line string

// The lines. Those with placeholders are for Fill.
const (
	Nobody     Line = "nobody"       // nobody came
	Rephrase   Line = "rephrase"     // no answer the first time
	DidYouMean Line = "did_you_mean" // several may be meant
	Passing    Line = "passing"      // a person will take over
	NobodyHere Line = "nobody_here"  // it will, but nobody is here now
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
	AskNumber  Line = "ask_number" // where no text can be sent

	// What follows a visitor who has left: {company}, {name}, {text}, {link}.
	TextAnswer  Line = "text_answer"
	TextStop    Line = "text_stop" // behind the first text
	MailSubject Line = "mail_subject"
	MailAnswer  Line = "mail_answer"
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
	NobodyHere: {
		"Nobody of the team is here just now. They have what you wrote, and the answer comes here.",
		"Ahora no hay nadie del equipo. Tienen lo que ha escrito y la respuesta llegará aquí.",
		"Agora não há ninguém da equipe. O que você escreveu está com ela e a resposta chega aqui.",
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
	AskNumber:  {"At which number can we reach you? Write it with the country code.", "¿En qué número podemos localizarle? Escríbalo con el prefijo del país.", "Em qual número podemos falar com você? Escreva com o código do país."},
	// Only characters of the GSM alphabet (3GPP TS 23.038): others make a text
	// twice as dear.
	TextAnswer: {
		"{company}: {name} answered: {text}\nYou can reply to this text, or go on at {link}",
		"{company}: {name} le escribe: {text}\nPuede responder a este SMS o seguir en {link}",
		"{company}: {name} escreveu: {text}\nResponda a este SMS ou continue em {link}",
	},
	TextStop:    {"STOP ends these texts.", "STOP para no recibir más.", "Envie STOP para sair."},
	MailSubject: {"{name} of {company} answered you", "{name} de {company} le ha respondido", "{name} de {company} respondeu"},
	MailAnswer: {
		"{name} answered what you wrote to {company}:\n\n{text}\n\nGo on with the conversation here:\n{link}\n\nThe link is yours alone and works for seven days. Answers to this e-mail are not read.",
		"{name} ha respondido a lo que escribió a {company}:\n\n{text}\n\nSiga la conversación aquí:\n{link}\n\nEl enlace es solo para usted y funciona durante siete días. Las respuestas a este correo no se leen.",
		"{name} respondeu ao que você escreveu para {company}:\n\n{text}\n\nContinue a conversa aqui:\n{link}\n\nO link é só seu e funciona por sete dias. Respostas a este e-mail não são lidas.",
	},
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

// Fill is a line in a language with its placeholders filled: pairs of a name and
// what stands for it.
func Fill(language string, l Line, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(Say(language, l))
}

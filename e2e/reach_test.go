package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// A visitor meets nobody, leaves a number and goes. The answer arrives on their
// phone, they answer from it, and the link in the text leads back to the same
// thread.
func TestFromAVisitToAnAbsentTeamToTheHandset(t *testing.T) {
	server, agent := startDemo(t)
	agent.open(server.url + "/conversations")
	eval[bool](agent, `(document.querySelector("form[action='/settings/presence'] [value=away]").click(), true)`)
	agent.until("that nobody is here", `document.querySelector("form[action='/settings/presence'] [value=away]").getAttribute("aria-pressed") === "true"`)

	shop := newWindow(t)
	shop.open(server.url + "/demo/site")
	shop.until("the widget", `window.LiaDesk?.loaded`)
	eval[bool](shop, `(LiaDesk.open(), true)`)
	write(shop, ".panel form textarea", "I want to talk to a person")
	shop.inWidget("the truth about who is here", `/Nobody is here/.test(deep(".notice").innerText)`)
	shop.inWidget("what can be left", `deep(".reach:not([hidden]) input[type=tel]:not([hidden])") && deep(".reach input[type=email]").hidden`)

	// What makes no sense is refused in words, and stays in the field.
	typeIn := func(text string) {
		t.Helper()
		eval[bool](shop, fmt.Sprintf(widget, `(deep(".reach input[type=tel]").focus(), deep(".reach input[type=tel]").select(), true)`))
		shop.do(chromedp.KeyEvent(text), chromedp.KeyEvent("\r"))
	}
	typeIn("+1 212 55")
	shop.inWidget("what is wrong with it", `deep(".reach .wrong:not([hidden])")?.innerText.length > 10 && deep(".reach input[type=tel]").value === "+1 212 55"`)
	source := axe(t)
	eval[bool](shop, source+"\n;true")
	for _, found := range append(eval[[]string](shop, barriers), eval[[]string](shop, sideways)...) {
		t.Errorf("the chat: %s", found)
	}
	typeIn("+1 212 555 0142")
	shop.inWidget("where the answer comes", `/by text to the number that ends in 0142/.test(deep(".reached:not([hidden])")?.innerText) && deep(".reach").hidden`)
	shop.open(server.url + "/login") // they are gone

	agent.until("the thread", `[...document.querySelectorAll(".talk")].some(e => e.innerText.includes("Visitor") && /Nobody of the team is here/.test(e.innerText))`)
	eval[bool](agent, `([...document.querySelectorAll(".talk")].find(e => /Nobody of the team is here/.test(e.innerText)).click(), true)`)
	agent.until("where they want it", `document.querySelector("#thread")?.innerText.includes("+1 212-555-0142")`)
	agent.typed(".composer textarea", "Here I am. What can I do for you?")
	agent.click(".composer .button.primary")
	agent.until("that it followed, and arrived", `/followed by text to \+1 212-555-0142[^]*Delivered/.test(document.querySelector("#thread").innerText)`)

	// The phone in the hand.
	phone := tab{t, agent.ctx}
	phone.open(server.url + "/sandbox")
	phone.until("the text", `[...document.querySelectorAll(".talk")].some(e => e.innerText.includes("Here I am."))`)
	eval[bool](phone, `([...document.querySelectorAll(".talk")].find(e => e.innerText.includes("Here I am.")).click(), true)`)
	phone.until("all of it", `/Juniper & Finch: Robin Alder answered: Here I am\. What can I do for you\?[^]*STOP ends these texts\./.test(document.querySelector("#handset-screen")?.innerText)`)
	link := ""
	await(t, "the link in it", func() bool { // the screen is drawn anew now and then
		link = eval[string](phone, `(document.querySelector("#handset-screen")?.innerText.match(/https?:\/\/\S+\/t\/[a-z2-7]{26}/) ?? [""])[0]`)
		return link != ""
	})
	phone.typed(".handset-reply textarea", "My fern is sad")
	phone.click(".handset-send")

	agent.open(server.url + "/conversations")
	agent.until("the text in the list", `[...document.querySelectorAll(".talk")].some(e => e.innerText.includes("My fern is sad"))`)
	eval[bool](agent, `([...document.querySelectorAll(".talk")].find(e => e.innerText.includes("My fern is sad")).click(), true)`)
	agent.until("both channels in one thread", `/Here I am\.[^]*My fern is sad[^]*By text/.test(document.querySelector("#thread")?.innerText)`)
	agent.until("how an answer goes out", `document.querySelector(".composer").innerText.includes("Goes by text to +1 212-555-0142")`)
	agent.typed(".composer textarea", "Water it")
	agent.click(".composer .button.primary")
	agent.until("its delivery", `/Water it[^]*Delivered/.test(document.querySelector("#thread").innerText)`)

	// The page on which the number was written down reads nothing of what came by
	// text. What is written there begins another conversation.
	shop.open(server.url + "/demo/site")
	shop.until("the widget", `window.LiaDesk?.loaded`)
	eval[bool](shop, `(LiaDesk.open(), true)`)
	shop.inWidget("that it went on elsewhere", `/goes on by text message/.test(deep(".notice").innerText) && /Here I am\./.test(deep(".log").innerText) && !/fern|Water/.test(deep(".log").innerText)`)
	write(shop, ".panel form textarea", "And my cactus?")
	shop.inWidget("another conversation", `/And my cactus\?/.test(deep(".log").innerText) && !/Here I am/.test(deep(".log").innerText) && !/goes on by text/.test(deep(".notice").innerText)`)

	// The link leads to the shop, to the same thread, once.
	shop = newWindow(t)
	shop.open(link)
	shop.until("the shop, without the code in its address", `location.pathname === "/demo/site" && location.hash === ""`)
	shop.inWidget("the whole thread", `/talk to a person[^]*Nobody of the team[^]*Here I am\.[^]*My fern is sad[^]*Water it/.test(deep(".panel:not([hidden]) .log")?.innerText)`)
	write(shop, ".panel form textarea", "It drinks already")
	agent.until("what they write there", `document.querySelector("#thread").innerText.includes("It drinks already")`)
	agent.until("answers go to the page again", `!document.querySelector(".composer").innerText.includes("Goes by text")`)
	agent.typed(".composer textarea", "Good")
	agent.click(".composer .button.primary")
	shop.inWidget("the answer on the page", `/It drinks already[^]*Good/.test(deep(".log").innerText) && !deep(".notice").innerText.includes("begins a new one")`)

	stranger := newWindow(t)
	stranger.open(server.url + "/t/aaaaaaaaaaaaaaaaaaaaaaaaaa")
	stranger.until("a sentence", `document.body.innerText.includes("This link has been used, or is older than a week")`)
}

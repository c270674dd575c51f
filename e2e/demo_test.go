package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// startDemo runs the demo and signs its administrator in.
func startDemo(t *testing.T) (*process, tab) {
	t.Helper()
	app := install(t)
	server := app.start("demo")
	m := server.match(`Sign in as (\S+) with the password (\S+)`)
	for _, line := range []string{"LiaDesk Campaigns is at " + app.url, app.url + "/demo/site", app.url + "/sandbox"} {
		server.match(regexp.QuoteMeta(line)) // the lines come one after the other
	}
	person := newWindow(t)
	person.signIn(app.url, m[1], m[2])
	return server, person
}

// This is the product in one piece, as somebody meets it who has just run it.
func TestFromTheFirstStartToAnAnswerInBothChannels(t *testing.T) {
	server, agent := startDemo(t)
	url := server.url
	agent.open(url + "/conversations")
	agent.until("the seeded conversations", `document.querySelectorAll(".talk").length >= 2`)

	t.Run("a visitor and the team talk", func(t *testing.T) {
		agent := tab{t, agent.ctx}
		shop := newWindow(t)
		shop.open(url + "/demo/site")
		shop.inWidget("the campaign's message", `deep(".bubble")?.innerText.includes("Welcome to Juniper & Finch")`)
		if at := eval[float64](shop, `performance.now()`); at < 5000 {
			t.Errorf("the message came after %.0f ms, before its five seconds", at)
		}
		write(shop, ".bubble textarea", "Which one survives a dark hallway?")
		shop.inWidget("the open chat", `deep(".log")?.innerText.includes("Which one survives a dark hallway?")`)

		// It arrives on the page that is open already. LiaDesk has no answer to
		// it, and says so; who writes in the thread takes it over.
		const asked = "I did not find an answer to that"
		agent.until("the visitor's thread", `[...document.querySelectorAll(".talk")].some(e => e.innerText.includes(%s))`, asked)
		eval[bool](agent, `([...document.querySelectorAll(".talk")].find(e => e.innerText.includes(%s)).click(), true)`, asked)
		agent.until("the thread", `document.querySelector("#thread")?.innerText.includes("Which one survives") && document.querySelector(".composer textarea")`)
		agent.until("the campaign's words above it", `document.querySelector("#thread").innerText.includes("Looking for a plant that forgives?")`)
		agent.typed(".composer textarea", "The snake plant. It forgives everything but puddles.")
		agent.click(".composer .button.primary")
		agent.until("the reply in the thread", `document.querySelector("#thread").innerText.includes("forgives everything but puddles")`)
		shop.inWidget("the reply", `deep(".log")?.innerText.includes("It forgives everything but puddles")`)

		// The conversation survives another page, come to without a load.
		shop.click(".shop-nav a[data-swap]")
		shop.until("the page of care plans", `location.pathname === "/demo/site/pricing"`)
		shop.do(chromedp.Reload())
		shop.until("the page again", `document.readyState === "complete"`)
		shop.inWidget("the launcher", `deep("button")`)
		eval[bool](shop, `(window.LiaDesk.open(), true)`)
		shop.inWidget("the conversation after a reload", `deep(".log")?.innerText.includes("It forgives everything but puddles")`)
	})

	t.Run("a report that moves leaves its reader in peace", func(t *testing.T) {
		agent := tab{t, agent.ctx}
		agent.open(url + "/campaigns/sms")
		agent.until("the end of the demo's campaign", `[...document.querySelectorAll(".sms-card")].some(e => e.innerText.includes("New in the greenhouse") && e.innerText.includes("Completed"))`)
		agent.open(eval[string](agent, `[...document.querySelectorAll(".sms-card")].find(e => e.innerText.includes("New in the greenhouse")).querySelector("a[href*='/campaigns/sms/']").href`))
		agent.until("the table", `document.querySelector("#sms-figures details > summary")`)
		agent.click("#sms-figures details > summary")
		eval[bool](agent, `(window.looks = 0, document.querySelector("#sms-figures .legend a").focus(), document.addEventListener("htmx:after:swap", () => window.looks++), true)`)
		agent.until("two looks later", `window.looks >= 2`)
		if !eval[bool](agent, `document.querySelector("#sms-figures details").open && document.activeElement?.matches("#sms-figures .legend a")`) {
			t.Error("the table was closed, or the focus taken away")
		}
	})

	t.Run("a text goes out and is answered", func(t *testing.T) {
		agent := tab{t, agent.ctx}
		// The demo's own campaign is out: an answer belongs to the last text.
		agent.open(url + "/campaigns/sms/new")
		agent.typed("[name=title]", "Evening for regulars")
		eval[bool](agent, choose, "select[name=inbox_id]", "Texts USA")
		agent.typed("[name=message]", "We open late on Friday, for you alone: "+url+"/demo/site Coming? No more: {{ contact.opt_out_link }}")
		agent.click("[name=track_clicks]")
		agent.until("a short link in the preview", `document.querySelector("#sms-preview").innerText.includes("/l/xxxxxxxx")`)
		agent.until("the counter", `/\b(4\d|\d{2,3})\b/.test(document.querySelector(".counter")?.innerText ?? "")`)
		eval[bool](agent, choose, "select[name=add_any]", "vip")
		agent.until("the tag", `document.querySelector("#sms-audience .chip input[name=any][value=vip]")`)
		local := time.Now().Add(10 * time.Second).In(newYork(t)).Format("2006-01-02T15:04:05")
		eval[bool](agent, `((v) => { const f = document.querySelector('[name="schedule.local"]'); f.value = v; f.dispatchEvent(new Event("input", {bubbles: true})); f.dispatchEvent(new Event("change", {bubbles: true})); return true })(%s)`, local)
		agent.click(".form-actions button.primary")
		agent.until("the review", `location.pathname.endsWith("/review") && document.querySelector("#sms-forecast")`)
		eval[bool](agent, `(document.querySelector("[name=understood]")?.click(), true)`) // if the carrier has not called back yet
		agent.click(".form-actions button.primary")
		agent.until("the campaign's own page", `/^\/campaigns\/sms\/[^/]+$/.test(location.pathname)`)
		agent.until("the end of it, on the page that stayed open", `document.querySelector("main").innerText.includes("Completed")`)

		agent.open(url + "/sandbox")
		agent.until("the text on a phone", `[...document.querySelectorAll(".talk")].some(e => e.innerText.includes("We open late on Friday"))`)
		eval[bool](agent, `([...document.querySelectorAll(".talk")].find(e => e.innerText.includes("We open late on Friday")).click(), true)`)
		agent.until("the phone in the hand", `document.querySelector("#handset-screen")?.innerText.includes("We open late on Friday")`)
		// The link in it leads on. This browser is one that nobody looks at.
		shop := newWindow(t)
		shop.open(eval[string](agent, `[...document.querySelectorAll("#handset-screen .sms a")].map(a => a.href).find(at => /\/l\/[a-z2-7]{24}$/.test(at))`))
		shop.until("the shop", `location.pathname === "/demo/site"`)
		agent.typed(".handset-reply textarea", "I would not miss it!")
		agent.click(".handset-send")
		agent.until("the answer on the phone", `document.querySelector("#handset-screen")?.innerText.includes("I would not miss it!")`)

		agent.open(url + "/conversations")
		agent.until("the answer in the conversations", `[...document.querySelectorAll(".talk")].some(e => e.innerText.includes("I would not miss it!"))`)
		eval[bool](agent, `([...document.querySelectorAll(".talk")].find(e => e.innerText.includes("I would not miss it!")).click(), true)`)
		agent.until("the text that it answers", `document.querySelector("#thread")?.innerText.includes("We open late on Friday, for you alone: "+%s+"/demo/site")`, url)

		// Another time the person taps the link.
		agent.open(eval[string](agent, `document.querySelector("#thread").innerText.match(/https?:\/\/\S+\/o\/[a-z2-7]{24}/)[0]`))
		source := axe(t)
		for _, theme := range []string{"light", "dark"} {
			eval[bool](agent, `(document.documentElement.dataset.theme = %s, true)`, theme)
			for _, width := range []int64{1280, 390} {
				agent.do(chromedp.EmulateViewport(width, 900))
				eval[bool](agent, source+"\n;true")
				for _, found := range append(eval[[]string](agent, barriers), eval[[]string](agent, sideways)...) {
					t.Errorf("the opt-out page, %s, %d wide: %s", theme, width, found)
				}
			}
		}
		agent.click("main form button")
		agent.until("its word", `document.querySelector("main")?.innerText.includes("no more campaigns to")`)
	})
}

// choose picks the option of a select whose label begins with a word.
const choose = `((selector, word) => {
	const select = document.querySelector(selector)
	const option = [...select.options].find(o => o.label.trim().startsWith(word))
	select.value = option.value
	select.dispatchEvent(new Event("change", { bubbles: true }))
	return true
})(%s, %s)`

func newYork(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// write types into a field of the widget and sends it with Enter.
func write(b tab, selector, text string) {
	b.t.Helper()
	b.inWidget("the field to write in", `deep(%s) && (deep(%s).focus(), true)`, selector, selector)
	b.do(chromedp.KeyEvent(text), chromedp.KeyEvent("\r"))
}

// A demo that was cut off while it was made is made anew, and one that is whole
// is left as people left it.
func TestTheDemoIsMadeOnceAndWhole(t *testing.T) {
	app := install(t)
	first := app.start("demo")
	signIn := first.match(`Sign in as (\S+) with the password (\S+)`)
	first.kill()
	again := app.start("demo")
	if got := again.match(`Sign in as (\S+) with the password (\S+)`); got[0] != signIn[0] {
		t.Errorf("the second start says %q, the first %q", got[0], signIn[0])
	}
	again.stop()

	// As a cut in the middle leaves it: records, and no word that they are all.
	file := filepath.Join(app.data, "demo.json")
	state, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	half := strings.Replace(string(state), `"complete": true`, `"complete": false`, 1)
	if half == string(state) {
		t.Fatalf("%s holds %s", file, state)
	}
	if err := os.WriteFile(file, []byte(half), 0o600); err != nil {
		t.Fatal(err)
	}
	anew := app.start("demo")
	anew.match(`It is made anew`)
	if got := anew.match(`Sign in as (\S+) with the password (\S+)`); got[0] == signIn[0] {
		t.Error("a demo that was cut off was gone on with")
	}
}

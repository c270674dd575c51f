package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// The browser is shared by all tests; each opens tabs in a window of its own,
// with its own cookies.
var shared struct {
	once  sync.Once
	ctx   context.Context
	err   error
	close []context.CancelFunc
}

func closeBrowser() {
	for i := len(shared.close) - 1; i >= 0; i-- {
		shared.close[i]()
	}
}

func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func browser(t *testing.T) context.Context {
	t.Helper()
	shared.once.Do(func() {
		path := findChromium()
		if path == "" {
			shared.err = fmt.Errorf("Chromium is missing: install the package chromium of your distribution (make chromium does where it may)")
			return
		}
		// The browser fetches nothing of its own: the tests talk to this machine
		// alone.
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
			chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-domain-reliability", true),
			chromedp.Flag("no-pings", true), chromedp.Flag("disable-field-trial-config", true))
		// On a busy machine Chromium now and then ends at once when it starts.
		for range 3 {
			allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
			ctx, leave := chromedp.NewContext(allocator)
			if shared.err = chromedp.Do(ctx); shared.err == nil { // starts it, with no deadline that would end it
				shared.ctx, shared.close = ctx, append(shared.close, end, leave)
				return
			}
			leave()
			end()
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.ctx
}

// tab is one page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newWindow opens a tab with cookies of its own.
func newWindow(t *testing.T) tab {
	t.Helper()
	return openTab(t, browser(t), chromedp.WithNewBrowserContext())
}

// openShadow lets the test look into the widget, whose shadow root is closed
// to pages.
const openShadow = `(() => {
	const attach = Element.prototype.attachShadow
	Element.prototype.attachShadow = function (init) { return attach.call(this, { ...init, mode: "open" }) }
})()`

func openTab(t *testing.T, parent context.Context, options ...chromedp.ContextOption) tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(cancel)
	b := tab{t, ctx}
	// The first call makes the tab and ties its life to the call's context, so
	// it must not be one with a deadline.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(1280, 1000), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: openShadow})
		return err
	}))
	return b
}

// do runs actions, which must succeed in time.
func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("the browser says: %v\n%s", err, b.sight())
	}
}

// sight is what is on the page, for a test that failed. CAMPAIGNS_SHOTS names a
// folder for a picture of it.
func (b tab) sight() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + (document.body ? document.body.innerText.slice(0, 2000) : "")`))
	if err != nil {
		return err.Error()
	}
	if folder := os.Getenv("CAMPAIGNS_SHOTS"); folder != "" {
		if png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
			_ = os.WriteFile(folder+"/failed.png", png, 0o600)
		}
	}
	return text
}

func (b tab) open(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
	// The command may come back for the frame's first, still empty document.
	b.until("the whole page", `document.readyState === "complete" && document.scrollingElement && location.href !== "about:blank"`)
}

// eval runs a script on a page and reads its value.
func eval[T any](b tab, script string, args ...any) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](fill(b.t, script, args), chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", script, err, b.sight())
	}
	return v
}

// fill puts values into a script where it has %s, as JSON.
func fill(t *testing.T, script string, args []any) string {
	t.Helper()
	var quoted []any
	for _, a := range args {
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		quoted = append(quoted, string(text))
	}
	if len(quoted) == 0 {
		return script
	}
	return fmt.Sprintf(script, quoted...)
}

// until waits for a script to be true. Pages move on while it waits.
func (b tab) until(what, script string, args ...any) {
	b.t.Helper()
	script = fill(b.t, script, args)
	last := ""
	defer func() {
		if b.t.Failed() {
			b.t.Logf("the page:\n%s%s", b.sight(), last)
		}
	}()
	await(b.t, what, func() bool {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+script+")"))
		if err != nil {
			last = "\n" + err.Error()
		}
		return err == nil && ok
	})
}

// rests waits until what a selector names has stayed where it is for most of a
// second, with no request of the page under way.
const rests = `(async (selector) => {
	for (let still = 0, last = ""; still < 15; ) {
		await new Promise(done => setTimeout(done, 50))
		const place = document.querySelector(selector)?.getBoundingClientRect()
		const now = place && !document.querySelector(".htmx-request") ? place.top + " " + place.left : ""
		still = now !== "" && now === last ? still + 1 : 0
		last = now
	}
	return true
})(%s)`

// click clicks on what is visible; typed writes into a field, key by key.
// A click waits until its target rests: a form that checks while one types
// moves what is below, and the pointer would hit where the button was.
func (b tab) click(selector string) {
	b.t.Helper()
	eval[bool](b, rests, selector)
	b.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

func (b tab) typed(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

// keys presses keys wherever the focus is.
func (b tab) keys(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// signIn signs a person in.
func (b tab) signIn(url, email, password string) {
	b.t.Helper()
	b.open(url + "/login")
	b.typed("[name=email]", email)
	b.typed("[name=password]", password)
	b.click("form button.primary")
	b.until("the dashboard", `location.pathname !== "/login" && document.querySelector(".sidebar")`)
}

// widget is a script with deep(selector), which finds an element of the
// widget, whatever shadow it stands in.
const widget = `((deep) => %s)((selector) => {
	const look = (root) => {
		const found = root.querySelector(selector)
		if (found) return found
		for (const e of root.querySelectorAll("*")) {
			const inside = e.shadowRoot && look(e.shadowRoot)
			if (inside) return inside
		}
		return null
	}
	for (const e of document.querySelectorAll("*")) {
		const inside = e.shadowRoot && look(e.shadowRoot)
		if (inside) return inside
	}
	return null
})`

// inWidget waits for a script about the widget to be true.
func (b tab) inWidget(what, script string, args ...any) {
	b.t.Helper()
	b.until(what, fmt.Sprintf(widget, fill(b.t, script, args)))
}

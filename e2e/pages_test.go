package e2e

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/chromedp/chromedp"
)

// axe is the engine that looks for barriers (WCAG 2.2, levels A and AA).
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run make assets first (%v)", err)
	}
	return string(source)
}

// What changes colour softly is let arrive there first.
const barriers = `document.getAnimations().forEach(a => a instanceof CSSTransition && a.finish()), axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] })
	.then(r => r.violations.map(v => v.id + ": " + v.help + "\n    " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? "")).join("\n    ")))`

// sideways names what stands out of a page to the right.
const sideways = `(() => {
	const root = document.scrollingElement
	if (root.scrollWidth <= root.clientWidth) return []
	return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > root.clientWidth + 1)
		.slice(0, 4).map(e => e.tagName.toLowerCase() + "." + e.className + " reaches " + Math.round(e.getBoundingClientRect().right))
})()`

var anID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// pages follows the links from the start page and finds one page of each shape.
func (d dashboard) pages(start ...string) []string {
	d.t.Helper()
	seen, todo := map[string]string{}, slices.Clone(start)
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		u, err := url.Parse(path)
		if err != nil {
			d.t.Errorf("a link leads to %q: %v", path, err)
			continue
		}
		shape := anID.ReplaceAllString(u.Path, ":id")
		if seen[shape] != "" || strings.HasSuffix(shape, "/errors") || strings.HasPrefix(shape, "/static/") || strings.HasPrefix(shape, "/pictures/") {
			continue
		}
		seen[shape] = path
		resp, err := d.http.Get(d.url + path)
		if err != nil {
			d.t.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK {
			d.t.Errorf("a link leads to %s, which answers %d", path, resp.StatusCode)
		}
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			delete(seen, shape)
			_ = resp.Body.Close()
			continue
		}
		doc, err := goquery.NewDocumentFromReader(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			d.t.Fatal(err)
		}
		doc.Find("a[href^='/']").Each(func(_ int, a *goquery.Selection) {
			link, _, _ := strings.Cut(a.AttrOr("href", ""), "#")
			todo = append(todo, link)
		})
	}
	var list []string
	for _, path := range seen {
		list = append(list, path)
	}
	slices.Sort(list)
	return list
}

// Every page that a link leads to, in both colour schemes and on a phone.
func TestEveryPageIsFreeOfBarriersAndFitsAPhone(t *testing.T) {
	server, person := startDemo(t)
	m := server.match(`Sign in as (\S+) with the password (\S+)`)
	server.t = t
	pages := server.signInWith(m[1], m[2]).pages("/", "/conversations", "/contacts/import", "/demo/site")
	if len(pages) < 25 {
		t.Errorf("only %d pages were found: %q", len(pages), pages)
	}
	source := axe(t)
	look := func(b tab, path, theme string) {
		b.open(server.url + path)
		eval[bool](b, source+"\n;true")
		for _, found := range eval[[]string](b, barriers) {
			t.Errorf("%s, %s: %s", path, theme, found)
		}
	}
	for _, theme := range []string{"light", "dark"} {
		eval[bool](person, `(document.cookie = "theme=" + %s + "; path=/", true)`, theme)
		person.do(chromedp.EmulateViewport(1280, 900))
		for _, path := range pages {
			look(person, path, theme)
		}
	}
	person.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	for _, path := range pages {
		person.open(server.url + path)
		for _, what := range eval[[]string](person, sideways) {
			t.Errorf("%s is wider than a phone: %s", path, what)
		}
	}
	// Pages for those who are not signed in.
	stranger := newWindow(t)
	for _, theme := range []string{"light", "dark"} {
		stranger.open(server.url + "/login")
		eval[bool](stranger, `(document.cookie = "theme=" + %s + "; path=/", true)`, theme)
		look(stranger, "/login", theme)
		look(stranger, "/no-such-page", theme)
	}
	t.Logf("%d pages: %s", len(pages), strings.Join(pages, " "))
}

package handlers

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/conversations"
)

// Whatever people call themselves and their things, a page shows it as text.

// hostile are names that would be more than that. All of them hold zz.
var hostile = map[string]string{
	"out of an attribute": `"><img src=x onerror=zz>'{{7*7}}`,
	"a script":            `<script>zz</script></textarea><b>zz`,
	"out of the title":    "</title><svg onload=zz>😀\u202e</select>",
	"an address":          `javascript:zz//' onclick='zz' x="`,
	"a formula":           `=cmd|'zz'!A1`,
}

// mischief finds what in a page was written by no template of ours.
func mischief(doc *goquery.Document) string {
	found := ""
	doc.Find("*").Each(func(_ int, s *goquery.Selection) {
		tag := goquery.NodeName(s)
		switch tag {
		case "script":
			if src := s.AttrOr("src", ""); !strings.HasPrefix(src, "/static/") && !strings.HasPrefix(src, "/widget.js") || s.Text() != "" {
				found = "a script of " + src + ": " + s.Text()
			}
		case "iframe", "object", "embed", "base", "style":
			found = "an element " + tag
		}
		for _, a := range s.Nodes[0].Attr {
			name, value := strings.ToLower(a.Key), strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(name, "on"), name == "style", name == "srcdoc", name == "zz", strings.ContainsAny(name, `"'<`):
				found = fmt.Sprintf("an attribute %s=%q", name, value)
			case (name == "href" || name == "src" || name == "action" || name == "formaction" || strings.HasPrefix(name, "hx-")) && strings.HasPrefix(value, "javascript:"):
				found = fmt.Sprintf("an address %s=%q", name, value)
			case name == "src" && tag == "img" && value == "x":
				found = "a picture from nowhere"
			}
		}
	})
	if doc.Find("head > title").Length() > 1 || doc.Find("body title").Not("svg title").Length() > 0 {
		found = "a title of its own"
	}
	return found
}

func TestAPageShowsEveryNameAsText(t *testing.T) {
	for kind, name := range hostile {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			acme := w.found("Zanzibar", "+46701740600")
			acme.say = func(noun string) string { return name + " " + noun }
			acme.seen()
			title, yes := name+" account", name+" boss"
			footer := strings.ReplaceAll(yes, "{{", "{ {") // others are no footer
			if _, err := w.Accounts.EditSettings(t.Context(), acme.actor(), accounts.SettingsPatch{Name: &title, Footer: &footer}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Accounts.EditProfile(t.Context(), acme.actor(), yes, 0); err != nil {
				t.Fatal(err)
			}
			inbox := name + " inbox"
			for _, ref := range []string{"website", "texts"} {
				if _, err := w.Accounts.EditInbox(t.Context(), acme.actor(), acme.refID(ref), accounts.InboxPatch{Name: &inbox}); err != nil {
					t.Fatal(err)
				}
			}
			talk := acme.refID("talk")
			if _, err := w.Conversations.AddNote(t.Context(), acme.actor(), talk, name+" note", ""); err != nil {
				t.Fatal(err)
			}
			for _, data := range [][]byte{[]byte(aPicture), []byte(name)} {
				if _, err := w.Conversations.ReplyFile(t.Context(), acme.actor(), talk, conversations.Upload{Name: name + ".png", Data: data}, ""); err != nil {
					t.Fatal(err)
				}
			}
			ana := w.signIn(acme.boss.Email)
			ana.token = acme.token
			shown := 0
			for _, r := range sitemap {
				if r.has(odd) || r.unsafe() && !strings.Contains(r.name, "/check") && !strings.Contains(r.name, "/review") && !strings.Contains(r.name, "/preview") {
					continue
				}
				for style, headers := range r.styles() {
					a := ana.ask(r.method(), r.path(acme), r.sent(acme), headers...)
					if a.StatusCode >= 500 {
						t.Errorf("%s%s: %d %s", r.name, style, a.StatusCode, a.body)
					}
					if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Content-Security-Policy") != contentPolicy && !strings.Contains(r.name, "/demo/site") {
						t.Errorf("%s%s: the headers are %v", r.name, style, a.Header)
					}
					if !strings.Contains(a.Header.Get("Content-Type"), "html") {
						continue
					}
					doc := a.read(t)
					if bad := mischief(doc); bad != "" {
						t.Errorf("%s%s holds %s", r.name, style, bad)
					}
					// In an element of its own the name stands whole.
					if strings.Contains(words(doc.Selection), name) {
						shown++
					}
				}
			}
			if shown < 40 {
				t.Errorf("only %d pages show the name: this test looks in the wrong place", shown)
			}
			// A spreadsheet that opens the file of errors runs nothing.
			a := ana.ask(http.MethodGet, "/imports/"+acme.ref("imported")+"/errors", "")
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\uFEFF"))).ReadAll()
			if err != nil || len(rows) < 2 {
				t.Fatalf("the errors are %q, %v", a.body, err)
			}
			for _, row := range rows {
				for _, cell := range row {
					if cell != "" && strings.Contains("=+-@\t\r", cell[:1]) {
						t.Errorf("a cell begins a formula: %q", cell)
					}
				}
			}
		})
	}
}

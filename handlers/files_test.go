package handlers

import (
	"mime"
	"net/http"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/conversations"
)

// Whatever somebody sends, nobody's browser runs it: neither on its own nor
// within a page, whatever it is called.
func TestAFileRunsNothingWhereverItIsOpened(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	stranger := somebody{w: w}
	for name, c := range map[string]struct {
		file        string
		data        string
		kind        string
		disposition string
	}{
		"a picture":              {"lamp.png", aPicture, "image/png", "inline"},
		"a page called picture":  {"lamp.png", "<script>alert(1)</script>", "text/plain; charset=utf-8", "attachment"},
		"an SVG":                 {"lamp.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain; charset=utf-8", "attachment"},
		"a PDF with a long name": {strings.Repeat("ä", 200) + ".pdf", "%PDF-1.7", "application/pdf", "attachment"},
		"quotes and breaks":      {"a\"; filename=\"b.exe\r\nX: y", "text", "text/plain; charset=utf-8", "attachment"},
	} {
		m, err := w.Conversations.ReplyFile(t.Context(), acme.actor(), acme.refID("talk"), conversations.Upload{Name: c.file, Data: []byte(c.data)}, "")
		if err != nil {
			t.Fatal(err)
		}
		a := stranger.ask(http.MethodGet, "/files/"+m.File.Address, "")
		disposition, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		if err != nil || disposition != c.disposition || params["filename"] != m.File.Name || len(params) != 1 {
			t.Errorf("%s: %q, %v", name, a.Header.Get("Content-Disposition"), err)
		}
		if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != c.kind || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("X") != "" ||
			!strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'none'") || !strings.HasSuffix(a.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: %d %v", name, a.StatusCode, a.Header)
		}
	}
	if a := stranger.ask(http.MethodGet, "/files/"+acme.account.ID.String()+"-aaaaaaaaaaaaaaaaaaaaaaaaaa", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is none: %d", a.StatusCode)
	}
}

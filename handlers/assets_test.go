package handlers

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestFilesAreKeptForAYearUnderTheNameOfTheirContent(t *testing.T) {
	s, err := New(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	address, err := s.assets.url("app.css")
	if err != nil {
		t.Fatal(err)
	}
	got := ask(t, s, "GET", address, "", "Accept-Encoding", "br")
	if got.StatusCode != 200 || got.Header.Get("Content-Encoding") != "br" || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	tag := got.Header.Get("Etag")
	if again := ask(t, s, "GET", address, "", "If-None-Match", tag, "Accept-Encoding", "br"); tag == "" || again.StatusCode != 304 {
		t.Errorf("ETag %q: %d", tag, again.StatusCode)
	}
	if plain := ask(t, s, "GET", "/static/app.css", ""); plain.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("without its digest: %s", plain.Header.Get("Cache-Control"))
	}
	if font := ask(t, s, "GET", "/static/inter-latin-ABCDEFGH.woff2", ""); !strings.Contains(font.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("a font: %s", font.Header.Get("Cache-Control"))
	}
	for _, path := range []string{"/static/none.js?v=1", "/static/../handlers/app.go", "/static/%2e%2e/go.mod", "/static/"} {
		if got := ask(t, s, "GET", path, "", "Cookie", "session=ana"); got.StatusCode < 400 || strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Header.Get("Cache-Control"))
		}
	}
	if _, err := s.assets.url("none.js"); err == nil {
		t.Error("an asset that is not there has an address")
	}
}

func TestAnyPageMayLoadTheWidget(t *testing.T) {
	s, err := New(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/widget.js", "/widget.js?inbox=k", "/widget-signals.js", "/widget-panel.js"} {
		got := ask(t, s, "GET", path, "", "Origin", "https://shop.example")
		if got.StatusCode != 200 || got.Header.Get("Access-Control-Allow-Origin") != "*" || got.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" ||
			got.Header.Get("Cache-Control") != "public, max-age=300" || !strings.Contains(got.Header.Get("Content-Type"), "javascript") {
			t.Errorf("%s: %d %v", path, got.StatusCode, got.Header)
		}
	}
}

func TestWithoutBundlesTheStartSaysWhatToDo(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{"nothing": {}, "half": {"app.js": {Data: []byte("x")}}} {
		deps := testDeps(t)
		deps.Static = files
		if _, err := New(deps); err == nil || !strings.Contains(err.Error(), "make build") {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

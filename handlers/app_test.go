package handlers

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jonboulle/clockwork"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/liadesk/campaigns/liadesk"
)

// fakeBundles stands for static/dist, so that these tests need no build.
func fakeBundles() fstest.MapFS {
	files := fstest.MapFS{"favicon.svg": {Data: []byte("<svg/>")}, "inter-latin-ABCDEFGH.woff2": {Data: []byte("font")}}
	for _, name := range wanted {
		files[name] = &fstest.MapFile{Data: []byte(strings.Repeat(name+" ", 2000))}
	}
	return files
}

// testDeps is enough to start the edge; a test fills in the rooms it needs.
func testDeps(t *testing.T) Deps {
	t.Helper()
	return Deps{
		URL:     "http://desk.example.com",
		Secret:  []byte("0123456789abcdef0123456789abcdef"),
		Version: "test",
		Log:     slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Clock:   clockwork.NewFakeClockAt(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)),
		Metrics: prometheus.NewRegistry(),
		Static:  fakeBundles(),
		Ready:   func(context.Context) error { return nil },
		Viewer: func(_ context.Context, token string) (*Viewer, error) {
			if token != "ana" {
				return nil, liadesk.ErrUnauthenticated
			}
			return testViewer(), nil
		},
	}
}

func testViewer() *Viewer {
	account := liadesk.Account{Name: "Northwind Bikes", Plan: liadesk.PlanGrowth, Settings: liadesk.DefaultSettings("ES", "Europe/Madrid")}
	return &Viewer{Session: "session-1", Account: account, User: liadesk.User{Name: "Ana Souza", Role: liadesk.RoleAdministrator}}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// newTest starts the edge with more routes of the test's own, before the one
// that answers 404.
func newTest(t *testing.T, deps Deps, more func(s *Server, app *fiber.App)) *Server {
	t.Helper()
	s, err := New(deps)
	if err != nil {
		t.Fatal(err)
	}
	if more != nil {
		s.app = fiber.New(s.app.Config())
		s.app.Server().HeaderReceived = requestConfig
		s.middleware()
		s.app.Use(s.loadViewer, s.checkCSRF)
		more(s, s.app)
		s.app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	}
	return s
}

func mustNew(t *testing.T, deps Deps) *Server {
	t.Helper()
	s, err := New(deps)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks over the network and gives the status.
func get(t *testing.T, address, header, value string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		r.Header.Set(header, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

type answer struct {
	*http.Response
	body string
}

// ask sends one request; headers come in pairs.
func ask(t *testing.T, s *Server, method, path, body string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "desk.example.com"
	if body == "" {
		r.Body = http.NoBody
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if h := r.Header.Get("Host"); h != "" {
		r.Host = h
	}
	resp, err := s.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(data)}
}

func (a answer) problem(t *testing.T) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatalf("not a problem document: %v: %s", err, a.body)
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type = %q", got)
	}
	return doc
}

package handlers

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// fakeViewer changes what a Viewer function finds.
func fakeViewer(find func(context.Context, string) (*Viewer, error), change func(*Viewer)) func(context.Context, string) (*Viewer, error) {
	return func(ctx context.Context, token string) (*Viewer, error) {
		v, err := find(ctx, token)
		if err == nil && change != nil {
			change(v)
		}
		return v, err
	}
}

func TestEveryAnswerCarriesTheSafetyHeaders(t *testing.T) {
	s, err := New(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/healthz", "/none", "/static/app.css", "/api/v1/none"} {
		h := ask(t, s, "GET", path, "").Header
		policy := h.Get("Content-Security-Policy")
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("X-Request-Id") == "" || h.Get("Server") != "" ||
			!strings.Contains(policy, "script-src 'self';") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %v", path, h)
		}
		if h.Get("Cache-Control") == "" {
			t.Errorf("%s: no Cache-Control", path)
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: promises https on http", path)
		}
	}
}

func TestNamesThatAreNotOursAreRefused(t *testing.T) {
	s, err := New(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	for host, status := range map[string]int{
		"desk.example.com": 200, "DESK.example.com:3000": 200, "127.0.0.1:3000": 200, "localhost": 200, "[::1]:3000": 200, "10.0.0.4": 200,
		"evil.example": 421, "desk.example.com.evil.example": 421, "localhost.evil.example": 421,
	} {
		if got := ask(t, s, "GET", "/login", "", "Host", host); got.StatusCode != status {
			t.Errorf("%s: got %d, want %d", host, got.StatusCode, status)
		}
		if got := ask(t, s, "GET", "/healthz", "", "Host", host); got.StatusCode != 200 {
			t.Errorf("%s: it is not told that the server lives: %d", host, got.StatusCode)
		}
	}
}

func TestARequestNamesItselfButStrangersDoNot(t *testing.T) {
	s, err := New(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, "GET", "/healthz", "", "X-Request-Id", "mine").Header.Get("X-Request-Id"); got == "mine" || got == "" {
		t.Errorf("a stranger named the request %q", got)
	}
}

func TestReadinessSaysWhyNot(t *testing.T) {
	deps := testDeps(t)
	var trouble error
	deps.Ready = func(context.Context) error { return trouble }
	s, err := New(deps)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, "GET", "/readyz", ""); got.StatusCode != 200 {
		t.Errorf("ready: %d", got.StatusCode)
	}
	trouble = errors.New("the disk is full")
	if got := ask(t, s, "GET", "/readyz", ""); got.StatusCode != 503 || !strings.Contains(got.body, "the disk is full") {
		t.Errorf("not ready: %d %s", got.StatusCode, got.body)
	}
	if got := ask(t, s, "GET", "/healthz", ""); got.StatusCode != 200 {
		t.Errorf("alive: %d", got.StatusCode)
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	address := listen(t, mustNew(t, testDeps(t)))
	for headers, status := range map[string]int{"": 200, "X-Forwarded-For": 403, "Forwarded": 403} {
		if got := get(t, "http://"+address+"/metrics", headers, "for=203.0.113.9"); got != status {
			t.Errorf("%q: got %d, want %d", headers, got, status)
		}
	}
}

func TestTheTimeOfARequestEnds(t *testing.T) {
	s := newTest(t, testDeps(t), func(_ *Server, app *fiber.App) {
		app.Get("/x", func(c *fiber.Ctx) error {
			if _, ok := c.UserContext().Deadline(); !ok {
				return errors.New("no deadline")
			}
			return c.SendString("ok")
		})
	})
	if got := ask(t, s, "GET", "/x", ""); got.body != "ok" {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

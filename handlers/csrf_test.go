package handlers

import (
	"net/url"
	"testing"

	"github.com/gofiber/fiber/v2"
)

func TestChangesNeedTheTokenOfTheSession(t *testing.T) {
	s := newTest(t, testDeps(t), func(_ *Server, app *fiber.App) {
		app.All("/change", func(c *fiber.Ctx) error { return c.SendString("changed") })
		app.All("/contacts/import", func(c *fiber.Ctx) error { return c.SendString("changed") })
	})
	good, other := s.csrfToken("session-1"), s.csrfToken("session-2")
	form := "application/x-www-form-urlencoded"
	for _, test := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
	}{
		{"reading", "GET", "/change", "", nil, 200},
		{"no token", "POST", "/change", "", nil, 403},
		{"another session's token", "POST", "/change", "", []string{"X-CSRF-Token", other}, 403},
		{"the header", "POST", "/change", "", []string{"X-CSRF-Token", good}, 200},
		{"the form", "POST", "/change", "csrf=" + url.QueryEscape(good), []string{"Content-Type", form}, 200},
		{"delete without", "DELETE", "/change", "", nil, 403},
		{"delete with", "DELETE", "/change", "", []string{"X-CSRF-Token", good}, 200},
		{"the query, for a form", "POST", "/change?csrf=" + url.QueryEscape(good), "", nil, 403},
		{"the query, for an upload", "POST", "/contacts/import?csrf=" + url.QueryEscape(good), "x", nil, 200},
		{"an upload without", "POST", "/contacts/import", "x", nil, 403},
		{"another site, with the token", "POST", "/change", "", []string{"X-CSRF-Token", good, "Origin", "https://evil.example"}, 403},
		{"a sandboxed frame", "POST", "/change", "", []string{"X-CSRF-Token", good, "Origin", "null"}, 403},
		{"cross-site by the browser's word", "POST", "/change", "", []string{"X-CSRF-Token", good, "Sec-Fetch-Site", "cross-site"}, 403},
		{"same-site is not same-origin", "POST", "/change", "", []string{"X-CSRF-Token", good, "Sec-Fetch-Site", "same-site"}, 403},
		{"our own page", "POST", "/change", "", []string{"X-CSRF-Token", good, "Origin", "http://desk.example.com", "Sec-Fetch-Site", "same-origin"}, 200},
	} {
		got := ask(t, s, test.method, test.path, test.body, append(test.headers, "Cookie", "session=ana", "HX-Request", "true")...)
		if got.StatusCode != test.status {
			t.Errorf("%s: got %d, want %d", test.name, got.StatusCode, test.status)
		}
	}
	if got := ask(t, s, "POST", "/change", ""); got.StatusCode != 200 {
		t.Errorf("a stranger has no session to protect: %d", got.StatusCode)
	}
	if got := ask(t, s, "POST", "/change", "", "Origin", "https://evil.example"); got.StatusCode != 403 {
		t.Errorf("signing somebody in from another site: %d", got.StatusCode)
	}
}

func TestAMacForOneUseIsWorthlessForAnother(t *testing.T) {
	s := newTest(t, testDeps(t), nil)
	if mac := s.sign("csrf", "x"); !s.signed("csrf", "x", mac) || s.signed("toast", "x", mac) || s.signed("csrf", "y", mac) || s.signed("csrf", "x", "") {
		t.Error("signatures are not told apart")
	}
}

package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

var errSecret = errors.New("disk /var/secret is gone")

// refusing answers every path with one error.
func refusing(err error) func(*Server, *fiber.App) {
	return func(_ *Server, app *fiber.App) {
		app.All("/*", func(*fiber.Ctx) error { return err })
	}
}

func TestEachKindOfRefusalHasItsStatus(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{liadesk.ErrNotFound, 404, "not_found"},
		{liadesk.ErrUnauthenticated, 401, "unauthenticated"},
		{liadesk.ErrForbidden, 403, "forbidden"},
		{liadesk.ErrPlanRequired, 403, "plan_required"},
		{liadesk.Conflict("phone_taken", "taken"), 409, "phone_taken"},
		{&liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_requests"}, 429, "too_many_requests"},
		{&liadesk.Error{Kind: liadesk.KindUnavailable, Code: "unavailable"}, 503, "unavailable"},
		{tooLarge(widgetBody), 413, "too_large"},
		{fiber.ErrMethodNotAllowed, 405, "method_not_allowed"},
		{fiber.NewError(http.StatusBadRequest, "unexpected end of JSON input"), 400, "bad_request"},
		{context.DeadlineExceeded, 503, "unavailable"},
		{errSecret, 500, "internal"},
	} {
		s := newTest(t, testDeps(t), refusing(test.err))
		got := ask(t, s, "GET", "/api/v1/contacts", "")
		doc := got.problem(t)
		if got.StatusCode != test.status || doc["code"] != test.code || doc["status"] != float64(test.status) {
			t.Errorf("%v: got %d %v", test.err, got.StatusCode, doc)
		}
		if doc["detail"] == "" || doc["request_id"] != got.Header.Get("X-Request-Id") {
			t.Errorf("%v: no sentence or no request id: %v", test.err, doc)
		}
	}
}

func TestOurOwnFailuresSayNothingOfTheirCause(t *testing.T) {
	s := newTest(t, testDeps(t), refusing(errSecret))
	for _, path := range []string{"/api/v1/contacts", "/contacts", "/widget/v1/visit"} {
		got := ask(t, s, "GET", path, "", "Cookie", "session=ana")
		if got.StatusCode != 500 || strings.Contains(got.body, "secret") {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
		if !strings.Contains(got.body, got.Header.Get("X-Request-Id")) {
			t.Errorf("%s: the answer does not name the request", path)
		}
	}
}

func TestAPanicIsAnInternalErrorLikeAnyOther(t *testing.T) {
	s := newTest(t, testDeps(t), func(_ *Server, app *fiber.App) {
		app.Get("/api/boom", func(*fiber.Ctx) error { panic("secret") })
	})
	got := ask(t, s, "GET", "/api/boom", "")
	if doc := got.problem(t); got.StatusCode != 500 || doc["code"] != "internal" || strings.Contains(got.body, "secret") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestInvalidInputNamesEachField(t *testing.T) {
	var v liadesk.Invalid
	v.Add("title", "required")
	v.Add("message", "too_long", "Max", 1200)
	s := newTest(t, testDeps(t), refusing(v.Err()))
	doc := ask(t, s, "POST", "/api/v1/sms-campaigns", "{}").problem(t)
	errs, _ := doc["errors"].([]any)
	if doc["status"] != float64(422) || len(errs) != 2 {
		t.Fatalf("%v", doc)
	}
	second, _ := errs[1].(map[string]any)
	if second["field"] != "message" || second["code"] != "too_long" || !strings.Contains(second["message"].(string), "1,200") {
		t.Errorf("%v", second)
	}
}

func TestValuesForProgramsBecomeMembersOfTheProblem(t *testing.T) {
	err := liadesk.Conflict("phone_taken", "").With(map[string]any{"contact_id": "c-1", "Name": "Ana", "status": "kept out"})
	doc := ask(t, newTest(t, testDeps(t), refusing(err)), "POST", "/api/v1/contacts", "{}").problem(t)
	if doc["contact_id"] != "c-1" || doc["Name"] != nil || doc["status"] != float64(409) {
		t.Errorf("%v", doc)
	}
}

func TestWhoCameTooOftenHearsWhenToComeBack(t *testing.T) {
	err := &liadesk.Error{Kind: liadesk.KindTooMany, Code: "too_many_requests", RetryAfter: 1500 * time.Millisecond}
	got := ask(t, newTest(t, testDeps(t), refusing(err)), "GET", "/api/v1/contacts", "")
	if got.Header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After = %q", got.Header.Get("Retry-After"))
	}
}

func TestAnErrorForHtmxGoesToTheCornerAndLeavesThePlaceAlone(t *testing.T) {
	s := newTest(t, testDeps(t), refusing(liadesk.ErrNotFound))
	got := ask(t, s, "GET", "/contacts/1", "", "HX-Request", "true", "Cookie", "session=ana")
	if got.StatusCode != 404 || got.Header.Get("HX-Retarget") != "#toasts" || got.Header.Get("HX-Reswap") != "beforeend" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	if strings.Contains(got.body, "<html") || !strings.Contains(got.body, `role="alert"`) {
		t.Errorf("not a toast: %s", got.body)
	}
}

func TestAnErrorForPeopleIsAPage(t *testing.T) {
	s := newTest(t, testDeps(t), refusing(liadesk.ErrPlanRequired))
	got := ask(t, s, "GET", "/campaigns/sms", "", "Cookie", "session=ana")
	if got.StatusCode != 403 || !strings.Contains(got.body, "<!doctype html>") || !strings.Contains(got.body, "Your plan does not include campaigns.") {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestStrangersAreSentToSignInAndComeBack(t *testing.T) {
	s := newTest(t, testDeps(t), func(s *Server, app *fiber.App) {
		app.All("/contacts", s.requireViewer, func(c *fiber.Ctx) error { return c.SendString("in") })
	})
	for _, test := range []struct {
		name, method string
		headers      []string
		status       int
		header, to   string
	}{
		{"a page", "GET", nil, 303, "Location", "/login?next=%2Fcontacts%3Fq%3Dana"},
		{"a change", "POST", nil, 303, "Location", "/login?next=%2F"},
		{"a fragment", "GET", []string{"HX-Request", "true", "HX-Current-URL", "http://desk.example.com/inboxes?x=1"}, 204, "HX-Redirect", "/login?next=%2Finboxes%3Fx%3D1"},
		{"a bad cookie", "GET", []string{"Cookie", "session=revoked"}, 303, "Location", "/login?next=%2Fcontacts%3Fq%3Dana"},
	} {
		got := ask(t, s, test.method, "/contacts?q=ana", "", test.headers...)
		if got.StatusCode != test.status || got.Header.Get(test.header) != test.to {
			t.Errorf("%s: %d %s", test.name, got.StatusCode, got.Header.Get(test.header))
		}
	}
	if got := ask(t, s, "GET", "/contacts", "", "Cookie", "session=ana"); got.body != "in" {
		t.Errorf("signed in: %d %s", got.StatusCode, got.body)
	}
}

func TestNobodyIsSentElsewhereAfterSigningIn(t *testing.T) {
	for next, want := range map[string]string{
		"/contacts?q=1": "/contacts?q=1", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/",
		"/%5c/evil": "/%5c/evil", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/", "contacts": "/", "/\t/evil.example": "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

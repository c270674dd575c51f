package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

// statuses says with which HTTP status each kind of refusal is told.
var statuses = map[liadesk.Kind]int{
	liadesk.KindInternal:        http.StatusInternalServerError,
	liadesk.KindInvalid:         http.StatusUnprocessableEntity,
	liadesk.KindNotFound:        http.StatusNotFound,
	liadesk.KindConflict:        http.StatusConflict,
	liadesk.KindUnauthenticated: http.StatusUnauthorized,
	liadesk.KindForbidden:       http.StatusForbidden,
	liadesk.KindPlanRequired:    http.StatusForbidden,
	liadesk.KindTooMany:         http.StatusTooManyRequests,
	liadesk.KindTooLarge:        http.StatusRequestEntityTooLarge,
	liadesk.KindUnavailable:     http.StatusServiceUnavailable,
}

// kindNames are the parts of the catalogue's ids: problem.not_found.title.
var kindNames = map[liadesk.Kind]string{
	liadesk.KindInternal:        "internal",
	liadesk.KindInvalid:         "invalid",
	liadesk.KindNotFound:        "not_found",
	liadesk.KindConflict:        "conflict",
	liadesk.KindUnauthenticated: "unauthenticated",
	liadesk.KindForbidden:       "forbidden",
	liadesk.KindPlanRequired:    "plan_required",
	liadesk.KindTooMany:         "too_many",
	liadesk.KindTooLarge:        "too_large",
	liadesk.KindUnavailable:     "unavailable",
}

// refusal makes a liadesk.Error, and its status, out of any error: one of
// ours, one of fiber's, or a failure of ours, whose text stays in the log.
func refusal(err error) (*liadesk.Error, int) {
	if e, ok := errors.AsType[*liadesk.Error](err); ok {
		return e, statuses[e.Kind]
	}
	if e, ok := errors.AsType[*fiber.Error](err); ok {
		switch e.Code {
		case http.StatusNotFound:
			return liadesk.ErrNotFound, e.Code
		case http.StatusMethodNotAllowed:
			return &liadesk.Error{Kind: liadesk.KindNotFound, Code: "method_not_allowed"}, e.Code
		case http.StatusRequestEntityTooLarge:
			return tooLarge(defaultBody), e.Code
		case http.StatusServiceUnavailable:
			return &liadesk.Error{Kind: liadesk.KindUnavailable, Code: "unavailable"}, e.Code
		}
		if e.Code >= 400 && e.Code < 500 {
			code := "bad_request"
			if isCode(e.Message) {
				code = e.Message
			}
			return &liadesk.Error{Kind: liadesk.KindInvalid, Code: code}, e.Code
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &liadesk.Error{Kind: liadesk.KindUnavailable, Code: "unavailable", Cause: err}, http.StatusServiceUnavailable
	}
	return &liadesk.Error{Kind: liadesk.KindInternal, Code: "internal", Cause: err}, http.StatusInternalServerError
}

// isCode tells a code from a sentence.
func isCode(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLower(r) })
}

// fail answers an error: problem+json (RFC 9457) to programs, a fragment to
// htmx, a page to people. What happened inside us goes to the log under the
// request's id, and the person gets the id alone.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	e, status := refusal(err)
	if status >= http.StatusInternalServerError && !errors.Is(err, errPanicked) {
		s.Log.Error("request failed", "id", requestID(c), "method", c.Method(), "path", c.Path(), "error", err)
	}
	retryAfter(c, e)
	c.Status(status)
	if forPrograms(c.Path()) {
		return s.problem(c, e, status)
	}
	return s.failPage(c, e)
}

// retryAfter says when to try again, in whole seconds (RFC 9110 §10.2.3).
func retryAfter(c *fiber.Ctx, e *liadesk.Error) {
	if e.Kind == liadesk.KindTooMany && e.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
}

// forPrograms tells the paths whose answers no person reads.
func forPrograms(path string) bool {
	for _, prefix := range []string{"/api/", "/widget/", "/webhooks/", "/metrics", "/readyz", "/healthz"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// fieldProblem is a member of a problem's errors.
type fieldProblem struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// problem answers in RFC 9457's form. The values of an error whose names begin
// with a small letter are for programs (contact_id) and become members.
func (s *Server) problem(c *fiber.Ctx, e *liadesk.Error, status int) error {
	l := s.texts.For("en")
	doc := map[string]any{}
	for name, value := range e.Args {
		if unicode.IsLower([]rune(name + " ")[0]) {
			doc[name] = value
		}
	}
	doc["type"] = "about:blank"
	doc["title"] = http.StatusText(status)
	doc["status"] = status
	doc["code"] = e.Code
	doc["detail"] = l.Error("", e.Code, e.Args)
	doc["request_id"] = requestID(c)
	if e.Kind == liadesk.KindInvalid {
		fields := make([]fieldProblem, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = fieldProblem{f.Field, f.Code, l.Error(f.Field, f.Code, f.Args)}
		}
		doc["errors"] = fields
		if len(fields) > 0 && strings.HasPrefix(c.Path(), "/widget/") {
			doc["detail"] = fields[0].Message // the widget has one line for it
		}
	}
	if e.Kind == liadesk.KindUnauthenticated {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="api"`)
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Send(body)
}

// failure is what the error templates show.
type failure struct {
	Kind    string // part of the catalogue's ids
	Message string
	Fields  []string // sentences, when no form is there to show them
	Ref     string   // the request's id, only when the fault is ours
	SignIn  bool
}

func (s *Server) failPage(c *fiber.Ctx, e *liadesk.Error) error {
	if e.Kind == liadesk.KindUnauthenticated && viewer(c) == nil {
		return s.redirect(c, "/login?next="+url.QueryEscape(returnPath(c)))
	}
	l := s.localizer(c)
	f := failure{Kind: kindNames[e.Kind], Message: l.Error("", e.Code, e.Args)}
	for _, field := range e.Fields {
		f.Fields = append(f.Fields, l.Error(field.Field, field.Code, field.Args))
	}
	if e.Kind == liadesk.KindInternal {
		f.Ref = requestID(c)
	}
	page := Page{Title: l.T("problem." + f.Kind + ".title"), Data: f}
	var err error
	if wantsFragment(c) {
		// The place that the answer was meant for keeps what it shows.
		c.Set("HX-Retarget", "#toasts")
		c.Set("HX-Reswap", "beforeend")
		c.Set("HX-Push-Url", "false")
		err = s.fragment(c, "errors/toast", page)
	} else {
		err = s.page(c, "errors/page", page)
	}
	if err != nil {
		s.Log.Error("the error page failed", "id", requestID(c), "error", err)
		c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
		return c.SendString(f.Message + " (" + requestID(c) + ")\n")
	}
	return nil
}

// returnPath is where to go on after signing in: this page, or the page that
// a fragment was asked from. Changes are never repeated by coming back.
func returnPath(c *fiber.Ctx) string {
	if u, err := url.Parse(c.Get("HX-Current-URL")); err == nil && wantsFragment(c) && u.Path != "" {
		return u.RequestURI()
	}
	if c.Method() != fiber.MethodGet {
		return "/"
	}
	return c.OriginalURL()
}

// localPath gives back a path of ours, or "/" for anything that would lead
// elsewhere: "//host", "/\host" and full addresses.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

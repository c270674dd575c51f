package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/liadesk/campaigns/liadesk"
)

// identify names the request, so that a person who reports a problem and the
// log speak of the same thing. A name given by a trusted proxy is kept.
func (s *Server) identify(c *fiber.Ctx) error {
	id := ""
	if c.IsProxyTrusted() {
		id = c.Get(fiber.HeaderXRequestID)
	}
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		id = uuid.NewString()
	}
	c.Locals(localRequestID, id)
	c.Set(fiber.HeaderXRequestID, id)
	ctx, cancel := context.WithTimeout(c.UserContext(), timeoutOf(c.Path()))
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// requestID is the name that identify gave.
func requestID(c *fiber.Ctx) string {
	id, _ := c.Locals(localRequestID).(string)
	return id
}

// log writes a line per request: debug for what went well, so that a busy
// widget does not fill a disk, and warn for our own failures. Query strings
// are left out, for links may carry one-use secrets.
func (s *Server) log(c *fiber.Ctx) error {
	start := s.Clock.Now()
	err := c.Next()
	if err != nil {
		// Answer now, so that the status below is the one the person got.
		if fatal := s.fail(c, err); fatal != nil {
			return fatal
		}
	}
	level := slog.LevelDebug
	status := c.Response().StatusCode()
	if status >= 500 {
		level = slog.LevelWarn
	}
	s.Log.Log(c.UserContext(), level, "request", "id", requestID(c), "method", c.Method(), "path", c.Path(),
		"status", status, "took", s.Clock.Since(start), "from", c.IP())
	return nil
}

// recover turns a panic into an internal error. Its text goes to the log
// alone.
func (s *Server) recover(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.Log.Error("panic", "id", requestID(c), "path", c.Path(), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = &liadesk.Error{Kind: liadesk.KindInternal, Code: "internal", Text: "panic", Cause: errPanicked}
		}
	}()
	return c.Next()
}

// errPanicked marks what recover has already logged.
var errPanicked = errors.New("panicked")

// contentPolicy lets a page load from here and nowhere else. Live updates
// connect to our own socket; pictures may also be data: (the preview of an
// upload) and https: (pictures in a campaign's message, shown as the site's
// visitors will see them).
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; " +
	"img-src 'self' data: https:; connect-src 'self'; media-src 'self'; manifest-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect sets the headers that hold for every answer; a route may replace
// one (the demo shop is a page of its own with another policy).
func (s *Server) protect(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, contentPolicy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set(fiber.HeaderReferrerPolicy, "strict-origin-when-cross-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set(fiber.HeaderPermissionsPolicy, "camera=(), microphone=(), geolocation=(), payment=()")
	crossOrigin(c)
	if s.secure {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
	err := c.Next()
	// Pages hold people's data and their state: none is kept on the way. A
	// route that knows better has said so already.
	if len(c.Response().Header.Peek(fiber.HeaderCacheControl)) == 0 {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
	return err
}

// checkHost refuses names that are not ours: a page elsewhere may point its
// own name at our address (DNS rebinding) and so read answers meant for ours.
// Loopback names and bare addresses pass, for the machine's own tools and
// health checks use them and no cookie of ours is tied to another's name. Whether
// the server lives is told under any name, as that of a container.
func (s *Server) checkHost(c *fiber.Ctx) error {
	if path := c.Path(); path == "/healthz" || path == "/readyz" {
		return c.Next()
	}
	host := strings.ToLower(c.Hostname())
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == s.host || host == "localhost" || net.ParseIP(host) != nil {
		return c.Next()
	}
	return fiber.NewError(fiber.StatusMisdirectedRequest, "wrong_host")
}

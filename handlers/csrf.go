package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// sign is a MAC under the installation's secret; purpose keeps a value made
// for one use from passing in another.
func (s *Server) sign(purpose, value string) string {
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write([]byte(purpose + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (s *Server) signed(purpose, value, mac string) bool {
	return hmac.Equal([]byte(s.sign(purpose, value)), []byte(mac))
}

// csrfToken is the word that only pages of this session know.
func (s *Server) csrfToken(session string) string { return s.sign("csrf", session) }

// checkCSRF refuses changes that another site made the person's browser ask
// for. Two independent walls: the browser's own word about where the request
// came from (Origin, Sec-Fetch-Site), and for signed-in people a token bound
// to their session, in the X-CSRF-Token header or the form field csrf. Before
// signing in there is no session to misuse and the first wall stands alone.
//
// Uploads are read as they arrive, so their token comes in the header or, when
// there are no scripts, in the query: the log leaves queries out.
func (s *Server) checkCSRF(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return c.Next()
	}
	if !s.sameOrigin(c) {
		return fiber.NewError(http.StatusForbidden, "csrf")
	}
	v := viewer(c)
	if v == nil {
		return c.Next()
	}
	token := c.Get("X-CSRF-Token")
	if token == "" {
		if bodyRuleFor(c.Path()).stream {
			token = c.Query("csrf")
		} else {
			token = formField(c, "csrf")
		}
	}
	if !s.signed("csrf", v.Session, token) {
		return fiber.NewError(http.StatusForbidden, "csrf")
	}
	return c.Next()
}

// formField is a field of the body's form, never of the query.
func formField(c *fiber.Ctx, name string) string {
	if value := c.Request().PostArgs().Peek(name); len(value) > 0 {
		return string(value)
	}
	if form, err := c.MultipartForm(); err == nil && len(form.Value[name]) > 0 {
		return form.Value[name][0]
	}
	return ""
}

// sameOrigin believes Sec-Fetch-Site (all current browsers send it and no
// page can forge it), else Origin. A request with neither is not a browser's,
// and carries nobody's cookie but its own.
func (s *Server) sameOrigin(c *fiber.Ctx) bool {
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
	default:
		return false
	}
	origin := strings.ToLower(c.Get(fiber.HeaderOrigin))
	return origin == "" || origin == s.origin || origin == strings.ToLower(c.BaseURL())
}

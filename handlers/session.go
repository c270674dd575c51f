package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/liadesk"
)

// sessionLife is how long a browser keeps the cookie; whether the session
// still lives is for the room to say.
const sessionLife = 400 * 24 * time.Hour // the most that browsers grant (RFC 6265bis §5.5)

// sessionCookie is the name of the cookie that holds a session's secret. With
// https the browser itself makes sure that it came from this very host and
// over https (RFC 6265bis §4.1.3.2); over plain http it refuses such names.
func (s *Server) sessionCookie() string {
	if s.secure {
		return "__Host-session"
	}
	return "session"
}

// setSession signs a browser in; "" signs it out.
func (s *Server) setSession(c *fiber.Ctx, secret string) {
	cookie := &fiber.Cookie{Name: s.sessionCookie(), Value: secret, Path: "/", HTTPOnly: true, Secure: s.secure, SameSite: "Lax",
		MaxAge: int(sessionLife / time.Second)}
	if secret == "" {
		cookie.MaxAge = -1
		cookie.Expires = time.Unix(0, 0)
	}
	c.Cookie(cookie)
}

// loadViewer finds out who is asking. A cookie that is no good is nobody, not
// an error: public pages still work.
func (s *Server) loadViewer(c *fiber.Ctx) error {
	token := c.Cookies(s.sessionCookie())
	if token == "" {
		return c.Next()
	}
	v, err := s.Viewer(c.UserContext(), token)
	switch {
	case err == nil:
		c.Locals(localViewer, v)
	case liadesk.KindOf(err) != liadesk.KindUnauthenticated:
		return err
	}
	return c.Next()
}

// requireViewer lets only signed-in people pass.
func (s *Server) requireViewer(c *fiber.Ctx) error {
	if viewer(c) == nil {
		return liadesk.ErrUnauthenticated
	}
	return c.Next()
}

// requireAdmin keeps pages for administrators from everybody else. The rooms
// check again; this is for pages that would show an empty frame.
func (s *Server) requireAdmin(c *fiber.Ctx) error {
	if err := actor(c).Administrator(); err != nil {
		return err
	}
	return c.Next()
}

// home is where a signed-in person starts.
func (s *Server) home(c *fiber.Ctx) error {
	if a := actor(c); a.Plan.Paid() && a.Role == liadesk.RoleAdministrator {
		return s.redirect(c, "/campaigns/live-chat")
	}
	return s.redirect(c, "/conversations")
}

// origin says where a request comes from, for the list of sessions.
func origin(c *fiber.Ctx) accounts.Origin {
	return accounts.Origin{Address: c.IP(), Browser: c.Get(fiber.HeaderUserAgent)}
}

// loginForm is what was typed, but for the password.
type loginForm struct {
	Email, Next string
	Failure     string // a sentence about both fields together
}

func (s *Server) showLogin(c *fiber.Ctx) error {
	next := localPath(c.Query("next"))
	if viewer(c) != nil {
		return s.redirect(c, next)
	}
	return s.page(c, "login/page", Page{Title: s.t(c, "login.title"), Data: loginForm{Next: next}})
}

func (s *Server) login(c *fiber.Ctx) error {
	form := loginForm{Email: c.FormValue("email"), Next: localPath(c.FormValue("next"))}
	page := Page{Title: s.t(c, "login.title"), Data: form}
	secret, err := s.Accounts.SignIn(c.UserContext(), form.Email, c.FormValue("password"), origin(c))
	if e, ok := errors.AsType[*liadesk.Error](err); ok && (e.Kind == liadesk.KindUnauthenticated || e.Kind == liadesk.KindTooMany) {
		_, status := refusal(e)
		retryAfter(c, e)
		form.Failure = s.localizer(c).Error("", e.Code, e.Args)
		page.Data = form
		c.Status(status)
		return s.page(c, "login/page", page)
	}
	if err != nil {
		return s.invalid(c, err, "login/page", "login/page", page)
	}
	s.setSession(c, secret)
	return c.Redirect(form.Next, http.StatusSeeOther)
}

func (s *Server) logout(c *fiber.Ctx) error {
	if err := s.Accounts.SignOut(c.UserContext(), c.Cookies(s.sessionCookie())); err != nil {
		return err
	}
	s.setSession(c, "")
	return c.Redirect("/login", http.StatusSeeOther)
}

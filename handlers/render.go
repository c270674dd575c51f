package handlers

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/views/texts"
)

// The keys under which a request carries things.
type local int

const (
	localRequestID local = iota
	localBody
	localViewer
	localLocalizer
	localToast
	localActor
)

// Viewer is the signed-in person behind a request.
type Viewer struct {
	Session string // the session's id; CSRF tokens are bound to it
	User    liadesk.User
	Account liadesk.Account
}

// Actor is who the rooms are told is asking.
func (v Viewer) Actor() liadesk.Actor { return liadesk.ActorOf(v.Account, v.User) }

// viewer is who is signed in, or nil. Behind requireViewer it is never nil.
func viewer(c *fiber.Ctx) *Viewer {
	v, _ := c.Locals(localViewer).(*Viewer)
	return v
}

// actor is who is asking, behind requireViewer or requireToken.
func actor(c *fiber.Ctx) liadesk.Actor {
	if a, ok := c.Locals(localActor).(liadesk.Actor); ok {
		return a
	}
	return viewer(c).Actor()
}

// Page is what every template gets as its dot, whole page and fragment alike.
// A handler sets Title, Nav and Data, and what it knows of Banners and Errors;
// page and fragment fill in the rest from the request.
type Page struct {
	// Title is the page's own name, a sentence already.
	Title string
	// Nav is the entry of the menu that this page belongs to: live-chat, sms,
	// conversations, contacts, inboxes or settings.
	Nav string
	// Data is the page's own.
	Data any
	// Errors says what is wrong with the fields of the page's form.
	Errors Problems
	// Banners stand above the content.
	Banners []Banner

	User      *liadesk.User // nil when nobody is signed in
	Account   *liadesk.Account
	Admin     bool // the viewer is an administrator
	Campaigns bool // the plan has campaigns; when false, nothing may mention them
	Demo      bool
	Sandbox   bool
	Unread    int // conversations that wait for this viewer
	CSRF      string
	Theme     string // light, dark, or "" for the system's
	Locale    string // BCP 47
	Zone      *time.Location
	Now       time.Time
	Path      string // of this request
	Toast     *Toast // said once, after a redirect
}

// Tone is how serious a banner, toast or badge is: info, success, warning or
// danger; badges also have "" for plain.
type Tone string

// The tones.
const (
	ToneInfo    Tone = "info"
	ToneSuccess Tone = "success"
	ToneWarning Tone = "warning"
	ToneDanger  Tone = "danger"
)

// Banner is a condition that lasts, said at the top of a page, with at most
// one thing to do about it. All texts are sentences already.
type Banner struct {
	Tone        Tone
	Text        string
	Link, Label string
}

// Toast is something that has just happened.
type Toast struct {
	Tone Tone   `json:"tone"`
	Text string `json:"text"`
}

// Problems are the sentences about fields, by the field's name, in the order
// in which they were found.
type Problems []Problem

// Problem is one of them.
type Problem struct{ Field, Message string }

// For is the first sentence about a field, or "".
func (p Problems) For(field string) string {
	for _, problem := range p {
		if problem.Field == field {
			return problem.Message
		}
	}
	return ""
}

// Option is one choice of a select or of radio cards.
type Option struct {
	Value    string
	Label    string // a sentence or a name already
	Hint     string // radio cards only
	Icon     string // radio cards only
	Disabled bool
}

// localizer speaks the viewer's language, or for strangers the nearest to
// what their browser asks for.
func (s *Server) localizer(c *fiber.Ctx) *texts.Localizer {
	if l, ok := c.Locals(localLocalizer).(*texts.Localizer); ok {
		return l
	}
	l := s.texts.For(locale(c))
	c.Locals(localLocalizer, l)
	return l
}

func locale(c *fiber.Ctx) string {
	if v := viewer(c); v != nil {
		return texts.NearestLocale(v.Account.Settings.Locale)
	}
	return texts.NearestLocale(c.Get(fiber.HeaderAcceptLanguage))
}

// t is a sentence of the catalogue for this request's reader.
func (s *Server) t(c *fiber.Ctx, id string, args ...any) string {
	return s.localizer(c).T(id, args...)
}

// zone is where this request's reader reads times.
func zone(c *fiber.Ctx) *time.Location { return zoneOf(viewer(c)) }

func zoneOf(v *Viewer) *time.Location {
	if v != nil {
		if z, err := time.LoadLocation(v.Account.Settings.TimeZone); err == nil {
			return z
		}
	}
	return time.UTC
}

// page answers with a whole page. The status set on c before stays.
func (s *Server) page(c *fiber.Ctx, name string, p Page) error { return s.render(c, name, p) }

// fragment answers with a template that the whole page itself includes. Use
// respond unless nobody can come to this address without htmx.
func (s *Server) fragment(c *fiber.Ctx, name string, p Page) error { return s.render(c, name, p) }

// respond answers htmx with the fragment part and everybody else with the
// page whole.
func (s *Server) respond(c *fiber.Ctx, whole, part string, p Page) error {
	if wantsFragment(c) {
		return s.fragment(c, part, p)
	}
	return s.page(c, whole, p)
}

// invalid shows a form again, with what was typed (in p.Data) and what is
// wrong with it, status 422. Any other error than one of input is returned as
// it is.
func (s *Server) invalid(c *fiber.Ctx, err error, whole, part string, p Page) error {
	if liadesk.KindOf(err) != liadesk.KindInvalid {
		return err
	}
	p.Errors = s.problems(c, err)
	c.Status(http.StatusUnprocessableEntity)
	return s.respond(c, whole, part, p)
}

// problems turns an error's fields into sentences.
func (s *Server) problems(c *fiber.Ctx, err error) Problems {
	e, _ := refusal(err)
	l := s.localizer(c)
	var list Problems
	for _, f := range e.Fields {
		list = append(list, Problem{f.Field, l.Error(f.Field, f.Code, f.Args)})
	}
	return list
}

func (s *Server) render(c *fiber.Ctx, name string, p Page) error {
	p.Theme = theme(c)
	p.Path = c.Path()
	s.dress(&p, viewer(c))
	p.Locale = locale(c)
	if !wantsFragment(c) {
		p.Toast = s.takeToast(c)
		// A page that says what went wrong must not fail for a mark in the menu.
		if err := s.countUnread(c.UserContext(), &p, viewer(c)); err != nil && c.Response().StatusCode() < http.StatusBadRequest {
			return err
		}
	}
	// Not by c.Render: in fiber 2.52 the first two calls at once race for a list
	// that it makes then. The whole answer is written before the first byte of
	// it goes out, so that a template that fails leaves no half page behind.
	var b bytes.Buffer
	if err := s.engine.Render(&b, name, p); err != nil {
		return err
	}
	c.Vary("HX-Request")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(b.Bytes())
}

// dress fills in what a page knows of its reader, nil for a stranger. It needs
// no request, for live updates are written without one.
func (s *Server) dress(p *Page, v *Viewer) {
	p.Demo, p.Sandbox = s.Demo, s.Sandbox
	p.Zone, p.Locale = time.UTC, "en"
	p.Now = s.Clock.Now()
	if v == nil {
		return
	}
	p.User, p.Account = &v.User, &v.Account
	p.Admin = v.User.Role == liadesk.RoleAdministrator
	p.Campaigns = v.Account.Plan.Paid()
	p.CSRF = s.csrfToken(v.Session)
	p.Demo = p.Demo || v.Account.Demo
	p.Locale = texts.NearestLocale(v.Account.Settings.Locale)
	p.Zone = zoneOf(v)
}

// countUnread fills in the mark that the menu shows: one read of an index.
func (s *Server) countUnread(ctx context.Context, p *Page, v *Viewer) (err error) {
	if v != nil && s.Conversations != nil {
		p.Unread, err = s.Conversations.Unread(ctx, v.Actor())
	}
	return err
}

// wantsFragment tells whether htmx will put the answer into a part of a page
// it already has. Going back in the browser's history asks for the whole.
func wantsFragment(c *fiber.Ctx) bool {
	return c.Get("HX-Request") == "true" && c.Get("HX-History-Restore-Request") != "true" && c.Get("HX-Boosted") != "true"
}

// redirect goes to another page of ours after a change, with htmx or without.
func (s *Server) redirect(c *fiber.Ctx, to string) error {
	c.Vary("HX-Request")
	s.keepToast(c)
	if wantsFragment(c) {
		c.Set("HX-Redirect", to)
		return c.SendStatus(http.StatusNoContent)
	}
	return c.Redirect(to, http.StatusSeeOther)
}

// nothing answers htmx with an empty fragment, which takes the target away
// when it swaps by outerHTML; without htmx it goes to another page of ours.
func (s *Server) nothing(c *fiber.Ctx, otherwise string) error {
	if !wantsFragment(c) {
		return s.redirect(c, otherwise)
	}
	c.Vary("HX-Request")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.SendString("")
}

// theme is the colour scheme the reader chose, "" for the system's.
func theme(c *fiber.Ctx) string {
	if t := c.Cookies(themeCookie); t == "light" || t == "dark" {
		return t
	}
	return ""
}

const themeCookie = "theme"

// setTheme keeps the choice for a year and comes back to where it was made.
// Scripts also set the cookie themselves; this is the way without them.
func (s *Server) setTheme(c *fiber.Ctx) error {
	choice := c.FormValue("theme")
	if !slices.Contains([]string{"light", "dark", "auto"}, choice) {
		return fiber.NewError(http.StatusBadRequest, "bad_request")
	}
	c.Cookie(&fiber.Cookie{Name: themeCookie, Value: choice, Path: "/", MaxAge: 365 * 24 * 3600, Secure: s.secure, SameSite: "Lax"})
	return c.Redirect(s.cameFrom(c, "/"), http.StatusSeeOther)
}

// cameFrom is the page of ours that a form in the menu was sent from, otherwise
// what is given.
func (s *Server) cameFrom(c *fiber.Ctx, otherwise string) string {
	if u, err := url.Parse(c.Get(fiber.HeaderReferer)); err == nil && strings.EqualFold(u.Scheme+"://"+u.Host, s.origin) {
		return localPath(u.RequestURI())
	}
	return otherwise
}

package handlers

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	toastCookie = "toast"
	toastHeader = "X-Toast" // JSON, read by the page's script
)

// toast says once what has just been done: on this answer, or after a redirect
// on the page that it leads to. The text is a sentence already.
func (s *Server) toast(c *fiber.Ctx, tone Tone, text string) {
	t := Toast{Tone: tone, Text: text}
	c.Locals(localToast, &t)
	if data, err := json.Marshal(t); err == nil && wantsFragment(c) {
		c.Set(toastHeader, ascii(string(data)))
	}
}

// keepToast carries what is to be said over a redirect, for the few seconds
// that one takes.
func (s *Server) keepToast(c *fiber.Ctx) {
	t, ok := c.Locals(localToast).(*Toast)
	if !ok {
		return
	}
	data, err := json.Marshal(t)
	if err != nil {
		return
	}
	c.Response().Header.Del(toastHeader)
	value := base64.RawURLEncoding.EncodeToString(data)
	c.Cookie(&fiber.Cookie{Name: toastCookie, Value: value + "." + s.sign("toast", value), Path: "/", MaxAge: 20,
		HTTPOnly: true, Secure: s.secure, SameSite: "Lax"})
}

// takeToast reads what an earlier answer left to say, and forgets it. Only
// what we signed is shown, so that no neighbour's cookie speaks in our name.
func (s *Server) takeToast(c *fiber.Ctx) *Toast {
	if t, ok := c.Locals(localToast).(*Toast); ok {
		return t
	}
	cookie := c.Cookies(toastCookie)
	if cookie == "" {
		return nil
	}
	// fiber's ClearCookie leaves the path out, and so another cookie in place.
	c.Cookie(&fiber.Cookie{Name: toastCookie, Path: "/", MaxAge: -1, Expires: time.Unix(0, 0), HTTPOnly: true, Secure: s.secure, SameSite: "Lax"})
	value, mac, _ := strings.Cut(cookie, ".")
	if !s.signed("toast", value, mac) {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	var t Toast
	if json.Unmarshal(data, &t) != nil {
		return nil
	}
	return &t
}

// ascii writes JSON so that it passes in a header.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			b.WriteString(`\u` + hex4(0xd800+r>>10) + `\u` + hex4(0xdc00+r&0x3ff))
		default:
			b.WriteString(`\u` + hex4(r))
		}
	}
	return b.String()
}

func hex4(r rune) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]})
}

package handlers

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/sms"
)

// followLink leads on whoever opens a short address out of a text.
func (s *Server) followLink(c *fiber.Ctx) error {
	// The address is the recipient's own: it is in no index, and where it leads
	// need not know it. It is asked for each time, so that it is counted.
	c.Set("X-Robots-Tag", "noindex")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderCacheControl, "no-store")
	target, err := s.SMS.FollowLink(c.UserContext(), c.Params("token"), sms.Opener{Agent: c.Get(fiber.HeaderUserAgent), Ahead: aheadOf(c)})
	if err != nil {
		return err
	}
	return c.Redirect(target, http.StatusFound)
}

// aheadOf tells whether a page is fetched before anybody asked to see it, by the
// method or by what browsers say then (W3C, "Speculation Rules", Sec-Purpose;
// the others are older names of it).
func aheadOf(c *fiber.Ctx) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(c.Get(name)); strings.Contains(v, "prefetch") || strings.Contains(v, "preview") {
			return true
		}
	}
	return c.Method() == fiber.MethodHead
}

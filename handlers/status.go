package handlers

import (
	"strings"

	"net/http"
	"net/netip"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/liadesk/campaigns/liadesk"
)

// healthz says that the process lives.
func (s *Server) healthz(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{"status": "ok", "version": s.Version})
}

// readyz says whether we can serve and store, and why not.
func (s *Server) readyz(c *fiber.Ctx) error {
	if err := s.Ready(c.UserContext()); err != nil {
		return c.Status(http.StatusServiceUnavailable).JSON(fiber.Map{"status": "unavailable", "reason": err.Error()})
	}
	return c.JSON(fiber.Map{"status": "ok"})
}

// mayMeasure keeps the metrics for the machine itself and for the token of an
// administrator. A request that a proxy on this machine passed on is not from
// here.
func (s *Server) mayMeasure(c *fiber.Ctx) error {
	if _, token, bearer := strings.Cut(c.Get(fiber.HeaderAuthorization), " "); bearer {
		a, err := s.Accounts.TokenActor(c.UserContext(), strings.TrimSpace(token))
		if err == nil {
			err = a.Administrator()
		}
		if err != nil {
			return err
		}
		return c.Next()
	}
	ip, err := netip.ParseAddr(c.Context().RemoteIP().String())
	if err != nil || !ip.IsLoopback() || c.Get(fiber.HeaderXForwardedFor) != "" || c.Get("Forwarded") != "" {
		return liadesk.ErrForbidden
	}
	return c.Next()
}

// metrics answers Prometheus.
func (s *Server) metrics() fiber.Handler {
	return adaptor.HTTPHandler(promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{}))
}

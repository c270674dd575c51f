package handlers

import (
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

// requireLoopback keeps the metrics for the machine itself. A request that a
// proxy on this machine passed on is not from here.
func (s *Server) requireLoopback(c *fiber.Ctx) error {
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

package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
)

// Rooms are what the handlers call; each stands in the file of its noun.
type Rooms struct {
	Accounts *accounts.Service
}

// routes is the site map. Order matters only where a section says so; a path
// that nobody answers is a 404 page (or a problem, for programs).
func (s *Server) routes() {
	app := s.app

	// Files: the built bundles.
	s.assets.serve(app)

	// Status, for machines.
	app.Get("/healthz", s.healthz)
	app.Get("/readyz", s.readyz)
	app.Get("/metrics", s.requireLoopback, s.metrics())

	// Widget, for visitors' browsers on other sites: no cookies, no CSRF.

	// Carrier callbacks: signed, no cookies.

	// API v1: bearer tokens, no cookies.

	// From here on, people with browsers.
	app.Use(s.loadViewer, s.checkCSRF)

	// Public pages.
	app.Post("/theme", s.setTheme)

	// Dashboard: everything below needs a signed-in person.
	desk := app.Group("", s.requireViewer)
	_ = desk

	// Live updates.

	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
}

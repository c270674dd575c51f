package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
)

// Rooms are what the handlers call; each stands in the file of its noun.
type Rooms struct {
	Accounts *accounts.Service
	DemoSite DemoSite
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
	api := app.Group("/api/v1", s.requireToken)
	api.Get("/inboxes", s.apiListInboxes)
	api.Post("/inboxes", s.apiCreateInbox)
	api.Get("/inboxes/:id", s.apiGetInbox)
	api.Patch("/inboxes/:id", s.apiEditInbox)
	api.Delete("/inboxes/:id", s.apiDeleteInbox)
	api.Get("/settings", s.apiGetSettings)
	api.Patch("/settings", s.apiEditSettings)
	api.Get("/users", s.apiListUsers)
	api.Post("/users", s.apiInviteUser)
	api.Get("/users/:id", s.apiGetUser)
	api.Patch("/users/:id", s.apiEditUser)
	api.Delete("/users/:id", s.apiDeleteUser)
	api.Post("/users/:id/deactivate", s.apiDeactivateUser)
	api.Post("/users/:id/reactivate", s.apiReactivateUser)
	api.Post("/users/:id/link", s.apiUserLink)
	api.Get("/tokens", s.apiListTokens)
	api.Post("/tokens", s.apiCreateToken)
	api.Delete("/tokens/:id", s.apiRevokeToken)

	// API v1, campaigns: accounts whose plan has none get plan_required first.
	// (Each such route names s.requireCampaigns before its handler.)

	api.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })

	// From here on, people with browsers.
	app.Use(s.loadViewer, s.checkCSRF)

	// Public pages.
	app.Post("/theme", s.setTheme)
	s.demoRoutes(app)

	// Dashboard: everything below needs a signed-in person.
	desk := app.Group("", s.requireViewer)
	_ = desk

	// Live updates.

	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
}

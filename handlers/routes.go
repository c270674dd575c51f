package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
)

// Rooms are what the handlers call; each stands in the file of its noun.
type Rooms struct {
	Accounts *accounts.Service
	Audience *audience.Service
	Contacts *contacts.Service
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
	api.Get("/contacts", s.apiListContacts)
	api.Post("/contacts", s.apiCreateContact)
	api.Post("/contacts/import", s.apiImport)
	api.Get("/contacts/:id", s.apiGetContact)
	api.Patch("/contacts/:id", s.apiEditContact)
	api.Delete("/contacts/:id", s.apiDeleteContact)
	api.Get("/contacts/:id/consent", s.apiContactConsent)
	api.Get("/imports", s.apiListImports)
	api.Get("/imports/:id", s.apiGetImport)
	api.Get("/imports/:id/errors", s.apiImportErrors)
	api.Post("/imports/:id/undo", s.apiUndoImport)
	api.Get("/tags", s.apiListTags)
	api.Post("/tags", s.apiCreateTag)
	api.Patch("/tags/:name", s.apiRenameTag)
	api.Delete("/tags/:name", s.apiDeleteTag)
	api.Get("/opt-outs", s.apiListOptOuts)
	api.Post("/opt-outs", s.apiAddOptOut)
	api.Delete("/opt-outs/:number", s.apiRemoveOptOut)

	// API v1, campaigns: accounts whose plan has none get plan_required first.
	// (Each such route names s.requireCampaigns before its handler.)
	api.Post("/audience/count", s.requireCampaigns, s.apiCountAudience)

	api.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })

	// From here on, people with browsers.
	app.Use(s.loadViewer, s.checkCSRF)

	// Public pages.
	app.Post("/theme", s.setTheme)
	s.demoRoutes(app)

	// Dashboard: everything below needs a signed-in person.
	desk := app.Group("", s.requireViewer)
	desk.Get("/contacts", s.showContacts)
	desk.Post("/contacts", s.createContact)
	desk.Get("/contacts/new", s.newContact)
	desk.Get("/contacts/tags", s.showTags)
	desk.Post("/contacts/tags", s.createTag)
	desk.Post("/contacts/tags/rename", s.renameTag)
	desk.Post("/contacts/tags/delete", s.deleteTag)
	desk.Get("/contacts/opt-outs", s.showOptOuts)
	desk.Post("/contacts/opt-outs", s.addOptOut)
	desk.Post("/contacts/opt-outs/remove", s.removeOptOut)
	desk.Get("/contacts/import", s.requireAdmin, s.showImportStart)
	desk.Post("/contacts/import", s.requireAdmin, s.uploadImport)
	desk.Get("/imports/:id", s.requireAdmin, s.showImportPage)
	desk.Post("/imports/:id", s.requireAdmin, s.startImport)
	desk.Post("/imports/:id/preview", s.requireAdmin, s.previewImport)
	desk.Post("/imports/:id/undo", s.requireAdmin, s.undoImport)
	desk.Post("/imports/:id/discard", s.requireAdmin, s.discardImport)
	desk.Get("/imports/:id/errors", s.requireAdmin, s.downloadImportErrors)
	desk.Get("/contacts/:id", s.showContact)
	desk.Post("/contacts/:id", s.editContact)
	desk.Get("/contacts/:id/edit", s.showContactForm)
	desk.Get("/contacts/:id/timeline", s.showTimeline)
	desk.Post("/contacts/:id/consent", s.recordConsent)
	desk.Post("/contacts/:id/delete", s.deleteContact)

	// Live updates.

	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
}

package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/livechat"
	"github.com/liadesk/campaigns/sms"
	"github.com/liadesk/campaigns/sms/sandbox"
)

// Rooms are what the handlers call; each stands in the file of its noun.
type Rooms struct {
	Accounts      *accounts.Service
	Audience      *audience.Service
	Contacts      *contacts.Service
	Conversations *conversations.Service
	DemoSite      DemoSite
	// Handset is the built-in carrier, nil when texts go to a real one.
	Handset  *sandbox.Sandbox
	LiveChat *livechat.Service
	SMS      *sms.Service
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
	app.Get("/metrics", s.mayMeasure, s.metrics())

	// Widget, for visitors' browsers on other sites: no cookies, no CSRF.
	s.widgetRoutes(app)

	// Carrier callbacks: signed, no cookies.
	app.Post("/webhooks/plivo/:inbox/status/:attempt", s.plivoStatus)
	app.Post("/webhooks/plivo/:inbox/inbound", s.plivoInbound)

	// Opt-out pages, for people with phones: no cookies, the address is the proof.
	app.Get("/files/:address", s.showFile)
	app.Get("/t/:code", s.leadBack)
	app.Get("/l/:token", s.followLink)
	app.Get("/o/:token", s.showLinkPage)
	app.Post("/o/:token", s.checkCSRF, s.optOutByLink)

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
	api.Get("/conversations", s.apiListConversations)
	api.Get("/conversations/report", s.apiTalkReport)
	api.Get("/conversations/:id", s.apiGetConversation)
	api.Post("/conversations/:id/messages", s.apiReply)
	api.Post("/conversations/:id/resolve", s.apiResolveConversation)
	api.Post("/conversations/:id/reopen", s.apiReopenConversation)
	api.Post("/conversations/:id/assign", s.apiAssign)
	api.Post("/conversations/:id/handoff", s.apiHandoff)
	api.Post("/conversations/:id/notes", s.apiAddNote)
	api.Post("/conversations/:id/snooze", s.apiSnooze)
	s.apiBotRoutes(api)

	// API v1, campaigns: accounts whose plan has none get plan_required first.
	// (Each such route names s.requireCampaigns before its handler.)
	api.Post("/audience/count", s.requireCampaigns, s.apiCountAudience)
	s.optOutFileAPI(api)
	api.Get("/opt-outs", s.requireCampaigns, s.apiListOptOuts)
	api.Post("/opt-outs", s.requireCampaigns, s.apiAddOptOut)
	api.Get("/opt-outs/held", s.requireCampaigns, s.apiListHolds)
	api.Post("/opt-outs/held", s.requireCampaigns, s.apiDecideHold)
	api.Delete("/opt-outs/:number", s.requireCampaigns, s.apiRemoveOptOut)
	s.apiSegmentRoutes(api)
	s.liveChatAPI(api)
	s.apiSMSRoutes(api)

	api.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })

	// From here on, people with browsers.
	app.Use(s.loadViewer, s.checkCSRF)

	// Public pages.
	app.Post("/theme", s.setTheme)
	app.Get("/pictures/:name", s.picture)
	app.Get("/login", s.showLogin)
	app.Post("/login", s.login)
	app.Get("/setup", s.showSetup)
	app.Post("/setup", s.setup)
	app.Get("/join", s.showJoin)
	app.Post("/join", s.join)
	s.demoRoutes(app)

	// Dashboard: everything below needs a signed-in person.
	desk := app.Group("", s.requireViewer)
	desk.Get("/", s.home)
	desk.Post("/logout", s.logout)
	desk.Get("/conversations", s.listConversations)
	desk.Get("/conversations/more", s.moreConversations)
	desk.Get("/conversations/report", s.requireAdmin, s.showTalkReport)
	desk.Get("/conversations/:id", s.showConversation)
	desk.Get("/conversations/:id/earlier", s.earlierMessages)
	desk.Post("/conversations/:id/messages", s.reply)
	desk.Post("/files/:id", s.attachFile)
	desk.Post("/conversations/:id/take", s.takeConversation)
	desk.Post("/conversations/:id/resolve", s.resolveConversation)
	desk.Post("/conversations/:id/contact", s.linkConversation)
	desk.Post("/conversations/:id/notes", s.addNote)
	desk.Post("/conversations/:id/assign", s.assignConversation)
	desk.Post("/conversations/:id/return", s.returnConversation)
	desk.Post("/conversations/:id/bot", s.giveToBot)
	desk.Post("/conversations/:id/snooze", s.snoozeConversation)
	desk.Post("/conversations/:id/wake", s.wakeConversation)
	desk.Post("/conversations/:id/label", s.labelHandoff)
	desk.Post("/conversations/:id/reopen", s.reopenConversation)
	desk.Get("/contacts", s.showContacts)
	desk.Post("/contacts", s.createContact)
	desk.Get("/contacts/new", s.newContact)
	desk.Get("/contacts/tags", s.showTags)
	desk.Post("/contacts/tags", s.createTag)
	desk.Post("/contacts/tags/rename", s.renameTag)
	desk.Post("/contacts/tags/delete", s.deleteTag)
	desk.Get("/contacts/opt-outs", s.requireCampaigns, s.showOptOuts)
	desk.Post("/contacts/opt-outs", s.requireCampaigns, s.addOptOut)
	desk.Post("/contacts/held", s.requireCampaigns, s.decideHold)
	desk.Post("/contacts/opt-outs/remove", s.requireCampaigns, s.removeOptOut)
	s.optOutFileRoutes(desk)
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
	desk.Get("/inboxes", s.showInboxes)
	desk.Get("/inboxes/new", s.newInbox)
	desk.Post("/inboxes", s.createInbox)
	desk.Get("/inboxes/:id", s.showInbox)
	desk.Post("/inboxes/:id", s.editInbox)
	desk.Get("/inboxes/:id/install", s.showInstall)
	desk.Get("/inboxes/:id/installed", s.showInstalled)
	desk.Post("/inboxes/:id/identity", s.renewIdentity)
	desk.Get("/inboxes/:id/delete", s.confirmDeleteInbox)
	desk.Post("/inboxes/:id/delete", s.deleteInbox)
	desk.Get("/settings", s.showSettings)
	desk.Post("/settings", s.editSettings)
	desk.Get("/settings/profile", s.showProfile)
	desk.Post("/settings/profile", s.editProfile)
	desk.Post("/settings/picture", s.setMemberPicture)
	desk.Post("/settings/picture/remove", s.removeMemberPicture)
	desk.Post("/settings/presence", s.setPresence)
	desk.Post("/settings/password", s.changePassword)
	desk.Get("/settings/sessions", s.showSessions)
	desk.Post("/settings/sessions/end-others", s.revokeOtherSessions)
	desk.Post("/settings/sessions/:id/end", s.revokeSession)
	desk.Get("/settings/windows", s.requireCampaigns, s.showWindows)
	desk.Post("/settings/windows", s.requireCampaigns, s.editWindow)
	desk.Get("/settings/tokens", s.showTokens)
	desk.Post("/settings/tokens", s.createToken)
	desk.Post("/settings/tokens/:id/revoke", s.revokeToken)
	desk.Get("/settings/team", s.showTeam)
	desk.Get("/settings/team/new", s.requireAdmin, s.showInvite)
	desk.Post("/settings/team", s.invite)
	desk.Get("/settings/team/:id", s.requireAdmin, s.showMember)
	desk.Post("/settings/team/:id", s.editMember)
	desk.Post("/settings/team/:id/picture", s.setMemberPicture)
	desk.Post("/settings/team/:id/picture/remove", s.removeMemberPicture)
	desk.Post("/settings/team/:id/link", s.newMemberLink)
	desk.Post("/settings/team/:id/withdraw", s.withdrawMember)
	desk.Post("/settings/team/:id/deactivate", s.deactivateMember)
	desk.Post("/settings/team/:id/reactivate", s.reactivateMember)

	s.botRoutes(desk)
	s.savedRoutes(desk)
	s.liveChatRoutes(desk)
	s.smsRoutes(desk)
	s.handsetRoutes(desk)

	// Live updates.
	desk.Get("/live", s.live)

	app.Use(func(*fiber.Ctx) error { return fiber.ErrNotFound })
}

package handlers

import (
	"bytes"
	"image"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"
)

// may says who may ask for a route.
type may int

const (
	// public is answered to everybody, or guards itself with a secret of its own.
	public may = 1 << iota
	// admin is for administrators; without it agents may too.
	admin
	// record names a record of the account in the address or the body: to
	// another account it is not there.
	record
	// ofInbox names something of an inbox: to agents of other inboxes it is not
	// there.
	ofInbox
	// paid is for plans with campaigns.
	paid
	// blank answers without a word of the record.
	blank
	// odd answers its owner with a refusal too, for what the request lacks: an
	// upgrade to a socket, a carrier that passes the text on.
	odd
)

// route is one of the site's, as the running app names it, with a request for
// it that names records: {contact}, or {contact 2} for one that it may use up.
type route struct {
	name string // "GET /contacts/:id"
	who  may
	at   string // the address; "" is the route's own
	body string // a form, or JSON under /api and /widget
}

// aPicture is a file to upload.
var aPicture = func() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		panic(err)
	}
	return b.String()
}()

// sitemap is every route of the site. Those that use up a record come after
// those that look at it.
var sitemap = []route{
	// Files, status, the shop of the demo.
	{"GET /widget.js", public, "", ""},
	{"GET /widget-panel.js", public, "", ""},
	{"GET /widget-signals.js", public, "", ""},
	{"GET /widget.d.ts", public, "", ""},
	{"GET /widget-debug.js", public, "", ""},
	{"GET /widget-talk.js", public, "", ""},
	{"GET /healthz", public, "", ""},
	{"GET /readyz", public, "", ""},
	{"GET /metrics", public, "", ""},
	{"GET /demo/site", public, "", ""},
	{"GET /demo/site/plants/:slug", public, "/demo/site/plants/fern", ""},
	{"GET /demo/site/pricing", public, "", ""},
	{"GET /demo/site/cart", public, "", ""},

	// Opt-out pages; opt_out_link_test.go has the ones that exist.
	{"GET /l/:token", public, "/l/xxxxxxxxxxxxxxxxxxxx", ""},
	{"GET /o/:token", public, "/o/xxxxxxxxxxxxxxxxxxxx", ""},
	{"POST /o/:token", public, "/o/xxxxxxxxxxxxxxxxxxxx", ""},

	// The way back to a thread; reach_test.go has the ones that exist.
	{"GET /files/:address", public, "/files/xxxxxxxxxxxxxxxxxxxx", ""},
	{"GET /t/:code", public, "/t/xxxxxxxxxxxxxxxxxxxx", ""},

	// The widget's calls; strangers_test.go has what strangers send there.
	{"GET /widget/v1/live", public, "", ""},
	{"GET /widget/v1/avatar/liadesk.svg", public, "", ""},
	{"GET /widget/v1/avatar/:key/:name", public, "/widget/v1/avatar/{key}/x", ""},
	{"POST /widget/v1/visit", public, "", `{"inbox":"{key}"}`},
	{"POST /widget/v1/show", public, "", `{"inbox":"{key}"}`},
	{"POST /widget/v1/event", public, "", `{"inbox":"{key}"}`},
	{"POST /widget/v1/message", public, "", `{"inbox":"{key}"}`},
	{"POST /widget/v1/thread", public, "", `{"inbox":"{key}"}`},
	{"POST /widget/v1/identify", public, "", `{"inbox":"{key}","id":"17"}`},
	{"POST /widget/v1/debug", public, "", `{"inbox":"{key}","url":"https://zanzibar.example/","pass":"x"}`},
	{"POST /widget/v1/track", public, "", `{"inbox":"{key}","name":"bought","url":"https://zanzibar.example/","seen":[{"campaign":"{chat}","day":"2026-11-24"}]}`},
	{"POST /widget/v1/forget", public, "", `{"inbox":"{key}","token":"x"}`},
	{"POST /widget/v1/person", public, "", `{"inbox":"{key}","token":"x"}`},
	{"POST /widget/v1/rate", public, "", `{"inbox":"{key}","token":"x","rating":5}`},
	{"POST /widget/v1/file", public, "", "--part\r\nContent-Disposition: form-data; name=\"inbox\"\r\n\r\n{key}\r\n--part--\r\n"},
	{"POST /widget/v1/reach", public, "", `{"inbox":"{key}","token":"x","phone":"+46701740699"}`},
	{"POST /widget/v1/comeback", public, "", `{"inbox":"{key}","code":"x"}`},
	{"POST /widget/v1/ticket", public, "", `{"inbox":"{key}"}`},

	// The carrier's callbacks, without a signature here.
	{"POST /webhooks/plivo/:inbox/status/:attempt", public, "/webhooks/plivo/{texts}/status/{attempt}", "Status=delivered"},
	{"POST /webhooks/plivo/:inbox/inbound", public, "/webhooks/plivo/{texts}/inbound", "Text=STOP"},

	// Signing in.
	{"POST /theme", public, "", "theme=dark"},
	{"GET /pictures/:name", public, "/pictures/x", ""},
	{"GET /login", public, "", ""},
	{"POST /login", public, "", "email=x@x.example&password=x"},
	{"GET /setup", public, "/setup?link=x", ""},
	{"POST /setup", public, "", "link=x"},
	{"GET /join", public, "/join?link=x", ""},
	{"POST /join", public, "", "link=x"},

	// API v1.
	{"GET /api/v1/inboxes", 0, "", ""},
	{"POST /api/v1/inboxes", admin, "", `{"kind":"website","name":"x","domains":["x.example"]}`},
	{"GET /api/v1/inboxes/:id", record | ofInbox, "/api/v1/inboxes/{website}", ""},
	{"PATCH /api/v1/inboxes/:id", record | admin, "/api/v1/inboxes/{website}", `{"name":"x"}`},
	{"GET /api/v1/settings", 0, "", ""},
	{"PATCH /api/v1/settings", admin, "", `{"footer":"x"}`},
	{"GET /api/v1/users", admin, "", ""},
	{"POST /api/v1/users", record | admin, "", `{"email":"x@x.example","role":"agent","inbox_ids":["{website}"]}`},
	{"GET /api/v1/users/:id", record | admin, "/api/v1/users/{user}", ""},
	{"PATCH /api/v1/users/:id", record | admin, "/api/v1/users/{user}", `{"name":"x"}`},
	{"POST /api/v1/users/:id/deactivate", record | admin, "/api/v1/users/{user 2}/deactivate", ""},
	{"POST /api/v1/users/:id/reactivate", record | admin, "/api/v1/users/{user 2}/reactivate", ""},
	{"POST /api/v1/users/:id/link", record | admin, "/api/v1/users/{user}/link", ""},
	{"DELETE /api/v1/users/:id", record | admin, "/api/v1/users/{invited}", ""},
	{"GET /api/v1/tokens", admin, "", ""},
	{"POST /api/v1/tokens", admin, "", `{"name":"x"}`},
	{"DELETE /api/v1/tokens/:id", record | admin, "/api/v1/tokens/{token}", ""},
	{"GET /api/v1/contacts", 0, "", ""},
	{"POST /api/v1/contacts", 0, "", `{"name":"x"}`},
	{"POST /api/v1/contacts/import", admin, "", "name\nx\n"},
	{"GET /api/v1/contacts/:id", record, "/api/v1/contacts/{contact}", ""},
	{"PATCH /api/v1/contacts/:id", record, "/api/v1/contacts/{contact}", `{"language":"sv"}`},
	{"GET /api/v1/contacts/:id/consent", record, "/api/v1/contacts/{contact}/consent", ""},
	{"DELETE /api/v1/contacts/:id", record | admin, "/api/v1/contacts/{contact 2}", ""},
	{"GET /api/v1/imports", admin, "", ""},
	{"GET /api/v1/imports/:id", record | admin, "/api/v1/imports/{imported}", ""},
	{"GET /api/v1/imports/:id/errors", record | admin | blank, "/api/v1/imports/{imported}/errors", ""},
	{"POST /api/v1/imports/:id/undo", record | admin, "/api/v1/imports/{imported 2}/undo", ""},
	{"GET /api/v1/tags", 0, "", ""},
	{"POST /api/v1/tags", 0, "", `{"name":"x"}`},
	{"PATCH /api/v1/tags/:name", record | admin, "/api/v1/tags/{tag 2}", `{"name":"zanzibar tag 2"}`},
	{"DELETE /api/v1/tags/:name", record | admin, "/api/v1/tags/{tag 2}", ""},
	{"GET /api/v1/opt-outs", paid, "", ""},
	{"POST /api/v1/opt-outs", paid, "", `{"number":"+46701740799"}`},
	{"GET /api/v1/opt-outs/export", admin | paid, "", ""},
	{"POST /api/v1/opt-outs/import", admin | paid, "", "+46701740799\n"},
	{"GET /api/v1/segments", admin | paid, "", ""},
	{"POST /api/v1/segments", admin | paid, "", `{"name":"x","rule":{"all":[]}}`},
	{"GET /api/v1/segments/:id", record | admin | paid, "/api/v1/segments/{segment}", ""},
	{"DELETE /api/v1/segments/:id", record | admin | paid | blank, "/api/v1/segments/{segment 2}", ""},
	{"GET /api/v1/opt-outs/held", paid, "", ""},
	{"POST /api/v1/opt-outs/held", record | paid, "", `{"number":"{held}","verdict":"keep"}`},
	{"DELETE /api/v1/opt-outs/:number", record | paid, "/api/v1/opt-outs/{opt-out 2}?reason=x", ""},
	{"GET /api/v1/conversations", 0, "", ""},
	{"GET /api/v1/conversations/report", admin, "", ""},
	{"GET /api/v1/conversations/:id", record | ofInbox, "/api/v1/conversations/{talk}", ""},
	{"POST /api/v1/conversations/:id/messages", record | ofInbox, "/api/v1/conversations/{talk}/messages", `{"text":"x"}`},
	{"POST /api/v1/conversations/:id/resolve", record | ofInbox, "/api/v1/conversations/{talk}/resolve", ""},
	{"POST /api/v1/conversations/:id/reopen", record | ofInbox, "/api/v1/conversations/{talk}/reopen", ""},
	{"POST /api/v1/conversations/:id/notes", record | ofInbox, "/api/v1/conversations/{talk}/notes", `{"text":"x"}`},
	{"POST /api/v1/conversations/:id/handoff", record | ofInbox, "/api/v1/conversations/{talk}/handoff", ""},
	{"POST /api/v1/conversations/:id/assign", record | ofInbox, "/api/v1/conversations/{talk}/assign", `{"owner":"queue"}`},
	{"POST /api/v1/conversations/:id/snooze", record | ofInbox, "/api/v1/conversations/{talk}/snooze", `{"until":null}`},
	{"GET /api/v1/bot-entries", 0, "", ""},
	{"POST /api/v1/bot-entries", admin, "", `{"questions":["x"],"answer":"y"}`},
	{"GET /api/v1/bot-entries/:id", record, "/api/v1/bot-entries/{entry}", ""},
	{"PUT /api/v1/bot-entries/:id", record | admin, "/api/v1/bot-entries/{entry 2}", `{"questions":["x"],"answer":"y"}`},
	{"DELETE /api/v1/bot-entries/:id", record | admin, "/api/v1/bot-entries/{entry 3}", ""},
	{"POST /api/v1/audience/count", admin | paid, "", `{"rule":{"tag":"{tag}"}}`},
	{"POST /api/v1/forecasts", record | admin | paid, "", `{"title":"x","message":"x","inbox_id":"{texts}","audience":{"rule":{"tag":"{tag}"}}}`},
	{"GET /api/v1/forecasts/:id", record | admin | paid | blank, "/api/v1/forecasts/{forecast}", ""},
	{"POST /api/v1/sms/measure", paid, "", `{"message":"x"}`},
	{"GET /api/v1/live-chat-campaigns/", paid, "", ""},
	{"POST /api/v1/live-chat-campaigns/", record | admin | paid, "", `{"title":"x","message":"<p>x</p>","inbox_id":"{website}","sender":{"kind":"agent","user_id":"{user}"},"trigger":{"url":"https://zanzibar.example/*"}}`},
	{"GET /api/v1/live-chat-campaigns/:id", record | ofInbox | paid, "/api/v1/live-chat-campaigns/{chat}", ""},
	{"PATCH /api/v1/live-chat-campaigns/:id", record | admin | paid, "/api/v1/live-chat-campaigns/{chat}", `{"enabled":false}`},
	{"POST /api/v1/live-chat-campaigns/explain", paid, "", `{"url":"https://zanzibar.example/"}`},
	{"POST /api/v1/live-chat-campaigns/:id/explain", record | ofInbox | paid, "/api/v1/live-chat-campaigns/{chat}/explain", `{"url":"https://zanzibar.example/"}`},
	{"GET /api/v1/live-chat-campaigns/:id/report", record | ofInbox | paid | blank, "/api/v1/live-chat-campaigns/{chat}/report", ""},
	{"DELETE /api/v1/live-chat-campaigns/:id", record | admin | paid, "/api/v1/live-chat-campaigns/{chat 2}", ""},
	{"GET /api/v1/sms-campaigns/", paid, "", ""},
	{"POST /api/v1/sms-campaigns/", record | admin | paid, "", `{"title":"x","message":"x","inbox_id":"{texts}","audience":{"rule":{"tag":"{tag}"}}}`},
	{"GET /api/v1/sms-campaigns/:id", record | ofInbox | paid, "/api/v1/sms-campaigns/{sms}", ""},
	{"PATCH /api/v1/sms-campaigns/:id", record | admin | paid, "/api/v1/sms-campaigns/{sms}", `{"purpose":"transactional"}`},
	{"GET /api/v1/sms-campaigns/:id/deliveries", record | ofInbox | paid | blank, "/api/v1/sms-campaigns/{sent}/deliveries", ""},
	{"GET /api/v1/sms-campaigns/:id/deliveries/export", admin | record | ofInbox | paid | blank, "/api/v1/sms-campaigns/{sent}/deliveries/export", ""},
	{"POST /api/v1/sms-campaigns/:id/resolve", record | admin | paid | blank, "/api/v1/sms-campaigns/{sent}/resolve", `{"action":"sent"}`},
	{"POST /api/v1/sms-campaigns/:id/deliveries/:delivery/resolve", record | admin | paid | blank, "/api/v1/sms-campaigns/{sent}/deliveries/{attempt}/resolve", `{"action":"sent"}`},
	{"POST /api/v1/sms-campaigns/deliveries/:delivery/resolve", record | admin | paid | blank, "/api/v1/sms-campaigns/deliveries/{attempt}/resolve", `{"action":"sent"}`},
	{"GET /api/v1/sms-campaigns/:id/report", record | ofInbox | paid | blank, "/api/v1/sms-campaigns/{sent}/report", ""},
	{"POST /api/v1/sms-campaigns/:id/schedule", record | admin | paid, "/api/v1/sms-campaigns/{sms}/schedule", `{"scheduled_at":"2026-12-01T10:00:00Z"}`},
	{"POST /api/v1/sms-campaigns/stop", admin | paid, "", ""},
	{"POST /api/v1/sms-campaigns/:id/pause", record | admin | paid, "/api/v1/sms-campaigns/{sms}/pause", ""},
	{"POST /api/v1/sms-campaigns/:id/resume", record | admin | paid, "/api/v1/sms-campaigns/{sms}/resume", ""},
	{"POST /api/v1/sms-campaigns/:id/test", record | admin | paid, "/api/v1/sms-campaigns/{sms}/test", `{"to":"+46701740699"}`},
	{"POST /api/v1/sms-campaigns/:id/retry", record | admin | paid | odd, "/api/v1/sms-campaigns/{sent}/retry", ""},
	{"POST /api/v1/sms-campaigns/:id/duplicate", record | admin | paid, "/api/v1/sms-campaigns/{sms}/duplicate", ""},
	{"POST /api/v1/sms-campaigns/:id/replace", record | admin | paid, "/api/v1/sms-campaigns/{sms}/replace", ""},
	{"POST /api/v1/sms-campaigns/:id/cancel", record | admin | paid, "/api/v1/sms-campaigns/{sms}/cancel", ""},
	{"DELETE /api/v1/sms-campaigns/:id", record | admin | paid, "/api/v1/sms-campaigns/{sms 2}", ""},
	{"DELETE /api/v1/inboxes/:id", record | admin, "/api/v1/inboxes/{website 3}", ""},

	// Dashboard.
	{"GET /", 0, "", ""},
	{"GET /live", odd, "", ""},
	{"GET /conversations", 0, "/conversations?campaign={chat}", ""},
	{"GET /conversations/more", 0, "", ""},
	{"GET /conversations/report", admin, "/conversations/report?days=7", ""},
	{"GET /conversations/:id", record | ofInbox, "/conversations/{talk}", ""},
	{"GET /conversations/:id/earlier", record | ofInbox | blank, "/conversations/{talk}/earlier?before=9", ""},
	{"POST /conversations/:id/messages", record | ofInbox, "/conversations/{talk}/messages", "text=x&client_id=0123456789abcdef"},
	{"POST /files/:id", record | ofInbox, "/files/{talk}", "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\n" + aPicture + "\r\n--part--\r\n"},
	{"POST /conversations/:id/take", record | ofInbox, "/conversations/{talk}/take", "from="},
	{"POST /conversations/:id/contact", record | ofInbox, "/conversations/{talk}/contact", "contact={contact}"},
	{"POST /conversations/:id/resolve", record | ofInbox, "/conversations/{talk}/resolve", ""},
	{"POST /conversations/:id/reopen", record | ofInbox, "/conversations/{talk}/reopen", ""},
	{"POST /conversations/:id/notes", record | ofInbox, "/conversations/{talk}/notes", "text=x&client_id=0123456789abcdeg"},
	{"POST /conversations/:id/snooze", record | ofInbox, "/conversations/{talk}/snooze", "until=hour"},
	{"POST /conversations/:id/wake", record | ofInbox, "/conversations/{talk}/wake", ""},
	{"POST /conversations/:id/label", record | ofInbox, "/conversations/{talk}/label", "wrong=1"},
	{"GET /conversations/:id/saved", record | ofInbox | blank, "/conversations/{talk}/saved", ""},
	{"POST /conversations/:id/return", record | ofInbox, "/conversations/{talk}/return", ""},
	{"POST /conversations/:id/bot", record | ofInbox, "/conversations/{talk}/bot", "entry={entry}"},
	{"POST /conversations/:id/assign", record | ofInbox, "/conversations/{talk}/assign", "user_id={agent}"},
	{"GET /contacts", 0, "/contacts?q=people&tag={tag}", ""},
	{"POST /contacts", 0, "", "name=x"},
	{"GET /contacts/new", 0, "", ""},
	{"GET /contacts/tags", 0, "", ""},
	{"POST /contacts/tags", 0, "", "name=x"},
	{"POST /contacts/tags/rename", record | admin, "", "tag={tag 3}&name=zanzibar+tag+3"},
	{"POST /contacts/tags/delete", record | admin, "", "tag={tag 3}"},
	{"GET /contacts/opt-outs", paid, "/contacts/opt-outs?q={opt-out}", ""},
	{"POST /contacts/opt-outs", paid, "", "number=%2B46701740799"},
	{"GET /contacts/opt-outs/export", admin | paid, "", ""},
	{"POST /contacts/opt-outs/import", admin | paid, "", "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\n+46701740799\r\n--part--\r\n"},
	{"POST /contacts/held", paid | blank, "", "number={held 2}&verdict=keep"},
	{"POST /contacts/opt-outs/remove", record | paid, "", "number={opt-out 3}&reason=x"},
	{"GET /contacts/import", admin, "", ""},
	{"POST /contacts/import", admin, "/contacts/import", "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\nname\r\nx\r\n--part--\r\n"},
	{"GET /imports/:id", record | admin, "/imports/{import}", ""},
	{"GET /imports/:id/errors", record | admin | blank, "/imports/{imported}/errors", ""},
	{"POST /imports/:id/preview", record | admin, "/imports/{import}/preview", "delimiter=,&header=true&columns.0=name&columns.1=phone"},
	{"POST /imports/:id", record | admin, "/imports/{import}", "delimiter=,&header=true&columns.0=name&columns.1=phone"},
	{"POST /imports/:id/undo", record | admin, "/imports/{imported 3}/undo", ""},
	{"POST /imports/:id/discard", record | admin, "/imports/{import 2}/discard", ""},
	{"GET /contacts/:id", record, "/contacts/{contact}", ""},
	{"GET /contacts/:id/edit", record, "/contacts/{contact}/edit", ""},
	{"GET /contacts/:id/timeline", record | blank, "/contacts/{contact}/timeline", ""},
	{"POST /contacts/:id", record, "/contacts/{contact}", "name=Zanzibar+x"},
	{"POST /contacts/:id/consent", record, "/contacts/{contact}/consent", "granted=no"},
	{"POST /contacts/:id/delete", record | admin, "/contacts/{contact 3}/delete", ""},
	{"GET /inboxes", 0, "", ""},
	{"GET /inboxes/new", admin, "", ""},
	{"POST /inboxes", admin, "", "kind=website&name=x&domains=x.example"},
	{"GET /inboxes/:id", record | ofInbox, "/inboxes/{website}", ""},
	{"POST /inboxes/:id", record | admin, "/inboxes/{website}", "name=x&domains=x.example"},
	{"GET /inboxes/:id/install", record | ofInbox, "/inboxes/{website}/install", ""},
	{"GET /inboxes/:id/installed", record | ofInbox | blank, "/inboxes/{website}/installed", ""},
	{"POST /inboxes/:id/identity", record | admin, "/inboxes/{website}/identity", ""},
	{"GET /inboxes/:id/delete", record | admin, "/inboxes/{texts}/delete", ""},
	{"POST /inboxes/:id/delete", record | admin, "/inboxes/{website 4}/delete", ""},
	{"GET /settings", admin, "", ""},
	{"POST /settings", admin, "", "name=x&time_zone=UTC&locale=en&max_segments=3"},
	{"GET /settings/bot", 0, "", ""},
	{"GET /settings/bot/try", 0, "/settings/bot/try?text=hello", ""},
	{"GET /settings/bot/new", admin, "", ""},
	{"POST /settings/bot", admin, "", "questions=x&answer=y"},
	{"POST /settings/bot/import", admin, "", "file=x"},
	{"GET /settings/bot/:id", record | admin, "/settings/bot/{entry}", ""},
	{"POST /settings/bot/:id", record | admin, "/settings/bot/{entry 4}", "questions=x&answer=y"},
	{"POST /settings/bot/:id/delete", record | admin, "/settings/bot/{entry 5}/delete", ""},
	{"GET /settings/replies", 0, "", ""},
	{"POST /settings/replies", 0, "", "name=x&text=y"},
	{"GET /settings/replies/:id", record, "/settings/replies/{reply}", ""},
	{"POST /settings/replies/:id", record, "/settings/replies/{reply 2}", "name=x&text=y"},
	{"POST /settings/replies/:id/delete", record, "/settings/replies/{reply 3}/delete", ""},
	{"GET /settings/profile", 0, "", ""},
	{"POST /settings/profile", 0, "", "name=x"},
	{"POST /settings/picture", 0, "", "--part\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"x.png\"\r\n\r\n" + aPicture + "\r\n--part--\r\n"},
	{"POST /settings/picture/remove", 0, "", ""},
	{"POST /settings/presence", 0, "", "presence=busy"},
	{"POST /settings/password", 0, "", "current_password=x&password=y"},
	{"GET /settings/sessions", 0, "", ""},
	{"POST /settings/sessions/:id/end", record | blank, "/settings/sessions/{session}/end", ""},
	{"POST /settings/sessions/end-others", 0, "", ""},
	{"GET /settings/windows", admin | paid, "", ""},
	{"POST /settings/windows", admin | paid, "", "place=BR&back=1"},
	{"GET /settings/tokens", admin, "", ""},
	{"POST /settings/tokens", admin, "", "name=x"},
	{"POST /settings/tokens/:id/revoke", record | admin, "/settings/tokens/{token 2}/revoke", ""},
	{"GET /settings/team", admin, "", ""},
	{"GET /settings/team/new", admin, "", ""},
	{"POST /settings/team", record | admin, "", "name=x&email=y@x.example&role=agent&inbox_ids={website}"},
	{"GET /settings/team/:id", record | admin, "/settings/team/{user}", ""},
	{"POST /settings/team/:id", record | admin, "/settings/team/{user}", "name=x&email=z@x.example&role=agent"},
	{"POST /settings/team/:id/picture", record | admin, "/settings/team/{user}/picture", "--part\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"x.png\"\r\n\r\n" + aPicture + "\r\n--part--\r\n"},
	{"POST /settings/team/:id/picture/remove", record | admin, "/settings/team/{user}/picture/remove", ""},
	{"POST /settings/team/:id/link", record | admin, "/settings/team/{user}/link", ""},
	{"POST /settings/team/:id/deactivate", record | admin, "/settings/team/{user 3}/deactivate", ""},
	{"POST /settings/team/:id/reactivate", record | admin, "/settings/team/{user 3}/reactivate", ""},
	{"POST /settings/team/:id/withdraw", record | admin, "/settings/team/{invited 2}/withdraw", ""},

	// Live chat campaigns.
	{"GET /campaigns/live-chat/", paid, "", ""},
	{"GET /campaigns/live-chat/new", admin | paid, "", ""},
	{"POST /campaigns/live-chat/new", admin | paid, "", "title=x&inbox_id={website}&sender={user}"},
	{"POST /campaigns/live-chat/check", admin | paid, "/campaigns/live-chat/check?field=title", "title=x&inbox_id={website}&sender={user}"},
	{"GET /campaigns/live-chat/figures", paid, "", ""},
	{"GET /campaigns/live-chat/debug", paid | blank, "/campaigns/live-chat/debug?url=https://zanzibar.example/", ""},
	{"GET /campaigns/live-chat/explain", paid, "/campaigns/live-chat/explain?url=https://site.example/", ""},
	{"POST /campaigns/live-chat/conditions", admin | paid, "", "id={chat}&b=0&b.0.field=tag&b.0.op=is&b.0.value=vip"},
	{"POST /campaigns/live-chat/try", admin | paid, "", "inbox_id={website}&trigger.url=https://zanzibar.example/*&try=https://zanzibar.example/"},
	{"POST /campaigns/live-chat/review", record | admin | paid, "", "title=x&message=x&inbox_id={website}&sender={user}&trigger.url=https://zanzibar.example/*&trigger.time_on_page=10"},
	{"POST /campaigns/live-chat/", record | admin | paid, "", "title=x&message=x&inbox_id={website}&sender={user}&trigger.url=https://zanzibar.example/*&trigger.time_on_page=10"},
	{"GET /campaigns/live-chat/:id", record | ofInbox | paid, "/campaigns/live-chat/{chat}", ""},
	{"GET /campaigns/live-chat/:id/edit", record | admin | paid, "/campaigns/live-chat/{chat}/edit", ""},
	{"GET /campaigns/live-chat/:id/card", record | ofInbox | paid | blank, "/campaigns/live-chat/{chat}/card", ""},
	{"GET /campaigns/live-chat/:id/card/edit", record | admin | paid | blank, "/campaigns/live-chat/{chat}/card/edit", ""},
	{"GET /campaigns/live-chat/:id/delete", record | admin | paid, "/campaigns/live-chat/{chat}/delete", ""},
	{"POST /campaigns/live-chat/:id", record | admin | paid, "/campaigns/live-chat/{chat}", "title=x&message=x&inbox_id={website}&sender=bot&trigger.url=https://zanzibar.example/*&trigger.time_on_page=10"},
	{"POST /campaigns/live-chat/:id/card", record | admin | paid, "/campaigns/live-chat/{chat}/card", "title=x&message=x&trigger.url=https://zanzibar.example/*&trigger.time_on_page=10"},
	{"POST /campaigns/live-chat/:id/enable", record | admin | paid, "/campaigns/live-chat/{chat}/enable", "enabled=true"},
	{"POST /campaigns/live-chat/:id/delete", record | admin | paid, "/campaigns/live-chat/{chat 3}/delete", ""},
	{"DELETE /campaigns/live-chat/:id", record | admin | paid, "/campaigns/live-chat/{chat}", ""},

	// SMS campaigns.
	{"GET /campaigns/sms/", paid, "", ""},
	{"GET /campaigns/sms/new", admin | paid, "", ""},
	{"POST /campaigns/sms/check", admin | paid, "/campaigns/sms/check?field=title", "title=x&message=x&inbox_id={texts}&audience=tags&any={tag}"},
	{"POST /campaigns/sms/audience", admin | paid, "", "audience=tags&any={tag}"},
	{"POST /campaigns/sms/", record | admin | paid, "", "title=x&message=x&inbox_id={texts}&audience=tags&any={tag}&then=review"},
	{"POST /campaigns/sms/stop", admin | paid, "", ""},
	{"GET /campaigns/sms/release", paid, "", ""},
	{"POST /campaigns/sms/release", admin | paid, "", ""},
	{"GET /campaigns/sms/:id", record | ofInbox | paid, "/campaigns/sms/{sent}", ""},
	{"GET /campaigns/sms/:id/edit", record | admin | paid, "/campaigns/sms/{sms 3}/edit", ""},
	{"GET /campaigns/sms/:id/card", record | ofInbox | paid, "/campaigns/sms/{sms 3}/card", ""},
	{"GET /campaigns/sms/:id/figures", record | ofInbox | paid | blank, "/campaigns/sms/{sent}/figures", ""},
	{"GET /campaigns/sms/:id/recipients", record | ofInbox | paid, "/campaigns/sms/{sent}/recipients", ""},
	{"GET /campaigns/sms/:id/recipients.csv", admin | record | ofInbox | paid | blank, "/campaigns/sms/{sent}/recipients.csv", ""},
	{"POST /campaigns/sms/:id/test", record | admin | paid, "/campaigns/sms/{sms 3}/test", "to=%2B46701740699"},
	{"GET /campaigns/sms/:id/forecast", record | admin | paid, "/campaigns/sms/{sms 3}/forecast", ""},
	{"GET /campaigns/sms/:id/unconfirmed", record | admin | paid, "/campaigns/sms/{sent}/unconfirmed", ""},
	{"POST /campaigns/sms/:id/unconfirmed", record | admin | paid | blank, "/campaigns/sms/{sent}/unconfirmed", "action=sent"},
	{"GET /campaigns/sms/:id/review", record | admin | paid, "/campaigns/sms/{sms 3}/review", ""},
	{"POST /campaigns/sms/:id", record | admin | paid, "/campaigns/sms/{sms 3}", "title=x&message=x&inbox_id={texts}&audience=tags&any={tag}"},
	{"POST /campaigns/sms/:id/schedule", record | admin | paid, "/campaigns/sms/{sms 3}/schedule", ""},
	{"POST /campaigns/sms/:id/pause", record | admin | paid, "/campaigns/sms/{sms 3}/pause", ""},
	{"POST /campaigns/sms/:id/resume", record | admin | paid, "/campaigns/sms/{sms 3}/resume", ""},
	{"POST /campaigns/sms/:id/retry", record | admin | paid | odd, "/campaigns/sms/{sent}/retry", ""},
	{"POST /campaigns/sms/:id/duplicate", record | admin | paid, "/campaigns/sms/{sms 3}/duplicate", ""},
	{"POST /campaigns/sms/:id/replace", record | admin | paid, "/campaigns/sms/{sms 3}/replace", ""},
	{"POST /campaigns/sms/:id/cancel", record | admin | paid, "/campaigns/sms/{sms 3}/cancel", ""},
	{"POST /campaigns/sms/:id/delete", record | admin | paid, "/campaigns/sms/{sms 3}/delete", ""},
	{"DELETE /campaigns/sms/:id", record | admin | paid, "/campaigns/sms/{sms 4}", ""},

	// The phones of the built-in carrier.
	{"GET /sandbox/", 0, "", ""},
	{"GET /sandbox/phones", 0, "", ""},
	{"GET /sandbox/screen", 0, "", ""},
	{"POST /sandbox/reply", record | odd, "", "number=%2B46701740501&to={number}&text=STOP"},
	{"POST /sandbox/behaviour", admin, "", "number=%2B46701740799&outcome=failed"},

	// Sessions end last.
	{"POST /logout", 0, "", ""},
}

func (r route) has(w may) bool { return r.who&w != 0 }

func (r route) method() string {
	method, _, _ := strings.Cut(r.name, " ")
	return method
}

// unsafe tells the routes that change something.
func (r route) unsafe() bool { return r.method() != "GET" }

// path is where a request for records of a company goes.
func (r route) path(c *company) string {
	_, path, _ := strings.Cut(r.name, " ")
	if r.at != "" {
		path = r.at
	}
	return c.fill(path, inAddress)
}

// sent is the body of that request.
func (r route) sent(c *company) string {
	if r.forPrograms() {
		return c.fill(r.body, inJSON)
	}
	return c.fill(r.body, inAddress)
}

func (r route) forPrograms() bool { return forPrograms(strings.SplitN(r.name, " ", 2)[1]) }

func TestEveryRouteIsOnTheSiteMap(t *testing.T) {
	known := map[string]bool{}
	for _, r := range sitemap {
		if known[r.name] {
			t.Errorf("%s is on the site map twice", r.name)
		}
		known[r.name] = true
	}
	running := map[string]bool{}
	for _, r := range newWorld(t).app.GetRoutes(true) {
		if r.Method != "HEAD" { // fiber makes one of each GET
			running[r.Method+" "+r.Path] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(running)) {
		if !known[name] {
			t.Errorf("%s is new: add it to sitemap in sitemap_test.go, with who may ask for it and a request that names records of ours, so that it is tried with another company's session", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !running[name] {
			t.Errorf("%s is no longer a route: take it out of sitemap in sitemap_test.go", name)
		}
	}
}

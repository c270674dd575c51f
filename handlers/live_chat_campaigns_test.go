package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/livechat"
)

// as signs a request in; more headers come in pairs.
func (d *chatDesk) as(session string, more ...string) []string {
	return append([]string{"Cookie", "session=" + session, "X-CSRF-Token", d.csrfToken("session-1")}, more...)
}

func (d *chatDesk) get(path string, more ...string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, "GET", path, "", d.as("ana", more...)...)
}

func (d *chatDesk) post(path string, form url.Values, more ...string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, "POST", path, form.Encode(), d.as("ana", append([]string{"Content-Type", "application/x-www-form-urlencoded"}, more...)...)...)
}

var htmx = []string{"HX-Request", "true"}

// typed is a form filled in well.
func (d *chatDesk) typed(change ...string) url.Values {
	form := url.Values{"title": {"Autumn"}, "message": {"<p>Hi <b>there</b></p>"}, "inbox_id": {d.inbox.ID.String()}, "sender": {"bot"},
		"trigger.url": {"https://shop.example/sale/*"}, "trigger.time_on_page": {"7"}, "enabled": {"true"}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func page(t *testing.T, a answer) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func text(doc *goquery.Document, selector string) string {
	return strings.Join(strings.Fields(doc.Find(selector).Text()), " ")
}

func (d *chatDesk) stored(id liadesk.ID) liadesk.LiveChatCampaign {
	d.t.Helper()
	it, err := d.LiveChat.Get(d.t.Context(), liadesk.ActorOf(d.account, d.admin), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return it.Campaign
}

func (d *chatDesk) count() int {
	d.t.Helper()
	list, err := d.LiveChat.List(d.t.Context(), liadesk.ActorOf(d.account, d.admin), db.Page{})
	if err != nil {
		d.t.Fatal(err)
	}
	return len(list.Items)
}

func TestACardSaysWhatItsCampaignIs(t *testing.T) {
	d := newChatDesk(t)
	d.show()
	doc := page(t, d.get("/campaigns/live-chat"))
	card := "#chat-" + d.campaign.ID.String()
	for selector, want := range map[string]string{
		card + " .card-title":   "Spring",
		card + " .badge":        "Enabled",
		card + " .card-quote":   "Looking for a bike?",
		card + " .card-numbers": "Shown1Opened0Answered0",
		card + " .chat-notes":   "No page with the snippet of Shop has been seen yet. Get the snippet",
	} {
		if got := text(doc, selector); got != want {
			t.Errorf("%s says %q, want %q", selector, got, want)
		}
	}
	if facts := text(doc, card+" .card-facts"); !strings.Contains(facts, "LiaDesk") || !strings.Contains(facts, "Shop") || !strings.Contains(facts, "https://shop.example/bikes/*") {
		t.Errorf("facts %q", facts)
	}
	if on, _ := doc.Find(card + ` [role="switch"]`).Attr("aria-checked"); on != "true" {
		t.Errorf("the switch is %q", on)
	}
	if title, _ := doc.Find(card + " [hx-delete]").Attr("hx-confirm"); title != "Delete “Spring”?" {
		t.Errorf("deleting asks %q", title)
	}
}

func TestOnlyATrulyEmptyListShowsTheEmptyState(t *testing.T) {
	d := newChatDesk(t)
	empty := "No live chat campaigns are available"
	if strings.Contains(d.get("/campaigns/live-chat").body, empty) {
		t.Error("a list with a campaign calls itself empty")
	}
	if a := d.get("/campaigns/live-chat?after=" + d.campaign.ID.String()); strings.Contains(a.body, empty) {
		t.Error("the end of the list calls itself empty")
	}
	if a := ask(t, d.Server, "DELETE", "/campaigns/live-chat/"+d.campaign.ID.String(), "", d.as("ana", htmx...)...); a.Header.Get("HX-Redirect") != "/campaigns/live-chat" {
		t.Errorf("deleting answered %d %v", a.StatusCode, a.Header)
	}
	doc := page(t, d.get("/campaigns/live-chat"))
	if text(doc, ".empty-title") != empty || text(doc, ".empty .button.primary") != "Create campaign" || text(doc, ".empty-text") == "" {
		t.Errorf("empty state %q", text(doc, ".empty"))
	}
}

func TestACampaignIsMadeByWayOfTheReview(t *testing.T) {
	d := newChatDesk(t)
	form := d.typed("message", `<p onclick="x()">Hi <b>there</b></p>`)
	a := d.post("/campaigns/live-chat/review", form)
	doc := page(t, a)
	if a.StatusCode != http.StatusOK || d.count() != 1 {
		t.Fatalf("%d, %d campaigns", a.StatusCode, d.count())
	}
	if got := text(doc, ".problem-list"); got != "the attribute onclick" {
		t.Errorf("named as removed: %q", got)
	}
	if got := text(doc, ".proactive"); !strings.Contains(got, "Hi there") {
		t.Errorf("the preview says %q", got)
	}
	// What the review holds is sent on as it is, and back as it is.
	sent := url.Values{}
	doc.Find("main form input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		if name := in.AttrOr("name", ""); name != "csrf" {
			sent.Add(name, in.AttrOr("value", ""))
		}
	})
	back := page(t, d.post("/campaigns/live-chat/new", sent))
	if got := back.Find("#f-message").Text(); got != form.Get("message") {
		t.Errorf("back in the form: %q", got)
	}
	made := d.post("/campaigns/live-chat", sent)
	if made.StatusCode != http.StatusSeeOther || !strings.HasPrefix(made.Header.Get("Location"), "/campaigns/live-chat/") || d.count() != 2 {
		t.Fatalf("%d to %q, %d campaigns", made.StatusCode, made.Header.Get("Location"), d.count())
	}
	detail := page(t, d.get(made.Header.Get("Location")))
	if text(detail, "h1") != "Autumn" || !strings.Contains(text(detail, ".stats"), "opened ÷ shown") {
		t.Errorf("the page says %q and %q", text(detail, "h1"), text(detail, ".stats"))
	}
}

func TestAFormWithMistakesKeepsWhatWasTypedAndSaysWhatIsWrong(t *testing.T) {
	d := newChatDesk(t)
	form := d.typed("title", "", "message", " ", "trigger.url", "ftp://shop.example", "trigger.time_on_page", "soon", "inbox_id", "nonsense", "sender", "nobody")
	for _, path := range []string{"/campaigns/live-chat/review", "/campaigns/live-chat", "/campaigns/live-chat/" + d.campaign.ID.String()} {
		a := d.post(path, form)
		doc := page(t, a)
		if a.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("%s: %d", path, a.StatusCode)
		}
		for _, field := range []string{"title", "message", "inbox_id", "trigger.url", "trigger.time_on_page"} {
			if text(doc, fmt.Sprintf("[id='f-%s-error']", field)) == "" {
				t.Errorf("%s: nothing about %s", path, field)
			}
		}
		if doc.Find("[id='f-trigger.url']").AttrOr("value", "") != "ftp://shop.example" || doc.Find("[id='f-trigger.time_on_page']").AttrOr("value", "") != "soon" {
			t.Errorf("%s: what was typed is gone", path)
		}
	}
	if c := d.stored(d.campaign.ID); !reflect.DeepEqual(c, d.campaign) || d.count() != 1 {
		t.Errorf("something was saved: %+v", c)
	}
}

func TestTypingIsCheckedFieldByField(t *testing.T) {
	d := newChatDesk(t)
	check := func(field string, form url.Values) string {
		t.Helper()
		a := d.post("/campaigns/live-chat/check?field="+field, form, htmx...)
		if a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", field, a.StatusCode, a.body)
		}
		return a.body
	}
	body := check("trigger.url", d.typed("trigger.url", "https://elsewhere.example/*", "title", ""))
	if !strings.Contains(body, "elsewhere.example is not one of the inbox’s domains") || !strings.Contains(body, "chat-preview") {
		t.Errorf("an address elsewhere: %s", body)
	}
	if strings.Contains(body, "f-title-error") {
		t.Error("a field that nobody has come to is remarked")
	}
	if body := check("message", d.typed("message", "<script>x</script>")); !strings.Contains(body, "the tag &lt;script&gt;") || !strings.Contains(body, "f-message-error") {
		t.Errorf("a message of nothing: %s", body)
	}
	if body := check("trigger.time_on_page", d.typed("trigger.time_on_page", "3601")); !strings.Contains(body, "error") {
		t.Errorf("too long a time: %s", body)
	}
	if a := d.post("/campaigns/live-chat/check?field=nonsense", d.typed(), htmx...); a.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown field: %d", a.StatusCode)
	}
	for address, want := range map[string]string{
		"https://shop.example/sale/x": "This page gets the campaign.",
		"https://shop.example/other":  "No: this is another page.",
		"https://other.example/sale/": "No: this is another site.",
		"":                            "This is not an address.",
	} {
		if a := d.post("/campaigns/live-chat/try", d.typed("try", address), htmx...); !strings.Contains(a.body, want) {
			t.Errorf("trying %q: %s", address, a.body)
		}
	}
	// Without scripts the whole form comes back.
	if doc := page(t, d.post("/campaigns/live-chat/try", d.typed("try", "https://shop.example/sale/x"))); doc.Find("#f-title").AttrOr("value", "") != "Autumn" || !strings.Contains(text(doc, "#chat-trial"), "gets the campaign") {
		t.Error("the form did not come back with the answer")
	}
}

func TestACardIsEditedWhereItStands(t *testing.T) {
	d := newChatDesk(t)
	path := "/campaigns/live-chat/" + d.campaign.ID.String()
	form := page(t, d.get(path+"/card/edit", htmx...))
	version := form.Find("[name=version]").AttrOr("value", "")
	saved := d.post(path+"/card", d.typed("title", "Summer", "version", version), htmx...)
	if got := text(page(t, saved), ".card-title"); saved.StatusCode != http.StatusOK || got != "Summer" {
		t.Fatalf("%d, the card says %q", saved.StatusCode, got)
	}
	if c := d.stored(d.campaign.ID); c.Title != "Summer" || c.Message != "<p>Hi <b>there</b></p>" || c.Trigger.TimeOnPage != 7 || c.InboxID != d.inbox.ID {
		t.Errorf("stored %+v", c)
	}
	// Somebody with an older card sees both values, and the next save counts.
	old := d.post(path+"/card", d.typed("title", "Winter", "version", version), htmx...)
	doc := page(t, old)
	if old.StatusCode != http.StatusConflict || !strings.Contains(text(doc, ".banner"), "Summer") || !strings.Contains(text(doc, ".banner"), "Winter") || d.stored(d.campaign.ID).Title != "Summer" {
		t.Fatalf("%d, %q", old.StatusCode, text(doc, ".banner"))
	}
	again := d.post(path+"/card", d.typed("title", doc.Find("#f-title").AttrOr("value", ""), "version", doc.Find("[name=version]").AttrOr("value", "")), htmx...)
	if again.StatusCode != http.StatusOK || d.stored(d.campaign.ID).Title != "Winter" {
		t.Errorf("%d, stored %q", again.StatusCode, d.stored(d.campaign.ID).Title)
	}
	// What is taken out is named before it is saved, once.
	message := "<p>Hi <blink>there</blink></p>"
	named := d.post(path+"/card", d.typed("message", message), htmx...)
	doc = page(t, named)
	if named.StatusCode != http.StatusUnprocessableEntity || text(doc, ".problem-list") != "the tag <blink>" || doc.Find("#f-message").Text() != message || d.stored(d.campaign.ID).Message == "<p>Hi there</p>" {
		t.Fatalf("%d, %q", named.StatusCode, text(doc, ".problem-list"))
	}
	accept := doc.Find("[name=accept]").AttrOr("value", "")
	if other := d.post(path+"/card", d.typed("message", "<p><marquee>Hi</marquee></p>", "accept", accept), htmx...); other.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another message went through: %d", other.StatusCode)
	}
	if a := d.post(path+"/card", d.typed("message", message, "accept", accept), htmx...); a.StatusCode != http.StatusOK || d.stored(d.campaign.ID).Message != "<p>Hi there</p>" {
		t.Errorf("%d, stored %q", a.StatusCode, d.stored(d.campaign.ID).Message)
	}
	if a := d.post(path+"/card", d.typed("title", ""), htmx...); a.StatusCode != http.StatusUnprocessableEntity || text(page(t, a), "#f-title-error") == "" {
		t.Errorf("an empty title: %d", a.StatusCode)
	}
}

func TestTheSwitchWorksWithAndWithoutScripts(t *testing.T) {
	d := newChatDesk(t)
	path := "/campaigns/live-chat/" + d.campaign.ID.String()
	a := d.post(path+"/enable", url.Values{"enabled": {"false"}}, htmx...)
	if on := page(t, a).Find(`[role="switch"]`).AttrOr("aria-checked", ""); on != "false" || d.stored(d.campaign.ID).Enabled {
		t.Errorf("%d, the switch is %q", a.StatusCode, on)
	}
	if got := d.show(); got.Blocked != "disabled" {
		t.Errorf("the next page was shown it: %+v", got)
	}
	if a := d.post(path+"/enable", url.Values{"enabled": {"true"}}); a.StatusCode != http.StatusSeeOther || !d.stored(d.campaign.ID).Enabled {
		t.Errorf("without scripts: %d", a.StatusCode)
	}
	if a := d.post(path+"/enable", url.Values{"enabled": {"false"}, "from": {"page"}}, htmx...); a.Header.Get("HX-Redirect") != path {
		t.Errorf("on its page: %v", a.Header)
	}
	if doc := page(t, d.get(path+"/delete")); text(doc, "h1") != "Delete “Spring”?" {
		t.Errorf("asked %q", text(doc, "h1"))
	}
	if a := d.post(path+"/delete", nil); a.StatusCode != http.StatusSeeOther || d.count() != 0 {
		t.Errorf("deleting without scripts: %d", a.StatusCode)
	}
}

func TestAgentsLookAndStrangersFindNothing(t *testing.T) {
	d := newChatDesk(t)
	path := "/campaigns/live-chat/" + d.campaign.ID.String()
	routes := []struct{ method, path string }{
		{"GET", path}, {"GET", path + "/card"}, {"GET", path + "/edit"}, {"GET", path + "/card/edit"}, {"GET", path + "/delete"},
		{"POST", path}, {"POST", path + "/card"}, {"POST", path + "/enable"}, {"POST", path + "/delete"}, {"DELETE", path},
		{"POST", "/campaigns/live-chat/check?field=title&id=" + d.campaign.ID.String()},
	}
	send := func(method, path string) int {
		t.Helper()
		body := d.typed("id", d.campaign.ID.String()).Encode()
		if method == "GET" {
			body = ""
		}
		return ask(t, d.Server, method, path, body, d.as("ana", "Content-Type", "application/x-www-form-urlencoded", "HX-Request", "true")...).StatusCode
	}
	home, boss := d.account, d.admin
	d.account, d.admin = dbtest.Account(t, d.store, "contoso", liadesk.PlanGrowth)
	for _, r := range routes {
		if got := send(r.method, r.path); got != http.StatusNotFound {
			t.Errorf("another account, %s %s: %d", r.method, r.path, got)
		}
	}
	d.account, d.admin = home, boss
	d.admin.Role, d.admin.InboxIDs = liadesk.RoleAgent, []liadesk.ID{d.inbox.ID}
	for _, r := range routes {
		want := http.StatusForbidden
		if r.path == path && r.method == "GET" || strings.HasSuffix(r.path, "/card") && r.method == "GET" {
			want = http.StatusOK
		}
		if got := send(r.method, r.path); got != want {
			t.Errorf("an agent, %s %s: %d, want %d", r.method, r.path, got, want)
		}
	}
	if body := d.get("/campaigns/live-chat").body; strings.Contains(body, "hx-delete") || strings.Contains(body, "/new") {
		t.Error("an agent is offered what agents may not")
	}
	d.account.Plan = liadesk.PlanFree
	for _, r := range append(routes, struct{ method, path string }{"GET", "/campaigns/live-chat"}) {
		if got := send(r.method, r.path); got != http.StatusForbidden {
			t.Errorf("without the plan, %s %s: %d", r.method, r.path, got)
		}
	}
	d.account, d.admin = home, boss
	if c := d.stored(d.campaign.ID); !reflect.DeepEqual(c, d.campaign) {
		t.Errorf("something changed: %+v", c)
	}
}

func TestLiveChatCampaignsByTheAPI(t *testing.T) {
	d := newChatDesk(t)
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	d.Accounts = accounts.New(d.store, d.clock, liadesk.RandomIDs(d.clock.Now), secrets)
	_, token, err := d.Accounts.CreateToken(t.Context(), liadesk.ActorOf(d.account, d.admin), "tests")
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, path, body string) answer {
		t.Helper()
		return ask(t, d.Server, method, "/api/v1/live-chat-campaigns"+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
	}
	type campaign struct {
		ID, Title, Message string
		InboxID            string `json:"inbox_id"`
		Sender             struct{ Kind, UserID string }
		Trigger            struct {
			URL        string
			TimeOnPage int `json:"time_on_page"`
		}
		Enabled  bool
		Version  int
		Warnings []struct {
			Code  string
			Stops bool
		}
		Removed []livechat.Removed
	}
	read := func(a answer, status int) (c campaign) {
		t.Helper()
		if a.StatusCode != status {
			t.Fatalf("status %d, want %d: %s", a.StatusCode, status, a.body)
		}
		a.Response.StatusCode = http.StatusOK
		return decoded[campaign](t, a)
	}
	made := read(call("POST", "", fmt.Sprintf(`{"title":"By API","message":"<p>Hi<script>x</script></p>","inbox_id":%q,"sender":{"kind":"bot"},"trigger":{"url":"https://shop.example/x","time_on_page":0},"enabled":true,"business_hours_only":false}`, d.inbox.ID)), http.StatusCreated)
	if made.Message != "<p>Hi</p>" || len(made.Removed) != 1 || made.Trigger.TimeOnPage != 0 || !made.Enabled || made.Sender.Kind != "bot" || len(made.Warnings) != 1 || made.Warnings[0].Code != "snippet_unseen" {
		t.Errorf("made %+v", made)
	}
	short := read(call("POST", "", fmt.Sprintf(`{"title":"Short","message":"Hi","inbox_id":%q,"trigger":{"url":"shop.example"}}`, d.inbox.ID)), http.StatusCreated)
	if short.Trigger.TimeOnPage != 10 || !short.Enabled {
		t.Errorf("defaults %+v", short)
	}
	edited := read(call("PATCH", "/"+made.ID, `{"enabled":false,"trigger":{"time_on_page":30}}`), http.StatusOK)
	if edited.Enabled || edited.Trigger.TimeOnPage != 30 || edited.Trigger.URL != "https://shop.example/x" || edited.Title != "By API" || edited.Version != 2 {
		t.Errorf("edited %+v", edited)
	}
	if p := call("PATCH", "/"+made.ID, `{"title":"Other","version":1}`).problem(t); p["code"] != "changed" || p["version"] != 2.0 || p["changes"] == nil {
		t.Errorf("a conflict says %v", p)
	}
	list := decoded[struct {
		Items []campaign
		Next  *string
	}](t, call("GET", "?limit=2", ""))
	if len(list.Items) != 2 || list.Next == nil {
		t.Errorf("list %+v", list)
	}
	report := decoded[struct {
		Shown int
		Rates map[string]struct {
			Value   float64
			Formula string
		}
		Days []any
	}](t, call("GET", "/"+made.ID+"/report", ""))
	if report.Rates["answered"].Formula != "answered / shown" || len(report.Days) != 30 {
		t.Errorf("report %+v", report)
	}
	wrong := call("POST", "", `{"title":"","message":"","inbox_id":null,"sender":{"kind":"robot"},"trigger":{"url":"{","time_on_page":-1}}`)
	fields := map[string]bool{}
	for _, f := range wrong.problem(t)["errors"].([]any) {
		fields[f.(map[string]any)["field"].(string)] = true
	}
	for _, field := range []string{"title", "message", "inbox_id", "sender.kind", "trigger.url", "trigger.time_on_page"} {
		if !fields[field] {
			t.Errorf("nothing about %s in %s", field, wrong.body)
		}
	}
	if a := call("DELETE", "/"+made.ID, ""); a.StatusCode != http.StatusNoContent {
		t.Errorf("delete: %d", a.StatusCode)
	}
	for _, path := range []string{"/" + made.ID, "/" + made.ID + "/report", "/nonsense"} {
		if a := call("GET", path, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	free := d.account
	free.Plan = liadesk.PlanFree
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutAccount(free) })
	for _, path := range []string{"", "/" + short.ID, "/" + made.ID} {
		if p := call("GET", path, "").problem(t); p["code"] != "plan_required" {
			t.Errorf("without the plan, %q: %v", path, p)
		}
	}
}

package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/audience"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// contactDesk is the edge over real rooms, with two companies: the sessions
// and tokens of the second must find nothing of the first.
type contactDesk struct {
	*Server
	t     *testing.T
	rooms Rooms
	token map[string]string // by the company's name
	store *db.Store
}

func openContactDesk(t *testing.T) *contactDesk {
	t.Helper()
	store := dbtest.Open(t)
	deps := testDeps(t)
	clock := deps.Clock.(*clockwork.FakeClock)
	ids := liadesk.RandomIDs(clock.Now)
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	deps.Rooms = Rooms{Accounts: accounts.New(store, clock, ids, secrets), Audience: audience.New(store, clock, ids), Contacts: contacts.New(store, clock, ids)}
	d := &contactDesk{t: t, rooms: deps.Rooms, token: map[string]string{}, store: store}
	viewers := map[string]*Viewer{}
	for _, name := range []string{"acme", "rival"} {
		a, u := dbtest.Account(t, store, name, liadesk.PlanGrowth)
		viewers[name] = &Viewer{Session: name, Account: a, User: u}
		if _, d.token[name], err = deps.Accounts.CreateToken(t.Context(), liadesk.ActorOf(a, u), "test"); err != nil {
			t.Fatal(err)
		}
	}
	agent := *viewers["acme"]
	agent.Session, agent.User.Role = "agent", liadesk.RoleAgent
	viewers["agent"] = &agent
	deps.Viewer = func(_ context.Context, token string) (*Viewer, error) {
		if v := viewers[token]; v != nil {
			return v, nil
		}
		return nil, liadesk.ErrUnauthenticated
	}
	d.Server = newTest(t, deps, nil)
	return d
}

// api asks as a program of a company.
func (d *contactDesk) api(company, method, path, body string, headers ...string) (int, map[string]any) {
	d.t.Helper()
	a := ask(d.t, d.Server, method, "/api/v1"+path, body, append([]string{"Authorization", "Bearer " + d.token[company], "Content-Type", "application/json"}, headers...)...)
	doc := map[string]any{}
	if a.body != "" && strings.Contains(a.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
			d.t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
		}
	}
	return a.StatusCode, doc
}

// page asks as a person with a browser.
func (d *contactDesk) page(who, method, path string, form url.Values, headers ...string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, method, path, form.Encode(), append([]string{"Cookie", "session=" + who, "Sec-Fetch-Site", "same-origin",
		"X-CSRF-Token", d.csrfToken(who), "Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

func (d *contactDesk) create(body string) string {
	d.t.Helper()
	status, doc := d.api("acme", "POST", "/contacts", body)
	if status != http.StatusCreated {
		d.t.Fatalf("%d: %v", status, doc)
	}
	return doc["id"].(string)
}

func TestContactsOverTheAPI(t *testing.T) {
	d := openContactDesk(t)
	ana := d.create(`{"name":"Ana","phone":"(212) 555-0101","tags":["VIP"],"attributes":{"size":"M"},"sms_consent":{"granted":true,"source":"web form","at":"2026-11-01T10:00:00Z"}}`)
	bob := d.create(`{"name":"Bob","phone":"+12125550102"}`)
	status, doc := d.api("acme", "GET", "/contacts/"+ana, "")
	if status != 200 || doc["phone"] != "+12125550101" || doc["country"] != "US" || doc["opted_out"] != false ||
		fmt.Sprint(doc["sms_consent"]) != "map[at:2026-11-01T10:00:00Z granted:true source:web form]" {
		t.Errorf("%d %v", status, doc)
	}
	status, doc = d.api("acme", "POST", "/contacts", `{"phone":"212 555 0101"}`)
	if status != 409 || doc["code"] != "phone_taken" || doc["contact_id"] != ana {
		t.Errorf("%d %v", status, doc)
	}
	status, doc = d.api("acme", "POST", "/contacts", `{"phone":"4.47911E+11","email":"x","sms_consent":{"granted":true}}`)
	if status != 422 || fmt.Sprint(doc["errors"]) == "" || len(doc["errors"].([]any)) != 3 {
		t.Errorf("%d %v", status, doc)
	}
	status, doc = d.api("acme", "PATCH", "/contacts/"+ana, `{"name":"Ana María","attributes":{"size":null,"hat":"L"}}`)
	if status != 200 || doc["name"] != "Ana María" || fmt.Sprint(doc["attributes"]) != "map[hat:L]" || doc["phone"] != "+12125550101" {
		t.Errorf("%d %v", status, doc)
	}
	status, doc = d.api("acme", "PATCH", "/contacts/"+ana, `{"name":"Anna","version":1}`)
	if status != 409 || doc["code"] != "changed" || fmt.Sprint(doc["changes"]) != "[map[field:name theirs:Ana María yours:Anna]]" {
		t.Errorf("%d %v", status, doc)
	}
	for query, want := range map[string]string{"": bob + " " + ana, "?tag=vip": ana, "?q=maria": ana, "?q=0102": bob, "?q=nobody": "", "?limit=1": bob} {
		_, doc := d.api("acme", "GET", "/contacts"+query, "")
		var ids []string
		for _, item := range doc["items"].([]any) {
			ids = append(ids, item.(map[string]any)["id"].(string))
		}
		if got := strings.Join(ids, " "); got != want || (doc["next"] != nil) != (query == "?limit=1") {
			t.Errorf("%s: %s, next %v; want %s", query, got, doc["next"], want)
		}
	}
	if status, doc = d.api("acme", "POST", "/opt-outs", `{"number":"212 555 0102","text":"by phone"}`); status != 201 || doc["number"] != "+12125550102" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "POST", "/audience/count", `{"rule":{"all":[]}}`); status != 200 || doc["matched"] != 2.0 || doc["reachable"] != 1.0 ||
		fmt.Sprint(doc["skipped"]) != "map[opted_out:1]" {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "POST", "/audience/count", `{"rule":{"tag":"vip","country":"BR"}}`); status != 422 || !strings.Contains(fmt.Sprint(doc["errors"]), "rule_unknown") {
		t.Errorf("a rule with a part that nobody knows: %d %v", status, doc)
	}
	for _, field := range []string{"created_at", "zodiac"} {
		code := map[string]string{"created_at": "op_unknown", "zodiac": "field_unknown"}[field]
		if status, doc = d.api("acme", "POST", "/audience/count", `{"rule":{"field":"`+field+`","op":"eq","value":"x"}}`); status != 422 || !strings.Contains(fmt.Sprint(doc["errors"]), code) {
			t.Errorf("a rule over %s: %d %v", field, status, doc)
		}
	}
	if status, doc = d.api("acme", "POST", "/audience/count", `{"rule":{"field":"has_phone","op":"exists","value":true}}`); status != 200 || doc["sentence"] != "Everyone with a phone number" {
		t.Errorf("a rule over a field: %d %v", status, doc)
	}
	if status, doc = d.api("acme", "POST", "/audience/count", `{"rule":{}}`); status != 422 {
		t.Errorf("%d %v", status, doc)
	}
	// A plus in a path is a plus, and no blank as in a form.
	if status, _ = d.api("acme", "DELETE", "/opt-outs/+12125550102?reason=asked", ""); status != 204 {
		t.Errorf("%d", status)
	}
	if status, _ = d.api("acme", "DELETE", "/opt-outs/%2B12125550102", ""); status != 404 {
		t.Errorf("removed twice: %d", status)
	}
	for _, name := range []string{"c++", "100%", "a b"} {
		if status, doc = d.api("acme", "PATCH", "/contacts/"+ana, `{"tags":["vip","`+name+`"]}`); status != 200 {
			t.Fatalf("%d %v", status, doc)
		}
		if status, _ = d.api("acme", "DELETE", "/tags/"+url.PathEscape(name), ""); status != 204 {
			t.Errorf("the tag %s: %d", name, status)
		}
	}
	// Attributes may be numbers, and called as their owner calls them.
	if status, doc = d.api("acme", "PATCH", "/contacts/"+ana, `{"attributes":{"first_order":"old"}}`); status != 200 {
		t.Fatalf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "PATCH", "/contacts/"+ana, `{"attributes":{"firstOrder":12.50,"First order":"new","fan":true}}`); status != 200 ||
		doc["attributes"].(map[string]any)["first_order"] != "new" || doc["attributes"].(map[string]any)["firstorder"] != "12.50" || doc["attributes"].(map[string]any)["fan"] != "true" {
		t.Errorf("%d %v", status, doc["attributes"])
	}
	if status, doc = d.api("acme", "POST", "/audience/count", `{"rule":{"field":"attributes.firstOrder","op":"gt","value":12}}`); status != 200 || doc["matched"] != 1.0 {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc = d.api("acme", "PATCH", "/tags/vip", `{"name":"gold club"}`); status != 200 || doc["name"] != "gold club" || doc["count"] != 1.0 {
		t.Errorf("%d %v", status, doc)
	}
	if status, _ = d.api("acme", "DELETE", "/tags/gold%20club", ""); status != 204 {
		t.Errorf("%d", status)
	}
	if status, doc = d.api("acme", "GET", "/contacts/"+ana+"/consent", ""); status != 200 || len(doc["items"].([]any)) != 1 {
		t.Errorf("%d %v", status, doc)
	}
	if status, _ = d.api("acme", "DELETE", "/contacts/"+ana, ""); status != 204 {
		t.Errorf("%d", status)
	}
	if status, _ = d.api("acme", "GET", "/contacts/"+ana, ""); status != 404 {
		t.Errorf("%d", status)
	}
}

func TestAFileOverTheAPI(t *testing.T) {
	d := openContactDesk(t)
	if status, doc := d.api("acme", "POST", "/contacts/import", "name\nAna\n", "Content-Type", "application/pdf"); status != 415 {
		t.Errorf("%d %v", status, doc)
	}
	if status, doc := d.api("acme", "POST", "/contacts/import?region=XX", "name\nAna\n", "Content-Type", "text/csv"); status != 422 {
		t.Errorf("%d %v", status, doc)
	}
	status, doc := d.api("acme", "POST", "/contacts/import?region=BR&tag=fair&tag=new,2026&consent=list+at+the+fair",
		"nome;celular\nAna;(11) 98765-4321\nBia;11 8765-4322\n", "Content-Type", "text/csv; charset=utf-8")
	if status != 202 || doc["state"] != "queued" {
		t.Fatalf("%d %v", status, doc)
	}
	id := doc["id"].(string)
	if err := d.rooms.Contacts.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	status, doc = d.api("acme", "GET", "/imports/"+id, "")
	if status != 200 || doc["state"] != "completed" || doc["total"] != 2.0 || doc["created"] != 1.0 || doc["rejected"] != 1.0 {
		t.Errorf("%d %v", status, doc)
	}
	path := strings.TrimPrefix(doc["errors_url"].(string), "http://desk.example.com")
	a := ask(t, d.Server, "GET", path, "", "Authorization", "Bearer "+d.token["acme"])
	if want := "\uFEFFrow,column,value,reason\r\n3,celular,11 8765-4322,"; !strings.HasPrefix(a.body, want) || !strings.Contains(a.Header.Get("Content-Disposition"), ".csv") {
		t.Errorf("%q", a.body)
	}
	_, doc = d.api("acme", "GET", "/contacts?tag=2026", "")
	if items := doc["items"].([]any); len(items) != 1 || fmt.Sprint(items[0].(map[string]any)["tags"]) != "[2026 fair new]" {
		t.Errorf("%v", doc)
	}
	if status, doc = d.api("acme", "POST", "/imports/"+id+"/undo", ""); status != 202 || doc["state"] != "undoing" {
		t.Errorf("%d %v", status, doc)
	}
	if err := d.rooms.Contacts.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, doc = d.api("acme", "GET", "/contacts", ""); len(doc["items"].([]any)) != 0 {
		t.Errorf("%v", doc)
	}
}

func TestContactsOfAnotherCompanyAreNotThere(t *testing.T) {
	d := openContactDesk(t)
	id := d.create(`{"name":"Ana","phone":"+12125550101","tags":["vip"]}`)
	im, err := d.rooms.Contacts.Upload(t.Context(), d.actorOf("acme"), "x.csv", strings.NewReader("name\nBob\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct{ method, path, body string }{
		{"GET", "/contacts/" + id, ""}, {"PATCH", "/contacts/" + id, `{"name":"X"}`}, {"DELETE", "/contacts/" + id, ""},
		{"GET", "/contacts/" + id + "/consent", ""}, {"GET", "/imports/" + im.ID.String(), ""}, {"GET", "/imports/" + im.ID.String() + "/errors", ""},
		{"POST", "/imports/" + im.ID.String() + "/undo", ""}, {"PATCH", "/tags/vip", `{"name":"x"}`}, {"DELETE", "/tags/vip", ""},
		{"DELETE", "/opt-outs/+12125550101?reason=x", ""},
	} {
		if status, doc := d.api("rival", r.method, r.path, r.body); status != 404 {
			t.Errorf("API %s %s: %d %v", r.method, r.path, status, doc)
		}
	}
	for _, r := range []struct{ method, path string }{
		{"GET", "/contacts/" + id}, {"GET", "/contacts/" + id + "/edit"}, {"POST", "/contacts/" + id}, {"POST", "/contacts/" + id + "/delete"},
		{"POST", "/contacts/" + id + "/consent"}, {"GET", "/imports/" + im.ID.String()}, {"POST", "/imports/" + im.ID.String()},
		{"POST", "/imports/" + im.ID.String() + "/preview"}, {"POST", "/imports/" + im.ID.String() + "/undo"}, {"POST", "/imports/" + im.ID.String() + "/discard"},
		{"GET", "/imports/" + im.ID.String() + "/errors"}, {"POST", "/contacts/tags/rename"}, {"POST", "/contacts/tags/delete"},
	} {
		form := url.Values{"tag": {"vip"}, "name": {"x"}, "granted": {"no"}}
		if a := d.page("rival", r.method, r.path, form); a.StatusCode != 404 {
			t.Errorf("page %s %s: %d", r.method, r.path, a.StatusCode)
		}
	}
	if _, doc := d.api("acme", "GET", "/contacts/"+id, ""); doc["name"] != "Ana" || doc["version"] != 1.0 {
		t.Errorf("it was changed: %v", doc)
	}
	// Agents look, and do not import or delete.
	for _, r := range []struct{ method, path string }{
		{"GET", "/contacts/import"}, {"POST", "/contacts/import"}, {"GET", "/imports/" + im.ID.String()}, {"POST", "/imports/" + im.ID.String() + "/undo"},
		{"POST", "/contacts/" + id + "/delete"}, {"POST", "/contacts/tags/delete"},
	} {
		if a := d.page("agent", r.method, r.path, url.Values{"tag": {"vip"}}); a.StatusCode != 403 {
			t.Errorf("agent %s %s: %d", r.method, r.path, a.StatusCode)
		}
	}
	if a := d.page("agent", "GET", "/contacts/"+id, nil); a.StatusCode != 200 || strings.Contains(a.body, "/delete") {
		t.Errorf("an agent's page: %d", a.StatusCode)
	}
}

func (d *contactDesk) actorOf(who string) liadesk.Actor {
	v, err := d.Viewer(d.t.Context(), who)
	if err != nil {
		d.t.Fatal(err)
	}
	return v.Actor()
}

func doc(t *testing.T, a answer) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestContactPagesWorkWithoutScripts(t *testing.T) {
	d := openContactDesk(t)
	if a := d.page("acme", "GET", "/contacts", nil); a.StatusCode != 200 || doc(t, a).Find(".empty").Length() != 1 {
		t.Errorf("empty list: %d", a.StatusCode)
	}
	a := d.page("acme", "GET", "/contacts/new", nil)
	if doc(t, a).Find("input[type=checkbox][checked]").Length() != 0 {
		t.Error("consent is ticked beforehand")
	}
	form := url.Values{"name": {"Ana <b>"}, "phone": {"12"}, "tags": {"vip, new"}, "consent": {"true"}}
	a = d.page("acme", "POST", "/contacts", form)
	page := doc(t, a)
	if a.StatusCode != 422 || page.Find("input[name=name]").AttrOr("value", "") != "Ana <b>" || page.Find("input[name=phone][aria-invalid]").Length() != 1 ||
		!strings.Contains(page.Text(), "Say where this person was asked.") {
		t.Errorf("refused: %d %s", a.StatusCode, page.Find("form").Text())
	}
	form.Set("phone", "212 555 0101")
	form.Set("consent_source", "at the till")
	a = d.page("acme", "POST", "/contacts", form)
	at := a.Header.Get("Location")
	if a.StatusCode != 303 || !strings.HasPrefix(at, "/contacts/") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a = d.page("acme", "POST", "/contacts", form); a.StatusCode != 409 || doc(t, a).Find(`a[href="`+at+`"]`).Length() != 1 {
		t.Errorf("a number in use does not lead to its contact: %d", a.StatusCode)
	}
	a = d.page("acme", "GET", at, nil)
	if text := doc(t, a).Text(); a.StatusCode != 200 || !strings.Contains(text, "Ana <b>") || !strings.Contains(text, "Agreed to marketing texts") || !strings.Contains(text, "+1 212-555-0101") {
		t.Errorf("%d %s", a.StatusCode, text)
	}
	form.Set("name", "Ana B")
	form.Set("version", "1")
	if a = d.page("acme", "POST", at, form); a.StatusCode != 303 {
		t.Errorf("edit: %d", a.StatusCode)
	}
	form.Set("name", "Anna")
	a = d.page("acme", "POST", at, form)
	if text := doc(t, a).Text(); a.StatusCode != 409 || !strings.Contains(text, "Ana B") || doc(t, a).Find("input[name=name]").AttrOr("value", "") != "Anna" ||
		doc(t, a).Find("input[name=version]").AttrOr("value", "") != "2" {
		t.Errorf("conflict: %d %s", a.StatusCode, text)
	}
	if a = d.page("acme", "POST", at+"/consent", url.Values{}); a.StatusCode != 422 || !strings.Contains(a.body, "Choose yes or no.") {
		t.Errorf("consent unsaid: %d", a.StatusCode)
	}
	if a = d.page("acme", "POST", at+"/consent", url.Values{"granted": {"no"}}); a.StatusCode != 303 {
		t.Errorf("consent: %d", a.StatusCode)
	}
	if a = d.page("acme", "POST", "/contacts/opt-outs", url.Values{"number": {"+12125550101"}, "next": {at}}); a.StatusCode != 303 || a.Header.Get("Location") != at {
		t.Errorf("opt-out: %d to %s", a.StatusCode, a.Header.Get("Location"))
	}
	if a = d.page("acme", "POST", "/contacts/opt-outs/remove", url.Values{"number": {"+12125550101"}, "next": {"//evil.example"}}); a.StatusCode != 422 {
		t.Errorf("removal without a reason: %d", a.StatusCode)
	}
	for path, want := range map[string]string{"/contacts?q=ana": "Ana B", "/contacts?tag=vip": "Ana B", "/contacts?skip=opted_out": "left out", "/contacts?q=zzz": "Nobody matches",
		"/contacts/opt-outs": "+1 212-555-0101", "/contacts/opt-outs?q=999": "No number on the list", "/contacts/tags": "vip"} {
		if a := d.page("acme", "GET", path, nil); a.StatusCode != 200 || !strings.Contains(doc(t, a).Text(), want) {
			t.Errorf("%s: %d %s", path, a.StatusCode, doc(t, a).Find("main").Text())
		}
	}
	if a := d.page("acme", "GET", "/contacts?q=ana", nil, "HX-Request", "true"); strings.Contains(a.body, "<html") || !strings.Contains(a.body, `id="contact-rows"`) {
		t.Error("htmx does not get the rows alone")
	}
	if a := d.page("acme", "GET", `/contacts?rule={"tag":"vip"}&skip=no_consent`, nil); a.StatusCode != 200 || !strings.Contains(a.body, "vip") {
		t.Errorf("by rule: %d", a.StatusCode)
	}
	if a := d.page("acme", "GET", `/contacts?rule={`, nil); a.StatusCode != 404 {
		t.Errorf("by a broken rule: %d", a.StatusCode)
	}
	if a = d.page("acme", "POST", at+"/delete", nil); a.StatusCode != 303 {
		t.Errorf("delete: %d", a.StatusCode)
	}
}

func TestTheImportPages(t *testing.T) {
	d := openContactDesk(t)
	upload := func(name, content string) answer {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return ask(t, d.Server, "POST", "/contacts/import?csrf="+url.QueryEscape(d.csrfToken("acme")), b.String(), "Cookie", "session=acme",
			"Sec-Fetch-Site", "same-origin", "Content-Type", w.FormDataContentType())
	}
	if a := upload("x.xlsx", "PK\x03\x04"); a.StatusCode != 422 || !strings.Contains(a.body, "Save it as CSV") {
		t.Errorf("a spreadsheet: %d", a.StatusCode)
	}
	a := upload("fair.csv", "nome;celular;cidade\nAna;(11) 8765-4321;São Paulo\nBia;(11) 98765-4322;Rio\n")
	at := a.Header.Get("Location")
	if a.StatusCode != 303 || !strings.HasPrefix(at, "/imports/") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	a = d.page("acme", "GET", at, nil)
	if page := doc(t, a); a.StatusCode != 200 || page.Find(`select[name="columns.1"] option[selected]`).AttrOr("value", "") != "phone" ||
		page.Find("input[name=consent][checked], input[name=repair][checked]").Length() != 0 {
		t.Errorf("mapping: %d", a.StatusCode)
	}
	form := url.Values{"delimiter": {";"}, "header": {"true"}, "region": {"BR"}, "columns.0": {"name"}, "columns.1": {"phone"}, "columns.2": {"attribute"}, "consent": {"true"}}
	a = d.page("acme", "POST", at+"/preview", form, "HX-Request", "true")
	if text := doc(t, a).Text(); a.StatusCode != 200 || !strings.Contains(text, "+55 11 98765-4321") || !strings.Contains(text, "+55 11 98765-4322") {
		t.Errorf("preview: %d %s", a.StatusCode, text)
	}
	if page := doc(t, a); page.Find("[data-focus], input[name=consent_source][aria-invalid]").Length() != 0 {
		t.Error("the preview scolds somebody who is still choosing")
	}
	a = d.page("acme", "POST", at, form)
	if a.StatusCode != 422 || doc(t, a).Find("input[name=consent_source][aria-invalid]").Length() != 1 {
		t.Errorf("started with consent from nowhere: %d", a.StatusCode)
	}
	form.Set("consent_source", "at the fair")
	form.Set("repair", "true")
	form.Set("tags", "Fair")
	if a = d.page("acme", "POST", at, form); a.StatusCode != 303 {
		t.Fatalf("start: %d %s", a.StatusCode, a.body)
	}
	if a = d.page("acme", "GET", at, nil); !strings.Contains(a.body, `hx-trigger="every 1s"`) {
		t.Error("a waiting import does not look again")
	}
	if err := d.rooms.Contacts.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	a = d.page("acme", "GET", at, nil, "HX-Request", "true")
	if strings.Contains(a.body, "every 1s") || !strings.Contains(a.body, "/undo") || strings.Contains(a.body, "<html") {
		t.Errorf("done: %s", a.body)
	}
	if _, doc := d.api("acme", "GET", "/contacts?tag=fair", ""); len(doc["items"].([]any)) != 2 {
		t.Errorf("%v", doc)
	}
	if a = d.page("acme", "POST", at+"/undo", nil); a.StatusCode != 303 {
		t.Errorf("undo: %d", a.StatusCode)
	}
	if a = d.page("acme", "GET", "/contacts/import", nil); a.StatusCode != 200 || !strings.Contains(a.body, "fair.csv") {
		t.Errorf("start page: %d", a.StatusCode)
	}
}

package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/jonboulle/clockwork"

	"github.com/liadesk/campaigns/accounts"
	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
)

// teamDesk is the edge over real rooms: a company with a website and a number,
// an administrator ana, an agent ben who serves only the website, and eve of
// another company. Each name is also the secret of a session.
type teamDesk struct {
	*Server
	t       *testing.T
	clock   *clockwork.FakeClock
	store   *db.Store
	account liadesk.Account
	site    liadesk.Inbox
	number  liadesk.Inbox
	users   map[string]liadesk.User
	token   map[string]string // for the API
}

func openTeamDesk(t *testing.T) *teamDesk {
	t.Helper()
	store := dbtest.Open(t)
	deps := testDeps(t)
	clock := deps.Clock.(*clockwork.FakeClock)
	ids := liadesk.RandomIDs(clock.Now)
	secrets, err := accounts.OpenSecrets(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	d := &teamDesk{t: t, clock: clock, store: store, users: map[string]liadesk.User{}, token: map[string]string{}}
	deps.Accounts = accounts.New(store, clock, ids, secrets)
	deps.Conversations = conversations.New(store, clock, ids, contacts.New(store, clock, ids), deps.Secret)
	d.account, d.users["ana"] = dbtest.Account(t, store, "northwind", liadesk.PlanGrowth)
	_, d.users["eve"] = dbtest.Account(t, store, "rival", liadesk.PlanGrowth)
	d.site = liadesk.Inbox{ID: ids(), AccountID: d.account.ID, Kind: liadesk.InboxWebsite, Name: "Shop",
		Website: &liadesk.Website{Key: "shopkey", Domains: []string{"shop.example"}}}
	d.number = liadesk.Inbox{ID: ids(), AccountID: d.account.ID, Kind: liadesk.InboxSMS, Name: "Texts",
		SMS: &liadesk.SMSInbox{Number: "+12125550100", AuthID: "MATEST", MessagesPerSecond: 5}}
	d.users["ben"] = liadesk.User{ID: ids(), AccountID: d.account.ID, Name: "Ben", Email: "ben@shop.example", Role: liadesk.RoleAgent,
		InboxIDs: []liadesk.ID{d.site.ID}, PasswordHash: "set", Presence: liadesk.PresenceOnline}
	dbtest.Update(t, store, func(tx *db.Tx) error {
		if err := tx.PutInbox(d.site); err != nil {
			return err
		}
		if err := tx.PutInbox(d.number); err != nil {
			return err
		}
		return tx.PutUser(d.users["ben"])
	})
	deps.Viewer = d.viewerOf
	for _, name := range []string{"ana", "eve"} { // API tokens are for administrators
		v, err := d.viewerOf(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if _, d.token[name], err = deps.Accounts.CreateToken(t.Context(), v.Actor(), "test"); err != nil {
			t.Fatal(err)
		}
	}
	if d.Server, err = New(deps); err != nil {
		t.Fatal(err)
	}
	return d
}

// viewerOf reads who signs in by a name, as they are now.
func (d *teamDesk) viewerOf(ctx context.Context, name string) (*Viewer, error) {
	who, ok := d.users[name]
	if !ok {
		return nil, liadesk.ErrUnauthenticated
	}
	v := &Viewer{Session: name}
	err := d.store.View(ctx, func(tx *db.Tx) (err error) {
		if v.User, _, err = tx.User(who.AccountID, who.ID); err != nil {
			return err
		}
		v.Account, _, err = tx.Account(who.AccountID)
		return err
	})
	if err == nil && !v.User.Active() {
		err = liadesk.ErrUnauthenticated
	}
	return v, err
}

// visitor writes into the website's widget; "" begins a thread.
func (d *teamDesk) visitor(token, text string) conversations.VisitorAnswer {
	d.t.Helper()
	a, err := d.Conversations.WriteAsVisitor(d.t.Context(), conversations.VisitorMessage{Inbox: d.site, Token: token,
		ClientID: newClientID(), Text: text, PageURL: "https://shop.example/bikes/city?utm_source=mail"})
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

// text puts a text from a customer into the number's inbox, in answer to a
// campaign.
func (d *teamDesk) text(text string) liadesk.Conversation {
	d.t.Helper()
	ids := liadesk.RandomIDs(d.clock.Now)
	campaign := liadesk.SMSCampaign{ID: ids(), AccountID: d.account.ID, InboxID: d.number.ID, Title: "Autumn sale"}
	var c liadesk.Conversation
	var m liadesk.Message
	dbtest.Update(d.t, d.store, func(tx *db.Tx) (err error) {
		if err := tx.PutSMSCampaign(campaign); err != nil {
			return err
		}
		c, m, err = d.Conversations.ReceiveText(tx, conversations.InboundText{Account: d.account.ID, Inbox: d.number, From: "+12125550123",
			Text: text, CarrierID: ids().String(), At: d.clock.Now(), CampaignID: campaign.ID, CampaignText: "20 % off all bells."})
		return err
	})
	d.Conversations.Publish(c, m)
	return c
}

func (d *teamDesk) get(who, path string, headers ...string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, "GET", path, "", append([]string{"Cookie", "session=" + who}, headers...)...)
}

// post sends a form; with htmx when a header says so.
func (d *teamDesk) post(who, path string, form url.Values, headers ...string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, "POST", path, form.Encode(), append([]string{"Cookie", "session=" + who, "Sec-Fetch-Site", "same-origin",
		"X-CSRF-Token", d.csrfToken(who), "Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
}

func (d *teamDesk) api(who, method, path, body string) answer {
	d.t.Helper()
	return ask(d.t, d.Server, method, "/api/v1/conversations"+path, body, "Authorization", "Bearer "+d.token[who], "Content-Type", "application/json")
}

func (a answer) doc(t *testing.T) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// said lists the bubbles of a page or fragment.
func said(doc *goquery.Document) []string {
	return doc.Find(".bubble").Map(func(_ int, b *goquery.Selection) string { return b.Text() })
}

func TestTheTeamReadsAndAnswersAConversation(t *testing.T) {
	d := openTeamDesk(t)
	c := d.visitor("", "Do you ship to Spain?").Conversation
	list := d.get("ben", "/conversations").doc(t)
	row := list.Find("#talks > li")
	if row.Length() != 1 || !row.Find(".talk").HasClass("unread") || !strings.Contains(row.Text(), "Do you ship to Spain?") || !strings.Contains(row.Text(), c.Visitor) {
		t.Errorf("the list shows %s", row.Text())
	}
	if n, _ := list.Find("#unread").Attr("data-count"); n != "1" {
		t.Errorf("the menu counts %s", n)
	}
	path := "/conversations/" + c.ID.String()
	page := d.get("ben", path).doc(t)
	if got := said(page); len(got) != 1 || got[0] != "Do you ship to Spain?" {
		t.Errorf("the thread reads %q", got)
	}
	if page.Find("#thread .day").Length() != 1 || !strings.Contains(page.Find(".thread-zone").Text(), "New York") {
		t.Error("the thread names neither its day nor its zone")
	}
	if n, _ := page.Find("#unread").Attr("data-count"); n != "0" {
		t.Errorf("after a look the menu counts %s", n)
	}
	if href, _ := page.Find(`#side a[href^="https://shop.example"]`).Attr("href"); href != "https://shop.example/bikes/city?utm_source=mail" {
		t.Errorf("the page it began on is %q", href)
	}
	form := url.Values{"client_id": {valueOf(page, "#composer [name=client_id]")}, "text": {"Yes, in two days."}}
	for range 2 { // a double click
		if a := d.post("ben", path+"/messages", form); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path {
			t.Fatalf("%d to %q: %s", a.StatusCode, a.Header.Get("Location"), a.body)
		}
	}
	after := d.get("ben", path).doc(t)
	if got := said(after); len(got) != 2 || got[1] != "Yes, in two days." {
		t.Errorf("the thread reads %q", got)
	}
	if !strings.Contains(after.Find("#thread-head").Text(), "You answer") {
		t.Errorf("who answers has it: %s", after.Find("#thread-head").Text())
	}
	if valueOf(after, "#composer [name=client_id]") == form.Get("client_id") {
		t.Error("the next message would be taken for the last one")
	}
}

func valueOf(doc *goquery.Document, selector string) string {
	v, _ := doc.Find(selector).Attr("value")
	return v
}

func TestAReplyWithHtmxSwapsWhatItChanged(t *testing.T) {
	d := openTeamDesk(t)
	first := d.visitor("", "Hello")
	d.visitor("", "Another one")
	path := "/conversations/" + first.Conversation.ID.String()
	a := d.post("ben", path+"/messages", url.Values{"client_id": {"form-1"}, "text": {"Hi!"}}, "HX-Request", "true")
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	doc := a.doc(t)
	if got := said(doc); len(got) != 1 || got[0] != "Hi!" {
		t.Errorf("it brings %q", got)
	}
	for _, want := range []string{`hx-target="#thread"`, `hx-target="#thread-head"`, `hx-target="#talks"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("it lacks %s", want)
		}
	}
	if doc.Find("textarea").Text() != "" {
		t.Error("the composer is not empty")
	}
}

func TestWhatWasTypedStaysWhenAReplyIsRefused(t *testing.T) {
	d := openTeamDesk(t)
	c := d.text("When do you open?")
	path := "/conversations/" + c.ID.String()
	long := strings.Repeat("x", conversations.MaxText+1)
	for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
		a := d.post("ana", path+"/messages", url.Values{"client_id": {"form-1"}, "text": {long}}, headers...)
		doc := a.doc(t)
		if a.StatusCode != http.StatusUnprocessableEntity || doc.Find("#composer textarea").Text() != long {
			t.Errorf("%v: status %d, kept %d characters", headers, a.StatusCode, len(doc.Find("#composer textarea").Text()))
		}
		if got := doc.Find("#reply-error").Text(); !strings.Contains(got, "4,000") {
			t.Errorf("%v: the reason is %q", headers, got)
		}
		if valueOf(doc, "#composer [name=client_id]") != "form-1" {
			t.Errorf("%v: mended, it would be another message", headers)
		}
	}
	dbtest.Update(t, d.store, func(tx *db.Tx) error {
		return tx.PutOptOut(d.account.ID, c.ID, liadesk.OptOut{Number: c.Phone, At: d.clock.Now(), Source: "keyword"})
	})
	a := d.post("ana", path+"/messages", url.Values{"text": {"Are you sure?"}}, "HX-Request", "true")
	if a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "opted out") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if page := d.get("ana", path).doc(t); page.Find("#composer textarea").Length() != 0 || !strings.Contains(page.Find("#composer").Text(), "opted out") {
		t.Error("the page still offers to text them")
	}
}

func TestHostileWordsStayWords(t *testing.T) {
	d := openTeamDesk(t)
	hostile := `</div><script>alert(1)</script><hx-partial hx-target="body">x</hx-partial><img src=x onerror=alert(2)>`
	a := d.visitor("", hostile)
	dbtest.Update(t, d.store, func(tx *db.Tx) error { // an old message from before something was forbidden
		c, _, err := tx.Conversation(d.account.ID, a.Conversation.ID)
		if err != nil {
			return err
		}
		if _, err := tx.AddMessage(&c, liadesk.Message{ID: c.InboxID, From: liadesk.FromCampaign, Author: `"><script>`, At: d.clock.Now(),
			HTML: `<p>Hi <b>you</b> <a href="javascript:alert(3)">x</a><a href="tel:+12125550100">call</a><script>alert(4)</script></p>`, Text: "Hi"}); err != nil {
			return err
		}
		return tx.PutConversation(c)
	})
	for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
		page := d.get("ana", "/conversations/"+a.Conversation.ID.String(), headers...)
		doc := page.doc(t)
		if got := said(doc); got[0] != hostile || !strings.HasPrefix(got[1], "Hi you") {
			t.Errorf("it reads %q", got)
		}
		if n := doc.Find("script:not([src])").Length() + doc.Find("[onerror]").Length() + doc.Find(`#desk hx-partial`).Length() + doc.Find(`[href^="javascript"]`).Length(); n > 0 {
			t.Errorf("%d things of theirs became part of the page", n)
		}
		if doc.Find(`.bubble a[href="tel:+12125550100"]`).Length() != 1 || doc.Find(".bubble strong").Text() != "you" {
			t.Errorf("what is harmless was lost: %s", page.body)
		}
	}
}

func TestOthersConversationsAreNotThere(t *testing.T) {
	d := openTeamDesk(t)
	onSite, byText := d.visitor("", "Hello").Conversation, d.text("Hello by text")
	for _, c := range []struct {
		who string
		id  liadesk.ID
	}{{"eve", onSite.ID}, {"eve", byText.ID}, {"ben", byText.ID}} {
		path := "/conversations/" + c.id.String()
		for _, part := range []string{"", "/earlier?before=9"} {
			if a := d.get(c.who, path+part); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s reads %s: %d", c.who, path+part, a.StatusCode)
			}
		}
		for _, verb := range []string{"messages", "take", "resolve", "reopen"} {
			if a := d.post(c.who, path+"/"+verb, url.Values{"text": {"mine"}}); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s, %s: %d", c.who, verb, a.StatusCode)
			}
		}
		if a := d.get(c.who, "/conversations"); strings.Contains(a.body, c.id.String()) {
			t.Errorf("%s's list names it", c.who)
		}
		if d.token[c.who] == "" {
			continue
		}
		for _, call := range []string{"GET ", "POST /messages", "POST /resolve", "POST /reopen"} {
			method, verb, _ := strings.Cut(call, " ")
			if a := d.api(c.who, method, "/"+c.id.String()+verb, `{"text":"mine"}`); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s, %s: %d", c.who, call, a.StatusCode)
			}
		}
		th, err := d.Conversations.Get(t.Context(), liadesk.ActorOf(d.account, d.users["ana"]), c.id, 0)
		if err != nil || th.Conversation.Status != liadesk.ConversationOpen || th.Conversation.Owner != liadesk.OwnerQueue || th.Messages[len(th.Messages)-1].From != liadesk.FromVisitor {
			t.Errorf("%s changed %+v, %v", c.who, th.Conversation, err)
		}
	}
	for _, path := range []string{"/conversations/nonsense", "/conversations/" + d.account.ID.String()} {
		if a := d.get("ana", path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

func TestTakingOverAsksAndYieldsToWhoWasQuicker(t *testing.T) {
	d := openTeamDesk(t)
	c := d.visitor("", "Hello").Conversation
	path := "/conversations/" + c.ID.String()
	if a := d.post("ben", path+"/take", url.Values{"from": {""}}, "HX-Request", "true"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "You answer") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	// Ana's page is older than that.
	if a := d.post("ana", path+"/take", url.Values{"from": {""}}); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Somebody else has taken") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	head := d.get("ana", path).doc(t).Find("#thread-head")
	form := head.Find("form").First()
	if q, _ := form.Attr("hx-confirm"); q != "Take over from Ben?" {
		t.Errorf("it asks %q", q)
	}
	from, _ := form.Find("[name=from]").Attr("value")
	if a := d.post("ana", path+"/take", url.Values{"from": {from}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if got := d.get("ben", path).doc(t).Find("#thread-head").Text(); !strings.Contains(got, "Ana of northwind answers") {
		t.Errorf("Ben reads %s", got)
	}
}

func TestTheListIsNarrowedAsItsAddressSays(t *testing.T) {
	d := openTeamDesk(t)
	empty := d.get("ana", "/conversations").doc(t)
	if empty.Find(".pane-empty .empty-title").Length() != 1 {
		t.Error("an empty desk has no empty state")
	}
	mine, waiting := d.visitor("", "one").Conversation, d.visitor("", "two").Conversation
	byText := d.text("three")
	d.post("ana", "/conversations/"+mine.ID.String()+"/take", url.Values{})
	d.post("ana", "/conversations/"+byText.ID.String()+"/resolve", url.Values{})
	for query, want := range map[string][]liadesk.ID{
		"":                 {mine.ID, waiting.ID},
		"?who=mine":        {mine.ID},
		"?who=queue":       {waiting.ID},
		"?channel=sms":     nil,
		"?status=resolved": {byText.ID},
		"?status=resolved&campaign=" + byText.CampaignID.String(): {byText.ID},
		"?channel=pigeon": {mine.ID, waiting.ID},
	} {
		doc := d.get("ana", "/conversations"+query).doc(t)
		rows := doc.Find("#talks > li")
		if rows.Length() != len(want) {
			t.Errorf("%q shows %d rows", query, rows.Length())
		}
		for _, id := range want {
			if doc.Find("#talk-"+id.String()).Length() != 1 {
				t.Errorf("%q lacks one", query)
			}
		}
		if doc.Find(".empty").Length() != 0 {
			t.Errorf("%q shows the empty state of an empty desk", query)
		}
	}
	if a := d.get("ana", "/conversations?status=lost"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown status: %d", a.StatusCode)
	}
	for i := range 55 {
		d.visitor("", fmt.Sprint(i))
	}
	more, _ := d.get("ana", "/conversations").doc(t).Find("#talks-more a").Attr("href")
	if got := d.get("ana", more).doc(t).Find("#talks > li").Length(); got != 7 {
		t.Errorf("behind the first 50 of 57 are %d", got)
	}
}

func TestAFreePlanHearsNothingOfCampaigns(t *testing.T) {
	d := openTeamDesk(t)
	c := d.text("Hello")
	path := "/conversations/" + c.ID.String()
	if page := d.get("ana", path); !strings.Contains(page.body, "/campaigns/sms/"+c.CampaignID.String()) || page.doc(t).Find(".message.campaign").Length() != 1 {
		t.Error("a paid plan does not name the campaign")
	}
	free := d.account
	free.Plan = liadesk.PlanFree
	dbtest.Update(t, d.store, func(tx *db.Tx) error { return tx.PutAccount(free) })
	for _, path := range []string{path, "/conversations", "/conversations?campaign=" + c.CampaignID.String()} {
		doc := d.get("ana", path).doc(t)
		desk, _ := doc.Find("#desk").Html()
		if strings.Contains(strings.ToLower(desk), "campaign") || strings.Contains(desk, "Autumn sale") {
			t.Errorf("%s: a free plan reads of campaigns:\n%s", path, desk)
		}
	}
	if a := d.api("ana", "GET", "/"+c.ID.String(), ""); strings.Contains(a.body, c.CampaignID.String()) || strings.Contains(a.body, `"from":"campaign"`) {
		t.Errorf("the API says %s", a.body)
	}
}

func TestAProgramReadsAndAnswersConversations(t *testing.T) {
	d := openTeamDesk(t)
	c := d.text("When do you open?")
	var list struct {
		Items []map[string]any
		Next  *string
	}
	if err := json.Unmarshal([]byte(d.api("ana", "GET", "?status=open", "").body), &list); err != nil || len(list.Items) != 1 || list.Next != nil {
		t.Fatalf("%v, %+v", err, list)
	}
	type thread struct {
		ID, Channel, Status string
		Owner               struct{ Kind, Name string }
		Contact             any
		CampaignID          string `json:"campaign_id"`
		Messages            []struct{ ID, From, Author, Text, At, Status string }
	}
	read := func(a answer) (th thread) {
		t.Helper()
		if err := json.Unmarshal([]byte(a.body), &th); err != nil || a.StatusCode != http.StatusOK {
			t.Fatalf("%v, %d %s", err, a.StatusCode, a.body)
		}
		return th
	}
	th := read(d.api("ana", "GET", "/"+c.ID.String(), ""))
	if th.ID != c.ID.String() || th.Channel != "sms" || th.Status != "open" || th.Owner.Kind != "queue" || th.CampaignID != c.CampaignID.String() ||
		len(th.Messages) != 2 || th.Messages[0].From != "campaign" || th.Messages[1].From != "visitor" || th.Messages[1].Text != "When do you open?" {
		t.Errorf("the thread is %+v", th)
	}
	for range 2 {
		if a := d.api("ana", "POST", "/"+c.ID.String()+"/messages", `{"text":"At nine.","client_id":"once"}`); a.StatusCode != http.StatusCreated || !strings.Contains(a.body, `"status":"pending"`) {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if a := d.api("ana", "POST", "/"+c.ID.String()+"/messages", `{"text":" "}`); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `"field":"text"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	th = read(d.api("ana", "POST", "/"+c.ID.String()+"/resolve", ""))
	if th.Status != "resolved" || th.Owner.Kind != "agent" || len(th.Messages) != 3 {
		t.Errorf("the thread is %+v", th)
	}
	if th = read(d.api("ana", "POST", "/"+c.ID.String()+"/reopen", "")); th.Status != "open" {
		t.Errorf("the thread is %+v", th)
	}
	if a := d.api("ana", "GET", "?after=nonsense", ""); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestEarlierMessagesComeInFrontAndOnce(t *testing.T) {
	d := openTeamDesk(t)
	a := d.visitor("", "message 1")
	for i := range conversations.ThreadPage + 9 {
		d.visitor(a.Token, fmt.Sprintf("message %d", i+2))
	}
	path := "/conversations/" + a.Conversation.ID.String()
	page := d.get("ana", path).doc(t)
	if got := said(page); len(got) != conversations.ThreadPage || got[0] != "message 11" {
		t.Fatalf("%d messages from %q on", len(got), got[0])
	}
	link := page.Find("#earlier a")
	part, _ := link.Attr("hx-get")
	whole, _ := link.Attr("href")
	earlier := d.get("ana", part, "HX-Request", "true")
	if got := said(earlier.doc(t)); len(got) != 10 || got[9] != "message 10" {
		t.Errorf("earlier are %q", got)
	}
	if !strings.Contains(earlier.body, `hx-target="#day-2026-11-23" hx-swap="delete"`) {
		t.Error("the day would stand there twice")
	}
	if got := said(d.get("ana", whole).doc(t)); len(got) != 10 {
		t.Errorf("without scripts: %d", len(got))
	}
}

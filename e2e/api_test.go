package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/sms/sandbox"
)

// people writes a file of n contacts with invented names and numbers that the
// North American plan keeps free for fiction. It returns the numbers.
func people(n int) (csv string, numbers []string) {
	areas := strings.Fields("212 718 617 312 415 512 206 305 404 702 416 514")
	var b strings.Builder
	b.WriteString("name,phone,tags,order\n")
	for i := range n {
		number := fmt.Sprintf("+1%s55501%02d", areas[i/100], i%100)
		numbers = append(numbers, number)
		fmt.Fprintf(&b, "Person%d Example,%s,buyers;some,A-%d\n", i, number, 1000+i)
	}
	return b.String(), numbers
}

// importCSV brings contacts in and waits for the end of it.
func importCSV(c client, csv string) object {
	c.t.Helper()
	status, answer, raw, err := c.try(http.MethodPost, "/contacts/import?region=US&consent=web+form", "text/csv", []byte(csv))
	if err != nil || status != http.StatusAccepted {
		c.t.Fatalf("the import was answered %d %s, %v", status, raw, err)
	}
	var im object
	await(c.t, "the import", func() bool {
		im = c.get("/imports/" + answer.str("id"))
		return im.str("state") == "completed" || im.str("state") == "failed"
	})
	return im
}

// soon is the nearest time at which a campaign may be planned to go out.
func soon() string { return time.Now().Add(1500 * time.Millisecond).UTC().Format(time.RFC3339Nano) }

// adds holds the sum of a campaign's figures against its target.
func adds(t *testing.T, campaign object) {
	t.Helper()
	p := campaign.obj("progress")
	sum := 0
	for _, part := range []string{"pending", "deferred", "sending", "unconfirmed", "accepted", "sent", "delivered", "undelivered", "failed", "expired"} {
		sum += p.num(part)
	}
	for reason := range p.obj("skipped") {
		sum += p.obj("skipped").num(reason)
	}
	if p["targeted"] == nil || sum != p.num("targeted") {
		t.Errorf("the parts add up to %d of targeted %v: %v", sum, p["targeted"], p)
	}
}

func TestLiveChatThroughTheAPIAlone(t *testing.T) {
	app := install(t)
	account := app.setup("Northwind Bikes", "ana@northwind.example")
	app.start("serve")
	api := app.client(account.Token)

	inbox := api.post("/inboxes", object{"kind": "website", "name": "Shop", "domains": []string{"shop.northwind.example"}})
	campaign := api.post("/live-chat-campaigns", object{"title": "Welcome", "message": "<p>Hi, <b>new here</b>?</p><script>alert(1)</script>",
		"inbox_id": inbox.str("id"), "sender": object{"kind": "bot"}, "trigger": object{"url": "https://shop.northwind.example/bikes/*", "time_on_page": 10},
		"enabled": true, "business_hours_only": false})

	page := visitor{t, app.url, "https://shop.northwind.example", inbox.str("key"), "https://shop.northwind.example/bikes/roadster"}
	visit := page.call("visit", object{"referrer": "", "language": "en", "device": "desktop", "seen": []object{}})
	arm := visit.list("arm")
	if len(arm) != 1 || arm[0].str("campaign") != campaign.str("id") || arm[0].obj("conditions").num("time_on_page") != 10 {
		t.Fatalf("the visit was answered %v", visit)
	}
	if text := fmt.Sprint(visit); strings.Contains(text, "new here") {
		t.Errorf("the message went out before its time: %s", text)
	}
	shown := page.call("show", object{"campaign": campaign.str("id"), "seen": []object{}})
	if shown.str("impression") == "" || !strings.Contains(fmt.Sprint(shown["blocks"]), "new here") || strings.Contains(fmt.Sprint(shown["blocks"]), "alert") {
		t.Fatalf("show was answered %v", shown)
	}
	said := object{"impression": shown.str("impression"), "text": "Do you have it in green?", "client_id": "0123456789abcdef0123456789abcdef"}
	first := page.call("message", said)
	again := page.call("message", said)
	if first.str("token") == "" || first.str("conversation") != again.str("conversation") || first.str("message") != again.str("message") ||
		first.str("token") != again.str("token") {
		t.Errorf("the same message twice gave %v and %v", first, again)
	}

	talk := api.get("/conversations/" + first.str("conversation"))
	if got := talk.list("messages"); len(got) < 2 || got[0].str("from") != "campaign" || got[1].str("from") != "visitor" ||
		got[1].str("text") != "Do you have it in green?" || talk.str("campaign_id") != campaign.str("id") {
		t.Fatalf("the conversation is %v", talk)
	}
	api.post("/conversations/"+first.str("conversation")+"/messages", object{"text": "We do, from Thursday."})
	thread := page.call("thread", object{"token": first.str("token")})
	var texts []string
	for _, m := range thread.list("messages") {
		texts = append(texts, m.str("from"))
	}
	if got := strings.Join(texts, " "); !strings.HasPrefix(got, "campaign visitor") || !strings.HasSuffix(got, "agent") {
		t.Errorf("the visitor sees messages from %s", got)
	}

	report := api.get("/live-chat-campaigns/" + campaign.str("id") + "/report")
	if report.num("shown") != 1 || report.num("answered") != 1 {
		t.Errorf("the report says %v", report)
	}
	// Off means off at once, on pages that are open too.
	api.ask(http.StatusOK, http.MethodPatch, "/live-chat-campaigns/"+campaign.str("id"), object{"enabled": false})
	if blocked := page.call("show", object{"campaign": campaign.str("id"), "seen": []object{}}); blocked.str("blocked") != "disabled" {
		t.Errorf("a disabled campaign was answered %v", blocked)
	}
}

func TestSMSThroughTheAPIAloneWithAnotherCarrier(t *testing.T) {
	carrier := startCarrier(t, nil)
	app := install(t, "CAMPAIGNS_PLIVO_URL="+carrier.URL())
	account := app.setup("Northwind Bikes", "ana@northwind.example")
	server := app.start("serve")
	api := app.client(account.Token)

	csv, numbers := people(1000)
	if im := importCSV(api, csv); im.num("created") != 1000 || im.num("rejected") != 0 {
		t.Fatalf("the import says %v", im)
	}
	inbox := carrier.inbox(api, 1000)

	// Reports come twice, before the answer, and the last one first.
	carrier.SetDefault(sandbox.Behaviour{Twice: true})
	failing := map[string]bool{}
	for i, number := range numbers {
		switch i % 10 {
		case 1:
			carrier.SetBehaviour(number, sandbox.Behaviour{Early: true, Twice: true})
		case 2:
			carrier.SetBehaviour(number, sandbox.Behaviour{Reversed: true, Twice: true})
		case 3:
			carrier.SetBehaviour(number, sandbox.Behaviour{Signatures: sandbox.SignAsUsual, FinalOnly: true})
		case 4:
			carrier.SetBehaviour(number, sandbox.Behaviour{Outcome: sandbox.Undelivered, Code: "80", Reversed: true})
			failing[number] = true
		}
	}
	campaign := api.post("/sms-campaigns", object{"title": "Ready", "message": "Hi {{contact.first_name}}, order {{contact.attributes.order}} is ready.",
		"inbox_id": inbox, "purpose": "transactional", "audience": object{"rule": object{"tag": "buyers"}}, "scheduled_at": soon()})

	var now object
	settled := func() bool {
		now = api.get("/sms-campaigns/" + campaign.str("id"))
		p := now.obj("progress")
		return now.str("status") == "completed" && p.num("delivered")+p.num("undelivered") == 1000
	}
	server.await("everybody's report", settled)
	adds(t, now)
	if p := now.obj("progress"); p.num("delivered") != 1000-len(failing) || p.num("undelivered") != len(failing) || p.num("targeted") != 1000 {
		t.Errorf("the report says %v", p)
	}

	requests := carrier.Requests()
	for i, number := range numbers {
		if requests[number] != 1 {
			t.Errorf("%s got %d requests", number, requests[number])
		}
		want := fmt.Sprintf("Hi Person%d, order A-%d is ready.", i, 1000+i)
		if got := carrier.texts(number); len(got) != 1 || got[0].Text != want {
			t.Errorf("%s got %v, not %q", number, got, want)
		}
	}
	if len(requests) != 1000 {
		t.Errorf("%d numbers were texted", len(requests))
	}
	deliveries := api.all("/sms-campaigns/" + campaign.str("id") + "/deliveries")
	if len(deliveries) != 1000 {
		t.Errorf("%d deliveries are listed", len(deliveries))
	}
	for _, d := range deliveries {
		want := "delivered"
		if failing[d.str("phone")] {
			want = "undelivered"
		}
		if d.str("status") != want || d.num("attempts") != 1 || d.str("carrier_id") == "" {
			t.Errorf("delivery %v, not %s", d, want)
		}
	}

	t.Run("a forged report changes nothing", func(t *testing.T) { forged(t, api, inbox, campaign.str("id"), numbers[0]) })
	t.Run("an answer arrives under the text", func(t *testing.T) { answered(t, api, carrier, campaign.str("id"), numbers[0]) })
	t.Run("stop is heard", func(t *testing.T) { stopped(t, api, carrier, inbox, numbers[5]) })
}

// forged tries to tell the server what only the carrier may.
func forged(t *testing.T, api client, inbox, campaign, number string) {
	before := api.get("/sms-campaigns/" + campaign)
	for name, header := range map[string]http.Header{
		"unsigned": {},
		"wrongly signed": {"X-Plivo-Signature-V3": {"bm90IGEgc2lnbmF0dXJl"}, "X-Plivo-Signature-V3-Nonce": {"12345678901234567890"},
			"X-Plivo-Signature-V2": {"bm90IGEgc2lnbmF0dXJl"}, "X-Plivo-Signature-V2-Nonce": {"12345678901234567890"}},
	} {
		for path, form := range map[string]url.Values{
			"/status/0196aaaa-0000-7000-8000-000000000000": {"MessageUUID": {"x"}, "To": {number[1:]}, "From": {ourNumber[1:]}, "Status": {"failed"}, "ErrorCode": {"50"}},
			"/inbound": {"MessageUUID": {"y"}, "From": {number[1:]}, "To": {ourNumber[1:]}, "Text": {"STOP"}},
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api.url+"/webhooks/plivo/"+inbox+path, strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range header {
				r.Header[k] = v
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s was answered %d", name, path, resp.StatusCode)
			}
		}
	}
	after := api.get("/sms-campaigns/" + campaign)
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("the campaign changed from %v to %v", before, after)
	}
	if out := api.all("/opt-outs"); len(out) != 0 {
		t.Errorf("a forged STOP was believed: %v", out)
	}
}

// answered has a person answer the campaign and the team reply.
func answered(t *testing.T, api client, carrier *carrier, campaign, number string) {
	if _, err := carrier.Reply([]string{authID}, number, ourNumber, "Thanks! Until when are you open?"); err != nil {
		t.Fatal(err)
	}
	var talk object
	await(t, "the conversation", func() bool {
		for _, c := range api.all("/conversations") {
			if c.str("campaign_id") == campaign {
				talk = api.get("/conversations/" + c.str("id"))
			}
		}
		return talk != nil
	})
	m := talk.list("messages")
	if talk.str("channel") != "sms" || len(m) != 2 || m[0].str("from") != "campaign" || m[0].str("text") != "Hi Person0, order A-1000 is ready." ||
		m[1].str("text") != "Thanks! Until when are you open?" {
		t.Fatalf("the conversation is %v", talk)
	}
	api.post("/conversations/"+talk.str("id")+"/messages", object{"text": "Until eight."})
	await(t, "the reply on the phone", func() bool {
		texts := carrier.texts(number)
		return len(texts) == 2 && texts[1].Text == "Until eight."
	})
	if c := api.get("/sms-campaigns/" + campaign); c.num("replies") != 1 {
		t.Errorf("the report counts %d replies", c.num("replies"))
	}
}

// stopped has a person opt out; nobody texts them again.
func stopped(t *testing.T, api client, carrier *carrier, inbox, number string) {
	if _, err := carrier.Reply([]string{authID}, number, ourNumber, "Stop."); err != nil {
		t.Fatal(err)
	}
	await(t, "the opt-out", func() bool { return len(api.all("/opt-outs")) == 1 })
	count := api.ask(http.StatusOK, http.MethodPost, "/audience/count", object{"rule": object{"tag": "buyers"}})
	if count.num("matched") != 1000 || count.num("reachable") != 999 || count.obj("skipped").num("opted_out") != 1 {
		t.Errorf("the audience is %v", count)
	}
	status, answer, raw, err := api.try(http.MethodPost, "/sms-campaigns", "application/json",
		[]byte(`{"title":"","message":"{{contact.firstname}}","inbox_id":"`+inbox+`","audience":{"rule":{"tag":"buyers"}},"scheduled_at":"2020-01-01T00:00:00Z"}`))
	if err != nil || status != http.StatusUnprocessableEntity {
		t.Fatalf("nonsense was answered %d %s, %v", status, raw, err)
	}
	fields := map[string]bool{}
	for _, e := range answer.list("errors") {
		fields[e.str("field")] = e.str("message") != "" && e.str("code") != ""
	}
	for _, f := range []string{"title", "message", "scheduled_at"} {
		if !fields[f] {
			t.Errorf("nothing is said about %s: %s", f, raw)
		}
	}
}

package e2e

import (
	"mime"
	"regexp"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/mail/mailtest"
)

// A visitor leaves an address; the answer arrives in their mailbox, and its link
// leads to the thread.
func TestAnAnswerArrivesInAMailbox(t *testing.T) {
	office := mailtest.Open(t)
	app := install(t, "CAMPAIGNS_SMTP_URL=smtp://"+office.Addr+"?from=desk@shop.example")
	account := app.setup("Shop", "ada@shop.example")
	app.start("serve")
	api := app.client(account.Token)
	inbox := api.post("/inboxes", object{"kind": "website", "name": "Shop", "domains": []string{"127.0.0.1"}})
	v := visitor{t: t, url: app.url, origin: "http://127.0.0.1:8080", key: inbox.str("key"), page: "http://127.0.0.1:8080/lamps"}
	token := v.call("message", object{"text": "Do you repair lamps?", "client_id": strings.Repeat("a", 32)}).str("token")
	if ways := v.call("thread", object{"token": token})["ways"]; ways != "email" {
		t.Errorf("offered: %v", ways)
	}
	said := v.call("reach", object{"token": token, "email": "kim@home.example"}).str("reached")
	if said != "The answer also comes by e-mail to k…@home.example." {
		t.Errorf("said %q", said)
	}
	talk := api.all("/conversations")[0]
	api.post("/conversations/"+talk.str("id")+"/messages", object{"text": "We do, every Tuesday."})
	await(t, "the e-mail", func() bool { return office.Count() > 0 })
	m, body := office.Last(t)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.Contains(subject, "of Shop answered you") || m.Header.Get("To") != "<kim@home.example>" || !strings.Contains(body, "We do, every Tuesday.") {
		t.Errorf("%q, %v\n%s", subject, m.Header, body)
	}
	code := regexp.MustCompile(`/t/([a-z2-7]{26})`).FindStringSubmatch(strings.ReplaceAll(body, "=\r\n", ""))
	if code == nil {
		t.Fatalf("no link in %s", body)
	}
	back := v.call("comeback", object{"code": code[1]}).str("token")
	if list := v.call("thread", object{"token": back}).list("messages"); len(list) != 2 || list[1].str("text") != "We do, every Tuesday." {
		t.Errorf("the link leads to %v", list)
	}
}

package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

// What strangers may send from outside: visitors' browsers, and whoever claims
// to be the carrier.

// visitor is a browser on a company's page.
type visitor struct {
	*company
	origin string
}

func (v visitor) call(name, body string, headers ...string) answer {
	v.t.Helper()
	v.clock.Advance(5 * time.Second) // nobody is this slow to be slowed down
	return ask(v.t, v.Server, http.MethodPost, "/widget/v1/"+name, body, append([]string{"Content-Type", "text/plain", "Origin", v.origin}, headers...)...)
}

func TestAVisitorOfOneSiteReachesNothingOfAnother(t *testing.T) {
	w := newWorld(t)
	acme, rival := w.found("Zanzibar", "+46701740600"), w.found("Quokka", "+46701740700")
	for _, ref := range []string{"chat", "impression", "talk", "key", "key 2"} {
		acme.ref(ref)
		rival.ref(ref)
	}
	token := acme.made["visitor of Zanzibar talk"]
	if token == "" {
		t.Fatal("the visitor has no token")
	}
	thread := func(v visitor, key string) answer {
		return v.call("thread", fmt.Sprintf(`{"inbox":%q,"token":%q}`, key, token))
	}
	if a := thread(visitor{acme, "https://zanzibar.example"}, acme.ref("key")); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Zanzibar talk hello") {
		t.Fatalf("the visitor's own thread: %d %s", a.StatusCode, a.body)
	}
	for name, from := range map[string]struct {
		visitor
		key   string
		spare []*company // whose visitor this is
	}{
		"of another company":             {visitor{rival, "https://quokka.example"}, rival.ref("key"), []*company{rival}},
		"of the company's other website": {visitor{acme, "https://zanzibar.example"}, acme.ref("key 2"), nil},
		"with the key, on another site":  {visitor{acme, "https://quokka.example"}, acme.ref("key"), nil},
		"with a made-up key":             {visitor{acme, "https://zanzibar.example"}, "nokey", nil},
	} {
		page := from.origin + "/"
		for call, body := range map[string]string{
			"show":    fmt.Sprintf(`{"inbox":%q,"campaign":%q,"url":%q}`, from.key, acme.ref("chat"), page),
			"event":   fmt.Sprintf(`{"inbox":%q,"impression":%q,"kind":"opened"}`, from.key, acme.ref("impression")),
			"thread":  fmt.Sprintf(`{"inbox":%q,"token":%q}`, from.key, token),
			"ticket":  fmt.Sprintf(`{"inbox":%q,"token":%q}`, from.key, token),
			"message": fmt.Sprintf(`{"inbox":%q,"token":%q,"impression":%q,"text":"intruding","client_id":"abcdefghijklmnop","url":%q}`, from.key, token, acme.ref("impression"), page),
		} {
			before := w.dump()
			a := from.call(call, body)
			blocked := call == "show" && (strings.Contains(a.body, `{"blocked":"ended"}`) || strings.Contains(a.body, `{"blocked":"domain"}`))
			ownThread := call == "message" && a.StatusCode == http.StatusOK && from.key != "nokey" && !strings.Contains(a.body, acme.ref("talk"))
			if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusForbidden && !blocked && !ownThread {
				t.Errorf("%s by a visitor %s: %d %s", call, name, a.StatusCode, a.body)
			}
			if strings.Contains(a.body, "Zanzibar") || strings.Contains(a.body, token) {
				t.Errorf("%s tells a visitor %s: %s", call, name, a.body)
			}
			// A message may begin a thread of their own, never touch the other's.
			if list := changed(before, w.dump(), from.spare...); len(list) > 0 && !ownThread {
				t.Errorf("%s by a visitor %s changed %s", call, name, list)
			}
		}
	}
	a := thread(visitor{acme, "https://zanzibar.example"}, acme.ref("key"))
	if strings.Contains(a.body, "intruding") {
		t.Error("somebody else wrote into the thread")
	}
	it, err := w.LiveChat.Get(t.Context(), acme.actor(), acme.refID("chat"))
	if err != nil || it.Figures.Shown != 1 || it.Figures.Opened != 0 || it.Figures.Answered != 1 {
		t.Errorf("the campaign's figures are %+v, %v", it.Figures, err)
	}
}

func TestWhatIsNoCallOfTheWidgetIsRefusedAndStoresNothing(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	acme.ref("talk")
	v := visitor{acme, "https://zanzibar.example"}
	before := w.dump()
	nobody := func(key string) string {
		return fmt.Sprintf(`{"inbox":%q,"url":"https://zanzibar.example/","campaign":%q}`, key, acme.ref("chat"))
	}
	for _, call := range []string{"visit", "show", "event", "message", "thread", "ticket"} {
		for body, status := range map[string]int{
			"": 422, "{": 422, "[]": 422, `"x"`: 422, `{"inbox":7}`: 422, `{"inbox":{"a":1}}`: 422, "\xff\xfe": 422, `{"inbox":"a` + "\x00" + `"}`: 422, `{"inbox":"a","inbox":"b"}`: 422,
			strings.Repeat("[", 16_000): 422, `{"inbox":"` + strings.Repeat("x", widgetBody) + `"}`: 413, nobody(strings.Repeat("x", 15_000)): 404, nobody("../../x"): 404, nobody(""): 404,
		} {
			a := v.call(call, body)
			if p := a.problem(t); a.StatusCode != status || !readable(fmt.Sprint(p["detail"]), fmt.Sprint(p["code"])) {
				t.Errorf("%s with %.30q: %d, want %d: %.300s", call, body, a.StatusCode, status, a.body)
			}
		}
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			if a := ask(t, w.Server, method, "/widget/v1/"+call, ""); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, call, a.StatusCode)
			}
		}
	}
	if list := changed(before, w.dump()); len(list) > 0 {
		t.Errorf("changed %s", list)
	}
}

func TestEveryCallOfTheWidgetButAVisitIsSlowedDown(t *testing.T) {
	w := newWorld(t)
	for _, call := range []string{"show", "event", "message", "thread", "ticket"} {
		last := answer{}
		for range 200 {
			last = ask(t, w.Server, http.MethodPost, "/widget/v1/"+call, `{"inbox":"x"}`, "Content-Type", "text/plain")
			if last.StatusCode == http.StatusTooManyRequests {
				break
			}
		}
		if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" || last.problem(t)["code"] == "" {
			t.Errorf("%s: %d after 200 calls", call, last.StatusCode)
		}
	}
}

func TestAForgedCallbackChangesNothing(t *testing.T) {
	w := newWorld(t)
	acme, rival := w.found("Zanzibar", "+46701740600"), w.found("Quokka", "+46701740700")
	for _, c := range []*company{acme, rival} {
		c.ref("attempt")
		c.ref("heard")
	}
	report := url.Values{"MessageUUID": {"u1"}, "Status": {"delivered"}, "From": {"46701740600"}, "To": {"46701740601"}, "TotalAmount": {"9"}}
	stop := url.Values{"MessageUUID": {"u2"}, "From": {"46701740601"}, "To": {"46701740600"}, "Text": {"STOP"}}
	statusPath, inboundPath := sms.StatusPath(acme.refID("texts"), acme.ref("attempt")), sms.InboundPath(acme.refID("texts"))
	signed := func(path string, form url.Values, token, nonce string) []string {
		signature, err := sms.SignV3(http.MethodPost, w.URL+path, form, nonce, token)
		if err != nil {
			t.Fatal(err)
		}
		return []string{"Content-Type", "application/x-www-form-urlencoded", "X-Plivo-Signature-V3", signature, "X-Plivo-Signature-V3-Nonce", nonce}
	}
	before := w.dump()
	n := 0
	for path, form := range map[string]url.Values{statusPath: report, inboundPath: stop} {
		other := url.Values{"Text": {"something else"}}
		for how, headers := range map[string][]string{
			"unsigned":                      {"Content-Type", "application/x-www-form-urlencoded"},
			"with an empty signature":       {"X-Plivo-Signature-V3", "", "X-Plivo-Signature-V3-Nonce", "1"},
			"with a made-up signature":      {"X-Plivo-Signature-V3", "AAAA", "X-Plivo-Signature-V3-Nonce", "2"},
			"signed by another company":     signed(path, form, rival.secret(), "3"),
			"signed with nothing":           signed(path, form, "", "4"),
			"signed for another path":       signed(sms.InboundPath(rival.refID("texts")), form, acme.secret(), "5"),
			"signed for another body":       signed(path, other, acme.secret(), "6"),
			"signed with another nonce":     append(signed(path, form, acme.secret(), "7"), "X-Plivo-Signature-V3-Nonce", "8"),
			"signed the old way, made up":   {"X-Plivo-Signature-V2", "AAAA", "X-Plivo-Signature-V2-Nonce", "9"},
			"with a signature far too long": {"X-Plivo-Signature-V3", strings.Repeat("A", 8000), "X-Plivo-Signature-V3-Nonce", "10"},
		} {
			a := ask(t, w.Server, http.MethodPost, path, form.Encode(), headers...)
			if a.StatusCode != http.StatusForbidden || a.body != "" {
				t.Errorf("%s %s: %d %q", path, how, a.StatusCode, a.body)
			}
			n++
		}
		for _, body := range []string{"%zz", "\x00\xff", strings.Repeat("a=b&", 10_000), "Text=" + strings.Repeat("x", callbackBody-10)} {
			if a := ask(t, w.Server, http.MethodPost, path, body, "Content-Type", "application/x-www-form-urlencoded"); a.StatusCode != http.StatusForbidden {
				t.Errorf("%.20q: %d", body, a.StatusCode)
			}
		}
		if a := ask(t, w.Server, http.MethodPost, path, "Text="+strings.Repeat("x", callbackBody)); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("too much: %d", a.StatusCode)
		}
	}
	if list := changed(before, w.dump()); len(list) > 0 || n != 20 {
		t.Errorf("%d forged callbacks changed %s", n, list)
	}
	// The carrier's own word about a text of somebody else's inbox.
	status := func(c *company) (list []liadesk.DeliveryStatus) {
		rows, _, err := w.SMS.Deliveries(t.Context(), c.actor(), c.refID("sent"), sms.RecipientFilter{}, db.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			list = append(list, r.Status)
		}
		return list
	}
	acme.ref("texts 2")
	was := fmt.Sprint(status(acme), status(rival))
	for i, path := range []string{sms.StatusPath(acme.refID("texts 2"), acme.ref("attempt")), sms.StatusPath(acme.refID("texts"), rival.ref("attempt"))} {
		before := w.dump()
		if a := w.callback(path, report, acme.secret(), fmt.Sprint("other", i)); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
		if now := fmt.Sprint(status(acme), status(rival)); now != was {
			t.Errorf("%s made of %s: %s", path, was, now)
		}
		if list := changed(before, w.dump(), acme); len(list) > 0 {
			t.Errorf("%s changed %s", path, list)
		}
	}
	// And it is believed about its own.
	if a := w.callback(statusPath, report, acme.secret(), "own"); a.StatusCode != http.StatusOK {
		t.Errorf("%d", a.StatusCode)
	}
	if now := fmt.Sprint(status(acme)); !strings.Contains(now, "delivered") {
		t.Errorf("after its report the text is %s", now)
	}
}

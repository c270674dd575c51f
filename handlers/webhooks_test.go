package handlers

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/liadesk/campaigns/contacts"
	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db"
	"github.com/liadesk/campaigns/db/dbtest"
	"github.com/liadesk/campaigns/liadesk"
	"github.com/liadesk/campaigns/sms"
)

func TestTheCarrierIsAnsweredByWhatIsStored(t *testing.T) {
	store, deps := dbtest.Open(t), testDeps(t)
	account, _ := dbtest.Account(t, store, "acme", liadesk.PlanGrowth)
	ids := liadesk.RandomIDs(deps.Clock.Now)
	inbox := liadesk.Inbox{ID: ids(), AccountID: account.ID, Kind: liadesk.InboxSMS, Name: "Texts", Version: 1,
		SMS: &liadesk.SMSInbox{Number: "+46701740600", AuthID: "MAXX", MessagesPerSecond: 1}}
	dbtest.Update(t, store, func(tx *db.Tx) error { return tx.PutInbox(inbox) })
	people := contacts.New(store, deps.Clock, ids)
	deps.Log = slog.New(slog.DiscardHandler)
	deps.SMS = sms.New(sms.Options{
		Store: store, Clock: deps.Clock, IDs: ids, Log: deps.Log, PublicURL: deps.URL,
		Credentials: func(liadesk.Inbox) (string, string, error) { return "MAXX", "token", nil },
		Contacts:    people, Conversations: conversations.New(store, deps.Clock, ids, people, deps.Secret),
	})
	s := mustNew(t, deps)

	form := url.Values{"MessageUUID": {"u1"}, "From": {"46701740601"}, "Text": {"Hello"}, "MessageIntent": {""}}
	post := func(path, nonce, token string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, deps.URL+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if token != "" {
			signature, err := sms.SignV3(http.MethodPost, deps.URL+path, form, nonce, token)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Plivo-Signature-V3", signature)
			r.Header.Set("X-Plivo-Signature-V3-Nonce", nonce)
		}
		return r
	}
	answer := func(r *http.Request) int {
		t.Helper()
		resp, err := s.Test(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); len(body) != 0 {
			t.Errorf("%s: the carrier is told %q", r.URL.Path, body)
		}
		return resp.StatusCode
	}
	inbound := sms.InboundPath(inbox.ID)
	for name, c := range map[string]struct {
		r    *http.Request
		want int
	}{
		"signed":             {post(inbound, "1", "token"), http.StatusOK},
		"unsigned":           {post(inbound, "2", ""), http.StatusForbidden},
		"by a stranger":      {post(inbound, "3", "other"), http.StatusForbidden},
		"to nobody":          {post(sms.InboundPath(ids()), "4", "token"), http.StatusForbidden},
		"to no id":           {post("/webhooks/plivo/x/inbound", "5", "token"), http.StatusForbidden},
		"on a strange text":  {post(sms.StatusPath(inbox.ID, ids().String()), "6", "token"), http.StatusOK},
		"on what is no text": {post(sms.StatusPath(inbox.ID, "x"), "7", "token"), http.StatusOK},
		"unsigned report":    {post(sms.StatusPath(inbox.ID, "x"), "8", ""), http.StatusForbidden},
	} {
		if got := answer(c.r); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	var heard []liadesk.Conversation
	dbtest.View(t, store, func(tx *db.Tx) error {
		c, found, err := tx.ConversationByPhone(account.ID, inbox.ID, "+46701740601")
		if found {
			heard = append(heard, c)
		}
		return err
	})
	if len(heard) != 1 || heard[0].LastText != "Hello" {
		t.Errorf("what was taken is not stored: %+v", heard)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := answer(post(inbound, "9", "token")); got != http.StatusServiceUnavailable {
		t.Errorf("what cannot be stored is answered with %d", got)
	}
}

package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestAPageAsksTheStoreNoMoreForALongList holds the pages to a number of round
// trips to the store, so that an engine on the other side of a network can take
// the place of the file. What counts most: a longer list costs no more.
func TestAPageAsksTheStoreNoMoreForALongList(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	acme.seen()
	boss := w.signIn(acme.boss.Email)
	pages := []string{
		"/campaigns/live-chat", "/campaigns/live-chat/new", "/campaigns/live-chat/" + acme.ref("chat"),
		"/campaigns/sms", "/campaigns/sms/new", "/campaigns/sms/" + acme.ref("sent"),
		"/conversations", "/conversations/" + acme.ref("talk"), "/contacts", "/contacts/" + acme.ref("contact"),
		"/inboxes", "/settings", "/settings/team",
	}
	count := func(path string) int64 {
		w.engine.Reset()
		if a := boss.ask(http.MethodGet, path, ""); a.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d", path, a.StatusCode)
		}
		return w.engine.Counts().RoundTrips()
	}
	short := make(map[string]int64)
	for _, path := range pages {
		count(path) // the first look at a thread notes that it was seen
		short[path] = count(path)
		// Three are the frame's: who asks, and what waits for them.
		most := int64(10)
		if strings.Count(path, "/") > 2 || strings.HasPrefix(path, "/conversations/") || strings.HasPrefix(path, "/contacts/") {
			most = 17 // a record with all that hangs on it
		}
		if short[path] > most {
			t.Errorf("%s: %s, want at most %d", path, w.engine.Counts(), most)
		}
	}
	for _, noun := range []string{"contact", "tag", "chat", "sms", "sent", "talk", "website", "user"} {
		for i := range 6 {
			acme.ref(fmt.Sprintf("%s %d", noun, i+2))
		}
	}
	for _, path := range pages {
		if n := count(path); n > short[path] {
			t.Errorf("%s: %d round trips when there is more to show, %d before", path, n, short[path])
		}
	}
}

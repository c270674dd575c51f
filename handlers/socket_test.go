package handlers

import (
	"net/http"
	"testing"
)

// What asks for a socket and is none is refused before anything is taken from
// the web server (RFC 6455 §4.2.1).
func TestAHandshakeThatIsNoneIsRefused(t *testing.T) {
	w := newWorld(t)
	acme := w.found("Zanzibar", "+46701740600")
	ana := w.signIn(acme.boss.Email)
	for name, headers := range map[string][]string{
		"no key":          {"Sec-WebSocket-Version", "13"},
		"a short key":     {"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAA"},
		"no base64":       {"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!=="},
		"another version": {"Sec-WebSocket-Version", "8", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="},
	} {
		a := ana.ask(http.MethodGet, "/live", "", append(headers, "Connection", "Upgrade", "Upgrade", "websocket", "Origin", w.origin)...)
		if a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

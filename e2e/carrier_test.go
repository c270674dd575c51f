package e2e

import (
	"sync"
	"testing"

	"github.com/liadesk/campaigns/sms/sandbox"
)

// carrier is a Plivo-shaped server that the test runs. It knows one customer.
type carrier struct {
	*sandbox.Sandbox

	mu      sync.Mutex
	inbound map[string]string // number to the address of its inbox
}

// The customer's credentials, and the number it texts from.
const (
	authID    = "MAEXAMPLE00000000001"
	authToken = "a-token-of-the-test"
	ourNumber = "+16465550100"
)

// Token implements sandbox.Directory.
func (c *carrier) Token(id string) (string, bool) { return authToken, id == authID }

// MessageURL implements sandbox.Directory.
func (c *carrier) MessageURL(id, number string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	address, ok := c.inbound[number]
	return address, ok && id == authID
}

func startCarrier(t *testing.T, change func(*sandbox.Options)) *carrier {
	t.Helper()
	c := &carrier{inbound: map[string]string{}}
	// Reports that nobody takes come again soon: a server that is down for a
	// moment must not cost the test minutes.
	o := sandbox.Options{Directory: c, RetryScale: 1.0 / 30}
	if change != nil {
		change(&o)
	}
	s, err := sandbox.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	c.Sandbox = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// inbox makes the SMS inbox and tells the carrier where its texts go.
func (c *carrier) inbox(api client, perSecond float64) string {
	api.t.Helper()
	in := api.post("/inboxes", object{"kind": "sms", "name": "Texts", "number": ourNumber, "auth_id": authID, "auth_token": authToken,
		"messages_per_second": perSecond})
	c.mu.Lock()
	c.inbound[ourNumber] = api.url + "/webhooks/plivo/" + in.str("id") + "/inbound"
	c.mu.Unlock()
	return in.str("id")
}

// texts are what a number was sent by us.
func (c *carrier) texts(number string) []sandbox.Message {
	var list []sandbox.Message
	for _, m := range c.Messages([]string{authID}, number) {
		if !m.Inbound && !m.Carrier {
			list = append(list, m)
		}
	}
	return list
}

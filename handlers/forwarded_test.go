package handlers

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

// seenFrom is the address that a handler sees when the header arrives over a
// connection from this machine.
func seenFrom(t *testing.T, proxies []string, lines ...string) string {
	t.Helper()
	deps := testDeps(t)
	deps.TrustedProxies = proxies
	address := listen(t, newTest(t, deps, func(_ *Server, app *fiber.App) {
		app.Get("/x", func(c *fiber.Ctx) error { return c.SendString(c.IP()) })
	}))
	r, err := http.NewRequest("GET", "http://"+address+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["X-Forwarded-For"] = lines
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTheAddressThatAProxySawCountsAndNoOther(t *testing.T) {
	own, all := []string{"127.0.0.0/8"}, []string{"127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"}
	for name, c := range map[string]struct {
		proxies []string
		lines   []string
		want    string
	}{
		"nobody is trusted":                {nil, []string{"203.0.113.9"}, "127.0.0.1"},
		"the proxy says nothing":           {own, nil, "127.0.0.1"},
		"the proxy says it":                {own, []string{"203.0.113.9"}, "203.0.113.9"},
		"a stranger wrote before":          {own, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		"a stranger wrote a line of it":    {own, []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		"a proxy before the proxy":         {all, []string{"198.51.100.1, 203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		"it is not trusted":                {own, []string{"203.0.113.9, 10.1.2.3"}, "10.1.2.3"},
		"nothing but proxies":              {all, []string{"10.1.2.3"}, "10.1.2.3"},
		"a stranger wrote what is none":    {all, []string{"203.0.113.9, unknown, 10.1.2.3"}, "10.1.2.3"},
		"the last of it is no address":     {own, []string{"203.0.113.9, '"}, "127.0.0.1"},
		"IPv6":                             {all, []string{"198.51.100.1, 2001:db8:2::7, 2001:db8:1::1"}, "2001:db8:2::7"},
		"IPv4 in the clothes of IPv6":      {own, []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"a proxy of a single bare address": {[]string{"127.0.0.1"}, []string{"198.51.100.1,203.0.113.9"}, "203.0.113.9"},
	} {
		if got := seenFrom(t, c.proxies, c.lines...); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestATrustedProxyThatIsNoNetworkStopsTheStart(t *testing.T) {
	deps := testDeps(t)
	deps.TrustedProxies = []string{"the proxy"}
	if _, err := New(deps); err == nil || !strings.Contains(err.Error(), "the proxy") {
		t.Errorf("got %v", err)
	}
}

package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

func parseSettings(t *testing.T, args ...string) settings {
	t.Helper()
	var s settings
	parser, err := kong.New(&s, kong.Vars{"plivo": plivoURL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestThePublicAddressFollowsTheListener(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:3000": "http://127.0.0.1:3000", "0.0.0.0:80": "http://127.0.0.1:80", ":8080": "http://127.0.0.1:8080",
		"[::1]:3000": "http://[::1]:3000", "desk.local:3000": "http://desk.local:3000", "127.0.0.1:0": "",
	} {
		c, err := parseSettings(t, "--addr", addr).check(false)
		if err != nil || c.url != want {
			t.Errorf("%s: %q, %v, want %q", addr, c.url, err, want)
		}
	}
	c, err := parseSettings(t, "--url", "HTTPS://Desk.Example.com/", "--trusted-proxies", "10.0.0.0/8, 192.0.2.1").check(false)
	if err != nil || c.url != "https://desk.example.com" || len(c.trustedProxies) != 2 || c.trustedProxies[1] != "192.0.2.1/32" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestPlainHTTPForStrangersIsWarnedOf(t *testing.T) {
	for address, want := range map[string]int{"http://desk.example.com": 1, "https://desk.example.com": 0,
		"http://127.0.0.1:3000": 0, "http://localhost:3000": 0, "http://[::1]:3000": 0, "http://192.168.1.5:3000": 1} {
		if got := len(config{url: address}.warnings()); got != want {
			t.Errorf("%s: %d warnings, want %d", address, got, want)
		}
	}
}

func TestTheSandboxIsOnInTheDemoAlone(t *testing.T) {
	for demo, want := range map[bool]bool{true: true, false: false} {
		if c, err := parseSettings(t).check(demo); err != nil || c.sandbox != want {
			t.Errorf("demo %t: sandbox %t, %v", demo, c.sandbox, err)
		}
	}
	if _, err := parseSettings(t, "--plivo-url", "http://127.0.0.1:9999").check(true); err == nil {
		t.Error("a carrier's address beside the demo's sandbox was taken")
	}
	c, err := parseSettings(t, "--plivo-url", "http://127.0.0.1:9999", "--sandbox=false").check(true)
	if err != nil || c.plivoURL != "http://127.0.0.1:9999" {
		t.Error(c.plivoURL, err)
	}
}

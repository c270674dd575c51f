package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/liadesk/campaigns/mail"
)

// settings are the flags, each also an environment variable.
type settings struct {
	Addr           string   `env:"CAMPAIGNS_ADDR" default:"127.0.0.1:3000" placeholder:"HOST:PORT" help:"Listen address (${default})."`
	Data           string   `env:"CAMPAIGNS_DATA" default:"./data" placeholder:"FOLDER" help:"Folder of the database and secrets (${default})."`
	URL            string   `name:"url" env:"CAMPAIGNS_URL" placeholder:"URL" help:"Public address, for the snippet, callback addresses and signature checks (http://ADDR)."`
	TrustedProxies []string `env:"CAMPAIGNS_TRUSTED_PROXIES" sep:"," placeholder:"CIDR" help:"Networks whose X-Forwarded-For counts (none)."`
	PlivoURL       string   `name:"plivo-url" env:"CAMPAIGNS_PLIVO_URL" placeholder:"URL" help:"Base of the carrier's API: any Plivo-shaped server (${plivo})."`
	Sandbox        onOff    `env:"CAMPAIGNS_SANDBOX" help:"Run the built-in sandbox carrier with its handset at /sandbox (off, on in demo)."`
	SendWorkers    int      `env:"CAMPAIGNS_SEND_WORKERS" default:"64" placeholder:"N" help:"Most posts to the carrier in flight (${default})."`
	SMTPURL        string   `name:"smtp-url" env:"CAMPAIGNS_SMTP_URL" placeholder:"URL" help:"Mail server for answers to visitors who left, like smtp://USER:PASSWORD@mail.example.com:587?from=support@example.com (none)."`
	Log            string   `env:"CAMPAIGNS_LOG" default:"text" placeholder:"text|json" help:"Form of the log (${default})."`
}

// plivoURL is the carrier's own API.
const plivoURL = "https://api.plivo.com"

// config is what the server runs by: settings that make sense.
type config struct {
	addr           string
	data           string
	url            string // "" until the listener knows its port
	trustedProxies []string
	plivoURL       string
	sandbox        bool
	sendWorkers    int
	demo           bool
	mailServer     *mail.Server // nil for none
}

// mostWorkers bounds CAMPAIGNS_SEND_WORKERS: more connections than this to one
// carrier help nobody.
const mostWorkers = 4096

// check makes a config of the settings. The error is one sentence that says
// how to mend what makes no sense.
func (s settings) check(demo bool) (config, error) {
	c := config{addr: s.Addr, data: s.Data, demo: demo, sendWorkers: s.SendWorkers, sandbox: demo}
	if s.Sandbox.given {
		c.sandbox = s.Sandbox.on
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return c, fmt.Errorf("CAMPAIGNS_ADDR (--addr) is %q: write it as host and port, like 127.0.0.1:3000", s.Addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return c, fmt.Errorf("CAMPAIGNS_ADDR (--addr) is %q: its port must be a number from 0 to 65535, like 127.0.0.1:3000", s.Addr)
	}
	if strings.TrimSpace(s.Data) == "" {
		return c, fmt.Errorf("CAMPAIGNS_DATA (--data) is empty: name a folder, like ./data")
	}
	if s.URL != "" {
		if c.url, err = webAddress("CAMPAIGNS_URL (--url)", s.URL, "https://desk.example.com"); err != nil {
			return c, err
		}
	} else if port != "0" {
		c.url = localURL(host, port)
	}
	for _, text := range s.TrustedProxies {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if ip, err := netip.ParseAddr(text); err == nil {
			text = netip.PrefixFrom(ip, ip.BitLen()).String()
		} else if _, err := netip.ParsePrefix(text); err != nil {
			return c, fmt.Errorf("CAMPAIGNS_TRUSTED_PROXIES (--trusted-proxies) has %q: write networks like 10.0.0.0/8, parted by commas", text)
		}
		c.trustedProxies = append(c.trustedProxies, text)
	}
	c.plivoURL = plivoURL
	if s.PlivoURL != "" {
		if c.plivoURL, err = webAddress("CAMPAIGNS_PLIVO_URL (--plivo-url)", s.PlivoURL, plivoURL); err != nil {
			return c, err
		}
		if c.sandbox {
			return c, fmt.Errorf("CAMPAIGNS_PLIVO_URL (--plivo-url) and the sandbox carrier cannot both be on: leave one of them out " +
				"(in demo, switch the sandbox off with --sandbox=false)")
		}
	}
	if s.SMTPURL != "" {
		server, err := mail.ParseServer(s.SMTPURL)
		if err != nil {
			return c, fmt.Errorf("CAMPAIGNS_SMTP_URL (--smtp-url) does not work, %w", err)
		}
		c.mailServer = &server
	}
	if s.SendWorkers < 1 || s.SendWorkers > mostWorkers {
		return c, fmt.Errorf("CAMPAIGNS_SEND_WORKERS (--send-workers) is %d: choose 1 to %d", s.SendWorkers, mostWorkers)
	}
	return c, nil
}

// webAddress reads scheme and host of an address. A path would be lost (the
// carrier's library overwrites it) or not matched (our own routes start at
// the root), so it is refused rather than dropped.
func webAddress(name, text, example string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return "", fmt.Errorf("%s is %q: write a web address, like %s", name, text, example)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%s is %q: it must end after the host, like %s", name, text, example)
	}
	return strings.ToLower(u.Scheme + "://" + u.Host), nil
}

// localURL is the address of a listener for people on the same machine.
func localURL(host, port string) string {
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// warnings are sentences about settings that work and that one may regret.
func (c config) warnings() []string {
	u, err := url.Parse(c.url)
	if err != nil || u.Scheme != "http" || loopback(u.Hostname()) {
		return nil
	}
	return []string{"The public address " + c.url + " is plain http: passwords, sessions and the carrier's callbacks travel readable. " +
		"Put a proxy with https in front and set CAMPAIGNS_URL to its address."}
}

// loopback tells whether a host is this machine alone.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// logger writes the log in the chosen form.
func (s settings) logger(w io.Writer) (*slog.Logger, error) {
	switch s.Log {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	}
	return nil, fmt.Errorf("CAMPAIGNS_LOG (--log) is %q: choose text or json", s.Log)
}

// onOff is a switch that knows whether it was touched, for its default is not
// the same in every command.
type onOff struct{ given, on bool }

// Decode implements kong.MapperValue.
func (o *onOff) Decode(ctx *kong.DecodeContext) error {
	o.given, o.on = true, true
	if ctx.Scan.Peek().Type != kong.FlagValueToken { // --sandbox alone
		return nil
	}
	switch text := strings.ToLower(strings.TrimSpace(fmt.Sprint(ctx.Scan.Pop().Value))); text {
	case "":
		o.given = false
	case "on", "true", "1", "yes":
	case "off", "false", "0", "no":
		o.on = false
	default:
		return fmt.Errorf("CAMPAIGNS_SANDBOX (--sandbox) is %q: choose on or off", text)
	}
	return nil
}

// IsBool makes the flag stand alone: --sandbox takes no next argument.
func (o *onOff) IsBool() bool { return true }

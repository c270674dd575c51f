package livechat

import (
	"errors"
	"regexp"
	"strings"

	"github.com/dunglas/go-urlpattern"
)

// Page is the address of a page, parsed once for all patterns that it is
// tested against.
type Page struct {
	scheme, host, port, path, query, fragment string

	site  string // host without www.
	clean string // query without tracking parameters
}

// ErrNotAnAddress is ParsePage's answer to what is no web address.
var ErrNotAnAddress = errors.New("this is not a web address")

// anyAddress takes addresses apart as browsers do.
var anyAddress = func() *urlpattern.URLPattern {
	p, err := (&urlpattern.URLPatternInit{}).New(nil)
	if err != nil {
		panic(err)
	}
	return p
}()

// otherScheme begins mailto:a@b.example, but not shop.example:80.
var otherScheme = regexp.MustCompile(`^[^/?#]*:($|[^0-9])`)

// ParsePage reads a page's address as a browser does. An address without
// scheme is read as https, since people type it so. It fails for all that
// is not http or https, and for what is longer than MaxAddress.
func ParsePage(address string) (page Page, err error) {
	address = strings.TrimSpace(address)
	if address == "" || len(address) > MaxAddress {
		return page, ErrNotAnAddress
	}
	if scheme, _, found := strings.Cut(address, "://"); !found || strings.ContainsAny(scheme, "/?#.") {
		if otherScheme.MatchString(address) {
			return page, ErrNotAnAddress
		}
		address = "https://" + strings.TrimPrefix(address, "//")
	}
	if page, ok := parseUsual(address); ok {
		return page, nil
	}
	defer func() {
		if recover() != nil {
			err = ErrNotAnAddress
		}
	}()
	r := anyAddress.Exec(address, "")
	if r == nil || r.Hostname.Input == "" || (r.Protocol.Input != "https" && r.Protocol.Input != "http") {
		return page, ErrNotAnAddress
	}
	page = Page{
		scheme: r.Protocol.Input, host: r.Hostname.Input, port: r.Port.Input,
		path: r.Pathname.Input, query: r.Search.Input, fragment: r.Hash.Input,
	}
	page.site = strings.TrimPrefix(page.host, "www.")
	page.clean = withoutTracking(page.query)
	return page, nil
}

// usual are the characters of the parts of an address that browsers leave as
// they are (URL standard, §1.3: the percent-encode sets). The host is of letters
// in lower case, digits, dots and hyphens, with a letter in its last label.
var usualPath, usualQuery, usualHost = charset("!$&'()*+,;=:@/-._~%"), charset("!$&()*+,;=:@/-._~%?"), charset("-.")

func charset(more string) (set [256]bool) {
	for c := range 256 {
		set[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(more, byte(c)) >= 0
	}
	return set
}

func all(set *[256]bool, s string) bool {
	for i := range len(s) {
		if !set[s[i]] {
			return false
		}
	}
	return true
}

// parseUsual takes apart an address that no browser would write otherwise,
// which is nearly every one, in a twentieth of the time; ok is false for all
// others.
func parseUsual(address string) (page Page, ok bool) {
	scheme, rest, _ := strings.Cut(address, "://")
	if scheme != "https" && scheme != "http" {
		return page, false
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	i := strings.IndexByte(rest, '/')
	if i <= 0 {
		return page, false
	}
	host, path := rest[:i], rest[i:]
	if !all(&usualHost, host) || !all(&usualPath, path) || !all(&usualQuery, query) || !all(&usualQuery, fragment) ||
		strings.Contains(path, "/.") || strings.Contains(path, "%2e") || strings.Contains(path, "%2E") || strings.Contains(host, "xn--") {
		return page, false
	}
	end := host[strings.LastIndexByte(host, '.')+1:]
	if end == "" || host[0] == '.' || strings.Contains(host, "..") || strings.ContainsAny(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || end[0] < 'a' {
		return page, false
	}
	page = Page{scheme: scheme, host: host, path: path, query: query, fragment: fragment}
	page.site = strings.TrimPrefix(host, "www.")
	page.clean = withoutTracking(query)
	return page, true
}

// Host is the page's host in lower case, without port.
func (page Page) Host() string { return page.host }

// String is the address without user name, as it was parsed.
func (page Page) String() string { return page.address(true) }

func (page Page) address(tracking bool) string {
	var b strings.Builder
	b.WriteString(page.scheme + "://" + page.host)
	if page.port != "" {
		b.WriteString(":" + page.port)
	}
	b.WriteString(page.path)
	query := page.clean
	if tracking {
		query = page.query
	}
	if query != "" {
		b.WriteString("?" + query)
	}
	if page.fragment != "" {
		b.WriteString("#" + page.fragment)
	}
	return b.String()
}

func withoutTracking(query string) string {
	if query == "" {
		return ""
	}
	var kept []string
	for param := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(param, "="); !isTracking(name) {
			kept = append(kept, param)
		}
	}
	return strings.Join(kept, "&")
}

// isTracking knows the parameters that mail and advertising tools append to
// links and that never choose a page.
func isTracking(name string) bool {
	switch name {
	case "gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "yclid", "igshid", "mc_cid", "mc_eid", "_ga", "_gl":
		return true
	}
	return strings.HasPrefix(name, "utm_")
}

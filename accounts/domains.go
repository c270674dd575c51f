package accounts

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/liadesk/campaigns/liadesk"
)

// maxDomains is the most domains that one inbox may have.
const maxDomains = 100

// checkDomains reads the hosts that a widget may run on as people write them
// (with scheme, port or path, in any case and alphabet) and keeps the bare
// host, each once. "*.shop.example" stands for every host below shop.example.
// It notes those that are no host, and stars that would let strangers in.
func checkDomains(v *liadesk.Invalid, field string, domains []string) []string {
	var out []string
	for _, d := range domains {
		if strings.TrimSpace(d) == "" {
			continue
		}
		host, code := domain(d)
		if code != "" {
			v.Add(field, code, "Domain", cut(line(d), 80))
			return nil
		}
		if !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	switch {
	case len(out) == 0:
		v.Add(field, "required")
	case len(out) > maxDomains:
		v.Add(field, "too_many", "Max", maxDomains)
	}
	return out
}

// domain reads one domain; code says what is wrong with it.
func domain(text string) (host, code string) {
	host = strings.ToLower(strings.TrimSpace(text))
	if _, after, ok := strings.Cut(host, "://"); ok {
		host = after
	}
	host = strings.TrimPrefix(host, "//")
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	if strings.HasPrefix(host, "[") { // an IPv6 address, perhaps with a port
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return "", "not_a_domain"
		}
		host = host[1:end]
	} else if strings.Count(host, ":") == 1 {
		host = host[:strings.IndexByte(host, ':')]
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String(), ""
	}
	host = strings.TrimSuffix(host, ".")
	base, star := strings.CutPrefix(host, "*.")
	if strings.Contains(base, "*") {
		return "", "star_first"
	}
	ascii, err := idna.Lookup.ToASCII(base)
	if err != nil || ascii == "" || len(ascii) > 253 || strings.Contains(ascii, "_") {
		return "", "not_a_domain"
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 {
			return "", "not_a_domain"
		}
	}
	if star {
		// "*.com" or "*.github.io" would be everybody's pages.
		suffix, icann := publicsuffix.PublicSuffix(ascii)
		if suffix == ascii && (icann || strings.Contains(suffix, ".")) {
			return "", "too_broad"
		}
		return "*." + ascii, ""
	}
	if ascii != "localhost" && !strings.HasSuffix(ascii, ".localhost") && !strings.Contains(ascii, ".") {
		return "", "not_a_domain"
	}
	return ascii, ""
}

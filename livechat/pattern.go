package livechat

import (
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/dunglas/go-urlpattern"
)

// Bounds of what is compiled and tested. Go's regular expressions run in
// linear time, so that length alone bounds the work of a hostile pattern.
const (
	// MaxPattern is the longest trigger address, in bytes.
	MaxPattern = 1000
	// MaxAddress is the longest page address that is tested, in bytes;
	// browsers and proxies rarely carry more.
	MaxAddress = 8192

	maxPatternGroups = 20
)

// PatternError says in a plain sentence what is wrong with a trigger address.
// Code is stable and names the sentence in the catalogue.
type PatternError struct {
	Code string // pattern_empty, pattern_too_long, …
	Text string
}

func (e *PatternError) Error() string { return e.Text }

// The ways in which a trigger address can be wrong.
var (
	ErrPatternEmpty    = &PatternError{"pattern_empty", "write the address of the page, such as https://shop.example/pricing"}
	ErrPatternTooLong  = &PatternError{"pattern_too_long", fmt.Sprintf("the address is longer than %d characters", MaxPattern)}
	ErrPatternSpace    = &PatternError{"pattern_space", "an address has no spaces in it; write one address only"}
	ErrPatternScheme   = &PatternError{"pattern_scheme", "the address has to begin with https:// or http://"}
	ErrPatternNoHost   = &PatternError{"pattern_no_host", "the address has to name the site, such as shop.example/pricing"}
	ErrPatternHostStar = &PatternError{"pattern_host_star", "in the name of the site a star stands before a dot, such as *.shop.example"}
	ErrPatternComplex  = &PatternError{"pattern_complex", fmt.Sprintf("the address has more than %d stars and groups", maxPatternGroups)}
	ErrPatternSyntax   = &PatternError{"pattern_syntax", "the address cannot be read; use a plain address with * for any text"}
)

// Why tells why a pattern does not match a page.
type Why string

// The answers of Explain, in the order in which they are looked for.
const (
	WhyMatches      Why = ""
	WhyNotAnAddress Why = "not_an_address"
	WhyScheme       Why = "scheme"   // http where the pattern asks for https
	WhyHost         Why = "host"     // another site
	WhyPort         Why = "port"     // the same site on another port
	WhyPath         Why = "path"     // another page
	WhyQuery        Why = "query"    // the pattern asks for another ?query
	WhyFragment     Why = "fragment" // the pattern asks for another #fragment
	// WhyExcluded is no answer about one pattern: the page is an exception.
	WhyExcluded Why = "excluded"
)

// Pattern is a compiled trigger address. It follows the URLPattern standard
// (urlpattern.spec.whatwg.org) and forgives what people do not think of when
// they copy an address out of the browser:
//
//   - no scheme means http and https, and http includes https, to which sites
//     move; https alone stays https
//   - www. before the name of the site may be there or not
//   - a slash at the end may be there or not, so that /pricing/* includes
//     /pricing; the standard's own answer for an address without any path,
//     every page of the site, holds
//   - query and fragment are free unless the pattern has them, and a query
//     that the pattern asks for is looked for without the tracking parameters
//     that mail and advertising tools append
//   - *?x=1 begins a query; to the standard the question mark would make the
//     star optional, which means nothing
//
// A Pattern does not change and is safe for concurrent use.
type Pattern struct {
	source string
	parts  patternParts
	full   *urlpattern.URLPattern
	hosts  []string
	// prefix is a text that the path of every matching page begins with.
	prefix string
	// plain patterns, which most are, need no expression: host and path are
	// literal, query and fragment free.
	plain bool
	// glob is the path of patterns that need no expression either: literals with
	// stars between them, query and fragment free; nil for others. bare is the
	// path that the forgiven slash or star at the end leaves, "" for none.
	glob []string
	bare string
	// tracking is set when the pattern itself asks for a tracking parameter.
	tracking    bool
	specificity int
}

// patternParts are the components as patterns of the standard, made forgiving.
type patternParts struct{ protocol, host, port, path, query, fragment string }

func (c patternParts) compile() (p *urlpattern.URLPattern, err error) {
	// The source comes from a form. A mistake in the library must cost this
	// one pattern, not the process.
	defer func() {
		if recover() != nil {
			p, err = nil, ErrPatternSyntax
		}
	}()
	init := urlpattern.URLPatternInit{
		Protocol: &c.protocol, Hostname: &c.host, Port: &c.port,
		Pathname: &c.path, Search: &c.query, Hash: &c.fragment,
	}
	return init.New(nil)
}

const (
	anyScheme = "http{s}?"
	// patternSyntax are the characters that mean something in a pattern.
	patternSyntax = `*{}():?+\`
)

// CompilePattern reads a trigger address. Its errors are of type
// *PatternError.
func CompilePattern(source string) (*Pattern, error) {
	source = strings.TrimSpace(source)
	switch {
	case source == "":
		return nil, ErrPatternEmpty
	case len(source) > MaxPattern:
		return nil, ErrPatternTooLong
	case strings.ContainsFunc(source, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xfffd }):
		return nil, ErrPatternSpace
	}
	scheme, rest, err := splitScheme(source)
	if err != nil {
		return nil, err
	}
	parts, err := parsePattern(scheme, rest)
	if err != nil {
		return nil, err
	}
	p := &Pattern{source: source, parts: parts}
	if p.hosts, err = hostsOf(parts.host); err != nil {
		return nil, err
	}
	if n := countSyntax(parts.host + parts.path + parts.query + parts.fragment); n > maxPatternGroups {
		return nil, ErrPatternComplex
	}
	p.forgive()
	if p.full, err = p.parts.compile(); err != nil {
		return nil, ErrPatternSyntax
	}
	return p, nil
}

func splitScheme(source string) (scheme, rest string, err error) {
	scheme, rest, found := strings.Cut(source, "://")
	// What stands in the query of an address is no scheme.
	if !found || strings.ContainsAny(scheme, "/.#") {
		return anyScheme, strings.TrimPrefix(source, "//"), nil
	}
	switch strings.ToLower(scheme) {
	case "https":
		return "https", rest, nil
	case "http", anyScheme, "http(s)?", "https?", "(https?)", "(http|https)", "http*", "*":
		return anyScheme, rest, nil
	}
	return "", "", ErrPatternScheme
}

// plainColon is a colon that begins no name, as in ?to=https://a.example; the
// standard refuses it unless it is escaped.
var plainColon = regexp.MustCompile(`:([^\pL\p{Nl}\x{2118}\x{212E}\x{309B}\x{309C}_$]|$)`)

// parsePattern lets the library take the address apart as the standard does.
func parsePattern(scheme, rest string) (c patternParts, err error) {
	defer func() {
		if recover() != nil {
			err = ErrPatternSyntax
		}
	}()
	if rest == "" || strings.ContainsRune("/?#", rune(rest[0])) {
		return c, ErrPatternNoHost
	}
	if !strings.ContainsAny(rest, `(\`) {
		rest = plainColon.ReplaceAllString(rest, `\:$1`)
	}
	if i := strings.Index(rest, "*?"); i >= 0 && i+2 < len(rest) && !strings.Contains(rest[:i], "(") {
		rest = rest[:i] + `*\?` + rest[i+2:]
	}
	p, err := urlpattern.New(scheme+"://"+rest, "", nil)
	if err != nil || p.Username() != "*" || p.Password() != "*" {
		return c, ErrPatternSyntax
	}
	c = patternParts{scheme, p.Hostname(), p.Port(), p.Pathname(), p.Search(), p.Hash()}
	if c.host == "" || c.host == "*" {
		return c, ErrPatternNoHost
	}
	return c, nil
}

// forgive widens the parts as Pattern says, and notes what makes matching
// quick.
func (p *Pattern) forgive() {
	c := &p.parts
	hostIsPlain := !strings.ContainsAny(c.host, patternSyntax)
	p.specificity = specificity(*c)

	if c.port == "443" || c.port == "80" && c.protocol != "https" {
		c.port = ""
	}
	if c.host = strings.TrimPrefix(c.host, "www."); !strings.ContainsRune(patternSyntax, rune(c.host[0])) &&
		strings.Contains(c.host, ".") && net.ParseIP(c.host) == nil {
		c.host = "{www.}?" + c.host
	}

	if c.path == "" {
		c.path = "/"
	}
	path := c.path
	p.prefix = c.path
	i := strings.IndexAny(c.path, patternSyntax)
	if i >= 0 {
		p.prefix = c.path[:i]
	}
	// The slash may belong to what follows it (/:id? is optional as a whole),
	// or be the forgiven one.
	p.prefix = strings.TrimSuffix(p.prefix, "/")
	switch {
	case c.path == "*" || c.path == "/*" || c.path == "/":
	case strings.HasSuffix(c.path, "/*"):
		c.path = strings.TrimSuffix(c.path, "/*") + "{/*}?"
	default:
		c.path = strings.TrimSuffix(c.path, "/") + "{/}?"
	}

	if c.query == "" {
		c.query = "*"
	}
	if c.fragment == "" {
		c.fragment = "*"
	}
	p.plain = hostIsPlain && i < 0 && c.query == "*" && c.fragment == "*"
	if hostIsPlain && !p.plain && c.query == "*" && c.fragment == "*" {
		p.globbed(path)
	}
	for name := range strings.SplitSeq(c.query, "&") {
		name, _, _ = strings.Cut(name, "=")
		p.tracking = p.tracking || isTracking(name)
	}
}

// globbed prepares a path with no syntax but stars.
func (p *Pattern) globbed(path string) {
	// Two stars are a star that may be there or not, together with its slash.
	if strings.ContainsAny(strings.ReplaceAll(path, "*", ""), patternSyntax) || strings.Contains(path, "**") {
		return
	}
	switch {
	case path == "*" || path == "/*" || path == "/": // nothing is forgiven where everything matches
	case strings.HasSuffix(path, "/*"):
		p.bare = strings.TrimSuffix(path, "/*")
	default:
		p.bare = strings.TrimSuffix(path, "/") + "/"
		path = strings.TrimSuffix(path, "/")
	}
	p.glob = strings.Split(path, "*")
}

// matchGlob tells whether a text is the parts with anything between them.
func matchGlob(parts []string, text string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return text == first
	}
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// specificity orders patterns for pages that several of them match: a literal
// site before a wildcard one, then a literal path, then the longer text, then
// fewer wildcards.
func specificity(c patternParts) int {
	score := 0
	if !strings.ContainsAny(c.host, patternSyntax) {
		score += 1 << 21
	}
	if c.path != "" && !strings.ContainsAny(c.path, patternSyntax) {
		score += 1 << 20
	}
	text := c.host + c.path + strings.Trim(c.query, "*") + strings.Trim(c.fragment, "*")
	n := countSyntax(text)
	return score + (len(text)-n)<<8 - n
}

func countSyntax(s string) (n int) {
	for _, c := range `*({:` {
		n += strings.Count(s, string(c))
	}
	return n
}

// hostsOf reads the sites of a host pattern off its literal end.
func hostsOf(host string) ([]string, error) {
	i := strings.LastIndexAny(host, patternSyntax)
	if i < 0 {
		return []string{strings.TrimPrefix(host, "www.")}, nil
	}
	lead, tail := host[:i+1], host[i+1:]
	if strings.HasSuffix(lead, ":") { // a named part, which ends where its name does
		tail = strings.TrimLeftFunc(tail, func(r rune) bool { return r != '.' && r != '-' })
	}
	switch {
	case strings.HasPrefix(tail, ".") && len(tail) > 1:
		return []string{"*" + tail}, nil
	case tail == "" || strings.HasPrefix(tail, "."):
		return nil, ErrPatternNoHost
	case strings.HasSuffix(lead, ".}?") || strings.HasSuffix(lead, ".}*"):
		return []string{tail, "*." + tail}, nil
	}
	return nil, ErrPatternHostStar
}

// String is the address as it was written.
func (p *Pattern) String() string { return p.source }

// Hosts are the sites whose pages can match, written as the domains of an
// inbox are: "shop.example" (with or without www.) or "*.shop.example" for
// all hosts below. Never empty.
func (p *Pattern) Hosts() []string { return p.hosts }

// Specificity is higher for the pattern that says more; it has no other
// meaning and breaks ties of priority.
func (p *Pattern) Specificity() int { return p.specificity }

// Within tells whether any page on the domains of an inbox can match; a
// campaign for which it is false never fires. Ports do not count, and www.
// does not matter.
func (p *Pattern) Within(domains []string) bool {
	for _, host := range p.hosts {
		for _, domain := range domains {
			if hostsMeet(host, strings.ToLower(domain)) {
				return true
			}
		}
	}
	return false
}

func hostsMeet(host, domain string) bool {
	h, hostWild := strings.CutPrefix(host, "*.")
	d, domainWild := strings.CutPrefix(domain, "*.")
	switch {
	case hostWild && domainWild:
		return h == d || strings.HasSuffix(h, "."+d) || strings.HasSuffix(d, "."+h)
	case hostWild:
		return d == h || strings.HasSuffix(d, "."+h) // www.h is below h
	case domainWild:
		return h == d || strings.HasSuffix(h, "."+d)
	}
	return h == strings.TrimPrefix(d, "www.")
}

// Match tells whether the pattern matches the address of a page.
func (p *Pattern) Match(address string) bool {
	page, err := ParsePage(address)
	return err == nil && p.MatchPage(page)
}

// MatchPage is Match for a page that was parsed before.
func (p *Pattern) MatchPage(page Page) bool {
	if p.plain {
		c := p.parts
		return (page.scheme == c.protocol || c.protocol == anyScheme) && page.site == p.hosts[0] &&
			page.port == c.port && strings.TrimSuffix(page.path, "/") == p.prefix
	}
	if !strings.HasPrefix(page.path, p.prefix) {
		return false
	}
	if p.glob != nil {
		c := p.parts
		if page.scheme != c.protocol && c.protocol != anyScheme || page.site != p.hosts[0] || page.port != c.port {
			return false
		}
		return matchGlob(p.glob, page.path) || p.bare != "" && matchGlob(strings.Split(p.bare, "*"), page.path)
	}
	return p.full.Test(page.address(p.tracking), "")
}

// Explain tells whether the pattern matches and, if it does not, the first
// part of the address that differs.
func (p *Pattern) Explain(address string) (bool, Why) {
	page, err := ParsePage(address)
	if err != nil {
		return false, WhyNotAnAddress
	}
	return p.explain(page)
}

func (p *Pattern) explain(page Page) (bool, Why) {
	if p.MatchPage(page) {
		return true, WhyMatches
	}
	free := patternParts{"*", "*", "*", "*", "*", "*"}
	for _, part := range []struct {
		why   Why
		field func(*patternParts) *string
	}{
		{WhyScheme, func(c *patternParts) *string { return &c.protocol }},
		{WhyHost, func(c *patternParts) *string { return &c.host }},
		{WhyPort, func(c *patternParts) *string { return &c.port }},
		{WhyPath, func(c *patternParts) *string { return &c.path }},
		{WhyQuery, func(c *patternParts) *string { return &c.query }},
		{WhyFragment, func(c *patternParts) *string { return &c.fragment }},
	} {
		*part.field(&free) = *part.field(&p.parts)
		one, err := free.compile()
		if err != nil || !one.Test(page.address(p.tracking), "") {
			return false, part.why
		}
	}
	return false, WhyPath
}

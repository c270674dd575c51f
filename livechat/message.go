package livechat

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"github.com/rivo/uniseg"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of a message.
const (
	// MaxMessage is the longest message, in bytes of HTML.
	MaxMessage = 20_000
	// MaxMessageDepth is how deep its tags may be nested; what lies deeper
	// keeps its text and loses its tags.
	MaxMessageDepth = 12
)

// Block is a node of a message as the widget receives it: never HTML, so that
// nothing on the way to the visitor's page parses markup. T is "text" or a tag
// of the allow-list.
type Block struct {
	T    string  `json:"t"`
	V    string  `json:"v,omitempty"`    // of text
	Href string  `json:"href,omitempty"` // of a
	Src  string  `json:"src,omitempty"`  // of img
	Alt  string  `json:"alt,omitempty"`  // of img
	C    []Block `json:"c,omitempty"`
}

// messageTags are the tags of a message; the value tells the block-level ones.
var messageTags = map[string]bool{
	"p": true, "ul": true, "ol": true, "li": true, "blockquote": true,
	"br": false, "b": false, "strong": false, "i": false, "em": false, "u": false,
	"s": false, "code": false, "a": false, "img": false,
}

// paragraphTags are not allowed but end a line; they become paragraphs, so
// that the lines of a pasted page do not run together.
var paragraphTags = map[string]bool{
	"div": true, "section": true, "article": true, "header": true, "footer": true, "main": true, "aside": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "pre": true, "tr": true, "dt": true, "dd": true,
}

var (
	linkSchemes  = []string{"http", "https", "mailto", "tel"}
	imageSchemes = []string{"https"}
)

// messagePolicy is the allow-list once more, as bluemonday knows it. It runs
// first; the tree that is then built from its output lets nothing else pass
// either, so that one mistake in either is not yet a hole.
var messagePolicy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for tag := range messageTags {
		if tag != "a" && tag != "img" {
			p.AllowElements(tag)
		}
	}
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`(?i)^https://`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowURLSchemes(linkSchemes...)
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	return p
}()

// RemovedKind is what sort of thing Sanitise took out.
type RemovedKind string

// What Sanitise takes out.
const (
	RemovedTag       RemovedKind = "tag"
	RemovedAttribute RemovedKind = "attribute"
	RemovedAddress   RemovedKind = "address" // of a link or an image
	RemovedComment   RemovedKind = "comment"
	RemovedNesting   RemovedKind = "nesting" // tags deeper than MaxMessageDepth
	RemovedLength    RemovedKind = "length"  // what lies beyond MaxMessage
)

// Removed names something that Sanitise took out, for the form to say before
// the message is saved.
type Removed struct {
	Kind RemovedKind
	// Name is the tag, the attribute, or the scheme of the address ("" for an
	// address without one).
	Name string
	// Example is the first one as it was written, at most 80 characters.
	Example string
	Count   int
}

// String is the finding in plain English.
func (r Removed) String() string {
	switch r.Kind {
	case RemovedTag:
		return fmt.Sprintf("the tag <%s>", r.Name)
	case RemovedAttribute:
		return fmt.Sprintf("the attribute %s", r.Name)
	case RemovedAddress:
		return fmt.Sprintf("the address %s", r.Example)
	case RemovedComment:
		return "a comment"
	case RemovedNesting:
		return fmt.Sprintf("tags nested deeper than %d", MaxMessageDepth)
	}
	return fmt.Sprintf("what lies beyond %d characters", MaxMessage)
}

// Sanitise makes the HTML of a message harmless: only the tags p br b strong i
// em u s ul ol li blockquote code, a with an href of http, https, mailto or
// tel, and img with an https src and alt. It names all that it took out.
// Its output is a fixed point: sanitising it again changes nothing.
func Sanitise(source string) (clean string, removed []Removed) {
	var found findings
	if len(source) > MaxMessage {
		found.add(RemovedLength, "", source[MaxMessage:])
		source = strings.ToValidUTF8(source[:MaxMessage], "")
	}
	clean = found.inspect(strings.ToValidUTF8(source, "\ufffd"))
	// Parsing what was written out may still move a tag (HTML's own rules of
	// nesting); it settles at once or nearly so.
	for range 4 {
		tree, deep, err := parseMessage(messagePolicy.Sanitize(clean))
		if err != nil {
			found.add(RemovedNesting, "", "")
			return escapeText.Replace(stripTags(clean)), found
		}
		if deep {
			found.add(RemovedNesting, "", "")
		}
		next := render(tree)
		if next == clean && len(next) <= MaxMessage {
			return clean, found
		}
		clean = next
	}
	tree, _, err := parseMessage(messagePolicy.Sanitize(clean))
	if next := render(tree); err == nil && next == clean && len(next) <= MaxMessage {
		return clean, found
	}
	// Escaping may lengthen a text (& to &amp;), and some markup never
	// settles: what remains is its text.
	text := stripTags(clean)
	for len(escapeText.Replace(text)) > MaxMessage {
		found.add(RemovedLength, "", "")
		text = strings.ToValidUTF8(text[:len(text)*3/4], "")
	}
	return escapeText.Replace(text), found
}

// findings gathers what was taken out, each name once.
type findings []Removed

func (f *findings) add(kind RemovedKind, name, example string) {
	for i := range *f {
		if r := &(*f)[i]; r.Kind == kind && r.Name == name {
			r.Count++
			return
		}
	}
	if r := []rune(strings.ToValidUTF8(example[:min(len(example), 400)], "")); len(r) > 80 {
		example = string(r[:79]) + "…"
	}
	if len(*f) < 50 {
		*f = append(*f, Removed{Kind: kind, Name: name, Example: example, Count: 1})
	}
}

// inspect notes what the policy will take out, and gives the source back with
// paragraphs in place of the tags that end a line.
func (f *findings) inspect(source string) string {
	var out strings.Builder
	for z := html.NewTokenizer(strings.NewReader(source)); ; {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == html.ErrorToken {
			return out.String()
		}
		t := z.Token()
		known, allowed := false, false
		if kind == html.StartTagToken || kind == html.EndTagToken || kind == html.SelfClosingTagToken {
			_, allowed = messageTags[t.Data]
			known = allowed || paragraphTags[t.Data]
		}
		switch kind {
		case html.CommentToken:
			f.add(RemovedComment, "", raw)
		case html.DoctypeToken:
			f.add(RemovedTag, "!doctype", raw)
		case html.StartTagToken, html.SelfClosingTagToken:
			if !allowed {
				f.add(RemovedTag, t.Data, raw)
			} else {
				f.inspectAttributes(t, raw)
			}
		}
		switch {
		case known && !allowed && kind == html.EndTagToken:
			out.WriteString("</p>")
		case known && !allowed:
			out.WriteString("<p>")
		default:
			out.WriteString(raw)
		}
	}
}

func (f *findings) inspectAttributes(t html.Token, raw string) {
	addressed := t.Data != "a" && t.Data != "img"
	for _, a := range t.Attr {
		switch {
		case t.Data == "a" && a.Key == "href", t.Data == "img" && a.Key == "src":
			addressed = true
			schemes := linkSchemes
			if t.Data == "img" {
				schemes = imageSchemes
			}
			if _, ok := safeAddress(a.Val, schemes); !ok {
				scheme, _, _ := strings.Cut(a.Val, ":")
				if !schemeName.MatchString(scheme) || !strings.Contains(a.Val, ":") {
					scheme = ""
				}
				f.add(RemovedAddress, strings.ToLower(scheme), a.Val)
			}
		case t.Data == "img" && a.Key == "alt":
		default:
			f.add(RemovedAttribute, a.Key, raw)
		}
	}
	if !addressed {
		f.add(RemovedTag, t.Data, raw)
	}
}

var schemeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

// safeAddress checks an address of a link or an image, and gives it back as
// it is written out.
func safeAddress(address string, schemes []string) (string, bool) {
	address = strings.TrimSpace(address)
	if address == "" || len(address) > 2000 || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '\\' || unicode.IsControl(r) }) {
		return "", false
	}
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(schemes, u.Scheme) {
		return "", false
	}
	if web := u.Scheme == "http" || u.Scheme == "https"; web != (u.Host != "") || web && (u.Hostname() == "" || strings.ContainsAny(u.Host, "\"'<>`{|}^%")) || !web && u.Opaque == "" {
		return "", false
	}
	return u.String(), true
}

// ErrMessageNesting is the answer to markup nested without end.
var ErrMessageNesting = errors.New("the message's tags are nested too deeply")

// parseMessage builds the tree of a message out of what the allow-list
// permits; deep tells that tags were left out because they lay too deep.
func parseMessage(source string) (tree []Block, deep bool, err error) {
	if len(source) > 8*MaxMessage {
		return nil, false, ErrMessageNesting
	}
	context := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(source), context)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrMessageNesting, err)
	}
	for _, n := range nodes {
		tree = appendNode(tree, n, 1, &deep)
	}
	return tree, deep, nil
}

func appendNode(tree []Block, n *html.Node, depth int, deep *bool) []Block {
	if n.Type == html.TextNode {
		text := strings.ReplaceAll(n.Data, "\x00", "")
		if last := len(tree) - 1; last >= 0 && tree[last].T == "text" {
			tree[last].V += text
		} else if text != "" {
			tree = append(tree, Block{T: "text", V: text})
		}
		return tree
	}
	if n.Type != html.ElementNode || n.Namespace != "" {
		return tree
	}
	b := Block{T: n.Data}
	_, keep := messageTags[b.T]
	switch b.T {
	case "br":
		return append(tree, b)
	case "img":
		var ok bool
		if b.Src, ok = safeAddress(attribute(n, "src"), imageSchemes); !ok {
			return tree
		}
		b.Alt = attribute(n, "alt")
		return append(tree, b)
	case "a":
		b.Href, keep = safeAddress(attribute(n, "href"), linkSchemes)
	}
	if keep && depth > MaxMessageDepth {
		keep, *deep = false, true
	}
	if !keep {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			tree = appendNode(tree, c, depth, deep)
		}
		return tree
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if list := b.T == "ul" || b.T == "ol"; list && c.Type == html.TextNode && strings.TrimSpace(c.Data) == "" {
			continue
		}
		b.C = appendNode(b.C, c, depth+1, deep)
	}
	if len(b.C) == 0 {
		return tree
	}
	return append(tree, b)
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

var (
	escapeText      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	escapeAttribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;")
)

// render writes a tree as HTML, escaping no more than it must: an apostrophe
// that somebody typed comes back as one.
func render(tree []Block) string {
	var b strings.Builder
	renderTo(&b, tree)
	return b.String()
}

func renderTo(b *strings.Builder, tree []Block) {
	for _, n := range tree {
		switch n.T {
		case "text":
			b.WriteString(escapeText.Replace(n.V))
			continue
		case "br":
			b.WriteString("<br>")
			continue
		case "img":
			fmt.Fprintf(b, `<img src="%s" alt="%s">`, escapeAttribute.Replace(n.Src), escapeAttribute.Replace(n.Alt))
			continue
		case "a":
			fmt.Fprintf(b, `<a href="%s">`, escapeAttribute.Replace(n.Href))
		default:
			b.WriteString("<" + n.T + ">")
		}
		renderTo(b, n.C)
		b.WriteString("</" + n.T + ">")
	}
}

func stripTags(source string) string {
	return html.UnescapeString(bluemonday.StrictPolicy().Sanitize(source))
}

// Blocks turns the HTML of a message into what the widget shows. Whatever is
// outside the allow-list is left out here again, should the text have come
// from elsewhere than Sanitise. Text beside paragraphs becomes a paragraph; in
// it, a line break is kept and an empty line begins a new paragraph, as people
// who type plain text expect.
func Blocks(clean string) ([]Block, error) {
	tree, _, err := parseMessage(clean)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	var line []Block // the open paragraph of text beside paragraphs
	flush := func() {
		if line = trimLine(line); len(line) > 0 {
			blocks = append(blocks, Block{T: "p", C: line})
		}
		line = nil
	}
	for _, n := range tree {
		switch {
		case messageTags[n.T]:
			flush()
			blocks = append(blocks, n)
		case n.T == "text":
			for i, paragraph := range emptyLine.Split(n.V, -1) {
				if i > 0 {
					flush()
				}
				for j, text := range strings.Split(paragraph, "\n") {
					if j > 0 {
						line = append(line, Block{T: "br"})
					}
					if text != "" {
						line = append(line, Block{T: "text", V: text})
					}
				}
			}
		default:
			line = append(line, n)
		}
	}
	flush()
	return blocks, nil
}

var emptyLine = regexp.MustCompile(`\n[ \t]*(?:\n[ \t]*)+`)

// trimLine takes white space and line breaks off both ends.
func trimLine(line []Block) []Block {
	blank := func(b Block) bool { return b.T == "br" || b.T == "text" && strings.TrimSpace(b.V) == "" }
	for len(line) > 0 && blank(line[0]) {
		line = line[1:]
	}
	for len(line) > 0 && blank(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}

// PlainText is the message as text: a line for each paragraph and list item,
// images by their description.
func PlainText(clean string) string {
	blocks, err := Blocks(clean)
	if err != nil {
		return strings.Join(strings.Fields(stripTags(clean)), " ")
	}
	var b strings.Builder
	plainTo(&b, blocks)
	var lines []string
	for l := range strings.SplitSeq(b.String(), "\n") {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

func plainTo(b *strings.Builder, tree []Block) {
	for _, n := range tree {
		switch n.T {
		case "text":
			b.WriteString(strings.ReplaceAll(n.V, "\n", " "))
		case "br":
			b.WriteByte('\n')
		case "img":
			b.WriteString(n.Alt)
		}
		if messageTags[n.T] {
			b.WriteByte('\n')
		}
		plainTo(b, n.C)
		if messageTags[n.T] {
			b.WriteByte('\n')
		}
	}
}

// unbroken are stretches of a text that stay whole: variables and entities.
var unbroken = regexp.MustCompile(`\{\{[^{}]*\}\}|&#?[A-Za-z0-9]{1,31};`)

// Shorten cuts a plain text to at most n characters as people count them
// (grapheme clusters, UAX #29), the ellipsis included: after a word if there
// is one, never inside an emoji, an entity or a variable. White space becomes
// single spaces. A text that fits comes back whole.
func Shorten(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if n < 1 {
		return ""
	}
	spans := unbroken.FindAllStringIndex(text, -1)
	count, cut, word := 0, 0, 0 // cut and word are ends of what fits beside the ellipsis
	for g := uniseg.NewGraphemes(text); g.Next(); {
		_, to := g.Positions()
		count++
		if count > n {
			// Languages without spaces, and very long words, are cut where
			// they stand.
			if word*3 >= cut {
				cut = word
			}
			return strings.TrimRight(text[:cut], " ,") + "…"
		}
		whole := !slices.ContainsFunc(spans, func(s []int) bool { return s[0] < to && to < s[1] })
		if count < n && whole {
			cut = to
			if to == len(text) || text[to] == ' ' {
				word = to
			}
		}
	}
	return text
}

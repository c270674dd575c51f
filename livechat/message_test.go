package livechat

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
)

func TestSanitiseKeepsWhatAMessageNeeds(t *testing.T) {
	for _, source := range []string{
		"Hello there",
		"Don't worry, it's \"fine\"",
		"Hi {{ contact.first_name | default: \"there\" }}, 20% off 👩‍👩‍👧",
		"<p>One <b>two</b> <strong>three</strong> <i>four</i> <em>five</em> <u>six</u> <s>seven</s></p>",
		"<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>",
		"<blockquote>said <code>x = 1</code></blockquote>",
		"line<br>break",
		`<a href="https://shop.example/a?b=c&amp;d=e#f">link</a>`,
		`<a href="mailto:hi@shop.example">mail</a> <a href="tel:+12025550123">call</a> <a href="http://shop.example/">http</a>`,
		`<p><img src="https://shop.example/a.png" alt="Shoes &#34;red&#34;"></p>`,
		"",
	} {
		clean, removed := Sanitise(source)
		if clean != source || len(removed) > 0 {
			t.Errorf("%s\ncame back as\n%s\nwithout %v", source, clean, removed)
		}
	}
}

func TestSanitiseNamesWhatItTakesOut(t *testing.T) {
	for _, tt := range []struct {
		source, clean string
		removed       []Removed
	}{
		{"a<script>alert(1)</script>b", "ab", []Removed{{RemovedTag, "script", "<script>", 1}}},
		{`<b onclick="x()" class=y>a</b><b onclick=z>b</b>`, "<b>a</b><b>b</b>", []Removed{
			{RemovedAttribute, "onclick", `<b onclick="x()" class=y>`, 2},
			{RemovedAttribute, "class", `<b onclick="x()" class=y>`, 1},
		}},
		{`<a href="javascript:alert(1)">a</a>`, "a", []Removed{{RemovedAddress, "javascript", "javascript:alert(1)", 1}}},
		{`<a href="/pricing">a</a>`, "a", []Removed{{RemovedAddress, "", "/pricing", 1}}},
		{`<a>a</a>`, "a", []Removed{{RemovedTag, "a", "<a>", 1}}},
		{`<img src="http://shop.example/a.png" alt="x">`, "", []Removed{{RemovedAddress, "http", "http://shop.example/a.png", 1}}},
		{`a<!-- note -->b`, "ab", []Removed{{RemovedComment, "", "<!-- note -->", 1}}},
		{`<div>one</div><div>two</div><h1>three</h1>`, "<p>one</p><p>two</p><p>three</p>", []Removed{
			{RemovedTag, "div", "<div>", 2}, {RemovedTag, "h1", "<h1>", 1},
		}},
		{`<span style="color:red">a</span>`, "a", []Removed{{RemovedTag, "span", `<span style="color:red">`, 1}}},
		{"a < b && c > d", "a &lt; b &amp;&amp; c &gt; d", nil},
		{"<p>open <b>ended", "<p>open <b>ended</b></p>", nil},
		{strings.Repeat("<b>", 20) + "deep", strings.Repeat("<b>", 12) + "deep" + strings.Repeat("</b>", 12), []Removed{{RemovedNesting, "", "", 1}}},
	} {
		clean, removed := Sanitise(tt.source)
		if clean != tt.clean {
			t.Errorf("%s\ncame back as\n%s\nwant\n%s", tt.source, clean, tt.clean)
		}
		if diff := cmp.Diff(tt.removed, removed, cmp.Transformer("slice", func(f findings) []Removed { return f })); diff != "" {
			t.Errorf("%s: removed (-want +got)\n%s", tt.source, diff)
		}
		for _, r := range removed {
			if r.String() == "" {
				t.Errorf("%+v has no words", r)
			}
		}
	}
	long, removed := Sanitise(strings.Repeat("& ", MaxMessage))
	if len(long) > MaxMessage || !slices.ContainsFunc(removed, func(r Removed) bool { return r.Kind == RemovedLength }) {
		t.Errorf("%d bytes came back, removed %v", len(long), removed)
	}
	// Cutting never leaves half a character behind.
	if long, _ := Sanitise(strings.Repeat("é", MaxMessage)); !utf8.ValidString(long) {
		t.Error("the message was cut within a character")
	}
}

// vectors are ways in which markup is known to smuggle script, after the
// OWASP filter evasion list and published mutation XSS.
var vectors = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.test/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<script/src=data:,alert(1)>`, `<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg/onload=alert(1)//`,
	`<img src=x onerror=alert(1)>`, `<img src="https://a.example/x" onerror="alert(1)">`, `<img src=javascript:alert(1)>`, `<img src="https://a.example/&quot; onerror=alert(1) x=&quot;">`,
	`<img """><script>alert(1)</script>">`, `<img src=https://a.example/x alt='" onerror="alert(1)'>`, "<img src=`javascript:alert(1)`>", `<img srcset="javascript:alert(1) 1x">`,
	`<a href="javascript:alert(1)">x</a>`, `<a href="JaVaScRiPt:alert(1)">x</a>`, `<a href="java&#x09;script:alert(1)">x</a>`, "<a href=\"java\nscript:alert(1)\">x</a>",
	`<a href="&#106;avascript:alert(1)">x</a>`, `<a href=" &#14; javascript:alert(1)">x</a>`, "<a href=\"\x01javascript:alert(1)\">x</a>", `<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`<a href="vbscript:msgbox(1)">x</a>`, `<a href="feed:javascript:alert(1)">x</a>`, `<a href="blob:https://a.example/1">x</a>`, `<a href="//evil.test">x</a>`, `<a href="https:javascript:alert(1)">x</a>`,
	`<a href="https:\\evil.test">x</a>`, `<a href="https://a.example/" onmouseover="alert(1)" style="x:expression(alert(1))" target=_top ping=//evil.test>x</a>`, `<a href='https://a.example/"onclick="alert(1)'>x</a>`,
	`<a xlink:href="javascript:alert(1)">x</a>`, `<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>"></iframe>`, `<object data="data:text/html,x"></object>`, `<embed src=//evil.test>`,
	`<base href="javascript:alert(1)//">`, `<meta http-equiv=refresh content="0;url=javascript:alert(1)">`, `<link rel=stylesheet href=//evil.test/x.css>`, `<style>@import '//evil.test/x.css';</style>`, `<b style="background:url(javascript:alert(1))">x</b>`,
	`<form action="javascript:alert(1)"><input type=submit></form>`, `<button formaction=javascript:alert(1)>x</button>`, `<input onfocus=alert(1) autofocus>`, `<details open ontoggle=alert(1)>`, `<video><source onerror=alert(1)></video>`, `<body onload=alert(1)>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, `<math><mi//xlink:href="data:x,<script>alert(1)</script>">`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`, `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`, `<select><template><style><!--</style><a rel="--></style></template></select><img src onerror=alert(1)>">`,
	`<!--><img src=x onerror=alert(1)>-->`, `<!--[if IE]><script>alert(1)</script><![endif]-->`, `<![CDATA[<script>alert(1)</script>]]>`, `<?xml version="1.0"?><script>alert(1)</script>`, `<xmp><p title="</xmp><img src=x onerror=alert(1)>">`, `<textarea><p title="</textarea><img src=x onerror=alert(1)>">`,
	`<plaintext><script>alert(1)`, `<title><img src=x onerror=alert(1)></title>`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `&amp;lt;script&amp;gt;alert(1)`, "<\x00script>alert(1)</script>", "<scr\x00ipt>alert(1)</scr\x00ipt>", `<<script>alert(1)//<</script>`,
	`<a href="https://a.example/"><a href="javascript:alert(1)">x</a></a>`, `<p><a href="https://a.example/"><p>x</a>y</p>`, `<b><p>x</b>y</p>`, `<ul><p><li>x</ul>y`, `<table><tr><td>x<script>alert(1)</script></table>`, `<custom-element onclick=alert(1)>x</custom-element>`,
	`{{constructor.constructor('alert(1)')()}}`, `${alert(1)}`, `<b/onclick=alert(1)//>x`, `<p =">x<b onclick=alert(1)>`, "\xff<script>\xfe", "<a href=\"tel:+1202\u202e5550123\">x</a>", `<img src="https://">`, `<img/src/onerror=alert(1)>`, `<isindex action=javascript:alert(1)>`,
}

func TestNothingRunsThatAVectorTries(t *testing.T) {
	for _, v := range vectors {
		checkHarmless(t, v)
	}
}

// checkHarmless is what must hold for any source at all.
func checkHarmless(t *testing.T, source string) {
	t.Helper()
	clean, _ := Sanitise(source)
	if len(clean) > MaxMessage || !utf8.ValidString(clean) {
		t.Fatalf("%q: %d bytes", source, len(clean))
	}
	if again, removed := Sanitise(clean); again != clean || len(removed) > 0 {
		t.Fatalf("%q is no fixed point:\n%q\n%q\nremoved %v", source, clean, again, removed)
	}
	// Blocks stands alone, too: it is checked on the source as well.
	for _, s := range []string{clean, source} {
		blocks, err := Blocks(s)
		if err != nil {
			continue
		}
		for _, b := range blocks {
			if !messageTags[b.T] {
				t.Fatalf("%q: %s at the top", s, b.T)
			}
		}
		checkBlocks(t, blocks, 0)
		if _, err := json.Marshal(blocks); err != nil {
			t.Fatal(err)
		}
	}
	plain := PlainText(clean)
	for _, n := range []int{0, 1, 7, 40} {
		if s := Shorten(plain, n); uniseg.GraphemeClusterCount(s) > n {
			t.Fatalf("Shorten(%q, %d) = %q", plain, n, s)
		}
	}
}

func checkBlocks(t *testing.T, blocks []Block, depth int) {
	t.Helper()
	if depth > MaxMessageDepth+1 {
		t.Fatalf("nested %d deep", depth)
	}
	allowed := strings.Fields("text p br b strong i em u s ul ol li blockquote code a img")
	for _, b := range blocks {
		if !slices.Contains(allowed, b.T) {
			t.Fatalf("the tag %q came through", b.T)
		}
		if b.V != "" && b.T != "text" || b.Href != "" && b.T != "a" || (b.Src != "" || b.Alt != "") && b.T != "img" {
			t.Fatalf("%+v has what is not its own", b)
		}
		checkAddress(t, b.T == "a", b.Href, "http", "https", "mailto", "tel")
		checkAddress(t, b.T == "img", b.Src, "https")
		checkBlocks(t, b.C, depth+1)
	}
}

func checkAddress(t *testing.T, needed bool, address string, schemes ...string) {
	t.Helper()
	if address == "" && !needed {
		return
	}
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(schemes, u.Scheme) || strings.ContainsAny(address, " \"'<>\\\t\n\r") && u.Opaque == "" && strings.ContainsAny(u.Host, " \"'<>\\\t\n\r") {
		t.Fatalf("the address %q came through", address)
	}
}

func FuzzSanitise(f *testing.F) {
	for _, v := range vectors {
		f.Add(v)
	}
	f.Add(strings.Repeat("<b><p>", 300))
	f.Add(strings.Repeat("<blockquote>", 600) + "x")
	f.Fuzz(checkHarmless)
}

func TestBlocksAreTheMessageAsTheWidgetReadsIt(t *testing.T) {
	blocks, err := Blocks(`Hi <b>you</b><ul> <li>a</li> </ul><p>See <a href="https://shop.example/">us</a><br><img src="https://shop.example/a.png" alt="A"></p>`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"t":"p","c":[{"t":"text","v":"Hi "},{"t":"b","c":[{"t":"text","v":"you"}]}]},` +
		`{"t":"ul","c":[{"t":"li","c":[{"t":"text","v":"a"}]}]},` +
		`{"t":"p","c":[{"t":"text","v":"See "},{"t":"a","href":"https://shop.example/","c":[{"t":"text","v":"us"}]},{"t":"br"},{"t":"img","src":"https://shop.example/a.png","alt":"A"}]}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestPlainTextOfAMessage(t *testing.T) {
	for source, want := range map[string]string{
		"Hi\nthere\n\nYou":                               "Hi\nthere\nYou",
		"<p>Hi\nthere</p><p>You":                         "Hi there\nYou",
		"<ul><li>a</li><li>b &amp; c</li></ul>d<br>e":    "a\nb & c\nd\ne",
		`x <img src="https://a.example/" alt="a cat"> y`: "x a cat y",
		" ": "",
	} {
		if got := PlainText(source); got != want {
			t.Errorf("PlainText(%q) = %q, want %q", source, got, want)
		}
	}
	// Plain text with line breaks keeps them on the way to the widget.
	blocks, err := Blocks("Hi\nthere\n\nYou\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{T: "p", C: []Block{{T: "text", V: "Hi"}, {T: "br"}, {T: "text", V: "there"}}},
		{T: "p", C: []Block{{T: "text", V: "You"}}},
	}
	if diff := cmp.Diff(want, blocks); diff != "" {
		t.Error(diff)
	}
}

func TestShortenCutsAtAWordAndNeverInsideWhatBelongsTogether(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"Hello there", 11, "Hello there"},
		{"Hello there", 10, "Hello…"},
		{"Hello, there you are", 8, "Hello…"},
		{"  a \n b  ", 3, "a b"},
		{"Hello", 0, ""},
		{"Hello", 1, "…"},
		{"Unbelievably", 6, "Unbel…"},
		{"今日はとても良い天気です", 6, "今日はとて…"},
		{"👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 2, "👩‍👩‍👧…"},
		{"🇧🇷🇺🇸🇪🇸", 2, "🇧🇷…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"Hi {{contact.first_name}}, welcome", 12, "Hi…"},
		{"Hi {{ contact.first_name }}, welcome", 30, "Hi {{ contact.first_name }}…"},
		{"{{contact.first_name}} hello", 10, "…"},
		{"ab&amp;cd", 5, "ab…"},
	} {
		if got := Shorten(tt.text, tt.n); got != tt.want {
			t.Errorf("Shorten(%q, %d) = %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

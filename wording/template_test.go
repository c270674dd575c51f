package wording

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/liadesk/campaigns/liadesk"
)

var ana = Vars{AccountName: "Aurora Café", Contact: liadesk.Contact{
	Name: "  ana  da Silva ", Phone: "+12125550101", Email: "ana@example.com", Country: "US", Language: "pt-BR",
	Attributes: map[string]string{"city": "São Paulo", "renewal": "2026-12-01", "at": "2026-12-01T09:05:00-03:00", "when": "soon",
		"Favourite dish": "pão de queijo", "blank": "  ", "evil": "{{ contact.phone }}{% if %}", "in": "x", "a-b": "y"},
}}

func render(t *testing.T, source string, v Vars) string {
	t.Helper()
	template, err := Parse(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	text, err := template.Render(v)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return text
}

func TestVariablesAreFilledIn(t *testing.T) {
	for source, want := range map[string]string{
		"Hello":                      "Hello",
		"50% off {really} } {":       "50% off {really} } {",
		"Line\nbreak":                "Line\nbreak",
		"Hi {{contact.first_name}}!": "Hi ana!",
		"Hi {{ contact.name }}!":     "Hi ana  da Silva!",
		"{{ contact.last_name }}":    "da Silva",
		"{{ contact.email }} {{ contact.phone }} {{ contact.country }} {{ contact.language }}": "ana@example.com +12125550101 US pt-BR",
		"{{ account.name }}":                                     "Aurora Café",
		"{{ contact.attributes.city }}":                          "São Paulo",
		`{{ contact.attributes["Favourite dish"] | upcase }}`:    "PÃO DE QUEIJO",
		`{{ contact.attributes['city'] }}`:                       "São Paulo",
		"{{ contact.attributes.in }}{{ contact.attributes.a-b}}": "xy",
		"[{{ contact.attributes.missing }}]":                     "[]",
		`{{ contact.attributes.missing | default: "friend" }}`:   "friend",
		`{{ contact.attributes.blank | default: 'friend' }}`:     "friend",
		`{{ contact.first_name | default: "friend" }}`:           "ana",
		`{{ contact.attributes.missing | default: 7 }}`:          "7",
		"{{ contact.first_name | capitalize }}":                  "Ana",
		"{{ contact.first_name | upcase | capitalize }}":         "Ana",
		"{{ contact.attributes.city | downcase }}":               "são paulo",
		"{{ contact.attributes.city | truncate: 6 }}":            "São...",
		`{{ contact.attributes.city | truncate: 4, "" }}`:        "São ",
		`{{ contact.attributes.city | truncate: 2, "…" }}`:       "S…",
		"{{ contact.attributes.city | truncate: 1 }}":            "...",
		"{{ contact.attributes.city | truncate }}":               "São Paulo",
		`{{ contact.attributes.renewal | date: "%d/%m/%Y" }}`:    "01/12/2026",
		`{{ contact.attributes.renewal | date: "%-d %B" }}`:      "1 December",
		`{{ contact.attributes.at | date: "%H:%M" }}`:            "09:05",
		`{{ contact.attributes.when | date: "%H:%M" }}`:          "soon",
		`[{{ contact.attributes.missing | date: "%F" }}]`:        "[]",
		"{{ contact.attributes.evil }}":                          "{{ contact.phone }}{% if %}",
		"a {{- contact.country -}} b":                            "aUSb",
		`{{ contact.attributes.missing | default: "a|b:c,d" }}`:  "a|b:c,d",
	} {
		if got := render(t, source, ana); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

func TestOfOneNameThereIsNoLastName(t *testing.T) {
	if got := render(t, "{{ contact.first_name }}|{{ contact.last_name }}", Vars{Contact: liadesk.Contact{Name: "Zé"}}); got != "Zé|" {
		t.Error(got)
	}
	if got := render(t, "{{ contact.first_name | capitalize }}|{{ contact.name }}", Vars{}); got != "|" {
		t.Error(got)
	}
}

func TestWhatIsUnknownIsNamedWhenItIsSaved(t *testing.T) {
	for source, want := range map[string][]Problem{
		"{{ contact.frist_name }}":                              {{UnknownVariable, "contact.frist_name"}},
		"{{ first_name }}":                                      {{UnknownVariable, "first_name"}},
		"{{ contact }}":                                         {{UnknownVariable, "contact"}},
		"{{ contact.attributes }}":                              {{UnknownVariable, "contact.attributes"}},
		`{{ contact.attributes[""] }}`:                          {{UnknownVariable, "contact.attributes."}},
		`{{ "now" | date: "%F" }}`:                              {{UnknownVariable, `"now" | date: "%F"`}, {BadSyntax, `"now" | date : "%F"`}},
		"{{ contact.name | shout }} {{ x }}":                    {{UnknownFilter, "shout"}, {UnknownVariable, "x"}},
		"{{ contact.name | shout }}{{ contact.name | shout }}":  {{UnknownFilter, "shout"}},
		"{% for i in (1..9000000) %}x{% endfor %}":              {{UnknownTag, "for"}, {UnknownTag, "endfor"}},
		"{% include 'x' %}":                                     {{UnknownTag, "include"}},
		"{{ contact.name | truncate: 99999999999999999999 }}":   {{BadArgument, "truncate"}},
		"{{ contact.name | truncate: contact.phone }}":          {{BadArgument, "truncate"}},
		"{{ contact.name | upcase: 1 }}":                        {{BadArgument, "upcase"}},
		"{{ contact.name | default }}":                          {{BadArgument, "default"}},
		`{{ contact.name | default: "a", "b" }}`:                {{BadArgument, "default"}},
		`{{ contact.attributes.renewal | date: "%99999999d" }}`: {{BadArgument, "date"}},
		`{{ contact.attributes.renewal | date: "%Q" }}`:         {{BadArgument, "date"}},
		"{{ contact.attributes.renewal | date }}":               {{BadArgument, "date"}},
		"{{ contact.name | default: “friend” }}":                {{BadSyntax, "“friend”"}},
		"{{ contact.name ; contact.phone }}":                    {{BadSyntax, "; contact.phone"}},
		"{{ contact.name == contact.phone }}":                   {{BadSyntax, "== contact.phone"}},
		"{{ contact.name contact.phone }}":                      {{BadSyntax, "contact . phone"}},
		"{{ contact.name | }}":                                  {{BadSyntax, "|"}},
		"Hi {{ contact.name":                                    {{BadSyntax, "{{ contact.name"}},
		"Hi {{ contact.name }":                                  {{BadSyntax, "{{ contact.name }"}},
		"Hi {contact.name}":                                     {{BadSyntax, "{contact.name}"}},
		"Hi { contact.name }}":                                  {{BadSyntax, "{ contact.name }}"}},
		"Hi contact.name }}":                                    {{BadSyntax, "contact.name }"}},
		"{{ contact.name }} {% if":                              {{BadSyntax, "{% if"}},
		"{{}}":                                                  {{BadSyntax, "{{}}"}},
		"{{ contact.\nname }}":                                  {{BadSyntax, "{{ contact."}},
		strings.Repeat("a", maxSource+1):                        {{TooLarge, "10000"}},
		"{{ contact.name | default : 'x' }}":                    nil,
	} {
		_, err := Parse(source)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%.60s: %v", source, err)
			continue
		}
		if diff := cmp.Diff(want, e.Problems); want != nil && diff != "" {
			t.Errorf("%.60s: %s", source, diff)
		}
	}
}

func TestUsedVariablesAreListedOnce(t *testing.T) {
	template, err := Parse(`{{ contact.name }} {{ contact.attributes["city"] }} {{ account.name }} {{ contact.attributes.city }}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"account.name", "contact.attributes.city", "contact.name"}, template.Variables()); diff != "" {
		t.Error(diff)
	}
	if template, err = Parse("the same for everybody"); err != nil || len(template.Variables()) != 0 || template.filled != nil {
		t.Errorf("%+v %v", template, err)
	}
	if len(VariableNames()) != 8 {
		t.Error(VariableNames())
	}
}

func TestValuesCannotBlowATextUp(t *testing.T) {
	template, err := Parse("{{ contact.name | upcase }}{{ contact.name | truncate: 10 }}")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{strings.Repeat("a", 1<<20), strings.Repeat("é", 10_001), strings.Repeat("a", 19_995)} {
		if _, err := template.Render(Vars{Contact: liadesk.Contact{Name: name}}); !errors.Is(err, ErrRenderedTooLong) {
			t.Errorf("%d bytes: %v", len(name), err)
		}
	}
	if got := render(t, "{{ contact.name | truncate: 5 }}", Vars{Contact: liadesk.Contact{Name: strings.Repeat("你", 1<<20)}}); got != "你你..." {
		t.Error(got)
	}
}

func TestOneTemplateIsRenderedByManyAtOnce(t *testing.T) {
	template, err := Parse(`{{ contact.first_name | default: "friend" | capitalize }} {{ contact.attributes.n }}`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			n := strings.Repeat("x", i+1)
			for range 200 {
				got, err := template.Render(Vars{Contact: liadesk.Contact{Name: n, Attributes: map[string]string{"n": n}}})
				if want := "X" + n[1:] + " " + n; err != nil || got != want {
					t.Errorf("%q %v, want %q", got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// FuzzTemplate: whatever is typed and whatever contacts hold, nothing breaks,
// and a value passes through untouched.
func FuzzTemplate(f *testing.F) {
	for _, source := range []string{
		"{{ contact.name | default: 'x' | truncate: 5, '…' }}", "{{contact.attributes['a']|date:\"%-d %b\"}}", "{%- if x -%}", "{{ a.b[1..2] }}",
		"{{-contact.name-}}", "{{ contact.name | truncate: -1 }}", "{{'}}'}}", "{{ contact.name; }}", "{% raw %}{{ x }}{% endraw %}",
	} {
		f.Add(source, "Ana {{ x }}")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		template, err := Parse(source)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatal(err)
			}
			return
		}
		v := Vars{AccountName: value, Contact: liadesk.Contact{Name: value, Attributes: map[string]string{"a": value}}}
		text, err := template.Render(v)
		if err != nil && !errors.Is(err, ErrRenderedTooLong) {
			t.Fatal(err)
		}
		if !utf8.ValidString(text) {
			t.Fatalf("%q", text)
		}
		plain, err := Parse("{{ account.name }}")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := plain.Render(v); err == nil && got != strings.ToValidUTF8(value, "\uFFFD") {
			t.Fatalf("%q became %q", value, got)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	template, err := Parse(`Hi {{ contact.first_name | default: "there" | capitalize }}, your table at {{ account.name }} is ready.`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := template.Render(ana); err != nil {
			b.Fatal(err)
		}
	}
}

// Contacts have "first_order" of a column "First order"; whoever writes a text
// knows the column.
func TestAFieldMayBeWrittenAsItsOwnerCallsIt(t *testing.T) {
	v := Vars{Contact: liadesk.Contact{Attributes: map[string]string{"first_order": "tulips", "firstorder": "roses"}}}
	for source, want := range map[string]string{
		`{{ contact.attributes["First order"] }}`: "tulips", `{{ contact.attributes.first-order }}`: "tulips",
		`{{ contact.attributes.First.order }}`: "tulips", `{{ contact.attributes.firstOrder }}`: "roses", `{{ contact.attributes.first_order }}`: "tulips",
	} {
		tpl, err := Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tpl.Render(v); err != nil || got != want || len(tpl.Gaps(v)) != 0 {
			t.Errorf("%s: %q, %v, gaps %v", source, got, err, tpl.Gaps(v))
		}
	}
}

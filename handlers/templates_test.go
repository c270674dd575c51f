package handlers

import (
	"bytes"
	"html/template"
	"strings"
	"testing"
	"time"
)

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Ana Souza": "AS", "ana": "A", "Ana Maria de Souza": "AS", "": "", "+1 415 555 0123": "", "Émile Zola": "ÉZ", "O'Brien": "O", "李 小龙": "李小", "  ": "",
	} {
		if got := initials(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestOnlyHarmlessAttributesAreHandedOn(t *testing.T) {
	got, err := attrs("hx-post", `/x?a="b"&c`, "maxlength", 80, "disabled", false, "autofocus", true, "data-x", nil)
	if want := template.HTMLAttr(` hx-post="/x?a=&#34;b&#34;&amp;c" maxlength="80" autofocus`); err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
	for _, name := range []string{"onclick", "style", "href", "src", "hx-on:click", "hx-on--load", "x y", "srcdoc", "formaction"} {
		if _, err := attrs(name, "x"); err == nil {
			t.Errorf("%s is handed on", name)
		}
	}
}

func TestQueryLeavesOutWhatIsEmpty(t *testing.T) {
	for want, pairs := range map[string][]any{"/x": {"q", "", "n", nil}, "/x?q=a+b%26c": {"q", "a b&c", "after", ""}} {
		if got, err := query("/x", pairs...); err != nil || got != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

func TestHowLongAgo(t *testing.T) {
	s := mustNew(t, testDeps(t))
	l := s.texts.For("en")
	now := s.Clock.Now()
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 20 * time.Second: "just now", 3 * time.Minute: "3 min ago", 5 * time.Hour: "5 h ago",
		30 * time.Hour: "yesterday", 80 * time.Hour: "3 days ago", 30 * 24 * time.Hour: "Oct 24, 2026",
	} {
		if got := ago(l, now, now.Add(-d), time.UTC); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

// render writes one part with a dictionary.
func render(t *testing.T, s *Server, part string, data map[string]any) string {
	t.Helper()
	of, err := s.engine.of("en")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := of.Render(&b, "parts/"+part, data); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "ZgotmplZ") {
		t.Errorf("%s writes something html/template had to blank out: %s", part, b.String())
	}
	return b.String()
}

func TestAFieldTiesItsHintAndItsErrorToItsControl(t *testing.T) {
	s := mustNew(t, testDeps(t))
	page := Page{Errors: Problems{{"trigger.url", `Not <an> address.`}}}
	options := []Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B", Hint: "b it is", Icon: "bot"}}
	for part, more := range map[string]map[string]any{
		"input": {"Type": "url"}, "textarea": {}, "select": {"Options": options}, "checkbox": {"Checked": true}, "switch": {"Checked": true}, "radios": {"Options": options},
	} {
		data := map[string]any{"Page": page, "Name": "trigger.url", "Label": "Address", "Hint": "A page of yours.", "Value": "b"}
		for k, v := range more {
			data[k] = v
		}
		got := render(t, s, part, data)
		for _, want := range []string{`aria-invalid="true"`, `aria-describedby="f-trigger.url-hint f-trigger.url-error"`,
			`id="f-trigger.url-hint"`, `id="f-trigger.url-error"`, "Not &lt;an&gt; address.", `name="trigger.url"`, "Address"} {
			if strings.Count(got, want) != 1 && want != `name="trigger.url"` {
				t.Errorf("%s has %q %d times: %s", part, want, strings.Count(got, want), got)
			}
		}
		data["Page"] = Page{}
		delete(data, "Hint")
		if got := render(t, s, part, data); strings.Contains(got, "aria-invalid") || strings.Contains(got, "aria-describedby") {
			t.Errorf("%s without hint and error still points at them: %s", part, got)
		}
	}
	if got := render(t, s, "select", map[string]any{"Page": page, "Name": "x", "Label": "X", "Options": options, "Value": "b"}); !strings.Contains(got, `<option value="b" selected>`) {
		t.Errorf("the choice is lost: %s", got)
	}
	if got := render(t, s, "radios", map[string]any{"Page": page, "Name": "x", "Label": "X", "Options": options, "Value": "b"}); !strings.Contains(got, `value="b" checked>`) {
		t.Errorf("the choice is lost: %s", got)
	}
}

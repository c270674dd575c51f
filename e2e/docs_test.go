package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// example is a request of docs/api.md with the answer that it promises.
type example struct {
	method, path, contentType, body string
	status                          int
	answer                          string
}

// examples reads the blocks marked http.
func examples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	for _, m := range regexp.MustCompile("(?s)```http\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		request, answer, found := strings.Cut(m[1], "\n\n")
		if !found {
			t.Fatalf("an example has no answer:\n%s", m[1])
		}
		line, body, _ := strings.Cut(request, "\n")
		e := example{contentType: "application/json"}
		if _, err := fmt.Sscanf(line, "%s %s", &e.method, &e.path); err != nil {
			t.Fatalf("%q is no request: %v", line, err)
		}
		if header, rest, ok := strings.Cut(body, "\n"); ok && strings.HasPrefix(header, "Content-Type: ") {
			e.contentType, body = strings.TrimPrefix(header, "Content-Type: "), rest
		}
		e.body = strings.TrimSpace(body)
		status, answer, _ := strings.Cut(answer, "\n")
		if e.status, err = strconv.Atoi(status); err != nil {
			t.Fatalf("%q is no status: %v", status, err)
		}
		e.answer = strings.TrimSpace(answer)
		list = append(list, e)
	}
	return list
}

// single matches {word} and leaves {{variables of a text}} alone.
var single = regexp.MustCompile(`^\{([a-z]+)\}$`)

// values are what the words in braces stand for.
type values map[string]string

func (v values) into(text string) string {
	for word, value := range v {
		text = regexp.MustCompile(`(^|[^{])\{`+word+`\}`).ReplaceAllString(text, "${1}"+value)
	}
	return text
}

// fits holds an answer against the promised one: every member is there with
// the same value; words in braces are learned where they are new.
func (v values) fits(promised, got any) string {
	switch p := promised.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%v is no object", got)
		}
		for name, value := range p {
			member, there := g[name]
			if !there {
				return "there is no " + name
			}
			if wrong := v.fits(value, member); wrong != "" {
				return name + ": " + wrong
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(p) {
			return fmt.Sprintf("%v is no list of %d", got, len(p))
		}
		for i := range p {
			if wrong := v.fits(p[i], g[i]); wrong != "" {
				return fmt.Sprintf("[%d] %s", i, wrong)
			}
		}
	case string:
		m := single.FindStringSubmatch(p)
		text, isText := got.(string)
		switch {
		case m == nil:
			if p != text {
				return fmt.Sprintf("%v is not %q", got, p)
			}
		case !isText || text == "":
			return fmt.Sprintf("%v is no text", got)
		case loose[m[1]]:
		case v[m[1]] == "":
			v[m[1]] = text
		case v[m[1]] != text:
			return fmt.Sprintf("%q is not the %s of before", text, m[1])
		}
	default:
		if !reflect.DeepEqual(promised, got) {
			return fmt.Sprintf("%v is not %v", got, promised)
		}
	}
	return ""
}

// loose are words that stand for something else each time.
var loose = map[string]bool{"url": true, "why": true, "code": true, "cursor": true, "html": true}

// A description that is run cannot be wrong for long.
func TestEveryExampleOfTheAPIDescriptionIsTrue(t *testing.T) {
	app := install(t, "CAMPAIGNS_SANDBOX=on")
	account := app.setup("Northwind Bikes", "ana@northwind.example")
	app.start("serve")
	api := app.client(account.Token)
	known := values{"soon": soon()}
	list := examples(t)
	if len(list) < 25 {
		t.Errorf("only %d examples were found", len(list))
	}
	for _, e := range list {
		path := strings.TrimPrefix(known.into(e.path), "/api/v1")
		if strings.HasSuffix(e.path, "/schedule") {
			known["soon"] = soon()
		}
		wrong := ""
		ask := func() bool {
			status, _, raw, err := api.try(e.method, path, e.contentType, []byte(known.into(e.body)))
			if err != nil {
				t.Fatal(err)
			}
			wrong = ""
			if status != e.status {
				wrong = fmt.Sprintf("status %d", status)
			} else if e.answer != "" {
				var promised, got any
				if err := json.Unmarshal([]byte(known.into(e.answer)), &promised); err != nil {
					t.Fatalf("the answer of %s %s is no JSON: %v", e.method, e.path, err)
				}
				if err := json.Unmarshal([]byte(raw), &got); err != nil {
					t.Fatalf("%s %s answered %s", e.method, e.path, raw)
				}
				wrong = known.fits(promised, got)
			}
			if wrong != "" {
				wrong += "; answered " + raw
			}
			return wrong == ""
		}
		if e.method == http.MethodGet { // what it reads may be on its way
			func() {
				defer func() {
					if wrong != "" {
						t.Logf("%s %s: %s", e.method, e.path, wrong)
					}
				}()
				await(t, e.method+" "+e.path+" to be as described", ask)
			}()
		} else if !ask() {
			t.Fatalf("%s %s: %s", e.method, e.path, wrong)
		}
	}
}

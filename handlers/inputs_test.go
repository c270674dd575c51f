package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a program sends, it gets an answer that says which field is wrong
// and why, and never a failure of ours.

// write is a call that changes something, with a body that is taken.
type write struct{ method, path, body string }

var writes = []write{
	{"POST", "/inboxes", `{"kind":"website","name":"Shop","domains":["shop.example"],"business_hours":{"time_zone":"Europe/Stockholm","week":{"mon":["09:00-18:00"]},"holidays":[{"date":"2026-12-24","name":"Eve"}]}}`},
	{"POST", "/inboxes", `{"kind":"sms","name":"Texts","number":"+46701740701","auth_id":"MAQUOKKAXXXXXXXXXXXX","auth_token":"a-carrier-token","messages_per_second":2.5}`},
	{"PATCH", "/inboxes/{website}", `{"name":"Shop","domains":["shop.example"],"version":0}`},
	{"PATCH", "/inboxes/{texts}", `{"name":"Texts","number":"+46701740702","auth_id":"MAQUOKKAXXXXXXXXXXXX","auth_token":"a-carrier-token","messages_per_second":1,"version":0}`},
	{"POST", "/contacts", `{"name":"Ana","phone":"{free number}","email":"ana@people.example","tags":["vip"],"attributes":{"size":"M"},"time_zone":"Europe/Stockholm","language":"sv","country":"SE","sms_consent":{"granted":true,"source":"form","at":"2026-11-01T10:00:00Z","text":"I agree"}}`},
	{"PATCH", "/contacts/{contact}", `{"name":"Ana","email":"ana@people.example","tags":["vip"],"attributes":{"size":"M"},"time_zone":"Europe/Stockholm","language":"sv","country":"SE","sms_consent":{"granted":true,"source":"form","at":"2026-11-01T10:00:00Z","text":"I agree"},"version":0}`},
	{"POST", "/live-chat-campaigns", `{"title":"Hi","message":"<p>Hello</p>","inbox_id":"{website}","sender":{"kind":"agent","user_id":"{user}"},"trigger":{"url":"https://zanzibar.example/*","time_on_page":10},"enabled":false,"business_hours_only":false}`},
	{"PATCH", "/live-chat-campaigns/{chat}", `{"title":"Hi","message":"<p>Hello</p>","inbox_id":"{website}","sender":{"kind":"agent","user_id":"{user}"},"trigger":{"url":"https://zanzibar.example/*","time_on_page":10},"enabled":false,"business_hours_only":false,"version":0}`},
	{"POST", "/sms-campaigns", `{"title":"Sale","message":"Hi {{ contact.first_name }}","inbox_id":"{texts}","purpose":"marketing","audience":{"rule":{"all":[{"tag":"vip"},{"any":[{"not":{"tag":"x"}}]}]}},"scheduled_at":"2026-12-01T10:00:00Z","expires_at":"2026-12-02T10:00:00Z"}`},
	{"POST", "/sms-campaigns", `{"title":"Sale","message":"Hi","inbox_id":"{texts}","audience":{"rule":{"tag":"vip"}},"schedule":{"local":"2026-12-01T10:00","time_zone":"Europe/Madrid"}}`},
	{"PATCH", "/sms-campaigns/{sms}", `{"title":"Sale","message":"Hi","inbox_id":"{texts}","purpose":"marketing","audience":{"rule":{"tag":"vip"}},"version":1}`},
	{"POST", "/sms-campaigns/{sms}/schedule", `{"scheduled_at":"2026-12-01T10:00:00Z","expires_at":"2026-12-02T10:00:00Z","version":1}`},
	{"PATCH", "/settings", `{"name":"Acme","region":"SE","time_zone":"Europe/Stockholm","locale":"en","footer":"Reply STOP","keywords":{"opt_out":["chega"],"opt_in":["volta"]},"replies":{"opt_out":"Bye","opt_in":"Hi","help":"Help"},"limits":{"max_segments":3},"version":0}`},
	{"POST", "/users", `{"name":"Bea","email":"{free e-mail}","role":"agent","inbox_ids":["{website}"]}`},
	{"PATCH", "/users/{user}", `{"name":"Bea","email":"bea@x.example","role":"agent","inbox_ids":["{website}"],"version":0}`},
	{"POST", "/tokens", `{"name":"Till"}`},
	{"POST", "/tags", `{"name":"fair"}`},
	{"PATCH", "/tags/{tag}", `{"name":"fair"}`},
	{"POST", "/opt-outs", `{"number":"+46701740799","text":"by phone"}`},
	{"POST", "/audience/count", `{"rule":{"all":[{"tag":"vip"},{"any":[{"not":{"tag":"x"}}]}]},"purpose":"marketing"}`},
	{"POST", "/audience/count", `{"rule":{"any":[{"field":"country","op":"in","value":["BR"]},{"field":"has_email","op":"eq","value":true},{"field":"attributes.city","op":"contains","value":"x"}]}}`},
	{"POST", "/sms/measure", `{"message":"Hi"}`},
	{"POST", "/conversations/{talk}/messages", `{"text":"Hi","client_id":"0123456789abcdef"}`},
}

// inputDesk is a company and its token, for many requests.
type inputDesk struct {
	*company
	asks int
}

func newInputDesk(t *testing.T) *inputDesk {
	return &inputDesk{company: newWorld(t).found("Zanzibar", "+46701740600")}
}

// fresh fills a text with records, and with what nobody has yet.
func (d *inputDesk) fresh(text string) string {
	d.asks++
	text = strings.NewReplacer("{free number}", fmt.Sprintf("+1212555%04d", 100+d.asks%100), "{free e-mail}", fmt.Sprintf("free%d@x.example", d.asks)).Replace(text)
	return d.fill(text, inJSON)
}

func (d *inputDesk) write(w write, body string) answer {
	d.t.Helper()
	path := strings.ReplaceAll(d.fill(w.path, inAddress), " ", "%20")
	return somebody{w: d.world, token: d.token}.ask(w.method, "/api/v1"+path, body)
}

// sentence is what people are told: it begins with a capital or a figure, ends,
// and has no gap.
var sentence = regexp.MustCompile(`^[\p{Lu}\d“"{].* .*[.?!]$`)

func readable(text, code string) bool {
	return sentence.MatchString(text) && text != code && !strings.Contains(text, "<no value>") && !strings.Contains(text, "error.") &&
		text != "Please check this." && !strings.HasPrefix(text, "That did not work.")
}

// judge looks at a refusal: its form, and that each field has a sentence.
func (d *inputDesk) judge(name string, a answer) (fields []string) {
	d.t.Helper()
	if a.StatusCode < 400 {
		if strings.Contains(a.body, `\u0000`) || !utf8.ValidString(a.body) {
			d.t.Errorf("%s: stored what is no text: %.300q", name, a.body)
		}
		return nil
	}
	var p struct {
		Type, Title, Code, Detail string
		Status                    int
		Errors                    []fieldProblem
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.Header.Get("Content-Type") != "application/problem+json" {
		d.t.Errorf("%s: %d is no problem document: %v %.300q", name, a.StatusCode, err, a.body)
		return nil
	}
	if a.StatusCode >= 500 || p.Status != a.StatusCode || p.Code == "" || p.Title == "" || !readable(p.Detail, p.Code) {
		d.t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
	}
	if p.Code == "invalid" && len(p.Errors) == 0 {
		d.t.Errorf("%s: does not say which field: %s", name, a.body)
	}
	for _, e := range p.Errors {
		fields = append(fields, e.Field)
		if e.Field == "" || e.Code == "" || !readable(e.Message, e.Code) {
			d.t.Errorf("%s: no sentence for %+v", name, e)
		}
	}
	return fields
}

// leaf is a place in a JSON body.
type leaf struct {
	path  string // "sender.user_id"; elements of lists bear their list's name
	value any
	set   func(any)
}

// leaves are all places in a body, inner ones too.
func leaves(path string, v any, set func(any)) []leaf {
	var list []leaf
	if path != "" {
		list = append(list, leaf{path, v, set})
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			list = append(list, leaves(strings.TrimPrefix(path+"."+name, "."), v[name], func(x any) { v[name] = x })...)
		}
	case []any:
		for i := range v {
			list = append(list, leaves(path, v[i], func(x any) { v[i] = x })...)
		}
	}
	return list
}

// raw is JSON, or what claims to be, written as it is.
type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(`"` + placeholder(r) + `"`), nil }

func placeholder(r raw) string { return fmt.Sprintf("@@%x@@", string(r)) }

// spoiled is the body with one leaf replaced.
func (d *inputDesk) spoiled(body string, n int, value any) (string, leaf) {
	d.t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		d.t.Fatalf("%v: %s", err, body)
	}
	l := leaves("", doc, nil)[n]
	l.set(value)
	out, err := json.Marshal(doc)
	if err != nil {
		d.t.Fatal(err)
	}
	text := string(out)
	if r, ok := value.(raw); ok {
		text = strings.ReplaceAll(text, `"`+placeholder(r)+`"`, string(r))
	}
	return text, l
}

// wrongTypes are values of every type but the one that stands there.
func wrongTypes(v any) []any {
	all := map[string]any{"text": "nonsense", "number": 7.0, "bool": true, "list": []any{7.0}, "object": map[string]any{"x": 1.0}}
	switch v.(type) {
	case string:
		delete(all, "text")
	case float64:
		delete(all, "number")
	case bool:
		delete(all, "bool")
	case []any:
		delete(all, "list")
	case map[string]any:
		delete(all, "object")
	}
	return slices.Collect(maps.Values(all))
}

var place = regexp.MustCompile(`\.\d+`)

func TestAWrongTypeIsRefusedByItsField(t *testing.T) {
	d := newInputDesk(t)
	for _, w := range writes {
		body := d.fresh(w.body)
		var doc any
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for n, l := range leaves("", doc, nil) {
			for _, wrong := range wrongTypes(l.value) {
				if _, many := wrong.([]any); strings.HasPrefix(l.path, "attributes.") && !many && reflect.TypeOf(wrong).Kind() != reflect.Map {
					continue // numbers, yes and no are values too
				}
				text, _ := d.spoiled(d.fresh(w.body), n, wrong)
				name := fmt.Sprintf("%s %s with %s %v", w.method, w.path, l.path, wrong)
				a := d.write(w, text)
				fields := d.judge(name, a)
				for i := range fields {
					fields[i] = place.ReplaceAllString(fields[i], "") // leaves name no places in lists
				}
				if a.StatusCode != http.StatusUnprocessableEntity || len(fields) != 1 || !strings.HasPrefix(fields[0]+".", l.path+".") && !strings.HasPrefix(l.path+".", fields[0]+".") {
					t.Errorf("%s: %d of %q: %s", name, a.StatusCode, fields, a.body)
				}
			}
		}
	}
}

func TestWhatNoFieldCanHoldIsRefusedOrMadeGood(t *testing.T) {
	d := newInputDesk(t)
	d.ref("talk")
	long := strings.Repeat("long ", 5_000)
	for _, w := range writes {
		body := d.fresh(w.body)
		var doc any
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for n, l := range leaves("", doc, nil) {
			var values []any
			refuse := map[any]bool{}
			switch l.value.(type) {
			case string:
				values = []any{"", " ", "\x00", "a\x00b", "nonsense", "\u202e🇸🇪", raw("\"\xff\xfe\""), raw(`"\ud800"`), "0196aaaa-0000-7000-8000-00000000ffff",
					"9999-99-99T99:99:99Z", "+999999999999999999", "{{", "{% for %}", "<script>alert(1)</script>", "=1+1", "../../etc", "https://*", long}
				if strings.Contains(l.path, "replies") {
					values = values[len(values)-3:] // texts as the footer is
				}
				refuse[long] = l.path != "message" || w.path != "/sms/measure"
			case float64:
				values = []any{-1.0, 0.0, 1.5, 1e300, raw("1e999"), raw("99999999999999999999"), raw("-0"), raw("1E+2")}
				for _, bad := range []any{-1.0, 1e300, raw("1e999"), raw("99999999999999999999")} {
					refuse[bad] = true
				}
			case []any:
				values = []any{[]any{}, []any{nil}, []any{""}, raw("[" + strings.Repeat(`"x",`, 3_000) + `"x"]`), raw("[" + strings.Repeat(`{},`, 3_000) + `{}]`)}
			case map[string]any:
				values = []any{map[string]any{}, map[string]any{"": ""}, map[string]any{"\x00": "x"}, map[string]any{long: long}}
			}
			values = append(values, nil)
			if !strings.Contains(l.path, ".") || strings.HasSuffix(l.path, "rule") {
				values = append(values, raw(strings.Repeat("[", 11_000)+strings.Repeat("]", 11_000)), raw(strings.Repeat(`{"not":`, 2000)+"{}"+strings.Repeat("}", 2000)),
					raw(strings.Repeat(`{"all":[`, 1000)+strings.Repeat("]}", 1000)))
			}
			for _, v := range values {
				text, _ := d.spoiled(d.fresh(w.body), n, v)
				name := fmt.Sprintf("%s %s with %s %.60q", w.method, w.path, l.path, fmt.Sprint(v))
				a := d.write(w, text)
				d.judge(name, a)
				hashable := false
				switch v.(type) {
				case string, float64, raw:
					hashable = true
				}
				if hashable && refuse[v] && a.StatusCode < 400 {
					t.Errorf("%s was taken: %.300s", name, a.body)
				}
			}
		}
	}
}

func TestABodyThatIsNoneIsRefused(t *testing.T) {
	d := newInputDesk(t)
	for _, w := range writes {
		for _, body := range []string{"", " ", "{", "}", "null", "7", `"x"`, "[]", "{}{}", `{} x`, "\xff\xfe{\x00}\x00", "\x00", `{"name"}`, `{name:1}`, `{'name':'x'}`, "<xml/>", "name=x&kind=y",
			strings.Repeat("[", 50_000), strings.Repeat(`{"a":`, 15_000), `{"x":` + strings.Repeat("9", 50_000) + "}"} {
			name := fmt.Sprintf("%s %s with the body %.40q", w.method, w.path, body)
			a := d.write(w, body)
			d.judge(name, a)
			if a.StatusCode < 400 && !(w.method == "PATCH" && (body == "null" || strings.HasPrefix(body, `{"x":`)) || strings.HasPrefix(body, `{"x":`)) && !strings.HasPrefix(w.path, "/sms/measure") {
				t.Errorf("%s: %d %.200s", name, a.StatusCode, a.body)
			}
		}
		a := d.write(w, `{"name":"`+strings.Repeat("x", defaultBody)+`"}`)
		if a.StatusCode != http.StatusRequestEntityTooLarge || a.problem(t)["code"] != "too_large" {
			t.Errorf("%s %s with too much: %d", w.method, w.path, a.StatusCode)
		}
		// A name that stands there twice has two values: which one is meant?
		body := d.fresh(w.body)
		first := strings.Split(body, `"`)[1]
		a = d.write(w, strings.Replace(body, "{", `{"`+first+`":null,`, 1))
		if fields := d.judge(w.path+" twice", a); a.StatusCode != http.StatusUnprocessableEntity || !slices.Equal(fields, []string{first}) {
			t.Errorf("%s %s with %s twice: %d %s", w.method, w.path, first, a.StatusCode, a.body)
		}
	}
}

func TestAnOddityIsNamedByItsPath(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1,"b":{"a":1,"A":2},"c":[{"a":1},{"a":2}]}`: " ",
		`{"a":{"b":[1,{"c":1,"c":2}]}}`:                   "a.b.c given_twice",
		`{"a":1,"b":2,"a":3}`:                             "a given_twice",
		`{"a":["x","y\u0000"]}`:                           "a not_text",
		`{"a\u0000":1}`:                                   "a\uFFFD not_text",
		`["x",["y"],{}]`:                                  " ",
		`"\u0000"`:                                        " not_text",
		`7`:                                               " ",
	} {
		if field, code := oddity([]byte(text)); field+" "+code != want {
			t.Errorf("%s: %q %q, want %q", text, field, code, want)
		}
	}
}

func TestRecordsThatAreNotThereAreRefused(t *testing.T) {
	d := newInputDesk(t)
	for _, w := range writes {
		for _, id := range []string{"0196aaaa-0000-7000-8000-00000000ffff", "x", "%00", "..%2f..", "%ff", strings.Repeat("9", 2000), "00000000-0000-0000-0000-000000000000"} {
			if !strings.Contains(w.path, "{") {
				continue
			}
			path := reference.ReplaceAllString(w.path, id)
			a := somebody{w: d.world, token: d.token}.ask(w.method, "/api/v1"+path, d.fresh(w.body))
			d.judge(w.method+" "+path, a)
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("%s %.80s: %d %s", w.method, path, a.StatusCode, a.body)
			}
		}
		for _, ref := range reference.FindAllString(w.body, -1) {
			if strings.HasPrefix(ref, "{free") {
				continue
			}
			for _, id := range []string{"0196aaaa-0000-7000-8000-00000000ffff", "x"} {
				a := d.write(w, d.fresh(strings.Replace(w.body, ref, id, 1)))
				name := fmt.Sprintf("%s %s with %s %s", w.method, w.path, ref, id)
				if fields := d.judge(name, a); a.StatusCode != http.StatusUnprocessableEntity || len(fields) != 1 {
					t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
				}
			}
		}
	}
}

func TestQueriesThatMakeNoSenseAreRefused(t *testing.T) {
	d := newInputDesk(t)
	d.seen()
	ana := d.signIn(d.boss.Email)
	ana.token = d.token
	odd := []string{"%00", "-1", "99999999999999999999999", "%ff%fe", strings.Repeat("9", 3000), "0196aaaa-0000-7000-8000-00000000ffff", "x.y", "%7B%22all%22:" + strings.Repeat("%5B", 1000)}
	for path, fields := range map[string]string{
		"/api/v1/inboxes": "limit after", "/api/v1/users": "after", "/api/v1/tokens": "after", "/api/v1/imports": "after", "/api/v1/tags": "after",
		"/api/v1/contacts": "limit after tag q", "/api/v1/contacts/{contact}/consent": "after", "/api/v1/opt-outs": "limit after q",
		"/api/v1/conversations": "limit after status who channel campaign q", "/api/v1/conversations/{talk}": "before",
		"/api/v1/live-chat-campaigns": "limit after", "/api/v1/sms-campaigns": "limit after", "/api/v1/sms-campaigns/{sent}/deliveries": "limit after status", "/api/v1/sms-campaigns/{sent}/deliveries/export": "status",
		"/contacts": "q tag skip rule purpose after", "/contacts/new": "tag phone", "/contacts/opt-outs": "q after", "/contacts/{contact}/timeline": "after",
		"/conversations": "status who channel campaign q", "/conversations/more": "after", "/conversations/{talk}": "before", "/conversations/{talk}/earlier": "before",
		"/campaigns/live-chat": "after", "/campaigns/sms": "after", "/campaigns/sms/{sent}/recipients": "after status", "/campaigns/sms/{sms}/card": "seen",
		"/campaigns/sms/{sms}/review": "sample", "/sandbox": "number", "/sandbox/screen": "number", "/login": "next",
	} {
		path = d.fill(path, inAddress)
		for _, field := range strings.Fields(fields) {
			for _, value := range odd {
				name := fmt.Sprintf("%s?%s=%.20s", path, field, value)
				a := ana.ask(http.MethodGet, path+"?"+field+"="+value, "")
				if strings.HasPrefix(path, "/api/") {
					d.judge(name, a)
				} else if part := ana.ask(http.MethodGet, path+"?"+field+"="+value, "", "HX-Request", "true"); a.StatusCode >= 500 || part.StatusCode >= 500 {
					t.Errorf("%s: %d, %d by htmx", name, a.StatusCode, part.StatusCode)
				}
			}
		}
	}
}

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// client speaks the API with a token.
type client struct {
	t     testing.TB
	url   string
	token string
}

func (i *installation) client(token string) client { return client{i.t, i.url, token} }

// object is a JSON object.
type object map[string]any

func (o object) str(name string) string { s, _ := o[name].(string); return s }

func (o object) num(name string) int { f, _ := o[name].(float64); return int(f) }

func (o object) obj(name string) object { m, _ := o[name].(map[string]any); return m }

func (o object) list(name string) []object {
	items, _ := o[name].([]any)
	var list []object
	for _, i := range items {
		if m, ok := i.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// try sends a request to the API, or as the widget does, and returns what came, or an error when no answer did.
func (c client) try(method, path, contentType string, body []byte) (status int, answer object, raw string, err error) {
	if !strings.HasPrefix(path, "/widget/") {
		path = "/api/v1" + path
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if len(body) > 0 {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, "", err
	}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(data, &answer); err != nil {
			c.t.Errorf("%s %s answered broken JSON: %s", method, path, data)
		}
	}
	return resp.StatusCode, answer, string(data), nil
}

// ask sends JSON and holds the status against the one that is wanted.
func (c client) ask(want int, method, path string, body any) object {
	c.t.Helper()
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
	}
	status, answer, raw, err := c.try(method, path, "application/json", data)
	if err != nil {
		c.t.Fatal(err)
	}
	if status != want {
		c.t.Fatalf("%s %s answered %d, not %d: %s", method, path, status, want, raw)
	}
	return answer
}

func (c client) get(path string) object {
	c.t.Helper()
	return c.ask(http.StatusOK, http.MethodGet, path, nil)
}

func (c client) post(path string, body any) object {
	c.t.Helper()
	return c.ask(http.StatusCreated, http.MethodPost, path, body)
}

// all reads a list to its end.
func (c client) all(path string) []object {
	c.t.Helper()
	var list []object
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	for next := ""; ; {
		address := path + sep + "limit=200"
		if next != "" {
			address += "&after=" + next
		}
		page := c.get(address)
		list = append(list, page.list("items")...)
		if next = page.str("next"); next == "" {
			return list
		}
	}
}

// visitor is a page on a company's site, as the widget speaks for it.
type visitor struct {
	t      *testing.T
	url    string
	origin string
	key    string
	page   string
}

// call sends a request of the widget: text/plain, no credentials.
func (v visitor) call(name string, body object) object {
	v.t.Helper()
	body["inbox"] = v.key
	if name == "visit" || name == "show" || name == "message" {
		body["url"] = v.page
	}
	data, err := json.Marshal(body)
	if err != nil {
		v.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+"/widget/v1/"+name, bytes.NewReader(data))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	r.Header.Set("Origin", v.origin)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer object
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			v.t.Fatalf("%s answered %d %s", name, resp.StatusCode, raw)
		}
	}
	if resp.StatusCode >= 300 {
		v.t.Fatalf("%s answered %d %s", name, resp.StatusCode, raw)
	}
	return answer
}

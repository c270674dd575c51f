package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// dashboard is a person at the pages without scripts: forms and links alone.
type dashboard struct {
	t    testing.TB
	url  string
	http *http.Client
}

// page reads a page and holds it to be one.
func (d dashboard) page(path string) *goquery.Document {
	d.t.Helper()
	resp, err := d.http.Get(d.url + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	doc, err := goquery.NewDocumentFromReader(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		d.t.Fatalf("%s answered %d, %v", path, resp.StatusCode, err)
	}
	return doc
}

// send posts the form at an address that stands on a page, with its hidden
// fields and these.
func (d dashboard) send(page, action string, fields url.Values) {
	d.t.Helper()
	form := d.page(page).Find(`form[action="` + action + `"]`)
	if form.Length() == 0 {
		d.t.Fatalf("there is no form for %s on %s", action, page)
	}
	values := url.Values{}
	form.First().Find("input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		values.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	for name, v := range fields {
		values[name] = v
	}
	resp, err := d.http.PostForm(d.url+action, values)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	doc, err := goquery.NewDocumentFromReader(resp.Body)
	if err != nil || resp.StatusCode >= 400 {
		d.t.Fatalf("%s answered %d: %s, %v", action, resp.StatusCode, strings.TrimSpace(doc.Find("main").Text()), err)
	}
}

// signIn opens the pages for the account's administrator.
func (i *installation) signIn(email string) dashboard {
	i.t.Helper()
	return i.signInWith(email, password)
}

func (i *installation) signInWith(email, password string) dashboard {
	i.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		i.t.Fatal(err)
	}
	d := dashboard{i.t, i.url, &http.Client{Jar: jar}}
	d.send("/login", "/login", url.Values{"email": {email}, "password": {password}})
	return d
}

// release lets the texts go out again that are held after a restore.
func release(t *testing.T, app *installation, a account) {
	t.Helper()
	app.t = t
	app.signIn(a.email).send("/campaigns/sms/release", "/campaigns/sms/release", nil)
}

package handlers

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/liadesk/campaigns/liadesk"
)

func TestHtmxGetsThePartAndEverybodyElseTheWhole(t *testing.T) {
	s := newTest(t, testDeps(t), func(s *Server, app *fiber.App) {
		app.Get("/x", func(c *fiber.Ctx) error {
			return s.respond(c, "errors/page", "errors/body", Page{Title: "A & B", Data: failure{Message: "m"}})
		})
	})
	for _, test := range []struct {
		name    string
		headers []string
		whole   bool
	}{
		{"a browser", nil, true},
		{"htmx", []string{"HX-Request", "true"}, false},
		{"going back", []string{"HX-Request", "true", "HX-History-Restore-Request", "true"}, true},
		{"a boosted link", []string{"HX-Request", "true", "HX-Boosted", "true"}, true},
	} {
		got := ask(t, s, "GET", "/x", "", append(test.headers, "Cookie", "session=ana")...)
		if whole := strings.Contains(got.body, "<html"); whole != test.whole {
			t.Errorf("%s: whole page = %v", test.name, whole)
		}
		if !strings.Contains(got.Header.Get("Vary"), "HX-Request") {
			t.Errorf("%s: Vary = %q", test.name, got.Header.Get("Vary"))
		}
		if got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control = %q", test.name, got.Header.Get("Cache-Control"))
		}
		if !strings.Contains(got.body, "A &amp; B") {
			t.Errorf("%s: the title is missing", test.name)
		}
	}
}

func pageRoute(s *Server, app *fiber.App) {
	app.Get("/x", func(c *fiber.Ctx) error {
		return s.page(c, "errors/page", Page{Title: "X", Nav: "contacts", Data: failure{}})
	})
}

func TestTheFreePlanHearsNothingOfCampaigns(t *testing.T) {
	deps := testDeps(t)
	plan := liadesk.PlanFree
	find := deps.Viewer
	deps.Viewer = fakeViewer(find, func(v *Viewer) { v.Account.Plan = plan })
	s := newTest(t, deps, pageRoute)
	if got := ask(t, s, "GET", "/x", "", "Cookie", "session=ana"); strings.Contains(strings.ToLower(got.body), "campaign") {
		t.Error("a free account's page mentions campaigns")
	}
	plan = liadesk.PlanEssentials
	if got := ask(t, s, "GET", "/x", "", "Cookie", "session=ana"); !strings.Contains(got.body, `href="/campaigns/sms"`) {
		t.Error("a paying account's menu lacks campaigns")
	}
}

func TestAPageSaysWhereOneIs(t *testing.T) {
	got := ask(t, newTest(t, testDeps(t), pageRoute), "GET", "/x", "", "Cookie", "session=ana")
	if strings.Count(got.body, `aria-current="page"`) != 1 || !strings.Contains(got.body, `href="/contacts" aria-current="page"`) {
		t.Error("the menu does not mark this page alone")
	}
	for _, part := range []string{`lang="en"`, "Ana Souza", "Northwind Bikes", `<a class="skip" href="#main">`} {
		if !strings.Contains(got.body, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
}

func TestTheThemeIsInTheFirstByteOfThePage(t *testing.T) {
	s := newTest(t, testDeps(t), pageRoute)
	for cookie, want := range map[string]string{"dark": ` data-theme="dark"`, "light": ` data-theme="light"`, "auto": "", `"><x`: ""} {
		got := ask(t, s, "GET", "/x", "", "Cookie", "session=ana; theme="+cookie)
		_, rest, _ := strings.Cut(got.body, `<html lang="en"`)
		if tag, _, _ := strings.Cut(rest, ">"); tag != want {
			t.Errorf("%s: %q", cookie, tag)
		}
	}
}

func TestTheThemeCanBeChosenWithoutScripts(t *testing.T) {
	s, err := New(testDeps(t))
	if err != nil {
		t.Fatal(err)
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Referer", "http://desk.example.com/contacts?q=1"}
	got := ask(t, s, "POST", "/theme", "theme=dark", form...)
	if got.StatusCode != 303 || got.Header.Get("Location") != "/contacts?q=1" || !strings.Contains(got.Header.Get("Set-Cookie"), "theme=dark") {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	form[3] = "https://evil.example/x"
	if got := ask(t, s, "POST", "/theme", "theme=dark", form...); got.Header.Get("Location") != "/" {
		t.Errorf("another site's page leads to %s", got.Header.Get("Location"))
	}
	if got := ask(t, s, "POST", "/theme", "theme=%0d%0aX", form...); got.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %d", got.StatusCode)
	}
}

func TestPagesOfManyAtOnceKeepApart(t *testing.T) {
	// Two languages, whole pages beside fragments and errors, all at once: each
	// reader gets their own.
	address := "http://" + listen(t, newTest(t, testDeps(t), pageRoute))
	fetch := func(path string, headers ...string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		return resp.StatusCode, string(data)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			lang := []string{"en", "pt-BR"}[i%2]
			for range 20 {
				if _, body := fetch("/x", "Accept-Language", lang); !strings.Contains(body, `<html lang="`+lang+`"`) {
					t.Errorf("%s: not in this language", lang)
				}
				if status, _ := fetch("/none", "HX-Request", "true"); status != 404 {
					t.Errorf("fragment: %d", status)
				}
			}
		})
	}
	wg.Wait()
}

func TestTheFormComesBackWithWhatIsWrong(t *testing.T) {
	var v liadesk.Invalid
	v.Add("title", "required")
	s := newTest(t, testDeps(t), func(s *Server, app *fiber.App) {
		app.Post("/bad", func(c *fiber.Ctx) error {
			return s.invalid(c, v.Err(), "errors/page", "parts/problems", Page{Title: "T"})
		})
		app.Post("/gone", func(c *fiber.Ctx) error {
			return s.invalid(c, liadesk.ErrNotFound, "errors/page", "parts/problems", Page{Title: "T"})
		})
	})
	got := ask(t, s, "POST", "/bad", "", "HX-Request", "true")
	if got.StatusCode != 422 || !strings.Contains(got.body, `<a href="#f-title">Please fill this in.</a>`) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if got := ask(t, s, "POST", "/gone", ""); got.StatusCode != 404 {
		t.Errorf("another error: %d", got.StatusCode)
	}
}

func TestAToastSurvivesTheRedirectAndIsSaidOnce(t *testing.T) {
	const text = "“Sommer” ist an 🎉"
	s := newTest(t, testDeps(t), func(s *Server, app *fiber.App) {
		pageRoute(s, app)
		app.Post("/save", func(c *fiber.Ctx) error {
			s.toast(c, ToneSuccess, text)
			return s.redirect(c, "/x")
		})
		app.Post("/row", func(c *fiber.Ctx) error {
			s.toast(c, ToneSuccess, text)
			return s.nothing(c, "/x")
		})
	})
	saved := ask(t, s, "POST", "/save", "")
	cookie, _, _ := strings.Cut(saved.Header.Get("Set-Cookie"), ";")
	if saved.StatusCode != 303 || !strings.HasPrefix(cookie, "toast=") {
		t.Fatalf("%d %v", saved.StatusCode, saved.Header)
	}
	next := ask(t, s, "GET", "/x", "", "Cookie", cookie)
	if !strings.Contains(next.body, text) {
		t.Error("the next page does not say it")
	}
	if !strings.Contains(next.Header.Get("Set-Cookie"), "toast=;") {
		t.Errorf("it is not forgotten: %s", next.Header.Get("Set-Cookie"))
	}
	forged := ask(t, s, "GET", "/x", "", "Cookie", cookie+"x")
	if strings.Contains(forged.body, text) {
		t.Error("a toast that we did not sign is shown")
	}
	row := ask(t, s, "POST", "/row", "", "HX-Request", "true")
	if row.StatusCode != 200 || row.body != "" || row.Header.Get("Set-Cookie") != "" ||
		!strings.Contains(row.Header.Get("X-Toast"), `\u201cSommer\u201d ist an \ud83c\udf89`) {
		t.Errorf("%d %q %v", row.StatusCode, row.body, row.Header)
	}
}

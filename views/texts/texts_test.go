package texts

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func catalogue(t *testing.T, files map[string]string) *Catalogue {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c, err := Read(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBuiltInCatalogueIsReadable(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if !c.Has("common.save") || c.Has("common.nonsense") {
		t.Error("Has does not know the ids")
	}
}

func TestSentencesTakeValuesAndPlurals(t *testing.T) {
	l := catalogue(t, map[string]string{
		"en.a.toml": "[a]\nhello = \"Hello {{.Name}}\"\n[a.count]\none = \"{{.Count}} contact of {{.Total}}\"\nother = \"{{.Count}} contacts of {{.Total}}\"\n",
		"en.b.toml": "[a]\nlimit = \"At most {{.Max}}, not {{.Count}}\"\n",
	}).For("en")
	for _, test := range []struct{ got, want string }{
		{l.T("a.hello", "Name", "Ana"), "Hello Ana"},
		{l.T("a.count", "Count", 1, "Total", 20), "1 contact of 20"},
		{l.T("a.count", "Count", 0, "Total", int64(12500)), "0 contacts of 12,500"},
		{l.T("a.count", "Count", uint32(1200), "Total", 12500), "1,200 contacts of 12,500"},
		{l.T("a.unknown"), "a.unknown"},
		{l.T("a.limit", "max", 10, "Count", 1), "At most 10, not 1"},
		{l.T("a.limit", "max", 10, "Max", 20, "Count", 11), "At most 20, not 11"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestEnglishStandsInForWhatALanguageLacks(t *testing.T) {
	l := catalogue(t, map[string]string{
		"en.a.toml": "[a]\nsave = \"Save\"\ndelete = \"Delete\"\n",
		"es.a.toml": "[a]\nsave = \"Guardar\"\n",
	}).For("es-MX")
	if got := l.T("a.save"); got != "Guardar" {
		t.Errorf("got %q", got)
	}
	if got := l.T("a.delete"); got != "Delete" {
		t.Errorf("got %q", got)
	}
}

func TestASentenceGivenTwiceIsRefused(t *testing.T) {
	_, err := Read(fstest.MapFS{
		"en.a.toml": {Data: []byte("[a]\nb = \"x\"\n")},
		"en.b.toml": {Data: []byte("[a]\nb = \"y\"\n")},
	})
	if err == nil || !strings.Contains(err.Error(), `"a.b" is also in en.a.toml`) {
		t.Errorf("err = %v", err)
	}
}

func TestRichSentencesEscapeTheirValues(t *testing.T) {
	l := catalogue(t, map[string]string{"en.a.toml": "[a]\nb = \"<strong>{{.Name}}</strong>\"\n"}).For("en")
	if got := string(l.Rich("a.b", "Name", `<img src=x>`)); got != "<strong>&lt;img src=x&gt;</strong>" {
		t.Errorf("got %q", got)
	}
}

func TestAnErrorIsNeverABareCode(t *testing.T) {
	l := catalogue(t, map[string]string{"en.e.toml": "[error]\nunknown = \"Failed.\"\nfield = \"Check this.\"\nrequired = \"Fill this in.\"\n[error.title]\nrequired = \"A campaign needs a title.\"\n"}).For("en")
	for _, test := range []struct{ field, code, want string }{
		{"title", "required", "A campaign needs a title."},
		{"name", "required", "Fill this in."},
		{"name", "weird_code", "Check this."},
		{"", "weird_code", "Failed."},
	} {
		if got := l.Error(test.field, test.code, nil); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.field, test.code, got, test.want)
		}
	}
}

func TestNearestLocale(t *testing.T) {
	for wish, want := range map[string]string{
		"en": "en", "en-GB": "en-GB", "en-US": "en", "pt": "pt-BR", "pt-BR,en;q=0.5": "pt-BR", "pt-PT": "pt-PT", "es-AR": "es",
		"": "en", "zh": "en", "(;": "en", "de-AT": "de", "fr;q=0.9, en;q=0.8": "fr",
	} {
		if got := NearestLocale(wish); got != want {
			t.Errorf("%q: got %s, want %s", wish, got, want)
		}
	}
}

func TestDatesNameTheirZone(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for _, test := range []struct{ locale, zone, want string }{
		{"en", "Europe/Madrid", "Tue, Dec 1, 2026, 10:00 am CET"},
		{"en-GB", "Europe/London", "Tue, 1 Dec 2026, 09:00 GMT"},
		{"pt-BR", "America/Sao_Paulo", "ter., 1 de dez. de 2026, 06:00 UTC−3"},
		{"en", "Asia/Kathmandu", "Tue, Dec 1, 2026, 2:45 pm UTC+5:45"},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := formatFor(test.locale).DateTime(at, zone); plain(got) != plain(test.want) {
			t.Errorf("%s: got %q, want %q", test.locale, got, test.want)
		}
	}
	zone, _ := time.LoadLocation("Europe/Madrid")
	got := string(formatFor("en").Element(at, zone, "<soon>"))
	for _, part := range []string{`datetime="2026-12-01T09:00:00Z"`, "(Europe/Madrid)", ">&lt;soon&gt;<"} {
		if !strings.Contains(got, part) {
			t.Errorf("%s lacks %s", got, part)
		}
	}
}

// plain folds the kinds of space that locales differ in.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestFigures(t *testing.T) {
	f := formatFor("en")
	for _, test := range []struct{ got, want string }{
		{f.Number(1234567), "1,234,567"},
		{formatFor("de").Number(1234567), "1.234.567"},
		{f.Number(0), "0"},
		{f.Number(-5), "-5"},
		{f.Decimal(4.5, 2), "4.5"},
		{f.Decimal(4, 2), "4"},
		{f.Decimal(1.25, 2), "1.25"},
		{f.Percent(1, 0), "–"},
		{f.Percent(0, 10), "0%"},
		{f.Percent(97, 100), "97%"},
		{f.Percent(9999, 10000), "99.9%"},
		{f.Percent(99999, 100000), "99.9%"},
		{f.Percent(10, 10), "100%"},
		{f.Percent(1, 100000), "0.1%"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

package main

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/liadesk/campaigns"

// arrows says which of our packages each package may import. A package that is
// not listed has to be put on this map first. Tests may stand on anything that
// Go lets them import, for they build real parts; packages for tests (…test)
// are imported by tests alone.
var arrows = map[string][]string{
	// Leaves: pure, and used by everybody.
	"liadesk": {"hours"},
	"hours":   {},
	"phone":   {"liadesk"},
	"wording": {"liadesk"},

	"db/kv":        {},
	"db/kv/bolt":   {"db/kv"},
	"db/kv/kvtest": {"db/kv"},
	"db":           {"db/kv", "liadesk", "phone", "hours"},
	"db/dbtest":    {"db", "db/kv", "db/kv/bolt", "liadesk"},

	"picture":       {},
	"accounts":      {"picture", "db", "liadesk", "phone", "hours"},
	"contacts":      {"db", "liadesk", "phone", "hours"},
	"audience":      {"db", "liadesk", "phone", "hours"},
	"speech":        {"liadesk"},
	"conversations": {"picture", "contacts", "db", "liadesk", "phone", "hours", "speech", "wording"},
	"mail":          {"db", "liadesk"},
	"mail/mailtest": {},
	"livechat":      {"conversations", "contacts", "db", "liadesk", "phone", "hours", "wording"},
	"sms":           {"conversations", "contacts", "audience", "db", "liadesk", "phone", "hours", "wording", "speech"},
	"sms/sandbox":   {"sms", "liadesk", "phone"},

	// The demo's people and campaigns, made by the verbs that pages use.
	"demo":      {"accounts", "contacts", "audience", "conversations", "livechat", "sms", "liadesk", "phone", "hours"},
	"scheduler": {"sms", "conversations", "livechat", "accounts", "liadesk"},
	"views":     {},
	// Pages, and the catalogue that they are written in.
	"views/texts": {},
	"static":      {},
	"handlers": {"accounts", "contacts", "audience", "conversations", "livechat", "sms", "sms/sandbox",
		"liadesk", "phone", "hours", "speech", "views", "views/texts", "static"},
}

// words are what handlers may say of db: how lists are cut, and why sending is
// held. The verbs of the rooms speak in these words; the store itself is never
// in a handler's hands.
var words = []string{"Page", "MaxPage", "Held", "HeldAddress"}

// doors says which files may import a library that must not spread: a change
// of the library then touches one place.
var doors = map[string]func(file string) bool{
	"github.com/gofiber/":                 in("handlers"),
	"github.com/valyala/fasthttp":         in("handlers"),
	"go.etcd.io/bbolt":                    in("db/kv/bolt"),
	"github.com/fxamacker/cbor":           in("db"),
	"github.com/go-co-op/gocron":          in("scheduler"),
	"github.com/plivo/plivo-go":           file("sms/plivo.go"),
	"github.com/osteele/liquid":           file("wording/template.go"),
	"github.com/nyaruka/phonenumbers":     in("phone"),
	"github.com/blevesearch/snowballstem": in("speech"),
	"golang.org/x/image":                  in("picture"),
	"github.com/microcosm-cc/bluemonday":  in("livechat"),
	"github.com/dunglas/go-urlpattern":    in("livechat"),
	"github.com/nicksnyder/go-i18n":       in("views/texts"),
	"github.com/go-playground/locales":    in("views/texts"),
	"github.com/alexedwards/argon2id":     in("accounts"),
	"github.com/alecthomas/kong":          in("."),
	"github.com/wneessen/go-mail":         file("mail/smtp.go"),
	"github.com/emersion/go-smtp":         func(f string) bool { return in("mail")(f) || in("mail/mailtest")(f) },
	"github.com/prometheus/client_golang": func(f string) bool { return in("handlers")(f) || in(".")(f) },
}

func in(folder string) func(string) bool {
	return func(f string) bool { return path.Dir(f) == folder }
}

func file(name string) func(string) bool { return func(f string) bool { return f == name } }

// source is one Go file and what it imports.
type source struct {
	name    string // with slashes, from the top
	imports []string
}

func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		if built, err := build.Default.MatchFile(filepath.Split(name)); err != nil || !built {
			return err // for another system, or for no build at all
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{name: filepath.ToSlash(name)}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, p)
		}
		list = append(list, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// below is everything that a package reaches over the arrows.
func below(pkg string) []string {
	var all []string
	for todo := []string{pkg}; len(todo) > 0; todo = todo[1:] {
		for _, next := range arrows[todo[0]] {
			if !slices.Contains(all, next) {
				all = append(all, next)
				todo = append(todo, next)
			}
		}
	}
	return all
}

func TestPackagesImportOnlyAlongTheArrows(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		from := path.Dir(s.name)
		seen[from] = true
		if from == "." || from == "e2e" || strings.HasSuffix(s.name, "_test.go") {
			continue // main wires everything, and tests use anything
		}
		allowed, known := arrows[from]
		if !known {
			t.Errorf("%s: the package %q is not on the map of arrows in this test", s.name, from)
			continue
		}
		for _, i := range s.imports {
			if from == "handlers" && i == module+"/db" {
				continue // see TestHandlersNeverHoldTheStore
			}
			if to, ours := strings.CutPrefix(i, module+"/"); ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: there is no such arrow from %s", s.name, to, from)
			}
		}
	}
	for _, must := range []string{"liadesk", "db/kv/bolt", "handlers"} {
		if !seen[must] {
			t.Errorf("no Go file of %s was read: this test looks in the wrong place", must)
		}
	}
}

func TestHandlersNeverHoldTheStore(t *testing.T) {
	for _, s := range sources(t) {
		if path.Dir(s.name) != "handlers" || strings.HasSuffix(s.name, "_test.go") || !slices.Contains(s.imports, module+"/db") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), s.name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if of, ok := sel.X.(*ast.Ident); ok && of.Name == "db" && !slices.Contains(words, sel.Sel.Name) {
					t.Errorf("%s uses db.%s: ask a room instead", s.name, sel.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestLibrariesHaveOneDoor(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		for _, i := range s.imports {
			for library, door := range doors {
				if strings.HasPrefix(i, library) && !door(s.name) {
					t.Errorf("%s imports %s, which has its door elsewhere", s.name, i)
				}
			}
			if strings.HasSuffix(i, "test") && strings.HasPrefix(i, module) && !strings.HasSuffix(path.Dir(s.name), "test") {
				t.Errorf("%s imports %s, which is for tests", s.name, i)
			}
		}
	}
}

func TestArrowsHaveNoCircle(t *testing.T) {
	for pkg := range arrows {
		if slices.Contains(below(pkg), pkg) {
			t.Errorf("%s reaches itself over the arrows", pkg)
		}
	}
}

// Package texts is the one catalogue of sentences. Every word a person reads
// on a page comes from here, in files named by language and noun:
// en.contacts.toml holds the English sentences about contacts.
//
//	[contacts]
//	title = "Contacts"
//	[contacts.count]
//	one = "{{.Count}} contact"
//	other = "{{.Count}} contacts"
//
// gives the ids "contacts.title" and "contacts.count". The words zero, one,
// two, few, many, other, id, hash, description, leftdelim and rightdelim are
// taken by the format and can't be the last part of an id.
//
// A refusal's code has its sentence under "error.": error.phone_taken. A
// field's code may have one for this field alone, "error.title.required"
// before "error.required".
package texts

import (
	"embed"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// Catalogue is every sentence in every language.
type Catalogue struct {
	bundle *i18n.Bundle
	ids    map[string]bool // the English ones: English is complete
}

// New reads the catalogue that is built in.
func New() (*Catalogue, error) { return Read(files) }

// Read reads a catalogue from the .toml files at the top of fsys. A sentence
// given twice in a language is refused, for one of the two would be lost.
func Read(fsys fs.FS) (*Catalogue, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	names, err := fs.Glob(fsys, "*.toml")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{bundle: bundle, ids: map[string]bool{}}
	seen := map[string]string{}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		lang, _, _ := strings.Cut(path.Base(name), ".")
		file, err := bundle.ParseMessageFileBytes(data, lang+".toml")
		if err != nil {
			return nil, fmt.Errorf("views/texts/%s: %w", name, err)
		}
		for _, m := range file.Messages {
			if before, ok := seen[lang+" "+m.ID]; ok {
				return nil, fmt.Errorf("views/texts/%s: %q is also in %s", name, m.ID, before)
			}
			seen[lang+" "+m.ID] = name
			if lang == "en" {
				c.ids[m.ID] = true
			}
		}
	}
	return c, nil
}

// Has tells whether there is an English sentence of that id.
func (c *Catalogue) Has(id string) bool { return c.ids[id] }

// For gives the catalogue in the language nearest to a BCP 47 tag, with the
// dates and figures of that locale. English stands in for what is missing.
func (c *Catalogue) For(locale string) *Localizer {
	return &Localizer{catalogue: c, i18n: i18n.NewLocalizer(c.bundle, locale, "en"), Format: formatFor(locale)}
}

// Localizer speaks one language. It is safe for many goroutines.
type Localizer struct {
	catalogue *Catalogue
	i18n      *i18n.Localizer
	Format
}

// T is the sentence of an id. Args are pairs of a name and a value; a whole
// number called "Count" also chooses the plural. Whole numbers are written as
// the locale writes them. An unknown id is its own sentence, so that a page
// with a mistake still shows something; a test finds it earlier.
func (l *Localizer) T(id string, args ...any) string {
	data := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		data[fmt.Sprint(args[i])] = args[i+1]
	}
	return l.With(id, data)
}

// With is T with the values in a map, as errors carry them.
func (l *Localizer) With(id string, data map[string]any) string {
	config := &i18n.LocalizeConfig{MessageID: id}
	written := make(map[string]any, 2*len(data))
	for name, value := range data {
		n, whole := wholeNumber(value)
		if whole {
			value = l.Number(n)
		}
		// A value that is named for programs (max) can stand in a sentence as
		// {{.Max}}, too, and never takes the place of one that is so named.
		upper := strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
		if _, own := data[upper]; !own {
			written[upper] = value
		}
		written[name] = value
		if upper == "Count" && whole {
			config.PluralCount = n
		}
	}
	config.TemplateData = written
	sentence, err := l.i18n.Localize(config)
	if err != nil && config.PluralCount != nil {
		// The sentence has one form for any number.
		config.PluralCount = nil
		sentence, err = l.i18n.Localize(config)
	}
	if err != nil && sentence == "" {
		return id
	}
	return sentence
}

// Rich is T for the few sentences that hold markup such as <strong>: the
// values are escaped, the sentence itself is ours and is not.
func (l *Localizer) Rich(id string, args ...any) template.HTML {
	escaped := make([]any, len(args))
	for i, a := range args {
		_, whole := wholeNumber(a)
		switch {
		case i%2 == 0 || whole:
			escaped[i] = a
		default:
			escaped[i] = html.EscapeString(fmt.Sprint(a))
		}
	}
	return template.HTML(l.T(id, escaped...)) // the sentence is our own, its values are escaped
}

// Error is the sentence of a refusal's code; field is "" when it is not about
// one field. Unknown codes get a general sentence, never the bare code.
func (l *Localizer) Error(field, code string, data map[string]any) string {
	for _, id := range []string{"error." + field + "." + code, "error." + code} {
		if l.catalogue.Has(id) {
			return l.With(id, data)
		}
	}
	if field != "" {
		return l.T("error.field")
	}
	return l.T("error.unknown")
}

// wholeNumber reads any of Go's whole numbers.
func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	case uint64:
		return int64(n), true // counts of ours stay far below 2⁶³
	case uint:
		return int64(n), true
	}
	return 0, false
}

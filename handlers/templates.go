package handlers

import (
	"errors"
	"fmt"
	"hash/fnv"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/template/html/v2"

	"github.com/liadesk/campaigns/phone"
	"github.com/liadesk/campaigns/views"
	"github.com/liadesk/campaigns/views/texts"
)

// engine renders templates in the language of the page. gofiber's html engine
// has one set of functions, and t and the dates differ by locale, so there is
// one engine per locale, made when somebody first needs it. Layouts are never
// passed to it: pages compose their frame themselves.
type engine struct {
	server *Server
	mu     sync.Mutex
	locale map[string]*html.Engine
}

// newEngine parses every template once, so that a broken one stops the start.
func newEngine(s *Server) (*engine, error) {
	e := &engine{server: s, locale: map[string]*html.Engine{}}
	_, err := e.of("en")
	return e, err
}

// Render writes the template name in the page's language.
func (e *engine) Render(w io.Writer, name string, p Page) error {
	of, err := e.of(p.Locale)
	if err != nil {
		return err
	}
	return of.Render(w, name, p)
}

func (e *engine) of(locale string) (*html.Engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if of, ok := e.locale[locale]; ok {
		return of, nil
	}
	var files fs.FS = views.FS
	if dir := e.server.ViewsDir; dir != "" {
		files = os.DirFS(dir)
	}
	of := html.NewFileSystem(http.FS(files), ".html")
	of.AddFuncMap(e.server.functions(e.server.texts.For(locale)))
	of.Reload(e.server.ViewsDir != "")
	if err := of.Load(); err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	if err := escapeAll(of.Templates); err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	e.locale[locale] = of
	return of, nil
}

// escapeAll lets html/template work out the escaping of every template now. It
// does so when one is first executed and then writes to it, while the engine may
// be copying it for somebody else's page: the copy must find it done.
func escapeAll(all *template.Template) error {
	for _, t := range all.Templates() {
		err := all.ExecuteTemplate(shutWriter{}, t.Name(), nil)
		if wrong, ok := errors.AsType[*template.Error](err); ok && wrong.ErrorCode != template.OK {
			return wrong
		}
	}
	return nil
}

// shutWriter ends the execution of a template at its first word.
type shutWriter struct{}

func (shutWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// functions are what templates can call beyond Go's own.
func (s *Server) functions(l *texts.Localizer) template.FuncMap {
	return template.FuncMap{
		// Words.
		"t":        l.T,
		"rich":     l.Rich,
		"initials": initials,
		"host":     hostOf,
		// Figures.
		"number":  func(n any) string { return writeNumber(l, n) },
		"percent": func(part, whole any) string { return l.Percent(toFloat(part), toFloat(whole)) },
		// Times. Each takes the zone to read in: $.Zone, a name, or a record's own.
		"date": func(t time.Time, zone any) template.HTML {
			z := toZone(zone)
			return l.Element(t, z, l.Date(t, z))
		},
		// instant reads a moment that was written as text (RFC 3339).
		"instant": func(text string) time.Time {
			t, _ := time.Parse(time.RFC3339, text) // the zero moment says that something is wrong
			return t
		},
		"clock": func(t time.Time, zone any) template.HTML {
			z := toZone(zone)
			return l.Element(t, z, l.Clock(t, z))
		},
		"datetime": func(t time.Time, zone any) template.HTML {
			z := toZone(zone)
			return l.Element(t, z, l.DateTime(t, z))
		},
		"ago": func(t time.Time, zone any) template.HTML {
			z := toZone(zone)
			return l.Element(t, z, ago(l, s.Clock.Now(), t, z))
		},
		// How long until now.
		"lasting": func(t time.Time, zone any) template.HTML {
			return l.Element(t, toZone(zone), lasting(l, s.Clock.Since(t)))
		},
		"failure":  func(code string) string { return s.failure(l, code) },
		"pagePath": pagePath,
		"size":     sizeOf,
		// way is a number or an e-mail address as people write it.
		"way": func(text string) string {
			if strings.HasPrefix(text, "+") {
				return phone.Format(text)
			}
			return text
		},
		// Pieces of HTML.
		"icon":      s.icon,
		"asset":     s.assets.url,
		"attrs":     attrs,
		"described": described,
		"toneIcon":  toneIcon,
		"shade":     shade,
		// Values.
		"dict":  dict,
		"list":  func(items ...any) []any { return items },
		"query": query,
		"seq":   seq,
	}
}

// icon draws one of the icons of static/icons/icons.txt. It says nothing to
// screen readers: the words beside it, or the aria-label around it, do.
func (s *Server) icon(name string, class ...string) (template.HTML, error) {
	address, err := s.assets.url("icons.svg")
	if err != nil {
		return "", err
	}
	return template.HTML(fmt.Sprintf(`<svg class="%s" aria-hidden="true" focusable="false"><use href="%s#%s"></use></svg>`,
		template.HTMLEscapeString(strings.Join(append([]string{"icon"}, class...), " ")), address, template.HTMLEscapeString(name))), nil
}

// dict makes a map of pairs, to hand a fragment more than one thing.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict needs pairs, got %d values", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict needs names, got %v", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// attrs writes attributes that are handed to a part: attrs "hx-post" "/x".
// Only harmless names pass: no handlers (on…), no style, no addresses that a
// value could turn into a script. A value false or nil leaves its name out,
// true gives the name alone.
func attrs(pairs ...any) (template.HTMLAttr, error) {
	m, err := dict(pairs...)
	if err != nil {
		return "", fmt.Errorf("attrs: %w", err)
	}
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if !harmlessAttr(name) {
			return "", fmt.Errorf("attrs: %q is not an attribute to hand on", name)
		}
		switch value := m[name].(type) {
		case nil:
		case bool:
			if value {
				b.WriteString(" " + name)
			}
		default:
			fmt.Fprintf(&b, ` %s="%s"`, name, template.HTMLEscapeString(fmt.Sprint(value)))
		}
	}
	return template.HTMLAttr(b.String()), nil
}

func harmlessAttr(name string) bool {
	switch name {
	case "autofocus", "autocomplete", "inputmode", "maxlength", "minlength", "min", "max", "step", "pattern", "placeholder",
		"spellcheck", "readonly", "disabled", "rows", "cols", "list", "accept", "multiple", "form", "id", "lang", "dir", "enterkeyhint",
		"required", "value", "title", "checked", "role", "autocapitalize":
		return true
	}
	return (strings.HasPrefix(name, "hx-") && !strings.HasPrefix(name, "hx-on")) ||
		strings.HasPrefix(name, "data-") || strings.HasPrefix(name, "aria-")
}

// described ties a control to its hint and its error, as the parts of a field
// write them.
func described(name, hint any, problem string) template.HTMLAttr {
	var ids []string
	if text, ok := hint.(string); ok && text != "" {
		ids = append(ids, fmt.Sprintf("f-%v-hint", name))
	}
	out := ""
	if problem != "" {
		ids = append(ids, fmt.Sprintf("f-%v-error", name))
		out = ` aria-invalid="true"`
	}
	if len(ids) > 0 {
		out += fmt.Sprintf(` aria-describedby="%s"`, template.HTMLEscapeString(strings.Join(ids, " ")))
	}
	return template.HTMLAttr(out)
}

// toneIcon is the sign that says the tone to those who don't see colours.
func toneIcon(tone any) string {
	switch Tone(fmt.Sprint(tone)) {
	case ToneSuccess:
		return "circle-check"
	case ToneWarning:
		return "triangle-alert"
	case ToneDanger:
		return "circle-alert"
	}
	return "info"
}

// shade chooses one of the eight colours of avatars and tags, the same for
// the same name everywhere.
func shade(name any) int {
	h := fnv.New32a()
	fmt.Fprint(h, name)
	return int(h.Sum32()%8) + 1
}

// query is a path with a query of pairs; empty values are left out.
func query(path string, pairs ...any) (string, error) {
	m, err := dict(pairs...)
	if err != nil {
		return "", err
	}
	q := url.Values{}
	for name, value := range m {
		if text := fmt.Sprint(value); value != nil && text != "" {
			q.Set(name, text)
		}
	}
	if len(q) == 0 {
		return path, nil
	}
	return path + "?" + q.Encode(), nil
}

// seq counts from 1 to n, for skeletons and the like.
func seq(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i + 1
	}
	return list
}

// initials are the one or two letters that stand for a person without a
// picture: of the first and last word, or "" for a name without letters, such
// as a number.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '’' })
	if len(words) == 0 {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	letters := string(unicode.ToUpper(first))
	if len(words) > 1 {
		last, _ := utf8.DecodeRuneInString(words[len(words)-1])
		letters += string(unicode.ToUpper(last))
	}
	return letters
}

// hostOf is the host of an address, or the address itself.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}

// ago says how long ago, by the day once it is yesterday.
func ago(l *texts.Localizer, now, t time.Time, zone *time.Location) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return l.T("common.ago.now")
	case d < time.Hour:
		return l.T("common.ago.minutes", "Count", int(d.Minutes()))
	case d < 24*time.Hour:
		return l.T("common.ago.hours", "Count", int(d.Hours()))
	case d < 7*24*time.Hour:
		return l.T("common.ago.days", "Count", int(d.Hours()/24))
	}
	return l.Date(t, zone)
}

func writeNumber(l *texts.Localizer, n any) string {
	f := toFloat(n)
	if f == float64(int64(f)) {
		return l.Number(int64(f))
	}
	return l.Decimal(f, 2)
}

func toFloat(n any) float64 {
	switch v := n.(type) {
	case float64:
		return v
	case float32:
		return float64(v)
	}
	var f float64
	if _, err := fmt.Sscan(fmt.Sprint(n), &f); err != nil {
		return 0
	}
	return f
}

func toZone(zone any) *time.Location {
	switch z := zone.(type) {
	case *time.Location:
		if z != nil {
			return z
		}
	case string:
		if loaded, err := time.LoadLocation(z); err == nil {
			return loaded
		}
	}
	return time.UTC
}

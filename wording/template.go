// Package wording fills variables in: into texts to phones and into messages of
// live chat campaigns alike. It is pure, and the one door to Liquid.
package wording

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/tuesday"

	"github.com/liadesk/campaigns/liadesk"
)

// A text may hold variables in Liquid, of which it may use this much and no
// more: {{ variable | filter: argument | filter }}. There are no tags: a loop
// over a large range would take the machine for a single text. What it uses is
// read and checked here when it is saved, before the library sees it, since the
// library takes unknown names for empty and an unknown filter for an error in
// the middle of sending.

// Bounds of a template: its source, in bytes, and what it may become. Both are
// far beyond what a carrier takes.
const (
	maxSource   = 10_000
	maxRendered = 20_000
)

// Vars are the values of the variables for one recipient.
type Vars struct {
	Contact     liadesk.Contact
	AccountName string
	// Also are the values of variables that Parse was told of.
	Also map[string]string
}

// variables are the names that a text may use, beside those of attributes.
var variables = map[string]func(Vars) string{
	"contact.name":       func(v Vars) string { return strings.TrimSpace(v.Contact.Name) },
	"contact.first_name": func(v Vars) string { return v.Contact.FirstName() },
	"contact.last_name":  func(v Vars) string { return lastName(v.Contact.Name) },
	"contact.email":      func(v Vars) string { return v.Contact.Email },
	"contact.phone":      func(v Vars) string { return v.Contact.Phone },
	"contact.country":    func(v Vars) string { return v.Contact.Country },
	"contact.language":   func(v Vars) string { return v.Contact.Language },
	"account.name":       func(v Vars) string { return v.AccountName },
}

// attribute is the value of a contact's own field, whose name may be written as
// the contact has it or in another way.
func (v Vars) attribute(name string) string {
	if value, ok := v.Contact.Attributes[name]; ok {
		return value
	}
	return v.Contact.Attributes[liadesk.StoredAttribute(name)]
}

// Attributes is the beginning of the names of a contact's own fields. What
// follows may be written as whoever imported it wrote it: contact.attributes.
// firstOrder, contact.attributes["First order"].
const Attributes = "contact.attributes."

// lastName is what follows the first word.
func lastName(name string) string {
	_, last, _ := strings.Cut(strings.TrimSpace(name), " ")
	return strings.TrimSpace(last)
}

// VariableNames lists the variables that every text may use, sorted; those of
// attributes are contact.attributes.NAME beside them.
func VariableNames() []string {
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ProblemKind is what is wrong with a template.
type ProblemKind string

const (
	UnknownVariable ProblemKind = "variable"
	UnknownFilter   ProblemKind = "filter"
	UnknownTag      ProblemKind = "tag"      // {% … %}: none is offered
	BadArgument     ProblemKind = "argument" // Name is the filter
	BadSyntax       ProblemKind = "syntax"   // Name is the piece that cannot be read
	TooLarge        ProblemKind = "size"
)

// Problem is one thing that is wrong with a template.
type Problem struct {
	Kind ProblemKind
	// Name is the word as it was written, shortened.
	Name string
}

// Error names all that is wrong with a template, each thing once.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString("the text cannot be filled in:")
	for i, p := range e.Problems {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, " %s %q", p.Kind, p.Name)
	}
	return s.String()
}

// ErrRenderedTooLong is Render's answer to values that blow a text up beyond
// anything that could be sent.
var ErrRenderedTooLong = errors.New("wording: the text with its values is far too long")

// Template is a text that was found good. It may be rendered many times, also
// at the same time.
type Template struct {
	text   string           // what to send when there is nothing to fill in
	filled *liquid.Template // nil if so
	used   []string
	bare   []string // those used somewhere without a default
}

// engine has the six filters and no tags.
var engine = func() *liquid.Engine {
	e := liquid.NewBasicEngine()
	for name, f := range filters {
		e.RegisterFilter(name, f.apply)
	}
	return e
}()

// Parse reads a text, or answers with an *Error that names every unknown
// variable, filter and tag in it. Also are variables that it may use beside
// those of VariableNames.
func Parse(source string, also ...string) (*Template, error) {
	r := reader{also: also}
	if len(source) > maxSource {
		return nil, &Error{[]Problem{{TooLarge, strconv.Itoa(maxSource)}}}
	}
	if !strings.Contains(source, "{{") && !strings.Contains(source, "{%") {
		if r.plain(source); len(r.problems) > 0 {
			return nil, &Error{r.problems}
		}
		return &Template{text: source}, nil
	}
	for _, token := range parser.Scan(source, parser.SourceLoc{}, nil) {
		switch token.Type {
		case parser.TextTokenType:
			r.plain(token.Source)
		case parser.TagTokenType:
			r.problem(UnknownTag, token.Name)
		case parser.ObjTokenType:
			r.object(token.Args)
		}
	}
	if len(r.problems) > 0 {
		return nil, &Error{r.problems}
	}
	filled, err := engine.ParseString(source)
	if err != nil {
		r.problem(BadSyntax, err.Cause().Error())
		return nil, &Error{r.problems}
	}
	slices.Sort(r.used)
	slices.Sort(r.bare)
	return &Template{filled: filled, used: slices.Compact(r.used), bare: slices.Compact(r.bare)}, nil
}

// Gaps are the variables of which the text has nothing for a recipient, not even
// a default: it is sent with a gap there.
func (t *Template) Gaps(v Vars) []string {
	var gaps []string
	for _, name := range t.bare {
		value, own := "", false
		if get, ok := variables[name]; ok {
			value = get(v)
		} else if name, own = strings.CutPrefix(name, Attributes); own {
			value = v.attribute(name)
			name = Attributes + name
		} else {
			continue // an address of ours, which everybody has
		}
		if strings.TrimSpace(value) == "" {
			gaps = append(gaps, name)
		}
	}
	return gaps
}

// Uses tells whether a variable is among those used.
func (t *Template) Uses(name string) bool { return slices.Contains(t.used, name) }

// Variables are the names used, each once, sorted; empty when the text is the
// same for everybody. An attribute is named contact.attributes.NAME however it
// was written.
func (t *Template) Variables() []string { return slices.Clone(t.used) }

// Render fills in the values of one person. Values
// are data: whatever they hold, braces included, is sent as it is. A value that
// is missing is empty.
func (t *Template) Render(v Vars) (text string, err error) {
	if t.filled == nil {
		return t.text, nil
	}
	// The library panics on what it holds impossible. One recipient's value must
	// not end the program in the middle of a campaign.
	defer func() {
		if p := recover(); p != nil {
			text, err = "", fmt.Errorf("the text could not be filled in: %v", p)
		}
	}()
	var out bounded
	if err := t.filled.FRender(&out, t.bindings(v)); err != nil {
		return "", fmt.Errorf("the text could not be filled in: %w", err)
	}
	if out.over {
		return "", ErrRenderedTooLong
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD"), nil
}

// bindings has the values used and no others.
func (t *Template) bindings(v Vars) liquid.Bindings {
	all := make(liquid.Bindings, 2)
	put := func(of, field string, value any) {
		fields, ok := all[of].(map[string]any)
		if !ok {
			fields = make(map[string]any, 1)
			all[of] = fields
		}
		fields[field] = value
	}
	var own map[string]any
	for _, name := range t.used {
		if attribute, ok := strings.CutPrefix(name, Attributes); ok {
			if own == nil {
				own = make(map[string]any, 1)
				put("contact", "attributes", own)
			}
			value := clip(v.attribute(attribute))
			own[attribute] = value
			nest(own, strings.Split(attribute, "."), value)
			continue
		}
		value := ""
		if of, ok := variables[name]; ok {
			value = clip(of(v))
		} else {
			value = clip(v.Also[name])
		}
		of, field, _ := strings.Cut(name, ".")
		put(of, field, value)
	}
	return all
}

// nest puts a value where the library looks for it under a name with dots. What
// stands there already stays.
func nest(in map[string]any, path []string, value string) {
	for _, step := range path[:len(path)-1] {
		next, ok := in[step].(map[string]any)
		if !ok {
			if in[step] != nil {
				return
			}
			next = make(map[string]any, 1)
			in[step] = next
		}
		in = next
	}
	if last := path[len(path)-1]; in[last] == nil {
		in[last] = value
	}
}

// clip cuts a value that by itself is more than may be rendered to just more
// than that: filters have less to do, and the bound still notices.
func clip(value string) string {
	if len(value) <= maxRendered {
		return value
	}
	return strings.ToValidUTF8(value[:min(len(value), maxRendered+utf8.UTFMax)], "")
}

// bounded keeps up to maxRendered bytes. It never fails: the library panics if
// its writer does.
type bounded struct {
	strings.Builder
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxRendered {
		b.over = true
		return len(p), nil
	}
	return b.Builder.Write(p)
}

// reader checks what a template uses.
type reader struct {
	also     []string
	used     []string
	bare     []string
	problems []Problem
}

func (r *reader) problem(kind ProblemKind, name string) {
	if len(name) > 60 {
		name = strings.ToValidUTF8(name[:60], "") + "…"
	}
	p := Problem{kind, name}
	if !slices.Contains(r.problems, p) && len(r.problems) < 20 {
		r.problems = append(r.problems, p)
	}
}

// unfinished is what a variable leaves in the text when a brace is missing. It
// would be sent as it stands, to everybody.
var unfinished = regexp.MustCompile(`\{[{%].*|\{\s*(contact|account)\..*|(contact|account)\.[a-z_.]+\s*\}`)

func (r *reader) plain(text string) {
	if piece := unfinished.FindString(text); piece != "" {
		r.problem(BadSyntax, strings.TrimSpace(piece))
	}
}

// lexeme is one piece of what stands between the braces.
var lexeme = regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_-]*|"[^"]*"|'[^']*'|[0-9]+|[.|:,\[\]])`)

// object checks one {{ … }}.
func (r *reader) object(source string) {
	var words []string
	for rest := strings.TrimSpace(source); rest != ""; rest = strings.TrimSpace(rest) {
		word := lexeme.FindString(rest)
		if word == "" {
			r.problem(BadSyntax, rest)
			return
		}
		words, rest = append(words, word), rest[len(word):]
	}
	name, words := path(words)
	attribute, own := strings.CutPrefix(name, Attributes)
	if _, ok := variables[name]; !ok && (!own || attribute == "") && !slices.Contains(r.also, name) {
		if name == "" {
			name = source
		}
		r.problem(UnknownVariable, name)
	}
	r.used = append(r.used, name)
	if !slices.Contains(words, "default") {
		r.bare = append(r.bare, name)
	}
	for len(words) > 0 {
		if words[0] != "|" || len(words) == 1 {
			r.problem(BadSyntax, strings.Join(words, " "))
			return
		}
		words = r.filter(words[1:])
	}
}

// path reads a.b.c and a.b["c"] into a.b.c, and gives what follows it.
func path(words []string) (string, []string) {
	if len(words) == 0 || !isName(words[0]) {
		return "", words
	}
	name := words[0]
	for words = words[1:]; len(words) > 1; {
		switch {
		case words[0] == "." && isName(words[1]):
			name, words = name+"."+words[1], words[2:]
		case words[0] == "[" && len(words) > 2 && isString(words[1]) && words[2] == "]":
			name, words = name+"."+unquote(words[1]), words[3:]
		default:
			return name, words
		}
	}
	return name, words
}

// filter reads "name" or "name : argument , argument", and gives what follows.
func (r *reader) filter(words []string) []string {
	name, words := words[0], words[1:]
	var args []string
	if len(words) > 0 && words[0] == ":" {
		for {
			if words = words[1:]; len(words) == 0 || !isString(words[0]) && !isNumber(words[0]) {
				r.problem(BadArgument, name)
				return nil
			}
			args, words = append(args, words[0]), words[1:]
			if len(words) == 0 || words[0] != "," {
				break
			}
		}
	}
	f, ok := filters[name]
	switch {
	case !ok:
		r.problem(UnknownFilter, name)
	case !f.takes(args):
		r.problem(BadArgument, name)
	}
	return words
}

func isName(word string) bool {
	return word[0] == '_' || word[0] < utf8.RuneSelf && unicode.IsLetter(rune(word[0]))
}
func isString(word string) bool    { return word[0] == '"' || word[0] == '\'' }
func isNumber(word string) bool    { return word[0] >= '0' && word[0] <= '9' }
func unquote(word string) string   { return word[1 : len(word)-1] }
func noArguments(a []string) bool  { return len(a) == 0 }
func oneArgument(a []string) bool  { return len(a) == 1 && (isString(a[0]) || smallNumber(a[0])) }
func smallNumber(word string) bool { return isNumber(word) && len(word) <= 4 }

// filters are those that a text may use. They are written here because those of
// the library work on bytes, and read some of their arguments as expressions.
var filters = map[string]struct {
	takes func(args []string) bool // as written
	apply any
}{
	"default": {oneArgument, func(value, other any) any {
		if strings.TrimSpace(asText(value)) == "" {
			return other
		}
		return value
	}},
	"capitalize": {noArguments, func(value any) string {
		s := asText(value)
		first, size := utf8.DecodeRuneInString(s)
		if size == 0 {
			return s
		}
		return string(unicode.ToTitle(first)) + strings.ToLower(s[size:])
	}},
	"upcase":   {noArguments, func(value any) string { return strings.ToUpper(asText(value)) }},
	"downcase": {noArguments, func(value any) string { return strings.ToLower(asText(value)) }},
	"truncate": {
		func(a []string) bool {
			return len(a) == 0 || smallNumber(a[0]) && (len(a) == 1 || len(a) == 2 && isString(a[1]))
		},
		func(value, length, ellipsis any) string { return truncate(asText(value), length, ellipsis) },
	},
	"date": {
		func(a []string) bool {
			return len(a) == 1 && isString(a[0]) && datePattern.MatchString(unquote(a[0]))
		},
		func(value, format any) string { return formatDate(asText(value), asText(format)) },
	},
}

func asText(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// truncate cuts to a number of characters, by default 50, the ellipsis, by
// default three dots, included.
func truncate(s string, length, ellipsis any) string {
	most, end := 50, "..."
	if n, ok := length.(int); ok {
		most = n
	}
	if e, ok := ellipsis.(string); ok {
		end = e
	}
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:max(0, most-utf8.RuneCountInString(end))]) + end
}

// datePattern has the directives of strftime that make sense in a text. Widths
// are not among them: %999999999d is a text of its own size.
var datePattern = regexp.MustCompile(`^(?:[^%]|%[-^]?[YymBbhdejHIklMSpPAaFTDRxXzZ%])*$`)

// dateForms are those in which an attribute may hold a date: of ISO 8601 only,
// since nobody knows whether 02/03 is in February or in March.
var dateForms = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// formatDate writes a date anew. What is not one is left as it is: better than a
// text that does not go out.
func formatDate(value, format string) string {
	for _, form := range dateForms {
		if t, err := time.Parse(form, strings.TrimSpace(value)); err == nil {
			if s, err := tuesday.Strftime(format, t); err == nil {
				return s
			}
		}
	}
	return value
}

package texts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"unicode"

	"golang.org/x/net/html"
)

// top is the repository, seen from this package.
const top = "../.."

func builtIn(t *testing.T) *Catalogue {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// known tells whether a sentence exists; "tone.%s" stands for every sentence
// that begins with "tone.".
func (c *Catalogue) known(id string) bool {
	prefix, _, open := strings.Cut(id, "%")
	if !open {
		return c.Has(id)
	}
	for have := range c.ids {
		if prefix != "" && strings.HasPrefix(have, prefix) {
			return true
		}
	}
	return false
}

// templates reads every template as a tree.
func templates(t *testing.T) map[string]*parse.Tree {
	t.Helper()
	trees := map[string]*parse.Tree{}
	err := fs.WalkDir(os.DirFS(filepath.Join(top, "views")), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".html") {
			return err
		}
		data, err := os.ReadFile(filepath.Join(top, "views", name))
		if err != nil {
			return err
		}
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		set := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(data), "", "", set); err != nil {
			return err
		}
		for defined, tree := range set {
			trees[name+" "+defined] = tree
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(trees) < 10 {
		t.Fatalf("only %d templates were found: this test looks in the wrong place", len(trees))
	}
	return trees
}

// walk visits every node below n.
func walk(n parse.Node, visit func(parse.Node)) {
	visit(n)
	branch := func(b *parse.BranchNode) {
		walk(b.Pipe, visit)
		walk(b.List, visit)
		if b.ElseList != nil {
			walk(b.ElseList, visit)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, c := range n.Nodes {
			walk(c, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			walk(c, visit)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			walk(a, visit)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	}
}

// sentenceIDs are the ids that a call of t or rich may ask for.
func sentenceIDs(c *parse.CommandNode) []string {
	name, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok || (name.Ident != "t" && name.Ident != "rich") || len(c.Args) < 2 {
		return nil
	}
	switch id := c.Args[1].(type) {
	case *parse.StringNode:
		return []string{id.Text}
	case *parse.PipeNode:
		if len(id.Cmds) == 1 && len(id.Cmds[0].Args) > 1 {
			f, isIdent := id.Cmds[0].Args[0].(*parse.IdentifierNode)
			format, isText := id.Cmds[0].Args[1].(*parse.StringNode)
			if isIdent && isText && f.Ident == "printf" {
				return []string{format.Text}
			}
		}
	}
	return nil
}

func TestEverySentenceOfATemplateExists(t *testing.T) {
	c := builtIn(t)
	asked := 0
	for name, tree := range templates(t) {
		walk(tree.Root, func(n parse.Node) {
			command, ok := n.(*parse.CommandNode)
			if !ok {
				return
			}
			for _, id := range sentenceIDs(command) {
				asked++
				if !c.known(id) {
					t.Errorf("%s: there is no sentence %q in views/texts", name, id)
				}
			}
		})
	}
	if asked == 0 {
		t.Error("no template asks for any sentence: this test sees nothing")
	}
}

// markup is the HTML of a template with its actions taken out; both branches
// of a choice follow each other.
func markup(n parse.Node) string {
	var b strings.Builder
	walk(n, func(n parse.Node) {
		if text, ok := n.(*parse.TextNode); ok {
			b.Write(text.Text)
		}
	})
	return b.String()
}

// spoken are the attributes whose values people read or hear.
var spoken = []string{"aria-label", "aria-description", "aria-placeholder", "title", "placeholder", "alt", "label",
	"hx-confirm", "data-confirm", "data-confirm-text", "data-confirm-action"}

// bare finds words of a template that are not from the catalogue.
func bare(source string) []string {
	var found []string
	hasWord := func(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }
	z := html.NewTokenizer(strings.NewReader(source))
	raw := false // inside <script> or <style>
	for {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.TextToken:
			if text := strings.TrimSpace(html.UnescapeString(string(z.Text()))); !raw && hasWord(text) {
				found = append(found, text)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			raw = tag.Data == "script" || tag.Data == "style"
			for _, a := range tag.Attr {
				if slices.Contains(spoken, a.Key) && hasWord(a.Val) {
					found = append(found, a.Key+"="+a.Val)
				}
			}
		case html.EndTagToken:
			raw = false
		}
	}
}

func TestTemplatesHaveNoBareText(t *testing.T) {
	for name, tree := range templates(t) {
		for _, text := range bare(markup(tree.Root)) {
			t.Errorf("%s: %q is not from the catalogue", name, text)
		}
	}
}

func TestBareTextIsFound(t *testing.T) {
	for source, want := range map[string]int{
		`<p>{{t "x"}} · 5 %</p>`:                                      0,
		`<p>Hello {{.Name}}</p>`:                                      1,
		`<button aria-label="Close">×</button>`:                       1,
		`<button{{if .X}} aria-current="page"{{end}}>{{.X}}</button>`: 0,
		`{{if .A}}<i>yes</i>{{else}}<i>no</i>{{end}}`:                 2,
		`<script src="x"></script>`:                                   0,
		`<input placeholder="{{t "x"}}">`:                             0,
	} {
		tree := parse.New("x")
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(source, "", "", map[string]*parse.Tree{}); err != nil {
			t.Fatal(err)
		}
		if got := bare(markup(tree.Root)); len(got) != want {
			t.Errorf("%s: found %q", source, got)
		}
	}
}

func TestTemplatesKeepToTheContentPolicy(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)\sstyle=|\shx-on|\son[a-z]+=|"js:|'js:|<style|<script>|hx-trigger="[^"]*\[`)
	for name, tree := range templates(t) {
		if found := forbidden.FindString(markup(tree.Root)); found != "" {
			t.Errorf("%s: %q would be blocked by the pages' own content policy", name, found)
		}
	}
}

// goFiles parses the product's own Go code, tests left out.
func goFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != top && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, err := strconv.Unquote(l.Value)
		if err == nil {
			return s
		}
	}
	return ""
}

var codeShape = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// refusals finds the codes that a file refuses with: Add(field, "code"),
// Conflict("code", …) and Code: "code" of an error. Best effort: codes that
// are put together at run time are not seen.
func refusals(f *ast.File) []string {
	var codes []string
	add := func(code string) {
		if codeShape.MatchString(code) {
			codes = append(codes, code)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			switch {
			case name == "Add" && len(n.Args) >= 2:
				add(literal(n.Args[1]))
			case name == "Conflict" && len(n.Args) == 2:
				add(literal(n.Args[0]))
			}
		case *ast.CompositeLit:
			kind := ""
			switch t := n.Type.(type) {
			case *ast.SelectorExpr:
				kind = t.Sel.Name
			case *ast.Ident:
				kind = t.Name
			}
			if kind != "Error" && kind != "FieldError" {
				return true
			}
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Code" {
						add(literal(kv.Value))
					}
				}
			}
		}
		return true
	})
	return codes
}

func TestEveryRefusalHasItsSentence(t *testing.T) {
	c := builtIn(t)
	said := func(code string) bool {
		if c.Has("error." + code) {
			return true
		}
		for id := range c.ids {
			if strings.HasPrefix(id, "error.") && strings.HasSuffix(id, "."+code) {
				return true
			}
		}
		return false
	}
	seen := map[string]bool{}
	for name, f := range goFiles(t) {
		for _, code := range refusals(f) {
			if !seen[code] && !said(code) {
				t.Errorf("%s refuses with %q: there is no sentence error.%s in views/texts", name, code, code)
			}
			seen[code] = true
		}
	}
	if !seen["not_found"] {
		t.Error("not even not_found was seen: this test looks in the wrong place")
	}
}

func TestEverySentenceThatCodeAsksForExists(t *testing.T) {
	c := builtIn(t)
	for name, f := range goFiles(t) {
		if !strings.Contains(filepath.ToSlash(name), "/handlers/") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || (f.Sel.Name != "t" && f.Sel.Name != "T" && f.Sel.Name != "Rich") {
				return true
			}
			at := 0
			if f.Sel.Name == "t" {
				at = 1 // after the request
			}
			if len(call.Args) <= at {
				return true
			}
			if id := literal(call.Args[at]); id != "" && !c.known(id) {
				t.Errorf("%s: there is no sentence %q in views/texts", name, id)
			}
			return true
		})
	}
}

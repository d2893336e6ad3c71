package ui_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
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
	"time"

	"go.yaml.in/yaml/v3"

	"bestbefore/app/internal/ui"
	"bestbefore/assets"
	"bestbefore/discovery/recipient"
)

var update = flag.Bool("update", false, "write the English texts that are asked for to assets/translations/en.json")

// literals collects the string literals of all Go files of the program that are
// no tests: those that are asked for as texts, and all of them.
func literals(t *testing.T) (asked, all map[string]bool) {
	t.Helper()
	asked, all = map[string]bool{}, map[string]bool{}
	for _, dir := range []string{"app", "consent", "connectors", "discovery"} {
		collect(t, filepath.Join("../../..", dir), asked, all)
	}
	for _, p := range recipient.Purposes() { // words that come from a table
		asked[p.Words()] = true
	}
	for _, s := range tables(t) {
		asked[s] = true
	}
	for s := range asked {
		all[s] = true
	}
	return asked, all
}

func collect(t *testing.T, dir string, asked, all map[string]bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch v := n.(type) {
			case *ast.BasicLit:
				if s, ok := literal(v); ok {
					all[s] = true
				}
			case *ast.CallExpr:
				for _, s := range texts(v, strings.Contains(filepath.ToSlash(path), "/internal/view/")) {
					asked[s] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shown are the places of the tables that are part of the program (guides, recipes,
// providers) whose texts a person reads; what is below a list counts as in it.
var shown = map[string][]string{
	"guides":    {"name", "where", "steps", "stops", "keeps", "sign"},
	"providers": {"only", "ends_also"},
	"recipe": {
		"sees", "stops", "needs", "stays.what", "stays.steps", "options.label", "options.help", "block.text", "block.note", "grants.what", "errors.text",
	},
}

// tables are the texts of the tables that are part of the program. Package words is
// asked for them where they are shown: connectors/guide, recipe, oauth.
func tables(t *testing.T) (out []string) {
	t.Helper()
	files, err := fs.Glob(assets.Recipes, "recipes/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := fs.ReadFile(assets.Recipes, f)
		if err != nil {
			t.Fatal(err)
		}
		kind := "recipe"
		if strings.HasSuffix(f, "/guides.yaml") {
			kind = "guides"
		}
		out = append(out, tableTexts(t, data, shown[kind])...)
	}
	return append(out, tableTexts(t, assets.Accounts, shown["providers"])...)
}

// tableTexts are the texts of one table at places.
func tableTexts(t *testing.T, data []byte, places []string) (out []string) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(n *yaml.Node, at string)
	walk = func(n *yaml.Node, at string) {
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], strings.TrimPrefix(at+"."+n.Content[i].Value, "."))
			}
		case yaml.ScalarNode:
			if slices.ContainsFunc(places, func(p string) bool { return at == p || p == "errors.text" && strings.HasSuffix(at, "."+p) }) {
				out = append(out, n.Value)
			}
		default:
			for _, c := range n.Content {
				walk(c, at)
			}
		}
	}
	walk(&doc, "")
	return out
}

// texts are the texts that a call asks for: lang.L and lang.N in pages, T, N and
// Words of the presenter, of which the last two take one and many, and those of
// package words, of which N takes two and Date has it second.
func texts(c *ast.CallExpr, presenter bool) (out []string) {
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	count, args := 0, c.Args
	pkg, isName := f.X.(*ast.Ident)
	switch {
	case isName && pkg.Name == "words":
		switch count = 1; f.Sel.Name {
		case "N":
			count = 2
		case "Date":
			args = args[1:]
			for m := time.January; m <= time.December; m++ {
				out = append(out, m.String(), m.String()[:3])
			}
			for d := time.Sunday; d <= time.Saturday; d++ {
				out = append(out, d.String(), d.String()[:3])
			}
		}
	case isName && pkg.Name == "lang" && (f.Sel.Name == "L" || f.Sel.Name == "N"), presenter && f.Sel.Name == "T":
		count = 1
	case presenter && (f.Sel.Name == "N" || f.Sel.Name == "Words"):
		count = 2
	}
	for _, arg := range args[:min(count, len(args))] {
		if s, ok := literal(arg); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func TestEnglishIsWritten(t *testing.T) {
	if !*update {
		t.Skip("-update is not set")
	}
	asked, _ := literals(t)
	english := map[string]string{}
	for s := range asked {
		english[s] = s
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(english); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../../../assets/translations/en.json", out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// translations are the languages by the names of their files, each from the
// English text to its own. One that is more than such a list ends the test.
func translations(t *testing.T) map[string]map[string]string {
	t.Helper()
	files, err := assets.Translations.ReadDir("translations")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d languages, %v", len(files), err)
	}
	out := map[string]map[string]string{}
	for _, f := range files {
		data, err := assets.Translations.ReadFile("translations/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		out[f.Name()] = texts
	}
	return out
}

func TestEveryTextIsInEveryLanguage(t *testing.T) {
	asked, all := literals(t)
	if len(asked) < 20 {
		t.Fatalf("found only %d texts; the check looks in the wrong place", len(asked))
	}
	for name, texts := range translations(t) {
		for s := range asked {
			if _, ok := texts[s]; !ok {
				t.Errorf("%s lacks %q", name, s)
			}
		}
		for s := range texts {
			if !all[s] {
				t.Errorf("%s holds %q, which nobody says", name, s)
			}
		}
	}
}

func TestLanguagesLoad(t *testing.T) {
	if err := ui.LoadLanguages(); err != nil {
		t.Fatal(err)
	}
	// Words that mean a plural form to the library, and texts with figures in them.
	for _, key := range []string{"one", "two", "other", "%s devices are at home.", "Cancel"} {
		if got := ui.Translate(key); got != key {
			t.Errorf("%q became %q in English", key, got)
		}
	}
}

// figures are the verbs of a text by the argument that each takes.
func figures(text string) string {
	verbs, next := map[int]string{}, 1
	for _, m := range regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*[0-9.]*([a-zA-Z%])`).FindAllStringSubmatch(text, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		verbs[next] = m[2]
		next++
	}
	return fmt.Sprint(verbs)
}

// TestTranslationsKeepTheirFigures: a text of another language takes the same
// arguments as the English one, in whatever order.
func TestTranslationsKeepTheirFigures(t *testing.T) {
	for name, texts := range translations(t) {
		for key, text := range texts {
			if figures(key) != figures(text) {
				t.Errorf("%s: %q takes other figures than %q", name, text, key)
			}
		}
	}
	for text, same := range map[string]bool{"%[2]s von %[1]s: 5 %%": true, "%s von %d": false, "%s": false, "%[2]s von %[2]s": false} {
		if (figures("%s of %s") == figures(text)) != same {
			t.Errorf("%q: the figures are %s", text, figures(text))
		}
	}
}

// TestTablesAreRead: each place of a table gives its texts, and what is for machines
// gives none. So a text of a table that is shown is missed where it is in no language.
func TestTablesAreRead(t *testing.T) {
	recipe := `
kind: box
sees: A
stops: B
needs: [C]
stays: {what: D, steps: [E]}
options: [{key: address, label: F, help: G}]
base: "{{address}}"
errors: [{when: {path: x}, kind: permanent, text: H}]
probe: [{get: /, errors: [{text: I}]}]
devices: {get: /d, label: not this}
grants: [{get: /g, what: J, name: "{{row.name}}"}]
block: {text: K, note: L, steps: [{get: /b}]}
`
	if got := tableTexts(t, []byte(recipe), shown["recipe"]); strings.Join(got, "") != "ABCDEFGHIJKL" {
		t.Errorf("of a recipe: %q", got)
	}
	guide := "- {id: x, name: A, makers: [m], where: B, steps: [C, D], stops: E, keeps: F, sign: G, page: 'https://x.example/'}"
	if got := tableTexts(t, []byte(guide), shown["guides"]); strings.Join(got, "") != "ABCDEFG" {
		t.Errorf("of a guide: %q", got)
	}
	if got := tableTexts(t, []byte("- {id: x, name: N, only: A, ends_also: [B], basis: own}"), shown["providers"]); strings.Join(got, "") != "AB" {
		t.Errorf("of a provider: %q", got)
	}
}

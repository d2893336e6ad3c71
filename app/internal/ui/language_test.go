package ui_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bestbefore/app/internal/ui"
	"bestbefore/assets"
)

// literals collects the string literals of all Go files of the program that are
// no tests: those given to lang.L and its like, and all of them.
func literals(t *testing.T) (asked, all map[string]bool) {
	t.Helper()
	asked, all = map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
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
				if s, err := strconv.Unquote(v.Value); err == nil && v.Kind == token.STRING {
					all[s] = true
				}
			case *ast.CallExpr:
				if s, ok := langKey(v); ok {
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
	return asked, all
}

func langKey(c *ast.CallExpr) (string, bool) {
	f, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || len(c.Args) == 0 {
		return "", false
	}
	if pkg, ok := f.X.(*ast.Ident); !ok || pkg.Name != "lang" || f.Sel.Name != "L" && f.Sel.Name != "N" {
		return "", false
	}
	lit, ok := c.Args[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func TestEveryTextIsInEveryLanguage(t *testing.T) {
	asked, all := literals(t)
	if len(asked) < 20 {
		t.Fatalf("found only %d texts; the check looks in the wrong place", len(asked))
	}
	files, err := assets.Translations.ReadDir("translations")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := assets.Translations.ReadFile("translations/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]any
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatal(err)
		}
		for s := range asked {
			if _, ok := texts[s]; !ok {
				t.Errorf("%s lacks %q", f.Name(), s)
			}
		}
		for s := range texts {
			if !all[s] {
				t.Errorf("%s holds %q, which nobody says", f.Name(), s)
			}
		}
	}
}

func TestLanguagesLoad(t *testing.T) {
	if err := ui.LoadLanguages(); err != nil {
		t.Error(err)
	}
}

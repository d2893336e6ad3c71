package arch

import (
	"bytes"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Written in pieces, so that this file does not hold what it looks for.
var (
	registryHosts = regexp.MustCompile(`\b(proxy|registry|deb|index|files)\.[a-z]*(golang|npmjs|yarnpkg|debian|ubuntu|pythonhosted|pypi)[a-z]*\.(org|com|io)\b|\b(py` + `pi|crates)\.(org|io)\b`)
	machinePaths  = regexp.MustCompile(`(^|[^A-Za-z0-9._$})*-])/(work|root|home)` + `/[a-z.]`)
	suspicious    = []string{"proxy.", "registry.", "deb.", "index.", "files.", "py" + "pi.", "crates.", "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"}
)

// TestTree: nothing that is committed names a package registry's host or a path
// of one machine, and nothing big slips in.
func TestTree(t *testing.T) {
	for _, name := range tracked(t) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 2<<20 && !strings.HasPrefix(name, "assets/") {
			t.Errorf("%s has %d KB", name, len(text)>>10)
		}
		if bytes.IndexByte(text, 0) >= 0 {
			continue // not text
		}
		if !slices.ContainsFunc(suspicious, func(s string) bool { return bytes.Contains(text, []byte(s)) }) {
			continue // most files, which is soon seen
		}
		for n, line := range bytes.Split(text, []byte("\n")) {
			if m := registryHosts.Find(line); m != nil {
				t.Errorf("%s:%d names a package registry's host: %s", name, n+1, m)
			}
			if m := machinePaths.Find(line); m != nil && !strings.HasSuffix(name, "go.sum") {
				t.Errorf("%s:%d holds a path of one machine: %s", name, n+1, m)
			}
		}
	}
	for _, bad := range []string{"see https://proxy." + "golang.org/x", "registry." + "npmjs.org"} {
		if !registryHosts.MatchString(bad) {
			t.Errorf("%q is not found", bad)
		}
	}
	for _, bad := range []string{"/ro" + "ot/x", `dir := "/wo` + `rk/main"`} {
		if !machinePaths.MatchString(bad) {
			t.Errorf("%q is not found", bad)
		}
	}
}

func TestLicence(t *testing.T) {
	text := read(t, "LICENSE")
	if !strings.Contains(text, "Apache License") || !strings.Contains(text, "Version 2.0") || len(text) < 10_000 {
		t.Error("LICENSE is not the full text of the Apache License 2.0")
	}
}

// TestMetadata: FyneApp.toml, which the packaging tool reads, and SetMetadata in
// the program say the same.
func TestMetadata(t *testing.T) {
	if !hasGo("app") {
		t.Fatal("app is gone, and with it what FyneApp.toml describes")
	}
	toml := read(t, "FyneApp.toml")
	values := map[string]string{}
	var given *ast.CompositeLit
	for _, f := range goFiles(t) {
		if f.test() || !matches(f.dir(), "app", "app/internal/lifecycle") {
			continue
		}
		constants(f, values)
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if c, ok := n.(*ast.CompositeLit); ok && f.dir() == "app" && f.mentions(c.Type, "fyne.io/fyne/v2") == "AppMetadata" {
				given = c
			}
			return true
		})
	}
	if given == nil {
		t.Fatal("app never gives fyne.AppMetadata to SetMetadata")
	}
	said := map[string]string{}
	for _, e := range given.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			said[kv.Key.(*ast.Ident).Name] = value(kv.Value, values)
		}
	}
	for _, key := range []string{"ID", "Name", "Version", "Build"} {
		m := regexp.MustCompile(`(?m)^` + key + ` = "?([^"\n]*)"?$`).FindStringSubmatch(toml)
		if m == nil || m[1] != said[key] {
			t.Errorf("%s: FyneApp.toml has %q, the program %q", key, m, said[key])
		}
	}
	if !regexp.MustCompile(`(?s)\[Migrations\].*fyneDo = true`).MatchString(toml) {
		t.Error("FyneApp.toml lacks [Migrations] fyneDo = true")
	}
	if icon := regexp.MustCompile(`Icon = "(.*)"`).FindStringSubmatch(toml); icon == nil || len(read(t, icon[1])) < 1000 {
		t.Error("FyneApp.toml names no icon")
	}
}

// constants collects the simple constants of f by name.
func constants(f file, into map[string]string) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok && len(s.Names) == len(s.Values) {
			for i, name := range s.Names {
				if b, ok := s.Values[i].(*ast.BasicLit); ok {
					into[name.Name] = literal(b)
				}
			}
		}
		return true
	})
}

// value is what a literal or the name of a constant stands for.
func value(x ast.Expr, constants map[string]string) string {
	switch x := x.(type) {
	case *ast.BasicLit:
		return literal(x)
	case *ast.Ident:
		return constants[x.Name]
	case *ast.SelectorExpr:
		return constants[x.Sel.Name]
	}
	return ""
}

func literal(b *ast.BasicLit) string {
	if s, err := strconv.Unquote(b.Value); err == nil {
		return s
	}
	return b.Value
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

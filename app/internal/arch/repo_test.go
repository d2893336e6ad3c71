package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	modPath = "bestbefore"
	tags    = "migrated_fynedo"
)

// root is the project's folder.
const root = "../../.."

// pkg is what go list says of a package, on one system or, merged, on all.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
	XTest      []string `json:"XTestImports"`
	Test       []string `json:"TestImports"`
	Standard   bool
}

// name is the package's path inside the module.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, modPath+"/") }

// goList asks for all packages and what they reach, on one system, without cgo.
func goList(t *testing.T, system string, args ...string) []pkg {
	t.Helper()
	c := exec.Command("go", append([]string{
		"list", "-e", "-deps", "-tags", tags,
		"-json=ImportPath,Dir,GoFiles,Imports,Deps,XTestImports,TestImports,Standard",
	}, args...)...)
	c.Dir = root
	c.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v\n%s", system, err, errs.String())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// systems are those that the engine must build for.
var systems = []string{"linux", "windows", "darwin"}

// own gives the module's packages with their imports on every system together,
// so that a Windows file cannot reach where a Linux one may not.
func own(t *testing.T) map[string]pkg {
	t.Helper()
	listOnce.Do(func() {
		listed = map[string]pkg{}
		for _, system := range systems {
			for _, p := range goList(t, system, "./...") {
				if p.Standard || !strings.HasPrefix(p.ImportPath, modPath+"/") {
					continue
				}
				was := listed[p.name()]
				p.Imports = append(p.Imports, was.Imports...)
				p.Deps = append(p.Deps, was.Deps...)
				p.Test = append(append(p.Test, p.XTest...), was.Test...)
				listed[p.name()] = p
			}
		}
	})
	if len(listed) < 10 {
		t.Fatalf("go list gave only %d packages", len(listed))
	}
	return listed
}

var (
	listOnce sync.Once
	listed   map[string]pkg
)

// file is a Go file of the project.
type file struct {
	path string // from the project's folder, with slashes
	text []byte
	set  *token.FileSet
	tree *ast.File
}

func (f file) test() bool          { return strings.HasSuffix(f.path, "_test.go") }
func (f file) dir() string         { return path.Dir(f.path) }
func (f file) line(n ast.Node) int { return f.set.Position(n.Pos()).Line }

// local is the name under which f imports a package, or "".
func (f file) local(importPath string) string {
	for _, i := range f.tree.Imports {
		if strings.Trim(i.Path.Value, `"`) != importPath {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		base := path.Base(importPath)
		if base == "v2" {
			base = path.Base(path.Dir(importPath))
		}
		return base
	}
	return ""
}

// mentions gives the name that n takes from an imported package, or "".
func (f file) mentions(n ast.Node, importPath string) string {
	s, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := s.X.(*ast.Ident); ok && x.Name != "" && x.Name == f.local(importPath) {
		return s.Sel.Name
	}
	return ""
}

// tracked lists the project's files: what git knows or would add, or, in an
// unpacked archive, all.
func tracked(t *testing.T) []string {
	t.Helper()
	c := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	c.Dir = root
	if out, err := c.Output(); err == nil {
		var all []string
		for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
			if _, err := os.Stat(filepath.Join(root, name)); err == nil { // not one that is just being removed
				all = append(all, name)
			}
		}
		return all
	}
	var all []string
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, p)
		all = append(all, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// goFiles parses every Go file of the project.
func goFiles(t *testing.T) []file {
	t.Helper()
	parseOnce.Do(func() {
		for _, name := range tracked(t) {
			if !strings.HasSuffix(name, ".go") || strings.Contains(name, "testdata/") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file{path: name, text: text, set: set, tree: tree})
		}
	})
	if len(parsed) < 10 {
		t.Fatalf("found only %d Go files", len(parsed))
	}
	return parsed
}

var (
	parseOnce sync.Once
	parsed    []file
)

// matches reports whether name is one of the patterns: exact, "x/*" for one
// level below x, "x/..." for x and everything below.
func matches(name string, patterns ...string) bool {
	for _, p := range patterns {
		if base, ok := strings.CutSuffix(p, "/..."); ok {
			if name == base || strings.HasPrefix(name, base+"/") {
				return true
			}
			continue
		}
		if ok, err := path.Match(p, name); err == nil && ok {
			return true
		}
	}
	return false
}

// parse makes a file of text, for tests of the rules themselves.
func parse(t *testing.T, name, text string) file {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file{path: name, text: []byte(text), set: set, tree: tree}
}

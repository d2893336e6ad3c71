package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

const (
	fileLines     = 500
	functionLines = 80
	methods       = 4
)

// longFunctions are tables in the shape of a function.
var longFunctions = map[string]bool{
	"connectors/connectortest.TestTheSuiteCatches": true,
	"discovery.TestMerging":                        true,
}

// bigInterfaces have more methods than others may, each for a reason. Engine
// itself is put together from small ones and so not here.
var bigInterfaces = map[string]string{
	"app/internal/engine.DeviceEdits": "the five corrections of one page",
	"app/internal/engine.Decisions":   "what a person can decide about one permission",
	"app/internal/engine.Blocks":      "cut and uncut, before and after",
	"app/internal/engine.Connections": "the life of one connection",
	"app/internal/ui.Page":            "what the shell asks of a page",
	"connectors/connectortest.T":      "the part of testing.TB that the suite uses",
}

// bannedNames say nothing about what is inside.
var bannedNames = []string{"pkg", "cmd", "util", "utils", "common", "helper", "helpers", "model", "models", "types", "misc", "manager", "base", "shared", "lib"}

func TestSizes(t *testing.T) {
	for _, f := range goFiles(t) {
		if n := bytes.Count(f.text, []byte("\n")); n > fileLines {
			t.Errorf("%s has %d lines, %d at most", f.path, n, fileLines)
		}
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || longFunctions[f.dir()+"."+fn.Name.Name] {
				continue
			}
			if n := f.set.Position(fn.End()).Line - f.line(fn) + 1; n > functionLines {
				t.Errorf("%s:%d: %s has %d lines, %d at most", f.path, f.line(fn), fn.Name.Name, n, functionLines)
			}
		}
	}
}

func TestInterfacesAreSmall(t *testing.T) {
	for _, f := range goFiles(t) {
		each(f, func(spec *ast.TypeSpec) {
			i, ok := spec.Type.(*ast.InterfaceType)
			if !ok || f.test() {
				return
			}
			own := 0
			for _, m := range i.Methods.List {
				own += len(m.Names) // embedded ones have none
			}
			if name := f.dir() + "." + spec.Name.Name; own > methods && bigInterfaces[name] == "" {
				t.Errorf("%s: interface %s has %d methods, %d at most", f.path, name, own, methods)
			}
		})
	}
}

func TestPackages(t *testing.T) {
	comments := map[string]string{}
	for _, f := range goFiles(t) {
		base := f.dir()[strings.LastIndex(f.dir(), "/")+1:]
		if slices.Contains(bannedNames, base) {
			t.Errorf("%s: a package called %q says nothing about what is in it", f.path, base)
		}
		if f.test() || ignored(f) {
			continue
		}
		if _, seen := comments[f.dir()]; !seen {
			comments[f.dir()] = ""
		}
		if f.tree.Doc != nil {
			comments[f.dir()] = f.tree.Doc.Text()
		}
		for _, d := range f.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s:%d: no init; wire it where the program starts", f.path, f.line(fn))
			}
		}
	}
	for dir, text := range comments {
		if !strings.HasPrefix(text, "Package ") && !strings.HasPrefix(text, "Command ") {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

// ignored is whether f is a generator that stands beside what it makes.
func ignored(f file) bool { return bytes.HasPrefix(f.text, []byte("//go:build ignore")) }

func TestExportedNamesAreExplained(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test() || strings.HasPrefix(f.path, ".ci/") || f.path == "app/internal/rpc/client.go" { // its methods are engine.Engine's, explained there
			continue
		}
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s:%d: %s has no comment", f.path, f.line(d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && ts.Doc == nil && d.Doc == nil {
						t.Errorf("%s:%d: %s has no comment", f.path, f.line(ts), ts.Name.Name)
					}
				}
			}
		}
	}
}

// exportedReceiver leaves out methods that a standard interface explains (Error,
// String, Less ...) and those of types nobody outside can name.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	if slices.Contains([]string{"Error", "String", "Unwrap", "Is", "Close", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "LogValue", "Len", "Less", "Swap", "Format", "GoString"}, d.Name.Name) {
		return false
	}
	x := d.Recv.List[0].Type
	for {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.Ident:
			return y.IsExported()
		default:
			return false
		}
	}
}

// TestHabits: what must stand in one place only.
func TestHabits(t *testing.T) {
	for _, f := range goFiles(t) {
		report(t, habits(f))
	}
}

func habits(f file) (faults []string) {
	clock := f.test() || matches(f.dir(), "app/internal/clock", "app/internal/lab", "connectors/connectortest", ".ci/...")
	page := matches(f.dir(), "app/internal/ui/...")
	say := func(n ast.Node, text string) {
		faults = append(faults, fmt.Sprintf("%s:%d: %s", f.path, f.line(n), text))
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if page {
				say(n, "no goroutine under ui; a page is a function from snapshot to widgets")
			}
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "SendNotification" && !constantNote(n) {
				say(n, "SendNotification only with constant texts; on some systems they reach a shell")
			}
		case *ast.SelectorExpr:
			switch m := f.mentions(n, "time"); {
			case !clock && (m == "Now" || m == "After" || m == "Since" || m == "Until"):
				say(n, "time."+m+" belongs to app/internal/clock; take Now func() time.Time")
			}
			switch m := f.mentions(n, "fyne.io/fyne/v2"); {
			case m == "DoAndWait":
				say(n, "fyne.DoAndWait is banned")
			case m == "Do" && f.path != "app/internal/ui/dispatch.go":
				say(n, "fyne.Do belongs to app/internal/ui/dispatch.go")
			}
		}
		return true
	})
	return faults
}

// constantNote is whether a SendNotification call is given
// fyne.NewNotification with two literals.
func constantNote(call *ast.CallExpr) bool {
	if len(call.Args) != 1 {
		return false
	}
	note, ok := call.Args[0].(*ast.CallExpr)
	if !ok {
		return false
	}
	for _, a := range note.Args {
		if _, literal := a.(*ast.BasicLit); !literal {
			return false
		}
	}
	return len(note.Args) == 2
}

// TestHabitsBite makes sure that habits finds each of them.
func TestHabitsBite(t *testing.T) {
	text := `package home
import ("time"; "fyne.io/fyne/v2")
func f(a fyne.App, name string) {
	go f(a, name)
	_ = time.Now()
	<-time.After(1)
	fyne.Do(nil)
	fyne.DoAndWait(nil)
	a.SendNotification(fyne.NewNotification(name, "text"))
	a.SendNotification(fyne.NewNotification("name", "text"))
}`
	if got := habits(parse(t, "app/internal/ui/home/home.go", text)); len(got) != 6 {
		t.Errorf("found %d faults, want 6: %q", len(got), got)
	}
	if got := habits(parse(t, "app/internal/clock/clock.go", "package clock\nimport \"time\"\nvar Now = time.Now")); len(got) != 0 {
		t.Errorf("the clock may read the clock: %q", got)
	}
}

func each(f file, do func(*ast.TypeSpec)) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok {
			do(s)
		}
		return true
	})
}

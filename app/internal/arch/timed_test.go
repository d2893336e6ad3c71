package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestNoTestIsTimed: speed is measured by benchmarks or lab runs. A test that
// fails because something took long fails on a busy machine.
func TestNoTestIsTimed(t *testing.T) {
	for _, f := range goFiles(t) {
		report(t, timed(f))
	}
}

// timed finds every failure of a test that depends on a comparison with
// time.Since. A loop that gives up after a while is none: it waits for something.
func timed(f file) (faults []string) {
	if first, _, _ := bytes.Cut(f.text, []byte("\n")); !f.test() || bytes.HasPrefix(first, []byte("//go:build lab")) {
		return nil
	}
	for _, d := range f.tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || strings.HasPrefix(fn.Name.Name, "Benchmark") {
			continue
		}
		took := durations(f, fn)
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if _, waits := n.(*ast.ForStmt); waits {
				return false
			}
			if i, ok := n.(*ast.IfStmt); ok && fails(i.Body) && ordered(i.Cond, func(n ast.Node) bool { return since(f, n) || named(n, took) }) {
				faults = append(faults, fmt.Sprintf("%s:%d: a test fails by the clock; print the figure, or measure it in a benchmark or the lab", f.path, f.line(i)))
			}
			return true
		})
	}
	return faults
}

func since(f file, n ast.Node) bool { return f.mentions(n, "time") == "Since" }

func named(n ast.Node, names []string) bool {
	id, ok := n.(*ast.Ident)
	return ok && slices.Contains(names, id.Name)
}

// durations are the variables of fn that hold what time.Since gave.
func durations(f file, fn *ast.FuncDecl) (names []string) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			return true
		}
		for i, x := range a.Rhs {
			if _, closure := x.(*ast.FuncLit); closure || !has(x, func(n ast.Node) bool { return since(f, n) }) {
				continue
			}
			if id, ok := a.Lhs[i].(*ast.Ident); ok {
				names = append(names, id.Name)
			}
		}
		return true
	})
	return names
}

// fails is whether b lets a test fail.
func fails(b *ast.BlockStmt) bool {
	return has(b, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		return ok && slices.Contains([]string{"Error", "Errorf", "Fatal", "Fatalf"}, s.Sel.Name)
	})
}

// ordered is whether cond asks if something of that kind is more or less than another thing.
func ordered(cond ast.Expr, kind func(ast.Node) bool) bool {
	return has(cond, func(n ast.Node) bool {
		b, ok := n.(*ast.BinaryExpr)
		return ok && slices.Contains([]token.Token{token.LSS, token.GTR, token.LEQ, token.GEQ}, b.Op) && has(b, kind)
	})
}

func has(n ast.Node, kind func(ast.Node) bool) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		found = found || n != nil && kind(n)
		return !found
	})
	return found
}

// TestTimedBites makes sure that timed finds each of them, and nothing else.
func TestTimedBites(t *testing.T) {
	text := `package home
import ("testing"; "time")
func TestA(t *testing.T) {
	began := time.Now()
	if d := time.Since(began); d > time.Second { t.Errorf("%v", d) }
	if time.Since(began) >= time.Second { t.Fatal("late") }
	var took []time.Duration
	for range 3 { took = append(took, time.Since(began)) }
	if took[1] > time.Second { t.Error("late") }
	for { if time.Since(began) > time.Minute { t.Fatal("it never came") } }
	if time.Since(began) > time.Second { t.Log("late") }
}
func BenchmarkA(b *testing.B) { if time.Since(time.Now()) > 1 { b.Error("late") } }`
	if got := timed(parse(t, "app/internal/home/home_test.go", text)); len(got) != 3 {
		t.Errorf("found %d faults, want 3: %q", len(got), got)
	}
	if got := timed(parse(t, "app/internal/home/lab_test.go", "//go:build lab\n\n"+text)); len(got) != 0 {
		t.Errorf("the lab measures: %q", got)
	}
}

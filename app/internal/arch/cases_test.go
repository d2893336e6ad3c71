package arch

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mutant is a line of .ci/mutants: a rule of the engine and how it is switched off.
type mutant struct {
	name, file, from, to string
	packages             []string
	tests                string
}

// mutants are those of .ci/mutants, read as it reads them.
func mutants(t *testing.T) (all []mutant) {
	t.Helper()
	_, list, begins := strings.Cut(read(t, ".ci/mutants"), "<<'LIST'\n")
	list, _, ends := strings.Cut(list, "\nLIST\n")
	if !begins || !ends {
		t.Fatal(".ci/mutants holds no list")
	}
	for line := range strings.SplitSeq(list, "\n") {
		m, ok := mutantOf(line)
		if !ok {
			t.Errorf(".ci/mutants: no mutant: %s", line)
			continue
		}
		all = append(all, m)
	}
	return all
}

func mutantOf(line string) (mutant, bool) {
	fields := strings.SplitN(strings.ReplaceAll(line, `\|`, "\x01"), "|", 6)
	for i := range fields {
		fields[i] = strings.ReplaceAll(fields[i], "\x01", "|")
	}
	if len(fields) < 6 || slices.Contains(fields, "") && fields[3] != "" {
		return mutant{}, false
	}
	return mutant{fields[0], fields[1], fields[2], fields[3], strings.Fields(fields[4]), fields[5]}, true
}

// TestMutantsAreOfThisProgram: what a mutant changes is there, and so are the
// tests that are to notice; "make mutants", which takes half an hour, would only
// then tell that it proves nothing.
func TestMutantsAreOfThisProgram(t *testing.T) {
	files, tests := map[string]string{}, testNames(t)
	for _, name := range tracked(t) {
		files[name] = ""
	}
	seen := map[string]bool{}
	for _, m := range mutants(t) {
		if _, ok := files[m.file]; !ok {
			t.Errorf("the mutant %q: there is no %s", m.name, m.file)
			continue
		}
		if files[m.file] == "" {
			files[m.file] = read(t, m.file)
		}
		if seen[m.name] {
			t.Errorf("two mutants have the name %q", m.name)
		}
		seen[m.name] = true
		for _, fault := range m.stale(files[m.file], tests) {
			t.Errorf("the mutant %q: %s", m.name, fault)
		}
	}
	for _, twin := range []mutant{ // what the check must find
		{"moved", "x.go", "if gone {", "if false {", []string{"./p"}, "TestA"},
		{"the same", "x.go", "if here {", "if here {", []string{"./p"}, "TestA"},
		{"renamed", "x.go", "if here {", "if false {", []string{"./p"}, "TestZ|T01"},
	} {
		if len(twin.stale("if here {\n}\n", map[string][]string{"p": {"TestA"}})) != 1 {
			t.Errorf("the twin %q is not found", twin.name)
		}
	}
}

// stale says what m no longer fits: the text of its file, or the tests by package.
func (m mutant) stale(text string, tests map[string][]string) (faults []string) {
	if !strings.Contains(text, m.from) {
		faults = append(faults, fmt.Sprintf("%s no longer says: %s", m.file, m.from))
	}
	if m.from == m.to {
		faults = append(faults, "it changes nothing")
	}
	for _, p := range m.packages {
		if len(m.guards(tests[strings.TrimPrefix(p, "./")])) > 0 {
			return faults
		}
	}
	return append(faults, fmt.Sprintf("%v have no test %s", m.packages, m.tests))
}

// guards are those of the tests that m would run; of a subtest its test.
func (m mutant) guards(tests []string) (out []string) {
	var parts []string
	for part := range strings.SplitSeq(m.tests, "|") {
		part, _, _ = strings.Cut(part, "/")
		parts = append(parts, part)
	}
	like, err := regexp.Compile(strings.Join(parts, "|"))
	if err != nil {
		return nil
	}
	for _, name := range tests {
		if like.MatchString(name) {
			out = append(out, name)
		}
	}
	return out
}

// testNames are the names of all tests by their package's folder.
func testNames(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, f := range goFiles(t) {
		for _, fn := range f.tests() {
			out[f.dir()] = append(out[f.dir()], fn.Name.Name)
		}
	}
	return out
}

func (f file) tests() (out []*ast.FuncDecl) {
	for _, d := range f.tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && f.test() && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
			out = append(out, fn)
		}
	}
	return out
}

// The cases are numbered to 62. Those that need several people deciding, or
// letters, come with these.
const lastCase = 62

var laterCases = []int{47, 48, 52, 58, 59, 60}

// TestEveryCaseHasItsTwin: each case has a test by its number, and something that
// takes its mechanism away and must fail: a mutant that names it, or a test that
// runs its check without it.
func TestEveryCaseHasItsTwin(t *testing.T) {
	tested, twins := map[string]bool{}, map[string]bool{}
	number := regexp.MustCompile(`^Test[A-Za-z]*?T([0-9]{2})`)
	for _, f := range goFiles(t) {
		for _, fn := range f.tests() {
			m := number.FindStringSubmatch(fn.Name.Name)
			if m == nil {
				continue
			}
			tested[m[1]] = true
			if runsTwin(fn) {
				twins[m[1]] = true
			}
		}
	}
	tests := testNames(t)
	for _, m := range mutants(t) {
		for _, named := range regexp.MustCompile(`\bT([0-9]{2})`).FindAllStringSubmatch(m.tests, -1) {
			for _, p := range m.packages {
				if slices.ContainsFunc(m.guards(tests[strings.TrimPrefix(p, "./")]), func(name string) bool { return strings.Contains(name, named[0]) }) {
					twins[named[1]] = true
				}
			}
		}
	}
	for i := 1; i <= lastCase; i++ {
		n := fmt.Sprintf("%02d", i)
		if later := slices.Contains(laterCases, i); tested[n] == later {
			t.Errorf("T%s: tested %v, to come later %v", n, tested[n], later)
		} else if !later && !twins[n] {
			t.Errorf("T%s has no twin: nothing shows that its test would fail", n)
		}
	}
}

// runsTwin is whether fn is a twin, or runs its check without the mechanism too.
func runsTwin(fn *ast.FuncDecl) bool {
	return strings.Contains(fn.Name.Name, "Twin") || has(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "holdsAndFails"
	})
}

// TestTwinBites makes sure that a test without its twin is not taken for one.
func TestTwinBites(t *testing.T) {
	f := parse(t, "app/internal/home/home_test.go", `package home
func TestT01(t *testing.T) { t.Log("the twin") }
func TestT01TheTwinOfThat(t *testing.T) {}
func TestT02(t *testing.T) { holdsAndFails(t) }`)
	var got []bool
	for _, fn := range f.tests() {
		got = append(got, runsTwin(fn))
	}
	if !slices.Equal(got, []bool{false, true, true}) {
		t.Errorf("%v", got)
	}
}

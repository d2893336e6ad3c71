package arch

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// starters are the only files that start programs, with words that are fixed
// here: never with a text that came from a device.
var starters = map[string]string{
	"app/trydemo.go":                       "this program itself, as the demo",
	"app/desk_owner.go":                    "this program itself, where the one that kept the dates went",
	"app/fault.go":                         "this program itself, with its own words, after a fault",
	"connectors/connectortest/issuer.go":   "real OAuth servers out of .ci/peers, for tests",
	"connectors/connectortest/programs.go": "real name servers in namespaces of their own, for the lab",
	"connectors/connectortest/standin.go":  "stand-ins of other packages as programs of their own, for tests",
	"discovery/neighbor/run.go":            "the system's own table of neighbours",
	"discovery/neighbor/table_darwin.go":   "hides nothing on this system",
	"discovery/neighbor/table_windows.go":  "hides the window of the above",
}

// plainNotes is the file that shows notifications through the toolkit.
const plainNotes = "app/plain.go"

// TestNoTextReachesAScript: on Windows and macOS the toolkit shows notifications
// by writing a script, and quotes too little. So only one file shows them that
// way, with texts that TestHabits holds to be constant, and nothing else is
// started with a text from outside.
func TestNoTextReachesAScript(t *testing.T) {
	for _, f := range goFiles(t) {
		if !f.test() && !matches(f.dir(), "app/internal/lab/...", ".ci/...", "app/testdata/...") {
			report(t, starts(f))
		}
	}
}

func starts(f file) (faults []string) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		begins := f.mentions(n, "os/exec") != "" || f.mentions(n, "os") == "StartProcess" ||
			slices.Contains([]string{"Exec", "ForkExec", "StartProcess"}, f.mentions(n, "syscall"))
		switch {
		case begins && starters[f.path] == "":
			faults = append(faults, fmt.Sprintf("%s:%d: starts a program; give the file a reason in starters", f.path, f.line(n)))
		case s.Sel.Name == "SendNotification" && f.path != plainNotes:
			faults = append(faults, fmt.Sprintf("%s:%d: SendNotification reaches a script on some systems; app/internal/notify shows them", f.path, f.line(n)))
		}
		return true
	})
	return faults
}

// TestStartsBites makes sure that starts finds each of them.
func TestStartsBites(t *testing.T) {
	text := `package home
import ("os"; "os/exec"; "syscall"; "fyne.io/fyne/v2")
func f(a fyne.App, name string) {
	_ = exec.Command("powershell", name).Run()
	_, _ = os.StartProcess(name, nil, nil)
	_ = syscall.Exec(name, nil, nil)
	a.SendNotification(fyne.NewNotification("name", "text"))
}`
	if got := starts(parse(t, "app/internal/home/home.go", text)); len(got) != 4 {
		t.Errorf("found %d faults, want 4: %q", len(got), got)
	}
	if got := starts(parse(t, "app/trydemo.go", "package main\nimport \"os/exec\"\nvar c = exec.Command(\"x\")")); len(got) != 0 {
		t.Errorf("it has its reason: %q", got)
	}
}

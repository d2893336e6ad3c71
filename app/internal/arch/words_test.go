package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// spoken are the packages whose every text for people is in the language file:
// what they say goes through words. Errors included, since most are shown.
var spoken = []string{"app/agent", "app/internal/engine", "consent", "consent/*"}

// answering are the packages whose sentences reach a person too, errors included,
// beside much that is none: what was being done when something failed ("reading the
// key: %w") is for the log and stays English, and so do the words of other languages
// (SQL, the entries that start us) and the tables by which devices are known.
var answering = []string{
	"app/internal/autostart", "app/internal/calendar", "app/internal/clock", "app/internal/guard", "app/internal/notify", "app/internal/rpc",
	"app/internal/secrets", "app/internal/store", "discovery/fingerprint",
}

// reporting are the packages that also speak to machines, in words: what stands in
// a place for people there, and what is a whole sentence anywhere. The causes of
// their errors are for the log and stay English.
var reporting = []string{"connectors", "connectors/*", "app/internal/demo", "app/internal/lifecycle", "discovery", "discovery/*"}

// codes are texts of those packages that look like a sentence and are none, each
// with what it is.
var codes = map[string]string{
	"registered ":                             "the beginning of a filter's code",
	"its DNS question just before":            "a code that pages put into words",
	"find devices":                            "an ability's code; pages put it into words",
	"see what devices send":                   "the same",
	"list access":                             "the same",
	"check that it stopped":                   "the same",
	"keep an end date with this computer off": "the same",
	"the household":                           "a field of the machine-readable receipt",
	"not stated":                              "the same",
	"network ":                                "the beginning of a key by which a recipient is known again",
	"connection ":                             "a word for the log",
	"panic: %v":                               "the cause of a fault, for the log",
	" ci=":                                    "the name of a field",
	"%s@%d/again %d":                          "the key of a reminder",
	"best before diary entry":                 "what a seal is made over",
	"best before diary text":                  "the same",
	"2 January 2006":                          "a layout that is read; where it is written, words.Date has it as a key",
	"2 Jan 2006":                              "the same",
	" tv ":                                    "a part of what a maker is looked up by",
	"not authorised.":                         "what a broker writes into its log",
	"Set by Best Before; lift it there.":      "what stands at the peer, and is compared",
	"no end":                                  "what a person may write for it",
	"command line":                            "how a decision was made: a code of the diary",
	"the diary":                               "the same",
	"  --set %s=%s  %s\n":                     "what is typed on the command line",
	" --set %s=%s":                            "the same",
	"step %s %-6s %s\n":                       "the same",
	"bestbefore --open consent/%s@%d":         "the same",
	"  SHA-256:   %s\n":                       "the name of a sum",
	"systemd credential":                      "the code of a place; the command line and the pages put it into words",
	"key store":                               "the same",
	"recovery phrase":                         "a code of the diary",
	"Best Before":                             "our name",
	"Google Cast Group":                       "what is compared",
	"best before installation key\x00":        "what a seal is made over",
	"best before secret\x00":                  "the same",
	"best before diary head\x00":              "the same",
	"best before backup 2\n":                  "how a backup begins",
	"best before backup lock\x00":             "what a seal is made over",
	"best before backup frame\x00":            "the same",
	"best before recovery phrase 1":           "the same",
	"best before recovery phrase check":       "the same",
	"deciding: version %d does not follow %d": "a fault of the program, for the log",
	"merging device %q into %q: an entry cannot stand for itself": "the same",
	"--set ":     "the name of an option",
	"--end: ":    "the same",
	"--forget: ": "the same",
	"flows.db: ": "the name of a file",
	"abcdefghijklmnopqrstuvwxyz0123456789_- ":                                                    "the letters of a code",
	"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters": "a place in Windows",
	"%v is no count":               "the same",
	"migration %q: want number %d": "the same",
}

// TestSentencesAreInTheLanguageFile: no sentence of the engine goes past words.
// That each key is in each file is the matter of app/internal/ui's tests.
func TestSentencesAreInTheLanguageFile(t *testing.T) {
	seen, keys := map[string]bool{}, 0
	for _, f := range goFiles(t) {
		if f.test() || !matches(f.dir(), slices.Concat(spoken, answering, reporting)...) || f.dir() == "connectors/connectortest" {
			continue
		}
		faults, n := unspoken(f, seen)
		report(t, faults)
		keys += n
	}
	if keys < 500 {
		t.Errorf("found only %d keys; the check looks in the wrong place", keys)
	}
	for c := range codes {
		if !seen[c] {
			t.Errorf("nobody says %q any more; take it off the list", c)
		}
	}
}

var (
	figures = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*[0-9.]*[a-zA-Z%]`)
	letters = regexp.MustCompile(`\pL{2}`)
	oneWord = regexp.MustCompile(`^[A-Z][a-z]{2,}\.?$`)
	whole   = regexp.MustCompile(`^(\pL|%\S+ \pL).* .*\pL{2}[)"'%]*\.$`)
)

// places are the fields, variables and functions whose texts a connector writes for people.
var places = []string{
	"Text", "Sees", "Stops", "Label", "Help", "Needs", "Access", "Note", "Because", "Lessen", "What", "Steps", "Why", "Reason", "Blind", "Detail",
	"text", "note", "why", "because", "said", "fault", "NeedsPerson", "Permanent", "Transient", "Unsupported", "Fault", "Fix", "fix",
}

// forPeople is whether a literal, whose parents are given from the outermost,
// stands in such a place: alone, in a list, joined or filled in.
func forPeople(f file, parents []ast.Node) bool {
	for _, p := range slices.Backward(parents) {
		switch p := p.(type) {
		case *ast.BinaryExpr, *ast.CompositeLit:
		case *ast.KeyValueExpr:
			return slices.Contains(places, nameOf(p.Key))
		case *ast.AssignStmt:
			return slices.ContainsFunc(p.Lhs, func(x ast.Expr) bool { return slices.Contains(places, nameOf(x)) })
		case *ast.CallExpr:
			if name := nameOf(p.Fun); slices.Contains(places, name) {
				return true
			} else if name != "append" && f.mentions(p.Fun, "fmt") != "Sprintf" {
				return false
			}
		default:
			return false
		}
	}
	return false
}

// nameOf is the last name of x.
func nameOf(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// sentence is whether a literal is for people: words with a space, or one with a
// capital where it is answered, given or put into a field. Codes and keys are of
// one word in small letters here.
func sentence(s string, parent ast.Node) bool {
	if !letters.MatchString(figures.ReplaceAllString(s, "")) {
		return false
	}
	switch p := parent.(type) {
	case *ast.ReturnStmt, *ast.CallExpr, *ast.AssignStmt:
		return strings.Contains(s, " ") || oneWord.MatchString(s)
	case *ast.KeyValueExpr:
		b, value := p.Value.(*ast.BasicLit)
		return strings.Contains(s, " ") || value && literal(b) == s && oneWord.MatchString(s)
	}
	return strings.Contains(s, " ")
}

// unspoken gives the sentences of f that go past words, notes all of them in
// seen, and counts the keys. What goes into the log, into a panic or into a
// pattern is nothing that is said.
func unspoken(f file, seen map[string]bool) (faults []string, keys int) {
	key, stack := map[ast.Expr]bool{}, []ast.Node{nil}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return false
		}
		parent := stack[len(stack)-1]
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			if n.Tag != nil {
				return false
			}
		case *ast.CallExpr:
			if unsaid(n) {
				return false
			}
			for _, k := range keysOf(f, n) {
				key[k] = true
			}
		case *ast.BasicLit:
			s := literal(n)
			switch {
			case n.Kind != token.STRING:
			case key[n]:
				keys++
				if s == "" || strings.TrimSpace(s) != s {
					faults = append(faults, fmt.Sprintf("%s:%d: the key %q is empty or has spaces around it, which a translator would lose", f.path, f.line(n), s))
				}
			case matches(f.dir(), answering...):
				if strings.Contains(s, " ") && sentence(s, parent) && !aside(f, s, stack) {
					seen[s] = true
					if codes[s] == "" {
						faults = append(faults, fmt.Sprintf("%s:%d: %q goes past words", f.path, f.line(n), s))
					}
				}
			case matches(f.dir(), reporting...) && !(whole.MatchString(s) || sentence(s, parent) && forPeople(f, stack)):
			case sentence(s, parent):
				seen[s] = true
				if codes[s] == "" {
					faults = append(faults, fmt.Sprintf("%s:%d: %q goes past words", f.path, f.line(n), s))
				}
			}
		}
		stack = append(stack, n)
		return true
	})
	return faults, keys
}

var (
	doing = regexp.MustCompile(`^(secrets|store): |^\pL+ing( [^:]*)?: %w`)
	sql   = regexp.MustCompile(`\b[A-Z]{2,}\b|\?|^[a-z_, ]*(, [a-z_]+){3}|[a-z)] (=|\*|/|-|%) [a-z'%\d]|^, [a-z]+, $`)
	entry = regexp.MustCompile(`^<|^-//|^\[Desktop Entry\]`)
)

// aside is whether a text of an answering package is for no person: what was being
// done when something failed, or words of another language.
func aside(f file, s string, parents []ast.Node) bool {
	switch f.dir() {
	case "app/internal/store":
		return doing.MatchString(s) || sql.MatchString(s)
	case "app/internal/autostart":
		return doing.MatchString(s) || entry.MatchString(s)
	case "discovery/fingerprint", "app/internal/clock": // tables: makers, time zones
		return doing.MatchString(s) || slices.ContainsFunc(parents, func(p ast.Node) bool { _, table := p.(*ast.CompositeLit); return table })
	case "app/internal/secrets":
		return doing.MatchString(s) || strings.HasSuffix(f.path, "/key.go") && inList(parents)
	}
	return doing.MatchString(s)
}

// inList is whether the innermost of parents is a list: what errors of the system's
// key stores hold, by which they are told apart.
func inList(parents []ast.Node) bool {
	_, list := parents[len(parents)-1].(*ast.CompositeLit)
	return list
}

// keysOf are the arguments of a call of words that are keys.
func keysOf(f file, c *ast.CallExpr) []ast.Expr {
	from, to := 0, 0
	switch f.mentions(c.Fun, modPath+"/assets/words") {
	case "Text", "Sprintf", "Errorf", "New", "Later":
		to = 1
	case "N":
		to = 2
	case "Date":
		from, to = 1, 2
	}
	return c.Args[min(from, len(c.Args)):min(to, len(c.Args))]
}

// unsaid is whether a call is of the log, of warn, which writes there, of panic or
// of a pattern.
func unsaid(c *ast.CallExpr) bool {
	switch fn := c.Fun.(type) {
	case *ast.Ident:
		return fn.Name == "panic" || fn.Name == "syntax" // of a command, which is typed the same everywhere
	case *ast.SelectorExpr:
		of := ""
		switch x := fn.X.(type) {
		case *ast.Ident:
			of = x.Name
		case *ast.SelectorExpr:
			of = x.Sel.Name
		}
		return fn.Sel.Name == "warn" || fn.Sel.Name == "MustCompile" || fn.Sel.Name == "Source" || slices.Contains([]string{"Log", "log", "slog"}, of)
	}
	return false
}

// TestSentencesBite makes sure that each way past words is found, and that what
// is no sentence is not.
func TestSentencesBite(t *testing.T) {
	past := `package engine
import ("errors"; "fmt"; "bestbefore/assets/words")
var errGone = errors.New("it is gone")
func f(name string) (string, error) {
	p := Problem{Text: "It is still sending.", Fix: "Wait"}
	p.Lines = append(p.Lines, name+" is told.")
	n := ledger.Note{Text: fmt.Sprintf("%s was blocked.", name)}
	what := words.Sprintf("%s ends.", "a device")
	said := words.Text(" and so on")
	verb := "Blocking"
	return "Warning", fmt.Errorf("no device %q", name)
}`
	if got, keys := unspoken(parse(t, "app/internal/engine/past.go", past), map[string]bool{}); len(got) != 10 || keys != 2 {
		t.Errorf("found %d faults and %d keys, want 10 and 2: %q", len(got), keys, got)
	}
	told := `package mqtt
import "fmt"
func (s *Session) f(name string) error {
	spec := connectors.Spec{Needs: []string{"an account", name + " of it"}, Setup: "uci set a b"}
	out.Text += "; it could not be kept"
	text = append(text, fmt.Sprintf("%d rows", n))
	why := s.run("nft list table")
	if strings.HasPrefix(line, "New client connected from ") {
		return connectors.Transient("no way out", fmt.Errorf("dialling the broker: %w", err))
	}
	return refused("The broker said no.")
}`
	if got, _ := unspoken(parse(t, "connectors/mqtt/told.go", told), map[string]bool{}); len(got) != 6 {
		t.Errorf("found %d faults, want 6: %q", len(got), got)
	}
	kept := `package store
import ("errors"; "fmt")
var ErrGone = errors.New("the record is gone")
func f(name string) error {
	if name == "" {
		return fmt.Errorf("the file %s is damaged", name)
	}
	n := ledger.Note{Text: "It was set aside."}
	rows := query("SELECT id FROM device WHERE "+name, "state = 'running'")
	return fmt.Errorf("reading devices: %w", errors.New("store: Config.Dir is needed"))
}`
	if got, _ := unspoken(parse(t, "app/internal/store/kept.go", kept), map[string]bool{}); len(got) != 3 {
		t.Errorf("found %d faults, want 3: %q", len(got), got)
	}
	through := `package engine
import "bestbefore/assets/words"
var errGone = words.New("it is gone")
func f(e *Core, name string) error {
	e.Log.Warn("listing access", "error", errGone)
	e.warn(ctx, "listing access", nil)
	if name == "Local" {
		panic("engine: no name")
	}
	p := Problem{ID: "still/" + name, Text: words.Sprintf("%s is still sending.", name), Fix: words.N("1 day", "%d days", 2)}
	_ = map[string]bool{"Store": true}
	return words.Errorf("no device %q", words.Date(at, "2 January 2006"))
}`
	if got, keys := unspoken(parse(t, "app/internal/engine/through.go", through), map[string]bool{}); len(got) != 0 || keys != 6 {
		t.Errorf("found %d faults and %d keys, want none and 6: %q", len(got), keys, got)
	}
}

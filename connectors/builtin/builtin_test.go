package builtin

import (
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestEveryConnectorDescribesItself(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	specs := all.Specs()
	if len(specs) == 0 {
		t.Fatal("nothing is shipped")
	}
	for _, s := range specs {
		if s.Kind == "" || s.Name == "" || s.Sees == "" || s.Stops == "" {
			t.Errorf("%q does not say what it is, sees and stops: %+v", s.Kind, s)
		}
		if c, ok := all.Get(s.Kind); !ok || c.Spec().Kind != s.Kind {
			t.Errorf("%q cannot be found by its kind", s.Kind)
		}
		keys := map[string]bool{}
		for _, o := range s.Options {
			if o.Key == "" || o.Label == "" || keys[o.Key] {
				t.Errorf("%s: option %q has no label or occurs twice", s.Kind, o.Key)
			}
			keys[o.Key] = true
		}
	}
}

// Whoever is given a password, a key or a token keeps it when the connection is
// removed; each kind says so, and what a person does there. The twins are a DNS
// blocker without a password, which keeps nothing, and a kind that asks for none.
func TestWhatIsGivenAndStaysIsSaid(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, spec := range all.Specs() {
		kind, _ := all.Get(spec.Kind)
		set := connectors.Settings{Values: map[string]string{}, Secrets: map[string]consent.SecretRef{}}
		for _, o := range spec.Options {
			if o.Secret {
				set.Secrets[o.Key] = "given"
			}
		}
		if len(set.Secrets) == 0 {
			continue
		}
		asked++
		if s := connectors.StaysAt(kind, set); s.What == "" || len(s.Steps) == 0 || slices.Contains(s.Steps, "") {
			t.Errorf("%s is given a secret and does not say what stays: %+v", spec.Kind, s)
		}
		set.Secrets = nil
		if s := connectors.StaysAt(kind, set); slices.Contains([]string{"pihole", "adguardhome"}, spec.Kind) && s.What != "" {
			t.Errorf("%s was given no password and yet: %+v", spec.Kind, s)
		}
	}
	if asked < 10 {
		t.Errorf("only %d kinds ask for a secret, so this shows little", asked)
	}
}

// notSwept are the kinds that no fault sweep stands before, and why.
var notSwept = map[string]string{
	"gateway": "nothing stands between it and its own kernel; TestLabWithoutRights, TestLabForwardingOffIsSaid and TestLabDefaultRouteGoesAway have what can be amiss there",
	"guide":   "it has no peer",
}

// notTimed are the kinds whose wait until an end is configured no benchmark prints, and why.
var notTimed = map[string]string{
	"gateway": "its peer is the kernel, as root: TestLabMany prints it with 10, 100 and 1,000 blocks",
	"netflow": "it only sees",
	"guide":   "a person does it",
}

// Every kind that we ship has a fault sweep among its own tests: the common one,
// or, where what comes is no answer to a question, one of its own; and a benchmark
// of a household's wait until an end is configured. The twins are the kinds without
// one, each of which must really have none.
func TestEveryKindIsSweptAndTimed(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range all.Specs() {
		c, _ := all.Get(spec.Kind)
		of := reflect.TypeOf(c)
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		files, err := filepath.Glob("../" + path.Base(of.PkgPath()) + "/*_test.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no tests: %v", spec.Kind, err)
		}
		have := func(texts ...string) bool {
			return slices.ContainsFunc(files, func(f string) bool {
				text, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				return slices.ContainsFunc(texts, func(x string) bool { return strings.Contains(string(text), x) })
			})
		}
		if why, swept := notSwept[spec.Kind], have("connectortest.Sweep(", "func TestFaultSweep("); swept == (why != "") {
			t.Errorf("%s: swept %v, %q", spec.Kind, swept, why)
		}
		if why, timed := notTimed[spec.Kind], have("func BenchmarkDisconnect("); timed == (why != "") {
			t.Errorf("%s: its wait is printed %v, %q", spec.Kind, timed, why)
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The example of the ten-minute guide through the command line: looked at,
// added, listed, removed; a broken one is told line by line.
func TestConnectorFiles(t *testing.T) {
	dir, example := t.TempDir(), "../../assets/recipes/examples/strava.yaml"
	if code, out, errs := try(t, dir, "recipe", "check", example); code != 0 || !strings.Contains(out, "speaks to: www.strava.com") || !strings.Contains(out, "state:     new") {
		t.Fatalf("check: %d %q %q", code, out, errs)
	}
	if code, out, _ := try(t, dir, "recipe", "list"); code != 0 || !strings.Contains(out, "no connector files") {
		t.Errorf("checking kept it: %d %q", code, out)
	}
	if code, _, errs := try(t, dir, "recipe", "add", example); code != 1 || !strings.Contains(errs, "nothing was added") {
		t.Errorf("added without a yes: %d %q", code, errs)
	}
	if code, out, errs := try(t, dir, "recipe", "add", example, "--yes"); code != 0 || !strings.Contains(out, "connect strava") {
		t.Fatalf("add: %d %q %q", code, out, errs)
	}
	if code, out, _ := try(t, dir, "connectors"); code != 0 || !strings.Contains(out, "Strava access of one app") {
		t.Errorf("it is no connector: %d %q", code, out)
	}
	if code, out, _ := try(t, dir, "recipe", "list"); code != 0 || !strings.Contains(out, "approved") {
		t.Errorf("list: %d %q", code, out)
	}
	if code, _, errs := try(t, dir, "recipe", "remove", "strava"); code != 0 {
		t.Errorf("remove: %d %q", code, errs)
	}
	if code, _, _ := try(t, dir, "recipe", "remove", "strava"); code != 1 {
		t.Errorf("removed twice: %d", code)
	}
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte(strings.Replace(string(text), "probe:", "prove:", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"check", "add"} {
		if code, _, errs := try(t, dir, "recipe", verb, broken); code != 1 || !strings.Contains(errs, `column 1: there is no field "prove"`) {
			t.Errorf("%s: %d %q", verb, code, errs)
		}
	}
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
)

const description = "../../discovery/mud/testdata/rfc8520.json"

// TestDeclared: a maker's file is taken, held against what was seen, and forgotten.
func TestDeclared(t *testing.T) {
	dir, peer := household(t)
	bell := named(t, dir, bellMAC)
	does(t, dir, "connect", peer.Connector().Spec().Kind)
	holds(t, does(t, dir, "declared", bell), "stands for a person") // nothing says what it is
	holds(t, does(t, dir, "declared", bell, "--file", description), "held against the file rfc8520.json", "declared, never seen", "test.example.com")
	var out map[string]any
	if err := json.Unmarshal([]byte(does(t, dir, "declared", bell, "--json")), &out); err != nil {
		t.Fatal(err)
	}
	if never := out["declared_never_seen"].([]any); out["basis"] != "mud_file" || len(never) != 1 || never[0].(map[string]any)["name"] != "test.example.com" {
		t.Errorf("%v", out)
	}
	fails(t, dir, "announces no description", "declared", bell, "--fetch")
	page := filepath.Join(dir, "page.html")
	if err := os.WriteFile(page, []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, dir, "RFC 8520", "declared", bell, "--file", page)
	fails(t, dir, "there is no", "declared", bell, "--file", page+"x")
	does(t, dir, "declared", bell, "--forget")
	fails(t, dir, "nothing is kept", "declared", bell, "--forget")
	if code, _, errs := try(t, dir, "declared", bell, "--forget", "--fetch"); code != exitUsage || !strings.Contains(errs, "usage: declared") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

func TestUnusualAndCoverage(t *testing.T) {
	dir, peer := household(t)
	bell := named(t, dir, bellMAC)
	holds(t, does(t, dir, "unusual"), "Nothing is out of the ordinary.")
	if got := rows(t, dir, "unusual", "--all"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	fails(t, dir, "waits for an answer", "unusual", "fine", "unothing")
	holds(t, does(t, dir, "coverage"), "connect your router")
	does(t, dir, "connect", peer.Connector().Spec().Kind)
	found := false
	for _, r := range rows(t, dir, "coverage") {
		found = found || r["device"] == bell && r["name"] != "" && r["seen_by"] != nil && r["missing"] != nil && r["own_names"] != nil
	}
	if !found {
		t.Error("the bell is not among them")
	}
}

// TestKeysOfBehaviourStay: scripts read these keys; they are added to, never renamed.
func TestKeysOfBehaviourStay(t *testing.T) {
	d := engine.DeviceInfo{}
	d.Sight = engine.Sight{By: []engine.SeenBy{{Name: "Gateway"}}, OwnNames: []engine.NameServer{{}}}
	for _, c := range []struct {
		v    any
		keys string
	}{
		{unusualOut(engine.Unusual{}), "id device device_name kind day from to bytes usual_bytes hosts usual_hosts port ports protocol mostly_to new at_home days text since seen fine over"},
		{declaredOut(engine.Declaration{}), "device basis source taken announced maker model info skipped from to since declared_and_seen declared_never_seen seen_not_declared cannot_tell more"},
		{declaredRowOut(engine.DeclaredRow{}), "name rule company protocol port bytes_up bytes_down count last refused source"},
		{sightOut(d), "device name text seen_by missing own_names"},
		{sightOut(d).SeenBy[0], "name since sees claim away"},
		{sightOut(d).OwnNames[0], "name how source first last count"},
	} {
		b, err := json.Marshal(c.v)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		for _, k := range strings.Fields(c.keys) {
			if _, ok := m[k]; !ok {
				t.Errorf("%q is missing: %s", k, b)
			}
		}
		if len(m) != len(strings.Fields(c.keys)) {
			t.Errorf("a key is not in the list: %s", b)
		}
	}
}

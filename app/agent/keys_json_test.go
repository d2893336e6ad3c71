package main

import (
	"encoding"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

var updateKeys = flag.Bool("update", false, "write the keys of the commands anew")

// spoken is what each command writes with --json.
func spoken() map[string]any {
	return map[string]any{
		"access": accessJSON{}, "backup": engine.Backup{}, "behaviour": unusualJSON{}, "captures": engine.TakenCapture{}, "connectors": engine.ConnectorsInfo{},
		"consents": consentJSON{}, "consents-versions": versionsJSON{}, "coverage": sightJSON{}, "declared": declaredJSON{}, "devices": deviceJSON{}, "diary": diaryJSON{}, "flows": flowJSON{},
		"held": engine.HeldInfo{}, "import-capture": engine.CaptureInfo{}, "key": engine.KeyInfo{}, "questions": discovery.Question{}, "recipe": engine.RecipeInfo{},
	}
}

// keysOf are the keys that encoding/json writes of t, inner ones with their path,
// also those that are left out where they are empty.
func keysOf(t reflect.Type, path string, above ...reflect.Type) (out []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if writesItself(t) {
		return ownKeys(t, path)
	}
	if t.Kind() != reflect.Struct || slices.Contains(above, t) {
		return nil
	}
	above = append(slices.Clone(above), t)
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			out = append(out, keysOf(f.Type, path, above...)...)
		default:
			if name == "" {
				name = f.Name
			}
			out = append(out, path+name)
			out = append(out, keysOf(f.Type, path+name+".", above...)...)
		}
	}
	return out
}

// writesItself is whether a type says itself how it is written.
func writesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// ownKeys are the keys of an object that t writes by itself; a time or a name has none.
func ownKeys(t reflect.Type, path string) (out []string) {
	var keys map[string]any
	if b, err := json.Marshal(reflect.New(t).Interface()); err != nil || json.Unmarshal(b, &keys) != nil {
		return nil
	}
	for k := range keys {
		out = append(out, path+k)
	}
	return out
}

// firstWords are keys that were written before they were in small letters; the
// right ones stand beside them.
var firstWords = []string{"Host", "Fingerprint", "Was", "Why"}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// TestKeysOfEveryCommandStay: the types that a command writes as they are keep
// their keys too. Who adds one writes it down with -update.
func TestKeysOfEveryCommandStay(t *testing.T) {
	var lines []string
	for command, v := range spoken() {
		for _, k := range keysOf(reflect.TypeOf(v), "") {
			path, name := k[:strings.LastIndex(k, ".")+1], k[strings.LastIndex(k, ".")+1:]
			beside := slices.Contains(firstWords, name) && slices.Contains(keysOf(reflect.TypeOf(v), ""), path+strings.ToLower(name))
			if !snakeCase.MatchString(name) && !beside {
				t.Errorf("%s: the key %q is not in small letters with underscores", command, k)
			}
			lines = append(lines, command+" "+k)
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	file := filepath.Join("testdata", "keys.txt")
	if *updateKeys {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), lines); d != "" {
		t.Errorf("what scripts read changed; a key may be added (-update), never renamed (-written down, +now):\n%s", d)
	}
}

// The twin: an inner field without its key, or with another one, is seen.
func TestARenamedInnerFieldIsSeen(t *testing.T) {
	type before struct {
		Port int `json:"port"`
	}
	type after struct {
		Port int `json:"door"`
	}
	type bare struct{ Port int }
	was := keysOf(reflect.TypeFor[struct {
		In []before `json:"in"`
	}](), "")
	for _, now := range []reflect.Type{reflect.TypeFor[struct {
		In []after `json:"in"`
	}](), reflect.TypeFor[struct {
		In map[string]bare `json:"in"`
	}]()} {
		if slices.Equal(was, keysOf(now, "")) {
			t.Errorf("%v passes for %q", now, was)
		}
	}
	if snakeCase.MatchString("Port") || !slices.Equal(was, []string{"in", "in.port"}) {
		t.Errorf("%q", was)
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// try runs one command line on a data folder and gives its exit code and texts.
func try(t *testing.T, dir string, args ...string) (code int, out, errs string) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent") // the tests touch nobody's key store
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	var o, e bytes.Buffer
	code = run(context.Background(), append([]string{"--data", dir}, args...), strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

func TestEverythingThatAsksWorksOnAnEmptyFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{
		{"devices"}, {"flows"}, {"consents"}, {"connectors"}, {"held"}, {"diary"}, {"diary", "--verify"}, {"questions"}, {"coverage"}, {"export", filepath.Join(dir, "out")}, {"clock"}, {"clock", "--confirm"}, {"calendar", filepath.Join(dir, "dates.ics")},
	} {
		if code, out, errs := try(t, dir, args...); code != exitDone || errs != "" || out == "" && args[0] != "calendar" {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, errs)
		}
	}
	for _, args := range [][]string{{"devices"}, {"flows"}, {"consents"}, {"diary"}, {"held"}, {"questions"}} {
		code, out, _ := try(t, dir, append(args, "--json")...)
		var list []any
		if err := json.Unmarshal([]byte(out), &list); err != nil || code != exitDone || list == nil {
			t.Errorf("%v --json: exit %d, %q is no list", args, code, out)
		}
	}
}

func TestWrongCallsAndFailuresSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "say what to do", nil},
		{exitUsage, "no command", []string{"fly"}},
		{exitUsage, "usage: label", []string{"label", "x"}},
		{exitUsage, "--until", []string{"allow", "x", "--to", "any"}},
		{exitUsage, "--then", []string{"allow", "x", "--to", "any", "--until", "1d", "--then", "explode"}},
		{exitUsage, "grade", []string{"essential", "x", "very"}},
		{exitUsage, "flag", []string{"devices", "--nonsense"}},
		{exitFailed, "there is no device", []string{"device", "toaster"}},
		{exitFailed, "there is no device", []string{"disconnect", "toaster"}},
		{exitFailed, "there is no permission", []string{"renew", "cnothing", "--until", "1mo"}},
		{exitFailed, "nothing to undo", []string{"undo"}},
		{exitFailed, "no connector", []string{"connect", "teapot"}},
		{exitUsage, "write it as 2027-05-31", []string{"allow", "x", "--to", "any", "--until", "2027-02-30"}},
		{exitUsage, "write it as 2027-05-31", []string{"renew", "cnothing", "--until", "soon"}},
		{exitUsage, "--for", []string{"disconnect", "toaster", "--for", "ever"}},
		{exitUsage, "--until", []string{"news", "allow", "toaster", "Maker", "--until", "ever"}},
		{exitUsage, "a day such as", []string{"forget", "--from", "soon", "--to", "2027-01-01"}},
		{exitUsage, "a day such as", []string{"support", "toaster", "2027-13-01", "--source", "page"}},
		{exitUsage, "--set address=", []string{"connect", "adguardhome"}},
		{exitFailed, "\"unusual\" lists", []string{"unusual", "fine", "nothing"}},
		{exitFailed, "\"captures\" lists", []string{"captures", "forget", "nothing"}},
		{exitFailed, "there is no \"/nowhere/x\"", []string{"recipe", "check", "/nowhere/x"}},
		{exitFailed, "there is no \"/nowhere/x\"", []string{"import-capture", "/nowhere/x"}},
		{exitFailed, "there is no \"/nowhere/x\"", []string{"calendar", "/nowhere/x"}},
		{exitFailed, "give another one", []string{"export", "/proc/x"}},
	} {
		code, _, errs := try(t, dir, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, %q; want %d and %q", c.args, code, errs, c.code, c.says)
		}
		if lines := strings.Count(strings.TrimSpace(errs), "\n"); c.code == exitFailed && lines > 0 {
			t.Errorf("%v: more than one sentence: %q", c.args, errs)
		}
	}
}

// TestHelpIsNoMistake: asked in any of the usual ways, about all or about one.
func TestHelpIsNoMistake(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"help", "allow"}, {"allow", "--help"}, {"allow", "x", "-h"}} {
		code, out, errs := try(t, t.TempDir(), args...)
		if code != exitDone || errs != "" || !strings.Contains(out, "allow DEVICE --to RECIPIENT|any") {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, errs)
		}
		if one := !strings.Contains(out, "diary"); one != (args[0] != "--help" && len(args) > 1) {
			t.Errorf("%v explains one command: %v\n%s", args, one, out)
		}
	}
	if code, _, errs := try(t, t.TempDir(), "help", "fly"); code != exitUsage || !strings.Contains(errs, "no command") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

func TestAFolderThatCannotBeWrittenIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := try(t, filepath.Join(file, "data"), "devices"); code != exitFailed || !strings.Contains(errs, "--data") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

// TestKeysStay: scripts read these keys; they are added to, never renamed.
func TestKeysStay(t *testing.T) {
	d := engine.DeviceInfo{}
	d.Services = []discovery.Service{{Type: "_x._tcp", TXT: discovery.TXT{"a=b"}}}
	d.Identifiers = []discovery.Identifier{{Type: discovery.MAC, Value: "00:11:22:33:44:55"}}
	for _, c := range []struct {
		what string
		v    any
		keys string
	}{
		{"device", deviceOut(d), "id name label vendor model kind identifiers addresses services first_seen last_seen evidence"},
		{"service", deviceOut(d).Services[0], "type instance host port txt"},
		{"identifier", deviceOut(d).Identifiers[0], "type value"},
		{"flow", flowOut(engine.FlowInfo{}), "device recipient destination protocol port bytes_up bytes_down first last source"},
		{"consent", consentOut(engine.ConsentInfo{}), "id device recipient data given expires expires_civil zone decided done seen"},
		{"diary", diaryOut(engine.DiaryEntry{}), "seq time kind device consent text hash"},
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
			if v, ok := m[k]; !ok || v == nil && k != "expires" {
				t.Errorf("%s lacks %q: %s", c.what, k, b)
			}
		}
	}
}

func TestRecipientsAreReadAsPeopleWriteThem(t *testing.T) {
	known := []consent.Recipient{{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}}
	for in, want := range map[string]consent.Recipient{
		"any":                         {Name: "anybody", Any: true},
		"bell maker":                  known[0],
		"203.0.113.9":                 {Destinations: []string{"203.0.113.9"}},
		"Ads=ads.example,2001:db8::1": {Name: "Ads", Destinations: []string{"ads.example", "2001:db8::1"}},
		"tv.example,203.0.113.0/24":   {Destinations: []string{"tv.example", "203.0.113.0/24"}},
	} {
		got, err := recipient(in, known)
		if err != nil || got.Name != want.Name || got.Any != want.Any || strings.Join(got.Destinations, " ") != strings.Join(want.Destinations, " ") {
			t.Errorf("%q is read as %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"Nobody", "Name=", ""} {
		if _, err := recipient(in, known); err == nil {
			t.Errorf("%q was taken for a recipient", in)
		}
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"7d": now.AddDate(0, 0, -7), "90m": now.Add(-90 * time.Minute), "2026-05-31": time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := since(in, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s, %v", in, got, err)
		}
	}
	if _, err := since("soon", now); err == nil {
		t.Error("\"soon\" was taken for a time")
	}
}

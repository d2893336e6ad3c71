package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/app/internal/secrets"
)

const phrase = "copper lantern quiet hedge"

// tell runs a command with text on standard input, on a computer without a key store.
func tell(t *testing.T, dir, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	var o, e bytes.Buffer
	c := &call{stdin: strings.NewReader(in), out: &o, errs: &e, cost: secrets.Cost{N: 16, R: 1, P: 1}}
	code = c.answer(context.Background(), append([]string{"--data", dir}, args...))
	return code, o.String(), e.String()
}

func secretFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(f, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(f, mode); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestKey: a computer without a key store, by the command line alone.
func TestKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	good, open := secretFile(t, phrase+"\n", 0o600), secretFile(t, phrase, 0o644)
	for _, c := range []struct {
		in   string
		args string
		code int
		says string
	}{
		{"", "key", exitDone, "No password can be kept now"},
		{"", "key unlock", exitFailed, "no passphrase was given"},
		{"short\n", "key unlock", exitFailed, "at least 12"},
		{strings.Repeat("x", 5000), "key unlock", exitFailed, "at most"},
		{phrase + "\n", "key unlock", exitDone, "from: passphrase"},
		{"", "key", exitDone, "\"key unlock\" takes the passphrase"},
		{"it was something else\n", "key unlock", exitFailed, "not the passphrase"},
		{"", "--passphrase-file " + good + " key", exitDone, "from: passphrase"},
		{"", "--passphrase-file " + good + " devices", exitDone, "No devices yet"},
		{"", "--passphrase-file " + open + " key unlock", exitFailed, "chmod 600"},
		{"", "--passphrase-file " + dir + "/none key unlock", exitFailed, "there is no"},
		{"", "--passphrase-file", exitUsage, "needs a file"},
		{phrase + "\nseven slow green boats\n", "key change", exitDone, "\"key unlock\" takes"},
		{"seven slow green boats\n", "key unlock", exitDone, "from: passphrase"},
		{"", "key give-up", exitDone, "takes a new passphrase"},
		{"", "key fly", exitUsage, "usage: key"},
	} {
		code, out, errs := tell(t, dir, c.in, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: exit %d, %q, %q; want %d and %q", c.args, code, out, errs, c.code, c.says)
		}
		if strings.Contains(out+errs, phrase) {
			t.Errorf("%s printed the passphrase", c.args)
		}
	}
	_, out, _ := tell(t, dir, "", "key", "--json")
	var k map[string]any
	if err := json.Unmarshal([]byte(out), &k); err != nil || k["provider"] != "" || k["chosen"] != false || k["trouble"] == "" {
		t.Errorf("%s: %v", out, err)
	}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		if b, _ := os.ReadFile(path); bytes.Contains(b, []byte(phrase)) {
			t.Errorf("the passphrase stands in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTheRunningAgentTakesThePassphrase: it waits for nobody at its start, and
// seals from the moment at which it is told.
func TestTheRunningAgentTakesThePassphrase(t *testing.T) {
	dir, _ := household(t)
	if code, out, errs := tell(t, dir, phrase+"\n", "key", "unlock"); code != exitDone || !strings.Contains(out, "from: passphrase") {
		t.Fatalf("exit %d, %q, %q", code, out, errs)
	}
	does(t, dir, "label", named(t, dir, bellMAC), "Bell")
	holds(t, does(t, dir, "diary", "--verify"), "Its end is sealed")
}

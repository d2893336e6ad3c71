package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A backup of one computer is put back on another with the phrase that was shown
// once. The twin: without it, and with a wrong one, nothing is.
func TestABackupGoesToAnotherComputer(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	here, there, key := t.TempDir(), filepath.Join(t.TempDir(), "new"), t.TempDir()
	put := func(path, text string) string {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put(filepath.Join(key, "bestbefore-key"), string(bytes.Repeat([]byte{7}, 32)))
	t.Setenv("CREDENTIALS_DIRECTORY", key)
	ask := func(dir string, args ...string) (int, string, string) {
		var o, e bytes.Buffer
		code := run(context.Background(), append([]string{"--data", dir}, args...), strings.NewReader(""), &o, &e)
		return code, o.String(), e.String()
	}
	code, phrase, said := ask(here, "backup", "phrase")
	if code != exitDone || len(strings.TrimSpace(phrase)) != 47 || !strings.Contains(said, "not shown again") {
		t.Fatalf("exit %d, %q, %q", code, phrase, said)
	}
	if code, out, errs := ask(here, "backup", "phrase"); code != exitFailed || out != "" || !strings.Contains(errs, "shown only once") {
		t.Errorf("a second time: exit %d, %q, %q", code, out, errs)
	}
	have := rows(t, here, "backup")
	if len(have) != 1 {
		t.Fatalf("%v", have)
	}
	file := filepath.Join(here, "backups", have[0]["name"].(string))
	holds(t, does(t, here, "key"), "the data folder")

	good, bad := put(filepath.Join(key, "good"), phrase), put(filepath.Join(key, "bad"), phrase[1:]) // another letter would pass the check once in 256 times
	fails(t, there, "not a recovery phrase", "backup", "restore", file, "--phrase-file", bad)
	fails(t, there, "no backup of that name", "backup", "restore", filepath.Base(file))
	holds(t, does(t, there, "backup", "restore", file, "--phrase-file", good), "is in place", "enter them again")
	_, out, _ := ask(there, "diary", "--json")
	var lines []map[string]any
	if err := json.Unmarshal([]byte(out), &lines); err != nil || len(lines) != 2 || !strings.Contains(out, "You made a recovery phrase") {
		t.Errorf("%s: %v", out, err)
	}
}

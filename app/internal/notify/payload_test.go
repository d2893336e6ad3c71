package notify

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/discovery"
)

// attacks are fifty names of devices, each of which would make mark in a
// careless script: of a shell, of PowerShell, of AppleScript, in a page.
func attacks(mark string) (out []string) {
	for _, run := range []string{"touch " + mark, "New-Item " + mark} {
		for _, form := range []string{
			"$(%s)", "`%s`", "\"; %s; \"", "'; %s; '", "\u201c; %s; \u201d", "\u201d; %s #", "\u201e; %s", "\u2018; %s; \u2019", "| %s", "& %s",
			"&& %s", "|| %s", "; %s", "$($(%s))", "${x:-$(%s)}", "@(%s)", "`\"; %s", "\"$(%s)\"", "'$(%s)'", "<img src=x onerror=\"%s\">",
			"<a href=\"file:%s\">a</a>", "\" & do shell script \"%s\" & \"", "%%COMSPEC%% /c %s", "\u202e)%s($", "a\x00$(%s)",
		} {
			out = append(out, fmt.Sprintf(form, run))
		}
	}
	return out
}

// TestFiftyNamesStartNothing shows fifty such names as title, text and answer:
// each comes out as text on the service's side, and nothing was started. On the
// other systems nothing is shown at all, and app/internal/arch sees to that.
func TestFiftyNamesStartNothing(t *testing.T) {
	address := bus(t)
	s, d := serve(t, address, "actions", "body", "body-markup"), desktop(t, address)
	mark := filepath.Join(t.TempDir(), "mark")
	all := attacks(mark)
	if len(all) != 50 {
		t.Fatalf("%d names", len(all))
	}
	for _, name := range all {
		if err := d.Show(t.Context(), Note{Title: name, Body: name, Actions: []Action{{"x", name}}, Chosen: func(string) {}}); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		got, clean := <-s.shown, string(discovery.CleanLong(name))
		if got.Title != clean || got.Actions[3] != clean || strings.ContainsAny(got.Body+got.Title, "\x00\u202e") {
			t.Errorf("%q is shown as %q", name, got)
		}
		if strings.ContainsAny(got.Body, "<>") {
			t.Errorf("%q is markup: %q", name, got.Body)
		}
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("something was started")
	}
	// The twin: a script with a name in it, escaped as one library does it for PowerShell.
	careless := strings.NewReplacer("`", "\\`", `"`, `\"`)
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("##### SKIPPED: no shell here, so that the other half of this test shows nothing #####")
	}
	for _, name := range all {
		_ = exec.Command(sh, "-c", `: "`+careless.Replace(strings.ReplaceAll(name, "\x00", ""))+`"`).Run()
	}
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("a careless script starts nothing either: %v", err)
	}
}

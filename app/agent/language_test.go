package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bestbefore/assets"
	"bestbefore/assets/words/wordstest"
)

// spoke are the commands whose lines a person reads, on a home with two devices, a
// connection, a permission and a diary.
func spoke(t *testing.T) map[string]string {
	t.Helper()
	dir, peer := household(t)
	does(t, dir, "connect", peer.Connector().Spec().Kind)
	bell := named(t, dir, bellMAC)
	does(t, dir, "label", bell, "Bell")
	out := map[string]string{"allow": does(t, dir, "allow", bell, "--to", "Maker="+bellTo, "--until", "2mo", "--then", "block")}
	id := rows(t, dir, "consents")[0]["id"].(string)
	dates := filepath.Join(t.TempDir(), "dates.ics")
	for _, line := range []string{
		"help", "devices", "device " + bell, "connectors", "flows", "news", "guides google", "coverage", "declared " + bell, "unusual", "consents", "consents " + id + " --versions",
		"access", "recipe list", "held", "diary", "diary --verify", "backup list", "forget " + bell + " --show", "captures", "questions", "support " + bell, "key",
		"extend " + id, "end " + id, "undo",
	} {
		args := strings.Fields(line)
		_, said, errs := try(t, dir, args...)
		out[strings.ReplaceAll(strings.ReplaceAll(line, bell, "ID"), id, "ID")] = said + errs
	}
	for _, line := range []string{"fly", "device toaster", "label x", "renew cnothing --until 1mo", "disconnect toaster --for ever", "recipe check /nowhere/x", "change x"} {
		code, said, errs := try(t, dir, strings.Fields(line)...)
		if code == exitDone || said != "" || !strings.HasPrefix(errs, program+": ") {
			t.Errorf("%s: exit %d, %q, %q", line, code, said, errs)
		}
		out[line] = strings.TrimPrefix(errs, program+": ")
	}
	if c := rows(t, dir, "consents")[0]; c["then"] != "block" || c["headline"] == "" || wordstest.Spoken(c["decided"].(string)+c["done"].(string)+c["seen"].(string)) {
		t.Errorf("what scripts read was translated: %v", c)
	}
	for _, c := range commands() {
		out["help"] = strings.Replace(out["help"], "  "+string(c.usage)+"\n", "", 1)
	}
	does(t, dir, "calendar", dates)
	text, err := os.ReadFile(dates)
	if err != nil || strings.Count(string(text), "\nSUMMARY:") != 1 {
		t.Errorf("%q, %v", text, err)
	}
	_, text, _ = bytes.Cut(text, []byte("\nSUMMARY:"))
	out["calendar"], _, _ = strings.Cut(string(text), "\r\n")
	return out
}

// same is what is the same in every language: identifiers, options, how a command is
// typed, the codes of the diary, and what the made-up home and its connection say.
var same = regexp.MustCompile(`(?m)\b[a-z][a-z2-7]{12}\b|--[a-z]+|^bestbefore-agent .*|\b(Bell|Maker|CIMSYS|fake)\b|` +
	`Home in memory|holds until it restarts|^\d+ .*:\d\d  (connected|device_named|given|action|handed_over|grace|withdrawn|undone)\b|consent-`)

// TestTheCommandLineSpeaksTheLanguageOfTheFile: what a person reads of the commands
// comes out of the language file; what scripts read stays as it is. The twin is the
// same home in English, where nothing is in brackets.
func TestTheCommandLineSpeaksTheLanguageOfTheFile(t *testing.T) {
	for line, said := range spoke(t) {
		if said == "" || wordstest.Spoken(said) {
			t.Errorf("in English %q says %q", line, said)
		}
	}
	wordstest.Speak(t, assets.Translations)
	for line, said := range spoke(t) {
		if !wordstest.Spoken(said) {
			t.Errorf("%q says nothing in the language: %q", line, said)
		}
		if rest := same.ReplaceAllString(wordstest.Outside(said), ""); regexp.MustCompile(`\pL{3}`).MatchString(rest) {
			t.Errorf("%q says %q past the language file: %s", line, rest, said)
		}
	}
}

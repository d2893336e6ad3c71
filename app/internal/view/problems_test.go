package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
)

// reports are all the names under which a part of the engine reports trouble,
// with a report as they come.
var reports = []string{
	"mdns", "search by UPnP", "neighbour table", "announcing", "announce", "key store", "passphrase", "passphrase/damaged", "files", "traffic",
	"file/flows.db", "check", "restore", "backup", "old traffic", "quarantine/consent/c7k2", "enforcement", "expiry",
	"connection k1", "connections", "connector files", "connector file lamp.yaml",
}

// TestTroubleIsSaidInTheHouseholdsWords: what it means and what to do stands
// first; the report is a line below it, and nobody is sent to the command line.
func TestTroubleIsSaidInTheHouseholdsWords(t *testing.T) {
	p := presenter(t)
	p.Peers = map[string]string{"k1": "Broker"}
	const raw = "listen udp4 224.0.0.251:5353: bind: address already in use (consent c7k2)"
	for _, id := range reports {
		x := p.problems([]engine.Problem{{ID: id, Text: raw, Fix: `Look at it with "recipe check", or with bestbefore-agent backup`}})[0]
		for _, never := range []string{"udp4", "bind", "consent", "bestbefore-agent", "recipe check"} {
			if strings.Contains(x.Text+x.Word, never) {
				t.Errorf("%s says %q: %s %s", id, never, x.Word, x.Text)
			}
		}
		if !strings.HasSuffix(x.Detail, "in use (consent c7k2).") || !strings.HasSuffix(x.Text, ".") {
			t.Errorf("%s: %q, below it %q", id, x.Text, x.Detail)
		}
	}
	for id, want := range map[string]string{
		"key store": AnswerKey, "passphrase": string(PageSettings), "files": string(PageSettings), "connection k1": string(PageConnectors),
		"connector file lamp.yaml": string(PageConnectors), "mdns": "",
	} {
		if got := p.problems([]engine.Problem{{ID: id, Text: raw}})[0]; got.Action.ID != want || (got.Action.Label == "") != (want == "") {
			t.Errorf("%s offers %+v, want %q", id, got.Action, want)
		}
	}
	// The twin: what the engine says itself in such words is shown as it is.
	if got := p.problems([]engine.Problem{{ID: "action/a1", Text: "TV: the router does not answer", Fix: "Try again, or do it by hand."}})[0]; got.Text != "TV: the router does not answer. Try again, or do it by hand." || got.Detail != "" {
		t.Errorf("%+v", got)
	}
}

func TestASentenceEndsOnce(t *testing.T) {
	for in, want := range map[string]string{
		"it failed (no answer)": "it failed (no answer).", "(It failed.)": "(It failed.)", "it failed": "it failed.", "Really?": "Really?",
		"it said \"no\"": "it said \"no\".", "": "", ")": ")",
	} {
		if got := sentence(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// TestALockedKeyStoreIsLookedAtAgain: before a passphrase, which would abandon
// what was sealed; where there is none, a passphrase comes first.
func TestALockedKeyStoreIsLookedAtAgain(t *testing.T) {
	p := presenter(t)
	for _, c := range []struct {
		k           engine.KeyInfo
		first, also string
	}{
		{engine.KeyInfo{Locked: true, Trouble: "locked"}, SetKeyLook, SetKey},
		{engine.KeyInfo{Trouble: "none"}, SetKey, SetKeyLook},
		{engine.KeyInfo{Chosen: true, Trouble: "passphrase"}, SetKey, ""},
		{engine.KeyInfo{Provider: "key store"}, "", ""},
	} {
		r := row(t, p.Settings(SettingsInput{Key: c.k}), SetKey)
		if r.Button.ID != c.first || r.Also.ID != c.also {
			t.Errorf("%+v: %+v and %+v", c.k, r.Button, r.Also)
		}
	}
}

// TestWherePasswordsAreIsSaidAsItIs: the key store is named only where it is what
// opens them.
func TestWherePasswordsAreIsSaidAsItIs(t *testing.T) {
	p, seen := presenter(t), map[string]bool{}
	for _, c := range []ConnectorsInput{
		{Key: engine.KeyInfo{Provider: "key store"}},
		{Key: engine.KeyInfo{Provider: "passphrase"}},
		{Key: engine.KeyInfo{Provider: "systemd credential"}},
		{Key: engine.KeyInfo{Trouble: "locked"}},
		{},
		{Key: engine.KeyInfo{Provider: "key store"}, Demo: true},
	} {
		line := p.Connectors(c).Subline
		if named := strings.Contains(line, "its key store"); named != (c.Key.Provider == "key store" && !c.Demo) || seen[line] {
			t.Errorf("%+v, demo %v: %q", c.Key, c.Demo, line)
		}
		seen[line] = true
	}
}

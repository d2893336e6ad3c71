package view

import (
	"errors"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

func aFile(state string) engine.RecipeInfo {
	return engine.RecipeInfo{
		File: "strava.yaml", State: state, SHA256: "9f86", Author: "A friend", Places: []string{"www.strava.com"},
		Spec: connectors.Spec{
			Kind: "strava", Name: "Strava", Sees: "Whether it works.", Stops: "All access.", Access: "app access",
			Options: []connectors.Option{{Key: "token", Label: "Access token", Secret: true, Required: true}, {Key: "who", Label: "Who", Required: true}, {Key: "x", Label: "Not asked"}},
		},
	}
}

func TestAConnectorFileSaysWhatItMayDoBeforeItIsApproved(t *testing.T) {
	p := presenter(t)
	look := func(state string) FileLook {
		i := aFile(state)
		i.Approved = p.Now
		return p.Files(FilesInput{Look: &i, File: "strava.yaml"}).Look
	}
	l := look("new")
	said := map[string]string{}
	for _, x := range l.Lines {
		said[x.Word] = x.Text
	}
	for word, want := range map[string]string{
		"speaks to": "www.strava.com, and to nobody else", "asks you": "Who · Access token, kept sealed: the file never sees it", "lists": "app access", "stops": "All access.",
	} {
		if said[word] != want {
			t.Errorf("%s: %q, want %q", word, said[word], want)
		}
	}
	if l.Approve.ID != "9f86" || !strings.Contains(l.Print, "9f86") || said["before"] != "" {
		t.Errorf("%+v", l)
	}
	if l = look("changed"); l.Approve.Label == "" || !strings.Contains(l.Lines[len(l.Lines)-1].Text, "takes its place") {
		t.Errorf("changed: %+v", l)
	}
	if l = look("approved"); l.Approve.Label != "" || !strings.Contains(l.By, "already") {
		t.Errorf("approved: %+v", l)
	}
	broken := engine.RecipeInfo{State: "broken", Faults: []string{"line 7, column 3: sees is needed"}}
	if l = p.Files(FilesInput{Look: &broken, File: "mine.yaml"}).Look; l.Approve.Label != "" || l.Faults[0] != "Line 7, column 3: sees is needed." || l.WayOut == "" || len(l.Lines) != 0 {
		t.Errorf("broken: %+v", l)
	}
	if l = p.Files(FilesInput{Error: "It is gone.", File: "x.yaml"}).Look; l.Title != "x.yaml" || l.Error == "" || l.Close.Label == "" {
		t.Errorf("unreadable: %+v", l)
	}
}

func TestConnectorFilesThatAreKeptSayHowTheyStand(t *testing.T) {
	p := presenter(t)
	for state, want := range map[string]struct {
		pill      string
		severity  Severity
		removable bool
	}{"approved": {"approved", Fresh, true}, "changed": {"not used", Soon, true}, "new": {"not used", Soon, true}, "broken": {"cannot be used", Still, false}} {
		i := aFile(state)
		if state == "broken" {
			i.Spec, i.Faults = connectors.Spec{}, []string{"line 1, column 1: no"}
		}
		r := p.Files(FilesInput{All: []engine.RecipeInfo{i}}).Rows[0]
		if r.Pill != want.pill || r.State != want.severity || (r.Remove.Label != "") != want.removable || r.Line == "" {
			t.Errorf("%s: %+v", state, r)
		}
	}
}

// What has to be done at the peer first stands in the form, with its text.
func TestAFormSaysWhatItNeedsFirst(t *testing.T) {
	p := presenter(t)
	spec := connectors.Spec{Kind: "openwrt", Name: "OpenWrt", Needs: []string{"an account on it"}, Setup: "# Paste this\nuci commit\n"}
	f := p.Connectors(ConnectorsInput{Info: engine.ConnectorsInfo{Kinds: []connectors.Spec{spec}}, Form: "openwrt"}).Form
	if f.StepsTitle == "" || len(f.Steps) != 2 || f.Steps[0] != "An account on it." || f.Setup != spec.Setup || f.SetupName != "best-before-openwrt.txt" || f.Copy.Label == "" || f.Save.Label == "" {
		t.Errorf("%+v", f)
	}
	spec.Needs, spec.Setup = nil, ""
	f = p.Connectors(ConnectorsInput{Info: engine.ConnectorsInfo{Kinds: []connectors.Spec{spec}}, Form: "openwrt"}).Form
	if f.StepsTitle != "" || f.Copy.Label != "" {
		t.Errorf("the twin: nothing is needed, but it says %+v", f)
	}
}

func TestACaptureSaysWhatIsInItAndWhatIsNot(t *testing.T) {
	p := presenter(t)
	i := engine.CaptureInfo{File: "a.pcap", Known: []engine.CaptureDevice{{ID: "d1", Name: "Bell", CaptureDevice: flow.CaptureDevice{MAC: "02:00:5e:10:00:01", Up: 100, Encrypted: 50, Names: []string{"a", "b", "c", "d", "e"}}}}}
	i.Packets, i.Cut, i.Broken, i.NotSeen = 4, true, 1, 2
	i.Unknown = []engine.CaptureDevice{{CaptureDevice: flow.CaptureDevice{MAC: "02:00:5e:10:00:77"}}}
	c := p.Capture(CaptureInput{Info: &i})
	if c.Known[0].Names != "sends to a, b, c and 2 others" || !strings.Contains(c.Known[0].Amount, "50 % of it encrypted") || len(c.Notes) != 3 || c.Take.Label != "Take over 1 device" || len(c.Add) != 1 {
		t.Errorf("%+v", c)
	}
	i.Known[0].Before, i.Before = true, true
	if c = p.Capture(CaptureInput{Info: &i}); c.Take.Label != "" || c.Known[0].Before == "" {
		t.Errorf("taken over before: %+v", c)
	}
	if c = p.Capture(CaptureInput{Info: &i, Add: true}); c.Take.Label != "Take over 1 device" {
		t.Errorf("with the new one: %+v", c)
	}
	c = p.Capture(CaptureInput{Info: &engine.CaptureInfo{File: "modem.pcap"}})
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "no device of a home") || c.Take.Label != "" {
		t.Errorf("of nobody: %+v", c)
	}
	for _, x := range []struct {
		in   CaptureInput
		want float64
	}{
		{CaptureInput{Looking: true, Now: engine.CaptureProgress{File: "a", Done: 5, Size: 10}}, 0.5},
		{CaptureInput{Now: engine.CaptureProgress{File: "a", Done: 5, Size: 10}}, 0.25},
		{CaptureInput{Now: engine.CaptureProgress{File: "a", Storing: true, Done: 5, Size: 10}}, 0.75},
		{CaptureInput{Now: engine.CaptureProgress{File: "a", Storing: true, Done: 50, Size: 10}}, 1},
	} {
		if got := p.Capture(x.in); got.Progress != x.want || !got.Busy || got.Reading == "" {
			t.Errorf("%+v: %v, want %v", x.in.Now, got.Progress, x.want)
		}
	}
	if o := p.CaptureFailed("x\u202egpj.exe", errors.New("this is no capture file"), false); o.Severity != Still || strings.Contains(o.Line, "\u202e") || !strings.Contains(o.Line, "This is no capture file.") {
		t.Errorf("%+v", o)
	}
}

package view

import (
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func row(t *testing.T, s Settings, id string) SettingRow {
	t.Helper()
	for _, g := range s.Groups {
		for _, r := range g.Rows {
			if r.ID == id {
				return r
			}
		}
	}
	return SettingRow{}
}

func chosen(r SettingRow) string {
	var out []string
	for _, c := range r.Choices {
		if c.Chosen {
			out = append(out, c.ID)
		}
	}
	return strings.Join(out, ",")
}

func settingsInput() SettingsInput {
	return SettingsInput{
		Desk:        Desk{CanAutostart: true, Owner: true, Background: Ask, Look: LookDark, Text: 125, Folder: "/data/bestbefore", Recipients: "/data/bestbefore/recipients"},
		Preferences: engine.Preferences{Reminders: true},
		Connections: []engine.ConnectionInfo{{Connection: connectors.Connection{ID: "k1", Name: "Gateway"}}},
		Held:        make([]engine.HeldInfo, 3),
	}
}

// TestTheDemoSaysThatItEnds: nobody keeps its dates, no key store seals them,
// and it never starts again to have a copy put back or a table read.
func TestTheDemoSaysThatItEnds(t *testing.T) {
	var said strings.Builder
	in := SettingsInput{Desk: Desk{Demo: true}, Backups: BackupsInput{Copies: make([]engine.Backup, 1)}}
	for _, g := range (Presenter{}).Settings(in).Groups {
		for _, r := range g.Rows {
			said.WriteString(r.Label + "\n" + r.Detail + "\n" + r.Button.Label + "\n")
		}
	}
	for _, never := range []string{"Another program", "At most one message a day", "from this computer's key store", "Put it back", "Make one now", "read within a minute"} {
		if strings.Contains(said.String(), never) {
			t.Errorf("the demo says %q:\n%s", never, said.String())
		}
	}
	if !strings.Contains(said.String(), "The demo ends with its window") {
		t.Errorf("the demo does not say that it ends:\n%s", said.String())
	}
}

func TestSettingsShowWhatIsSet(t *testing.T) {
	s := presenter(t).Settings(settingsInput())
	for id, want := range map[string]string{SetAutostart: Off, SetBackground: Ask, SetReminders: On, SetLook: LookDark, SetText: "125"} {
		if got := chosen(row(t, s, id)); got != want {
			t.Errorf("%s: %q is chosen, want %q", id, got, want)
		}
	}
	if d := row(t, s, SetBackground).Detail; !strings.Contains(d, "no tray") {
		t.Errorf("without a tray it says %q", d)
	}
	if r := row(t, s, SetLeave); r.Button.ID == "" || r.Sure == "" || r.Detail != "3 things outside carry our mark. Connected: Gateway." {
		t.Errorf("leaving: %+v", r)
	}
}

// TestClosingTheWindowIsSaidAsItIsSet: a symbol in the tray is promised only to
// whom it is left.
func TestClosingTheWindowIsSaidAsItIsSet(t *testing.T) {
	for _, c := range []struct {
		set    string
		tray   bool
		want   string
		symbol bool
	}{
		{On, true, "leaves a symbol in the tray", true},
		{Ask, true, "You are asked", true},
		{Off, true, "ends Best Before", false},
		{Off, false, "ends Best Before", false},
		{On, false, "no tray", false},
	} {
		in := settingsInput()
		in.Desk.Background, in.Desk.Tray = c.set, c.tray
		d := row(t, presenter(t).Settings(in), SetBackground).Detail
		if !strings.Contains(d, c.want) || strings.Contains(d, "in the tray") != c.symbol {
			t.Errorf("%q, tray %v: %q", c.set, c.tray, d)
		}
	}
}

func TestSettingsOfAWindowBesideAnotherProgram(t *testing.T) {
	in := settingsInput()
	in.Desk.Owner, in.Connections = false, nil
	in.Problems = []engine.Problem{{ID: "key store", Text: "the key store is locked", Fix: "Unlock it."}}
	s := presenter(t).Settings(in)
	if r := row(t, s, SetBackground); len(r.Choices) != 0 || !strings.Contains(r.Detail, "goes on") {
		t.Errorf("background: %+v", r)
	}
	if r := row(t, s, SetLeave); r.Button.ID != "" {
		t.Errorf("there is nothing to lift, but a button: %+v", r)
	}
	if r := row(t, s, "key"); !strings.HasPrefix(r.Outcome.Line, "This computer's key store does not open.") || r.Detail != "" {
		t.Errorf("key store: %+v", r)
	}
}

func TestLeavingSaysWhatIsNotKept(t *testing.T) {
	end := func(held string) engine.ConsentInfo {
		c := permission(t, "c1", "d1", "Bell", discovery.KindDoorbell, "Maker", "2026-11-30", consent.Soon)
		c.HeldBy = held
		return c
	}
	over := permission(t, "c2", "d1", "Bell", discovery.KindDoorbell, "Maker", "2026-11-20", consent.EndedStopped)
	for want, cs := range map[string][]engine.ConsentInfo{
		"If you quit: 2 dates need this program to run; 1 is kept by Linux router. What ends meanwhile is ended when Best Before runs again.": {end(""), end(""), end("Linux router"), over},
		"If you quit: 2 are kept by Linux router. Nothing new is seen meanwhile.":                                                             {end("Linux router"), end("Linux router")},
		"No date needs this program now. While it is off nothing new is seen.":                                                                {over},
	} {
		if got := presenter(t).Leaving(cs).Text; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestLeftNamesWhoCouldNotBeReached(t *testing.T) {
	if o := presenter(t).Left(2, nil); o.Severity != Fresh {
		t.Errorf("got %+v", o)
	}
	if o := presenter(t).Left(1, []string{"Gate\x1bway"}); o.Severity != Still || !strings.Contains(o.Line, "Not yet: Gateway.") {
		t.Errorf("got %+v", o)
	}
}

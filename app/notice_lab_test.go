//go:build lab && linux

package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// TestLabNotificationButtons answers the reminder of the real program with each
// button of a real notification server. The twin answers with none.
func TestLabNotificationButtons(t *testing.T) {
	ours, agent := build(t, "."), build(t, "./agent")
	for _, c := range []struct {
		name, button string
		after        func(d *desktop, c decided) bool
	}{
		{"Renew", "Renew", func(_ *desktop, c decided) bool {
			return c.Decided == consent.Renewed && c.Version == 2
		}},
		{"Let it lapse", "Let it lapse", func(_ *desktop, c decided) bool { return c.Lapsing && c.Version == 1 }},
		{"Open", "Open", func(d *desktop, c decided) bool { return d.s.window() && c.Decided == consent.Given && !c.Lapsing }},
		{"twin", "", func(d *desktop, c decided) bool {
			return !d.s.window() && c.Decided == consent.Given && !c.Lapsing && c.Version == 1
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesktop(t, "dunst", "dunstctl")
			d.server()
			b := &beside{t: t, s: d.s, home: d.home, data: filepath.Join(d.home, "data"), ours: ours, agent: agent}
			endsTomorrow(t, b.data)
			b.window("--hidden")
			until(t, "dunst shows the reminder", func() bool { return d.tool("dunstctl", "count", "displayed") == "1" })
			if c.button != "" {
				d.write(filepath.Join(d.home, "want"), c.button, 0o600)
				d.tool("dunstctl", "context")
			}
			var is decided
			defer func() { t.Logf("the permission: %+v, the screen is filled to %.2f", is, d.s.filled()) }()
			until(t, "the engine has the decision", func() bool { is = b.permission(); return c.after(d, is) })
		})
	}
}

// decided is what the command line says of a permission.
type decided struct {
	Version int             `json:"version"`
	Decided consent.Decided `json:"decided"`
	Lapsing bool            `json:"lapsing"`
}

// permission is the only one there is, as the program's engine has it.
func (b *beside) permission() (c decided) {
	var all []decided
	if json.Unmarshal(b.ask("consents", "--json"), &all) == nil && len(all) == 1 {
		c = all[0]
	}
	return c
}

// server starts dunst. At its menu a script stands for the person: it takes the
// line that holds the wanted words.
func (d *desktop) server() {
	d.t.Helper()
	person, conf := filepath.Join(d.home, "person"), filepath.Join(d.home, "dunstrc")
	d.write(person, "#!/bin/sh\ngrep -F \"$(cat "+filepath.Join(d.home, "want")+")\" | head -1\n", 0o700)
	d.write(conf, "[global]\ndmenu = "+person+"\n", 0o600)
	d.run("dunst", "-conf", conf)
	until(d.t, "dunst answers", func() bool { return d.tool("dunstctl", "count", "displayed") == "0" })
}

// endsTomorrow fills a data folder with one device and a permission of six months
// that ends tomorrow.
func endsTomorrow(t *testing.T, dir string) {
	t.Helper()
	now := clock.Wall()
	n := 0
	st, err := store.Open(t.Context(), store.Config{Dir: dir, Now: clock.Wall, NewID: func(p string) string { n++; return fmt.Sprintf("%s%012d", p, n) }})
	if err != nil {
		t.Fatal(err)
	}
	bell := discovery.Device{
		ID: "d000000000001", Label: "Front door bell", FirstSeen: now, LastSeen: now,
		Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: "fc:de:30:00:00:01"}}, Hardware: []string{"fc:de:30:00:00:01"},
	}
	c, err := consent.New(consent.Request{
		ID: "c000000000001", Device: bell.ID, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"bell-maker.example"}},
		Data: []consent.Category{"video"}, Term: consent.Term{Kind: consent.ForPeriod, Rule: "P6M"}, Remedy: consent.Warn,
		Decider: consent.Decider{By: "you", How: "test", Now: now.AddDate(0, -6, 1), Zone: time.UTC},
	})
	if err := errors.Join(err, st.SaveInventory(t.Context(), discovery.Saved{Devices: []discovery.Device{bell}}), st.Decide(t.Context(), consent.Decision{Consent: c}), st.Close()); err != nil {
		t.Fatal(err)
	}
}

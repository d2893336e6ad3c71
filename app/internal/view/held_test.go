package view

import (
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// What is held for us is told by names, not by the peer's words with hardware
// addresses in them; those are left for what our records cannot name.
func TestWhatIsHeldIsNamed(t *testing.T) {
	raw := "Blocks aa:bb:cc:dd:ee:ff"
	soon, past := at(t, "2026-12-01 00:00:00"), at(t, "2026-11-01 00:00:00")
	to := consent.Recipient{Name: "Bell Maker"}
	for want, h := range map[string]engine.HeldInfo{
		"Front door bell → Bell Maker: stopped":                               {Known: true, Device: "Front door bell", Recipient: to, Held: connectors.Held{Text: raw, From: past, Active: true}},
		"Front door bell → anybody outside your home: stops 1 December 00:00": {Known: true, Device: "Front door bell", Recipient: consent.Recipient{Any: true}, Held: connectors.Held{Text: raw, From: soon}},
		"Front door bell → Bell Maker: stopped until 1 December 00:00":        {Known: true, Device: "Front door bell", Recipient: to, Held: connectors.Held{Text: raw, Until: soon, Active: true}},
		"Front door bell → Bell Maker: not in force now":                      {Known: true, Device: "Front door bell", Recipient: to, Held: connectors.Held{Text: raw}},
		raw:                              {Known: true, Held: connectors.Held{Text: raw, Active: true}},
		raw + " (nobody here knows why)": {Held: connectors.Held{Text: raw, Active: true}, Device: "never told"},
		"It does not answer now, so what it holds for you cannot be listed.": {Unasked: "it is away"},
	} {
		if got := presenter(t).heldLine(h); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A connection that nobody has tried yet is being opened; one that failed says
// its trouble, and one that works says so.
func TestAConnectionThatIsBeingOpened(t *testing.T) {
	p := presenter(t)
	for want, c := range map[string]engine.ConnectionInfo{
		"opening …": {},
		"trouble":   {Trouble: "It does not answer."},
		"working":   {Open: true, Alive: p.Now},
	} {
		if got, _ := p.health(c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

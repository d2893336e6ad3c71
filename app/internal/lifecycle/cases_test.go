package lifecycle

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// T19: a second owner of the same folder is refused, so that only one enforces.
func TestT19TwoInstancesOneEnforces(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	dir := t.TempDir()
	h, stop := start(t, dir, peer)
	id := sight(h)
	connect(t, h)
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "2s")
	reg, err := connectors.NewRegistry(peer.Connector())
	if err != nil {
		t.Fatal(err)
	}
	if second, err := Open(t.Context(), Config{Dir: dir, Enforce: true, Registry: reg}); !errors.Is(err, ErrInUse) {
		_ = second.Close()
		t.Fatalf("a second owner: %v", err)
	}
	until(t, "the first one ends it", func() bool { return decided(t, h, bell) == consent.Expired })
	stop()
	again, err := Open(t.Context(), Config{Dir: dir, Enforce: true, Registry: reg, Credentials: credential(t)}) // the twin: nobody owns it now
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// T43: what an earlier installation set is listed by a new one, which knows
// nothing of it, and can be lifted.
func TestT43WithoutTheProgramItsRulesCanBeFoundAndLifted(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	h, stop := start(t, t.TempDir(), peer)
	id := sight(h)
	connect(t, h)
	allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1s")
	until(t, "it is blocked", func() bool { return !peer.Send(bellMAC, "203.0.113.7", 443, 10) })
	stop()
	h, _ = start(t, t.TempDir(), peer) // another folder: the old one is gone
	if held, err := h.Engine().Held(t.Context()); err != nil || len(held) != 0 {
		t.Fatalf("the twin: without a connection nothing is found: %+v, %v", held, err)
	}
	connect(t, h)
	var held []engine.HeldInfo
	until(t, "what the old installation left is found", func() (ok bool) {
		var err error
		held, err = h.Engine().Held(t.Context())
		return err == nil && len(held) == 1 && held[0].Unasked == "" && !held[0].Known
	})
	if n, err := h.Engine().Lift(t.Context(), held[0].Connection, ""); err != nil || n != 1 || !peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Errorf("lifted %d, %v", n, err)
	}
}

// T49: with notifications off it lapses all the same, and the next look shows it.
func TestT49WithoutAReminderItLapsesAndIsSeenAtTheNextLook(t *testing.T) {
	peer := connectortest.NewPeer(clock.Wall)
	h, _ := start(t, t.TempDir(), peer)
	id := sight(h)
	connect(t, h)
	if err := h.core.SetPreferences(t.Context(), engine.Preferences{Reminders: false}); err != nil {
		t.Fatal(err)
	}
	bell := allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "2s")
	other := allow(t, h.Engine(), id, "Time", "203.0.113.9", "1h") // the twin: what has not ended does not show as ended
	s := &screen{}
	until(t, "it has ended and was blocked", func() bool {
		remindOnce(t, h, s, nil)
		c, err := h.core.Consent(t.Context(), bell)
		return err == nil && c.Decided == consent.Expired && c.Actions[0].State == consent.Done
	})
	if len(s.shown) != 0 {
		t.Errorf("shown all the same: %+v", s.shown)
	}
	all, err := h.core.Consents(t.Context())
	if err != nil || len(all) != 2 || all[1].ID != bell || all[1].Headline == consent.Fresh || all[0].ID != other || all[0].Decided != consent.Given {
		t.Errorf("%+v, %v", all, err)
	}
}

// T56: an export holds no password.
func TestT56AnExportHoldsNoSecret(t *testing.T) {
	const planted = "hunter2-planted"
	h, _ := start(t, t.TempDir(), connectortest.NewPeer(clock.Wall))
	id := sight(h)
	if _, err := h.Engine().Connect(t.Context(), engine.ConnectRequest{
		Kind: h.Registry.Specs()[0].Kind, Name: "Router", Secrets: map[string]string{"password": planted},
	}); err != nil {
		t.Fatal(err)
	}
	allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "1h")
	dir := t.TempDir()
	files, err := h.Engine().Export(t.Context(), dir)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	holds := func(word string) (n int) {
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			n += bytes.Count(b, []byte(word))
		}
		return n
	}
	if n := holds(planted); n != 0 {
		t.Errorf("the password is in it %d times", n)
	}
	if holds("Bell Maker") == 0 { // the twin: the same look finds what is meant to be there
		t.Error("nothing is found at all; this test shows nothing")
	}
	if !strings.HasPrefix(filepath.Dir(files[0]), dir) {
		t.Errorf("written to %s", files[0])
	}
}

// T41: a date that the router keeps by itself is taken back from it when the
// device is marked: on the day it goes on sending, and the diary says so. The
// twin beside it, another device that nobody marked, is cut by the same router.
func TestT41WhatIsMarkedAfterItsDateWasHandedOverIsNotCut(t *testing.T) {
	const lamp = "00:11:22:33:44:66"
	peer := connectortest.NewPeer(clock.Wall)
	h, _ := start(t, t.TempDir(), peer)
	ids := []discovery.DeviceID{sight(h)}
	h.core.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: clock.Wall(), Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: lamp}},
		Addresses: []netip.Addr{netip.MustParseAddr("192.168.77.31")},
	})
	other, _ := h.inventory.Resolve(lamp, netip.Addr{}, "")
	ids = append(ids, other)
	connect(t, h)
	var permissions []consent.ID
	for _, id := range ids {
		permissions = append(permissions, allow(t, h.Engine(), id, "Bell Maker", "203.0.113.7", "10s"))
	}
	until(t, "the router keeps both dates", func() bool { return len(peer.Marks()) == 2 })
	if err := h.Engine().SetEssential(t.Context(), ids[0], discovery.EssentialMedical); err != nil {
		t.Fatal(err)
	}
	until(t, "the router keeps one date", func() bool { return len(peer.Marks()) == 1 })
	until(t, "both have ended", func() bool {
		return decided(t, h, permissions[0]) == consent.Expired && decided(t, h, permissions[1]) == consent.Expired
	})
	until(t, "what nobody marked is cut", func() bool { return !peer.Send(lamp, "203.0.113.7", 443, 10) })
	if !peer.Send(bellMAC, "203.0.113.7", 443, 10) {
		t.Error("what was marked is cut all the same")
	}
	es, err := h.Engine().Diary(t.Context(), engine.DiaryQuery{Consent: permissions[0]})
	var told string
	for _, e := range es {
		told += e.Text + "\n"
	}
	if err != nil || !strings.Contains(told, "is taken back") || !strings.Contains(told, "was lifted") || !strings.Contains(told, "Nothing was cut off") {
		t.Errorf("the diary says %s, %v", told, err)
	}
}

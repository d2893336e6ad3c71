package fritzbox

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func holds(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}

func mustBlock(t *testing.T, s *Session, mark, mac string) connectors.Receipt {
	t.Helper()
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: mark, Target: target(mac)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustUnblock(t *testing.T, s *Session, r connectors.Receipt) {
	t.Helper()
	if _, err := s.Unblock(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: it does not come", what)
		}
	}
}

// The list of devices says "not blocked" long after; the single query is what counts.
func TestTheLaggingListIsNotAskedForTheEffect(t *testing.T) {
	b := newBox(t)
	b.effectLag = 400 * time.Millisecond
	s := b.open(t, t.TempDir())
	r := mustBlock(t, s, "consent-1", tv)
	if r.Level != consent.Configured || b.passes(tv, false) {
		t.Errorf("level %q, and it passes: %v", r.Level, b.passes(tv, false))
	}
	if n := b.count("X_AVM-DE_GetHostListPath"); n != 0 {
		t.Errorf("the list was asked %d times for a block", n)
	}
	// The twin: a box whose effect never comes is not reported as configured.
	b.with(func() { b.effectLag = time.Hour })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	late, err := s.Block(ctx, connectors.BlockRequest{Mark: "consent-2", Target: target(camera)})
	if err != nil || late.Level != consent.Accepted || !holds(late.Text, "not show yet") {
		t.Errorf("a box that does not do it: %+v, %v", late, err)
	}
	if f, err := s.Verify(t.Context(), late); err != nil || f.Level != consent.Accepted || f.Seen == consent.Stopped {
		t.Errorf("%+v, %v", f, err)
	}
}

// T38: another address, and somebody else gets the old one.
func TestABlockFollowsItsDevice(t *testing.T) {
	b := newBox(t)
	s := b.open(t, t.TempDir())
	r := mustBlock(t, s, "consent-1", tv)
	b.listLag = 400 * time.Millisecond // the list still shows the old address when the single questions do not
	b.lease(tv, "192.168.178.50")
	b.with(func() { b.devices = append(b.devices, device{"3c:a6:2f:00:00:09", "192.168.178.20", "visitor", true}) })
	if b.passes("3c:a6:2f:00:00:09", false) || !b.passes(tv, false) {
		t.Fatal("the fake does not show the trap")
	}
	f, err := s.Verify(t.Context(), r)
	if err != nil || !f.Missing || !holds(f.Text, "another address, 192.168.178.50") {
		t.Errorf("the move is not noticed: %+v, %v", f, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Discover(ctx, func(discovery.Sighting) {}) }()
	eventually(t, "the block on the new address and the old one free", func() bool {
		return !b.passes(tv, false) && b.passes("3c:a6:2f:00:00:09", false)
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if f, err := s.Verify(t.Context(), r); err != nil || f.Missing || f.Level != consent.Configured {
		t.Errorf("after it followed: %+v, %v", f, err)
	}
	mustUnblock(t, s, r)
	if !b.passes(tv, false) {
		t.Error("it is not lifted at the new address")
	}
}

func TestABlockThatIsAppliedAgainMoves(t *testing.T) {
	b := newBox(t)
	s := b.open(t, t.TempDir())
	mustBlock(t, s, "consent-1", tv)
	b.lease(tv, "192.168.178.50")
	b.with(func() { b.devices = append(b.devices, device{"3c:a6:2f:00:00:09", "192.168.178.20", "visitor", true}) })
	mustBlock(t, s, "consent-1", tv)
	if b.passes(tv, false) || !b.passes("3c:a6:2f:00:00:09", false) {
		t.Error("the block is not where its device is")
	}
	b.with(func() { b.devices[0].ip = "192.168.178.20" }) // two devices at one address: the visitor holds it
	b.with(func() { b.devices[0].active = false })
	_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-2", Target: target(tv)})
	if connectors.KindOf(err) != consent.KindTransient || !b.passes("3c:a6:2f:00:00:09", false) {
		t.Errorf("somebody else is hit, or: %v", err)
	}
}

// The address goes to somebody else between the question and the act.
func TestAnAddressThatMovesDuringTheActIsGivenBack(t *testing.T) {
	b := newBox(t)
	s := b.open(t, t.TempDir())
	once := false
	b.afterSet = func() {
		if !once {
			once = true
			b.with(func() {
				b.devices[0].ip = "192.168.178.60"
				b.devices = append(b.devices, device{"3c:a6:2f:00:00:09", "192.168.178.20", "visitor", true})
			})
		}
	}
	_, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
	if connectors.KindOf(err) != consent.KindTransient || !b.passes("3c:a6:2f:00:00:09", false) {
		t.Errorf("visitor blocked: %v, %v", !b.passes("3c:a6:2f:00:00:09", false), err)
	}
	mustBlock(t, s, "consent-1", tv) // the next try hits the right one
	if b.passes(tv, false) || !b.passes("3c:a6:2f:00:00:09", false) {
		t.Error("the second try hits the wrong one")
	}
}

func TestWhatAPersonBlockedIsNeverLifted(t *testing.T) {
	b := newBox(t)
	s := b.open(t, t.TempDir())
	b.person("192.168.178.20", true)
	r := mustBlock(t, s, "consent-1", tv)
	if !holds(r.Text, "somebody had blocked it") {
		t.Errorf("it is not said: %q", r.Text)
	}
	mustUnblock(t, s, r)
	if b.passes(tv, false) {
		t.Error("a person's block was lifted")
	}
	mustBlock(t, s, "consent-1", tv)
	if err := s.Leave(t.Context()); err != nil || b.passes(tv, false) {
		t.Errorf("leaving lifted a person's block: %v", err)
	}
	// The twin: what is ours is lifted, also when leaving.
	mustBlock(t, s, "consent-2", camera)
	if err := s.Leave(t.Context()); err != nil || !b.passes(camera, false) {
		t.Errorf("ours stays: %v", err)
	}
	if held, err := s.Held(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("held after leaving: %+v, %v", held, err)
	}
}

func TestOurListSurvivesARestart(t *testing.T) {
	b := newBox(t)
	dir := t.TempDir()
	first := b.open(t, dir)
	r := mustBlock(t, first, "consent-1", tv)
	_ = first.Close()
	held, err := b.open(t, dir).Held(t.Context())
	if err != nil || len(held) != 1 || held[0].Mark != "consent-1" || !held[0].Active || !holds(held[0].Text, "our own list") {
		t.Fatalf("held %+v, %v", held, err)
	}
	// The list is lost: the receipt still lifts what we set, at the device that has it.
	if err := os.Remove(filepath.Join(dir, bookFile)); err != nil {
		t.Fatal(err)
	}
	second := b.open(t, dir)
	if f, err := second.Verify(t.Context(), r); err != nil || f.Missing {
		t.Errorf("the block is not found again from its receipt: %+v, %v", f, err)
	}
	mustUnblock(t, second, r)
	if !b.passes(tv, false) {
		t.Error("not lifted")
	}
	b.person("192.168.178.20", true)
	mustUnblock(t, second, r)
	if b.passes(tv, false) {
		t.Error("lifting twice lifted a person's block")
	}
	// A damaged list is put aside.
	if err := os.WriteFile(filepath.Join(dir, bookFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if held, err := b.open(t, dir).Held(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("%+v, %v", held, err)
	}
	if _, err := os.Stat(filepath.Join(dir, bookFile+".damaged")); err != nil {
		t.Error(err)
	}
}

func TestDevicesThatCannotBeBlocked(t *testing.T) {
	b := newBox(t)
	s := b.open(t, t.TempDir())
	b.with(func() { b.devices[2].ip = "" })
	for name, c := range map[string]struct {
		req  connectors.BlockRequest
		kind consent.ErrorKind
		text string
	}{
		"unknown to the box": {connectors.BlockRequest{Mark: "m", Target: target("3c:a6:2f:00:00:99")}, consent.KindNeedsPerson, "never seen"},
		"without address":    {connectors.BlockRequest{Mark: "m", Target: target(phone)}, consent.KindTransient, "no IPv4 address now"},
		"no hardware":        {connectors.BlockRequest{Mark: "m"}, consent.KindNeedsPerson, "hardware address is not known"},
		"a start":            {connectors.BlockRequest{Mark: "m", Target: target(tv), From: time.Now().Add(time.Hour)}, consent.KindUnsupported, "cannot keep"},
		"an end":             {connectors.BlockRequest{Mark: "m", Target: target(tv), Until: time.Now().Add(time.Hour)}, consent.KindUnsupported, "cannot keep"},
		"no mark":            {connectors.BlockRequest{Target: target(tv)}, consent.KindPermanent, "no name"},
	} {
		_, err := s.Block(t.Context(), c.req)
		if connectors.KindOf(err) != c.kind || err == nil || !holds(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := b.count("DisallowWANAccessByIP"); n != 0 {
		t.Errorf("the box was told to switch %d times", n)
	}
}

func TestSightings(t *testing.T) {
	for name, unknown := range map[string]bool{"as a list": false, "one by one": true} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.unknown["X_AVM-DE_GetHostListPath"] = unknown
			s := b.open(t, t.TempDir())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			got := make(chan discovery.Sighting, 64)
			done := make(chan error, 1)
			go func() { done <- s.Discover(ctx, func(x discovery.Sighting) { got <- x }) }()
			first := <-got
			if first.Identifiers[0] != (discovery.Identifier{Type: discovery.MAC, Value: tv}) || len(first.Addresses) != 1 || first.Addresses[0].String() != "192.168.178.20" || first.Quiet {
				t.Errorf("%+v", first)
			}
			if !slices.ContainsFunc(first.Facts, func(f discovery.Fact) bool { return f.Value == "television" }) {
				t.Errorf("its name is lost: %+v", first.Facts)
			}
			if second := <-got; second.Identifiers[0].Value != camera {
				t.Errorf("%+v", second)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			cov, err := s.Coverage(t.Context())
			if err != nil || len(cov.Devices) != 3 || !holds(cov.Text, "3 devices, 2 of them present") {
				t.Errorf("%+v, %v", cov, err)
			}
		})
	}
}

package engine_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// handedOver is a home whose peer keeps the date of one permission.
func handedOver(t *testing.T) (*home, discovery.DeviceID, consent.ID) {
	t.Helper()
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	info := h.allow(id, "Bell Maker", "203.0.113.7")
	h.finish(info.Actions[0])
	return h, id, info.ID
}

// finish does what the runner does when a peer said yes.
func (h *home) finish(a consent.Action) {
	h.t.Helper()
	a.State, a.Level, a.Connection, a.Finished = consent.Done, consent.Configured, "k1", h.now
	if err := h.st.SaveAction(h.t.Context(), a); err != nil {
		h.t.Fatal(err)
	}
}

// newest is the newest action of a permission, and how many there are.
func (h *home) newest(id consent.ID) (consent.Action, int) {
	h.t.Helper()
	as, err := h.st.ByMark(h.t.Context(), consent.MarkFor(id))
	if err != nil || len(as) == 0 {
		h.t.Fatal(as, err)
	}
	return as[0], len(as)
}

func (h *home) minutes(n int) {
	h.t.Helper()
	for range n {
		h.now = h.now.Add(time.Minute)
		h.Look(h.t.Context())
	}
}

// T41: what must not be cut by the clock is taken back from whoever keeps its
// date, by whatever way that became known. The twin: what changes nothing of it
// leaves the date where it is.
func TestT41WhatWasHandedOverIsTakenBack(t *testing.T) {
	at := netip.MustParseAddr("192.168.77.30") // where see puts the device
	grade := func(g discovery.Essential) func(*home, discovery.DeviceID) error {
		return func(h *home, id discovery.DeviceID) error { return h.SetEssential(h.t.Context(), id, g) }
	}
	role := func(r discovery.Role) func(*home, discovery.DeviceID) error {
		return func(h *home, _ discovery.DeviceID) error {
			h.Sight(discovery.Sighting{Source: discovery.SourceNeighbor, At: h.now, Role: r, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bell}}})
			return nil
		}
	}
	hub := func(address string) func(*home, discovery.DeviceID) error {
		return func(h *home, _ discovery.DeviceID) error {
			return h.st.SaveConnection(h.t.Context(), connectors.Connection{ID: "k2", Kind: "hub", Name: "Hub", Settings: connectors.Settings{Values: map[string]string{"address": address}}})
		}
	}
	for name, c := range map[string]struct {
		becomes func(*home, discovery.DeviceID) error
		lifted  bool
	}{
		"medical":           {grade(discovery.EssentialMedical), true},
		"safety":            {grade(discovery.EssentialSafety), true},
		"comfort":           {grade(discovery.EssentialComfort), false},
		"the router":        {role(discovery.RoleRouter), true},
		"the DNS server":    {func(h *home, _ discovery.DeviceID) error { h.resolvers = []netip.Addr{at}; return nil }, true},
		"beside it":         {func(h *home, _ discovery.DeviceID) error { h.resolvers = []netip.Addr{at.Next()}; return nil }, false},
		"a connector":       {hub("192.168.77.30"), true},
		"another connector": {hub("192.168.77.31"), false},
	} {
		t.Run(name, func(t *testing.T) {
			h, id, permission := handedOver(t)
			if err := c.becomes(h, id); err != nil {
				t.Fatal(err)
			}
			h.minutes(3)
			a, n := h.newest(permission)
			if lifts := a.Kind == consent.ActUnblock && a.State == consent.Pending; lifts != c.lifted || n != map[bool]int{true: 2, false: 1}[c.lifted] {
				t.Errorf("the newest of %d actions: %s %s", n, a.Kind, a.State)
			}
		})
	}
}

// At once, and not with the next round: the date may come in between.
func TestT41AMarkTakesTheDateBackAtOnceAndItsUndoGivesIt(t *testing.T) {
	h, id, permission := handedOver(t)
	if err := h.SetEssential(t.Context(), id, discovery.EssentialMedical); err != nil {
		t.Fatal(err)
	}
	a, _ := h.newest(permission)
	if a.Kind != consent.ActUnblock {
		t.Fatalf("after the mark: %s", a.Kind)
	}
	h.finish(a)
	if c, err := h.Consent(t.Context(), permission); err != nil || c.HeldBy != "" {
		t.Errorf("said to be held by %q, %v", c.HeldBy, err)
	}
	h.minutes(3)
	if x, _ := h.newest(permission); x.ID != a.ID {
		t.Errorf("while it is marked: %s", x.Kind)
	}
	if _, err := h.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, _ := h.newest(permission); a.Kind != consent.ActHandOver || a.State != consent.Pending {
		t.Errorf("after the undo: %s %s", a.Kind, a.State)
	}
}

// The peer did not answer until the date had come: what it keeps is still lifted.
// What the permission's own end had cut before the mark stays (the twin).
func TestT41ADateThatCameMeanwhileIsLiftedAllTheSame(t *testing.T) {
	for _, before := range []bool{false, true} {
		h, id, permission := handedOver(t)
		c, err := h.st.Consent(t.Context(), permission)
		if err != nil {
			t.Fatal(err)
		}
		expire := func() {
			h.now = c.Expires.Add(time.Second)
			next, as := consent.Expire(c, nil, h.now)
			if err := h.st.Decide(t.Context(), consent.Decision{Consent: next, Expect: c.Version, Actions: as}); err != nil {
				t.Fatal(err)
			}
			a, _ := h.newest(permission)
			h.finish(a)
		}
		if before {
			expire()
		}
		if err := h.SetEssential(t.Context(), id, discovery.EssentialMedical); err != nil {
			t.Fatal(err)
		}
		if !before {
			h.now = c.Expires.Add(time.Second)
			next, as := consent.Expire(c, nil, h.now)
			as[0].Kind = consent.ActWarn // as the scheduler makes it, for what must not be cut
			if err := h.st.Decide(t.Context(), consent.Decision{Consent: next, Expect: c.Version, Actions: as}); err != nil {
				t.Fatal(err)
			}
		}
		h.minutes(2)
		if a, _ := h.newest(permission); (a.Kind == consent.ActUnblock && a.State == consent.Pending && a.Version == 2) == before {
			t.Errorf("cut before the mark %v: %s %s of version %d", before, a.Kind, a.State, a.Version)
		}
	}
}

// What is marked is not handed over at all, hour after hour, and writes no line.
func TestWhatIsMarkedIsNotHandedOverAgainAndAgain(t *testing.T) {
	h := newHome(t)
	id := h.see(bell)
	info := h.allow(id, "Bell Maker", "203.0.113.7")
	if err := h.SetEssential(t.Context(), id, discovery.EssentialMedical); err != nil {
		t.Fatal(err)
	}
	h.connect(true)
	c := info.Consent
	c.Version, c.PreviousHash, c.Remedy = 2, info.Checksum(), consent.Block
	if err := h.st.Decide(t.Context(), consent.Decision{Consent: c, Expect: 1}); err != nil {
		t.Fatal(err)
	}
	h.minutes(60)
	if as, err := h.st.ByMark(t.Context(), consent.MarkFor(info.ID)); err != nil || len(as) != 0 {
		t.Errorf("%d actions, %v", len(as), err)
	}
	if err := h.SetEssential(t.Context(), id, discovery.EssentialNone); err != nil { // the twin
		t.Fatal(err)
	}
	if a, n := h.newest(info.ID); n != 1 || a.Kind != consent.ActHandOver {
		t.Errorf("without the mark: %d, %s", n, a.Kind)
	}
}

// A peer's no is an answer. What a later decision cancelled is none (the twin),
// and a connection that came since is asked.
func TestAHandOverThatWasAnsweredIsNotAskedForAgain(t *testing.T) {
	for name, c := range map[string]struct {
		state consent.ActionState
		kind  consent.ErrorKind
		again bool
	}{
		"unsupported":    {consent.Cancelled, consent.KindUnsupported, false},
		"needs a person": {consent.NeedsPerson, consent.KindSignIn, false},
		"taken back":     {consent.Cancelled, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.connect(true)
			info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
			a := info.Actions[0]
			a.State, a.Error, a.Finished = c.state, c.kind, h.now
			if err := h.st.SaveAction(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			h.minutes(30)
			if _, n := h.newest(info.ID); n != map[bool]int{false: 1, true: 2}[c.again] {
				t.Errorf("%d hand-overs", n)
			}
			if err := h.st.SaveConnection(t.Context(), connectors.Connection{ID: "k2", Kind: "fake", Name: "Another", Created: h.now}); err != nil {
				t.Fatal(err)
			}
			h.minutes(1)
			if _, n := h.newest(info.ID); n != 2 {
				t.Errorf("with a new connection: %d", n)
			}
		})
	}
}

var errDisk = errors.New("the disk does not answer")

// While the store cannot say which hosts must stay, nothing is cut and nothing
// is promised. The twin: a moment later, when it can, it is.
func TestWithoutTheSafetyListNothingIsCut(t *testing.T) {
	h := newHome(t)
	h.connect(false)
	id := h.see(bell)
	d, err := h.Device(t.Context(), string(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []error{errDisk, nil} {
		h.fault = fault
		_, guarded := h.Guard(t.Context(), d.Device)
		_, cut := h.Disconnect(t.Context(), id, false, "test")
		_, shown := h.PreviewDisconnect(t.Context(), id)
		for what, got := range map[string]error{"Guard": guarded, "Disconnect": cut, "PreviewDisconnect": shown} {
			if !errors.Is(got, fault) {
				t.Errorf("%s with the fault %v: %v", what, fault, got)
			}
		}
	}
}

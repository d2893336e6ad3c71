package connectortest

import (
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// Two devices of a real DNS blocker's home, by their addresses, and a name of
// the recipient that is refused to the first.
const (
	refusedClient = "127.0.0.7"
	otherClient   = "127.0.0.8"
	makersName    = "video.maker.example"
)

// nameBlocker is what a DNS blocker's session must be able to do.
type nameBlocker interface {
	connectors.Observer
	connectors.Coverer
	connectors.Blocker
	connectors.Holder
	connectors.Verifier
	connectors.PeerClock
}

// RefusesNames goes with a real DNS blocker through what it is connected for: two
// devices ask and are seen to; the names of to, which owns video.maker.example,
// are refused to one of them, then all names, and then none; and what was asked
// while nobody looked is counted once. answered asks for a name in a device's
// place and reports whether it was told.
func RefusesNames(t *testing.T, s nameBlocker, to consent.Recipient, answered func(client, name string) bool) {
	t.Helper()
	if at, err := s.PeerTime(t.Context()); err != nil || time.Until(at).Abs() > time.Minute {
		t.Errorf("its clock: %s, %v", at, err)
	}
	w := Watch(t, s, nil).Begun()
	for range 20 {
		if !answered(refusedClient, makersName) || !answered(otherClient, makersName) {
			t.Fatal("nothing is blocked yet, but it was refused")
		}
	}
	w.Until("40 questions are seen", func(v *Seen) bool { return v.Sum() >= 40 })
	refuses(t, s, to, func() bool { return answered(refusedClient, "some.where.example") }, answered)
	refuses(t, s, consent.Recipient{Any: true}, nil, answered)
	countsWhatWasMissed(t, s, w.Stop().Cursor, func(name string) { answered(refusedClient, name) })
}

// refuses blocks to for one device and lifts that again. free reports that what
// is not of to is still answered; nil where nothing may be.
func refuses(t *testing.T, s nameBlocker, to consent.Recipient, free func() bool, answered func(client, name string) bool) {
	t.Helper()
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-real", Target: connectors.Target{Addresses: []string{refusedClient}, Recipient: to}})
	if err != nil || r.Level != consent.Configured {
		t.Fatalf("%+v, %v", r, err)
	}
	Until(t, "it is refused", func() bool { return !answered(refusedClient, makersName) })
	if !answered(otherClient, makersName) || free != nil && !free() {
		t.Error("the wrong thing is refused")
	}
	Until(t, "that it is refused is seen", func() bool {
		f, err := s.Verify(t.Context(), r)
		return err == nil && f.Level == consent.Effective && f.Seen == consent.Stopped && f.Refused > 0
	})
	if held, err := s.Held(t.Context()); err != nil || len(held) != 1 || !held[0].Active {
		t.Errorf("%+v, %v", held, err)
	}
	if _, err := s.Unblock(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	Until(t, "it is answered again", func() bool { return answered(refusedClient, makersName) })
}

// countsWhatWasMissed asks while nobody looks, for more than the rows in a DNS
// blocker's memory, and looks again from where the last look ended.
func countsWhatWasMissed(t *testing.T, s nameBlocker, from connectors.Cursor, ask func(name string)) {
	t.Helper()
	const name, asked = "later.example", 300
	for range asked {
		ask(name)
	}
	w, key := Watch(t, s, from), refusedClient+" "+name
	w.Until("what was asked meanwhile is seen", func(v *Seen) bool { return v.Counts[key] >= asked })
	if v := w.Stop(); v.Counts[key] != asked {
		t.Errorf("%d questions, %d were asked", v.Counts[key], asked)
	}
	if c, err := s.Coverage(t.Context()); err != nil || c.Lost != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

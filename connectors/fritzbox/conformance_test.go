package fritzbox

import (
	"context"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// TestConformance runs the suite that every connector must pass, once against a
// prompt box and once with the awkward parts switched on.
func TestConformance(t *testing.T) {
	for name, set := range map[string]func(*box){
		"prompt": func(*box) {},
		"awkward": func(b *box) {
			b.effectLag, b.listLag = 40*time.Millisecond, 1200*time.Millisecond
			b.unknown["X_AVM-DE_GetHostListPath"] = true
			b.unknown["X_AVM-DE_GetSpecificHostEntryByIP"] = true
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			set(b)
			connectortest.Run(t, b.suite(t))
		})
	}
}

func (b *box) suite(t *testing.T) connectortest.Options {
	forget := func() { b.with(func() { clear(b.off); clear(b.on) }) }
	return connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			forget()
			ses, err := New().Open(t.Context(), b.settings(nil), hostFor(t.TempDir(), boxPassword))
			if err != nil {
				ct.Fatalf("%v", err)
			}
			ct.Cleanup(func() { _ = ses.Close() })
			return ses
		},
		Target: target(tv), Other: target(camera),
		Try: func(_ connectortest.T, tg connectors.Target) bool {
			for _, id := range tg.Identifiers {
				if id.Type == discovery.MAC {
					return b.passes(id.Value, false)
				}
			}
			return false
		},
		Break: b.Break, Busy: b.Busy,
		Forget:  func(connectortest.T) { forget() },
		Secrets: []string{boxPassword},
	}
}

// TestTheSuiteSeesABoxThatOnlySaysYes is its twin: a box whose switch does
// nothing must not pass.
func TestTheSuiteSeesABoxThatOnlySaysYes(t *testing.T) {
	b := newBox(t)
	b.afterSet = func() { b.with(func() { clear(b.off) }) }
	o := b.suite(t)
	o.CallTimeout = 1500 * time.Millisecond
	if len(connectortest.Check(o)) == 0 {
		t.Error("nothing was found wrong with a box that blocks nothing")
	}
}

func TestTheBlockIsOfIPv4Only(t *testing.T) {
	b := newBox(t)
	s := b.open(t, t.TempDir())
	tg := target(tv)
	tg.Addresses = []string{"192.168.178.20", "2001:db8::20", "fe80::1"}
	r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-1", Target: tg})
	if err != nil {
		t.Fatal(err)
	}
	if b.passes(tv, false) || !b.passes(tv, true) {
		t.Fatal("the fake does not leave IPv6 open")
	}
	f, err := s.Verify(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if f.Level != "configured" || f.Seen != "cannot_tell" || !holds(f.Text, "IPv6", "not stopped") || !holds(r.Text, "IPv6 goes on") || !holds(s.Traits().Note, "IPv6 goes on", "keeps the list") {
		t.Errorf("the hole is not said: %q, %q, %q, %+v", r.Text, s.Traits().Note, f.Text, f)
	}
	if tr := s.Traits(); tr.IPv6 || !tr.IPv4 || tr.HoldsEnd || tr.HoldsStart || tr.CutsOpenFlows {
		t.Errorf("traits %+v", tr)
	}
	tg.Addresses = tg.Addresses[:1]
	r.Target = tg
	if f, _ = s.Verify(t.Context(), r); holds(f.Text, "IPv6") {
		t.Errorf("a device without IPv6 is said to have some: %q", f.Text)
	}
}

// Prints the household's wait until configured; the goal is 2 s, the box's own
// delay apart.
func TestDisconnectingIsPrompt(t *testing.T) {
	b := newBox(t)
	b.effectLag = 400 * time.Millisecond
	s := b.open(t, t.TempDir())
	began := time.Now()
	r := mustBlock(t, s, "consent-1", tv)
	took := time.Since(began)
	t.Logf("configured after %s, of which the box's own %s; %d questions", took.Round(time.Millisecond), b.effectLag, b.signed)
	if r.Level != "configured" {
		t.Errorf("level %s", r.Level)
	}
}

// A call that has to wait for another one ends with its context.
func TestWaitingForTheOtherOneEnds(t *testing.T) {
	s := newBox(t).open(t, t.TempDir())
	unlock, err := s.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err = s.Block(ctx, connectors.BlockRequest{Mark: "m", Target: target(tv)})
	wantFault(t, "block", err, consent.KindTransient, "busy with another change")
}

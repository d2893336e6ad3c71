package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// leaky is the router in memory, whose blocks may be made to leak: it says so
// when it is asked.
type leaky struct {
	connectors.Connector
	leaks atomic.Bool
	blind bool // it is not asked a second time whether what it did holds
}

func (l *leaky) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	in, err := l.Connector.Open(ctx, s, h)
	if err != nil {
		return nil, err
	}
	return &leakySession{Session: in, caps: connectors.CapabilitiesOf(in), l: l}, nil
}

type leakySession struct {
	connectors.Session
	caps connectors.Capabilities
	l    *leaky
}

func (s *leakySession) Capabilities() connectors.Capabilities {
	c := s.caps
	c.Verifier = s
	if s.l.blind {
		c.Verifier = nil
	}
	return c
}

func (s *leakySession) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	f, err := s.caps.Verifier.Verify(ctx, r)
	if err == nil && s.l.leaks.Load() {
		f.Level, f.Seen, f.Passed, f.Text = consent.Configured, consent.Flowing, 4_096, "4 kB got past the rule."
	}
	return f, err
}

// A date says who keeps it: the router, the router until it restarts, or this computer.
func TestWhoKeepsADateIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		traits connectors.Traits
		want   string
	}{
		"held":         {connectors.Traits{Grain: connectors.GrainRecipient, HoldsStart: true, HoldsEnd: true, SurvivesRestart: true, IPv4: true, IPv6: true}, "also with this computer off"},
		"held-restart": {connectors.Traits{Grain: connectors.GrainRecipient, HoldsStart: true, HoldsEnd: true, IPv4: true, IPv6: true}, "but only until it restarts"},
		"needs-us":     {connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true}, "this computer has it blocked on the day, or as soon as it is on again"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &hours{}
			peer := connectortest.NewPeer(h.right)
			peer.SetTraits(c.traits)
			s := open(t, t.TempDir(), h, sights{bell()}, peer.Connector())
			id := s.device()
			s.connect(connectortest.FakeKind, "Router")
			given := s.allow(id, "60d")
			s.until("the date is where it can be kept", func() bool { return (s.consent(given).HeldBy != "") == c.traits.HoldsStart })
			s.at(view.Route{Page: view.PageReview, Arg: string(given)}, c.want)
			s.draw("state-" + name)
			s.at(view.Route{Page: view.PageHome}, "Front door bell")
		})
	}
}

// What could not be done stays in sight, with the way to try it again; once it is done it is gone from there.
func TestAStuckActionIsSeenAndTriedAgain(t *testing.T) {
	h := &hours{}
	peer := connectortest.NewPeer(h.right)
	peer.SetTraits(connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true})
	s := open(t, t.TempDir(), h, sights{bell()}, peer.Connector())
	id := s.device()
	s.connect(connectortest.FakeKind, "Router")
	given := s.allow(id, "1h")
	peer.SetDown(true)
	h.pass(61 * time.Minute)
	s.until("it could not be done, again and again", func() bool {
		c := s.consent(given)
		if len(c.Actions) == 0 {
			return false
		}
		if c.Actions[0].State == consent.Waiting {
			_ = s.e.Retry(t.Context(), c.Actions[0].ID)
		}
		return c.Actions[0].State == consent.Stuck
	})
	s.at(view.Route{Page: view.PageHome}, "Not done yet:")
	s.draw("state-stuck-home")
	s.at(view.Route{Page: view.PageReview, Arg: string(given)}, "could not be done; still tried, next")
	s.draw("state-stuck-review")
	peer.SetDown(false)
	s.at(view.Route{Page: view.PageHome}, "Not done yet:")
	s.press("Try again")
	s.until("it is done, and gone from there", func() bool { return !s.shows("Not done yet:") && s.consent(given).Actions[0].State == consent.Done })
}

// While the clock is in doubt the home page says so, and what that means; one click settles it.
func TestUntrustedTimeIsSeenAndSettled(t *testing.T) {
	h := &hours{}
	peer := connectortest.NewPeer(h.right)
	peer.SetTraits(connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true})
	s := open(t, t.TempDir(), h, sights{bell()}, peer.Connector())
	id := s.device()
	s.connect(connectortest.FakeKind, "Router")
	given := s.allow(id, "10d")
	s.at(view.Route{Page: view.PageHome}, "Front door bell")
	if s.shows("Clock in doubt:") {
		t.Fatal("the twin: a clock that nobody moved is in doubt")
	}
	h.setWrong(365 * 24 * time.Hour)
	s.until("the router blocks it provisionally", func() bool { return !peer.Send(bellMAC, "203.0.113.7", 443, 10) })
	s.at(view.Route{Page: view.PageHome}, "Blocked for now: the clock is in doubt")
	if !s.shows("Clock in doubt:") {
		t.Error("what that means is not said")
	}
	s.draw("state-clock-home")
	s.at(view.Route{Page: view.PageReview, Arg: string(given)}, "blocked for now, because this computer's clock is in doubt")
	s.draw("state-clock-review")
	if d := s.consent(given).Decided; d != consent.Given {
		t.Errorf("by a clock that nobody believes it is %s", d)
	}
	s.at(view.Route{Page: view.PageHome}, "Clock in doubt:")
	s.press("The clock is right")
	s.until("the word settles it", func() bool { return !s.shows("Clock in doubt:") && s.consent(given).Decided == consent.Expired })
}

// What had stopped and comes back is seen on its card, on its page and in the diary.
func TestARelapseIsSeen(t *testing.T) {
	h := &hours{}
	peer := connectortest.NewPeer(h.right)
	peer.SetTraits(connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true, CutsOpenFlows: true})
	router := &leaky{Connector: peer.Connector()}
	s := open(t, t.TempDir(), h, sights{bell()}, router)
	id := s.device()
	s.connect(connectortest.FakeKind, "Router")
	given := s.allow(id, "1h")
	h.pass(61 * time.Minute)
	s.until("it has stopped", func() bool {
		peer.Send(bellMAC, "203.0.113.7", 443, 10)
		return s.consent(given).Seen == consent.Stopped
	})
	s.at(view.Route{Page: view.PageHome}, "and it stopped")
	router.leaks.Store(true)
	h.pass(2 * time.Hour) // the next look
	s.until("it is seen sending again", func() bool { return s.consent(given).Seen == consent.Flowing })
	s.at(view.Route{Page: view.PageHome}, "still sending")
	s.draw("state-relapse-home")
	s.at(view.Route{Page: view.PageReview, Arg: string(given)}, "it had stopped")
	s.draw("state-relapse-review")
	s.at(view.Route{Page: view.PageDiary}, "again")
}

// A damaged record is named on the home page and on that of the settings, and the rest goes on.
func TestAQuarantinedRecordIsSeen(t *testing.T) {
	h, dir := &hours{}, t.TempDir()
	peer := connectortest.NewPeer(h.right)
	s := open(t, dir, h, sights{bell()}, peer.Connector())
	id := s.device()
	s.connect(connectortest.FakeKind, "Router")
	s.allow(id, "60d")
	s.stop()
	spoil(t, filepath.Join(dir, "evidence.db"), `"name":"Bell Maker"`, `"name":"Evil Maker"`)
	s = open(t, dir, h, sights{bell()}, peer.Connector())
	s.at(view.Route{Page: view.PageHome}, "Set aside:")
	s.draw("state-quarantine-home")
	s.press("Open backups")
	s.until("the settings name it", func() bool { return s.shows("damaged record") })
	s.draw("state-quarantine-settings")
}

// spoil changes a file behind the program's back.
func spoil(t *testing.T, path, was, is string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(was)) {
		t.Fatalf("%s does not hold %s", path, was)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte(was), []byte(is)), 0o600); err != nil {
		t.Fatal(err)
	}
}

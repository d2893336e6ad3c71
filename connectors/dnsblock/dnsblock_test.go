package dnsblock

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

func TestDestinations(t *testing.T) {
	for name, want := range map[string]string{"Video.Maker.Example.": "video.maker.example", "_dns.resolver.arpa": "_dns.resolver.arpa", "a.b": "a.b"} {
		if got, ok := Destination(name); !ok || got != want {
			t.Errorf("%q: %q, %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "printer", "30.77.168.192.in-addr.arpa", "8.e.f.ip6.arpa", "a..b", ".a", "a b.c", "a\x00.b", "münchen.example", "a." + string(make([]byte, 70))} {
		if got, ok := Destination(name); ok {
			t.Errorf("%q is taken for the destination %q", name, got)
		}
	}
}

// TestATallyLosesNothing: the sums of its records are what was put in.
func TestATallyLosesNothing(t *testing.T) {
	var sums Tally
	a, at := netip.MustParseAddr("192.168.1.7"), time.Date(2026, 5, 3, 14, 0, 0, 0, time.UTC)
	for i := range 600 {
		q := Question{Client: a, Name: "n.example", At: at.Add(time.Duration(i) * time.Second), Refused: i%3 == 0}
		if i%5 == 0 {
			q.Client = netip.Addr{}
		}
		if !sums.Add(q) {
			t.Fatal("not taken")
		}
	}
	var n, refused, somebody uint64
	for _, r := range sums.Records("connector:k1") {
		n += r.Count
		if r.Refused {
			refused += r.Count
		}
		if r.Local.Somebody {
			somebody += r.Count
		}
		if r.Last.Sub(r.First) >= time.Minute || r.Up+r.Down != 0 || r.Protocol != "dns" {
			t.Errorf("%+v", r)
		}
	}
	if n != 600 || refused != 200 || somebody != 120 || len(sums.Records("x")) != 0 {
		t.Errorf("%d counted, %d refused, %d somebody's", n, refused, somebody)
	}
}

// TestWhoCutsComesFirst: what acts on names stands behind what cuts traffic, and
// does not fit a recipient that is known by addresses alone.
func TestWhoCutsComesFirst(t *testing.T) {
	names := connectors.Capabilities{Blocker: nobody{}, Traits: connectors.Traits{Grain: connectors.GrainRecipient, NamesOnly: true}}
	cuts := connectors.Capabilities{Blocker: nobody{}, Traits: connectors.Traits{Grain: connectors.GrainRecipient}}
	whole := connectors.Capabilities{Blocker: nobody{}, Traits: connectors.Traits{Grain: connectors.GrainDevice}}
	fit := func(c connectors.Capabilities, r consent.Recipient) (connectors.Fit, bool) {
		return connectors.FitOf(t.Context(), c, connectors.Target{Recipient: r})
	}
	named, all := consent.Recipient{Destinations: []string{"maker.example", "198.51.100.7"}}, consent.Recipient{Any: true}
	if _, ok := fit(names, consent.Recipient{Destinations: []string{"198.51.100.7", "203.0.113.0/24"}}); ok {
		t.Error("bare addresses cannot be stopped by names")
	}
	rank := func(c connectors.Capabilities, r consent.Recipient) int { f, _ := fit(c, r); return f.Rank }
	if rank(cuts, named) >= rank(names, named) || rank(names, named) >= rank(whole, named) || rank(whole, all) >= rank(names, all) {
		t.Error("the order is wrong")
	}
}

// TestWhatSignsMean: effective needs a refusal that nothing came after, and
// nothing that keeps the rule from having an effect.
func TestWhatSignsMean(t *testing.T) {
	at := time.Date(2026, 5, 3, 14, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		set   func(*Signs)
		why   string
		level consent.Level
		seen  consent.Seen
	}{
		"nothing was asked":        {func(*Signs) {}, "", consent.Configured, consent.NotChecked},
		"it was refused":           {func(s *Signs) { s.Passed(at); s.Refused(at.Add(time.Minute)) }, "", consent.Effective, consent.Stopped},
		"it passed after that":     {func(s *Signs) { s.Refused(at); s.Passed(at.Add(time.Minute)) }, "", consent.Configured, consent.Flowing},
		"the log tells nothing":    {func(s *Signs) { s.Blind = "It is off." }, "", consent.Configured, consent.CannotTell},
		"it is switched off":       {func(s *Signs) { s.Refused(at) }, "It is off.", consent.Accepted, consent.CannotTell},
		"it is off, and it passed": {func(s *Signs) { s.Passed(at) }, "It is off.", consent.Accepted, consent.Flowing},
	} {
		var s Signs
		c.set(&s)
		f := connectors.Finding{Seen: consent.NotChecked}
		s.Judge(&f, c.why)
		if f.Level != c.level || f.Seen != c.seen || f.Text == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

type nobody struct{ connectors.Blocker }

// What is asked ahead runs at once; what goes wrong in it, a fault of the program
// included, is met by who waits for it, and not by the whole program.
func TestAheadFailsWhereItIsWaitedFor(t *testing.T) {
	began := make(chan struct{})
	broken := errors.New("broken")
	get := Ahead(func() (int, error) { close(began); return 7, broken })
	<-began
	if n, err := get(); n != 7 || !errors.Is(err, broken) {
		t.Errorf("%d, %v", n, err)
	}
	get = Ahead(func() (int, error) { panic("spoilt") })
	defer func() {
		if p := recover(); p != "spoilt" {
			t.Errorf("it met %v", p)
		}
	}()
	_, _ = get()
	t.Error("nobody met it")
}

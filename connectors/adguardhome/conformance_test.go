package adguardhome

import (
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

func conformance(t *testing.T, prepare func(*fake)) {
	f := newFake(t)
	f.rules = []string{"||household.example^"} // the household's own rule stays
	if prepare != nil {
		prepare(f)
	}
	mine := f.rules
	connectortest.Run(t, connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			f.with(func() { f.rules, f.inForce = mine, mine })
			return connectortest.AsFlows(open(ct, f))
		},
		Target: target(maker(), bellAddr),
		Other:  target(consent.Recipient{Name: "anyone", Any: true}, "192.168.77.31"),
		Try: func(_ connectortest.T, tg connectors.Target) bool {
			name := "video.maker.example"
			if tg.Recipient.Any {
				name = "some.where.example"
			}
			return f.ask(tg.Addresses[0], name)
		},
		Send:         func(_ connectortest.T, port uint16) { f.ask("192.168.77.40", connectortest.PortName(port)) },
		SeesWhileOff: true,
		Break:        f.Break, Busy: f.Busy,
		Forget:  func(connectortest.T) { f.with(func() { f.rules, f.inForce = mine, mine }) },
		Secrets: []string{fakePassword, "token-"},
	})
	f.with(func() {
		if len(f.rules) == 0 || f.rules[0] != "||household.example^" {
			t.Errorf("the household's own rule is gone: %q", f.rules)
		}
	})
}

func TestConformance(t *testing.T) { conformance(t, nil) }

// TestConformanceOfALaggingPeer is the suite against one that applies rules later
// than it takes them, and cannot look rows up by their time.
func TestConformanceOfALaggingPeer(t *testing.T) {
	conformance(t, func(f *fake) { f.unfindable, f.memory = true, 40 })
}

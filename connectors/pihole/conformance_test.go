package pihole

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func conformance(t *testing.T, prepare func(*fake)) {
	f := newFake(t)
	f.put("groups", "Kids", "", true, nil)
	f.put("clients", "192.168.77.31", "the tablet", false, []int64{0, f.groups["Kids"].ID}) // the household's own stays
	if prepare != nil {
		prepare(f)
	}
	clear := func() {
		f.with(func() {
			f.rules = map[string]*rule{}
			for name := range f.groups {
				if strings.HasPrefix(name, groupPrefix) {
					delete(f.groups, name)
				}
			}
			f.members = map[string]*fakeClient{"192.168.77.31": {"the tablet", []int64{0, f.groups["Kids"].ID}}}
			f.reload()
		})
	}
	connectortest.Run(t, connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			clear()
			return connectortest.AsFlows(open(ct, f))
		},
		Target: target(maker(), bellAddr),
		Other: connectors.Target{
			Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: otherMAC}}, Addresses: []string{"192.168.77.31"},
			Recipient: consent.Recipient{Name: "anyone", Any: true},
		},
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
		Forget:  func(connectortest.T) { clear() },
		Secrets: []string{fakePassword, "sid-"},
	})
	f.with(func() {
		if m := f.members["192.168.77.31"]; m == nil || m.Comment != "the tablet" || !slices.Contains(m.Groups, f.groups["Kids"].ID) {
			t.Errorf("the household's own member was changed: %+v", m)
		}
	})
}

func TestConformance(t *testing.T) { conformance(t, nil) }

// TestConformanceOfAFullPeer is the suite against one whose log is on disk
// already and whose sweep has not met the devices.
func TestConformanceOfAFullPeer(t *testing.T) {
	conformance(t, func(f *fake) { f.macBlind, f.seats = true, 2 })
}

// TestConformanceOfASlowPeer is the suite against one that goes by a change only
// a moment after it has taken it, as the real one does.
func TestConformanceOfASlowPeer(t *testing.T) {
	conformance(t, func(f *fake) { f.lag = 300 * time.Millisecond })
}

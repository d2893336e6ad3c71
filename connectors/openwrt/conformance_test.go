package openwrt

import (
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
)

// TestConformance runs the suite that every connector must pass with exactly the
// rights that our setup text grants.
func TestConformance(t *testing.T) {
	r := newRouter(t)
	connectortest.Run(t, r.suite(t))
}

func (r *router) suite(t *testing.T) connectortest.Options {
	forget := func() {
		r.with(func() {
			for n := range r.saved {
				if len(n) > 3 && n[:3] == prefix {
					delete(r.saved, n)
				}
			}
			r.pending = ""
			r.load()
		})
	}
	const near, far = "198.51.100.7", "198.51.100.8"
	return connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			forget()
			ses, err := New().Open(t.Context(), r.settings(nil), hostFor(password))
			if err != nil {
				ct.Fatalf("%v", err)
			}
			ct.Cleanup(func() { _ = ses.Close() })
			if r.noReload {
				ses.(*Session).loadTime = 50 * time.Millisecond // it would be waited for in vain
			}
			return ses
		},
		Target: target(tv, near), Other: target(tv, far),
		Try: func(_ connectortest.T, tg connectors.Target) bool {
			_, passed := r.send(tv, tg.Recipient.Destinations[0], 443, 1000, nil)
			return passed
		},
		Send: func(_ connectortest.T, port uint16) {
			r.send(camera, "203.0.113.5", port, connectortest.SendBytes, nil)
		},
		Break: r.Break, Busy: r.Busy,
		SeesWhileOff: true, // a connection that is still in the table when we look again
		Forget:       func(connectortest.T) { forget() },
		Secrets:      []string{password},
	}
}

// TestTheSuiteSeesAFirewallThatDoesNotFollow is its twin: settings that the
// firewall never loads must not pass.
func TestTheSuiteSeesAFirewallThatDoesNotFollow(t *testing.T) {
	r := newRouter(t)
	r.noReload = true
	if len(connectortest.Check(r.suite(t))) == 0 {
		t.Error("nothing was found wrong with a firewall that loads nothing")
	}
}

// Prints the household's wait until configured; the goal is 2 s.
func TestDisconnectingIsPrompt(t *testing.T) {
	r := newRouter(t)
	s := r.open(t)
	for _, what := range []string{"the first, confirmed", "the second"} {
		began := time.Now()
		rec := mustBlock(t, s, connectors.BlockRequest{Mark: "consent-1", Target: target(tv)})
		took := time.Since(began)
		t.Logf("%s: configured after %s", what, took.Round(time.Millisecond))
		if rec.Level != "configured" {
			t.Errorf("level %s", rec.Level)
		}
	}
}

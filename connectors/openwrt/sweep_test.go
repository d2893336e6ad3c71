package openwrt

import (
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// setup looks as often as interval says; empty is the usual.
func setup(interval string) connectortest.Setup {
	return connectortest.Setup{
		Connector: New(), Name: "router", Target: target(tv, "198.51.100.7"),
		Stand: func(t connectortest.T) connectortest.Stand {
			r := newRouter(t)
			return connectortest.Stand{
				Handler:  r,
				MayNot:   func() { r.with(func() { r.acl.Write.UCI = nil }) },
				Change:   func() { r.with(func() { clear(r.sessions); r.password = "another" }) },
				Refused:  func() (n int) { r.with(func() { n = r.wrong }); return n },
				Expire:   func() { r.with(func() { clear(r.sessions) }) },
				Sessions: func() (n int) { r.with(func() { n = len(r.sessions) }); return n },
				SignedIn: func() (n int) { r.with(func() { n = r.logins }); return n },
			}
		},
		Settings: func(at string) connectors.Settings {
			return connectors.Settings{
				Values:  map[string]string{optAddress: at, optUsername: "bestbefore", optInterval: interval},
				Secrets: map[string]consent.SecretRef{optPassword: "password"},
			}
		},
		Secrets: map[consent.SecretRef]string{"password": password},
	}
}

func TestFaultSweep(t *testing.T) { connectortest.Sweep(t, setup("0.05")) }

// The household's wait until a block is configured; the goal is 2 s and the peer's own delay.
func BenchmarkDisconnect(b *testing.B) { connectortest.Disconnect(b, setup("")) }

// What twenty connections cost that nobody uses; the goal is 1 % of a core and
// less than one request a minute beside observing.
func BenchmarkIdle(b *testing.B) { connectortest.Idle(b, setup("")) }

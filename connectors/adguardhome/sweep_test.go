package adguardhome

import (
	"net/http"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

func setup() connectortest.Setup {
	return connectortest.Setup{
		Connector: New(), Name: peer, Target: target(maker(), bellAddr), Never: []string{"token-"},
		Stand: func(t connectortest.T) connectortest.Stand {
			f := newFake(t)
			return connectortest.Stand{
				Handler:  http.HandlerFunc(f.serve),
				MayNot:   func() { f.with(func() { f.mayNot = true }) },
				Change:   func() { f.with(func() { clear(f.cookies); f.password = "another" }) },
				Refused:  func() (n int) { f.with(func() { n = f.wrong }); return n },
				Expire:   func() { f.with(func() { clear(f.cookies) }) },
				Sessions: func() (n int) { f.with(func() { n = len(f.cookies) }); return n },
				SignedIn: func() (n int) { f.with(func() { n = f.logins }); return n },
				Distrust: func() { f.with(func() { f.oneOfAll = true }) },
			}
		},
		Settings: func(at string) connectors.Settings { return settings(at, "password") },
		Secrets:  map[consent.SecretRef]string{"password": fakePassword},
	}
}

func TestFaultSweep(t *testing.T) { connectortest.Sweep(t, setup()) }

// The household's wait until a block is configured; the goal is 2 s and the peer's own delay.
func BenchmarkDisconnect(b *testing.B) { connectortest.Disconnect(b, setup()) }

// What twenty connections cost that nobody uses; the goal is 1 % of a core and
// less than one request a minute beside observing.
func BenchmarkIdle(b *testing.B) { connectortest.Idle(b, setup()) }

package fritzbox

import (
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// setup looks as often as interval says; empty is the usual.
func setup(interval string) connectortest.Setup {
	return connectortest.Setup{
		Connector: New(), Name: "FRITZ!Box", Target: target(tv),
		Stand: func(t connectortest.T) connectortest.Stand {
			b := newBox(t)
			return connectortest.Stand{
				Handler: b,
				MayNot:  func() { b.with(func() { b.faults["DisallowWANAccessByIP"] = codeUnauthorized }) },
				Change:  func() { b.with(func() { b.password = "another" }) },
				Refused: func() (n int) { b.with(func() { n = b.wrong }); return n },
			}
		},
		Settings: func(at string) connectors.Settings {
			return connectors.Settings{
				Values:  map[string]string{optAddress: at, optUsername: boxUser, optInterval: interval},
				Secrets: map[string]consent.SecretRef{optPassword: "password"},
			}
		},
		Secrets: map[consent.SecretRef]string{"password": boxPassword},
	}
}

func TestFaultSweep(t *testing.T) { connectortest.Sweep(t, setup("0.05")) }

// The household's wait until a block is configured; the goal is 2 s and the peer's own delay.
func BenchmarkDisconnect(b *testing.B) { connectortest.Disconnect(b, setup("")) }

// What twenty connections cost that nobody uses; the goal is 1 % of a core and
// less than one request a minute beside observing.
func BenchmarkIdle(b *testing.B) { connectortest.Idle(b, setup("")) }

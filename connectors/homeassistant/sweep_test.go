package homeassistant

import (
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// TestSweep puts everything that can go wrong under way in front of the stand-in.
func TestSweep(t *testing.T) { connectortest.Sweep(t, setup()) }

// The household's wait until an end is configured; the goal is 2 s and the peer's own delay.
func BenchmarkDisconnect(b *testing.B) {
	b.Run("integration", func(b *testing.B) { connectortest.Disconnect(b, setup()) })
	b.Run("token", func(b *testing.B) { connectortest.Revocation(b, setup()) })
}

// setup is the connector in front of its stand-in.
func setup() connectortest.Setup {
	return connectortest.Setup{
		Connector: New(), Name: peer,
		Stand: func(ct connectortest.T) connectortest.Stand {
			f := newFake(ct)
			return connectortest.Stand{
				Handler: f,
				MayNot:  func() { f.with(func() { f.admins = map[string]bool{} }) },
				Change: func() {
					f.with(func() {
						for _, t := range f.tokens {
							if t.secret == ownToken {
								t.secret = "another-token-7755"
							}
						}
					})
					f.hangUp("")
				},
				Refused: func() (n int) { f.with(func() { n = f.refused }); return n },
				Grant:   f.phone(),
			}
		},
		Settings: func(at string) connectors.Settings {
			return connectors.Settings{Values: map[string]string{optAddress: at}, Secrets: map[string]consent.SecretRef{optToken: "token"}}
		},
		Secrets: map[consent.SecretRef]string{"token": ownToken},
		Never:   []string{phoneToken},
		Target:  target("127.0.0.1", "d-vacuum", "64:90:c1:00:00:03"),
	}
}

// phone is the grant of the token called "Old phone".
func (f *fake) phone() (g consent.Grant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.tokens {
		if t.secret == phoneToken {
			g = consent.Grant{ID: t.id, Connection: "k1", Kind: kindToken, Name: t.name}
		}
	}
	return g
}

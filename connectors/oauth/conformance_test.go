package oauth

import (
	"net/http"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

func TestConformance(t *testing.T) {
	for name, awkward := range map[string]func(*fake){
		"by the book":                        func(*fake) {},
		"refresh tokens stay":                func(f *fake) { f.keeps = true },
		"nothing is told of tokens":          func(f *fake) { f.closed = true },
		"every token is called dead":         func(f *fake) { f.blindly = true },
		"only access tokens can be revoked":  func(f *fake) { f.typed = true },
		"there is only one token":            func(f *fake) { f.noRefresh = true },
		"access tokens live on for a while":  func(f *fake) { f.lingers = true },
		"its description cannot be read now": func(f *fake) { f.unreadable = true },
	} {
		t.Run(name, func(t *testing.T) {
			var g *rig
			var id string
			connectortest.Run(t, connectortest.Options{
				Open: func(t connectortest.T) connectors.Session {
					g = newRig(t)
					awkward(g.fake)
					id = g.hold()
					return g.open()
				},
				Grant: func(connectortest.T) consent.Grant { return consent.Grant{ID: grantID} },
				Works: func(connectortest.T, consent.Grant) bool { return g.alive(id) },
				Dies: func(connectortest.T, consent.Grant) {
					g.awry(func(f *fake) { f.dead[id] = true })
					g.pass(time.Hour)
				},
				Busy: func(_ connectortest.T, until time.Time) {
					g.awry(func(f *fake) { f.busy = until })
					g.pass(renewEvery + time.Minute)
				},
				Break: func(t connectortest.T) {
					g.setDown(true)
					g.pass(renewEvery + time.Minute) // what was asked a moment ago stands for a while
				},
				Secrets: []string{fakeSecret, "refresh-", "access-", "code-"},
			})
		})
	}
}

// awry changes a switch of the fake behind a rig.
func (g *rig) awry(change func(*fake)) {
	g.fake.mu.Lock()
	defer g.fake.mu.Unlock()
	change(g.fake)
}

// TestFaultSweep: a provider on the internet in every kind of trouble.
func TestFaultSweep(t *testing.T) { connectortest.Sweep(t, setup(t)) }

// The household's wait until an access is revoked and a renewal was refused; the
// goal is 2 s and the provider's own delay.
func BenchmarkDisconnect(b *testing.B) { connectortest.Revocation(b, setup(b)) }

// setup is the connector in front of a provider on the internet.
func setup(t testing.TB) connectortest.Setup {
	t.Helper()
	const name = "login.example"
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	seal := func(f *fake) string {
		_, refresh, access := f.grant()
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		k := kept{Client: fakeClient, Since: at, Renewed: at, Refresh: refresh, Access: access, Pins: pins{
			Issuer: "https://" + name, Authorize: "https://" + name + "/authorize", Token: "https://" + name + "/token", Device: "https://" + name + "/device",
			Revoke: "https://" + name + "/revoke", Introspect: "https://" + name + "/introspect",
		}}
		v, err := k.seal()
		if err != nil {
			t.Fatal(err)
		}
		return v.Reveal()
	}
	return connectortest.Setup{
		Connector: c, Name: name, Hosts: []string{name},
		Stand: func(connectortest.T) connectortest.Stand {
			f := newFake()
			f.base = "https://" + name
			seal(f) // the same tokens as in every other
			return connectortest.Stand{Handler: http.Handler(f), Grant: consent.Grant{ID: grantID}}
		},
		Settings: func(string) connectors.Settings {
			return connectors.Settings{
				Values:  map[string]string{optIssuer: "https://" + name, optClient: fakeClient},
				Secrets: map[string]consent.SecretRef{optSecret: "client", keyToken: "token"},
			}
		},
		Secrets: map[consent.SecretRef]string{"client": fakeSecret, "token": seal(newFake())},
		Never:   []string{"refresh-", "access-"},
		Leave:   map[string]string{"wrong password": "what is sealed is no password that a person types; TestAWrongClient has the wrong secret"},
	}
}

package recipe

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// door stands before a peer: it counts refusals, and can be told that another
// password is the right one now, or that whoever signs in may do nothing.
type door struct {
	peer http.Handler

	mu      sync.Mutex // guards all below
	changed bool
	mayNot  bool
	refused int
}

func (d *door) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	d.mu.Lock()
	changed, mayNot := d.changed, d.mayNot
	d.mu.Unlock()
	if mayNot { // who it is is known, so this is no refused password
		http.Error(w, `{"status":403,"message":"Forbidden"}`, http.StatusForbidden)
		return
	}
	if changed {
		q.Header.Del("Authorization")
		q.Header.Del("X-Api-Key")
		q.URL.Path = strings.Replace(q.URL.Path, "hue-key-0123456789", "another", 1)
	}
	if _, bridge := d.peer.(hueBridge); bridge && !strings.Contains(q.URL.Path, "hue-key-0123456789") { // it refuses with 200
		d.mu.Lock()
		d.refused++
		d.mu.Unlock()
	}
	d.peer.ServeHTTP(&counting{w, d}, q)
}

func (d *door) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused
}

type counting struct {
	http.ResponseWriter
	d *door
}

func (c *counting) WriteHeader(status int) {
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		c.d.mu.Lock()
		c.d.refused++
		c.d.mu.Unlock()
	}
	c.ResponseWriter.WriteHeader(status)
}

// setup is the sweep's for the recipe that make gives.
func setup(make func() *rig, grant string) connectortest.Setup {
	g := make()
	s := connectortest.Setup{
		Connector: g.c, Name: g.c.r.Name, Hosts: g.c.r.Hosts, Target: g.options(nil).Target, Secrets: map[consent.SecretRef]string{},
		Also:  []string{"the bridge", "the device", "the server", "the router", "Shelly"},
		Leave: map[string]string{"another's answers": "a recipe takes what its own conditions allow"},
		Stand: func(connectortest.T) connectortest.Stand {
			d := &door{peer: make().peer}
			out := connectortest.Stand{Handler: d, Grant: consent.Grant{ID: grant}}
			if len(g.secrets) > 0 {
				out.Change = func() { d.mu.Lock(); d.changed = true; d.mu.Unlock() }
				out.Refused = d.count
				// NextDNS says 403 to a key that it does not know; one that it knows may do all.
				if g.c.r.Name == "NextDNS" {
					return out
				}
				out.MayNot = func() { d.mu.Lock(); d.mayNot = true; d.mu.Unlock() }
			}
			return out
		},
		Settings: func(at string) connectors.Settings {
			out := connectors.Settings{Values: map[string]string{}, Secrets: g.settings.Secrets}
			for k, v := range g.values {
				out.Values[k] = strings.Replace(v, "$peer", at, 1)
			}
			return out
		},
	}
	for k, v := range g.secrets {
		s.Secrets[consent.SecretRef(k)] = v
	}
	return s
}

// revocable is what each recipe that revokes lists at its stand-in.
var revocable = map[string]string{"shelly": "Cloud", "rfc7009": "token", "strava": "athlete 1234567"}

// TestFaultSweep of every recipe that there is.
func TestFaultSweep(t *testing.T) {
	for name := range rigs(t) {
		t.Run(name, func(t *testing.T) {
			connectortest.Sweep(t, setup(func() *rig { return rigs(t)[name] }, revocable[name]))
		})
	}
}

// The household's wait until an end is configured; the goal is 2 s and the peer's own delay.
func BenchmarkDisconnect(b *testing.B) {
	for _, name := range []string{"mikrotik", "opnsense"} {
		b.Run(name, func(b *testing.B) { connectortest.Disconnect(b, setup(func() *rig { return rigs(b)[name] }, "")) })
	}
	for name, grant := range revocable {
		b.Run(name, func(b *testing.B) { connectortest.Revocation(b, setup(func() *rig { return rigs(b)[name] }, grant)) })
	}
}

func BenchmarkIdle(b *testing.B) {
	for _, name := range []string{"mikrotik", "nextdns", "hue"} {
		b.Run(name, func(b *testing.B) { connectortest.Idle(b, setup(func() *rig { return rigs(b)[name] }, "")) })
	}
}

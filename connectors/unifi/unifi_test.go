package unifi

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a connector in front of a console.
type rig struct {
	*console
	at   string
	gate connectortest.Gate
}

func newRig(t testing.TB) *rig {
	r := &rig{console: newConsole()}
	srv := httptest.NewServer(r.gate.Wrap(r.console))
	t.Cleanup(srv.Close)
	r.at = srv.URL
	return r
}

func (r *rig) open(t testing.TB) *Session {
	t.Helper()
	ses, err := New().Open(t.Context(), settings(r.at), connectortest.Host(func(consent.SecretRef) string { return apiKey }))
	if err != nil {
		t.Fatal(err)
	}
	return ses.(*Session)
}

func (r *rig) clear() {
	r.with(func() { r.policies, r.order = nil, map[string][]string{} })
}

func (r *rig) options(t *testing.T) connectortest.Options {
	return connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			r.clear()
			ses, err := New().Open(t.Context(), settings(r.at), connectortest.Host(func(consent.SecretRef) string { return apiKey }))
			if err != nil {
				ct.Fatalf("%v", err)
			}
			return ses
		},
		Target: target(cameraAt, "198.51.100.7"), Other: target(cameraAt, "198.51.100.8"),
		Try:   func(_ connectortest.T, to connectors.Target) bool { return r.passes(to, iotZone) },
		Break: r.gate.Break, Busy: r.gate.Busy,
		Forget:  func(connectortest.T) { r.clear() },
		Secrets: []string{apiKey},
	}
}

func TestConformance(t *testing.T) { connectortest.Run(t, newRig(t).options(t)) }

// TestTheSuiteSeesAConsoleThatKeepsNothing is its twin.
func TestTheSuiteSeesAConsoleThatKeepsNothing(t *testing.T) {
	r := newRig(t)
	r.deaf = true
	if len(connectortest.Check(r.options(t))) == 0 {
		t.Error("nothing was found wrong with a console that keeps no policy")
	}
}

func setup() connectortest.Setup {
	return connectortest.Setup{
		Connector: New(), Name: "UniFi", Target: target(cameraAt),
		Stand: func(connectortest.T) connectortest.Stand {
			c := newConsole()
			return connectortest.Stand{
				Handler: c,
				MayNot:  func() { c.with(func() { c.readOnly = true }) },
				Change:  func() { c.with(func() { c.key = "another" }) },
				Refused: func() (n int) { c.with(func() { n = c.refused }); return n },
			}
		},
		Settings: settings,
		Secrets:  map[consent.SecretRef]string{"key": apiKey},
	}
}

func TestFaultSweep(t *testing.T) { connectortest.Sweep(t, setup()) }

// The household's wait until a block is configured; the goal is 2 s and the peer's own delay.
func BenchmarkDisconnect(b *testing.B) {
	b.Run("official", func(b *testing.B) { connectortest.Disconnect(b, setup()) })
	b.Run("classic", func(b *testing.B) { connectortest.Disconnect(b, classicSetup()) })
}

// A block stands before what the household allows, in every zone of the home,
// for all states of a connection; the household's own policies keep their order.
func TestABlockComesFirst(t *testing.T) {
	r := newRig(t)
	s := r.open(t)
	const theirs = "55555555-0000-0000-0000-000000000001"
	r.with(func() {
		r.policies = []policy{{ID: theirs, Enabled: true, Name: "let all out", Action: kindOf{"ALLOW"}, Source: place{Zone: iotZone}, Destination: place{Zone: outZone}}}
		r.order[iotZone+outZone] = []string{theirs}
	})
	rc, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-1", Target: target(cameraAt)})
	if err != nil || rc.Level != consent.Configured {
		t.Fatalf("%+v, %v", rc, err)
	}
	for _, z := range []string{homeZone, iotZone} {
		if r.passes(target(cameraAt), z) {
			t.Errorf("from zone %s it gets out", z)
		}
	}
	if r.passes(target("02:00:00:00:00:02"), iotZone) != true {
		t.Error("another device is cut too")
	}
	if got := r.order[iotZone+outZone]; len(got) != 2 || got[1] != theirs {
		t.Errorf("the order is %v", got)
	}
	if _, err := s.Unblock(t.Context(), rc); err != nil || !r.passes(target(cameraAt), iotZone) {
		t.Errorf("lifting: %v", err)
	}
	if !slices.Equal(r.order[iotZone+outZone], []string{theirs}) || len(r.policies) != 1 {
		t.Errorf("what is left: %v %+v", r.order, r.policies)
	}
}

// A policy that somebody switched off, narrowed or gave a schedule holds nothing.
func TestAChangedPolicyIsMissing(t *testing.T) {
	for name, change := range map[string]func(*policy){
		"left alone":       nil,
		"switched off":     func(p *policy) { p.Enabled = false },
		"only new ones":    func(p *policy) { p.States = []string{"NEW"} },
		"at night only":    func(p *policy) { p.Schedule = &kindOf{"EVERY_DAY"} },
		"another's device": func(p *policy) { p.Source.Filter.MACs.Addresses = []string{"02:00:00:00:00:09"} },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.open(t)
			rc, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "m", Target: target(cameraAt)})
			if err != nil {
				t.Fatal(err)
			}
			if change != nil {
				r.with(func() { change(&r.policies[0]) })
			}
			f, err := s.Verify(t.Context(), rc)
			if err != nil || f.Missing != (change != nil) || f.Seen != consent.CannotTell {
				t.Errorf("%+v, %v", f, err)
			}
		})
	}
}

// Each way in which a console cannot do it has a sentence with the way out.
func TestWhatAConsoleLacksIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*console)
		set     func(connectors.Settings)
		want    string
	}{
		"too old":        {prepare: func(c *console) { c.old = true }, want: "10.1.68"},
		"no zones":       {prepare: func(c *console) { c.noZones = true }, want: "zone-based firewall"},
		"another's site": {set: func(s connectors.Settings) { s.Values[optSite] = "Cabin" }, want: "Office, Home"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if c.prepare != nil {
				c.prepare(r.console)
			}
			set := settings(r.at)
			if c.set != nil {
				c.set(set)
			}
			ses, err := New().Open(t.Context(), set, connectortest.Host(func(consent.SecretRef) string { return apiKey }))
			if err == nil {
				err = ses.(*Session).Probe(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// Who has no hardware address (over a VPN) is no device of the home.
func TestConnectedDevicesAreTold(t *testing.T) {
	r := newRig(t)
	s := r.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	var got []discovery.Sighting
	if err := s.Discover(ctx, func(v discovery.Sighting) { got = append(got, v); cancel() }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Identifiers[0].Value != cameraAt || got[0].Facts[0].Value != "bell" {
		t.Errorf("%+v", got)
	}
	if c, err := s.Coverage(t.Context()); err != nil || c.Since.IsZero() {
		t.Errorf("%+v %v", c, err)
	}
}

// FuzzAnswers: whatever a console answers, nothing panics and no foreign policy
// is taken for ours.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"totalCount":1,"data":[{"id":"a","name":"bestbefore:m","enabled":true}]}`))
	f.Add([]byte(`{"totalCount":-1,"data":[null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s := &Session{api: fixed(body), site: siteID}
		all, err := s.ours(t.Context())
		if err != nil {
			return
		}
		for mark, ps := range all {
			for _, p := range ps {
				if p.Name != markStart+mark || !goodMark(mark) || !plainID(p.ID) {
					t.Fatalf("%q %+v", mark, p)
				}
			}
		}
	})
}

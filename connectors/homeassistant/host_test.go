package homeassistant

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testHost is a way out that behaves as the guarded one: bounded, no redirects.
func testHost(t interface{ Cleanup(func()) }) *connectors.Host {
	tr := &http.Transport{ResponseHeaderTimeout: 30 * time.Second}
	t.Cleanup(tr.CloseIdleConnections)
	var d net.Dialer
	return &connectors.Host{
		Connection: "k1", Now: time.Now, Dial: d.DialContext,
		HTTP: &http.Client{Transport: tr, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Secret: func(_ context.Context, ref consent.SecretRef) (connectors.Secret, error) {
			return connectors.NewSecret(string(ref)), nil
		},
	}
}

func settings(address, token string) connectors.Settings {
	return connectors.Settings{
		Values:  map[string]string{optAddress: address},
		Secrets: map[string]consent.SecretRef{optToken: consent.SecretRef(token)},
	}
}

func open(t connectortest.T, address, token string) *Session {
	t.Helper()
	s, err := New().Open(context.Background(), settings(address, token), testHost(t))
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ses := s.(*Session)
	ses.settle = 0
	return ses
}

// until polls a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// seen is what a session's streams told.
type seen struct {
	mu        sync.Mutex // guards all below
	sightings map[string]discovery.Sighting
	reports   map[string]uint64 // device and category
	cursors   int
}

// streaming runs Observe and Discover to the end of the test.
func streaming(t *testing.T, s *Session) *seen {
	t.Helper()
	v := &seen{sightings: map[string]discovery.Sighting{}, reports: map[string]uint64{}}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Discover(ctx, v.sight); err != nil {
			t.Logf("Discover: %v", err)
		}
	})
	wg.Go(func() {
		if err := s.Observe(ctx, nil, v.flows); err != nil {
			t.Logf("Observe: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return v
}

func (v *seen) sight(s discovery.Sighting) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sightings[fact(s, "friendly_name")] = s
}

func (v *seen) flows(recs []flow.Record, _ connectors.Cursor) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cursors++
	for _, r := range recs {
		v.reports[r.Local.Remote+" "+r.Categories] += r.Count
	}
}

func (v *seen) device(name string) (discovery.Sighting, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.sightings[name]
	return s, ok
}

func (v *seen) reported(name, category string) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.sightings[name]
	if !ok {
		return 0
	}
	return v.reports[s.Identifiers[0].Value+" "+category]
}

func fact(s discovery.Sighting, key string) string {
	for _, f := range s.Facts {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

package pihole

import (
	"context"
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

func settings(address, password string) connectors.Settings {
	return connectors.Settings{
		Values:  map[string]string{optAddress: address},
		Secrets: map[string]consent.SecretRef{optPassword: consent.SecretRef(password)},
	}
}

// open gives a session that looks often.
func open(t connectortest.T, f *fake) *Session {
	t.Helper()
	s, err := New().Open(context.Background(), settings(f.URL, fakePassword), connectortest.Host(nil))
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ses := s.(*Session)
	ses.every = 20 * time.Millisecond
	return ses
}

const (
	bellMAC  = "00:11:22:33:44:55"
	otherMAC = "00:11:22:33:44:66"
	bellAddr = "192.168.77.30"
)

func target(r consent.Recipient, addrs ...string) connectors.Target {
	return connectors.Target{Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: bellMAC}}, Addresses: addrs, Recipient: r}
}

func maker() consent.Recipient {
	return consent.Recipient{Name: "Bell Maker", Destinations: []string{"maker.example", "198.51.100.7"}}
}

// until polls a condition; what never happens fails the test.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in a minute this did not happen: %s", what)
		}
	}
}

// seen collects what an observer gives; its lock is the caller's own goroutine.
type seen struct {
	counts  map[string]uint64
	refused map[string]uint64
	recs    []flow.Record
	cursor  connectors.Cursor
	beats   int
	largest int
}

func newSeen() *seen { return &seen{counts: map[string]uint64{}, refused: map[string]uint64{}} }

func (s *seen) take(recs []flow.Record, c connectors.Cursor) {
	if len(recs) == 0 && len(c) == 0 {
		s.beats++
	}
	if len(c) > 0 {
		s.cursor = c
	}
	s.largest = max(s.largest, len(recs))
	s.recs = append(s.recs, recs...)
	for _, r := range recs {
		k := r.Local.Address.String() + " " + r.Destination.Domain
		if r.Refused {
			s.refused[k] += r.Count
		} else {
			s.counts[k] += r.Count
		}
	}
}

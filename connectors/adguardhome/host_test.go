package adguardhome

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func settings(address, password string) connectors.Settings {
	return connectors.Settings{
		Values:  map[string]string{optAddress: address, optUsername: fakeUser},
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
	ses.Every = 20 * time.Millisecond
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

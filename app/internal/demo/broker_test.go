package demo

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/connectors"
	"bestbefore/connectors/mqtt"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// brokerForTest runs a broker without devices until the test ends.
func brokerForTest(t *testing.T) *broker {
	t.Helper()
	b, err := newBroker(things())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b
}

// watch opens the program's own connector on b.
func watch(t *testing.T, b *broker, address string) (connectors.Session, error) {
	t.Helper()
	c := brokerConnector{mqtt.New(), b}
	s, err := c.Open(t.Context(), connectors.Settings{
		Values:  map[string]string{"address": address, "username": account, "topics": announced + "/#," + states + "/#"},
		Secrets: map[string]consent.SecretRef{"password": "p"},
	}, &connectors.Host{
		Connection: "k2", Now: clock.Wall, Dial: (&net.Dialer{}).DialContext,
		Secret: func(context.Context, consent.SecretRef) (connectors.Secret, error) {
			return connectors.NewSecret(b.accounts[account]), nil
		},
	})
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

// TestTheBrokerCanOnlyBeWatched: without dynamic security the connector offers
// nothing that stops anything.
func TestTheBrokerCanOnlyBeWatched(t *testing.T) {
	b := brokerForTest(t)
	s, err := watch(t, b, net.JoinHostPort(brokerHost, brokerPort))
	if err != nil {
		t.Fatal(err)
	}
	c := connectors.CapabilitiesOf(s)
	if c.Observer == nil || c.Discoverer == nil {
		t.Error("the broker cannot be watched")
	}
	if c.Blocker != nil || c.Revoker != nil || c.GrantLister != nil || c.Traits != (connectors.Traits{}) {
		t.Errorf("the connector offers what this broker cannot do: %+v", c)
	}
}

// TestTheDemoReachesNothingReal: an address of the household's own is not dialled.
func TestTheDemoReachesNothingReal(t *testing.T) {
	b := brokerForTest(t)
	if s, err := watch(t, b, b.addr()); err == nil {
		t.Errorf("it was reached: %v", s)
	}
}

// TestEachAccountHasItsOwnTopicsOnly: what a device publishes in another's name
// is not heard; the twin in its own name is.
func TestEachAccountHasItsOwnTopicsOnly(t *testing.T) {
	b := brokerForTest(t)
	s, err := watch(t, b, net.JoinHostPort(brokerHost, brokerPort))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var heard uint64
	var all sync.WaitGroup
	caps := connectors.CapabilitiesOf(s)
	all.Go(func() { _ = caps.Discoverer.Discover(ctx, func(discovery.Sighting) {}) })
	all.Go(func() {
		_ = caps.Observer.Observe(ctx, nil, func(rs []flow.Record, _ connectors.Cursor) {
			mu.Lock()
			defer mu.Unlock()
			for _, r := range rs {
				heard += r.Count
			}
		})
	})
	t.Cleanup(func() { cancel(); all.Wait() })

	c, err := net.Dial("tcp", b.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := signIn(c, "hallway", b.accounts["hallway"]); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for sent := uint64(0); ; sent++ {
		for _, topic := range []string{"home/heating/temperature", "home/hallway/temperature", "elsewhere"} {
			if err := put(c, topic, []byte("21"), false); err != nil {
				t.Fatal(err)
			}
		}
		mu.Lock()
		n := heard
		mu.Unlock()
		if n > sent+1 {
			t.Fatalf("%d messages were heard, though only %d were allowed", n, sent+1)
		}
		if n > 3 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d messages were heard", n)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	b := brokerForTest(t)
	for name, password := range map[string]string{"hallway": "wrong", "nobody": b.accounts["hallway"], "": ""} {
		c, err := net.Dial("tcp", b.addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := signIn(c, name, password); err == nil {
			t.Errorf("%q was let in", name)
		}
		_ = c.Close()
	}
}

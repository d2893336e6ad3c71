package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/app/internal/clock"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) {
	if os.Getenv(demoIn) != "" {
		workUntilKilled()
	}
	// The log's file rotation never ends its own goroutine.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}

// workUntilKilled is a demo in a process of its own.
func workUntilKilled() {
	h, err := Open(context.Background(), Config{Bare: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(h.dir)
	if path := os.Getenv(demoIn); path != "1" {
		go lookAround(h, path)
	}
	_ = h.Serve(context.Background())
	os.Exit(1)
}

// serve opens a demo and runs it until the test ends.
func serve(t *testing.T, c Config) *Home {
	t.Helper()
	h, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := h.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return h
}

// tell runs the story and gives what was said.
func tell(t *testing.T, h *Home) (string, []Moment, error) {
	t.Helper()
	var told strings.Builder
	var moments []Moment
	err := h.Story(t.Context(), Teller{
		Say:  func(s string) { t.Log(s); told.WriteString(s + "\n") },
		Look: func(_ context.Context, m Moment) error { moments = append(moments, m); return nil },
	})
	return told.String(), moments, err
}

// TestStory is the whole promise on the program's own home: real announcements,
// real bytes, a real cut on the date.
func TestStory(t *testing.T) {
	began := time.Now()
	told, moments, err := tell(t, serve(t, Config{Fast: true, Bare: true}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Front door bell", "Living room TV", "energy", "Allowed", "Reminded", "Ended at", "decided: its date passed on ", "done: asked ", " confirms\n", "seen: stopped, checked ", "Renewed until", "is through again"} {
		if !strings.Contains(told, want) {
			t.Errorf("the story does not tell %q", want)
		}
	}
	if len(moments) != 4 || moments[0].Consent == "" || moments[0].Device == "" {
		t.Errorf("the moments: %+v", moments)
	}
	t.Logf("the fast story took %s", time.Since(began).Round(time.Millisecond))
}

// liar stands before the relay: it says that it cut and that all is quiet, and does nothing.
type liar struct{ connectors.Connector }

func (l liar) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	in, err := l.Connector.Open(ctx, s, h)
	if err != nil {
		return nil, err
	}
	return &lying{session: in.(*session), said: map[string]bool{}}, nil
}

type lying struct {
	*session
	mu   sync.Mutex
	said map[string]bool
}

func (l *lying) Block(_ context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said[r.Mark] = true
	return l.receipt(r), nil
}

func (l *lying) Verify(context.Context, connectors.Receipt) (connectors.Finding, error) {
	return connectors.Finding{Level: consent.Effective, Seen: consent.Stopped, At: clock.Wall(), Refused: 1, Text: "All is quiet."}, nil
}

// TestTheTwinWithoutTheCutFails removes the mechanism: nothing is cut, everything
// is claimed. The story must not end well.
func TestTheTwinWithoutTheCutFails(t *testing.T) {
	h := serve(t, Config{Fast: true, Bare: true, between: func(c connectors.Connector) connectors.Connector { return liar{c} }})
	told, _, err := tell(t, h)
	if !errors.Is(err, errFlows) {
		t.Errorf("the cut was removed, but the story ends with %v after telling:\n%s", err, told)
	}
}

// TestConformance runs every rule for connectors against the relay.
func TestConformance(t *testing.T) {
	var mu sync.Mutex
	var r *relay
	current := func() *relay {
		mu.Lock()
		defer mu.Unlock()
		return r
	}
	target := func(host string) connectors.Target {
		return connectors.Target{
			Device: "d1", Identifiers: []discovery.Identifier{{Type: discovery.UUID, Value: household()[0].uid}},
			Recipient: consent.Recipient{Name: host, Destinations: []string{host}},
		}
	}
	connectortest.Run(t, connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			fresh := relayForTest(ct)
			mu.Lock()
			r = fresh
			mu.Unlock()
			s, err := connector{fresh}.Open(context.Background(), connectors.Settings{}, &connectors.Host{Connection: "k1"})
			if err != nil {
				ct.Fatalf("opening: %v", err)
			}
			return s
		},
		Target: target(bellHost), Other: target(timeHost),
		Try: func(ct connectortest.T, to connectors.Target) bool {
			return sendBytes(ct, current(), to.Recipient.Destinations[0], 443, 100)
		},
		Send: func(ct connectortest.T, port uint16) {
			sendBytes(ct, current(), bellHost, port, connectortest.SendBytes)
		},
		SeesWhileOff: true,
		Break:        func(connectortest.T) { current().close() },
		Forget: func(connectortest.T) {
			for _, x := range current().held() {
				current().lift(x.req.Mark)
			}
		},
		Now: clock.Wall,
	})
}

// relayForTest runs a relay with two companies until the case ends.
func relayForTest(t connectortest.T) *relay {
	outside := map[string]string{}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, host := range []string{bellHost, timeHost} {
		c, err := newCompany(clock.Wall)
		if err != nil {
			t.Fatalf("%v", err)
		}
		outside[host] = c.listener.Addr().String()
		all.Go(func() { _ = c.Serve(ctx) })
	}
	r, err := newRelay(clock.Wall, outside)
	if err != nil {
		t.Fatalf("%v", err)
	}
	all.Go(func() { _ = r.Serve(ctx) })
	t.Cleanup(func() { cancel(); all.Wait() })
	return r
}

// sendBytes sends n bytes as the doorbell and waits for thanks.
func sendBytes(t connectortest.T, r *relay, host string, port uint16, n int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := dial(ctx, r.addr(), bellKey, stream{host: host, port: port})
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := c.Write(make([]byte, n)); err != nil {
		t.Logf("sending: %v", err)
		return false
	}
	return thanked(c) == nil
}

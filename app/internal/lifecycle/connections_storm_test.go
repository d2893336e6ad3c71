package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"bestbefore/app/internal/clock"
	"bestbefore/app/internal/store"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/enforce"
	"bestbefore/discovery"
)

// The storm of G11 at the real store: so many blocks over five connections of
// which one is dead; each call of the others takes stormCall.
const (
	stormSize    = 500
	stormLanes   = 5
	stormDevices = 21
	stormCall    = 50 * time.Millisecond
)

// slow is a connection that takes its time, or never answers.
type slow struct{ dead bool }

func (s slow) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	if s.dead {
		<-ctx.Done()
		return connectors.Receipt{}, ctx.Err()
	}
	time.Sleep(stormCall) // what a peer takes
	return connectors.Receipt{Mark: r.Mark, Level: consent.Configured, At: clock.Wall(), Target: r.Target}, nil
}

func (slow) Unblock(_ context.Context, r connectors.Receipt) (connectors.Receipt, error) {
	return r, nil
}

func (slow) Verify(context.Context, connectors.Receipt) (connectors.Finding, error) {
	return connectors.Finding{At: clock.Wall(), Level: consent.Effective, Seen: consent.Stopped, Refused: 1}, nil
}

// lanes are the open connections, each of which takes one call at a time.
type lanes map[string]chan connectors.Capabilities

func newLanes() lanes {
	l := lanes{}
	for i := range stormLanes {
		s := slow{dead: i == stormLanes-1}
		l[laneName(i)] = make(chan connectors.Capabilities, 1)
		l[laneName(i)] <- connectors.Capabilities{Blocker: s, Verifier: s, Traits: connectors.Traits{Grain: connectors.GrainRecipient, IPv4: true, IPv6: true}}
	}
	return l
}

func deviceName(i int) discovery.DeviceID { return discovery.DeviceID(fmt.Sprintf("d%d", i)) }

func laneName(i int) string { return fmt.Sprintf("k%d", i) }

func (l lanes) All() (map[string]connectors.Capabilities, map[string]error) {
	out := map[string]connectors.Capabilities{}
	for name := range l {
		out[name] = connectors.Capabilities{Blocker: slow{}, Verifier: slow{}, Traits: connectors.Traits{Grain: connectors.GrainRecipient}}
	}
	return out, nil
}

func (lanes) Name(id string) string { return id }

func (l lanes) Use(ctx context.Context, id string, f func(context.Context, connectors.Capabilities) error) error {
	select {
	case c := <-l[id]:
		defer func() { l[id] <- c }()
		return f(ctx, c)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// BenchmarkG11Storm prints how long a storm of ends takes, as a ratio of what
// the connections themselves need (G11: at most 1.15), and how long a click in
// the middle of it waits (at most a second).
func BenchmarkG11Storm(b *testing.B) {
	for range b.N {
		s := openBench(b)
		var home discovery.Saved
		for i := range stormDevices {
			home.Devices = append(home.Devices, discovery.Device{ID: deviceName(i), Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: fmt.Sprintf("00:11:22:33:44:%02x", i)}}})
		}
		if err := s.SaveInventory(b.Context(), home); err != nil {
			b.Fatal(err)
		}
		r, err := enforce.New(enforce.Config{Store: s, Sessions: newLanes(), Now: clock.Wall})
		if err != nil {
			b.Fatal(err)
		}
		fillStorm(b, s)
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		began := time.Now()
		go func() { done <- r.Serve(ctx) }()
		const living = stormSize / stormLanes * (stormLanes - 1)
		click := time.Duration(0)
		for n := 0; n < living; n = finished(b, s) {
			if n > living/2 && click == 0 {
				click = clicked(b, s, r)
			}
			time.Sleep(20 * time.Millisecond) // between two looks
		}
		took := time.Since(began)
		cancel()
		<-done
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(took.Seconds()/(stormCall.Seconds()*living/(stormLanes-1)), "of-what-they-need")
		b.ReportMetric(float64(click.Milliseconds()), "click-ms")
	}
}

func fillStorm(b *testing.B, s *store.Store) {
	b.Helper()
	var as []consent.Action
	for i := range stormSize {
		as = append(as, consent.Action{
			Kind: consent.ActBlock, Origin: consent.FromExpiry, Device: deviceName(i % stormDevices), Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}},
			Mark: fmt.Sprintf("m%d", i), State: consent.Pending, Connection: laneName(i % stormLanes), Created: clock.Wall(), DueAt: clock.Wall(),
		})
	}
	if _, err := s.AddActions(b.Context(), as); err != nil {
		b.Fatal(err)
	}
}

// finished counts what the living connections have done.
func finished(b *testing.B, s *store.Store) int {
	b.Helper()
	n, err := s.CountByState(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return n[consent.Done]
}

// clicked is how long a click waits for its block, through a busy connection.
func clicked(b *testing.B, s *store.Store, r *enforce.Runner) time.Duration {
	b.Helper()
	began := time.Now()
	as, err := s.AddActions(b.Context(), []consent.Action{{
		Kind: consent.ActBlock, Origin: consent.FromPerson, Device: deviceName(1), Recipient: consent.Recipient{Any: true}, Mark: "device-d1",
		State: consent.Pending, Connection: "k0", Created: clock.Wall(), DueAt: clock.Wall(), Confirmed: true, Coarse: true,
	}})
	if err != nil {
		b.Fatal(err)
	}
	r.Poke()
	a, err := r.Await(b.Context(), as[0].ID, func(a consent.Action) bool { return a.State == consent.Done })
	if err != nil {
		raw, _ := json.Marshal(a)
		b.Fatalf("%v: %s", err, raw)
	}
	return time.Since(began)
}

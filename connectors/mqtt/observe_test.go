package mqtt

import (
	"context"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// seen collects what a session streams.
type seen struct {
	mu        sync.Mutex
	records   []flow.Record
	sightings []discovery.Sighting
	errs      []error
	began     bool // what is sent from now on counts
}

func (s *seen) flows(f func(flow.Record) bool) (n, bytes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		if f(r) {
			n += r.Count
			bytes += r.Up
		}
	}
	return n, bytes
}

func (s *seen) device(remote string) (discovery.Sighting, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.sightings) - 1; i >= 0; i-- {
		if s.sightings[i].Identifiers[0].Value == remote {
			return s.sightings[i], true
		}
	}
	return discovery.Sighting{}, false
}

// stream runs Observe and Discover until the test ends and returns once the
// session is subscribed.
func stream(t testing.TB, ses *Session) *seen {
	t.Helper()
	return streamBy(t, ses, ses.Observe)
}

// streamOn is stream, and watches on when the link was lost, as the engine does.
func streamOn(t testing.TB, ses *Session) *seen {
	t.Helper()
	return streamBy(t, ses, func(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) (err error) {
		for ctx.Err() == nil {
			if err = ses.Observe(ctx, from, emit); err != nil {
				t.Logf("watching again after: %v", err)
			}
		}
		return err
	})
}

type observing func(context.Context, connectors.Cursor, func([]flow.Record, connectors.Cursor)) error

func streamBy(t testing.TB, ses *Session, observe observing) *seen {
	t.Helper()
	out := &seen{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	run := func(f func() error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err := f()
			out.mu.Lock()
			defer out.mu.Unlock()
			out.errs = append(out.errs, err)
		}()
	}
	run(func() error {
		return observe(ctx, nil, func(rs []flow.Record, _ connectors.Cursor) {
			out.mu.Lock()
			defer out.mu.Unlock()
			out.records = append(out.records, rs...)
			out.began = true
		})
	})
	run(func() error {
		return ses.Discover(ctx, func(s discovery.Sighting) {
			out.mu.Lock()
			defer out.mu.Unlock()
			out.sightings = append(out.sightings, s)
		})
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	if !eventually(2*time.Minute, func() bool {
		out.mu.Lock()
		defer out.mu.Unlock()
		return out.began
	}) {
		out.mu.Lock()
		defer out.mu.Unlock()
		t.Fatalf("never subscribed: %v", out.errs)
	}
	return out
}

func TestWhatIsPublishedIsObserved(t *testing.T) {
	b := startBroker(t, "127.0.0.1")
	b.account("cam", "home/cam/#")
	ses := openSession(t, b.settings("admin", map[string]string{optTopics: "home/#"}))
	out := stream(t, ses)
	if !b.publish("cam", "127.0.0.7", "home/cam/temperature", "21.5") {
		t.Fatal("not published")
	}
	if !eventually(2*time.Minute, func() bool {
		n, _ := out.flows(func(r flow.Record) bool { return r.Categories == "temperature" })
		return n == 1
	}) {
		out.mu.Lock()
		t.Errorf("records %+v errors %v", out.records, out.errs)
		out.mu.Unlock()
		cov, _ := ses.Coverage(t.Context())
		t.Errorf("coverage %+v", cov)
	}
}

package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/sessions"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Disconnect is a benchmark that prints how long a household waits until a block
// is configured, and how many questions that takes. The stand-in's own delay is
// in it.
func Disconnect(b *testing.B, s Setup) {
	b.Helper()
	at := newSite(b, s, s.Stand(b).Handler, nil)
	c := connectors.CapabilitiesOf(s.mustOpen(b, at, at.host(b, "", false, time.Now)))
	TimeBlock(b, c.Blocker, s.Target, at.Asked)
}

// TimeBlock is Disconnect for a session that is open at whatever peer, a real one
// too. asked says how often the peer was asked so far; nil where nobody counts.
func TimeBlock(b *testing.B, blocker connectors.Blocker, target connectors.Target, asked func() int) {
	b.Helper()
	if asked == nil {
		asked = func() int { return 0 }
	}
	ctx, total, longest := b.Context(), 0, time.Duration(0)
	for b.Loop() {
		before, began := asked(), time.Now()
		r, err := blocker.Block(ctx, connectors.BlockRequest{Mark: markOne, Target: target})
		if err != nil || r.Level != consent.Configured {
			b.Fatalf("%v at %q", err, r.Level)
		}
		longest = max(longest, time.Since(began))
		total += asked() - before
		b.StopTimer() // lifting is not asked for here
		if _, err := blocker.Unblock(ctx, r); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	report(b, longest, total)
}

// Revocation is Disconnect for what revokes: each time at a stand-in of its own,
// since it cannot be taken back.
func Revocation(b *testing.B, s Setup) {
	b.Helper()
	ctx, total, longest := b.Context(), 0, time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		stand := s.Stand(b)
		at := newSite(b, s, stand.Handler, nil)
		ses := s.mustOpen(b, at, at.host(b, "", false, time.Now))
		c, before := connectors.CapabilitiesOf(ses), at.Asked()
		b.StartTimer()
		began := time.Now()
		r, err := c.Revoker.Revoke(ctx, connectors.RevokeRequest{Mark: markOne, Grant: stand.Grant})
		if err != nil || r.Level != consent.Configured {
			b.Fatalf("%v at %q", err, r.Level)
		}
		longest = max(longest, time.Since(began))
		b.StopTimer()
		total += at.Asked() - before
		if err := ses.Close(); err != nil {
			b.Fatal(err)
		}
		at.cut()
		at.server.Close()
		b.StartTimer()
	}
	report(b, longest, total)
}

func report(b *testing.B, longest time.Duration, asked int) {
	b.Helper()
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms/longest")
	b.ReportMetric(float64(asked)/float64(b.N), "requests/op")
}

// idleCount is how many connections are kept open at once.
const idleCount = 20

// Idle is a benchmark that prints what connections cost that nobody uses: twenty
// of them, kept open as the program keeps them, each at a stand-in of its own,
// once only kept and once observing and discovering too. It runs for
// BESTBEFORE_IDLE ("5m"), or 20 s. The processor's share is of one core and
// includes the stand-ins, which run in the same process.
func Idle(b *testing.B, s Setup) {
	b.Helper()
	run, err := time.ParseDuration(os.Getenv("BESTBEFORE_IDLE"))
	if err != nil {
		run = 20 * time.Second
	}
	for b.Loop() {
		for _, watching := range []bool{false, true} {
			asked, spent := s.idle(b, run, watching)
			what := map[bool]string{false: "kept", true: "watching"}[watching]
			b.ReportMetric(float64(asked)/idleCount/run.Minutes(), what+"-requests/min")
			b.ReportMetric(100*spent.Seconds()/run.Seconds(), what+"-%core")
		}
	}
}

// idle keeps connections open for a while and gives what that took.
func (s Setup) idle(b *testing.B, run time.Duration, watching bool) (asked int, spent time.Duration) {
	b.Helper()
	kind := s.Connector.Spec().Kind
	sites, conns, hosts := map[string]*site{}, []connectors.Connection{}, map[string]*connectors.Host{}
	for i := range idleCount {
		id := fmt.Sprintf("k%d", i)
		at := newSite(b, s, s.Stand(b).Handler, nil)
		sites[id], hosts[id] = at, at.host(b, "", false, time.Now)
		conns = append(conns, connectors.Connection{ID: id, Kind: kind, Settings: s.Settings(at.server.URL)})
	}
	reg, err := connectors.NewRegistry(s.Connector)
	if err != nil {
		b.Fatal(err)
	}
	cfg := sessions.Config{
		Registry: reg, Now: time.Now, Host: func(c connectors.Connection) *connectors.Host { return hosts[c.ID] },
		Connections: func(context.Context) ([]connectors.Connection, error) { return conns, nil },
	}
	if watching {
		cfg.Observe = func(context.Context, string, sessions.Batch) error { return nil }
		cfg.Discover = func(discovery.Sighting) {}
	}
	pool, err := sessions.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- pool.Serve(ctx) }()
	if err := pool.Ready(ctx); err != nil {
		b.Fatal(err)
	}
	open, closed := pool.All()
	if len(open) != idleCount {
		b.Fatalf("only %d are open: %v", len(open), closed)
	}
	sum := func() (n int) {
		for _, at := range sites {
			n += at.Asked()
		}
		return n
	}
	before, began := sum(), ProcessorTime()
	over := time.NewTimer(run)
	<-over.C
	asked, spent = sum()-before, ProcessorTime()-began
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		b.Errorf("the pool ended with %v", err)
	}
	return asked, spent
}

// ProcessorTime is what this process has used of the processors so far; zero
// where the system does not say it in a file.
func ProcessorTime() time.Duration {
	stat, err := os.ReadFile("/proc/self/stat")
	_, rest, ok := bytes.Cut(stat, []byte(") ")) // the name before it may hold anything
	fields := bytes.Fields(rest)
	if err != nil || !ok || len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, f := range fields[11:13] { // in user mode and in the system, in hundredths of a second
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

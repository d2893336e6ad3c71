package sessions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kind is a connector with function fields.
type kind struct {
	mu     sync.Mutex
	opens  int
	closes int
	open   func(n int) (connectors.Session, error)
}

func (k *kind) Spec() connectors.Spec { return connectors.Spec{Kind: "fake"} }

func (k *kind) Open(context.Context, connectors.Settings, *connectors.Host) (connectors.Session, error) {
	k.mu.Lock()
	k.opens++
	n := k.opens
	k.mu.Unlock()
	if k.open == nil {
		return &live{k: k}, nil
	}
	return k.open(n)
}

func (k *kind) counts() (opens, closes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.opens, k.closes
}

// live is a session with function fields; nil ones are well.
type live struct {
	k        *kind
	probe    func() error
	observe  func(context.Context, connectors.Cursor, func([]flow.Record, connectors.Cursor)) error
	discover func(context.Context, func(discovery.Sighting)) error
}

func (l *live) Close() error {
	l.k.mu.Lock()
	defer l.k.mu.Unlock()
	l.k.closes++
	return nil
}

func (l *live) Capabilities() connectors.Capabilities {
	c := connectors.Capabilities{Traits: connectors.Traits{Grain: connectors.GrainRecipient}}
	if l.probe != nil {
		c.Prober = prober(l.probe)
	}
	if l.observe != nil {
		c.Observer = observer(l.observe)
	}
	if l.discover != nil {
		c.Discoverer = discoverer(l.discover)
	}
	return c
}

type prober func() error

func (p prober) Probe(context.Context) error { return p() }

type observer func(context.Context, connectors.Cursor, func([]flow.Record, connectors.Cursor)) error

func (o observer) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	return o(ctx, from, emit)
}

type discoverer func(context.Context, func(discovery.Sighting)) error

func (d discoverer) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	return d(ctx, emit)
}

// bench is a pool in a bubble.
type bench struct {
	*Pool
	k  *kind
	mu sync.Mutex // guards all below

	conns  []connectors.Connection
	recs   []flow.Record
	cursor connectors.Cursor
	full   error // of storing
	opened []string
}

func (b *bench) with(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func onBench(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{k: &kind{}, conns: []connectors.Connection{{ID: "gw", Kind: "fake"}}}
		reg, err := connectors.NewRegistry(b.k)
		if err != nil {
			t.Fatal(err)
		}
		b.Pool, err = New(Config{
			Registry: reg, Now: time.Now,
			Connections: func(context.Context) (out []connectors.Connection, err error) {
				b.with(func() { out = slices.Clone(b.conns) })
				return out, nil
			},
			Host: func(c connectors.Connection) *connectors.Host { return &connectors.Host{Connection: c.ID} },
			Observe: func(_ context.Context, _ string, x Batch) (err error) {
				b.with(func() {
					if err = b.full; err == nil {
						b.recs = append(b.recs, x.Records...)
						if x.Next != nil {
							b.cursor = x.Next
						}
					}
				})
				return err
			},
			Cursor: func(context.Context, string) (c connectors.Cursor, err error) {
				b.with(func() { c = b.cursor })
				return c, nil
			},
			Discover: func(s discovery.Sighting) { b.with(func() { b.opened = append(b.opened, string(s.Source)) }) },
			Opened:   func(id string) { b.with(func() { b.opened = append(b.opened, id) }) },
		})
		if err != nil {
			t.Fatal(err)
		}
		f(t, b)
	})
}

func (b *bench) serve() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Serve(ctx) }()
	return func() { cancel(); <-done }
}

func transient(text string) error {
	return &connectors.Error{Kind: consent.KindTransient, Text: text}
}

func TestItOpensKeepsAndCloses(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		stop := b.serve()
		if err := b.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		open, closed := b.All()
		if len(open) != 1 || len(closed) != 0 || !b.Health("gw").Open || b.opened[0] != "gw" {
			t.Errorf("open %v, closed %v", open, closed)
		}
		if c, ok := b.Capabilities("gw"); !ok || c.Traits.Grain != connectors.GrainRecipient {
			t.Errorf("%+v, %v", c, ok)
		}
		time.Sleep(time.Hour)
		stop()
		if opens, closes := b.k.counts(); opens != 1 || closes != 1 {
			t.Errorf("opened %d, closed %d times", opens, closes)
		}
	})
}

func TestItTriesAgainWithGrowingPauses(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.k.open = func(n int) (connectors.Session, error) {
			if n < 4 {
				return nil, transient("no route")
			}
			return &live{k: b.k}, nil
		}
		defer b.serve()()
		synctest.Wait()
		if _, closed := b.All(); connectors.KindOf(closed["gw"]) != consent.KindTransient || b.Health("gw").Trouble != "no route" {
			t.Errorf("%v, %+v", closed, b.Health("gw"))
		}
		time.Sleep(waits[0] + waits[1] + waits[2] - time.Second)
		synctest.Wait()
		if opens, _ := b.k.counts(); opens != 3 {
			t.Errorf("opened %d times, want 3", opens)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !b.Health("gw").Open || b.Health("gw").Trouble != "" {
			t.Errorf("%+v", b.Health("gw"))
		}
	})
}

func TestOneRefusedPasswordStopsAllTries(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		var refuse atomic.Bool
		refuse.Store(true)
		b.k.open = func(int) (connectors.Session, error) {
			if refuse.Load() {
				return nil, &connectors.Error{Kind: consent.KindSignIn, Text: "wrong password"}
			}
			return &live{k: b.k}, nil
		}
		defer b.serve()()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if opens, _ := b.k.counts(); opens != 1 {
			t.Fatalf("signed in %d times with a refused password", opens)
		}
		if _, closed := b.All(); connectors.KindOf(closed["gw"]) != consent.KindSignIn {
			t.Errorf("%v", closed)
		}
		refuse.Store(false)
		if err := b.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !b.Health("gw").Open {
			t.Errorf("after the person set it right: %+v", b.Health("gw"))
		}
	})
}

func TestReloadFollowsTheConfiguration(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		defer b.serve()()
		synctest.Wait()
		b.with(func() { b.conns = append(b.conns, connectors.Connection{ID: "two", Kind: "fake"}) })
		if err := b.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if open, _ := b.All(); len(open) != 2 {
			t.Errorf("open %v", open)
		}
		if opens, _ := b.k.counts(); opens != 2 {
			t.Errorf("what did not change was opened again: %d", opens)
		}
		b.with(func() { b.conns[0].Disabled = true; b.conns[1].Settings.Values = map[string]string{} })
		b.with(func() { b.conns = append(b.conns, connectors.Connection{ID: "x", Kind: "unheard of"}) })
		if err := b.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		open, closed := b.All()
		if len(open) != 1 || connectors.KindOf(closed["x"]) != consent.KindNeedsPerson {
			t.Errorf("open %v, closed %v", open, closed)
		}
		if err := b.Use(t.Context(), "gw", nil); connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("a removed one can be used: %v", err)
		}
	})
}

func TestADeadSessionIsOpenedAnew(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		var dead atomic.Bool
		b.k.open = func(n int) (connectors.Session, error) {
			if n > 1 {
				return &live{k: b.k}, nil
			}
			return &live{k: b.k, probe: func() error {
				if dead.CompareAndSwap(true, false) {
					return transient("no answer")
				}
				return nil
			}}, nil
		}
		defer b.serve()()
		time.Sleep(90 * time.Second)
		dead.Store(true)
		time.Sleep(3 * time.Minute)
		if opens, _ := b.k.counts(); opens != 1 {
			t.Errorf("one lost answer closed the session: opened %d times", opens)
		}
		keep := b.keeper("gw")
		keep.mu.Lock()
		keep.caps.Prober = prober(func() error { return transient("no answer") })
		keep.mu.Unlock()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if opens, closes := b.k.counts(); opens != 2 || closes != 1 || !b.Health("gw").Open {
			t.Errorf("opened %d, closed %d", opens, closes)
		}
	})
}

func TestObservingGoesOnFromTheLastStoredCursor(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		var froms []string // read when all has stopped
		b.k.open = func(int) (connectors.Session, error) {
			return &live{k: b.k, observe: func(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
				froms = append(froms, string(from))
				at := len(froms)
				emit([]flow.Record{{Up: uint64(at), Source: "forged"}}, connectors.Cursor(fmt.Sprint(at)))
				if at == 1 {
					return transient("cut off")
				}
				<-ctx.Done()
				emit([]flow.Record{{Up: 99}}, connectors.Cursor("late"))
				return ctx.Err()
			}}, nil
		}
		stop := b.serve()
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if !slices.Equal(froms, []string{"", "1"}) || len(b.recs) != 2 || b.recs[0].Source != "connector:gw" || string(b.cursor) != "2" {
			t.Errorf("from %q, %d records, cursor %q", froms, len(b.recs), b.cursor)
		}
		if opens, _ := b.k.counts(); opens != 1 {
			t.Errorf("a broken stream closed the session, which may still block: opened %d times", opens)
		}
	})
}

func TestWhatCannotBeStoredIsReadAgain(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		var starts atomic.Int64
		b.k.open = func(int) (connectors.Session, error) {
			return &live{k: b.k, observe: func(ctx context.Context, _ connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
				starts.Add(1)
				emit([]flow.Record{{Up: 1}}, connectors.Cursor("1"))
				<-ctx.Done()
				return ctx.Err()
			}}, nil
		}
		b.full = errors.New("disk full")
		defer b.serve()()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if starts.Load() < 2 || len(b.recs) != 0 || !strings.Contains(b.Health("gw").Trouble, "stored") {
			t.Errorf("started %d times, trouble %q", starts.Load(), b.Health("gw").Trouble)
		}
		b.with(func() { b.full = nil })
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(b.recs) != 1 {
			t.Errorf("%d records", len(b.recs))
		}
	})
}

func TestLargeBatchesAreStoredInPartsAndTheCursorLast(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		k := newKeeper(b.Pool, connectors.Connection{ID: "gw"})
		if err := k.take(t.Context(), make([]flow.Record, 1201), connectors.Cursor("end")); err != nil {
			t.Fatal(err)
		}
		if len(b.recs) != 1201 || string(b.cursor) != "end" {
			t.Errorf("%d records, cursor %q", len(b.recs), b.cursor)
		}
		b.recs, b.cursor = nil, nil
		if err := k.take(t.Context(), nil, nil); err != nil || b.cursor != nil {
			t.Errorf("a heartbeat was stored: %v", err)
		}
	})
}

func TestSightingsCarryTheConnection(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.k.open = func(int) (connectors.Session, error) {
			return &live{k: b.k, discover: func(ctx context.Context, emit func(discovery.Sighting)) error {
				emit(discovery.Sighting{Source: discovery.SourcePerson})
				<-ctx.Done()
				return ctx.Err()
			}}, nil
		}
		defer b.serve()()
		synctest.Wait()
		if !slices.Contains(b.opened, "connector:gw") {
			t.Errorf("%q", b.opened)
		}
	})
}

func TestCallsTakeTurnsAndPanicsAreErrors(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		defer b.serve()()
		synctest.Wait()
		now, most := 0, 0
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_ = b.Use(context.Background(), "gw", func(context.Context, connectors.Capabilities) error {
					now++
					most = max(most, now)
					time.Sleep(time.Second)
					now--
					return nil
				})
			})
		}
		wg.Wait()
		if most != 1 {
			t.Errorf("%d calls at once", most)
		}
		err := b.Use(t.Context(), "gw", func(context.Context, connectors.Capabilities) error { panic("index out of range") })
		if connectors.KindOf(err) != consent.KindTransient || !strings.Contains(err.Error(), "crashed") {
			t.Errorf("%v", err)
		}
		if err := b.Use(t.Context(), "gw", func(context.Context, connectors.Capabilities) error { return nil }); err != nil {
			t.Errorf("after a crash: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = b.Use(t.Context(), "gw", func(context.Context, connectors.Capabilities) error {
			return b.Use(ctx, "gw", func(context.Context, connectors.Capabilities) error { return nil })
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for one's turn is not bounded: %v", err)
		}
	})
}

func TestAnOpenThatHangsOrCrashesHoldsNobodyElse(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		b.conns = append(b.conns, connectors.Connection{ID: "two", Kind: "fake"}, connectors.Connection{ID: "three", Kind: "fake"})
		b.k.open = func(n int) (connectors.Session, error) {
			switch n {
			case 1:
				time.Sleep(2 * time.Minute) // whatever its context says
			case 2:
				panic("nil map")
			}
			return &live{k: b.k}, nil
		}
		stop := b.serve()
		time.Sleep(time.Second / 2)
		if open, _ := b.All(); len(open) != 1 {
			t.Errorf("%d are open beside one that hangs and one that crashed", len(open))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if open, _ := b.All(); len(open) != 3 {
			t.Errorf("%d of 3 are open in the end", len(open))
		}
		stop()
		time.Sleep(time.Minute)
		if opens, closes := b.k.counts(); closes != opens-1 { // the crashed one never was
			t.Errorf("opened %d, closed %d: one that opened too late stays open", opens, closes)
		}
	})
}

func TestTryKeepsNothing(t *testing.T) {
	onBench(t, func(t *testing.T, b *bench) {
		caps, err := b.Try(t.Context(), connectors.Connection{ID: "new", Kind: "fake"})
		if err != nil || caps.Traits.Grain == "" {
			t.Errorf("%v", err)
		}
		if opens, closes := b.k.counts(); opens != 1 || closes != 1 || len(b.list()) != 0 {
			t.Errorf("opened %d, closed %d", opens, closes)
		}
		b.k.open = func(int) (connectors.Session, error) {
			return &live{k: b.k, probe: func() error { return transient("may not read rules") }}, nil
		}
		if _, err := b.Try(t.Context(), connectors.Connection{ID: "new", Kind: "fake"}); err == nil {
			t.Error("a failed probe was taken for success")
		}
		if _, err := b.Try(t.Context(), connectors.Connection{ID: "new", Kind: "fake", Settings: connectors.Settings{Values: map[string]string{"x": "y"}}}); connectors.KindOf(err) != consent.KindNeedsPerson {
			t.Errorf("an unknown setting: %v", err)
		}
	})
}

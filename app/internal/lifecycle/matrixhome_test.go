package lifecycle

import (
	"context"
	"sync"
	"time"

	"bestbefore/app/internal/store"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/enforce"
	"bestbefore/consent/expiry"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
)

// The sessions of a world: one connection.

func (x *world) All() (open map[string]connectors.Capabilities, closed map[string]error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed != nil {
		return nil, map[string]error{"gw": x.closed}
	}
	return map[string]connectors.Capabilities{"gw": x.capabilities()}, nil
}

func (x *world) Name(string) string { return "the router" }

func (x *world) Use(ctx context.Context, _ string, f func(context.Context, connectors.Capabilities) error) error {
	x.mu.Lock()
	err := x.closed
	x.mu.Unlock()
	if err != nil {
		return err
	}
	return f(ctx, x.capabilities())
}

func (x *world) capabilities() connectors.Capabilities {
	return connectors.Capabilities{
		Blocker: awry{x.router.Blocker, x.router.Verifier, x}, Verifier: awry{x.router.Blocker, x.router.Verifier, x},
		Holder: x.router.Holder, Traits: x.router.Traits,
	}
}

// awry is the router under the faults.
type awry struct {
	connectors.Blocker
	connectors.Verifier
	x *world
}

func (a awry) Block(ctx context.Context, r connectors.BlockRequest) (connectors.Receipt, error) {
	for _, f := range a.x.blocks {
		if a.x.on() {
			if err := f(ctx); err != nil {
				return connectors.Receipt{}, err
			}
		}
	}
	return a.Blocker.Block(context.WithoutCancel(ctx), r)
}

func (a awry) Verify(ctx context.Context, r connectors.Receipt) (connectors.Finding, error) {
	for _, f := range a.x.looks {
		if a.x.on() {
			if err := f(ctx); err != nil {
				return connectors.Finding{}, err
			}
		}
	}
	return a.Verifier.Verify(ctx, r)
}

// shaky is the store under the faults.
type shaky struct {
	*store.Store
	x *world
}

func (s shaky) Decide(ctx context.Context, d consent.Decision) error {
	if err := s.x.fails(s.x.writes); err != nil {
		return err
	}
	return s.Store.Decide(ctx, d)
}

func (s shaky) DecideAll(ctx context.Context, ds []consent.Decision) error {
	if err := s.x.fails(s.x.writes); err != nil {
		return err
	}
	return s.Store.DecideAll(ctx, ds)
}

func (s shaky) SaveAction(ctx context.Context, a consent.Action, notes ...ledger.Note) error {
	if err := s.x.fails(s.x.writes); err != nil {
		return err
	}
	if s.x.lacks == memoryOf {
		notes = append(notes, notes...)
	}
	return s.Store.SaveAction(ctx, a, notes...)
}

func (s shaky) AddActions(ctx context.Context, as []consent.Action, notes ...ledger.Note) ([]consent.Action, error) {
	if err := s.x.fails(s.x.writes); err != nil {
		return nil, err
	}
	return s.Store.AddActions(ctx, as, notes...)
}

func (s shaky) SetSeen(ctx context.Context, id consent.ID, seen consent.Seen, at time.Time, by discovery.Source) error {
	if err := s.x.fails(s.x.writes); err != nil {
		return err
	}
	return s.Store.SetSeen(ctx, id, seen, at, by)
}

func (s shaky) Due(ctx context.Context, now time.Time, limit int) ([]consent.Consent, error) {
	if err := s.x.fails(s.x.reads); err != nil {
		return nil, err
	}
	return s.Store.Due(ctx, now, limit)
}

func (s shaky) Consent(ctx context.Context, id consent.ID) (consent.Consent, error) {
	if err := s.x.fails(s.x.reads); err != nil {
		return consent.Consent{}, err
	}
	return s.Store.Consent(ctx, id)
}

func (s shaky) Device(ctx context.Context, id discovery.DeviceID) (discovery.Device, bool, error) {
	if err := s.x.fails(s.x.reads); err != nil {
		return discovery.Device{}, false, err
	}
	return s.Store.Device(ctx, id)
}

// shakyDoubts keeps what is done in doubt, under the faults.
type shakyDoubts struct {
	doubts
	x *world
}

func (s shakyDoubts) SetProvisional(ctx context.Context, as []consent.Action, notes ...ledger.Note) error {
	if err := s.x.fails(s.x.writes); err != nil {
		return err
	}
	return s.doubts.SetProvisional(ctx, as, notes...)
}

// run starts the program on the folder; stop ends it and closes the files.
func (x *world) run() (stop func()) {
	x.t.Helper()
	st, err := store.Open(x.t.Context(), store.Config{Dir: x.dir, Now: x.wall, NewID: NewID, Reserve: 4096, MinFree: -1})
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := st.CheckAtStart(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	s := shaky{st, x}
	watch, err := newClockWatch(x.t.Context(), st, x.clocks, func(error) {})
	if err != nil {
		x.t.Fatal(err)
	}
	runner, err := enforce.New(enforce.Config{
		Store: s, Sessions: x, Now: watch.now, Sure: watch.sure, Jitter: func(d time.Duration) time.Duration { return d },
	})
	if err != nil {
		x.t.Fatal(err)
	}
	sched, err := expiry.New(expiry.Config{
		Store: s, Now: watch.now, Device: s.Device, Decided: runner.Poke, DecideAll: s.DecideAll, Batch: endsPage,
		Trusted: watch.trusted, Shown: watch.shown, Stepped: watch.stepped, Doubts: shakyDoubts{doubts{st}, x},
	})
	if err != nil {
		x.t.Fatal(err)
	}
	x.mu.Lock()
	x.store, x.runner = st, runner
	x.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	serve := []func(context.Context) error{watch.Serve, runner.Serve, sched.Serve}
	switch {
	case x.lacks == deciding:
		serve = serve[:2]
	case x.lacks == recovery && !x.on():
		serve = nil
	}
	for _, f := range serve {
		all.Go(func() { _ = f(ctx) })
	}
	return func() {
		cancel()
		all.Wait()
		x.mu.Lock()
		x.runner = nil
		x.mu.Unlock()
		if err := st.Close(); err != nil {
			x.t.Error(err)
		}
	}
}

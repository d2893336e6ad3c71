package sessions

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// keeper keeps one connection open.
type keeper struct {
	p     *Pool
	conn  connectors.Connection
	turn  chan struct{} // holds one token: whoever has it may call the session
	tried chan struct{} // closed when opening was tried once
	ended chan struct{} // closed when run has returned

	cancel context.CancelFunc // set by start

	mu      sync.Mutex // guards all below
	session connectors.Session
	caps    connectors.Capabilities
	health  Health
	refused bool // opening is not tried again by itself
}

func newKeeper(p *Pool, c connectors.Connection) *keeper {
	k := &keeper{
		p: p, conn: c, turn: make(chan struct{}, 1), tried: make(chan struct{}), ended: make(chan struct{}),
		cancel: func() {},
	}
	k.turn <- struct{}{}
	return k
}

func sameConnection(a, b connectors.Connection) bool {
	return a.ID == b.ID && a.Kind == b.Kind && a.Name == b.Name && reflect.DeepEqual(a.Settings, b.Settings)
}

func (k *keeper) start(ctx context.Context) {
	ctx, k.cancel = context.WithCancel(ctx)
	go func() {
		defer close(k.ended)
		k.run(ctx)
	}()
}

// stop ends the keeper and waits for it.
func (k *keeper) stop() {
	k.cancel()
	<-k.ended
}

// run opens, keeps and closes the session, again and again, until ctx ends or
// the peer has refused the credential: one refusal stops all tries, since more
// of them lock the household out.
func (k *keeper) run(ctx context.Context) {
	first := true
	for fails := 0; ctx.Err() == nil; {
		s, err := k.open(ctx)
		if err == nil {
			began := k.p.c.Now().Round(0)
			k.opened(s)
			if first {
				close(k.tried)
				first = false
			}
			err = k.keep(ctx)
			k.closed(err)
			k.closeSession(s)
			if k.p.c.Now().Round(0).Sub(began) > waits[len(waits)-1] {
				fails = 0
			}
		} else {
			k.closed(err)
		}
		if first {
			close(k.tried)
			first = false
		}
		if ctx.Err() != nil {
			return
		}
		k.p.report(ctx, "connection "+k.conn.ID, err)
		if k.gaveUp() {
			<-ctx.Done()
			return
		}
		pause(ctx, k.wait(err, fails))
		fails++
	}
	if first {
		close(k.tried)
	}
}

// wait is how long to wait after a failure: longer with each, and never shorter
// than the peer itself asked for.
func (k *keeper) wait(err error, fails int) time.Duration {
	d := waits[min(fails, len(waits)-1)]
	var said *connectors.Error
	if errors.As(err, &said) && !said.RetryAt.IsZero() {
		d = max(d, said.RetryAt.Sub(k.p.c.Now()))
	}
	return d
}

// open checks the settings and opens a session.
func (k *keeper) open(ctx context.Context) (connectors.Session, error) {
	c, ok := k.p.c.Registry.Get(k.conn.Kind)
	if !ok {
		return nil, &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Sprintf("This program has no connector of kind %q.", k.conn.Kind)}
	}
	if err := c.Spec().Check(k.conn.Settings); err != nil {
		return nil, &connectors.Error{Kind: consent.KindNeedsPerson, Text: words.Text("Its settings are not complete."), Err: err}
	}
	got := make(chan connectors.Session, 1)
	err := bounded(ctx, k.p.c.CallTimeout, func(ctx context.Context) error {
		s, err := c.Open(ctx, k.conn.Settings, k.p.c.Host(k.conn))
		if err == nil && s == nil {
			err = words.New("the connector gave no session")
		}
		if err == nil {
			got <- s
		}
		return err
	})
	if err == nil {
		return <-got, nil
	}
	if errors.Is(err, errLost) { // should it open after all, it must not stay open unseen
		go func() {
			late := time.NewTimer(10 * k.p.c.CallTimeout)
			defer late.Stop()
			select {
			case s := <-got:
				k.closeSession(s)
			case <-late.C:
			}
		}()
	}
	return nil, err
}

func (k *keeper) opened(s connectors.Session) {
	var caps connectors.Capabilities
	_ = shielded(func() error { caps = connectors.CapabilitiesOf(s); return nil })
	now := k.p.c.Now().Round(0)
	k.mu.Lock()
	k.session, k.caps, k.refused = s, caps, false
	k.health = Health{Open: true, Alive: now, Since: now}
	k.mu.Unlock()
	k.p.c.Log.Info("connection open", "connection", k.conn.ID, "kind", k.conn.Kind)
	k.p.c.Report("connection "+k.conn.ID, nil)
	k.p.c.Changed()
	k.p.c.Opened(k.conn.ID)
}

func (k *keeper) closed(err error) {
	defer k.p.c.Changed()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.session, k.caps = nil, connectors.Capabilities{}
	k.health.Open, k.health.Since = false, time.Time{}
	k.health.Trouble, k.health.Kind, k.health.Certificate = said(err), connectors.KindOf(err), certificate(err)
	k.refused = err != nil && k.health.Kind == consent.KindSignIn
}

// certificate is the unknown one that err is about, or nil.
func certificate(err error) *connectors.CertificateError {
	var bad *connectors.CertificateError
	errors.As(err, &bad)
	return bad
}

func (k *keeper) closeSession(s connectors.Session) {
	// A stop of the program must not leave a seat taken at the peer.
	_ = bounded(context.Background(), comeBack, func(context.Context) error { return s.Close() })
}

func (k *keeper) gaveUp() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refused
}

func (k *keeper) healthNow() Health {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.health
}

// alive notes a success or a heartbeat, and the end of a trouble.
func (k *keeper) alive() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.health.Open {
		k.health.Alive = k.p.c.Now().Round(0)
	}
}

// heard reports a sign of life within the last d.
func (k *keeper) heard(d time.Duration) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.p.c.Now().Round(0).Sub(k.health.Alive)
	return age >= 0 && age < d // a clock that was set back proves nothing
}

// trouble notes what is wrong with an open connection, nil when it is over.
func (k *keeper) trouble(err error) {
	text, kind := "", consent.ErrorKind("")
	if err != nil {
		text, kind = said(err), connectors.KindOf(err)
	}
	k.mu.Lock()
	news := k.health.Open && text != k.health.Trouble
	if news {
		k.health.Trouble, k.health.Kind, k.health.Certificate = text, kind, certificate(err)
	}
	k.mu.Unlock()
	if news {
		k.p.c.Changed()
	}
}

func (k *keeper) capabilities() (connectors.Capabilities, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.session != nil:
		return k.caps, nil
	case k.health.Trouble == "":
		return connectors.Capabilities{}, &connectors.Error{Kind: consent.KindTransient, Text: words.Text("it has not been opened yet")}
	default:
		return connectors.Capabilities{}, &connectors.Error{Kind: k.health.Kind, Text: k.health.Trouble}
	}
}

// use waits for its turn and runs f.
func (k *keeper) use(ctx context.Context, f func(context.Context, connectors.Capabilities) error) error {
	select {
	case <-k.turn:
	case <-ctx.Done():
		return &connectors.Error{Kind: consent.KindTransient, Text: words.Text("The connection was busy all the time."), Err: ctx.Err()}
	}
	defer func() { k.turn <- struct{}{} }()
	caps, err := k.capabilities()
	if err != nil {
		return err
	}
	err = shielded(func() error { return f(ctx, caps) })
	if err == nil {
		k.alive()
	}
	return err
}

// keep runs the streams and probes until ctx ends or the session is of no use
// any more; the error says why.
func (k *keeper) keep(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	streams := k.streams(ctx, end)
	tick := time.NewTicker(k.p.c.ProbeEvery)
	defer tick.Stop()
	fails := 0
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			if k.heard(k.p.c.ProbeEvery / 2) { // what streams from it is a sign of life already
				fails = 0
				continue
			}
			err := k.probe(ctx)
			if fails++; err == nil {
				fails = 0
			}
			if kind := connectors.KindOf(err); err != nil && (fails >= 2 || kind == consent.KindSignIn) {
				end(err)
			}
		}
	}
	finish := time.NewTimer(comeBack)
	defer finish.Stop()
	select {
	case <-streams:
	case <-finish.C: // left behind
	}
	return context.Cause(ctx)
}

// probe checks an idle session; one that is being called is alive or will show
// that it is not.
func (k *keeper) probe(ctx context.Context) error {
	select {
	case <-k.turn:
	default:
		return nil
	}
	defer func() { k.turn <- struct{}{} }()
	caps, err := k.capabilities()
	if err != nil || caps.Prober == nil {
		return nil
	}
	err = bounded(ctx, k.p.c.CallTimeout, caps.Prober.Probe)
	if ctx.Err() != nil {
		return nil
	}
	k.trouble(err)
	if err == nil {
		k.alive()
	}
	return err
}

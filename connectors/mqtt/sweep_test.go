package mqtt

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// relay stands between us and a real broker, and spoils what comes from it.
type relay struct {
	net.Listener
	to string
	wg sync.WaitGroup

	mu    sync.Mutex              // guards the fields below
	spoil func(down, up net.Conn) // nil passes everything on
	conns map[net.Conn]bool
	dials int // how often somebody came
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: ln, to: to, conns: map[net.Conn]bool{}}
	r.wg.Go(r.serve)
	t.Cleanup(func() {
		_ = ln.Close()
		r.set(nil)
		r.wg.Wait()
	})
	return r
}

// set changes what happens to connections and ends those that are there.
func (r *relay) set(spoil func(down, up net.Conn)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spoil = spoil
	for c := range r.conns {
		_ = c.Close()
	}
}

func (r *relay) serve() {
	for {
		down, err := r.Accept()
		if err != nil {
			return
		}
		r.wg.Go(func() { r.pass(down) })
	}
}

func (r *relay) dialled() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dials
}

func (r *relay) pass(down net.Conn) {
	defer down.Close()
	r.mu.Lock()
	r.dials++
	r.mu.Unlock()
	up, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer up.Close()
	r.mu.Lock()
	r.conns[down], r.conns[up] = true, true
	spoil := r.spoil
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.conns, down)
		delete(r.conns, up)
	}()
	if spoil != nil {
		spoil(down, up)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(up, down); _ = up.Close() })
	both.Go(func() { _, _ = io.Copy(down, up); _ = down.Close() })
	both.Wait()
}

// listen swallows what is sent, until the end.
func listen(down net.Conn) { _, _ = io.Copy(io.Discard, down) }

// brokerFaults are what can go wrong under way, and of which kind that is. Who
// answers with something else than MQTT is no broker, and trying again is no use.
var brokerFaults = map[string]struct {
	kind  consent.ErrorKind
	spoil func(down, up net.Conn)
}{
	"refused": {consent.KindTransient, func(down, _ net.Conn) { _ = down.(*net.TCPConn).SetLinger(0) }},
	"reset": {consent.KindTransient, func(down, _ net.Conn) {
		_, _ = io.ReadFull(down, make([]byte, 2))
		_ = down.(*net.TCPConn).SetLinger(0)
	}},
	"silent":      {consent.KindTransient, func(down, _ net.Conn) { listen(down) }},
	"half answer": {consent.KindTransient, func(down, _ net.Conn) { _, _ = down.Write([]byte{0x20, 2, 0}) }},
	"garbage":     {consent.KindPermanent, func(down, _ net.Conn) { _, _ = down.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); listen(down) }},
	"huge":        {consent.KindPermanent, func(down, _ net.Conn) { _, _ = down.Write([]byte{0x20, 0xff, 0xff, 0xff, 0x7f}); listen(down) }},
	"too busy":    {consent.KindTransient, func(down, _ net.Conn) { _, _ = down.Write([]byte{0x20, 2, 0, 3}); listen(down) }},
}

// camTarget is a camera's account at the broker, and all that it sends.
func camTarget(ses *Session) connectors.Target {
	return connectors.Target{Device: "d1", Account: "cam", Identifiers: []discovery.Identifier{{Type: discovery.Remote, Value: ses.remote("cam")}}, Recipient: consent.Recipient{Any: true}}
}

// callsOf are all that a person or the runner may ask of a session.
func callsOf(ses *Session) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Probe":  ses.Probe,
		"Held":   func(ctx context.Context) error { _, err := ses.Held(ctx); return err },
		"Grants": func(ctx context.Context) error { _, err := ses.Grants(ctx); return err },
		"Block": func(ctx context.Context) error {
			_, err := ses.Block(ctx, connectors.BlockRequest{Mark: "bb-1", Target: camTarget(ses)})
			return err
		},
	}
}

// TestFaultSweep is the fault sweep of the other connectors, for a broker: each
// thing that can go wrong under way, at opening and while the session is open. Every
// call ends by itself, after one connection at most, with an error of the right kind
// that names the broker and holds no password; who stands beside never notices; and
// all works again when the fault is over. The twin is the last step: the same calls
// with nothing in between succeed.
func TestFaultSweep(t *testing.T) {
	b := startBroker(t, "127.0.0.1")
	b.account("cam", "home/cam/#")
	r := newRelay(t, b.addr())
	through := b.settings("admin", map[string]string{optAddress: r.Addr().String()})
	ses, beside := openSession(t, through), openSession(t, b.settings("admin", nil))
	calls := callsOf(ses)
	for name, f := range brokerFaults {
		t.Run(name, func(t *testing.T) {
			r.set(f.spoil)
			for what, call := range calls {
				r.meets(t, what, f.kind, call)
			}
			r.meets(t, "Open", f.kind, func(ctx context.Context) error { _, err := New().Open(ctx, through, testHost()); return err })
			if err := beside.Probe(t.Context()); err != nil {
				t.Errorf("who stands beside: %v", err)
			}
			r.set(nil)
			if !eventually(time.Minute, func() bool { return ses.Probe(t.Context()) == nil }) {
				t.Error("it does not work again")
			}
		})
	}
	for what, call := range calls {
		if err := call(t.Context()); err != nil {
			t.Errorf("with nothing in between %s: %v", what, err)
		}
	}
}

// meets makes one call through a fault and judges its error. A call that finds its
// connection cut before it dials at all cannot know yet who answers there.
func (r *relay) meets(t *testing.T, what string, kind consent.ErrorKind, call func(context.Context) error) {
	t.Helper()
	before := r.dialled()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	err := call(ctx)
	cancel()
	dials := r.dialled() - before
	if dials == 0 {
		kind = consent.KindTransient
	}
	var e *connectors.Error
	switch {
	case err == nil:
		t.Errorf("%s says that all is well", what)
	case !errors.As(err, &e) || e.Kind != kind:
		t.Errorf("%s: %v (%s), want %s", what, err, connectors.KindOf(err), kind)
	case !strings.Contains(e.Text, "broker"):
		t.Errorf("%s does not name it: %s", what, e.Text)
	case strings.Contains(err.Error(), adminPassword):
		t.Errorf("%s tells the password", what)
	case dials > 1:
		t.Errorf("%s connected %d times", what, dials)
	}
}

// A clock that is off changes nothing: a broker's answers carry no times.
func TestABrokerAndAClockThatIsOff(t *testing.T) {
	b := startBroker(t, "127.0.0.1")
	b.account("cam", "home/cam/#")
	for _, by := range []time.Duration{-400 * 24 * time.Hour, 26 * time.Hour} {
		h := testHost()
		h.Now = func() time.Time { return time.Now().Add(by) }
		off, err := New().Open(t.Context(), b.settings("admin", nil), h)
		if err != nil {
			t.Fatalf("the clock is off by %s: %v", by, err)
		}
		for what, call := range callsOf(off.(*Session)) {
			if err := call(t.Context()); err != nil {
				t.Errorf("the clock is off by %s: %s: %v", by, what, err)
			}
		}
		if err := off.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The household's wait until a real broker has switched an account off; the goal is 2 s.
func BenchmarkDisconnect(b *testing.B) {
	broker := startBroker(b, "127.0.0.1")
	broker.account("cam", "home/cam/#")
	ses := openSession(b, broker.settings("admin", nil))
	connectortest.TimeBlock(b, ses, camTarget(ses), nil)
}

package connectortest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// Setup is a connector in front of a stand-in of its peer that speaks HTTP or a
// websocket: what Sweep, Disconnect and Idle need to know.
type Setup struct {
	Connector connectors.Connector
	// Name is what the peer is called on screen; each sentence of an error names
	// that, one of Also, or the host.
	Name string
	Also []string
	// Stand makes a sound stand-in that holds nothing of ours.
	Stand func(t T) Stand
	// Settings are the answers with which the stand-in at address is reached,
	// "http://127.0.0.1:4711". Secrets are references into Secrets.
	Settings func(address string) connectors.Settings
	Secrets  map[consent.SecretRef]string
	// Never are other texts that no error and no log may hold, such as the
	// beginning of what the stand-in gives out as a session.
	Never []string
	// Hosts are names on the internet in whose place the stand-in answers.
	Hosts []string
	// Target is what is blocked; not needed by what does not block.
	Target connectors.Target
	// Leave out a fault that cannot be, by its name, with the reason.
	Leave map[string]string
}

// Stand is a stand-in with the switches that only its maker knows. Those that
// are nil leave the fault out that needs them.
type Stand struct {
	Handler http.Handler
	// MayNot takes a right away from the account.
	MayNot func()
	// Change makes another password the right one and ends all sessions.
	Change func()
	// Refused says how often a credential was refused so far.
	Refused func() int
	// Expire ends all sessions; the password stays the right one. SignedIn says
	// how often somebody signed in so far.
	Expire   func()
	SignedIn func() int
	// Sessions says how many are open there.
	Sessions func() int
	// Distrust lets it give out sessions that it does not take then.
	Distrust func()
	// Grant is one that it lists and that may be revoked; an empty one is left out.
	Grant consent.Grant
}

// site is where a stand-in runs. Faults stand in front of it.
type site struct {
	Gate
	server  *httptest.Server
	setup   Setup
	patient atomic.Int64 // how long the way out waits for an answer, in nanoseconds; zero is long

	mu   sync.Mutex // guards all below
	open map[net.Conn]bool
	ways []*http.Transport
	log  strings.Builder // what the connector logged
	kept map[consent.SecretRef]connectors.Secret
}

func newSite(t T, s Setup, h http.Handler, cert *tls.Certificate) *site {
	at := &site{setup: s, open: map[net.Conn]bool{}, kept: map[consent.SecretRef]connectors.Secret{}}
	at.server = httptest.NewUnstartedServer(at.Wrap(h))
	at.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	at.server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		at.mu.Lock()
		defer at.mu.Unlock()
		if at.open[c] = true; state == http.StateClosed {
			delete(at.open, c)
		}
	}
	if cert == nil {
		at.server.Start()
	} else {
		at.server.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
		at.server.StartTLS()
	}
	t.Cleanup(func() { at.cut(); at.server.Close() })
	return at
}

// strike puts a fault in front of the stand-in; what is open breaks off, so that
// a line that was kept meets it too. Nil is the end of the fault.
func (at *site) strike(before http.HandlerFunc) {
	at.Strike(before)
	at.mu.Lock()
	ways := at.ways
	at.mu.Unlock()
	for _, w := range ways { // else the next request meets a dead line before it meets the fault
		w.CloseIdleConnections()
	}
	at.cut()
}

// cut breaks all connections off, those of websockets too.
func (at *site) cut() {
	at.mu.Lock()
	defer at.mu.Unlock()
	for c := range at.open {
		_ = c.Close()
	}
}

// settle waits until nothing more comes: what a stream asked for last may still
// be under way when it has returned.
func (at *site) settle() {
	const quiet = 50 * time.Millisecond
	tick := time.NewTicker(quiet)
	defer tick.Stop()
	for n := -1; n != at.Asked(); <-tick.C {
		n = at.Asked()
	}
}

// Write takes what the connector logs.
func (at *site) Write(p []byte) (int, error) {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.log.Write(p)
}

func (at *site) logged() string {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.log.String()
}

// host is a way out that behaves as the guarded one: it leads to the stand-in
// alone (and to trap, which nobody may be led to), is bounded, follows no
// redirect, and sends nothing before the certificate is known.
func (at *site) host(t T, trap string, wrong bool, now func() time.Time) *connectors.Host {
	dir, err := os.MkdirTemp("", "connectortest")
	if err != nil {
		t.Fatalf("%v", err)
	}
	dial := at.dialer(trap)
	tr := &http.Transport{DialContext: dial, ResponseHeaderTimeout: 30 * time.Second}
	tr.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil || at.server.TLS == nil {
			return c, err // a stand-in of a host on the internet needs no certificate
		}
		host, _, _ := net.SplitHostPort(address)
		s := tls.Client(c, at.tls(host))
		if err := s.HandshakeContext(ctx); err != nil {
			_ = c.Close()
			return nil, err
		}
		return s, nil
	}
	at.mu.Lock()
	at.ways = append(at.ways, tr)
	at.mu.Unlock()
	t.Cleanup(func() { tr.CloseIdleConnections(); _ = os.RemoveAll(dir) })
	return &connectors.Host{
		Connection: "k1", Now: now, TLS: at.tls, StateDir: dir,
		Log:  slog.New(slog.NewTextHandler(at, &slog.HandlerOptions{Level: slog.LevelDebug})),
		HTTP: &http.Client{Transport: hasty{tr, at}, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			return hastyConn{c, at}, err
		},
		Secret: func(_ context.Context, ref consent.SecretRef) (connectors.Secret, error) {
			if wrong {
				return connectors.NewSecret(wrongSecret), nil
			}
			at.mu.Lock()
			defer at.mu.Unlock()
			if v, renewed := at.kept[ref]; renewed {
				return v, nil
			}
			return connectors.NewSecret(at.setup.Secrets[ref]), nil
		},
		Keep: func(_ context.Context, ref consent.SecretRef, v connectors.Secret) error {
			at.mu.Lock()
			defer at.mu.Unlock()
			at.kept[ref] = v
			return nil
		},
	}
}

// wrongSecret is given in place of each secret where the password is to be wrong.
const wrongSecret = "no-longer-the-right-one-77"

func (at *site) dialer(trap string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		to := at.server.Listener.Addr().String()
		switch {
		case address == trap:
			to = trap
		case address != to && !slices.Contains(at.setup.Hosts, host):
			return nil, &connectors.Error{Kind: consent.KindPermanent, Text: fmt.Sprintf("Best Before does not go to %s: nobody allowed this connection to go there", host)}
		}
		var d net.Dialer
		c, err := d.DialContext(ctx, network, to)
		if err != nil {
			return nil, &connectors.Error{Kind: consent.KindTransient, Text: host + " cannot be reached", Err: err}
		}
		return c, nil
	}
}

// Host is a way out for a package's own tests. It behaves as the guarded one
// where that matters: bounded in time, and it follows no redirect. reveal gives
// the value behind a reference; nil gives the reference itself.
func Host(reveal func(consent.SecretRef) string) *connectors.Host {
	return &connectors.Host{
		Connection: "k1", Now: time.Now,
		HTTP: &http.Client{
			Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Secret: func(_ context.Context, ref consent.SecretRef) (connectors.Secret, error) {
			if reveal == nil {
				return connectors.NewSecret(string(ref)), nil
			}
			return connectors.NewSecret(reveal(ref)), nil
		},
	}
}

// hasty gives up early where the site says so, and bounds answers.
type hasty struct {
	next http.RoundTripper
	at   *site
}

// RoundTrip asks and waits as long as the site allows.
func (h hasty) RoundTrip(r *http.Request) (*http.Response, error) {
	stop := func() {}
	if d := time.Duration(h.at.patient.Load()); d > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		r, stop = r.WithContext(ctx), cancel
	}
	resp, err := h.next.RoundTrip(r)
	if err != nil {
		stop()
		return nil, err
	}
	resp.Body = &boundedBody{resp.Body, stop, answerMost, r.URL.Hostname()}
	return resp, nil
}

// answerMost is how large the guarded way out lets an answer become.
const answerMost = 8 << 20

type boundedBody struct {
	io.ReadCloser
	stop func()
	left int
	host string
}

// Read gives an error in place of the first byte too many.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, &connectors.Error{Kind: consent.KindTransient, Text: fmt.Sprintf("%s gives an answer of more than %d MiB, which cannot be right; it was not read further", b.host, answerMost>>20)}
	}
	return n, err
}

// Close ends the request's time too.
func (b *boundedBody) Close() error {
	defer b.stop()
	return b.ReadCloser.Close()
}

// hastyConn is a dialled line on which nobody waits longer than the site says.
type hastyConn struct {
	net.Conn
	at *site
}

// Read waits as long as the site allows.
func (c hastyConn) Read(p []byte) (int, error) {
	if d := time.Duration(c.at.patient.Load()); d > 0 {
		if err := c.SetReadDeadline(time.Now().Add(d)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}

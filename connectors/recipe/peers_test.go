package recipe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/assets"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// asked is one request as it left us.
type asked struct {
	host, method, url, body string
	header                  http.Header
}

// wire is the way out in tests: it writes every request down and hands it to
// the peer of that host, by loopback or, for names on the internet, in this process.
type wire struct {
	peers map[string]http.Handler // by host name; others are dialled
	next  http.RoundTripper

	mu   sync.Mutex // guards all below
	log  []asked
	down bool
}

var errDown = errors.New("connection refused")

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	w.log = append(w.log, asked{r.URL.Hostname(), r.Method, r.URL.String(), string(body), r.Header.Clone()})
	down := w.down
	w.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if down {
		return nil, errDown
	}
	if h, ok := w.peers[r.URL.Hostname()]; ok {
		rec := httptest.NewRecorder()
		in := r.Clone(r.Context())
		in.RequestURI = r.URL.RequestURI()
		h.ServeHTTP(rec, in)
		return rec.Result(), nil
	}
	return w.next.RoundTrip(r)
}

func (w *wire) setDown(v bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = v
}

func (w *wire) all() []asked {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]asked(nil), w.log...)
}

// rig is a recipe against a peer.
type rig struct {
	c        *Connector
	w        *wire
	h        *connectors.Host
	settings connectors.Settings
	secrets  map[string]string
	peer     http.Handler
	values   map[string]string // as they were given: "$peer" for its address
	gate     connectortest.Gate
}

// recipeText is a recipe of ours by its file's name.
func recipeText(t testing.TB, name string) []byte {
	t.Helper()
	if data, err := assets.Recipes.ReadFile("recipes/" + name + ".yaml"); err == nil {
		return data
	}
	data, err := os.ReadFile("../../assets/recipes/examples/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// newRig reads a recipe; a value "$peer" becomes the loopback address of peer.
func newRig(t testing.TB, text []byte, peer http.Handler, values, secrets map[string]string) *rig {
	t.Helper()
	r, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	g := &rig{c: New(r), w: &wire{peers: map[string]http.Handler{}, next: tr}, secrets: secrets, peer: peer, values: values}
	for _, h := range r.Hosts {
		g.w.peers[h] = g.gate.Wrap(peer)
	}
	g.settings = connectors.Settings{Values: map[string]string{}, Secrets: map[string]consent.SecretRef{}}
	for k, v := range values {
		if v == "$peer" {
			s := httptest.NewServer(g.gate.Wrap(peer))
			t.Cleanup(s.Close)
			v = s.URL
		}
		g.settings.Values[k] = v
	}
	for k := range secrets {
		g.settings.Secrets[k] = consent.SecretRef(k)
	}
	if err := g.c.Spec().Check(g.settings); err != nil {
		t.Fatal(err)
	}
	g.h = &connectors.Host{
		Connection: "k1", Now: time.Now,
		HTTP: &http.Client{Transport: g.w, Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Secret: func(_ context.Context, ref consent.SecretRef) (connectors.Secret, error) {
			return connectors.NewSecret(secrets[string(ref)]), nil
		},
	}
	return g
}

func (g *rig) open(t connectortest.T) connectors.Session {
	t.Helper()
	s, err := g.c.Open(context.Background(), g.settings, g.h)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// options are the suite's for this rig; reset makes the peer forget.
func (g *rig) options(reset func()) connectortest.Options {
	o := connectortest.Options{
		Open:   func(t connectortest.T) connectors.Session { reset(); return g.open(t) },
		Target: deviceTarget("d1", "02:00:00:00:00:01", "192.0.2.11", "2001:db8::11"),
		Other:  deviceTarget("d2", "02:00:00:00:00:02", "192.0.2.12", "2001:db8::12"),
		Break: func(t connectortest.T) {
			g.w.setDown(true)
			t.Cleanup(func() { g.w.setDown(false) })
		},
		Busy:   g.gate.Busy,
		Forget: func(connectortest.T) { reset() },
	}
	for _, v := range g.secrets {
		o.Secrets = append(o.Secrets, v)
	}
	return o
}

func deviceTarget(id, mac string, addrs ...string) connectors.Target {
	return connectors.Target{
		Device: discovery.DeviceID(id), Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Addresses: addrs, Recipient: consent.Recipient{Name: "anybody", Any: true},
	}
}

// macOf is the hardware address of a target.
func macOf(t connectors.Target) string {
	for _, i := range t.Identifiers {
		if i.Type == discovery.MAC {
			return strings.ToUpper(i.Value)
		}
	}
	return ""
}

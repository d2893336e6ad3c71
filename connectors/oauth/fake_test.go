package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The household's client. Its words hold what must be encoded before it may
// stand in a header (RFC 6749 section 2.3.1).
const (
	fakeClient = "house:hold"
	fakeSecret = "s+cr%e t&=ü:7"
)

// fake is an issuer as the RFCs describe it; the awkward parts are switches.
type fake struct {
	base string // its issuer

	mu       sync.Mutex // guards all below
	n        int
	live     map[string]string // token to its grant
	spent    map[string]string // refresh tokens that were replaced
	dead     map[string]bool   // grants
	codes    map[string]url.Values
	pending  string // the device code that waits
	pendings int    // how often it is answered with "pending" yet
	asked    []string
	hints    []string
	keys     []string // headers of authorization as they came

	keeps      bool // refresh tokens are not replaced
	noRefresh  bool // gives access tokens only
	lies       bool // 200 to a revocation that is not done [V, Node-RED, fosite for a foreign client]
	never      bool // revokes nothing: unsupported_token_type
	typed      bool // does not revoke refresh tokens: unsupported_token_type
	closed     bool // introspection is not for apps
	blindly    bool // calls every token inactive, as for who is not its audience [V, zitadel]
	lingers    bool // access tokens outlive their grant
	slow       int  // answers slow_down so often
	moved      string
	otherName  string
	noCode     bool
	loses      bool // answers of the token endpoint get lost after the exchange
	refuses    string
	busy       time.Time
	unreadable bool
}

func newFake() *fake {
	return &fake{
		live: map[string]string{}, spent: map[string]string{}, dead: map[string]bool{}, codes: map[string]url.Values{},
	}
}

// grant makes a grant, as if somebody had said yes.
func (f *fake) grant() (id, refresh, access string) {
	f.n++
	id = fmt.Sprintf("g%d", f.n)
	refresh, access = f.issue(id)
	return id, refresh, access
}

func (f *fake) issue(id string) (refresh, access string) {
	f.n++
	refresh, access = fmt.Sprintf("refresh-%d-%s", f.n, id), fmt.Sprintf("access-%d-%s", f.n, id)
	f.live[refresh], f.live[access] = id, id
	return refresh, access
}

func (f *fake) works(token string) bool {
	id, known := f.live[token]
	return known && (!f.dead[id] || f.lingers && strings.HasPrefix(token, "access"))
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func no(w http.ResponseWriter, status int, word string) {
	say(w, status, map[string]string{"error": word, "error_description": "you sent something secret"})
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	if wait := time.Until(f.busy); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds()+1)))
		no(w, http.StatusServiceUnavailable, "temporarily_unavailable")
		return
	}
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		f.describe(w)
		return
	case "/authorize":
		f.page(w, r)
		return
	}
	f.keys = append(f.keys, r.Header.Get("Authorization"))
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || !f.known(r) {
		no(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	switch r.URL.Path {
	case "/token":
		f.token(w, r)
	case "/revoke":
		f.revoke(w, r)
	case "/introspect":
		f.introspect(w, r)
	case "/device":
		f.pending = "device-code-1"
		say(w, 200, map[string]any{"device_code": f.pending, "user_code": "WDJB-MJHT", "verification_uri": f.base + "/codes", "expires_in": 600, "interval": 1})
	default:
		http.NotFound(w, r)
	}
}

// known reads who asks: both words of the header are decoded as in a form.
func (f *fake) known(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return r.PostFormValue("client_id") == "public"
	}
	id, errID := url.QueryUnescape(id)
	secret, errSecret := url.QueryUnescape(secret)
	return errID == nil && errSecret == nil && id == fakeClient && secret == fakeSecret
}

func (f *fake) describe(w http.ResponseWriter) {
	if f.unreadable {
		no(w, http.StatusInternalServerError, "server_error")
		return
	}
	d := map[string]any{
		"issuer": f.base, "authorization_endpoint": f.base + "/authorize", "token_endpoint": f.base + "/token", "revocation_endpoint": f.base + "/revoke",
		"introspection_endpoint": f.base + "/introspect", "device_authorization_endpoint": f.base + "/device", "authorization_response_iss_parameter_supported": true,
	}
	if f.moved != "" {
		d["revocation_endpoint"] = f.moved
	}
	if f.otherName != "" {
		d["issuer"] = f.otherName
	}
	if f.noCode {
		delete(d, "device_authorization_endpoint")
	}
	say(w, 200, d)
}

// page is the provider's own page, on which somebody says yes at once.
func (f *fake) page(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Hostname() != "127.0.0.1" || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	out := url.Values{"state": {q.Get("state")}, "iss": {f.base}}
	if f.refuses != "" {
		out.Set("error", f.refuses)
	} else {
		f.n++
		code := fmt.Sprintf("code-%d", f.n)
		f.codes[code] = q
		out.Set("code", code)
	}
	back.RawQuery = out.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		q, known := f.codes[r.PostFormValue("code")]
		delete(f.codes, r.PostFormValue("code"))
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if !known || q.Get("redirect_uri") != r.PostFormValue("redirect_uri") || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
			no(w, http.StatusBadRequest, "invalid_grant")
			return
		}
		_, refresh, access := f.grant()
		f.give(w, refresh, access)
	case "urn:ietf:params:oauth:grant-type:device_code":
		f.pendings--
		switch {
		case f.slow > 0:
			f.slow--
			no(w, http.StatusBadRequest, "slow_down")
		case f.refuses != "":
			no(w, http.StatusBadRequest, f.refuses)
		case f.pendings >= 0:
			no(w, http.StatusBadRequest, "authorization_pending")
		default:
			_, refresh, access := f.grant()
			f.give(w, refresh, access)
		}
	case "refresh_token":
		f.renew(w, r.PostFormValue("refresh_token"))
	default:
		no(w, http.StatusBadRequest, "unsupported_grant_type")
	}
}

// renew replaces the token. One that was replaced before ends the whole grant, as
// RFC 9700 section 4.14.2 asks.
func (f *fake) renew(w http.ResponseWriter, token string) {
	if id, spent := f.spent[token]; spent {
		f.dead[id] = true
	}
	if !f.works(token) || !strings.HasPrefix(token, "refresh") {
		no(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	id := f.live[token]
	refresh, access := f.issue(id)
	if f.keeps {
		delete(f.live, refresh)
		refresh = ""
	} else {
		delete(f.live, token)
		f.spent[token] = id
	}
	if f.loses {
		panic(http.ErrAbortHandler)
	}
	f.give(w, refresh, access)
}

func (f *fake) give(w http.ResponseWriter, refresh, access string) {
	v := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3600, "scope": "read offline"}
	if refresh != "" && !f.noRefresh {
		v["refresh_token"] = refresh
	}
	say(w, 200, v)
}

// revoke is RFC 7009: 200 for what it does not know too.
func (f *fake) revoke(w http.ResponseWriter, r *http.Request) {
	token, hint := r.PostFormValue("token"), r.PostFormValue("token_type_hint")
	f.hints = append(f.hints, hint)
	id, known := f.live[token]
	switch {
	case f.never, f.typed && strings.HasPrefix(token, "refresh"):
		no(w, http.StatusBadRequest, "unsupported_token_type")
		return
	case known && !f.lies:
		f.dead[id] = true
	}
	w.WriteHeader(http.StatusOK)
}

func (f *fake) introspect(w http.ResponseWriter, r *http.Request) {
	if f.closed {
		no(w, http.StatusForbidden, "access_denied")
		return
	}
	token := r.PostFormValue("token")
	if f.blindly || !f.works(token) {
		say(w, 200, map[string]any{"active": false})
		return
	}
	v := map[string]any{"active": true, "scope": "read offline", "client_id": fakeClient}
	if strings.HasPrefix(token, "refresh") {
		v["exp"] = time.Now().Add(90 * 24 * time.Hour).Unix()
	}
	say(w, 200, v)
}

func (f *fake) requests(path string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if strings.HasSuffix(a, path) {
			n++
		}
	}
	return n
}

// rig is the connector in front of a fake on loopback, over TLS.
type rig struct {
	*fake
	t    connectortest.T
	c    *Connector
	host *connectors.Host
	set  connectors.Settings

	mu      sync.Mutex // guards all below
	secrets map[consent.SecretRef]string
	ahead   time.Duration
	down    bool
	full    bool // nothing can be kept

	on func(*http.Request) // told of each request; set before it is used
}

func newRig(t connectortest.T) *rig {
	t.Helper()
	g := &rig{fake: newFake(), t: t, secrets: map[consent.SecretRef]string{"k1/client_secret": fakeSecret}}
	srv := httptest.NewTLSServer(g.fake)
	t.Cleanup(srv.Close)
	g.base = srv.URL
	c, err := New()
	if err != nil {
		t.Fatalf("%v", err)
	}
	g.c = c
	g.set = connectors.Settings{
		Values:  map[string]string{optIssuer: srv.URL, optClient: fakeClient},
		Secrets: map[string]consent.SecretRef{optSecret: "k1/client_secret"},
	}
	tr := srv.Client().Transport
	g.host = &connectors.Host{
		Connection: "k1", Now: g.now, Secret: g.secret, Keep: g.keep,
		HTTP: &http.Client{Transport: gate{g, tr}, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Listen: func(ctx context.Context, n, a string) (net.Listener, error) {
			return (&net.ListenConfig{}).Listen(ctx, n, a)
		},
	}
	return g
}

// gate is the way out.
type gate struct {
	g    *rig
	next http.RoundTripper
}

var errDown = errors.New("connection refused")

func (w gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.g.on != nil {
		w.g.on(r)
	}
	w.g.mu.Lock()
	down := w.g.down
	w.g.mu.Unlock()
	if down {
		return nil, errDown
	}
	return w.next.RoundTrip(r)
}

func (g *rig) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Now().Add(g.ahead)
}

// pass lets time go by, so that answers are no longer new.
func (g *rig) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ahead += d
}

func (g *rig) secret(_ context.Context, ref consent.SecretRef) (connectors.Secret, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return connectors.NewSecret(g.secrets[ref]), nil
}

func (g *rig) keep(_ context.Context, ref consent.SecretRef, v connectors.Secret) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full {
		return errors.New("no space left on device")
	}
	g.secrets[ref] = v.Reveal()
	return nil
}

func (g *rig) sealed() kept {
	g.mu.Lock()
	defer g.mu.Unlock()
	k, err := unseal(connectors.NewSecret(g.secrets["k1/token"]))
	if err != nil {
		g.t.Fatalf("%v", err)
	}
	return k
}

// hold seals a grant as if it had been linked.
func (g *rig) hold() (id string) {
	f := g.fake
	f.mu.Lock()
	id, refresh, access := f.grant()
	if f.noRefresh {
		delete(f.live, refresh)
		refresh = ""
	}
	f.mu.Unlock()
	now := g.now()
	k := kept{Client: fakeClient, Since: now, Renewed: now, Refresh: refresh, Access: access, AccessUntil: now.Add(time.Hour), Pins: pins{
		Issuer: g.base, Authorize: g.base + "/authorize", Token: g.base + "/token", Device: g.base + "/device", Revoke: g.base + "/revoke", Introspect: g.base + "/introspect", NamesSelf: true,
	}}
	v, err := k.seal()
	if err != nil {
		g.t.Fatalf("%v", err)
	}
	_ = g.keep(context.Background(), "k1/token", v)
	g.set.Secrets[keyToken] = "k1/token"
	return id
}

func (g *rig) open() *Session {
	g.t.Helper()
	s, err := g.c.Open(context.Background(), g.set, g.host)
	if err != nil {
		g.t.Fatalf("opening: %v", err)
	}
	g.t.Cleanup(func() { _ = s.Close() })
	return s.(*Session)
}

func (g *rig) setDown(v bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = v
}

// alive is whether a grant still gives anything.
func (g *rig) alive(id string) bool {
	g.fake.mu.Lock()
	defer g.fake.mu.Unlock()
	return !g.dead[id]
}

func wantKind(t *testing.T, err error, kind consent.ErrorKind, says string) {
	t.Helper()
	if err == nil || connectors.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v (%s), want %s that says %q", err, connectors.KindOf(err), kind, says)
	}
	for _, s := range []string{fakeSecret, "refresh-", "access-", "secret"} {
		if err != nil && strings.Contains(err.Error(), s) && !strings.Contains(says, s) && s != "secret" {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

// handler answers in this process.
type handler struct{ http.Handler }

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	h.ServeHTTP(rec, in)
	return rec.Result(), nil
}

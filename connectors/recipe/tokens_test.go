package recipe

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// hueBridge follows connectors.md 4.8: the key stands in the path, every answer
// is 200, a wrong key gets a few public words without a whitelist. On bridges
// before 1.31 the names of the entries are the other apps' keys themselves.
type hueBridge struct{}

func (hueBridge) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path != "/api/hue-key-0123456789/config" {
		answer(w, 200, map[string]string{"name": "Bridge", "apiversion": "1.65.0"})
		return
	}
	answer(w, 200, map[string]any{"name": "Bridge", "whitelist": map[string]any{
		"hue-key-0123456789":   map[string]string{"name": "best_before#home", "create date": "2026-01-02T03:04:05", "last use date": "2026-05-01T00:00:00"},
		"other-apps-secret-99": map[string]string{"name": "Light App#phone", "create date": "2021-03-04T05:06:07", "last use date": "2026-04-01T10:00:00"},
	}})
}

func hue(t testing.TB) *rig {
	return newRig(t, recipeText(t, "hue"), hueBridge{}, map[string]string{"bridge": "$peer"}, map[string]string{"key": "hue-key-0123456789"})
}

func TestHue(t *testing.T) {
	g := hue(t)
	o := g.options(func() {})
	o.Secrets = append(o.Secrets, "other-apps-secret-99")
	connectortest.Run(t, o)
	c := connectors.CapabilitiesOf(g.open(t))
	if c.Revoker != nil || c.Blocker != nil || c.Verifier != nil {
		t.Error("the bridge lets nobody take a key away, so the session must not offer it")
	}
	got, err := c.GrantLister.Grants(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("grants %v, %v", got, err)
	}
	other, own := got[1], got[0]
	if own.Name != "best_before#home" || !own.Own || other.Own || other.Name != "Light App#phone" || other.ID != "Light App#phone 2021-03-04T05:06:07" {
		t.Errorf("grants %+v", got)
	}
	if want := time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC); !other.LastUsed.Equal(want) || other.Created.Year() != 2021 {
		t.Errorf("used %s, created %s", other.LastUsed, other.Created)
	}
}

// shellyGen2 follows the maker's API documentation: RPC over HTTP, SetConfig
// with {config: {enable}}, errors as 500 with {code, message}.
type shellyGen2 struct {
	mu      sync.Mutex // guards all below
	enabled map[string]bool
	lies    bool // 200 and restart_required, but nothing changes
}

func (s *shellyGen2) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enabled = map[string]bool{"Cloud": true, "WS": false, "MQTT": true}
}

func (s *shellyGen2) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	part, verb, _ := strings.Cut(strings.TrimPrefix(q.URL.Path, "/rpc/"), ".")
	_, known := s.enabled[part]
	switch {
	case part == "Shelly" && verb == "GetDeviceInfo":
		answer(w, 200, map[string]any{"id": "shellyplus1-0123", "mac": "020000000001", "gen": 2, "auth_en": false})
	case known && verb == "GetConfig":
		answer(w, 200, map[string]any{"enable": s.enabled[part], "server": strings.ToLower(part) + ".example:6012"})
	case known && verb == "SetConfig":
		var in struct{ Config struct{ Enable *bool } }
		if err := json.NewDecoder(q.Body).Decode(&in); err != nil || in.Config.Enable == nil {
			answer(w, 500, map[string]any{"code": -103, "message": "Invalid argument"})
			return
		}
		if !s.lies {
			s.enabled[part] = *in.Config.Enable
		}
		answer(w, 200, map[string]any{"restart_required": true})
	default:
		answer(w, 404, map[string]any{"code": 404, "message": "No handler for " + part})
	}
}

func shelly(t testing.TB) (*rig, *shellyGen2) {
	p := &shellyGen2{}
	p.reset()
	return newRig(t, recipeText(t, "shelly"), p, map[string]string{"device_address": "$peer"}, nil), p
}

func TestShelly(t *testing.T) {
	g, p := shelly(t)
	o := g.options(p.reset)
	o.Grant = func(connectortest.T) consent.Grant { return consent.Grant{ID: "Cloud"} }
	o.Works = func(_ connectortest.T, g consent.Grant) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.enabled[g.ID]
	}
	o.Dies = func(_ connectortest.T, g consent.Grant) { // somebody switches it off on the device's own page
		p.mu.Lock()
		defer p.mu.Unlock()
		p.enabled[g.ID] = false
	}
	connectortest.Run(t, o)
	if !p.enabled["MQTT"] {
		t.Error("the link to the broker went too")
	}
}

// tokenServer follows RFC 7009 and RFC 7662: clients by Basic, form encoding
// only, 200 for unknown tokens too, {active: false} for what works no more.
// Node-RED answered 200 and did nothing [V]; so can this one.
type tokenServer struct {
	mu     sync.Mutex // guards all below
	active bool
	lies   bool
}

func (s *tokenServer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = true
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, p, ok := q.BasicAuth(); !ok || u != "house" || p != "client-secret-7" {
		answer(w, 401, map[string]string{"error": "invalid_client"})
		return
	}
	if q.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || q.PostFormValue("token") == "" {
		answer(w, 400, map[string]string{"error": "invalid_request"})
		return
	}
	ours := q.PostFormValue("token") == "refresh-token-42"
	switch q.URL.Path {
	case "/oauth/token/introspect":
		if !ours || !s.active {
			answer(w, 200, map[string]any{"active": false})
			return
		}
		answer(w, 200, map[string]any{"active": true, "client_id": "house", "username": "anna", "iat": 1_790_000_000, "exp": 1_800_000_000})
	case "/oauth/revoke":
		if ours && !s.lies {
			s.active = false
		}
		w.WriteHeader(200)
	default:
		http.NotFound(w, q)
	}
}

func token(t testing.TB) (*rig, *tokenServer) {
	p := &tokenServer{active: true}
	return newRig(t, recipeText(t, "rfc7009"), p,
		map[string]string{"server": "$peer", "revoke_path": "oauth/revoke", "ask_path": "/oauth/token/introspect", "client": "house"},
		map[string]string{"client_secret": "client-secret-7", "token": "refresh-token-42"}), p
}

func TestOAuthToken(t *testing.T) {
	g, p := token(t)
	o := g.options(p.reset)
	o.Grant = func(connectortest.T) consent.Grant { return consent.Grant{ID: "token"} }
	o.Works = func(connectortest.T, consent.Grant) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.active
	}
	o.Dies = func(connectortest.T, consent.Grant) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.active = false
	}
	connectortest.Run(t, o)
}

// stravaSite follows Strava's documentation: deauthorize with the access token
// as a bearer ends the app's access; afterwards the token gets 401.
type stravaSite struct {
	mu    sync.Mutex // guards ended
	ended bool
}

func (s *stravaSite) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = false
}

func (s *stravaSite) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended || q.Header.Get("Authorization") != "Bearer strava-token-5":
		answer(w, 401, map[string]string{"message": "Authorization Error"})
	case q.URL.Path == "/api/v3/athlete":
		answer(w, 200, map[string]any{"id": 1234567, "firstname": "Anna"})
	case q.URL.Path == "/oauth/deauthorize" && q.Method == http.MethodPost:
		s.ended = true
		answer(w, 200, map[string]string{"access_token": "strava-token-5"})
	default:
		http.NotFound(w, q)
	}
}

func strava(t testing.TB) (*rig, *stravaSite) {
	p := &stravaSite{}
	return newRig(t, recipeText(t, "strava"), p, nil, map[string]string{"token": "strava-token-5"}), p
}

// The example of the ten-minute guide, run as it stands in its file.
func TestExampleStrava(t *testing.T) {
	g, p := strava(t)
	o := g.options(p.reset)
	o.Grant = func(connectortest.T) consent.Grant { return consent.Grant{ID: "athlete 1234567"} }
	o.Works = func(connectortest.T, consent.Grant) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return !p.ended
	}
	o.Dies = func(connectortest.T, consent.Grant) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ended = true
	}
	connectortest.Run(t, o)
}

// A peer that says 200 and does nothing: the list that is read afterwards tells.
func TestAYesAloneIsNotBelieved(t *testing.T) {
	t.Run("revoking", func(t *testing.T) {
		g, p := token(t)
		c := connectors.CapabilitiesOf(g.open(t))
		p.lies = true
		_, err := c.Revoker.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: consent.Grant{ID: "token"}})
		wantKind(t, err, consent.KindPermanent, "still in its list")
	})
	t.Run("blocking", func(t *testing.T) {
		g, p := opnsense(t)
		c := connectors.CapabilitiesOf(g.open(t))
		req := connectors.BlockRequest{Mark: "m", Target: g.options(p.reset).Target}
		p.lies = true
		_, err := c.Blocker.Block(t.Context(), req)
		wantKind(t, err, consent.KindPermanent, "not in its list")
		p.lies, p.refuse = false, true
		_, err = c.Blocker.Block(t.Context(), req)
		wantKind(t, err, consent.KindPermanent, "not a valid address")
		p.refuse = false // the twin: nothing is wrong, and it is done
		if _, err = c.Blocker.Block(t.Context(), req); err != nil {
			t.Error(err)
		}
	})
	t.Run("the device itself", func(t *testing.T) {
		g, p := shelly(t)
		c := connectors.CapabilitiesOf(g.open(t))
		p.lies = true
		_, err := c.Revoker.Revoke(t.Context(), connectors.RevokeRequest{Mark: "m", Grant: consent.Grant{ID: "Cloud"}})
		wantKind(t, err, consent.KindPermanent, "still in its list")
	})
}

func wantKind(t *testing.T, err error, kind consent.ErrorKind, says string) {
	t.Helper()
	if err == nil || connectors.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v (%s), want %s that says %q", err, connectors.KindOf(err), kind, says)
	}
}

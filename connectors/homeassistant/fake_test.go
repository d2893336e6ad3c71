package homeassistant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"bestbefore/connectors/connectortest"
)

// fake stands in for Home Assistant. Each answer follows its documentation
// ("WebSocket API", "Authentication API" of the developer pages) or its source as
// of 2023.3.6 and 2024.2.1. TestARealHomeAssistant holds the story that is told
// with it against the real program: 2023.1.7 with its recorder, 2023.3.6 and
// 2023.11.3 gave the same answers.
type fake struct {
	*httptest.Server

	mu      sync.Mutex // guards all below
	tokens  map[string]*fakeToken
	admins  map[string]bool
	home    fakeHome
	data    map[string]map[string]json.RawMessage // by user: what its page keeps there
	lines   map[*fakeLine]bool
	asked   map[string]int // by command
	refused int            // tokens that were refused
	stop    chan struct{}

	// The awkward switches.
	deleteLies  bool                           // answers a deletion with success and deletes nothing
	disableLies bool                           // the same with disabling
	noData      bool                           // keeps no data for its users, as without its own page
	oldWay      bool                           // knows neither states in short form nor areas
	forgets     bool                           // has no history
	noCurrent   bool                           // does not say which token asks
	banned      bool                           // this computer is in ip_bans.yaml
	unset       bool                           // has not been set up
	intercept   func(*fakeLine, fakeAsk) bool  // answers in its place
	greeting    func(http.ResponseWriter) bool // answers everybody in its place
	still       bool                           // devices report only when told to
}

type fakeToken struct {
	id, secret, user, name, client, kind string
	used                                 bool
}

// Tokens of the stand-in.
const (
	ownToken   = "own-token-5577"
	guestToken = "guest-token-5577"
	phoneToken = "phone-token-5577"
)

func newFake(t connectortest.T) *fake {
	f := &fake{
		tokens: map[string]*fakeToken{}, admins: map[string]bool{"Anna": true}, home: newFakeHome(),
		data: map[string]map[string]json.RawMessage{}, lines: map[*fakeLine]bool{}, asked: map[string]int{}, stop: make(chan struct{}),
	}
	f.token(ownToken, "Anna", "Best Before")
	f.token(guestToken, "Ben", "Best Before")
	f.token(phoneToken, "Anna", "Old phone")
	f.tokens["t-app"] = &fakeToken{id: "t-app", secret: "app-token", user: "Anna", client: "https://home-assistant.io/android", kind: "normal", used: true}
	f.Server = httptest.NewServer(f)
	var wg sync.WaitGroup
	wg.Go(f.live)
	t.Cleanup(func() {
		close(f.stop)
		wg.Wait()
		f.hangUp("")
		f.Close()
	})
	return f
}

func (f *fake) token(secret, user, name string) string {
	id := fmt.Sprintf("%032x", len(f.tokens)+1)
	for f.tokens[id] != nil {
		id += "0"
	}
	f.tokens[id] = &fakeToken{id: id, secret: secret, user: user, name: name, kind: longLived}
	return id
}

func (f *fake) with(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// live lets devices report, as they do at home.
func (f *fake) live() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-tick.C:
			f.mu.Lock()
			if !f.still {
				for _, e := range f.home.entities {
					f.report(e.ID)
				}
			}
			f.mu.Unlock()
		}
	}
}

// ServeHTTP is its page, as far as we use it.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	greeting, banned, unset := f.greeting, f.banned, f.unset
	f.mu.Unlock()
	switch {
	case banned: // components/http/ban.py: whoever is in the file is given 403
		w.WriteHeader(http.StatusForbidden)
	case greeting != nil && greeting(w):
	case r.URL.Path == "/auth/providers" && unset: // components/auth/login_flow.py
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"message":"Onboarding not finished","code":"onboarding_required"}`))
	case r.URL.Path == "/auth/providers":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"name":"Home Assistant Local","id":null,"type":"homeassistant"}]`))
	case r.URL.Path == "/auth/revoke": // RFC 7009 2.2 as it reads it: always 200, and nothing
	case r.URL.Path == "/api/":
		if f.bearer(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) == nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"message":"API running."}`))
	case r.URL.Path == "/api/websocket":
		f.serve(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fake) bearer(secret string) *fakeToken {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.tokens {
		if t.secret == secret {
			return t
		}
	}
	return nil
}

// fakeLine is one websocket.
type fakeLine struct {
	f       *fake
	conn    *websocket.Conn
	token   *fakeToken
	last    int64
	writing sync.Mutex
	states  int64            // the number under which states are told; guarded by f.mu
	events  map[string]int64 // the same for events by their type
}

type fakeAsk struct {
	ID       int64           `json:"id"`
	Type     string          `json:"type"`
	Access   string          `json:"access_token"`
	Token    string          `json:"refresh_token_id"`
	Entry    string          `json:"entry_id"`
	Disabled *string         `json:"disabled_by"`
	Event    string          `json:"event_type"`
	Key      string          `json:"key"`
	Entities []string        `json:"entity_ids"`
	Start    time.Time       `json:"start_time"`
	End      time.Time       `json:"end_time"`
	Value    json.RawMessage `json:"value"`
}

func (l *fakeLine) write(v any) {
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.conn.WriteJSON(v) // one that left hears nothing
}

func (l *fakeLine) result(id int64, v any) {
	l.write(map[string]any{"id": id, "type": "result", "success": true, "result": v})
}

func (l *fakeLine) no(id int64, code, text string) {
	l.write(map[string]any{"id": id, "type": "result", "success": false, "error": map[string]string{"code": code, "message": text}})
}

// serve is one line: the authentication phase, then the command phase.
func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	l := &fakeLine{f: f, conn: conn, events: map[string]int64{}}
	l.write(map[string]string{"type": "auth_required", "ha_version": "2024.2.1"})
	var q fakeAsk
	if conn.ReadJSON(&q) != nil {
		return
	}
	if l.token = f.bearer(q.Access); q.Type != "auth" || l.token == nil {
		f.with(func() { f.refused++ })
		l.write(map[string]string{"type": "auth_invalid", "message": "Invalid access token or password"})
		return
	}
	l.write(map[string]string{"type": "auth_ok", "ha_version": "2024.2.1"})
	f.with(func() { f.lines[l] = true })
	defer f.with(func() { delete(f.lines, l) })
	for {
		var q fakeAsk
		if conn.ReadJSON(&q) != nil {
			return
		}
		if q.ID <= l.last { // websocket_api/connection.py
			l.no(q.ID, "id_reuse", "Identifier values have to increase.")
			continue
		}
		l.last = q.ID
		f.answer(l, q)
	}
}

// hangUp ends the lines of a token, or all.
func (f *fake) hangUp(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for l := range f.lines {
		if token == "" || l.token.id == token {
			_ = l.conn.Close()
		}
	}
}

// needAdmin are the commands with require_admin in the source.
var needAdmin = []string{"config_entries/disable", "config/auth/list"}

func (f *fake) answer(l *fakeLine, q fakeAsk) {
	f.mu.Lock()
	f.asked[q.Type]++
	intercept := f.intercept
	admin, noData, oldWay := f.admins[l.token.user], f.noData, f.oldWay
	f.mu.Unlock()
	unknown := f.noHistory(q) || noData && strings.HasPrefix(q.Type, "frontend/") || oldWay && (q.Type == "subscribe_entities" || strings.HasPrefix(q.Type, "config/area"))
	switch {
	case intercept != nil && intercept(l, q):
	case unknown:
		l.no(q.ID, "unknown_command", "Unknown command.")
	case slices.Contains(needAdmin, q.Type) && !admin:
		l.no(q.ID, "unauthorized", "Unauthorized")
	case strings.HasPrefix(q.Type, "auth/"), q.Type == "config/auth/list":
		f.aboutUsers(l, q)
	case strings.HasPrefix(q.Type, "frontend/"):
		f.keepData(l, q)
	case strings.HasPrefix(q.Type, "subscribe_"):
		f.subscribe(l, q)
	default:
		f.aboutHome(l, q)
	}
}

func (f *fake) noHistory(q fakeAsk) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.forgets && strings.HasPrefix(q.Type, "history/")
}

// aboutUsers follows components/auth/__init__.py and components/config/auth.py.
func (f *fake) aboutUsers(l *fakeLine, q fakeAsk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	user := l.token.user
	switch q.Type {
	case "auth/current_user":
		l.result(q.ID, map[string]any{"id": "u-" + user, "name": user, "is_owner": false, "is_admin": f.admins[user], "credentials": []any{}, "mfa_modules": []any{}})
	case "config/auth/list":
		out := []map[string]any{{"id": "s", "name": "Supervisor", "is_active": true, "system_generated": true}}
		for _, n := range []string{"Anna", "Ben"} {
			out = append(out, map[string]any{"id": "u-" + n, "name": n, "is_active": true, "system_generated": false})
		}
		l.result(q.ID, out)
	case "auth/refresh_tokens":
		out := []map[string]any{}
		for _, t := range f.tokens {
			if t.user == user { // the user's own only
				out = append(out, t.row(!f.noCurrent && t == l.token))
			}
		}
		l.result(q.ID, out)
	case "auth/delete_refresh_token":
		t := f.tokens[q.Token]
		if t == nil || t.user != user {
			l.no(q.ID, "invalid_token_id", "Received invalid token")
			return
		}
		if !f.deleteLies {
			delete(f.tokens, q.Token)
			for other := range f.lines {
				if other.token == t { // async_register_revoke_token_callback
					_ = other.conn.Close()
				}
			}
		}
		l.result(q.ID, map[string]any{})
	default:
		l.no(q.ID, "unknown_command", "Unknown command.")
	}
}

// row is a token in the list. That of a long-lived one was "used" when it was
// made and never since (auth/__init__.py, async_create_access_token).
func (t *fakeToken) row(current bool) map[string]any {
	made := time.Now().Add(-100 * 24 * time.Hour)
	out := map[string]any{
		"id": t.id, "client_id": nil, "client_name": nil, "client_icon": nil, "type": t.kind, "created_at": made.Format(time.RFC3339Nano), "is_current": current,
		"last_used_at": made.Format(time.RFC3339Nano), "last_used_ip": nil, "auth_provider_type": nil,
	}
	if t.name != "" {
		out["client_name"] = t.name
	}
	if t.client != "" {
		out["client_id"] = t.client
	}
	if t.used {
		out["last_used_at"], out["last_used_ip"] = time.Now().Format(time.RFC3339Nano), "127.0.0.1"
	}
	return out
}

// keepData follows components/frontend/storage.py.
func (f *fake) keepData(l *fakeLine, q fakeAsk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	mine := f.data[l.token.user]
	if mine == nil {
		mine = map[string]json.RawMessage{}
		f.data[l.token.user] = mine
	}
	if q.Type == "frontend/get_user_data" {
		l.result(q.ID, map[string]any{"value": mine[q.Key]})
		return
	}
	mine[q.Key] = q.Value
	l.result(q.ID, nil)
}

// hangsUp resets the connection.
func hangsUp(w http.ResponseWriter) bool {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = c.Close()
	}
	return true
}

func (f *fake) count(command string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[command]
}

// testingT is what both kinds of tests have.
var _ connectortest.T = (*testing.T)(nil)

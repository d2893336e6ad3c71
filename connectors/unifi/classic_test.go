package unifi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

const classicPassword = "unifi-pass-2718281828"

// older stands in for a console before 10.1. Its answers follow connectors.md
// 4.3 and what the widely used clients of the interface send and read: an
// envelope with meta and data, a cookie with a word against forged requests,
// devices that vanish from stat/sta while they are shut out, and a log-in that
// is limited to a few a minute.
type older struct {
	mu       sync.Mutex // guards all below
	program  bool       // no system of its own: other doors, no prefix
	password string
	refused  int
	logins   int
	limited  bool
	sessions map[string]bool
	users    []user
	readOnly bool
	deaf     bool
	distrust bool
}

func newOlder() *older {
	o := &older{password: classicPassword, sessions: map[string]bool{}}
	o.reset()
	return o
}

func (o *older) with(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

func (o *older) reset() {
	o.users = []user{
		{ID: "64aa01", MAC: cameraAt, IP: "192.168.77.11", Hostname: "bell", Note: "bought in May"},
		{ID: "64aa02", MAC: "02:00:00:00:00:02", IP: "192.168.77.12", Name: "plug"},
	}
}

func envelope(w http.ResponseWriter, status int, rc, msg string, data any) {
	answer(w, status, map[string]any{"meta": map[string]string{"rc": rc, "msg": msg}, "data": data})
}

func (o *older) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	door, cookie, prefix := "/api/auth/", "TOKEN", "/proxy/network"
	if o.program {
		door, cookie, prefix = "/api/", "unifises", ""
	}
	c, err := q.Cookie(cookie)
	known := err == nil && o.sessions[c.Value] && !o.distrust
	path, below := strings.CutPrefix(q.URL.Path, prefix+"/api/s/default")
	switch {
	case q.URL.Path == door+"login":
		o.login(w, q, cookie)
	case q.URL.Path == door+"logout":
		if known {
			delete(o.sessions, c.Value)
		}
		envelope(w, 200, "ok", "", []any{})
	case !below:
		http.NotFound(w, q)
	case !known:
		envelope(w, 401, "error", "api.err.LoginRequired", []any{})
	case q.Method == http.MethodPost && q.Header.Get("X-CSRF-Token") != "word-of-"+c.Value:
		envelope(w, 403, "error", "api.err.Forbidden", []any{})
	default:
		o.serve(w, q, path)
	}
}

func (o *older) login(w http.ResponseWriter, q *http.Request, cookie string) {
	var in struct{ Username, Password string }
	if err := json.NewDecoder(q.Body).Decode(&in); err != nil {
		envelope(w, 400, "error", "api.err.Invalid", []any{})
		return
	}
	if o.limited {
		w.Header().Set("Retry-After", "300")
		answer(w, 429, map[string]any{"code": "AUTHENTICATION_FAILED_LIMIT_REACHED"})
		return
	}
	if in.Username != "best" || in.Password != o.password {
		o.refused++
		answer(w, 403, map[string]any{"code": "AUTHENTICATION_FAILED_INVALID_CREDENTIALS"})
		return
	}
	o.logins++
	id := fmt.Sprintf("unifi-session-%d", o.logins)
	o.sessions[id] = true
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, Path: "/"})
	w.Header().Set("X-CSRF-Token", "word-of-"+id)
	envelope(w, 200, "ok", "", []any{})
}

func (o *older) serve(w http.ResponseWriter, q *http.Request, path string) {
	id, isNote := strings.CutPrefix(path, "/upd/user/")
	switch {
	case path == "/list/user":
		envelope(w, 200, "ok", "", o.users)
	case path == "/stat/sta":
		envelope(w, 200, "ok", "", slices.DeleteFunc(slices.Clone(o.users), func(u user) bool { return u.Blocked }))
	case o.readOnly:
		envelope(w, 403, "error", "api.err.NoPermission", []any{})
	case isNote:
		var in struct{ Note string }
		_ = json.NewDecoder(q.Body).Decode(&in)
		o.change(func(u user) bool { return u.ID == id }, func(u *user) { u.Note = in.Note })
		envelope(w, 200, "ok", "", []any{})
	case path == "/cmd/stamgr":
		var in struct{ Cmd, MAC string }
		_ = json.NewDecoder(q.Body).Decode(&in)
		if !o.deaf {
			o.change(func(u user) bool { return u.MAC == in.MAC }, func(u *user) { u.Blocked = in.Cmd == "block-sta" })
		}
		envelope(w, 200, "ok", "", []any{})
	default:
		envelope(w, 404, "error", "api.err.NotFound", []any{})
	}
}

func (o *older) change(which func(user) bool, how func(*user)) {
	for i := range o.users {
		if which(o.users[i]) {
			how(&o.users[i])
		}
	}
}

func (o *older) user(mac string) (out user) {
	o.with(func() {
		out = o.users[slices.IndexFunc(o.users, func(u user) bool { return u.MAC == mac })]
	})
	return out
}

func classicSettings(at string) connectors.Settings {
	return connectors.Settings{Values: map[string]string{optAddress: at, optUsername: "best"}, Secrets: map[string]consent.SecretRef{optPassword: "pw"}}
}

func openClassic(t connectortest.T, at string) (*ClassicSession, error) {
	ses, err := NewClassic().Open(context.Background(), classicSettings(at), connectortest.Host(func(consent.SecretRef) string { return classicPassword }))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = ses.Close() })
	return ses.(*ClassicSession), nil
}

func startOlder(t testing.TB) (*older, *connectortest.Gate, string) {
	o, gate := newOlder(), &connectortest.Gate{}
	srv := httptest.NewServer(gate.Wrap(o))
	t.Cleanup(srv.Close)
	return o, gate, srv.URL
}

func classicOptions(t *testing.T, o *older, gate *connectortest.Gate, at string) connectortest.Options {
	return connectortest.Options{
		Open: func(ct connectortest.T) connectors.Session {
			o.with(o.reset)
			s, err := openClassic(ct, at)
			if err != nil {
				ct.Fatalf("%v", err)
			}
			return s
		},
		Target: target(cameraAt), Other: target("02:00:00:00:00:02"),
		Try:   func(_ connectortest.T, to connectors.Target) bool { return !o.user(macsOf(to)[0]).Blocked },
		Break: gate.Break, Busy: gate.Busy,
		Forget:  func(connectortest.T) { o.with(o.reset) },
		Secrets: []string{classicPassword, "unifi-session-", "word-of-"},
	}
}

func TestClassicConformance(t *testing.T) {
	for _, program := range []bool{false, true} {
		t.Run(fmt.Sprintf("program %v", program), func(t *testing.T) {
			o, gate, at := startOlder(t)
			o.program = program
			connectortest.Run(t, classicOptions(t, o, gate, at))
		})
	}
}

// TestTheSuiteSeesAConsoleThatLetsThemIn is its twin.
func TestTheSuiteSeesAConsoleThatLetsThemIn(t *testing.T) {
	o, gate, at := startOlder(t)
	o.deaf = true
	if len(connectortest.Check(classicOptions(t, o, gate, at))) == 0 {
		t.Error("nothing was found wrong with a console that shuts nobody out")
	}
}

func TestClassicFaultSweep(t *testing.T) { connectortest.Sweep(t, classicSetup()) }

// classicSetup is the older interface in front of its stand-in.
func classicSetup() connectortest.Setup {
	return connectortest.Setup{
		Connector: NewClassic(), Name: "UniFi", Target: target(cameraAt),
		Stand: func(connectortest.T) connectortest.Stand {
			o := newOlder()
			return connectortest.Stand{
				Handler:  o,
				MayNot:   func() { o.with(func() { o.readOnly = true }) },
				Change:   func() { o.with(func() { o.password = "another"; clear(o.sessions) }) },
				Refused:  func() (n int) { o.with(func() { n = o.refused }); return n },
				Expire:   func() { o.with(func() { clear(o.sessions) }) },
				SignedIn: func() (n int) { o.with(func() { n = o.logins }); return n },
				Sessions: func() (n int) { o.with(func() { n = len(o.sessions) }); return n },
				Distrust: func() { o.with(func() { o.distrust = true }) },
			}
		},
		Settings: classicSettings,
		Secrets:  map[consent.SecretRef]string{"pw": classicPassword},
		Never:    []string{"unifi-session-", "word-of-"},
	}
}

// What the household wrote in the note stays, and whom it had shut out itself
// stays out when ours is lifted.
func TestWhatTheHouseholdSetStays(t *testing.T) {
	for _, before := range []bool{false, true} {
		o, _, at := startOlder(t)
		o.with(func() { o.users[0].Blocked = before })
		s, err := openClassic(t, at)
		if err != nil {
			t.Fatal(err)
		}
		var rcs []connectors.Receipt
		for _, mark := range []string{"consent-1", "consent-2"} {
			rc, err := s.Block(t.Context(), connectors.BlockRequest{Mark: mark, Target: target(cameraAt)})
			if err != nil || rc.Level != consent.Configured {
				t.Fatalf("%+v, %v", rc, err)
			}
			rcs = append(rcs, rc)
		}
		for i, rc := range rcs {
			if _, err := s.Unblock(t.Context(), rc); err != nil {
				t.Fatal(err)
			}
			if want := i == 0 || before; o.user(cameraAt).Blocked != want {
				t.Errorf("shut out before %v: after lifting %d it is shut out: %v", before, i+1, !want)
			}
		}
		if n := o.user(cameraAt).Note; n != "bought in May" {
			t.Errorf("the note is %q", n)
		}
	}
}

// A console that limits log-ins is left alone until it says, and nothing is
// asked meanwhile.
func TestALimitedLogInWaits(t *testing.T) {
	o, gate, at := startOlder(t)
	o.limited = true
	_, err := openClassic(t, at)
	if connectors.KindOf(err) != consent.KindTransient || gate.Asked() != 1 {
		t.Errorf("%v after %d requests", err, gate.Asked())
	}
	if e := (*connectors.Error)(nil); !errors.As(err, &e) || time.Until(e.RetryAt) < 290*time.Second {
		t.Errorf("it is tried again too early: %v", err)
	}
}

// FuzzNote: our marks come out of a note as they went in, and the rest stays.
func FuzzNote(f *testing.F) {
	f.Add("\n")
	f.Add("bought in May\nbestbefore:a (was shut out before)\n\nbestbefore:")
	f.Fuzz(func(t *testing.T, note string) {
		marks, rest := marksOf(note)
		again, left := marksOf(noteOf(marks, rest))
		if len(again) != len(marks) || strings.Join(left, "\n") != strings.Join(rest, "\n") {
			t.Fatalf("%q: %v %q, then %v %q", note, marks, rest, again, left)
		}
	})
}

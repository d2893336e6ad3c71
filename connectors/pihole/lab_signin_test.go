//go:build lab && linux

package pihole

import (
	"net/http"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

type realSession struct {
	ID      int    `json:"id"`
	Current bool   `json:"current_session"`
	Agent   string `json:"user_agent"`
	App     bool   `json:"app"`
}

// signIn signs in as its own page does.
func (f *real) signIn(password string) (sid string, status int) {
	f.t.Helper()
	var a authAnswer
	status = f.api(http.MethodPost, "/api/auth", "", map[string]string{"password": password}, &a)
	if a.Session != nil && a.Session.SID != nil {
		sid = *a.Session.SID
	}
	return sid, status
}

func (f *real) sessions(sid string) []realSession {
	f.t.Helper()
	var out struct {
		Sessions []realSession `json:"sessions"`
	}
	if status := f.api(http.MethodGet, "/api/auth/sessions", sid, nil, &out); status != http.StatusOK {
		f.t.Fatalf("its sessions: %d", status)
	}
	return out.Sessions
}

// TestLabPiholeSignIn: a wrong password is tried once and counts; a session that
// somebody ends is replaced without a word; ours is given back; no free seat and
// too many tries are said as what they are.
func TestLabPiholeSignIn(t *testing.T) {
	lab(t, func(f *real) {
		_, err := New().Open(t.Context(), settings("http://"+realPage, "wrong"), connectortest.Host(nil))
		if connectors.KindOf(err) != consent.KindSignIn {
			t.Errorf("a wrong password: %v", err)
		}
		admin, status := f.signIn(connectortest.RealPassword)
		if status != http.StatusOK || admin == "" {
			t.Fatalf("signing in: %d", status)
		}
		s := f.open(t)
		if err := s.Probe(t.Context()); err != nil {
			t.Error(err)
		}
		ours := func() (n int) {
			for _, x := range f.sessions(admin) {
				if !x.Current {
					n++
				}
			}
			return n
		}
		if n := ours(); n != 1 {
			t.Errorf("%d sessions of ours", n)
		}
		for _, x := range f.sessions(admin) { // the household ends it on its page
			if !x.Current {
				if status := f.api(http.MethodDelete, "/api/auth/session/"+string(rune('0'+x.ID)), admin, nil, nil); status != http.StatusNoContent {
					t.Errorf("ending a session: %d", status)
				}
			}
		}
		if n := ours(); n != 0 {
			t.Errorf("%d sessions of ours after they were ended", n)
		}
		if err := s.Probe(t.Context()); err != nil {
			t.Errorf("after its session was ended: %v", err)
		}
		if n := ours(); n != 1 {
			t.Errorf("%d sessions of ours after it signed in anew", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if n := ours(); n != 0 {
			t.Errorf("%d sessions of ours are left", n)
		}
		for status == http.StatusOK { // until no seat is free
			_, status = f.signIn(connectortest.RealPassword)
		}
		if status != http.StatusTooManyRequests {
			t.Errorf("no seat free: %d", status)
		}
		_, err = New().Open(t.Context(), settings("http://"+realPage, connectortest.RealPassword), connectortest.Host(nil))
		if k := connectors.KindOf(err); err == nil || k != consent.KindTransient {
			t.Errorf("no seat free: %s, %v", k, err)
		}
		t.Logf("no seat free: %v", err)
	})
}

// TestLabPiholePasswords: an application password, another password meanwhile,
// and none at all.
func TestLabPiholePasswords(t *testing.T) {
	lab(t, func(f *real) {
		admin, _ := f.signIn(connectortest.RealPassword)
		var made struct {
			App struct{ Password, Hash string } `json:"app"`
		}
		if status := f.api(http.MethodGet, "/api/auth/app", admin, nil, &made); status != http.StatusOK {
			t.Fatalf("making an application password: %d", status)
		}
		f.set("webserver.api.app_pwhash", made.App.Hash)
		var s *Session
		connectortest.Until(t, "the application password is taken", func() bool {
			opened, err := New().Open(t.Context(), settings("http://"+realPage, made.App.Password), connectortest.Host(nil))
			if err == nil {
				s = opened.(*Session)
			}
			return err == nil
		})
		t.Cleanup(func() { _ = s.Close() })
		r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-app", Target: connectors.Target{Addresses: []string{"127.0.0.7"}, Recipient: consent.Recipient{Any: true}}})
		if err != nil || r.Level != consent.Configured {
			t.Errorf("a block by an application: %+v, %v", r, err)
		}
		connectortest.Until(t, "it is refused", func() bool { return !f.answered("127.0.0.7", "some.example") })
		if _, err := s.Unblock(t.Context(), r); err != nil {
			t.Error(err)
		}
		// What a person is told to do when the connection is removed ends it.
		if steps := strings.Join(New().Spec().Stays.Steps, " "); !strings.Contains(steps, "webserver.api.app_pwhash ''") {
			t.Errorf("another way is told than the one tried here: %s", steps)
		}
		f.set("webserver.api.app_pwhash", "")
		connectortest.Until(t, "the application password is refused", func() bool { _, status := f.signIn(made.App.Password); return status == http.StatusUnauthorized })
		f.set("webserver.api.password", "another-one-7")
		connectortest.Until(t, "the old password is refused", func() bool {
			_, status := f.signIn(connectortest.RealPassword)
			return status == http.StatusUnauthorized
		})
		if _, err := New().Open(t.Context(), settings("http://"+realPage, connectortest.RealPassword), connectortest.Host(nil)); connectors.KindOf(err) != consent.KindSignIn {
			t.Errorf("with the password from before: %v", err)
		}
		f.set("webserver.api.password", "")
		connectortest.Until(t, "no password is needed", func() bool { _, status := f.signIn(""); return status == http.StatusOK })
		set := settings("http://"+realPage, "")
		clear(set.Secrets)
		open, err := New().Open(t.Context(), set, connectortest.Host(nil))
		if err != nil {
			t.Fatalf("without a password: %v", err)
		}
		if _, err := open.(*Session).PeerTime(t.Context()); err != nil {
			t.Errorf("its clock: %v", err)
		}
		_ = open.Close()
		if _, err := New().Open(t.Context(), settings("http://"+realPage, "one-too-many"), connectortest.Host(nil)); err != nil && strings.Contains(err.Error(), "one-too-many") {
			t.Errorf("a password where none is set: %v", err)
		}
	})
}

package lifecycle

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors/connectortest"
	"bestbefore/connectors/homeassistant"
	"bestbefore/consent"
)

// gone reports whether a connection is removed and its token with it.
func (l *linkedHome) gone(t *testing.T) bool {
	t.Helper()
	info, err := l.e.Connectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.secret(t.Context(), consent.SecretRef(l.conn.ID+"/token"))
	if removed := len(info.Connections) == 0; removed != (err != nil) {
		t.Errorf("removed %v, but its token: %v", removed, err)
	}
	return err != nil
}

// TestAnAccountIsEndedAndThenRemoved: what removing means is said, the access is
// ended at the real server and tried there, and then the connection goes. The
// twins: an issuer that only says yes, and one that revokes nothing: it stays.
func TestAnAccountIsEndedAndThenRemoved(t *testing.T) {
	real := connectortest.StartIssuer(t, "fosite")
	for name, c := range map[string]struct {
		meddle func(http.ResponseWriter, *http.Request) bool
		why    string
	}{
		"ended":             {},
		"only acknowledged": {liar, "acknowledged, not revoked"},
		"revokes nothing":   {notThat("refresh_token", "access_token"), "end it on its own page"},
	} {
		t.Run(name, func(t *testing.T) {
			b := standBetween(t, real)
			l := linkedTo(t, b.Issuer, Config{})
			info, err := l.e.Allow(t.Context(), l.allow("1h"))
			if err != nil {
				t.Fatal(err)
			}
			refresh, access := l.tokens(t)
			p, err := l.e.PreviewRemove(t.Context(), l.conn.ID)
			if err != nil || !p.Ends || !strings.Contains(p.Stays, "stays valid at 127.0.0.1") || len(p.Steps) == 0 || len(p.Rests) != 1 {
				t.Fatalf("%+v, %v", p, err)
			}
			if c.meddle != nil {
				b.answers(c.meddle)
			}
			said, err := l.e.EndAndRemove(t.Context(), l.conn.ID, "test")
			now, consentErr := l.e.Consent(t.Context(), info.ID)
			if consentErr != nil {
				t.Fatal(consentErr)
			}
			if c.why == "" {
				if err != nil || !strings.Contains(said, "tried, and refused") || !l.gone(t) || l.active(t, refresh) || l.active(t, access) || now.Decided != consent.Revoked {
					t.Errorf("%q, %v, %s", said, err, now.Decided)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "stays connected") || !strings.Contains(err.Error(), c.why) || l.gone(t) || now.Decided != consent.Given {
				t.Errorf("%q, %v, %s", said, err, now.Decided)
			}
			if refresh, _ = l.tokens(t); !l.active(t, refresh) {
				t.Error("it was ended after all, so this shows nothing")
			}
		})
	}
}

// TestAnAccountIsOnlyForgotten: the token is deleted here and works on there,
// and that is in the diary. It may be forgotten although its provider is away.
func TestAnAccountIsOnlyForgotten(t *testing.T) {
	l := openLinked(t)
	refresh, _ := l.tokens(t)
	if err := l.e.RemoveConnection(t.Context(), l.conn.ID); err != nil || !l.gone(t) || !l.active(t, refresh) {
		t.Errorf("%v, or it was ended too", err)
	}
	if told := diaryKinds(t, l.e); !strings.Contains(told, "only forgotten here") || !strings.Contains(told, "stays valid") {
		t.Errorf("the diary: %s", told)
	}
}

// TestOurTokenOfAHomeAssistantIsEndedAndItsConnectionRemoved. The twin only says yes.
func TestOurTokenOfAHomeAssistantIsEndedAndItsConnectionRemoved(t *testing.T) {
	for _, dead := range []bool{false, true} {
		hub := startHub(t)
		hub.dead = dead
		at := hubAt{hub.URL, hubToken, phoneToken} // never at a real one: its token is needed again
		e, _ := withHub(t, at)
		info, err := e.Connectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn := info.Connections[slices.IndexFunc(info.Connections, func(c engine.ConnectionInfo) bool { return c.Kind == homeassistant.Kind })].ID
		p, err := e.PreviewRemove(t.Context(), conn)
		if err != nil || !p.Ends || !strings.Contains(p.Stays, "long-lived token") || len(p.Steps) != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		said, err := e.EndAndRemove(t.Context(), conn, "test")
		if info, connErr := e.Connectors(t.Context()); connErr != nil || (len(info.Connections) == 0) == dead {
			t.Errorf("%d left, %v", len(info.Connections), connErr)
		}
		want := http.StatusUnauthorized
		if dead {
			want = http.StatusOK
		}
		if (err != nil) != dead || at.answered(t, at.token) != want || at.answered(t, at.phone) != http.StatusOK {
			t.Errorf("dead %v: %q, %v, our token is answered with %d", dead, said, err, at.answered(t, at.token))
		}
	}
}

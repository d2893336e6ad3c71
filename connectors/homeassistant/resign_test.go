package homeassistant

import (
	"net/http"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// Our own token is ended when the household asks for just that, and tried
// afterwards. The twin: a Home Assistant that says yes and keeps it.
func TestOurOwnTokenIsResigned(t *testing.T) {
	for _, lies := range []bool{false, true} {
		f := newFake(t)
		f.with(func() { f.deleteLies = lies })
		s := open(t, f.URL, ownToken)
		if g, works := s.Given(); !g.Own || !works || g.Name == "" {
			t.Errorf("before: %+v, %v", g, works)
		}
		r, err := s.Resign(t.Context())
		if lies {
			if connectors.KindOf(err) != consent.KindPermanent || !strings.Contains(err.Error(), "still takes it") || status(t, f.URL, ownToken) != http.StatusOK {
				t.Errorf("it still works, but: %+v, %v", r, err)
			}
			continue
		}
		if err != nil || r.Level != consent.Configured || status(t, f.URL, ownToken) != http.StatusUnauthorized || status(t, f.URL, phoneToken) != http.StatusOK {
			t.Fatalf("%+v, %v", r, err)
		}
		if r, err = s.Resign(t.Context()); err != nil || r.Level != consent.Configured {
			t.Errorf("a second time: %+v, %v", r, err)
		}
		if _, works := s.Given(); works {
			t.Error("it is said to work")
		}
	}
}

//go:build lab && linux

package pihole

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// left says what of ours, and of anybody, stands in its tables.
func (f *real) left(s *Session) (groups, rules, members int) {
	f.t.Helper()
	t, err := s.tables(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return len(t.groups), len(t.rules), len(t.members)
}

// TestLabPiholeManyNames: a company of a hundred names is more than one rule; all
// of them are refused, also below them, and none is left over.
func TestLabPiholeManyNames(t *testing.T) {
	lab(t, func(f *real) {
		const bell = "127.0.0.7"
		to := consent.Recipient{Name: "A company of many names"}
		for i := range 100 {
			to.Destinations = append(to.Destinations, fmt.Sprintf("a-rather-long-name-of-a-service-%03d.of-a.company.example", i))
		}
		s := f.open(t)
		r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent+many names/%", Target: connectors.Target{Addresses: []string{bell, "fd00::7"}, Recipient: to}})
		if err != nil || r.Level != consent.Configured {
			t.Fatalf("%+v, %v", r, err)
		}
		connectortest.Until(t, "it is refused", func() bool { return !f.answered(bell, to.Destinations[99]) })
		for _, n := range to.Destinations {
			if f.answered(bell, n) || f.answered(bell, "video."+n) || !f.answered(bell, "x"+n) || !f.answered("127.0.0.8", n) {
				t.Fatalf("%s: the wrong thing is refused", n)
			}
		}
		connectortest.Until(t, "that it is refused is seen", func() bool {
			v, err := s.Verify(t.Context(), r)
			return err != nil || v.Level == consent.Effective && v.Refused == 201
		})
		if _, err := s.Unblock(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if g, d, c := f.left(s); g != 1 || d != 0 || c != 0 {
			t.Errorf("left over: %d groups, %d rules, %d members", g, d, c)
		}
	})
}

// TestLabPiholeHouseholdsRules: what the household allows goes before a block,
// which is then not called whole; without it, it is.
func TestLabPiholeHouseholdsRules(t *testing.T) {
	lab(t, func(f *real) {
		const bell = "127.0.0.7"
		s := f.open(t)
		admin, _ := f.signIn(connectortest.RealPassword)
		allowed := map[string]string{"allow/exact": "video.maker.example", "allow/regex": "^sound[0-9]*[.]maker[.]example$"}
		for _, to := range []consent.Recipient{maker(), {Any: true}} {
			for path, rule := range allowed {
				if status := f.api(http.MethodPost, "/api/domains/"+path, admin, map[string]any{"domain": rule, "groups": []int{0}, "enabled": true}, nil); status != http.StatusCreated {
					t.Fatal(status)
				}
			}
			r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-allowed", Target: connectors.Target{Addresses: []string{bell}, Recipient: to}})
			if err != nil || r.Level != consent.Accepted || !strings.Contains(r.Text, "own list allows") {
				t.Errorf("%+v, %v", r, err)
			}
			if f.answered(bell, "other.maker.example") || !f.answered(bell, "video.maker.example") || !f.answered(bell, "sound7.maker.example") {
				t.Error("what is allowed does not go before what is refused any more")
			}
			if v, err := s.Verify(t.Context(), r); err != nil || v.Level != consent.Accepted || v.Seen == consent.Stopped {
				t.Errorf("%+v, %v", v, err)
			}
			for path, rule := range allowed {
				if status := f.api(http.MethodDelete, "/api/domains/"+path+"/"+inPath(rule), admin, nil, nil); status != http.StatusNoContent {
					t.Error(status)
				}
			}
			connectortest.Until(t, "all of it is refused", func() bool { return !f.answered(bell, "video.maker.example") })
			connectortest.Until(t, "that is seen", func() bool {
				f.answered(bell, "video.maker.example")
				v, err := s.Verify(t.Context(), r)
				return err == nil && v.Level == consent.Effective && v.Seen == consent.Stopped
			})
			if _, err := s.Unblock(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestLabPiholeConformance is the suite against the real program.
func TestLabPiholeConformance(t *testing.T) {
	lab(t, func(f *real) {
		clear := func() {
			s := f.open(t)
			if err := s.Leave(t.Context()); err != nil {
				t.Fatal(err)
			}
			connectortest.Until(t, "nothing is refused", func() bool {
				return f.answered("127.0.0.7", "video.maker.example") && f.answered("127.0.0.8", "some.where.example")
			})
			_ = s.Close()
		}
		connectortest.Run(t, connectortest.Options{
			Open: func(ct connectortest.T) connectors.Session {
				clear()
				return connectortest.AsFlows(f.open(ct))
			},
			Target: connectors.Target{Addresses: []string{"127.0.0.7"}, Recipient: maker()},
			Other:  connectors.Target{Addresses: []string{"127.0.0.8"}, Recipient: consent.Recipient{Name: "anyone", Any: true}},
			Try: func(_ connectortest.T, tg connectors.Target) bool {
				name := "video.maker.example"
				if tg.Recipient.Any {
					name = "some.where.example"
				}
				return f.answered(tg.Addresses[0], name)
			},
			Send:         func(_ connectortest.T, port uint16) { f.answered("127.0.0.9", connectortest.PortName(port)) },
			SeesWhileOff: true,
			Forget:       func(connectortest.T) { clear() },
			Secrets:      []string{connectortest.RealPassword},
		})
	})
}

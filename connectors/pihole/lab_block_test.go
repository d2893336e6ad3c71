//go:build lab && linux

package pihole

import (
	"fmt"
	"net/http"
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

// TestLabPiholeHouseholdsRules: what the household itself allows.
func TestLabPiholeHouseholdsRules(t *testing.T) {
	lab(t, func(f *real) {
		const bell = "127.0.0.7"
		s := f.open(t)
		admin, _ := f.signIn(fakePassword)
		if status := f.api(http.MethodPost, "/api/domains/allow/exact", admin, map[string]any{"domain": "video.maker.example", "groups": []int{0}, "enabled": true}, nil); status != http.StatusCreated {
			t.Fatal(status)
		}
		if status := f.api(http.MethodPost, "/api/domains/deny/exact", admin, map[string]any{"domain": "ads.maker.example", "groups": []int{0}, "enabled": true}, nil); status != http.StatusCreated {
			t.Fatal(status)
		}
		for _, to := range []consent.Recipient{maker(), {Any: true}} {
			r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-allowed", Target: connectors.Target{Addresses: []string{bell}, Recipient: to}})
			t.Logf("%+v, %v", r, err)
			connectortest.Until(t, "it is refused", func() bool { return !f.answered(bell, "other.maker.example") })
			t.Logf("allowed: %v, denied: %v", f.answered(bell, "video.maker.example"), f.answered(bell, "ads.maker.example"))
			for range 3 {
				v, err := s.Verify(t.Context(), r)
				t.Logf("%+v, %v", v, err)
				f.logged(s, bell, 1)
			}
			if _, err := s.Unblock(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			connectortest.Until(t, "it is answered again", func() bool { return f.answered(bell, "other.maker.example") })
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
			Secrets:      []string{fakePassword},
		})
	})
}

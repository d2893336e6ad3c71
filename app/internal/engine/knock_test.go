package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/discovery"
)

// street is a home whose boxes all answer as a hub at port 8080 of every address;
// it writes down where was knocked.
type street struct {
	*home
	asked []string
}

func newStreet(t *testing.T) *street {
	s := &street{home: newHome(t)}
	s.Knock = func(_ context.Context, at netip.Addr, k connectors.Knock) (connectors.KnockAnswer, error) {
		s.asked = append(s.asked, fmt.Sprintf("%s:%d%s", at, k.Port, k.Path))
		if k.Port != 8080 {
			return connectors.KnockAnswer{}, errors.New("connection refused")
		}
		return connectors.KnockAnswer{Status: 200, Body: []byte("I am a hub")}, nil
	}
	return s
}

func (s *street) box(mac, addr string, role discovery.Role) {
	s.Sight(discovery.Sighting{
		Source: discovery.SourceNeighbor, At: s.now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Addresses: []netip.Addr{netip.MustParseAddr(addr)}, Role: role,
	})
}

func (s *street) knock() []string {
	s.t.Helper()
	s.asked = nil
	if err := s.KnockAround(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return s.asked
}

func (s *street) found() (out []string) {
	s.t.Helper()
	info, err := s.Connectors(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range info.Found {
		out = append(out, f.Kind+" "+f.Values["address"])
	}
	return out
}

// The router is asked once a day what it is, and offered until it is connected;
// the box beside it, which would answer just the same, is never asked.
func TestTheRouterIsAskedWhatItIs(t *testing.T) {
	s := newStreet(t)
	s.box("02:00:00:00:00:01", "192.168.77.1", discovery.RoleRouter)
	s.box("04:00:00:00:00:01", "192.168.77.6", discovery.RoleOrdinary)
	if got := s.knock(); !slices.Equal(got, []string{"192.168.77.1:443/hub", "192.168.77.1:8080/hub"}) {
		t.Errorf("asked %q", got)
	}
	if got := s.found(); !slices.Equal(got, []string{"hub http://192.168.77.1:8080"}) {
		t.Errorf("found %q", got)
	}
	if o, err := s.Overview(t.Context()); err != nil || !slices.Equal(o.Found, []string{"Hub"}) {
		t.Errorf("on the first page: %q, %v", o.Found, err)
	}
	s.now = s.now.Add(23 * time.Hour)
	if got := s.knock(); len(got) > 0 {
		t.Errorf("asked again the same day: %q", got)
	}
	s.now = s.now.Add(2 * time.Hour)
	if got := s.knock(); len(got) != 2 {
		t.Errorf("the next day asked %q", got)
	}
	conn := connectors.Connection{ID: "k9", Kind: "hub", Settings: connectors.Settings{Values: map[string]string{"address": "http://192.168.77.1:8080"}}}
	if err := s.st.SaveConnection(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if got := s.found(); len(got) > 0 {
		t.Errorf("connected, but offered: %q", got)
	}
	if o, err := s.Overview(t.Context()); err != nil || len(o.Found) > 0 {
		t.Errorf("connected, but on the first page: %q, %v", o.Found, err)
	}
}

// A name server at home is a door too; one on the internet is not, and neither is
// an address that a device only claims, or the same one with another box behind.
func TestNameServersAtHomeAreAsked(t *testing.T) {
	s := newStreet(t)
	s.resolvers = []netip.Addr{netip.MustParseAddr("192.168.77.9"), netip.MustParseAddr("9.9.9.9"), netip.MustParseAddr("192.168.77.8")}
	s.box("02:00:00:00:00:01", "192.168.77.9", discovery.RoleOrdinary)
	s.box("04:00:00:00:00:01", "9.9.9.9", discovery.RoleOrdinary)
	s.Sight(discovery.Sighting{
		Source: discovery.SourceMDNS, At: s.now, Claimed: true, Identifiers: []discovery.Identifier{{Type: discovery.Hostname, Value: "liar.local"}},
		Addresses: []netip.Addr{netip.MustParseAddr("192.168.77.8")},
	})
	for _, at := range s.knock() {
		if at[:len("192.168.77.9")] != "192.168.77.9" {
			t.Errorf("asked %s", at)
		}
	}
	if got := s.found(); !slices.Equal(got, []string{"hub http://192.168.77.9:8080"}) {
		t.Errorf("found %q", got)
	}
	// Another network: a new router at another address is a new door.
	s.box("06:00:00:00:00:01", "192.168.1.1", discovery.RoleRouter)
	if got := s.knock(); len(got) != 2 {
		t.Errorf("asked %q", got)
	}
}

// Without the means to ask, nothing is asked and nothing is offered.
func TestNobodyIsAskedWithoutMeans(t *testing.T) {
	s := newStreet(t)
	s.Knock = nil
	s.box("02:00:00:00:00:01", "192.168.77.1", discovery.RoleRouter)
	if got := s.knock(); len(got) > 0 || len(s.found()) > 0 {
		t.Errorf("asked %q, found %q", got, s.found())
	}
}

// In a crowd the doors are bounded.
func TestDoorsAreBounded(t *testing.T) {
	s := newStreet(t)
	for i := range 40 {
		s.box(fmt.Sprintf("02:00:00:00:01:%02x", i), fmt.Sprintf("192.168.77.%d", i+1), discovery.RoleRouter)
	}
	if got := s.knock(); len(got) != 16 {
		t.Errorf("%d pages were asked for", len(got))
	}
}

// What is kept of the doors is damaged: it is begun anew, is readable again, and is
// not said with every look. The twin is the same without damage: nobody is asked again.
func TestWhatIsKeptOfTheDoorsIsBegunAnew(t *testing.T) {
	for damage, again := range map[string]bool{"{\"d1@": true, "null": true, "": false} {
		s := newStreet(t)
		var said bytes.Buffer
		s.Log = slog.New(slog.NewTextHandler(&said, nil))
		s.box("02:00:00:00:00:01", "192.168.77.1", discovery.RoleRouter)
		s.knock()
		if damage != "" {
			if err := s.st.SetSetting(t.Context(), "knocked", damage); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			s.found() // reads it too
		}
		if got := s.knock(); len(got) > 0 != again {
			t.Errorf("%q: asked %q", damage, got)
		}
		if got := s.knock(); len(got) > 0 {
			t.Errorf("%q: asked again %q", damage, got)
		}
		if n := strings.Count(said.String(), "cannot be read"); n != map[bool]int{true: 1}[again] {
			t.Errorf("%q: said %d times: %s", damage, n, &said)
		}
	}
}

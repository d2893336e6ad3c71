//go:build lab && linux

package adguardhome

import (
	"context"
	"net"
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// TestLabAdGuardHome holds the fake against the real program, where a developer
// names it: two devices ask; names are refused to one of them, first those of one
// company, then all, and then no more; no question is lost.
func TestLabAdGuardHome(t *testing.T) {
	program := connectortest.AdGuardProgram()
	if program == "" {
		t.Skip(connectortest.NoAdGuard)
	}
	if !connectortest.Inside(t) {
		return
	}
	const server = "127.0.0.1:53"
	set := settings(connectortest.StartAdGuardHome(t, program, "", "127.0.0.1"), connectortest.RealPassword)
	set.Values[optUsername] = connectortest.RealUser
	opened, err := New().Open(t.Context(), set, connectortest.Host(nil))
	if err != nil {
		t.Fatal(err)
	}
	s := opened.(*Session)
	s.Every = 100 * time.Millisecond
	t.Cleanup(func() { _ = s.Leave(context.Background()); _ = s.Close() })
	if err := s.learn(t.Context()); err != nil {
		t.Errorf("who is who: %v", err)
	}
	if at, err := s.PeerTime(t.Context()); err != nil || time.Until(at).Abs() > time.Minute {
		t.Errorf("its clock: %s, %v", at, err)
	}
	ask := func(client, name string) bool {
		d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(client)}, Timeout: time.Second}
		r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "udp", server) }}
		as, err := r.LookupNetIP(t.Context(), "ip4", name)
		return err == nil && len(as) > 0 && !as[0].IsUnspecified()
	}
	w := connectortest.Watch(t, s, nil)
	w.Begun()
	const bell, other = "127.0.0.7", "127.0.0.8"
	for range 20 {
		if !ask(bell, "video.maker.example.") || !ask(other, "video.maker.example.") {
			t.Fatal("nothing is blocked yet, but it was refused")
		}
	}
	w.Until("40 questions are seen", func(v *connectortest.Seen) bool { return v.Sum() >= 40 })
	for _, c := range []struct {
		to   consent.Recipient
		name string
	}{{maker(), "some.where.example."}, {consent.Recipient{Any: true}, ""}} {
		r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-real", Target: connectors.Target{Addresses: []string{bell}, Recipient: c.to}})
		if err != nil || r.Level != consent.Configured {
			t.Fatalf("%+v, %v", r, err)
		}
		if ask(bell, "video.maker.example.") || !ask(other, "video.maker.example.") || c.name != "" && !ask(bell, c.name) {
			t.Error("the wrong thing is refused")
		}
		f, err := s.Verify(t.Context(), r)
		if err != nil || f.Level != consent.Effective || f.Seen != consent.Stopped || f.Refused == 0 {
			t.Errorf("%+v, %v", f, err)
		}
		if hs, err := s.Held(t.Context()); err != nil || len(hs) != 1 || !hs[0].Active {
			t.Errorf("%+v, %v", hs, err)
		}
		if _, err := s.Unblock(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		connectortest.Until(t, "it is answered again", func() bool { return ask(bell, "video.maker.example.") })
	}
	cursor := w.Stop().Cursor
	for range 300 { // more than the rows in its memory
		ask(bell, "later.example.")
	}
	w = connectortest.Watch(t, s, cursor)
	key := bell + " later.example"
	w.Until("what was asked meanwhile is seen", func(v *connectortest.Seen) bool { return v.Counts[key] >= 300 })
	if v := w.Stop(); v.Counts[key] != 300 {
		t.Errorf("%d questions, 300 were asked", v.Counts[key])
	}
	if c, _ := s.Coverage(t.Context()); c.Lost != 0 {
		t.Errorf("%+v", c)
	}
}

//go:build lab && linux

package adguardhome

import (
	"context"
	"net"
	"testing"
	"time"

	"bestbefore/connectors/connectortest"
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
	connectortest.RefusesNames(t, s, maker(), func(client, name string) bool {
		d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(client)}, Timeout: time.Second}
		r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "udp", server) }}
		as, err := r.LookupNetIP(t.Context(), "ip4", name+".")
		return err == nil && len(as) > 0 && !as[0].IsUnspecified()
	})
}

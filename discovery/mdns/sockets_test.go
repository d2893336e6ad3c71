package mdns

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"

	"bestbefore/discovery"
)

// loopback returns the loopback interface, or skips where multicast on it does
// not work.
func loopback(t *testing.T) net.Interface {
	t.Helper()
	all, err := usableInterfaces(true)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 })
	if i < 0 {
		t.Skip("no loopback interface")
	}
	k, err := open4(all[i])
	if err != nil {
		t.Skipf("no multicast on loopback: %v", err)
	}
	k.conn.Close()
	return all[i]
}

func TestUsableInterfacesLeavesLoopbackOut(t *testing.T) {
	all, err := usableInterfaces(false)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0 || i.Flags&net.FlagUp == 0 {
			t.Errorf("%s should not be used: %v", i.Name, i.Flags)
		}
	}
}

func TestOnLink(t *testing.T) {
	prefixes := []netip.Prefix{netip.MustParsePrefix("192.168.1.10/24"), netip.MustParsePrefix("fd00::10/64")}
	for a, want := range map[string]bool{
		"192.168.1.5": true, "192.168.2.5": false, "169.254.3.4": true, "8.8.8.8": false,
		"fd00::5": true, "fd00:1::5": false, "fe80::1%eth0": true, "2001:db8::1": false,
	} {
		if got := onLink(netip.MustParseAddr(a), prefixes); got != want {
			t.Errorf("onLink(%s) = %v", a, got)
		}
	}
}

// The whole way over real sockets: a question goes out, the answer of a
// responder becomes a sighting, and what comes from another port does not.
func TestScanOverLoopback(t *testing.T) {
	lo := loopback(t)
	only := svc{inst: "Over loopback", typ: "_bbtest._tcp", host: "over-loopback.local.", port: 7, txt: []string{"a=b"}, four: "127.0.0.1"}
	e, err := New(Config{
		Now: time.Now, Types: []string{only.typ}, OnlyTypes: true,
		Interfaces: func() ([]net.Interface, error) { return []net.Interface{lo}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	responder, err := open4(lo)
	if err != nil {
		t.Fatal(err)
	}
	forged := only
	forged.inst = "Forged"
	other, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := ipv4.NewPacketConn(other).SetMulticastInterface(&lo); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, maxPacket)
		for {
			n, _, err := responder.conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			m := new(dns.Msg)
			if m.Unpack(b[:n]) == nil && !m.Response && len(m.Question) > 0 && m.Question[0].Name == "_bbtest._tcp.local." {
				_, _ = other.WriteToUDPAddrPort(answer(t, forged.all()...), responder.to)
				_, _ = responder.conn.WriteToUDPAddrPort(answer(t, only.all()...), responder.to)
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	var got []discovery.Sighting
	err = e.Scan(ctx, func(s discovery.Sighting) { got = append(got, s); cancel() })
	responder.conn.Close()
	wg.Wait()
	if err != nil {
		t.Errorf("Scan: %v", err)
	}
	if len(got) != 1 || len(got[0].Services) != 1 || got[0].Services[0].Instance != "Over loopback" || got[0].Interface != lo.Name {
		t.Errorf("got %+v", got)
	}
}

// A socket that stops working is said and opened again; the end of the trouble
// is said too.
func TestDeadSocketIsOpenedAgain(t *testing.T) {
	lo := loopback(t)
	var said []Trouble
	s := newSockets(Config{
		Logger: discard(), Report: func(tr Trouble) { said = append(said, tr) },
		Interfaces: func() ([]net.Interface, error) { return []net.Interface{lo}, nil },
	})
	defer s.close()
	if up, _ := s.watch(); !slices.Equal(up, []string{lo.Name}) {
		t.Fatalf("up %v", up)
	}
	if up, down := s.watch(); len(up)+len(down) != 0 {
		t.Errorf("nothing changed, yet up %v, down %v", up, down)
	}
	said = nil
	k := s.links[lo.Name].families[0]
	k.conn.Close()
	for deadline := time.Now().Add(time.Minute); !k.dead.Load() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if up, _ := s.watch(); !slices.Equal(up, []string{lo.Name}) || s.links[lo.Name].families[0] == k {
		t.Errorf("up %v: not opened again", up)
	}
	s.watch()
	if len(said) < 2 || said[0].Code != ReadFailed || said[0].Err == nil || said[len(said)-1].Err != nil {
		t.Errorf("said %v", said)
	}
	s.cfg.Interfaces = func() ([]net.Interface, error) { return nil, nil }
	if _, down := s.watch(); !slices.Equal(down, []string{lo.Name}) || len(s.links) != 0 {
		t.Errorf("down %v", down)
	}
	s.send(lo.Name, ordinary, [][]byte{[]byte("lost")}) // an interface that is gone
}

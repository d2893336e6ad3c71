package announce

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNewNamesAllFaults(t *testing.T) {
	_, err := New(Config{Port: 70000})
	for _, want := range []string{"Version", "ID", "70000"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not mention %s", err, want)
		}
	}
}

func TestNames(t *testing.T) {
	for host, want := range map[string]string{
		"laptop":                 "Best Before on laptop",
		"laptop.fritz.box":       "Best Before on laptop",
		"Büro 1":                 "Best Before on B-ro-1",
		"...":                    "Best Before on this-computer",
		strings.Repeat("x", 200): "Best Before on " + strings.Repeat("x", 48),
	} {
		a, err := New(Config{Version: "1", ID: "i", Host: host})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Instance(); got != want || len(got) > maxLabel {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

// Neither a list that cannot be had nor an interface that cannot be used ends
// Serve; it is said once.
func TestFailureIsNotFatal(t *testing.T) {
	for name, list := range map[string]func() ([]net.Interface, error){
		"no list":      func() ([]net.Interface, error) { return nil, errors.New("no netlink") },
		"no interface": func() ([]net.Interface, error) { return nil, nil },
	} {
		var said []error
		a, err := New(Config{Version: "1", ID: "i", Interfaces: list, Report: func(err error) { said = append(said, err) }})
		if err != nil {
			t.Fatal(err)
		}
		s := a.follow(state{})
		s = a.follow(s)
		s.end()
		if want := name == "no list"; (len(said) == 1) != want {
			t.Errorf("%s: said %v", name, said)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := a.Serve(ctx); err != nil {
			t.Errorf("%s: Serve returned %v", name, err)
		}
		cancel()
	}
}

// ship-go 112: each change used to leak a pair of sockets.
func TestChangesLeakNoSockets(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip("no loopback interface")
	}
	a, err := New(Config{Version: "1", ID: "i", Host: "test", Interfaces: func() ([]net.Interface, error) { return []net.Interface{*lo}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	open := func() int { d, _ := os.ReadDir("/proc/self/fd"); return len(d) }
	s := a.follow(state{})
	if s.server == nil {
		t.Skip("multicast on loopback does not work here")
	}
	if same := a.follow(s); same.server != s.server {
		t.Error("announced anew although nothing changed")
	}
	before := open()
	for range 5 {
		s.addrs = nil // as if the addresses had changed
		next := a.follow(s)
		if next.server == nil || next.server == s.server {
			t.Fatal("not announced anew")
		}
		s = next
	}
	if n := open(); n != before {
		t.Errorf("%d descriptors after five changes, %d before", n, before)
	}
	s.end()
	if n := open(); n >= before {
		t.Errorf("%d descriptors after the end, %d before", n, before)
	}
	// The library's announcements of the servers that have ended take some
	// seconds to stop; the leak check in TestMain waits only a little.
	deadline := time.Now().Add(time.Minute)
	for goleak.Find() != nil && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
}

// A made-up device is never announced with an address that another computer could reach.
func TestProxiesStayOnLoopback(t *testing.T) {
	err := ServeProxies(t.Context(), []Proxy{{Instance: "x", Type: "_x._tcp", Host: "x", Address: netip.MustParseAddr("192.168.1.2"), Port: 9}})
	if err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("got %v", err)
	}
	lo, err := Loopback()
	if err != nil || len(lo) != 1 || lo[0].Flags&net.FlagLoopback == 0 {
		t.Errorf("the loopback interface: %v, %v", lo, err)
	}
}

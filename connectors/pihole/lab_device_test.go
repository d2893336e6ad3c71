//go:build lab && linux

package pihole

import (
	"context"
	"net/netip"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// cable gives a device of its own at Pi-hole's second network, and a way to ask
// from an address there.
func (f *real) cable() (answered func(client, name string) bool) {
	f.t.Helper()
	const inside = "bell"
	for _, line := range [][]string{
		{"netns", "add", inside},
		{"link", "add", "lan0", "type", "veth", "peer", "name", "eth0", "netns", inside},
		{"addr", "add", "192.168.77.1/24", "dev", "lan0"},
		{"link", "set", "lan0", "up"},
		{"-n", inside, "link", "set", "eth0", "address", bellMAC, "up"},
		{"-n", inside, "addr", "add", bellAddr + "/24", "dev", "eth0"},
		{"-n", inside, "addr", "add", "192.168.77.31/24", "dev", "eth0"},
	} {
		run(f.t, nil, "ip", line...)
	}
	return func(client, name string) bool {
		got := make(chan bool)
		go func() { // its thread ends with it, since it is never unlocked
			runtime.LockOSThread()
			fd, err := unix.Open("/run/netns/"+inside, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err == nil {
				err = unix.Setns(fd, unix.CLONE_NEWNET)
				_ = unix.Close(fd)
			}
			as, _, bad := f.askAt("192.168.77.1:53", client, name)
			got <- err == nil && bad == nil && len(as) > 0 && !as[0].IsUnspecified()
		}()
		return <-got
	}
}

// TestLabPiholeMeetsTheDevice: its sweep finds the hardware address of a device
// that asked, the device is told of with it, and a block follows it to another
// address.
func TestLabPiholeMeetsTheDevice(t *testing.T) {
	lab(t, func(f *real) {
		answered := f.cable()
		f.set("database.DBinterval", "10") // the sweep comes as often
		s := f.open(t)
		w := connectortest.Watch(t, s, nil).Begun()
		connectortest.Until(t, "the device is answered", func() bool { return answered(bellAddr, "video.maker.example") })
		met := func(at string) func() bool {
			return func() bool {
				answered(at, "time.example")
				n, err := s.readNetwork(t.Context())
				return err == nil && n.owner[netip.MustParseAddr(at)] == bellMAC
			}
		}
		connectortest.Until(t, "its sweep meets the device", met(bellAddr))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		got := make(chan discovery.Sighting, 16)
		go func() { _ = s.Discover(ctx, func(v discovery.Sighting) { got <- v }) }()
		connectortest.Until(t, "the device is told of", func() bool {
			select {
			case v := <-got:
				return len(v.Identifiers) == 1 && v.Identifiers[0].Value == bellMAC && v.Addresses[0].String() == bellAddr
			default:
				return false
			}
		})
		cancel()
		w.Stop()
		r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-mac", Target: target(maker())})
		if err != nil || r.Level != consent.Configured {
			t.Fatalf("%+v, %v", r, err)
		}
		if answered(bellAddr, "video.maker.example") || !answered(bellAddr, "time.example") {
			t.Error("the wrong thing is refused")
		}
		connectortest.Until(t, "its sweep meets the device elsewhere", met("192.168.77.31"))
		n, err := s.readNetwork(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.refresh(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		connectortest.Until(t, "the block follows it", func() bool { return !answered("192.168.77.31", "video.maker.example") })
		if _, err := s.Unblock(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if g, d, c := f.left(s); g != 1 || d != 0 || c != 0 {
			t.Errorf("left over: %d groups, %d rules, %d members", g, d, c)
		}
	})
}

// Package ssdp finds UPnP devices: it asks for them by multicast, listens to
// what they announce, and reads the descriptions that they offer.
//
// The receive loop is our own, on net, because the library at hand (go-ssdp)
// does not give the sender of a response, and a description must be fetched
// from the sender's own address only. It also keeps its list of interfaces in a
// package variable, looks at them only once, and starts one goroutine for each
// packet that anybody sends.
package ssdp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"bestbefore/discovery"
)

// The rhythm and the bounds of the scanner.
const (
	searchEvery  = 5 * time.Minute
	lookEvery    = 5 * time.Second // at the interfaces
	quietEvery   = 30 * time.Second
	refetchAfter = 10 * time.Second
	forgetAfter  = time.Hour
	maxSenders   = 256
	maxPlaces    = 16 // descriptions of one sender
	maxTypes     = 24 // of one description
	maxNames     = 16 // UDNs that point to one description
	workers      = 4  // descriptions fetched at the same time
	queue        = 512
)

// searches are the targets that are asked for: everything, and by name those
// who do not answer to "everything".
var searches = []string{
	"ssdp:all",
	"upnp:rootdevice",
	"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
	"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
}

// Config is what a Scanner needs.
type Config struct {
	Now func() time.Time // required
	Log *slog.Logger     // nil logs nothing
	// Report is told about an interface that cannot be used, and with nil when
	// all can be again. It is never the end of the scan. May be nil.
	Report func(error)
	// Usable chooses the interfaces; nil means all that are up, take part in
	// multicast and have an IPv4 address, without loopback and tunnels.
	Usable func(net.Interface) bool
	// Dial connects to a description's place, which is checked before; nil means
	// directly, with another check at the moment of dialling.
	Dial func(context.Context, netip.AddrPort) (net.Conn, error)
}

// Scanner finds UPnP devices. It implements discovery.Scanner.
type Scanner struct {
	cfg Config
}

var _ discovery.Scanner = (*Scanner)(nil)

// New checks c. It starts nothing.
func New(c Config) (*Scanner, error) {
	if c.Now == nil {
		return nil, errors.New("ssdp: Now is missing")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Usable == nil {
		c.Usable = usable
	}
	if c.Dial == nil {
		c.Dial = dialer
	}
	return &Scanner{cfg: c}, nil
}

// packet is one datagram with where it came from.
type packet struct {
	data  []byte
	from  netip.Addr
	iface string
	own   bool // from this computer itself
}

// Scan searches and listens on every usable interface until ctx ends, and
// follows interfaces that come and go.
func (s *Scanner) Scan(ctx context.Context, emit func(discovery.Sighting)) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	in := make(chan packet, queue)
	jobs := make(chan job, workers*8)
	done := make(chan answer)
	for range workers {
		wg.Go(func() { s.work(ctx, jobs, done) })
	}
	links := linkSet{cfg: s.cfg, open: map[string]*link{}}
	defer links.closeAll()
	h := newHouse(s.cfg, jobs)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	links.follow(ctx, &wg, in)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			links.follow(ctx, &wg, in)
		case p := <-in:
			h.hear(p, emit)
		case a := <-done:
			h.described(a, emit)
		}
	}
}

// job is a description to be fetched, and answer what came of it.
type job struct {
	place    *place // only passed through: it belongs to the house
	location string
	from     netip.Addr
}

type answer struct {
	place *place
	desc  Description
	err   error
}

// work fetches descriptions.
func (s *Scanner) work(ctx context.Context, jobs <-chan job, done chan<- answer) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-jobs:
			d, err := fetch(ctx, j.location, j.from, s.cfg.Dial)
			select {
			case done <- answer{j.place, d, err}:
			case <-ctx.Done():
				return
			}
		}
	}
}

// usable reports whether i leads into the home.
func usable(i net.Interface) bool {
	const need = net.FlagUp | net.FlagMulticast
	return i.Flags&need == need && i.Flags&(net.FlagLoopback|net.FlagPointToPoint) == 0 && !slices.ContainsFunc(insiders, func(p string) bool {
		return len(i.Name) >= len(p) && i.Name[:len(p)] == p
	})
}

// insiders are beginnings of the names of interfaces that lead to machines
// inside this computer or into a tunnel.
var insiders = []string{"docker", "virbr", "veth", "lxc", "lxd", "vmnet", "vboxnet", "tun", "tap", "utun", "wg", "zt", "tailscale", "cni", "flannel", "vEthernet", "awdl", "llw"}

package ssdp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
)

const maxErrors = 100

var (
	group     = &net.UDPAddr{IP: net.IPv4(239, 255, 255, 250), Port: 1900}
	searchAt  = []time.Duration{0, 3 * time.Second, 10 * time.Second}
	hopsLimit = 2 // as the UPnP Device Architecture asks
)

// link is the scanner's presence on one interface.
type link struct {
	iface    net.Interface
	prefixes []netip.Prefix
	ask      *net.UDPConn // sends searches and hears the answers
	listen   *net.UDPConn // hears announcements; nil where the port cannot be shared
	cancel   context.CancelFunc
}

// linkSet keeps one link for each usable interface.
type linkSet struct {
	cfg     Config
	open    map[string]*link
	trouble string
}

// follow opens links for interfaces that came or changed and closes those of
// interfaces that went.
func (l *linkSet) follow(ctx context.Context, wg *sync.WaitGroup, in chan<- packet) {
	var errs []error
	ifs, err := net.Interfaces()
	if err != nil {
		errs = append(errs, fmt.Errorf("listing network interfaces: %w", err))
	}
	now := map[string]bool{}
	for _, i := range ifs {
		prefixes := ipv4Prefixes(i)
		if !l.cfg.Usable(i) || len(prefixes) == 0 {
			continue
		}
		key := fmt.Sprint(i.Index, i.Name, prefixes)
		now[key] = true
		if l.open[key] != nil {
			continue
		}
		k, err := openLink(i, prefixes)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l.open[key] = k
		k.start(ctx, wg, in)
	}
	for key, k := range l.open {
		if err == nil && !now[key] {
			k.close()
			delete(l.open, key)
		}
	}
	l.report(errors.Join(errs...))
}

func (l *linkSet) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == l.trouble {
		return
	}
	l.trouble = text
	if err != nil {
		l.cfg.Log.Warn("an interface cannot be searched for upnp devices", "err", err)
	}
	if l.cfg.Report != nil {
		l.cfg.Report(err)
	}
}

func (l *linkSet) closeAll() {
	for _, k := range l.open {
		k.close()
	}
}

func ipv4Prefixes(i net.Interface) []netip.Prefix {
	addrs, err := i.Addrs()
	if err != nil {
		return nil
	}
	var out []netip.Prefix
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(n.IP.To4())
		ones, bits := n.Mask.Size()
		if ok && bits == 32 && ip.Is4() {
			out = append(out, netip.PrefixFrom(ip, ones))
		}
	}
	slices.SortFunc(out, func(a, b netip.Prefix) int { return a.Compare(b) })
	return out
}

func openLink(i net.Interface, prefixes []netip.Prefix) (*link, error) {
	ask, err := net.ListenUDP("udp4", &net.UDPAddr{IP: prefixes[0].Addr().AsSlice()})
	if err != nil {
		return nil, fmt.Errorf("opening %s for upnp: %w", i.Name, err)
	}
	p := ipv4.NewPacketConn(ask)
	if err := errors.Join(p.SetMulticastInterface(&i), p.SetMulticastTTL(hopsLimit)); err != nil {
		_ = ask.Close()
		return nil, fmt.Errorf("opening %s for upnp: %w", i.Name, err)
	}
	// Without announcements the answers to our own questions remain.
	listen, err := net.ListenMulticastUDP("udp4", &i, group)
	if err != nil {
		listen = nil
	}
	return &link{iface: i, prefixes: prefixes, ask: ask, listen: listen}, nil
}

func (k *link) start(ctx context.Context, wg *sync.WaitGroup, in chan<- packet) {
	ctx, k.cancel = context.WithCancel(ctx)
	wg.Go(func() { k.read(ctx, k.ask, in) })
	if k.listen != nil {
		wg.Go(func() { k.read(ctx, k.listen, in) })
	}
	wg.Go(func() { k.search(ctx) })
	context.AfterFunc(ctx, k.closeSockets)
}

func (k *link) close() { k.cancel() }

func (k *link) closeSockets() {
	_ = k.ask.Close()
	if k.listen != nil {
		_ = k.listen.Close()
	}
}

// read passes on datagrams from neighbours on this link, until the socket is
// closed or gives nothing but errors.
func (k *link) read(ctx context.Context, c *net.UDPConn, in chan<- packet) {
	buf := make([]byte, maxPacket+1)
	for bad := 0; bad < maxErrors; {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			bad++
			continue
		}
		bad = 0
		addr := from.Addr().Unmap()
		if n > maxPacket || !k.onLink(addr) {
			continue
		}
		p := packet{data: slices.Clone(buf[:n]), from: addr, iface: k.iface.Name, own: k.isOwn(addr)}
		select {
		case in <- p:
		default: // a flood; devices repeat themselves
		}
	}
}

func (k *link) onLink(a netip.Addr) bool {
	return slices.ContainsFunc(k.prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (k *link) isOwn(a netip.Addr) bool {
	return slices.ContainsFunc(k.prefixes, func(p netip.Prefix) bool { return p.Addr() == a })
}

// search asks at the start, twice more for those who missed it, and then every
// few minutes.
func (k *link) search(ctx context.Context) {
	start := time.NewTimer(0)
	defer start.Stop()
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			return
		case <-start.C:
		}
		for _, target := range searches {
			_, _ = k.ask.WriteToUDP(search(target), group) // a lost question is asked again
		}
		next := searchEvery
		if round+1 < len(searchAt) {
			next = searchAt[round+1] - searchAt[round]
		}
		start.Reset(next)
	}
}

// search is the M-SEARCH for target; devices answer within two seconds.
func search(target string) []byte {
	return []byte("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: " + target +
		"\r\nUSER-AGENT: UPnP/1.1 BestBefore/1.0\r\n\r\n")
}

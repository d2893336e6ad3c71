package mdns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	port       = 5353
	queueLen   = 4096
	readBuffer = 4 << 20 // the system gives what it allows
	hopLimit   = 255
)

var (
	group4 = netip.AddrFrom4([4]byte{224, 0, 0, 251})
	group6 = netip.MustParseAddr("ff02::fb")
)

// sockets is the network as it is: one socket for each interface and family.
// Only queue and the fields of socket that say so are touched by readers.
type sockets struct {
	cfg     Config
	links   map[string]*link
	queue   chan packet
	readers sync.WaitGroup
	trouble map[Trouble]bool // reported and not yet over; Err is left out of the key
}

// link is one interface.
type link struct {
	ifi      net.Interface
	prefixes []netip.Prefix
	families [2]*socket // IPv4, IPv6; nil when it cannot be had
	direct   [2]*socket // for one-shot questions, likewise
}

// socket is one interface and family.
type socket struct {
	conn     *net.UDPConn
	to       netip.AddrPort
	iface    string
	own      bool                           // loopback: only this computer can send, from any of its addresses
	prefixes atomic.Pointer[[]netip.Prefix] // of the interface, read by the reader
	dead     atomic.Bool                    // set by the reader when it gave up
	expects  *atomic.Pointer[expected]      // of a socket for one-shot questions; nil: an ordinary one
}

func newSockets(c Config) *sockets {
	return &sockets{cfg: c, links: map[string]*link{}, queue: make(chan packet, queueLen), trouble: map[Trouble]bool{}}
}

func (s *sockets) packets() <-chan packet { return s.queue }

func (s *sockets) close() {
	for _, l := range s.links {
		l.close()
	}
	s.readers.Wait()
}

// watch opens what is new, closes what is gone and retries what could not be
// had. up names the interfaces on which to ask anew.
func (s *sockets) watch() (up, down []string) {
	list, err := s.cfg.Interfaces()
	if err != nil {
		s.cfg.Logger.Warn("listing interfaces", "error", err)
		return nil, nil
	}
	seen := map[string]bool{}
	for _, ifi := range list {
		prefixes := prefixesOf(ifi)
		if len(prefixes) == 0 {
			continue
		}
		seen[ifi.Name] = true
		l := s.links[ifi.Name]
		if l != nil && l.ifi.Index != ifi.Index {
			l.close()
			l = nil
		}
		fresh := l == nil
		if fresh {
			l = &link{ifi: ifi}
			s.links[ifi.Name] = l
		}
		if s.open(l, prefixes) || fresh {
			up = append(up, ifi.Name)
		}
	}
	for name, l := range s.links {
		if !seen[name] {
			l.close()
			delete(s.links, name)
			down = append(down, name)
			s.settle(name)
		}
	}
	return up, down
}

// open makes l ready for use and reports whether anything about it is new.
func (s *sockets) open(l *link, prefixes []netip.Prefix) bool {
	changed := !slices.Equal(l.prefixes, prefixes)
	l.prefixes = prefixes
	for i, listen := range []func(net.Interface) (*socket, error){open4, open6} {
		k := l.families[i]
		if k != nil && k.dead.Load() {
			k.conn.Close()
			s.report(ReadFailed, l.ifi.Name, errors.New("the socket stopped working and is opened again"))
			k = nil
		} else if k != nil {
			k.prefixes.Store(&prefixes)
			s.report(ReadFailed, l.ifi.Name, nil)
		}
		l.families[i] = k
		if has(prefixes, i == 0) {
			s.askDirect(l, i, &prefixes)
		}
		if k != nil || !has(prefixes, i == 0) {
			continue
		}
		k, err := listen(l.ifi)
		s.report(JoinFailed, l.ifi.Name, err)
		if err != nil {
			continue
		}
		k.prefixes.Store(&prefixes)
		l.families[i], changed = k, true
		s.readers.Go(func() { s.read(k) })
	}
	return changed
}

// report tells of trouble once, and of its end once.
func (s *sockets) report(code Code, iface string, err error) {
	id := Trouble{Code: code, Interface: iface}
	if (err != nil) == s.trouble[id] {
		return
	}
	if err == nil {
		delete(s.trouble, id)
	} else {
		s.trouble[id] = true
		s.cfg.Logger.Warn("interface trouble", "interface", iface, "error", err)
	}
	s.cfg.Report(Trouble{Code: code, Interface: iface, Err: err})
}

// settle ends all trouble with an interface that is no longer there.
func (s *sockets) settle(iface string) {
	s.report(JoinFailed, iface, nil)
	s.report(ReadFailed, iface, nil)
}

func (l *link) close() {
	for _, k := range append(l.families[:], l.direct[:]...) {
		if k != nil {
			k.conn.Close()
		}
	}
}

// send sends a question, which may be several packets, to the group on iface,
// over both families. A packet that cannot be sent is lost, as packets are.
func (s *sockets) send(iface string, as sort, packets [][]byte) {
	l := s.links[iface]
	if l == nil {
		return
	}
	through := l.families
	if as == oneShot {
		through = l.direct
	}
	for _, k := range through {
		if k == nil {
			continue
		}
		if as == oneShot {
			k.number(packets, s.cfg.Now())
		}
		for _, b := range packets {
			if _, err := k.conn.WriteToUDPAddrPort(b, k.to); err != nil {
				s.cfg.Logger.Debug("sending", "interface", iface, "error", err)
			}
		}
	}
}

// read puts the answers that come from the link into the queue until the socket
// is closed. When the queue is full the packet is dropped: memory has an end.
func (s *sockets) read(k *socket) {
	buf := make([]byte, maxPacket+1)
	for {
		n, from, err := k.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			k.dead.Store(true)
			return
		}
		if n < headerLen || n > maxPacket || buf[2]&0x80 == 0 {
			continue
		}
		a := from.Addr().Unmap()
		if from.Port() != port || !k.own && !onLink(a, *k.prefixes.Load()) || !k.takes(binary.BigEndian.Uint16(buf), s.cfg.Now()) {
			continue
		}
		if a.Is6() && a.IsLinkLocalUnicast() {
			a = a.WithZone(k.iface)
		}
		select {
		case s.queue <- packet{data: slices.Clone(buf[:n]), from: origin{addr: a, iface: k.iface}, direct: k.expects != nil}:
		default:
		}
	}
}

// onLink reports whether a is an address of a neighbour. The hop limit of 255
// proves nothing more, since every sender on the link may set it.
func onLink(a netip.Addr, prefixes []netip.Prefix) bool {
	if a.IsLinkLocalUnicast() {
		return true
	}
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// has reports whether prefixes hold an address of the family.
func has(prefixes []netip.Prefix, four bool) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() == four })
}

// prefixesOf returns the addresses of ifi with their networks, sorted.
func prefixesOf(ifi net.Interface) []netip.Prefix {
	addrs, err := ifi.Addrs()
	if err != nil {
		return nil
	}
	var out []netip.Prefix
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(n.IP)
		if !ok {
			continue
		}
		ones, _ := n.Mask.Size()
		out = append(out, netip.PrefixFrom(ip.Unmap(), ones))
	}
	slices.SortFunc(out, func(x, y netip.Prefix) int { return x.Addr().Compare(y.Addr()) })
	return out
}

// usableInterfaces lists the interfaces that neighbours can be behind.
func usableInterfaces(loopback bool) ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing interfaces: %w", err)
	}
	var out []net.Interface
	for _, ifi := range all {
		switch {
		case ifi.Flags&net.FlagUp == 0, ifi.Flags&net.FlagPointToPoint != 0:
		case ifi.Flags&net.FlagLoopback != 0:
			if loopback {
				out = append(out, ifi)
			}
		case ifi.Flags&net.FlagMulticast != 0:
			out = append(out, ifi)
		}
	}
	return out, nil
}

func open4(ifi net.Interface) (*socket, error) {
	conn, err := listen("udp4", ifi)
	if err != nil {
		return nil, fmt.Errorf("opening IPv4 on %s: %w", ifi.Name, err)
	}
	p := ipv4.NewPacketConn(conn)
	err = errors.Join(p.SetMulticastInterface(&ifi), p.SetMulticastTTL(hopLimit), p.SetMulticastLoopback(true),
		p.JoinGroup(&ifi, &net.UDPAddr{IP: group4.AsSlice()}))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("joining the IPv4 group on %s: %w", ifi.Name, err)
	}
	_ = conn.SetReadBuffer(readBuffer) // as much as the system allows
	return &socket{conn: conn, to: netip.AddrPortFrom(group4, port), iface: ifi.Name, own: ifi.Flags&net.FlagLoopback != 0}, nil
}

func open6(ifi net.Interface) (*socket, error) {
	conn, err := listen("udp6", ifi)
	if err != nil {
		return nil, fmt.Errorf("opening IPv6 on %s: %w", ifi.Name, err)
	}
	p := ipv6.NewPacketConn(conn)
	err = errors.Join(p.SetMulticastInterface(&ifi), p.SetMulticastHopLimit(hopLimit), p.SetMulticastLoopback(true),
		p.JoinGroup(&ifi, &net.UDPAddr{IP: group6.AsSlice()}))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("joining the IPv6 group on %s: %w", ifi.Name, err)
	}
	_ = conn.SetReadBuffer(readBuffer) // as much as the system allows
	return &socket{conn: conn, to: netip.AddrPortFrom(group6.WithZone(ifi.Name), port), iface: ifi.Name, own: ifi.Flags&net.FlagLoopback != 0}, nil
}

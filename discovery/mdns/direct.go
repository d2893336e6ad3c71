package mdns

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// directFor is how long an answer to a one-shot question is waited for.
const directFor = 2 * time.Second

// expected is which answers a socket for one-shot questions takes: those that
// repeat the number of a question of the last two seconds (RFC 6762 sections
// 6.7 and 11). Whoever did not hear the question cannot know the number.
type expected struct {
	id    uint16
	until time.Time
}

// openDirect opens a socket on a port of its own, from which one-shot questions
// leave. It shares nothing with another mDNS program on this computer.
func openDirect(ifi net.Interface, four bool) (*socket, error) {
	network, group := "udp6", group6.WithZone(ifi.Name)
	if four {
		network, group = "udp4", group4
	}
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		return nil, fmt.Errorf("opening a port for one-shot questions on %s: %w", ifi.Name, err)
	}
	if four {
		p := ipv4.NewPacketConn(conn)
		err = firstError(p.SetMulticastInterface(&ifi), p.SetMulticastTTL(hopLimit), p.SetMulticastLoopback(true))
	} else {
		p := ipv6.NewPacketConn(conn)
		err = firstError(p.SetMulticastInterface(&ifi), p.SetMulticastHopLimit(hopLimit), p.SetMulticastLoopback(true))
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("choosing %s for one-shot questions: %w", ifi.Name, err)
	}
	k := &socket{
		conn: conn, to: netip.AddrPortFrom(group, port), iface: ifi.Name, own: ifi.Flags&net.FlagLoopback != 0,
		expects: new(atomic.Pointer[expected]),
	}
	return k, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// askDirect opens the socket for one-shot questions beside the ordinary one of
// the same family. Without it the home is found all the same, a little later.
func (s *sockets) askDirect(l *link, i int, prefixes *[]netip.Prefix) {
	if k := l.direct[i]; k != nil && !k.dead.Load() {
		k.prefixes.Store(prefixes)
		return
	} else if k != nil {
		k.conn.Close()
		l.direct[i] = nil
	}
	k, err := openDirect(l.ifi, i == 0)
	if err != nil {
		s.cfg.Logger.Debug("one-shot questions", "error", err)
		return
	}
	k.prefixes.Store(prefixes)
	l.direct[i] = k
	s.readers.Go(func() { s.read(k) })
}

// number gives a one-shot question a number that nobody can guess, and takes
// answers with it from now on.
func (k *socket) number(packets [][]byte, now time.Time) {
	e := &expected{id: uint16(1 + rand.IntN(0xffff)), until: now.Add(directFor)}
	for _, b := range packets {
		binary.BigEndian.PutUint16(b, e.id)
	}
	k.expects.Store(e)
}

// takes reports whether k takes a packet with the number id at now.
func (k *socket) takes(id uint16, now time.Time) bool {
	if k.expects == nil {
		return true
	}
	e := k.expects.Load()
	return e != nil && e.id == id && now.Before(e.until)
}

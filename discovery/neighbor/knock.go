package neighbor

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

const (
	maxKnocks  = 64 // of one reading
	maxKnocked = 2048
	sweepSize  = 256 // addresses of a network that is swept
)

// Knock sends an empty datagram to addr's discard port (RFC 863), which makes
// the system look up the hardware address. It needs no rights and no answer.
func Knock(addr netip.Addr) error {
	if !addr.IsValid() {
		return errors.New("knocking: no address")
	}
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 9)))
	if err != nil {
		return fmt.Errorf("knocking at %s: %w", addr, err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(nil); err != nil {
		return fmt.Errorf("knocking at %s: %w", addr, err)
	}
	return nil
}

// knock asks for the hardware addresses that are missing or only remembered,
// each address at most once a minute, and only within this computer's networks.
func (w *watch) knock(t Table, now time.Time) {
	if w.cfg.Knock == nil {
		return
	}
	live := map[netip.Addr]bool{}
	var want []netip.Addr
	for _, r := range t.Rows[:min(len(t.Rows), maxRows)] {
		if r.Live {
			live[r.Addr] = true
		} else if !virtual(r.Interface) {
			want = append(want, r.Addr)
		}
	}
	for _, g := range t.Gateways {
		want = append(want, g.Addr)
	}
	if w.cfg.Wanted != nil {
		want = append(want, w.cfg.Wanted()...)
	}
	if w.cfg.Sweep && now.Sub(w.swept).Abs() >= sweepAgain {
		w.swept = now
		want = append(want, everybody(t.Cards)...)
	}
	if len(w.knocked) > maxKnocked {
		clear(w.knocked)
	}
	left := maxKnocks
	if w.cfg.Sweep {
		left += sweepSize
	}
	for _, a := range want {
		if last, ok := w.knocked[a]; left == 0 || live[a] || ok && now.Sub(last).Abs() < knockAgain || !local(t.Cards, a) {
			continue
		}
		left--
		w.knocked[a] = now
		if err := w.cfg.Knock(a); err != nil {
			w.cfg.Log.Debug("no answer is expected, but the knock was refused", "err", err)
		}
	}
}

// local reports whether a is a neighbour's address on one of this computer's
// own networks, so that a knock never leaves the home.
func local(cards []Card, a netip.Addr) bool {
	if !a.IsValid() || a.IsMulticast() || a.IsLoopback() || a.IsUnspecified() {
		return false
	}
	for _, c := range cards {
		if virtual(c.Name) {
			continue
		}
		for _, p := range c.Prefixes {
			if zoned(p.Addr(), c.Name) == a {
				return false
			}
			if a.Zone() != "" && a.Zone() != c.Name {
				continue
			}
			if p.Bits() < p.Addr().BitLen() && p.Masked().Contains(a.WithZone("")) && zoned(a, c.Name) == a && a != broadcast(p) {
				return true
			}
		}
	}
	return false
}

// broadcast is the last address of an IPv4 network, which is everybody's.
func broadcast(p netip.Prefix) netip.Addr {
	if !p.Addr().Is4() || p.Bits() > 30 {
		return netip.Addr{}
	}
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// everybody lists the addresses of small private IPv4 networks.
func everybody(cards []Card) []netip.Addr {
	var out []netip.Addr
	for _, c := range cards {
		for _, p := range c.Prefixes {
			if !p.Addr().Is4() || p.Bits() < 24 || p.Bits() > 30 || !p.Addr().IsPrivate() || virtual(c.Name) {
				continue
			}
			for a := p.Masked().Addr().Next(); p.Contains(a) && len(out) < sweepSize; a = a.Next() {
				out = append(out, a)
			}
		}
	}
	return out
}

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// seen is what arrived from one device for one company's address and port.
type seen struct {
	Device   netip.Addr `json:"device"`
	Company  string     `json:"company"`
	Address  netip.Addr `json:"address"`
	Protocol string     `json:"protocol"`
	Port     uint16     `json:"port"`
	Packets  uint64     `json:"packets"`
	Bytes    uint64     `json:"bytes"`
	Last     time.Time  `json:"last"`
}

type key struct {
	from, to netip.Addr
	protocol byte
	port     uint16
}

// counter counts packets as they come off the wire, retransmissions included.
type counter struct {
	names map[netip.Addr]string

	mu   sync.Mutex // guards rows
	rows map[key]*seen
}

func newCounter(names map[netip.Addr]string) *counter {
	return &counter{names: names, rows: map[key]*seen{}}
}

func (c *counter) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.rows)
}

func (c *counter) report() []seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]seen, 0, len(c.rows))
	for _, r := range c.rows {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b seen) int {
		return strings.Compare(fmt.Sprint(a.Device, a.Company, a.Address, a.Port), fmt.Sprint(b.Device, b.Company, b.Address, b.Port))
	})
	return out
}

// listen reads every IP packet of the namespace until that fails.
func (c *counter) listen() error {
	const everything = 0x0003 // ETH_P_ALL
	order := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, everything))
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, int(order))
	if err != nil {
		return fmt.Errorf("listening to packets: %w", err)
	}
	buf := make([]byte, 1<<16)
	for {
		n, _, err := syscall.Recvfrom(fd, buf, 0)
		if errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENETDOWN) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading a packet: %w", err)
		}
		if k, ok := parsePacket(buf[:n]); ok {
			c.add(k, n, time.Now())
		}
	}
}

func (c *counter) add(k key, n int, now time.Time) {
	name, ours := c.names[k.to]
	if _, answer := c.names[k.from]; !ours || answer {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rows[k]
	if r == nil {
		r = &seen{Device: k.from, Company: name, Address: k.to, Protocol: protocolName(k.protocol), Port: k.port}
		c.rows[k] = r
	}
	r.Packets++
	r.Bytes += uint64(n)
	r.Last = now.UTC()
}

func protocolName(p byte) string {
	switch p {
	case syscall.IPPROTO_TCP:
		return "tcp"
	case syscall.IPPROTO_UDP:
		return "udp"
	case syscall.IPPROTO_ICMP, syscall.IPPROTO_ICMPV6:
		return "icmp"
	}
	return fmt.Sprint(p)
}

// parsePacket reads addresses, protocol and destination port.
func parsePacket(b []byte) (key, bool) {
	var k key
	var rest []byte
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		k.from, k.to, k.protocol = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20])), b[9]
		if head := int(b[0]&15) * 4; head <= len(b) {
			rest = b[head:]
		}
	case len(b) >= 40 && b[0]>>4 == 6:
		k.from, k.to, k.protocol = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40])), b[6]
		rest = b[40:]
	default:
		return k, false
	}
	if (k.protocol == syscall.IPPROTO_TCP || k.protocol == syscall.IPPROTO_UDP) && len(rest) >= 4 {
		k.port = binary.BigEndian.Uint16(rest[2:4])
	}
	return k, true
}

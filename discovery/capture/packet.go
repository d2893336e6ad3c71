package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// mac is a hardware address; zero is none.
type mac [6]byte

// group is whether m stands for many.
func (m mac) group() bool { return m[0]&1 != 0 }

// The protocols inside IP that are read.
const (
	protoICMP  = 1
	protoTCP   = 6
	protoUDP   = 17
	protoICMP6 = 58
)

// seen is one packet, taken apart.
type seen struct {
	from, to         mac
	src, dst         netip.Addr
	proto            uint8
	srcPort, dstPort uint16
	bytes            uint64 // of the IP packet on the wire
	seq              uint32
	syn              bool
	payload          []byte // of TCP or UDP, as much as was captured
}

// parse takes a packet apart; false when it is no IP or makes no sense.
func parse(link layers.LinkType, b []byte) (p seen, ok bool) {
	kind := uint16(0)
	switch link {
	case layers.LinkTypeEthernet:
		if len(b) < 14 {
			return p, false
		}
		copy(p.to[:], b)
		copy(p.from[:], b[6:])
		kind, b = binary.BigEndian.Uint16(b[12:]), b[14:]
	case layers.LinkTypeLinuxSLL:
		if len(b) < 16 {
			return p, false
		}
		sll(&p, binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[4:]), b[6:])
		kind, b = binary.BigEndian.Uint16(b[14:]), b[16:]
	case linuxSLL2:
		if len(b) < 20 {
			return p, false
		}
		sll(&p, uint16(b[10]), uint16(b[11]), b[12:])
		kind, b = binary.BigEndian.Uint16(b), b[20:]
	case layers.LinkTypeRaw, linkRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6:
	default:
		return p, false
	}
	for range 2 { // VLAN tags
		if (kind == 0x8100 || kind == 0x88a8) && len(b) >= 4 {
			kind, b = binary.BigEndian.Uint16(b[2:]), b[4:]
		}
	}
	if kind == 0x8864 && len(b) >= 8 { // PPPoE
		switch binary.BigEndian.Uint16(b[6:]) {
		case 0x21, 0x57:
			kind, b = 0, b[8:]
		}
	}
	if len(b) == 0 || kind != 0 && kind != 0x0800 && kind != 0x86dd {
		return p, false
	}
	if b[0]>>4 == 6 {
		return p, p.six(b)
	}
	return p, b[0]>>4 == 4 && p.four(b)
}

// Link types that gopacket does not name.
const (
	linkRaw   layers.LinkType = 12
	linuxSLL2 layers.LinkType = 276
)

// sll takes the sender of a cooked capture; it holds no receiver.
func sll(p *seen, kind, length uint16, addr []byte) {
	if length != 6 && length != 1536 {
		return
	}
	if kind == 4 { // sent by the box that captured
		return
	}
	copy(p.from[:], addr[:6])
}

func (p *seen) four(b []byte) bool {
	if len(b) < 20 {
		return false
	}
	head := int(b[0]&15) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if head < 20 || len(b) < head {
		return false
	}
	if total < head { // a sender that lets its card cut the packet writes 0
		total = len(b)
	}
	p.bytes = uint64(total)
	p.src, p.dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	p.proto = b[9]
	if binary.BigEndian.Uint16(b[6:])&0x1fff != 0 { // a later part of a packet has no ports
		return true
	}
	return p.inner(b[head:min(len(b), total)])
}

func (p *seen) six(b []byte) bool {
	if len(b) < 40 {
		return false
	}
	p.bytes = 40 + uint64(binary.BigEndian.Uint16(b[4:]))
	p.src, p.dst = netip.AddrFrom16([16]byte(b[8:24])).Unmap(), netip.AddrFrom16([16]byte(b[24:40])).Unmap()
	next, rest := b[6], b[40:min(len(b), int(p.bytes))]
	for range 8 {
		switch next {
		case 0, 43, 60: // hop by hop, routing, destination
			if len(rest) < 8 || len(rest) < 8+8*int(rest[1]) {
				return false
			}
			next, rest = rest[0], rest[8+8*int(rest[1]):]
		case 44: // part of a packet
			if len(rest) < 8 {
				return false
			}
			if binary.BigEndian.Uint16(rest[2:])&0xfff8 != 0 {
				p.proto = rest[0]
				return true
			}
			next, rest = rest[0], rest[8:]
		default:
			p.proto = next
			return p.inner(rest)
		}
	}
	return false
}

func (p *seen) inner(b []byte) bool {
	switch p.proto {
	case protoTCP:
		if len(b) < 20 || len(b) < int(b[12]>>4)*4 || b[12]>>4 < 5 {
			return false
		}
		p.srcPort, p.dstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		p.seq, p.syn = binary.BigEndian.Uint32(b[4:]), b[13]&2 != 0
		p.payload = b[int(b[12]>>4)*4:]
	case protoUDP:
		if len(b) < 8 {
			return false
		}
		p.srcPort, p.dstPort, p.payload = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), b[8:]
	case protoICMP6:
		p.payload = b
	}
	return true
}

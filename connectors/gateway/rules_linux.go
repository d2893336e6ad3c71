package gateway

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Names inside our table. "fwd" and the like are reserved words of nft.
const (
	tableName      = "bestbefore"
	chainLeaving   = "leaving"   // prerouting, before connection tracking
	chainReturning = "returning" // postrouting, after address translation
	chainHome      = "athome"    // lets through what does not leave the home
)

// Priorities: before "raw", so that what we refuse is never counted as sent;
// and after source translation, where a reply shows the outside's address again.
const (
	prioLeaving   = -310
	prioReturning = 310
)

// flowMemory is how long an open flow of a device under a block (or under one
// that starts later) is remembered after its last packet; tryMemory the same
// for a refused destination.
const (
	flowMemory  = time.Hour
	tryMemory   = 30 * 24 * time.Hour
	flowsLimit  = 16384
	triesLimit  = 4096
	elementsPer = 500 // elements per message: an attribute is at most 64 KiB
)

// metaTimeNS is the kernel's NFT_META_TIME_NS, which the library does not name.
const metaTimeNS expr.MetaKey = 30

// Registers, four bytes each, after the verdict's.
const reg0 = unix.NFT_REG32_00

func ownTable() *nftables.Table {
	return &nftables.Table{Name: tableName, Family: nftables.TableFamilyINet}
}

// fam says where an IP header holds its addresses.
type fam struct {
	proto    byte
	src, dst uint32
	size     uint32
	kind     nftables.SetDatatype
	suffix   string
}

func families() []fam {
	return []fam{
		{unix.NFPROTO_IPV4, 12, 16, 4, nftables.TypeIPAddr, "4"},
		{unix.NFPROTO_IPV6, 8, 24, 16, nftables.TypeIP6Addr, "6"},
	}
}

func (f fam) v6() bool { return f.proto == unix.NFPROTO_IPV6 }

// words is the number of registers that an address takes.
func (f fam) words() uint32 { return f.size / 4 }

func meta(key expr.MetaKey, reg uint32) expr.Any { return &expr.Meta{Key: key, Register: reg} }

func equal(reg uint32, data []byte) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: reg, Data: data}
}

func link(offset, size, reg uint32) expr.Any {
	return &expr.Payload{DestRegister: reg, Base: expr.PayloadBaseLLHeader, Offset: offset, Len: size}
}

func network(offset, size, reg uint32) expr.Any {
	return &expr.Payload{DestRegister: reg, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size}
}

func port(offset, reg uint32) expr.Any {
	return &expr.Payload{DestRegister: reg, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: 2}
}

func lookup(s *nftables.Set, reg uint32) expr.Any {
	return &expr.Lookup{SourceRegister: reg, SetName: s.Name, SetID: s.ID}
}

// fromDevice matches frames that one of macs sent.
func fromDevice(macs *nftables.Set) []expr.Any {
	return []expr.Any{
		meta(expr.MetaKeyIIFTYPE, reg0),
		equal(reg0, binaryutil.NativeEndian.PutUint16(unix.ARPHRD_ETHER)),
		link(6, 6, reg0),
		lookup(macs, reg0),
	}
}

func isFamily(f fam) []expr.Any {
	return []expr.Any{meta(expr.MetaKeyNFPROTO, reg0), equal(reg0, []byte{f.proto})}
}

// hasPorts matches protocols 6 (TCP) to 17 (UDP): the ones whose flows we know by ports.
func hasPorts() []expr.Any {
	return []expr.Any{
		meta(expr.MetaKeyL4PROTO, reg0),
		&expr.Range{Op: expr.CmpOpEq, Register: reg0, FromData: []byte{unix.IPPROTO_TCP}, ToData: []byte{unix.IPPROTO_UDP}},
	}
}

// during matches while p is in force: the kernel's wall clock against p's own
// instants, as nanoseconds in network order.
func during(p plan) []expr.Any {
	var out []expr.Any
	cmp := func(op expr.CmpOp, t time.Time) {
		ns := make([]byte, 8)
		binary.BigEndian.PutUint64(ns, uint64(t.UnixNano()))
		out = append(out,
			meta(metaTimeNS, reg0),
			&expr.Byteorder{SourceRegister: reg0, DestRegister: reg0, Op: expr.ByteorderHton, Len: 8, Size: 8},
			&expr.Cmp{Op: op, Register: reg0, Data: ns})
	}
	if !p.from.IsZero() {
		cmp(expr.CmpOpGte, p.from)
	}
	if !p.until.IsZero() {
		cmp(expr.CmpOpLt, p.until)
	}
	return out
}

func drop() []expr.Any { return []expr.Any{&expr.Counter{}, verdict(expr.VerdictDrop)} }

func verdict(k expr.VerdictKind) expr.Any { return &expr.Verdict{Kind: k} }

// learn remembers the packet's flow: device's address, other address, protocol, both ports.
func learn(f fam, flows *nftables.Set) []expr.Any {
	w := f.words()
	return []expr.Any{
		network(f.src, f.size, reg0),
		network(f.dst, f.size, reg0+w),
		meta(expr.MetaKeyL4PROTO, reg0+2*w),
		port(0, reg0+2*w+1),
		port(2, reg0+2*w+2),
		&expr.Dynset{SrcRegKey: reg0, SetName: flows.Name, SetID: flows.ID, Operation: uint32(unix.NFT_DYNSET_OP_UPDATE), Timeout: flowMemory},
	}
}

// returning matches packets that come back on a flow that learn remembered.
func returning(f fam, flows *nftables.Set) []expr.Any {
	w := f.words()
	return []expr.Any{
		network(f.dst, f.size, reg0),
		network(f.src, f.size, reg0+w),
		meta(expr.MetaKeyL4PROTO, reg0+2*w),
		port(2, reg0+2*w+1),
		port(0, reg0+2*w+2),
		lookup(flows, reg0),
	}
}

// note remembers what is about to be refused: device, destination, protocol, port.
func note(f fam, tries *nftables.Set) []expr.Any {
	w := f.words()
	return []expr.Any{
		link(6, 6, reg0),
		network(f.dst, f.size, reg0+2),
		meta(expr.MetaKeyL4PROTO, reg0+2+w),
		port(2, reg0+3+w),
		&expr.Dynset{
			SrcRegKey: reg0, SetName: tries.Name, SetID: tries.ID, Operation: uint32(unix.NFT_DYNSET_OP_UPDATE),
			Timeout: tryMemory, Exprs: []expr.Any{&expr.Counter{}},
		},
	}
}

// atHomeRules let through what does not leave the home: to another interface of
// the home, broadcasts and multicasts, and of what is for this box itself the
// little that keeps a device on the network: ICMP, neighbour discovery, DHCP.
func atHomeRules(stays atHome) [][]expr.Any {
	kind := func(t uint32) []expr.Any {
		return []expr.Any{
			&expr.Fib{Register: reg0, ResultADDRTYPE: true, FlagDADDR: true},
			equal(reg0, binaryutil.NativeEndian.PutUint32(t)),
		}
	}
	local := func(more ...expr.Any) []expr.Any {
		return append(append(kind(unix.RTN_LOCAL), more...), verdict(expr.VerdictAccept))
	}
	l4 := func(p byte) []expr.Any { return []expr.Any{meta(expr.MetaKeyL4PROTO, reg0), equal(reg0, []byte{p})} }
	udp := func(n uint16) []expr.Any {
		return append(l4(unix.IPPROTO_UDP), port(2, reg0), equal(reg0, binaryutil.BigEndian.PutUint16(n)))
	}
	out := [][]expr.Any{
		append(kind(unix.RTN_BROADCAST), verdict(expr.VerdictAccept)),
		append(kind(unix.RTN_MULTICAST), verdict(expr.VerdictAccept)),
		local(l4(unix.IPPROTO_ICMP)...),
		local(l4(unix.IPPROTO_ICMPV6)...),
		local(udp(67)...),
		local(udp(547)...),
	}
	for _, n := range stays.ifs { // one rule each: nft cannot read back a set here
		name := make([]byte, unix.IFNAMSIZ)
		copy(name, n)
		out = append(out, []expr.Any{
			&expr.Fib{Register: reg0, ResultOIFNAME: true, FlagDADDR: true},
			equal(reg0, name),
			verdict(expr.VerdictAccept),
		})
	}
	for _, p := range stays.nets {
		out = append(out, append(toNet(p), verdict(expr.VerdictAccept)))
	}
	return out
}

// toNet matches packets to p.
func toNet(p netip.Prefix) []expr.Any {
	f := families()[0]
	if p.Addr().Is6() {
		f = families()[1]
	}
	mask := make([]byte, f.size)
	for i := range p.Bits() {
		mask[i/8] |= 1 << (7 - i%8)
	}
	return append(isFamily(f),
		network(f.dst, f.size, reg0),
		&expr.Bitwise{SourceRegister: reg0, DestRegister: reg0, Len: f.size, Mask: mask, Xor: make([]byte, f.size)},
		equal(reg0, p.Masked().Addr().AsSlice()))
}

// interval gives the elements of an interval set that hold rs.
func interval(rs []addrRange) []nftables.SetElement {
	out := make([]nftables.SetElement, 0, 2*len(rs))
	for _, r := range rs {
		out = append(out, nftables.SetElement{Key: r.first.AsSlice()})
		if end := r.last.Next(); end.IsValid() { // else it runs to the last address there is
			out = append(out, nftables.SetElement{Key: end.AsSlice(), IntervalEnd: true})
		}
	}
	return out
}

// rangesOf reads back what interval wrote.
func rangesOf(es []nftables.SetElement) []addrRange {
	var out []addrRange
	for _, e := range sortedElements(es) {
		a, ok := netip.AddrFromSlice(e.Key)
		if !ok {
			continue
		}
		switch n := len(out); {
		case !e.IntervalEnd:
			out = append(out, addrRange{a, lastOf(netip.PrefixFrom(a, 0))})
		case n > 0:
			out[n-1].last = a.Prev()
		}
	}
	return out
}

package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"bestbefore/discovery/flow"
)

var (
	bellMAC = mac{2, 0, 0, 0, 0, 0x20}
	routMAC = mac{2, 0, 0, 0, 0, 1}
	bell    = netip.MustParseAddr("192.168.1.20")
	maker   = netip.MustParseAddr("198.51.100.10")
	dnsBox  = netip.MustParseAddr("192.168.1.1")
	began   = time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)
)

// frame is one packet of a file in the making.
type frame struct {
	at   time.Time
	data []byte
}

func ether(from, to mac, src, dst netip.Addr, proto uint8, body []byte) []byte {
	b := append(append(append([]byte(nil), to[:]...), from[:]...), 8, 0)
	if src.Is6() {
		b[12], b[13] = 0x86, 0xdd
		b = append(b, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
		b = append(b, proto, 64)
	} else {
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+len(body)))
		b = append(b, 0, 0, 0, 0, 64, proto, 0, 0)
	}
	return append(append(append(b, src.AsSlice()...), dst.AsSlice()...), body...)
}

func udp(srcPort, dstPort uint16, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, srcPort)
	b = binary.BigEndian.AppendUint16(b, dstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(body)))
	return append(append(b, 0, 0), body...)
}

func tcp(srcPort, dstPort uint16, seq uint32, flags byte, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, srcPort)
	b = binary.BigEndian.AppendUint16(b, dstPort)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = append(b, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
	return append(b, body...)
}

func file(t testing.TB, frames ...frame) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pcapgo.NewWriterNanos(&out)
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(f.data), Length: len(f.data)}, f.data); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func ngFile(t testing.TB, frames ...frame) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := pcapgo.NewNgWriter(&out, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(f.data), Length: len(f.data)}, f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read gives what a file tells.
func read(t testing.TB, b []byte) (out []flow.Record, sum flow.Capture) {
	t.Helper()
	sum, err := Read(context.Background(), bytes.NewReader(b), Config{Source: "capture test", Emit: func(rs []flow.Record) error {
		if len(rs) > maxBatch {
			t.Errorf("a batch of %d", len(rs))
		}
		out = append(out, rs...)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out, sum
}

// dnsAnswer tells the address of a name, through an alias.
func dnsAnswer(name string, a netip.Addr) []byte {
	b := []byte{0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0}
	for part := range bytes.SplitSeq([]byte(name), []byte(".")) {
		b = append(append(b, byte(len(part))), part...)
	}
	b = append(b, 0, 0, 1, 0, 1)
	b = append(b, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 'x', 0xc0, 12)
	b = append(b, 1, 'x', 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
	return append(b, a.AsSlice()...)
}

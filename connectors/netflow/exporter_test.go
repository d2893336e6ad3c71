package netflow

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	phone = netip.MustParseAddr("192.168.1.20")
	maker = netip.MustParseAddr("198.51.100.10")
)

// packet builds a message field by field.
type packet []byte

func (p packet) u8(v uint8) packet   { return append(p, v) }
func (p packet) u16(v uint16) packet { return binary.BigEndian.AppendUint16(p, v) }
func (p packet) u32(v uint32) packet { return binary.BigEndian.AppendUint32(p, v) }
func (p packet) u64(v uint64) packet { return binary.BigEndian.AppendUint64(p, v) }
func (p packet) addr(a netip.Addr) packet {
	return append(p, a.AsSlice()...)
}

const tick0 = 3_600_000 // the exporter has been up for an hour

// five is a message of version 5 with one record for each f.
func five(seq uint32, fs ...oneWay) packet {
	p := packet{}.u16(5).u16(uint16(len(fs))).u32(tick0).u32(1_800_000_000).u32(0).u32(seq).u8(0).u8(0).u16(0)
	for _, f := range fs {
		p = p.addr(f.src).addr(f.dst).u32(0).u16(1).u16(2).u32(10).u32(uint32(f.bytes)).u32(tick0 - 3000).u32(tick0 - 1000)
		p = p.u16(f.srcPort).u16(f.dstPort).u8(0).u8(0).u8(f.proto).u8(0).u16(0).u16(0).u8(0).u8(0).u16(0)
	}
	return p
}

// fields of the template that the tests use.
var fields4 = [][2]uint16{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {22, 4}, {21, 4}}

func set(id uint16, body packet) packet {
	for len(body)%4 != 0 {
		body = body.u8(0)
	}
	return append(packet{}.u16(id).u16(uint16(len(body)+4)), body...)
}

func template(id uint16, fields [][2]uint16) packet {
	p := packet{}.u16(id).u16(uint16(len(fields)))
	for _, f := range fields {
		p = p.u16(f[0]).u16(f[1])
	}
	return p
}

func data4(fs ...oneWay) packet {
	var p packet
	for _, f := range fs {
		p = p.addr(f.src).addr(f.dst).u16(f.srcPort).u16(f.dstPort).u8(f.proto).u32(uint32(f.bytes)).u32(tick0 - 3000).u32(tick0 - 1000)
	}
	return p
}

// nine is a message of version 9.
func nine(seq, domain uint32, count uint16, sets ...packet) packet {
	p := packet{}.u16(9).u16(count).u32(tick0).u32(1_800_000_000).u32(seq).u32(domain)
	for _, s := range sets {
		p = append(p, s...)
	}
	return p
}

// ten is a message of IPFIX.
func ten(seq, domain uint32, sets ...packet) packet {
	n := 16
	for _, s := range sets {
		n += len(s)
	}
	p := packet{}.u16(10).u16(uint16(n)).u32(1_800_000_000).u32(seq).u32(domain)
	for _, s := range sets {
		p = append(p, s...)
	}
	return p
}

func up(bytes uint64, port uint16) oneWay {
	return oneWay{src: phone, dst: maker, srcPort: 45000, dstPort: port, proto: protoTCP, bytes: bytes}
}

func down(bytes uint64, port uint16) oneWay {
	return oneWay{src: maker, dst: phone, srcPort: port, dstPort: 45000, proto: protoTCP, bytes: bytes}
}

// host is the door that the tests give: loopback, unguarded.
func host() *connectors.Host {
	var d net.Dialer
	var l net.ListenConfig
	return &connectors.Host{Connection: "nf", Now: time.Now, Dial: d.DialContext, ListenPacket: l.ListenPacket}
}

// settings listen on a free port of loopback.
func settings(t interface{ Fatalf(string, ...any) }) connectors.Settings {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	return connectors.Settings{Values: map[string]string{optExporter: "127.0.0.1", optPort: port, optInterval: "0.05"}}
}

func open(t *testing.T) *Session {
	t.Helper()
	s, err := New().Open(context.Background(), settings(t), host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.(*Session)
}

// exporter is a socket that sends to s.
func exporter(t interface{ Fatalf(string, ...any) }, s *Session, from string) net.Conn {
	local, err := net.ResolveUDPAddr("udp", net.JoinHostPort(from, "0"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	c, err := net.DialUDP("udp", local, s.conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

// seen is what Observe gave.
type seen struct {
	mu      sync.Mutex // guards all below
	records []flow.Record
	batches int
}

func observe(t *testing.T, s *Session) *seen {
	t.Helper()
	w := &seen{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Observe(ctx, nil, func(rs []flow.Record, _ connectors.Cursor) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.records, w.batches = append(w.records, rs...), w.batches+1
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *seen) sum(port uint16) (up, down uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.records {
		if r.Port == port {
			up, down = up+r.Up, down+r.Down
		}
	}
	return up, down
}

func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func message0(data packet) message {
	return message{from: netip.MustParseAddrPort("192.168.1.1:" + strconv.Itoa(9000)), at: time.Unix(1_900_000_000, 0), data: data}
}

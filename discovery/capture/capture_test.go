package capture

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bestbefore/discovery/flow"
)

// hello is what Go's own TLS client says first.
func hello(t testing.TB, name string) []byte {
	t.Helper()
	a, b := net.Pipe()
	go func() { _ = tls.Client(a, &tls.Config{ServerName: name, NextProtos: []string{"h2"}}).Handshake() }()
	defer a.Close()
	head := make([]byte, 5)
	if _, err := io.ReadFull(b, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(b, body); err != nil {
		t.Fatal(err)
	}
	return append(head, body...)
}

// story is a doorbell that asks for a name, and talks to it with TLS in three
// parts, the last first, and then plainly to another.
func story(t testing.TB) []frame {
	h := hello(t, "video.bell-maker.example")
	up := func(seq uint32, flags byte, b []byte) []byte {
		return ether(bellMAC, routMAC, bell, maker, protoTCP, tcp(45000, 443, seq, flags, b))
	}
	down := func(b []byte) []byte {
		return ether(routMAC, bellMAC, maker, bell, protoTCP, tcp(443, 45000, 9, 16, b))
	}
	other := netip.MustParseAddr("203.0.113.7")
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	return []frame{
		{at(0), ether(routMAC, bellMAC, dnsBox, bell, protoUDP, udp(53, 40000, dnsAnswer("Plain.example", other)))},
		{at(1), up(99, 2, nil)},
		{at(2), up(100+200, 16, h[200:])},
		{at(3), up(100+50, 16, h[50:200])},
		{at(4), up(100, 16, h[:50])},
		{at(5), down(make([]byte, 1000))},
		{at(6), ether(bellMAC, routMAC, bell, other, protoTCP, tcp(45001, 80, 1, 16, []byte("GET / HTTP/1.1\r\n")))},
		{at(65), up(5000, 16, make([]byte, 700))}, // in the next minute
		{at(66), ether(bellMAC, mac{1, 0, 0x5e, 0, 0, 0xfb}, bell, netip.MustParseAddr("224.0.0.251"), protoUDP, udp(5353, 5353, nil))},
	}
}

func TestWhatAFileTells(t *testing.T) {
	frames := story(t)
	h := len(hello(t, "video.bell-maker.example"))
	local := flow.Local{MAC: "02:00:00:00:00:20", Address: bell}
	key := func(name, addr string, how flow.Protocol, port uint16) flow.Key {
		return flow.Key{Destination: flow.Destination{Domain: name, Address: netip.MustParseAddr(addr)}, Protocol: how, Port: port}
	}
	want := []flow.Record{
		{Key: key("video.bell-maker.example", "198.51.100.10", "tls", 443), Local: local, Up: uint64(4*40 + h), Down: 1040, Count: 1, First: began.Add(time.Second), Last: began.Add(5 * time.Second), Source: "capture test"},
		{Key: key("plain.example", "203.0.113.7", "tcp", 80), Local: local, Up: 56, Count: 1, First: began.Add(6 * time.Second), Last: began.Add(6 * time.Second), Source: "capture test"},
		{Key: key("video.bell-maker.example", "198.51.100.10", "tls", 443), Local: local, Up: 740, Count: 1, First: began.Add(65 * time.Second), Last: began.Add(65 * time.Second), Source: "capture test"},
	}
	for name, b := range map[string][]byte{"pcap": file(t, frames...), "pcapng": ngFile(t, frames...)} {
		got, sum := read(t, b)
		if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if sum.Packets != 9 || sum.AtHome != 2 || sum.Broken+sum.NotSeen+sum.Dropped != 0 || sum.Cut || len(sum.Devices) != 1 || sum.Devices[0].MAC != "02:00:00:00:00:20" ||
			!slices.Equal(sum.Devices[0].Names, []string{"plain.example", "video.bell-maker.example"}) || sum.Devices[0].Encrypted == 0 {
			t.Errorf("%s: %+v", name, sum)
		}
		again, _ := read(t, b)
		if d := cmp.Diff(got, again, cmpopts.EquateComparable(netip.Addr{})); d != "" {
			t.Errorf("%s: the second reading differs: %s", name, d)
		}
	}
}

// The twin: without the parts in their order there is no name.
func TestAHelloWithAGapHasNoName(t *testing.T) {
	frames := story(t)
	got, _ := read(t, file(t, slices.Delete(frames, 3, 4)...))
	if len(got) == 0 || got[0].Destination.Domain != "" || got[0].Protocol != "tcp" {
		t.Errorf("%+v", got)
	}
}

// What RFC 9001, appendix A, and RFC 9369, appendix A, give for this connection id.
func TestQUICVectors(t *testing.T) {
	id := unhex(t, "8394c8f03e515708")
	for v, want := range map[uint32][3]string{
		1:          {"1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"},
		0x6b3343cf: {"8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"},
	} {
		key, iv, hp, err := secretsOf(versions[v], id)
		if err != nil || hex.EncodeToString(key) != want[0] || hex.EncodeToString(iv) != want[1] || hex.EncodeToString(hp) != want[2] {
			t.Errorf("version %x: %x %x %x, %v", v, key, iv, hp, err)
		}
	}
	b := rfcInitial(t)
	if got := hex.EncodeToString(b[:22]); got != "c000000001088394c8f03e5157080000449e7b9aec34" {
		t.Errorf("the protected header is %s", got)
	}
	if got := hex.EncodeToString(b[22:38]); got != "d1b1c98dd7689fb8ec11d242b123dc9b" {
		t.Errorf("the first bytes are %s", got)
	}
	p, rest, quic := initial(b)
	k, err := keysFor(versions[1], p.id)
	if err != nil || !quic || len(rest) != 0 {
		t.Fatal(err, quic, len(rest))
	}
	var o opening
	cryptos(p.open(k), o.put)
	if got := serverName(o.front()); got != "example.com" {
		t.Errorf("the name is %q", got)
	}
	b[600] ^= 1 // the twin: one altered bit, and it is not opened
	if p, _, _ = initial(b); p.open(k) != nil {
		t.Error("an altered packet was opened")
	}
}

// rfcInitial is the client's initial packet of RFC 9001, A.2.
func rfcInitial(t testing.TB) []byte {
	t.Helper()
	plain := make([]byte, 1162)
	copy(plain, unhex(t, "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff"))
	head := unhex(t, "c300000001088394c8f03e5157080000449e00000002")
	k, err := keysFor(versions[1], unhex(t, "8394c8f03e515708"))
	if err != nil {
		t.Fatal(err)
	}
	nonce := slices.Clone(k.iv)
	nonce[11] ^= 2
	b := k.seal.Seal(slices.Clone(head), nonce, plain, head)
	var mask [16]byte
	k.header.Encrypt(mask[:], b[22:38])
	b[0] ^= mask[0] & 15
	for i := range 4 {
		b[18+i] ^= mask[1+i]
	}
	return b
}

func TestAQUICConnectionHasItsName(t *testing.T) {
	got, _ := read(t, file(t, frame{began, ether(bellMAC, routMAC, bell, maker, protoUDP, udp(50000, 443, rfcInitial(t)))}))
	if len(got) != 1 || got[0].Destination.Domain != "example.com" || got[0].Protocol != "quic" {
		t.Errorf("%+v", got)
	}
}

// Devices with public IPv6 addresses are known by the router's advertisement,
// or by the hardware address that is not the router's; without either nobody can
// tell, and that is counted.
func TestIPv6Sides(t *testing.T) {
	dev, out := netip.MustParseAddr("2001:db8:1::20"), netip.MustParseAddr("2001:db8:ff::1")
	pkt := frame{began, ether(bellMAC, routMAC, dev, out, protoTCP, tcp(45000, 443, 1, 16, nil))}
	if got, sum := read(t, file(t, pkt)); len(got) != 0 || sum.NotSeen != 1 {
		t.Errorf("guessed: %v, %+v", got, sum)
	}
	ra := append([]byte{134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 64, 0xc0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 0}, netip.MustParseAddr("2001:db8:1::").AsSlice()...)
	adv := frame{began, ether(routMAC, mac{0x33, 0x33, 0, 0, 0, 1}, netip.MustParseAddr("fe80::1"), netip.MustParseAddr("ff02::1"), protoICMP6, ra)}
	if got, _ := read(t, file(t, adv, pkt)); len(got) != 1 || got[0].Local.MAC != bellMAC.text() || got[0].Up != 60 {
		t.Errorf("by its prefix: %v", got)
	}
	four := frame{began, ether(bellMAC, routMAC, bell, maker, protoTCP, tcp(45000, 443, 1, 16, nil))}
	if got, _ := read(t, file(t, four, pkt)); len(got) != 2 || got[1].Local.Address != dev {
		t.Errorf("by the router's hardware address: %v", got)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	good := file(t, story(t)...)
	for name, b := range map[string][]byte{"empty": nil, "text": []byte("hello, this is no capture"), "gzip": {0x1f, 0x8b, 8, 0}, "header cut": good[:10]} {
		if _, err := Read(context.Background(), bytes.NewReader(b), Config{Emit: func([]flow.Record) error { return nil }}); !errors.Is(err, ErrNoCapture) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, sum := read(t, good[:len(good)-20]); !sum.Cut || len(got) == 0 {
		t.Errorf("a file that ends in the middle: %+v", sum)
	}
	stop := errors.New("stop")
	if _, err := Read(context.Background(), bytes.NewReader(good), Config{Emit: func([]flow.Record) error { return stop }}); !errors.Is(err, stop) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, bytes.NewReader(good), Config{Emit: func([]flow.Record) error { return nil }}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzRead(f *testing.F) {
	frames := story(f)
	f.Add(file(f, frames...))
	f.Add(ngFile(f, frames...))
	f.Add(file(f, frame{began, ether(bellMAC, routMAC, bell, maker, protoUDP, udp(50000, 443, rfcInitial(f)))}))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := Read(context.Background(), bytes.NewReader(b), Config{Emit: func(rs []flow.Record) error {
			for _, r := range rs {
				if r.Count == 0 || r.Last.Before(r.First) || !r.Destination.Address.IsValid() || len(r.Destination.Domain) > 253 {
					t.Fatalf("%+v", r)
				}
			}
			return nil
		}})
		if err != nil && !errors.Is(err, ErrNoCapture) {
			t.Fatal(err)
		}
	})
}

// FuzzPackets gives the inner parsers what a device may put into a packet.
func FuzzPackets(f *testing.F) {
	f.Add(rfcInitial(f))
	f.Add(hello(f, "a.example"))
	f.Add(dnsAnswer("a.example", maker))
	f.Fuzz(func(t *testing.T, b []byte) {
		answers(b, func(_ netip.Addr, name string) {
			if s, ok := hostName([]byte(name)); !ok || s != name {
				t.Fatalf("%q", name)
			}
		})
		h, _, _ := record(b)
		serverName(h)
		serverName(b)
		cryptos(b, func(at uint64, data []byte) { var o opening; o.put(at, data); o.front() })
		p, rest, _ := initial(b)
		if len(rest) >= len(b) && len(b) > 0 && p.whole != nil {
			t.Fatal("it would be read for ever")
		}
		if k, err := keysFor(versions[1], p.id); err == nil {
			p.open(k)
		}
	})
}

package capture

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"bestbefore/discovery/flow"
)

// house writes a capture of about size bytes: 40 devices with 20,000
// connections, beginnings and names included, packets as they are mixed at home.
func house(t testing.TB, w io.Writer, size int) {
	t.Helper()
	out := bufio.NewWriterSize(w, 1<<20)
	pc := pcapgo.NewWriterNanos(out)
	if err := pc.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	h := hello(t, "video.bell-maker.example")
	at, big, wrote := began, make([]byte, 1400), 0
	put := func(b []byte) {
		at = at.Add(time.Millisecond)
		wrote += len(b) + 16
		if err := pc.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(b), Length: len(b)}, b); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; wrote < size; n++ {
		d := byte(rnd.IntN(40))
		m, a := mac{2, 0, 0, 0, 1, d}, netip.AddrFrom4([4]byte{192, 168, 1, 20 + d})
		to := netip.AddrFrom4([4]byte{198, 51, byte(rnd.IntN(100)), byte(rnd.IntN(250))})
		port := uint16(20000 + n%20000)
		put(ether(routMAC, m, dnsBox, a, protoUDP, udp(53, 40000, dnsAnswer("host"+strconv.Itoa(n%5000)+".example", to))))
		put(ether(m, routMAC, a, to, protoTCP, tcp(port, 443, 99, 2, nil)))
		put(ether(m, routMAC, a, to, protoTCP, tcp(port, 443, 100, 16, h)))
		for range rnd.IntN(60) {
			body := big[:rnd.IntN(len(big))]
			if rnd.IntN(3) > 0 {
				put(ether(routMAC, m, to, a, protoTCP, tcp(443, port, 9, 16, body)))
			} else {
				put(ether(m, routMAC, a, to, protoTCP, tcp(port, 443, 5000, 16, body)))
			}
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

// size is 64 MB, or CAPTURE_MB.
func size() int {
	if n, err := strconv.Atoi(os.Getenv("CAPTURE_MB")); err == nil && n > 0 {
		return n << 20
	}
	return 64 << 20
}

func bench(b *testing.B, read func(io.Reader)) {
	f, err := os.CreateTemp(b.TempDir(), "*.pcap")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	house(b, f, size())
	end, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(end)
	var peak uint64
	for b.Loop() {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		read(f)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.Sys)
	}
	b.ReportMetric(float64(peak)/(1<<20), "MB-of-memory")
}

// BenchmarkFloor is bare reading of the packets with the same library.
func BenchmarkFloor(b *testing.B) {
	bench(b, func(r io.Reader) {
		p, err := pcapgo.NewReader(bufio.NewReaderSize(r, readBuffer))
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, _, err := p.ZeroCopyReadPacketData(); err != nil {
				return
			}
		}
	})
}

// BenchmarkRead is the whole of it.
func BenchmarkRead(b *testing.B) {
	bench(b, func(r io.Reader) {
		if _, err := Read(context.Background(), r, Config{Emit: func([]flow.Record) error { return nil }}); err != nil {
			b.Fatal(err)
		}
	})
}

// TestMemoryStaysBounded feeds what grows every table: connections, names,
// devices and beginnings that never end, with a clock that jumps.
func TestMemoryStaysBounded(t *testing.T) {
	tb := newTable(Config{Emit: func([]flow.Record) error { return nil }})
	var a [4]byte
	for i := range uint32(150_000) {
		binary.BigEndian.PutUint32(a[:], i*2654435761)
		dev := mac{2, a[0], a[1], a[2], a[3], 9}
		out := netip.AddrFrom4([4]byte{198, a[1], a[2], a[3]})
		b := ether(dev, routMAC, bell, out, protoTCP, tcp(uint16(i), 443, 99, 2, nil))
		if i%4 == 1 {
			b = ether(routMAC, bellMAC, dnsBox, bell, protoUDP, udp(53, 40000, dnsAnswer("a"+strconv.Itoa(int(i))+".example", out)))
		}
		if err := tb.packet(began.Add(time.Duration(i%7)*time.Hour), layers.LinkTypeEthernet, b, len(b)); err != nil {
			t.Fatal(err)
		}
		if len(tb.conns) > maxConns || len(tb.names) > maxNames || len(tb.devices) > maxDevices+1 || tb.opening > maxOpening {
			t.Fatal("a bound was not kept")
		}
	}
	if tb.sum.Dropped == 0 {
		t.Error("nothing is said to be left out")
	}
	open := 0
	for _, c := range tb.conns {
		if c.opening != nil {
			open++
		}
	}
	if open != tb.opening {
		t.Errorf("%d beginnings are counted, %d are there", tb.opening, open)
	}
}

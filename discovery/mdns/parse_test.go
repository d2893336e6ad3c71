package mdns

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"bestbefore/discovery"
)

func TestParseTakesAllKindsOfRecords(t *testing.T) {
	m, err := parse(answer(t, lamp.all()...))
	if err != nil || m.bad != 0 {
		t.Fatalf("err %v, %d bad", err, m.bad)
	}
	var got []string
	for _, c := range m.claims {
		got = append(got, fmt.Sprint(c.key, " ", dns.TypeToString[c.typ], " ", c.ttl, " ", c.flush, " ", c.target, " ", c.port, " ", []string(c.txt), " ", c.addr))
	}
	want := []string{
		`_hue._tcp.local. PTR 4500 false Lamp\ 1._hue._tcp.local. 0 [] invalid IP`,
		`lamp\ 1._hue._tcp.local. SRV 120 true Lamp.local. 443 [] invalid IP`,
		`lamp\ 1._hue._tcp.local. TXT 4500 true  0 [id=1 md=Model] invalid IP`,
		`lamp.local. A 120 true  0 [] 192.168.1.5`,
		`lamp.local. AAAA 120 true  0 [] fd00::5`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseRefusesWhatIsNoAnswer(t *testing.T) {
	good := answer(t, lamp.all()...)
	for name, change := range map[string]func([]byte) []byte{
		"a question":           func(b []byte) []byte { b[2] &^= 0x80; return b },
		"a response code":      func(b []byte) []byte { b[3] |= 3; return b },
		"another operation":    func(b []byte) []byte { b[2] |= 0x28; return b },
		"more than 9000 bytes": func(b []byte) []byte { return append(b, make([]byte, 9000)...) },
		"half a header":        func(b []byte) []byte { return b[:7] },
		"nothing":              func([]byte) []byte { return nil },
	} {
		if m, err := parse(change(bytes.Clone(good))); err == nil || len(m.claims) != 0 {
			t.Errorf("%s: %d claims, err %v", name, len(m.claims), err)
		}
	}
	if m, err := parse(good); err != nil || len(m.claims) != 5 {
		t.Errorf("the same packet unchanged: %d claims, err %v", len(m.claims), err)
	}
}

// Five packets as seen in the wild: good records, then one that does not parse.
func TestParseSkipsOneBadRecord(t *testing.T) {
	for name, tail := range oddRecords() {
		b := answer(t, lamp.all()...)
		b[11]++ // one more additional record
		m, err := parse(append(b, tail...))
		if err != nil || len(m.claims) != 5 {
			t.Errorf("%s: %d claims, err %v", name, len(m.claims), err)
		}
	}
	// A bad one in the middle: what follows is kept too.
	b := answer(t, lamp.ptr(4500))
	b[7] += 2
	b = append(b, oddRecords()["A of 3 bytes"]...)
	b = append(b, 1, 'q', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0, 1, 0, 0, 0, 120, 0, 4, 10, 0, 0, 1)
	if m, err := parse(b); err != nil || len(m.claims) != 2 || m.bad != 1 {
		t.Errorf("bad record in the middle: %d claims, %d bad, err %v", len(m.claims), m.bad, err)
	}
}

func oddRecords() map[string][]byte {
	q := []byte{1, 'q', 5, 'l', 'o', 'c', 'a', 'l', 0}
	with := func(b ...byte) []byte { return append(bytes.Clone(q), b...) }
	return map[string][]byte{
		"NSEC with an empty window": with(0, 47, 0x80, 1, 0, 0, 0, 120, 0, 6, 1, 'q', 0, 0, 0, 0),
		"A of 3 bytes":              with(0, 1, 0x80, 1, 0, 0, 0, 120, 0, 3, 10, 0, 0),
		"TXT string past its data":  with(0, 16, 0x80, 1, 0, 0, 0, 120, 0, 2, 9, 'x'),
		"unknown type":              with(0xff, 0x77, 0x80, 1, 0, 0, 0, 120, 0, 2, 9, 'x'),
		"EDNS owner option":         {0, 0, 41, 5, 0xa0, 0, 0, 0x11, 0x94, 0, 12, 0, 4, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7},
		"PTR to the root":           with(0, 12, 0, 1, 0, 0, 0, 120, 0, 1, 0),
		"name that points at itself": append([]byte{0xc0, 12},
			0, 12, 0, 1, 0, 0, 0, 1, 0, 2, 0xff, 0xff),
		"class CHAOS":       with(0, 1, 0, 3, 0, 0, 0, 120, 0, 4, 10, 0, 0, 1),
		"multicast address": with(0, 1, 0, 1, 0, 0, 0, 120, 0, 4, 224, 0, 0, 1),
		"cut off":           with(0, 16, 0x80, 1, 0, 0),
	}
}

// Few bytes must not become many: 500 records whose names all point at one name
// of 255 bytes.
func TestParseCostIsBoundByThePacket(t *testing.T) {
	name := strings.Repeat("\x3f"+strings.Repeat("\x01", 63), 3) + "\x05local\x00"
	b := append([]byte{0, 0, 0x84, 0, 0, 0, 1, 0xf4, 0, 0, 0, 0, 1, 'a'}, name...)
	b = append(b, 0, 12, 0, 1, 0, 0, 0, 120, 0, 2, 0xc0, 14)
	for i := range 499 {
		b = append(b, 1, byte('a'+i%26), 0xc0, 14, 0, 12, 0, 1, 0, 0, 0, 120, 0, 2, 0xc0, 14)
	}
	m, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, c := range m.claims {
		size += len(c.name) + len(c.target)
	}
	if size > 9*len(b)+4096 {
		t.Errorf("%d bytes of packet became %d bytes of names", len(b), size)
	}
	if len(m.claims) == 0 {
		t.Error("nothing at all was kept")
	}
}

func TestParseTXTKeepsBytesAndLimits(t *testing.T) {
	many := bytes.Repeat([]byte{1, 'x'}, 100)
	long := append([]byte{}, bytes.Repeat(append([]byte{255}, make([]byte, 255)...), 20)...)
	for _, c := range []struct {
		name string
		in   []byte
		want discovery.TXT
		n    int
		ok   bool
	}{
		{"raw bytes stay", []byte("\x04a=\xff\x00\x03b=1"), discovery.TXT{"a=\xff\x00", "b=1"}, 2, true},
		{"an empty record", []byte{0}, nil, 0, true},
		{"no data at all", nil, nil, 0, true},
		{"past the end", []byte("\x04a=1"), nil, 0, false},
		{"64 strings", many, nil, 64, true},
		{"1300 bytes", long, nil, 5, true},
	} {
		got, ok := parseTXT(c.in)
		if ok != c.ok || len(got) != c.n || c.want != nil && !cmp.Equal(got, c.want) {
			t.Errorf("%s: %d strings %q, ok %v", c.name, len(got), got, ok)
		}
	}
}

// F1: any bytes. No panic, few claims, little memory.
func FuzzParse(f *testing.F) {
	f.Add(answer(f, lamp.all()...))
	f.Add(answer(f, append(lamp.all(), lamp.ptr(0))...))
	f.Add([]byte{})
	f.Add(make([]byte, 12))
	f.Add([]byte{0, 0, 0x84, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0})
	for _, tail := range oddRecords() {
		b := answer(f, lamp.all()...)
		b[11]++
		f.Add(append(b, tail...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := allocated(func() { _, _ = parse(b) }, 16*uint64(len(b))+16384); n > 16*uint64(len(b))+16384 {
			t.Errorf("%d bytes allocated for a packet of %d", n, len(b))
		}
		m, err := parse(b)
		if err != nil && len(m.claims) > 0 {
			t.Error("claims in spite of an error")
		}
		owners, size := map[string]bool{}, 0
		for _, c := range m.claims {
			owners[c.name] = true
			size += len(c.name) + len(c.target)
			for _, s := range c.txt {
				size += len(s)
			}
			if !inLocal(c.name) || c.key != lower(c.name) {
				t.Errorf("owner %q, key %q", c.name, c.key)
			}
			if len(unescape(c.name)) > 255 || len(unescape(c.target)) > 255 {
				t.Errorf("a name longer than the wire allows: %q %q", c.name, c.target)
			}
		}
		if len(owners) > maxClaims || size > 16*len(b)+8192 {
			t.Errorf("%d owners and %d bytes out of %d bytes", len(owners), size, len(b))
		}
		// The whole way: nothing that parses may upset cache or browser.
		w := newBrowser([]string{"_hue._tcp.local."}, false, func(string) bool { return false })
		w.take(m, from("192.168.1.5"), start)
		for i := range 4 {
			w.work(start.Add(time.Duration(i) * time.Second))
		}
	})
}

// allocated is how many bytes f allocates. Others allocate at the same time, so
// a figure over the limit counts only when it comes again and again.
func allocated(f func(), limit uint64) (least uint64) {
	for i := range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; i == 0 || n < least {
			least = n
		}
		if least <= limit {
			break
		}
	}
	return least
}

// The twin: what allocates too much is found out.
func TestAllocatedFindsWaste(t *testing.T) {
	var keep []byte
	if n := allocated(func() { keep = make([]byte, 1<<20) }, 16384); n < 1<<20 || len(keep) == 0 {
		t.Errorf("a megabyte counts as %d bytes", n)
	}
}

// F3: any TXT data.
func FuzzTXT(f *testing.F) {
	f.Add([]byte("\x04id=1\x08md=Model\x03id="))
	f.Add([]byte{0})
	f.Add([]byte("\x01=\x00\x02a="))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		txt, ok := parseTXT(b)
		if !ok && txt != nil {
			t.Error("strings in spite of an error")
		}
		size := 0
		first := map[string]string{}
		for _, s := range txt {
			size += len(s)
			k, v, _ := strings.Cut(s, "=")
			if _, dup := first[lower(k)]; !dup {
				first[lower(k)] = v
			}
		}
		if len(txt) > maxTXTStrings || size > maxTXTBytes || size > len(b) {
			t.Errorf("%d strings, %d bytes out of %d", len(txt), size, len(b))
		}
		for k, v := range first {
			if got, ok := txt.Get(k); isASCII(k) && (!ok || got != v) {
				t.Errorf("key %q: %q, want the first, %q", k, got, v)
			}
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// The memory of a parse, measured: at most 16 KiB for each KiB of packet.
func TestParseAllocatesLittle(t *testing.T) {
	b := answer(t, lamp.ptr(4500))
	for i := range 200 {
		b = binary.BigEndian.AppendUint16(append(b, 0xc0, 12), dns.TypePTR)
		b = append(b, 0, 1, 0, 0, 0, 120, 0, 4, 1, byte(i), 0xc0, 12)
		b[7]++
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const runs = 200
	for range runs {
		if _, err := parse(b); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	per := (after.TotalAlloc - before.TotalAlloc) / runs
	t.Logf("%d bytes allocated for a packet of %d", per, len(b))
	if per > 16*uint64(len(b))+16384 {
		t.Errorf("%d bytes allocated for a packet of %d", per, len(b))
	}
}

func BenchmarkParse(b *testing.B) {
	p := answer(b, lamp.all()...)
	b.ReportAllocs()
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if _, err := parse(p); err != nil {
			b.Fatal(err)
		}
	}
}

// The message library on the same packet, for comparison.
func BenchmarkLibraryUnpack(b *testing.B) {
	p := answer(b, lamp.all()...)
	b.ReportAllocs()
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if err := new(dns.Msg).Unpack(p); err != nil {
			b.Fatal(err)
		}
	}
}

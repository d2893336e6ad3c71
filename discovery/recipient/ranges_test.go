package recipient

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"bestbefore/assets"

	"pgregory.net/rapid"
)

func v4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}

// v6 is an address in the nth /48.
func v6(n uint64, last byte) netip.Addr {
	var b [16]byte
	copy(b[:6], binary.BigEndian.AppendUint64(nil, n)[2:])
	for i := 6; i < 16; i++ {
		b[i] = last
	}
	return netip.AddrFrom16(b)
}

// TestPackedEqualsSpans: for any spans the packed form answers as a plain search would.
func TestPackedEqualsSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"", "A", "B", "Example Networks", "Ü"})
		var spans []Span
		next := uint64(0)
		for next < 1<<32 && len(spans) < 20 && rapid.Bool().Draw(t, "more") {
			from := next + rapid.Uint64Range(0, 1<<20).Draw(t, "gap")
			to := min(from+rapid.Uint64Range(0, 1<<uint(rapid.IntRange(0, 31).Draw(t, "size"))).Draw(t, "length"), 1<<32-1)
			if from > to {
				break
			}
			spans = append(spans, Span{v4(uint32(from)), v4(uint32(to)), names.Draw(t, "name")})
			next = to + 1
		}
		next = 0
		for n := 0; n < 20 && rapid.Bool().Draw(t, "more"); n++ {
			from := next + rapid.Uint64Range(0, 1<<40).Draw(t, "gap")
			to := min(from+rapid.Uint64Range(0, 1<<40).Draw(t, "length"), 1<<48-1)
			if from > to {
				break
			}
			spans = append(spans, Span{v6(from, 0), v6(to, 0xff), names.Draw(t, "name")})
			next = to + 1
		}
		data, err := PackRanges(spans)
		if err != nil {
			t.Fatal(err)
		}
		p, err := openPacked(string(data))
		if err != nil {
			t.Fatal(err)
		}
		check := func(a netip.Addr) {
			want := ""
			for _, s := range spans {
				if s.From.Is4() == a.Is4() && s.From.Compare(a) <= 0 && a.Compare(s.To) <= 0 {
					want = s.Name
				}
			}
			if got := p.find(a); got != want {
				t.Fatalf("%s: %q, want %q", a, got, want)
			}
		}
		for _, s := range spans {
			for _, a := range []netip.Addr{s.From, s.To, s.From.Prev(), s.To.Next()} {
				if a.IsValid() && !a.Is4In6() {
					check(a)
				}
			}
		}
		check(v4(rapid.Uint32().Draw(t, "any")))
		check(v6(rapid.Uint64Range(0x2000_0000_0000, 1<<48-1).Draw(t, "any"), 7))
	})
}

func TestPackRefuses(t *testing.T) {
	a := func(s string) netip.Addr { return netip.MustParseAddr(s) }
	for name, spans := range map[string][]Span{
		"overlap":       {{a("1.0.0.0"), a("1.0.0.9"), "A"}, {a("1.0.0.9"), a("1.0.0.20"), "B"}},
		"order":         {{a("2.0.0.0"), a("2.0.0.9"), "A"}, {a("1.0.0.9"), a("1.0.0.20"), "B"}},
		"overlap of v6": {{a("2001::"), a("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "A"}, {a("2002::"), a("2003:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "B"}},
		"backwards":     {{a("1.0.0.9"), a("1.0.0.0"), "A"}},
		"mixed":         {{a("1.0.0.9"), a("2001::"), "A"}},
		"none":          {{}},
	} {
		if _, err := PackRanges(spans); !errors.Is(err, ErrSpan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPartOfA48StaysUnknown: what the packed form cannot keep it does not guess.
func TestPartOfA48StaysUnknown(t *testing.T) {
	a := netip.MustParseAddr
	data, err := PackRanges([]Span{
		{a("2001:db8::"), a("2001:db8:0:7fff:ffff:ffff:ffff:ffff"), "half"},
		{a("2001:db8:1::"), a("2001:db8:2:00ff:ffff:ffff:ffff:ffff"), "one and a bit"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := openPacked(string(data))
	if err != nil {
		t.Fatal(err)
	}
	if p.find(a("2001:db8::1")) != "" || p.find(a("2001:db8:1::1")) != "one and a bit" || p.find(a("2001:db8:2::1")) != "" {
		t.Error("part of a /48 was taken for the whole")
	}
}

// TestShippedRanges reads each part of the files that are shipped: in order,
// every value with a name.
func TestShippedRanges(t *testing.T) {
	for name, data := range map[string]string{"countries": assets.RecipientsCountries, "owners": assets.RecipientsOwners} {
		p, err := openPacked(data)
		if err != nil {
			t.Fatal(err)
		}
		used := 0
		for i := range len(p.val4) / p.width {
			if p.name(p.val4, i) != "" {
				used++
			}
		}
		for i := range p.n6 {
			if i > 0 && key6(p.start6[i*6:]) <= key6(p.start6[i*6-6:]) {
				t.Fatalf("%s: IPv6 start %d is not in order", name, i)
			}
			if p.name(p.val6, i) != "" {
				used++
			}
		}
		for b := range packBuckets - 1 {
			from, to := u32(p.buckets, b), u32(p.buckets, b+1)
			if from >= to || p.low4[from*2] != 0 || p.low4[from*2+1] != 0 {
				t.Fatalf("%s: bucket %d is not whole", name, b)
			}
		}
		if used < 100_000 {
			t.Errorf("%s: only %d ranges", name, used)
		}
	}
}

// TestDamagedRanges: whatever the file holds, nothing breaks.
func TestDamagedRanges(t *testing.T) {
	data, err := PackRanges([]Span{{v4(1 << 24), v4(1<<25 - 1), "A"}, {v6(1<<45, 0), v6(1<<45+9, 0xff), "B"}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(data) {
		if n > 200 && n < len(data)-200 && n%997 != 0 {
			continue
		}
		if _, err := openRanges(string(data[:n]), "x"); err == nil && n > 0 {
			t.Errorf("%d of %d bytes are taken for the whole", n, len(data))
		}
	}
	for n := range min(len(data), 400) {
		bad := slices.Clone(data)
		bad[n] ^= 0xff
		if r, err := openRanges(string(bad), "x"); err == nil {
			r.find(v4(1 << 24))
			r.find(v6(1<<45, 0))
		}
	}
}

func FuzzOpenRanges(f *testing.F) {
	data, err := PackRanges([]Span{{v4(1 << 24), v4(1<<25 - 1), "A"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:300])
	f.Add([]byte(packMagic))
	f.Add([]byte("\xab\xcd\xefMaxMind.com"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if r, err := openRanges(string(data), "fuzz"); err == nil {
			r.find(netip.MustParseAddr("8.8.8.8"))
			r.find(netip.MustParseAddr("2606:4700::1111"))
		}
	})
}

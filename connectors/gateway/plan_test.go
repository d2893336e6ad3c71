package gateway

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func request(hw []string, to ...string) connectors.BlockRequest {
	r := connectors.BlockRequest{Mark: "consent-c1", Target: connectors.Target{Recipient: consent.Recipient{Destinations: to, Any: len(to) == 0}}}
	for _, h := range hw {
		r.Target.Identifiers = append(r.Target.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: h})
	}
	return r
}

func TestPlanFor(t *testing.T) {
	const hw = "02:00:00:00:00:01"
	at := time.Date(2026, 5, 31, 22, 0, 0, 123456789, time.UTC)
	many := make([]string, 0, maxAddresses+1)
	for i := range maxAddresses + 1 {
		many = append(many, netip.AddrFrom4([4]byte{100, byte(i >> 14), byte(i >> 6), byte(i << 2)}).String())
	}
	kind := func(k consent.ErrorKind) consent.ErrorKind { return k }
	for name, c := range map[string]struct {
		r    connectors.BlockRequest
		want consent.ErrorKind // empty: it works
	}{
		"device":              {request([]string{hw}), ""},
		"recipient":           {request([]string{hw}, "203.0.113.1", "2001:db8::/32", "example.org"), ""},
		"no hardware address": {request(nil), kind(consent.KindNeedsPerson)},
		"broadcast":           {request([]string{"ff:ff:ff:ff:ff:ff"}), kind(consent.KindNeedsPerson)},
		"nothing":             {request([]string{"00:00:00:00:00:00"}), kind(consent.KindNeedsPerson)},
		"names only":          {request([]string{hw}, "example.org"), kind(consent.KindTransient)},
		"unspecified":         {request([]string{hw}, "0.0.0.0", "::"), kind(consent.KindTransient)},
		"too many":            {request([]string{hw}, many...), kind(consent.KindPermanent)},
		"no mark":             {connectors.BlockRequest{Target: request([]string{hw}).Target}, kind(consent.KindPermanent)},
		"ends before it starts": {
			connectors.BlockRequest{Mark: "m", Target: request([]string{hw}).Target, From: at, Until: at},
			kind(consent.KindPermanent),
		},
	} {
		p, err := planFor(c.r)
		switch {
		case c.want == "" && (err != nil || len(p.macs) != 1):
			t.Errorf("%s: %+v, %v", name, p, err)
		case c.want != "" && (err == nil || connectors.KindOf(err) != c.want):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestRangesJoinAndHit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			if rapid.Bool().Draw(t, "v6") {
				a := netip.AddrFrom16([16]byte{0x20, 1, 15: rapid.Byte().Draw(t, "last")})
				texts = append(texts, netip.PrefixFrom(a, rapid.IntRange(120, 128).Draw(t, "bits")).String())
				continue
			}
			a := netip.AddrFrom4([4]byte{255, 255, 255, rapid.Byte().Draw(t, "last")})
			texts = append(texts, netip.PrefixFrom(a, rapid.IntRange(24, 32).Draw(t, "bits")).String())
		}
		p := plan{to: mergeRanges(parseRanges(texts))}
		for i := 1; i < len(p.to); i++ {
			a, b := p.to[i-1], p.to[i]
			if a.first.BitLen() == b.first.BitLen() && !a.last.Next().Less(b.first) {
				t.Fatalf("%v and %v overlap or touch", a, b)
			}
		}
		for i := range 256 {
			for _, a := range []netip.Addr{netip.AddrFrom4([4]byte{255, 255, 255, byte(i)}), netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)})} {
				want := false
				for _, s := range texts {
					want = want || netip.MustParsePrefix(s).Contains(a)
				}
				if p.hits(a) != want {
					t.Fatalf("%v: hits is %v for %v", a, !want, texts)
				}
			}
		}
	})
}

func TestCommentsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan{
			mark:  rapid.String().Draw(t, "mark") + "m",
			from:  trunc(time.UnixMilli(rapid.Int64Range(1, 1<<42).Draw(t, "from"))),
			until: trunc(time.UnixMilli(rapid.Int64Range(1, 1<<42).Draw(t, "until"))),
		}
		s := p.comment(roleRefuse)
		if len(s) > 127 || strings.ContainsAny(s, "\"\\\n") {
			t.Fatalf("comment %q does not fit", s)
		}
		role, got, ok := parseComment(s)
		if !ok || role != roleRefuse || got.mark != safeMark(p.mark) || !got.from.Equal(p.from) || !got.until.Equal(p.until) {
			t.Fatalf("%q came back as %q %+v", s, role, got)
		}
		if key(p.mark) != key(got.mark) {
			t.Fatal("the mark and what is listed have different sets")
		}
	})
	for _, s := range []string{"", "bb-watch", "bb/refuse/0/0/", "bb/refuse/x/0/m", "bb/refuse/-1/0/m", "bb/refuse/0/0/a b", "someone else's"} {
		if _, p, ok := parseComment(s); ok {
			t.Errorf("%q taken for ours: %+v", s, p)
		}
	}
}

func TestInForce(t *testing.T) {
	at := time.Unix(1000, 0)
	p := plan{from: at, until: at.Add(time.Minute)}
	for d, want := range map[time.Duration]bool{-1: false, 0: true, time.Minute - 1: true, time.Minute: false} {
		if got := p.active(at.Add(d)); got != want {
			t.Errorf("%v after the start: %v", d, got)
		}
	}
	if !(plan{}).active(at) {
		t.Error("a block without dates is in force")
	}
}

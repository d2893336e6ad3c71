package gateway

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

func TestDuringReadsTheKernelsClock(t *testing.T) {
	from, until := time.Unix(1_700_000_000, 0), time.Unix(1_800_000_000, 0)
	got := during(plan{from: from, until: until})
	swap := &expr.Byteorder{SourceRegister: reg0, DestRegister: reg0, Op: expr.ByteorderHton, Len: 8, Size: 8}
	at := func(t time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())) }
	want := []expr.Any{
		&expr.Meta{Key: metaTimeNS, Register: reg0}, swap, &expr.Cmp{Op: expr.CmpOpGte, Register: reg0, Data: at(from)},
		&expr.Meta{Key: metaTimeNS, Register: reg0}, swap, &expr.Cmp{Op: expr.CmpOpLt, Register: reg0, Data: at(until)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if during(plan{}) != nil {
		t.Error("a block without dates asks for the time")
	}
}

// What a device sends is remembered under the key by which the answer is looked up.
func TestLearnAndReturningAgree(t *testing.T) {
	for _, f := range families() {
		where := func(es []expr.Any) (at [5]uint32) {
			for _, e := range es {
				switch x := e.(type) {
				case *expr.Payload:
					if x.Base == expr.PayloadBaseNetworkHeader {
						at[(x.DestRegister-reg0)/f.words()] = x.Offset
					} else {
						at[x.DestRegister-reg0-2*f.words()+2] = x.Offset
					}
				case *expr.Meta:
					at[2] = x.Register
				}
			}
			return at
		}
		set := setName("m", "a", "flow"+f.suffix)
		s := flowSet(plan{mark: "m"}, "a", f)
		out, back := where(learn(f, s)), where(returning(f, s))
		slices.Reverse(back[:2])
		slices.Reverse(back[3:])
		if s.Name != set || out != back || out[2] != reg0+2*f.words() {
			t.Errorf("IPv%s: learnt %v, looked up %v", f.suffix, out, back)
		}
	}
}

func TestIntervalsComeBack(t *testing.T) {
	for _, texts := range [][]string{
		{"192.0.2.1", "198.51.100.0/24"}, {"0.0.0.0/0"}, {"255.255.255.255", "0.0.0.1"}, {"2001:db8::/32", "::1"}, {"::/0"},
	} {
		rs := mergeRanges(parseRanges(texts))
		es := interval(rs)
		slices.Reverse(es) // the kernel lists them from the end
		if got := rangesOf(es); !slices.Equal(rs, got) {
			t.Errorf("%v: %v came back as %v", texts, rs, got)
		}
	}
}

func TestRefusedDestinationsAreRead(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	key := make([]byte, 8, 32)
	copy(key, []byte{2, 0, 0, 0, 0, 5})
	key = append(key, 198, 51, 100, 1, unix.IPPROTO_TCP, 0, 0, 0, 443>>8, 443&255, 0, 0)
	got := triesOf(elements(key, tryMemory-90*time.Second), now)
	if len(got) != 1 || got[0].dest.addr.String() != "198.51.100.1" || got[0].dest.port != 443 || got[0].dest.proto != 6 ||
		got[0].mac.String() != "02:00:00:00:00:05" || got[0].packets != 3 || !got[0].last.Equal(now.Add(-90*time.Second)) {
		t.Errorf("%+v", got)
	}
	for n := range len(key) {
		if got := triesOf(elements(key[:n], time.Second), now); len(got) != 0 {
			t.Errorf("a key of %d bytes was read as %+v", n, got)
		}
	}
}

func elements(key []byte, left time.Duration) []nftables.SetElement {
	return []nftables.SetElement{{Key: key, Expires: left, Counter: &expr.Counter{Packets: 3, Bytes: 180}}}
}

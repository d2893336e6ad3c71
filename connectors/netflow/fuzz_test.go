package netflow

import (
	"encoding/binary"
	"testing"
)

// FuzzMessages feeds a run of messages, each with its length before it, to one
// collector: no panic, no endless reading, and every bound is kept.
func FuzzMessages(f *testing.F) {
	run := func(ms ...packet) (all []byte) {
		for _, m := range ms {
			all = append(binary.BigEndian.AppendUint16(all, uint16(len(m))), m...)
		}
		return all
	}
	f.Add(run(five(0, up(5000, 443), down(1, 443))))
	f.Add(run(nine(0, 7, 1, set(0, template(256, fields4))), nine(1, 7, 1, set(256, data4(up(5000, 443))))))
	f.Add(run(ten(0, 7, set(2, template(256, fields4))), ten(0, 7, set(256, data4(up(5000, 443))))))
	f.Add(run(ten(0, 7, set(2, template(256, [][2]uint16{{1, 0xffff}, {8, 4}, {12, 4}})), set(256, packet{4, 0, 0, 0, 1, 10, 0, 0, 1, 1, 1, 1, 1}))))
	f.Add(run(nine(0, 7, 2, set(0, template(256, [][2]uint16{{1, 0}})), set(256, packet{1, 2, 3, 4}))))
	f.Add(run(nine(0, 7, 1, set(1, packet{}.u16(300).u16(4).u16(4).u16(1).u16(4).u16(34).u16(4))), nine(1, 7, 1, set(300, packet{}.u32(1).u32(20)))))
	f.Add(run(ten(0, 7, set(3, packet{}.u16(258).u16(0).u16(0)), set(258, packet{0, 0, 0, 0}))))
	f.Fuzz(func(t *testing.T, all []byte) {
		w := &watch{}
		c := newCollector(w)
		h, _ := parseHomes("")
		sums := newTallies(h)
		for len(all) >= 2 {
			n := min(int(binary.BigEndian.Uint16(all)), len(all)-2, maxPacket)
			m := message0(packet(all[2 : 2+n]))
			all = all[2+n:]
			for _, x := range c.read(m) {
				sums.add(x)
				if x.bytes > maxRecord || x.back > maxRecord || x.last.Before(x.first) || x.last.After(m.at) || m.at.Sub(x.first) > maxAge {
					t.Fatalf("not plausible: %+v", x)
				}
			}
		}
		for _, s := range c.sources {
			if len(s.templates.of) > maxTemplates || len(s.streams) > maxDomains {
				t.Fatal("a bound was not kept")
			}
		}
		for _, b := range sums.take() {
			for _, r := range b {
				if r.Count == 0 || !r.Local.Address.IsValid() || !r.Destination.Address.IsValid() {
					t.Fatalf("%+v", r)
				}
			}
		}
	})
}

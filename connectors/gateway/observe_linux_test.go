package gateway

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/ti-mo/conntrack"
	"pgregory.net/rapid"

	"bestbefore/connectors"
	"bestbefore/discovery/flow"
)

func testHome() home {
	return home{
		lan: []string{"br0"}, prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("fd00::/64")},
		own:       []netip.Addr{netip.MustParseAddr("192.168.1.1"), netip.MustParseAddr("203.0.113.1")},
		neighbors: []neighbor{{netip.MustParseAddr("192.168.1.5"), mac{2, 0, 0, 0, 0, 5}, "br0"}},
	}
}

func TestClassify(t *testing.T) {
	tuple := func(src, dst string, sport, dport uint16) conntrack.Tuple {
		return conntrack.Tuple{
			IP:    conntrack.IPTuple{SourceAddress: netip.MustParseAddr(src), DestinationAddress: netip.MustParseAddr(dst)},
			Proto: conntrack.ProtoTuple{Protocol: 6, SourcePort: sport, DestinationPort: dport},
		}
	}
	for name, c := range map[string]struct {
		orig, reply conntrack.Tuple
		want        string // "" is not of interest
	}{
		"out, translated":   {tuple("192.168.1.5", "198.51.100.1", 5000, 443), tuple("198.51.100.1", "203.0.113.1", 443, 5000), "192.168.1.5 198.51.100.1 443 10 20"},
		"out, IPv6":         {tuple("fd00::5", "2001:db8::1", 5000, 443), tuple("2001:db8::1", "fd00::5", 443, 5000), "fd00::5 2001:db8::1 443 10 20"},
		"in, port forward":  {tuple("198.51.100.1", "203.0.113.1", 6000, 80), tuple("192.168.1.5", "198.51.100.1", 8080, 6000), "192.168.1.5 198.51.100.1 0 20 10"},
		"to the router":     {tuple("192.168.1.5", "192.168.1.1", 5000, 53), tuple("192.168.1.1", "192.168.1.5", 53, 5000), ""},
		"within the home":   {tuple("192.168.1.5", "192.168.1.6", 5000, 80), tuple("192.168.1.6", "192.168.1.5", 80, 5000), ""},
		"the router itself": {tuple("203.0.113.1", "198.51.100.1", 5000, 443), tuple("198.51.100.1", "203.0.113.1", 443, 5000), ""},
		"multicast":         {tuple("192.168.1.5", "239.255.255.250", 5000, 1900), tuple("239.255.255.250", "192.168.1.5", 1900, 5000), ""},
		"loopback":          {tuple("127.0.0.1", "127.0.0.1", 5000, 80), tuple("127.0.0.1", "127.0.0.1", 80, 5000), ""},
	} {
		f := conntrack.Flow{TupleOrig: c.orig, TupleReply: c.reply, CountersOrig: conntrack.Counter{Bytes: 10}, CountersReply: conntrack.Counter{Bytes: 20}}
		got := ""
		if s, ok := classify(&f, testHome()); ok {
			got = fmt.Sprint(s.local, " ", s.dest, " ", s.port, " ", s.up, " ", s.down)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// However often the observer is stopped, and after whichever batch, the
// records up to there and those after add up to what was sent.
func TestDeltasAddUpAcrossRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_700_000_000, 0)
		s := &Session{source: "connector:x", now: func() time.Time { return now }}
		s.tracker = newTracker(s)
		s.tracker.learn(testHome())
		flows := make([]seenFlow, rapid.IntRange(1, 1300).Draw(t, "flows"))
		for i := range flows {
			flows[i] = seenFlow{
				id: uint32(i), start: now, local: netip.MustParseAddr("192.168.1.5"), proto: 6, port: uint16(i),
				dest: netip.MustParseAddr("198.51.100.1"),
			}
		}
		var sent, kept uint64
		cursor := newPlace("b").encode()
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			now = now.Add(5 * time.Second)
			for i := range flows {
				n := uint64(rapid.IntRange(0, 2).Draw(t, "bytes"))
				flows[i].up += n
				sent += n
			}
			stopAfter := rapid.IntRange(0, 4).Draw(t, "stop after batch")
			p, err := decodePlace(cursor)
			if err != nil {
				t.Fatal(err)
			}
			batches := 0
			o := &observer{s: s, place: p, emit: func(rs []flow.Record, c connectors.Cursor) {
				if len(rs) > maxBatch {
					t.Fatalf("%d records in a batch", len(rs))
				}
				if batches++; batches > stopAfter { // stored nothing from here on
					return
				}
				for _, r := range rs {
					kept += r.Up
					if r.Local.MAC != "02:00:00:00:00:05" || r.Count == 0 || r.Last.Before(r.First) {
						t.Fatalf("record %+v", r)
					}
				}
				cursor = c
			}}
			pass(o, flows, now)
			if batches == 0 {
				t.Fatal("no heartbeat")
			}
		}
		p, _ := decodePlace(cursor)
		pass(&observer{s: s, place: p, emit: func(rs []flow.Record, c connectors.Cursor) {
			for _, r := range rs {
				kept += r.Up
			}
		}}, flows, now.Add(time.Second))
		if kept != sent {
			t.Fatalf("records add up to %d, sent %d", kept, sent)
		}
	})
}

// pass is what step does, without a kernel.
func pass(o *observer, flows []seenFlow, now time.Time) {
	sums, open := map[recordKey]*tally{}, map[uint32]bool{}
	for _, f := range flows {
		open[f.id] = true
		o.add(sums, f, o.place.at, now)
	}
	o.give(sums, open, now)
}

// TestTheEndThatIsToldLateIsNotCountedAgain: the kernel lists a flow that timed
// out no more, and tells its end when it tidies up. The twin has forgotten what
// was counted by then.
func TestTheEndThatIsToldLateIsNotCountedAgain(t *testing.T) {
	for late, want := range map[time.Duration]uint64{endWait - 5*time.Second: 500, endWait + 5*time.Second: 1000} {
		now := time.Unix(1_700_000_000, 0)
		s := &Session{now: func() time.Time { return now }}
		s.tracker = newTracker(s)
		var up uint64
		o := &observer{s: s, place: newPlace("b"), emit: func(rs []flow.Record, _ connectors.Cursor) {
			for _, r := range rs {
				up += r.Up
			}
		}}
		f := seenFlow{id: 7, start: now, up: 500, local: netip.MustParseAddr("192.168.1.5"), dest: netip.MustParseAddr("198.51.100.1")}
		pass(o, []seenFlow{f}, now)
		for end := now.Add(late); now.Before(end); {
			now = now.Add(5 * time.Second)
			pass(o, nil, now)
		}
		f.stop = now
		sums := map[recordKey]*tally{}
		o.add(sums, f, o.place.at, now)
		o.give(sums, nil, now)
		if up != want {
			t.Errorf("an end told after %v makes it %d bytes, want %d", late, up, want)
		}
	}
}

func TestPlaceDoesNotGrow(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := &Session{now: func() time.Time { return now }}
	s.tracker = newTracker(s)
	o := &observer{s: s, place: newPlace("b"), emit: func([]flow.Record, connectors.Cursor) {}}
	for i := range uint32(100) {
		now = now.Add(5 * time.Second)
		pass(o, []seenFlow{{id: i, start: now, up: 5, local: netip.MustParseAddr("192.168.1.5"), dest: netip.MustParseAddr("198.51.100.1")}}, now)
	}
	if most := int(endWait/(5*time.Second)) + 1; len(o.place.flows) > most {
		t.Errorf("%d flows kept, 1 is open and the end of %d may still be told", len(o.place.flows), most-1)
	}
	pass(o, nil, now.Add(5*time.Second))
	pass(o, nil, now.Add(endWait+10*time.Second))
	if len(o.place.flows)+len(o.away) != 0 {
		t.Errorf("%d flows and %d absences kept, none is open", len(o.place.flows), len(o.away))
	}
}

// TestWhatTheBoxItselfTurnsAwayIsNoRecipient: a blocked device goes on asking the
// router for names; the twin is what it sends outside.
func TestWhatTheBoxItselfTurnsAwayIsNoRecipient(t *testing.T) {
	h := testHome()
	now := time.Unix(1_700_000_000, 0).UTC()
	o := &observer{s: &Session{source: "connector:gw"}, place: newPlace("")}
	outside := netip.MustParseAddr("203.0.113.9")
	k := turnedAway{mark: "device-d1", gen: "a"}
	for _, a := range append([]netip.Addr{outside}, h.own...) {
		k.tries = append(k.tries, try{mac: mac{2, 0, 0, 0, 0, 1}, dest: tryDest{addr: a, proto: 17, port: 53}, packets: 3, bytes: 180, last: now})
	}
	sums := map[recordKey]*tally{}
	o.addRefused(sums, []turnedAway{k}, h, now)
	if len(h.own) == 0 || len(sums) != 1 {
		t.Fatalf("%d own addresses, recipients %+v", len(h.own), sums)
	}
	for key := range sums {
		if key.Destination.Address != outside || !key.refused {
			t.Errorf("recipient %+v", key)
		}
	}
}

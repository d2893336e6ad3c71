package behaviour

import (
	"flag"
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

// How many homes are lived in, and for how long after learning; the figures are
// of -homes 50 -weeks 4.
var (
	homes = flag.Int("homes", 1, "simulated homes")
	weeks = flag.Int("weeks", 2, "weeks in each")
)

// TestFalseAlarms lives in ordinary homes, in which nothing is wrong.
func TestFalseAlarms(t *testing.T) {
	kinds := map[Kind]int{}
	n := 0
	for seed := range uint64(*homes) {
		for _, f := range simulate(seed, *weeks, Usual(), nil) {
			n++
			kinds[f.Kind]++
			t.Logf("home %d, %s, day %d: %s", seed, f.thing, f.day, brief(f.Finding))
		}
	}
	rate := float64(n) / float64(*homes**weeks)
	t.Logf("%d homes of 60 devices, %d weeks each: %d false alarms, %.3f a home and week: %v", *homes, *weeks, n, rate, kinds)
	if rate > 0.25 && n > 1 { // one is chance
		t.Errorf("%.2f false alarms a home and week: more than one a month", rate)
	}
}

func brief(f Finding) string {
	return fmt.Sprintf("%s bytes %d (%d) hosts %d (%d) ports %d to %q new %v %s-%s", f.Kind, f.Bytes, f.UsualBytes, f.Hosts, f.UsualHosts, f.Ports, f.MostlyTo, f.New, f.From.In(berlin).Format("15"), f.To.In(berlin).Format("15"))
}

// run is something that takes a device over, on one day after learning.
type run struct {
	name  string
	thing string
	want  []Kind // any of them tells it
	does  func(hour) []Row
}

// between says that h is one of some hours of the day on which it happens.
func (h hour) between(from, to int) bool {
	return h.day == runDay && h.local.Hour() >= from && h.local.Hour() < to
}

const runDay = HistoryDays + 5

func runs() []run {
	tries := func(h hour, n int, port uint16, home bool) []Row {
		var rows []Row
		for range n {
			x := fmt.Sprintf("stranger %d", h.rng.IntN(1<<30))
			r := exchange(h, x, place(x, 0), "tcp", port, 60*3, uint64(h.rng.IntN(2))*40, 1)
			if home {
				r.Destination.Address, r.Home, r.Who = netip.AddrFrom4([4]byte{192, 168, 1, byte(h.rng.IntN(254) + 1)}), true, "home"
			}
			rows = append(rows, r)
		}
		return rows
	}
	send := func(h hour, who string, n int, bytes uint64) []Row {
		var rows []Row
		for i := range n {
			rows = append(rows, exchange(h, fmt.Sprintf("%s %d", who, i), place(who, i), "tcp", 443, bytes/uint64(n), bytes/100, 1))
		}
		return rows
	}
	at := func(from, to int, f func(hour) []Row) func(hour) []Row {
		return func(h hour) []Row {
			if !h.between(from, to) {
				return nil
			}
			return f(h)
		}
	}
	return []run{
		{"a botnet's search, in full swing", "lamp 0", []Kind{Search}, at(0, 24, func(h hour) []Row { return tries(h, 3000, 23, false) })},
		{"a botnet's search, slow", "plug 1", []Kind{Search}, at(0, 24, func(h hour) []Row { return tries(h, 15, 2323, false) })},
		{"a botnet's search, for one hour", "camera 0", []Kind{Search}, at(3, 4, func(h hour) []Row { return tries(h, 60, 5555, false) })},
		{"a search at home", "speaker 1", []Kind{Search}, at(14, 15, func(h hour) []Row { return tries(h, 200, 445, true) })},
		{"a computer that searches", "person 3", []Kind{Search}, at(12, 13, func(h hour) []Row { return tries(h, 5000, 445, false) })},
		{"the doors of the router", "screen 1", []Kind{Doors}, at(5, 6, func(h hour) []Row {
			var rows []Row
			for port := range uint16(1000) {
				r := exchange(h, "router", netip.MustParseAddr("192.168.1.1"), "tcp", port+1, 60, 40, 1)
				r.Home = true
				rows = append(rows, r)
			}
			return rows
		})},
		{"a flood", "camera 3", []Kind{Volume, OddHours}, at(2, 4, func(h hour) []Row { return send(h, "victim", 1, 10*gB) })},
		{"a flood from a small thing", "lamp 3", []Kind{Volume, OddHours}, at(19, 20, func(h hour) []Row { return send(h, "victim", 1, 150*mB) })},
		{"recordings taken away in the night", "camera 1", []Kind{Volume, OddHours}, at(2, 4, func(h hour) []Row { return send(h, "thief", 1, 800*mB) })},
		{"files taken away", "storage 0", []Kind{Volume}, at(2, 6, func(h hour) []Row { return send(h, "thief", 1, 10*gB) })},
		{"a microphone in the night", "speaker 0", []Kind{OddHours, Volume}, at(1, 5, func(h hour) []Row { return send(h, "listener", 1, 15*mB) })},
		{"a small thing as somebody's way in", "plug 2", []Kind{Strangers}, at(0, 24, func(h hour) []Row { return send(h, fmt.Sprintf("customer %d", h.rng.IntN(1000)), 12, 3*mB) })},
		{"names made up by the hundred", "oven 0", []Kind{Strangers}, at(0, 24, func(h hour) []Row {
			var rows []Row
			for range 40 {
				r := Row{Who: fmt.Sprintf("x%d.example", h.rng.IntN(1<<30))}
				r.Hour, r.Protocol, r.Count, r.Destination.Domain = h.at, "dns", 1, r.Who
				rows = append(rows, r)
			}
			return rows
		})},
		{"letters to strangers", "hub 0", []Kind{Strangers}, at(8, 20, func(h hour) []Row { return send(h, fmt.Sprintf("mail %d", h.local.Hour()), 30, 2*mB) })},
	}
}

// TestTakenOver: what takes a device over is told, in homes of all kinds.
func TestTakenOver(t *testing.T) {
	missed := 0
	for seed := range uint64(*homes) {
		all := runs()
		with := func(l Limits) []told {
			return simulate(seed, 1, l, func(x thing) func(hour) []Row {
				for _, r := range all {
					if r.thing == x.name {
						return r.does
					}
				}
				return nil
			})
		}
		got := with(Usual())
		for _, r := range all {
			if !tells(got, r) {
				missed++
				t.Logf("home %d: %s was not told", seed, r.name)
			}
		}
		if seed > 0 {
			continue
		}
		// The twin: with limits that nothing reaches, nothing is told.
		for _, f := range with(nothing()) {
			t.Errorf("told without limits that can be reached: %s", brief(f.Finding))
		}
	}
	t.Logf("%d of %d runs were told", *homes*len(runs())-missed, *homes*len(runs()))
	if missed*10 > *homes*len(runs()) {
		t.Errorf("%d of %d runs were not told", missed, *homes*len(runs()))
	}
}

func tells(all []told, r run) bool {
	return slices.ContainsFunc(all, func(f told) bool {
		return f.thing == r.thing && f.day == runDay && slices.Contains(r.want, f.Kind)
	})
}

// nothing are limits that no home reaches.
func nothing() Limits {
	l := Usual()
	l.VolumeBytes, l.NewBytes, l.StoreBytes, l.OddBytes = 1<<60, 1<<60, 1<<60, 1<<60
	l.StrangerHosts, l.SearchHour, l.SearchDay, l.SearchUDP, l.SearchCoarse, l.DoorsHour = 1<<30, 1<<30, 1<<30, 1<<30, 1<<30, 1<<30
	return l
}

package behaviour

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"bestbefore/discovery/flow"
)

// The simulated home: 60 devices of the kinds that households have, with a day
// and a night, weekends, updates, a holiday, guests, backups, a provider that
// fails, and networks of content whose addresses come and go.

var berlin = mustZone("Europe/Berlin")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// world is what happens to the whole home on one day.
type world struct {
	away   bool // on holiday
	guests bool // until deep in the night
	outage int  // hour in which the provider failed, -1 for none
}

// hour is one hour of a device's life.
type hour struct {
	at    time.Time // UTC
	local time.Time
	day   int // since the beginning
	world world
	rng   *rand.Rand
}

// awake is how likely people use something now, 0 to 1.
func (h hour) awake() float64 {
	if h.world.away {
		return 0.01
	}
	base := [24]float64{.08, .03, .01, .01, .01, .03, .25, .5, .4, .25, .25, .3, .4, .3, .25, .3, .45, .6, .8, .9, .9, .8, .5, .2}[h.local.Hour()]
	if d := h.local.Weekday(); d == time.Saturday || d == time.Sunday {
		base = min(1, base*1.3+0.05)
	}
	if h.world.guests && (h.local.Hour() >= 20 || h.local.Hour() < 4) {
		base = 0.9
	}
	return base
}

// some is n, give or take, with a long tail.
func (h hour) some(n float64) uint64 { return uint64(n * (0.3 + h.rng.ExpFloat64()*0.7)) }

// thing is one simulated device.
type thing struct {
	name    string
	subject Subject
	live    func(hour) []Row
}

// to is traffic with a recipient at one of its addresses.
func to(h hour, who string, pool int, port uint16, up, down, count uint64) Row {
	return exchange(h, who, place(who, h.rng.IntN(max(pool, 1))), "tcp", port, up, down, count)
}

func exchange(h hour, who string, at netip.Addr, proto flow.Protocol, port uint16, up, down, count uint64) Row {
	r := Row{Who: who, Name: who}
	r.Destination.Address, r.Protocol, r.Port = at, proto, port
	r.Hour, r.Up, r.Down, r.Count = h.at, up, down, max(count, 1)
	if h.world.outage == h.local.Hour() { // everything is tried again and again, nobody answers
		r.Up, r.Down, r.Count = 180*r.Count, 0, r.Count*3
	}
	return r
}

// place is the n-th address of somebody.
func place(who string, n int) netip.Addr {
	x := uint32(2166136261)
	for _, c := range who {
		x = (x ^ uint32(c)) * 16777619
	}
	x += uint32(n) * 257
	return netip.AddrFrom4([4]byte{byte(x>>24)%190 + 11, byte(x >> 16), byte(x >> 8), byte(x)})
}

const (
	kB = 1 << 10
	mB = 1 << 20
	gB = 1 << 30
)

// heartbeat is what every connected thing does: its maker, the time, names.
func heartbeat(maker string) func(hour) []Row {
	return func(h hour) []Row {
		rows := []Row{
			to(h, maker, 4, 8883, h.some(20*kB), h.some(15*kB), 4),
			exchange(h, "pool.ntp.example", place("ntp", h.rng.IntN(400)), "udp", 123, 76, 76, 1),
			exchange(h, "router", netip.MustParseAddr("192.168.1.1"), "udp", 53, h.some(2*kB), h.some(4*kB), 20),
		}
		rows[2].Home = true
		if h.rng.IntN(24*60) == 0 { // an update every second month, from wherever it lies now
			down := h.some(300 * mB)
			rows = append(rows, to(h, fmt.Sprintf("updates %d", h.rng.IntN(50)), 30, 443, down/40, down, 12))
		}
		if h.rng.IntN(24*90) == 0 { // a new function: somebody else has a part in it now
			rows = append(rows, to(h, fmt.Sprintf("service %d", h.rng.IntN(1000)), 5, 443, h.some(50*kB), h.some(200*kB), 6))
		}
		return rows
	}
}

func simple(kind string, n int, size float64) thing {
	name := fmt.Sprintf("%s %d", kind, n)
	beat := heartbeat(kind + " maker")
	return thing{name: name, live: func(h hour) []Row {
		rows := beat(h)
		if h.rng.Float64() < h.awake() {
			rows = append(rows, to(h, kind+" maker", 4, 443, h.some(size), h.some(size), 5))
		}
		return rows
	}}
}

// camera sends a clip when something moves: seldom at night, now and then a lot.
func camera(n int, clip float64) thing {
	beat := heartbeat("camera maker")
	return thing{name: fmt.Sprintf("camera %d", n), live: func(h hour) []Row {
		rows := beat(h)
		moves := h.awake() * 6
		switch { // wind, cats, a spider before the lens
		case h.rng.IntN(24*10) == 0:
			moves += 30
		case h.rng.IntN(24*3) == 0:
			moves += 4
		}
		for range int(moves * h.rng.ExpFloat64()) {
			rows = append(rows, to(h, "camera cloud", 60, 443, h.some(clip), h.some(clip/50), 3))
		}
		return rows
	}}
}

// screen is a television or a stick: films from networks of content, a few
// dozen advertisers, sometimes a new application, seldom a video call.
func screen(n int) thing {
	beat := heartbeat("screen maker")
	return thing{name: fmt.Sprintf("screen %d", n), live: func(h hour) []Row {
		rows := beat(h)
		if h.rng.Float64() > h.awake() {
			return rows
		}
		for range 3 + h.rng.IntN(6) {
			down := h.some(200 * mB)
			rows = append(rows, to(h, fmt.Sprintf("content %d", h.rng.IntN(3)), 300, 443, down/60, down, 8))
		}
		for range h.rng.IntN(12) {
			rows = append(rows, to(h, fmt.Sprintf("advertiser %d", h.rng.IntN(120)), 8, 443, h.some(20*kB), h.some(60*kB), 4))
		}
		if h.rng.IntN(24*45) == 0 {
			for i := range 5 + h.rng.IntN(15) {
				rows = append(rows, to(h, fmt.Sprintf("application %d.%d", h.rng.IntN(300), i), 3, 443, h.some(40*kB), h.some(2*mB), 5))
			}
		}
		if n%3 == 0 && h.rng.IntN(24*20) == 0 {
			rows = append(rows, exchange(h, "video calls", place("video calls", h.rng.IntN(40)), "udp", 3478, h.some(250*mB), h.some(300*mB), 2))
		}
		return rows
	}}
}

// console plays with others: many addresses of strangers, when somebody plays.
func console(n int) thing {
	beat := heartbeat("console maker")
	return thing{name: fmt.Sprintf("console %d", n), live: func(h hour) []Row {
		rows := beat(h)
		if h.rng.Float64() > h.awake()*0.7 {
			return rows
		}
		for range 10 + h.rng.IntN(50) {
			peer := fmt.Sprintf("provider %d", h.rng.IntN(60))
			rows = append(rows, exchange(h, peer, place(peer, h.rng.IntN(2000)), "udp", uint16(3074+h.rng.IntN(3)), h.some(400*kB), h.some(400*kB), 1))
		}
		down := h.some(2 * gB)
		if h.rng.IntN(10) != 0 {
			down = h.some(5 * mB)
		}
		return append(rows, to(h, "content 1", 300, 443, down/50, down, 10))
	}}
}

// storage keeps files, copies them to a provider once a month and, in some
// homes, shares files with strangers.
func storage(n int, shares bool) thing {
	beat := heartbeat("storage maker")
	return thing{name: fmt.Sprintf("storage %d", n), subject: Subject{Stores: true}, live: func(h hour) []Row {
		rows := append(beat(h), to(h, "backup provider", 20, 443, h.some(3*mB), h.some(mB), 4))
		if h.local.Day() == 1 && h.local.Hour() < 6 {
			rows = append(rows, to(h, "backup provider", 20, 443, h.some(20*gB), h.some(100*mB), 50))
		}
		if shares && h.rng.IntN(3) == 0 {
			for range 40 + h.rng.IntN(80) {
				peer := fmt.Sprintf("provider %d", h.rng.IntN(200))
				rows = append(rows, exchange(h, peer, place(peer, h.rng.IntN(5000)), "udp", uint16(10_000+h.rng.IntN(50_000)), h.some(500*kB), h.some(900*kB), 1))
			}
		}
		return rows
	}}
}

// person is a phone or a computer: by the day, companies only.
func person(n int) thing {
	return thing{name: fmt.Sprintf("person %d", n), subject: Subject{Coarse: true}, live: func(h hour) []Row {
		if h.local.Hour() != 12 {
			return nil
		}
		var rows []Row
		for range 300 + h.rng.IntN(500) {
			who := fmt.Sprintf("site %d", h.rng.IntN(900))
			up, down := h.some(60*kB), h.some(600*kB)
			if h.rng.IntN(12) == 0 { // begun and left: another address was faster
				up, down = 200, 120
			}
			rows = append(rows, to(h, who, 12, 443, up, down, 2))
		}
		for range h.rng.IntN(60) {
			rows = append(rows, exchange(h, "calls", place("calls", h.rng.IntN(500)), "udp", 3478, 200, 150, 1))
		}
		return rows
	}}
}

// sixty are the devices of one home.
func sixty(seed uint64) []thing {
	var out []thing
	for i := range 8 {
		out = append(out, simple("lamp", i, 3*kB), simple("plug", i, 4*kB))
	}
	for i := range 6 {
		out = append(out, simple("sensor", i, 2*kB), simple("speaker", i, 300*kB))
	}
	for i := range 4 {
		out = append(out, camera(i, []float64{200 * kB, 2 * mB, 6 * mB, 15 * mB}[i]), screen(i))
	}
	for _, kind := range []string{"thermostat", "hub", "cleaner", "washer", "oven", "printer", "lock", "scale", "doorbell", "energy"} {
		out = append(out, simple(kind, 0, map[string]float64{"cleaner": 2 * mB, "doorbell": 4 * mB, "printer": 500 * kB}[kind]+5*kB))
	}
	out = append(out, console(0), console(1), storage(0, false), storage(1, seed%2 == 0))
	for i := range 10 {
		out = append(out, person(i))
	}
	return out
}

// told is one finding of the simulation.
type told struct {
	thing string
	day   int
	Finding
}

// simulate lives in a home for weeks after four weeks of learning, and lists
// what the household is told: a kind of a device is not repeated within a week.
// extra adds rows to a device's hour, and devices without any are left out; nil
// adds none and leaves out nobody.
func simulate(seed uint64, weeks int, l Limits, extra func(thing) func(hour) []Row) []told {
	rng := rand.New(rand.NewPCG(seed, 7))
	begin := time.Date(2026, 9, 1, 0, 0, 0, 0, berlin).AddDate(0, 0, int(seed%50)) // over the end of summer time
	things := sixty(seed)
	days := HistoryDays + 7*weeks
	worlds := make([]world, days)
	holiday := rng.IntN(days)
	for d := range worlds {
		worlds[d] = world{away: d >= holiday && d < holiday+7, guests: rng.IntN(25) == 0, outage: -1}
		if rng.IntN(20) == 0 {
			worlds[d].outage = rng.IntN(24)
		}
	}
	var out []told
	for n, x := range things {
		more := func(hour) []Row { return nil }
		if extra != nil {
			if more = extra(x); more == nil {
				continue
			}
		}
		own := rand.New(rand.NewPCG(seed, uint64(n)+100))
		learner := NewLearner(berlin)
		last := map[Kind]int{}
		for d := range days {
			var rows []Row
			start, end := begin.AddDate(0, 0, d), begin.AddDate(0, 0, d+1)
			for at := start; at.Before(end); at = at.Add(time.Hour) {
				h := hour{at: at.UTC(), local: at, day: d, world: worlds[d], rng: own}
				rows = append(rows, x.live(h)...)
				rows = append(rows, more(h)...)
			}
			if d >= HistoryDays {
				for _, f := range l.Judge(learner.History(DateOf(start)), rows, x.subject, berlin) {
					if was, before := last[f.Kind]; !before || d-was > 7 {
						out = append(out, told{x.name, d, f})
					}
					last[f.Kind] = d
				}
			}
			for _, r := range rows {
				learner.Add(r)
			}
		}
	}
	return out
}

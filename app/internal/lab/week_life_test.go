//go:build lab && week && linux

package lab

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Who is out there. The names are of nobody; a network of content and the
// time servers have many addresses.
const (
	nodes       = 24 // of each network of content
	advertisers = 80
	sites       = 60
	timeServers = 16
	players     = 40
)

// outside is what the companies are called, in the box's columns.
func outside() string {
	var b strings.Builder
	n := 0
	add := func(names string) {
		n++
		fmt.Fprintf(&b, "c%d 203.0.%d.%d 2001:db8:300::%x %s\n", n, 112+n/200, n%200+50, n, names)
	}
	b.WriteString("\n")
	for _, s := range []string{"plug", "lamp", "sensor", "speaker", "printer", "nas", "radio", "cast", "console"} {
		add(s + "-maker.example,mqtt." + s + "-maker.example")
	}
	for _, s := range []string{"backup", "calls", "photos", "voice", "firmware", "telemetry", "scan"} {
		add(s + ".example")
	}
	for i := range nodes {
		add(fmt.Sprintf("n%d.films.example", i))
		add(fmt.Sprintf("n%d.music.example", i))
	}
	for i := range advertisers {
		add(fmt.Sprintf("ad%d.example", i))
	}
	for i := range sites {
		add(fmt.Sprintf("site%d.example", i))
	}
	for i := range timeServers {
		add(fmt.Sprintf("t%d.pool.example", i))
	}
	for i := range players {
		add(fmt.Sprintf("player%d.example", i))
	}
	return b.String()
}

// inside are the devices that the box does not have: silent ones of people.
const inside = `
guest     40  da:a1:19:00:00:40  guest              sleep
console   41  7c:bb:8a:00:00:41  console            sleep
`

// things are the devices that live here; each is up from the beginning, so
// that one look finds them all, and is silent until its day.
var things = []string{"gw", "speaker", "nas", "printer", "cast", "hue", "esp", "sonos", "tiny", "silent", "guest", "console", "doorbell", "tv"}

// event is a line for a device's shell, at a moment of the household.
type event struct {
	at     time.Duration
	device string
	line   string
}

// household is the plan of the weeks.
type household struct {
	rng    *rand.Rand
	days   int
	events []event
}

// moment is one hour of it.
type moment struct {
	*household
	day, hour int
	awake     float64 // how likely somebody uses something
}

func plan(seed uint64, days int, runs []misdeed) []event {
	p := &household{rng: rand.New(rand.NewPCG(seed, 3)), days: days}
	for _, r := range reporters {
		p.add(-time.Hour/2, r.device, "report mqtt.%s %s", r.maker, r.device)
	}
	for h := range days * 24 {
		m := moment{p, h / 24, h % 24, 0}
		m.awake = awake(m.day, m.hour)
		for _, f := range []func(moment){heartbeats, bell, screens, sound, small, store, people} {
			f(m)
		}
		happenings(m)
		for i := range runs {
			if line, does := runs[i].does(m.day, m.hour); does {
				p.add(time.Duration(h)*time.Hour+5*time.Minute, runs[i].device, "%s", line)
			}
		}
	}
	slices.SortStableFunc(p.events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return p.events
}

// awake is as in the simulated homes: people get up, leave, come home.
func awake(day, hour int) float64 {
	base := [24]float64{.08, .03, .01, .01, .01, .03, .25, .5, .4, .25, .25, .3, .4, .3, .25, .3, .45, .6, .8, .9, .9, .8, .5, .2}[hour]
	if weekend(day) {
		base = min(1, base*1.3+0.05)
	}
	return base
}

// weekend: the first day is a Monday.
func weekend(day int) bool { return day%7 >= 5 }

func (p *household) add(at time.Duration, device, format string, args ...any) {
	p.events = append(p.events, event{at, device, fmt.Sprintf(format, args...)})
}

// does adds an event somewhere in the hour.
func (m moment) does(device, format string, args ...any) {
	at := time.Duration(m.day*24+m.hour)*time.Hour + time.Duration(m.rng.Int64N(int64(time.Hour)))
	m.add(at, device, format, args...)
}

// chance says yes in a part of the cases.
func (m moment) chance(p float64) bool { return m.rng.Float64() < p }

// some is n, give or take, with a long tail.
func (m moment) some(n float64) int { return int(n * (0.3 + m.rng.ExpFloat64()*0.7)) }

// one is one of the n of a kind.
func (m moment) one(format string, n int) string { return fmt.Sprintf(format, m.rng.IntN(n)) }

// several are n of them, with commas.
func (m moment) several(format string, of, n int) string {
	var all []string
	for range n {
		all = append(all, m.one(format, of))
	}
	return strings.Join(all, ",")
}

const (
	kilo = 1 << 10
	mega = 1 << 20
)

// served is a device and whose it is.
type served struct{ device, maker string }

// reporters keep a connection to their maker's broker, callers ask their maker
// now and then.
var (
	reporters = []served{{"esp", "plug-maker.example"}, {"hue", "lamp-maker.example"}, {"tiny", "sensor-maker.example"}, {"sonos", "speaker-maker.example"}}
	callers   = append([]served{
		{"printer", "printer-maker.example"},
		{"nas", "nas-maker.example"},
		{"speaker", "radio-maker.example"},
		{"cast", "cast-maker.example"},
		{"console", "console-maker.example"},
		{"doorbell", "api.bell-maker.example"},
		{"tv", "tv-maker.example"},
	}, reporters...)
)

// heartbeats: everybody asks the time and its maker, some report all day long.
func heartbeats(m moment) {
	for _, c := range callers {
		if c.device == "cast" && m.day < newcomer {
			continue
		}
		if m.chance(0.5) {
			m.does(c.device, "ask %s %d", c.maker, 4+2*m.rng.IntN(2))
		}
		if m.chance(0.2) {
			m.does(c.device, "clock %s", m.one("t%d.pool.example", timeServers))
		}
	}
	for _, r := range reporters {
		for range 12 {
			m.does(r.device, "say '{\"t\":%d,\"power\":%d}'", 150+m.rng.IntN(90), m.rng.IntN(2000))
		}
	}
}

// bell sends a clip when something moves, seldom at night.
func bell(m moment) {
	n := int(3 * m.awake * m.rng.ExpFloat64())
	if m.day%11 == 4 && m.hour > 8 { // wind
		n += m.rng.IntN(5)
	}
	if m.day == learnDays+2 && m.hour == 2 { // a cat, in the night
		n += 6
	}
	for range n {
		m.does("doorbell", "put video.bell-maker.example %d %d", m.some(3*mega), 4+2*m.rng.IntN(2))
	}
}

// screens: films in the evening, advertisers all the time.
func screens(m moment) {
	for _, device := range []string{"tv", "cast"} {
		share := map[string]float64{"tv": 0.8, "cast": 0.3}[device]
		if device == "cast" && m.day < newcomer {
			continue
		}
		on := m.chance(m.awake * share)
		if m.day%7 == 5 && (m.hour >= 20) || m.day%7 == 6 && m.hour < 2 { // Saturday night
			on = true
		}
		if !on {
			continue
		}
		for range 4 {
			m.does(device, "get %s %d", m.one("n%d.films.example", nodes), m.some(5*mega))
		}
		for range 2 {
			m.does(device, "pages %s %d", m.several("ad%d.example", advertisers, 5+m.rng.IntN(12)), m.some(8*kilo))
		}
	}
	if m.chance(m.awake * 0.4) { // somebody plays
		for range 5 + m.rng.IntN(20) {
			m.does("console", "play %s", m.one("player%d.example", players))
		}
		m.does("console", "get %s %d", m.one("n%d.films.example", nodes), m.some(5*mega))
	}
}

// sound: a radio at breakfast, music in the evening, a word to the speaker.
func sound(m moment) {
	if m.chance(m.awake * 0.5) {
		for range 3 {
			m.does("sonos", "get %s %d 6", m.one("n%d.music.example", nodes), m.some(5*mega))
		}
	}
	for range int(m.awake * 3 * m.rng.ExpFloat64()) {
		m.does("sonos", "put voice.example %d", m.some(90*kilo))
	}
	if m.hour == 7 || weekend(m.day) && m.hour == 9 {
		m.does("speaker", "listen %s 4M 2", m.one("n%d.music.example", nodes))
	}
}

// small things: looks for updates in the night, a print, a switch.
func small(m moment) {
	for _, device := range []string{"esp", "hue", "tiny", "sonos", "printer"} {
		if m.hour == 3 && m.chance(0.7) {
			m.does(device, "get firmware.example %d", m.some(20*kilo))
		}
	}
	if m.hour >= 9 && m.hour < 20 && m.chance(0.15) {
		m.does("printer", "put printer-maker.example %d", m.some(300*kilo))
	}
	for range int(m.awake * 3) {
		m.does("hue", "ask lamp-maker.example")
	}
	if m.chance(m.awake * 0.3) {
		m.does("esp", "ask plug-maker.example 6")
	}
}

// store keeps files and copies what is new each night.
func store(m moment) {
	m.does("nas", "put backup.example %d", m.some(2*mega))
	if m.hour == 2 {
		for range 4 {
			m.does("nas", "put backup.example %d", m.some(20*mega))
		}
	}
}

// people: telephones, of the family and of guests.
func people(m moment) {
	for range int(m.awake * 5) {
		m.does("silent", "pages %s,%s,%s %d", m.one("site%d.example", sites), m.one("site%d.example", sites), m.one("ad%d.example", advertisers), m.some(80*kilo))
	}
	if m.hour == 21 {
		m.does("silent", "put photos.example %d 6", m.some(30*mega))
	}
	if guests(m.day, m.hour) {
		for range 5 {
			m.does("guest", "pages %s,%s %d", m.one("site%d.example", sites), m.one("ad%d.example", advertisers), m.some(80*kilo))
		}
	}
}

func guests(day, hour int) bool { return day%7 == 5 && hour >= 18 || day%7 == 6 && hour < 1 }

// newcomer is the day on which a new device is unpacked.
const newcomer = 3

// happenings are what comes once in a while in any home.
func happenings(m moment) {
	at := func(day, hour int) bool { return m.day == day && m.hour == hour }
	switch {
	case at(9, 3):
		m.does("hue", "get firmware.example %d", 80*mega)
	case at(learnDays+1, 4):
		m.does("doorbell", "get firmware.example %d", 120*mega)
	case at(learnDays+3, 10):
		m.does("tv", "get firmware.example %d", 200*mega)
	case at(learnDays+3, 1): // once a month everything is copied
		for range 10 {
			m.does("nas", "put backup.example %d", 120*mega)
		}
	case at(learnDays+4, 7): // the power comes back, and everybody calls home
		for range 3 {
			heartbeats(m)
		}
	case at(learnDays+4, 15):
		m.does("printer", "put scan.example %d", 30*mega)
	case at(learnDays+6, 16): // the first video call ever, on the television
		m.does("tv", "call calls.example %d 80M", 120*mega)
	case m.day >= learnDays+1 && m.hour%6 == 1: // a new function has a new recipient
		m.does("speaker", "put telemetry.example %d", m.some(20*kilo))
	}
	if outage(m.day, m.hour) {
		m.add(time.Duration(m.day*24+m.hour)*time.Hour, "gw", "nft 'add table inet away; add chain inet away c { type filter hook forward priority -10; policy drop; }'")
		m.add(time.Duration(m.day*24+m.hour+1)*time.Hour, "gw", "nft 'delete table inet away'")
	}
}

// outage: the line is away for an hour now and then, mostly when it is used.
func outage(day, hour int) bool { return day == 10 && hour == 20 || day == learnDays+2 && hour == 19 }

package behaviour

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"slices"
	"time"
)

// HistoryDays is how far back a day is held against: far enough for what is done
// once a month.
const HistoryDays = 35

// What is remembered of one device while it is learned, at most.
const (
	maxKnown = 4096   // recipients
	maxHosts = 20_000 // computers in a day
)

// Day is one local day of a device in short.
type Day struct {
	Date  Date
	Sent  uint64
	Hosts int
	Hours [24]uint64 // sent, by hour of the day
}

// History is what a device usually does. It is made anew from what is stored, so
// that what is deleted is not remembered here either.
type History struct {
	Days  []Day // those with traffic, oldest first
	known map[uint64]uint8
	spoke map[uint64]bool // those of them with whom there was a conversation
	seed  maphash.Seed
}

// Knows is on how many of the days it talked to a recipient.
func (h History) Knows(who string) int {
	if h.known == nil {
		return 0
	}
	return int(h.known[maphash.String(h.seed, who)])
}

// SpokeWith reports whether there was a conversation with a recipient on one of
// the days: that it was tried makes nobody an acquaintance.
func (h History) SpokeWith(who string) bool {
	return h.spoke != nil && h.spoke[maphash.String(h.seed, who)]
}

// most is the highest day by bytes and by hosts.
func (h History) most() (sent uint64, hosts int) {
	for _, d := range h.Days {
		sent, hosts = max(sent, d.Sent), max(hosts, d.Hosts)
	}
	return sent, hosts
}

// usual is what it sends on the day in the middle.
func (h History) usual() uint64 {
	sent := make([]uint64, 0, len(h.Days))
	for _, d := range h.Days {
		sent = append(sent, d.Sent)
	}
	slices.Sort(sent)
	if len(sent) == 0 {
		return 0
	}
	return sent[len(sent)/2]
}

// Learner adds rows up to a History. Rows may come in any order.
type Learner struct {
	zone *time.Location
	days map[Date]*learned
	seed maphash.Seed
	who  map[uint64]map[Date]bool // on which days, and whether anything was said

	at   time.Time // the hour of the row before, and where it belongs
	hour int
	date Date
	day  *learned
}

type learned struct {
	Day
	hosts map[uint64]struct{}
}

// NewLearner begins with nothing; days are those of zone.
func NewLearner(zone *time.Location) *Learner {
	return &Learner{zone: zone, days: map[Date]*learned{}, seed: maphash.MakeSeed(), who: map[uint64]map[Date]bool{}}
}

// Add takes one row. What was refused did not happen, and what stays at home
// tells nothing of the world outside.
func (l *Learner) Add(r Row) {
	if r.Refused || r.Home {
		return
	}
	if l.at.IsZero() || !l.at.Equal(r.Hour) { // rows come by the hour
		at := r.Hour.In(l.zone)
		date := DateOf(at)
		if l.days[date] == nil {
			l.days[date] = &learned{Day: Day{Date: date}, hosts: map[uint64]struct{}{}}
		}
		l.at, l.hour, l.date, l.day = r.Hour, at.Hour(), date, l.days[date]
	}
	d, date := l.day, l.date
	d.Sent += r.Sent()
	d.Hours[l.hour] += r.Sent()
	if len(d.hosts) < maxHosts {
		d.hosts[maphash.Comparable(l.seed, hostOf(r))] = struct{}{}
	}
	key := maphash.String(l.seed, r.Who)
	on := l.who[key]
	if on == nil {
		if len(l.who) >= maxKnown {
			return
		}
		on = map[Date]bool{}
		l.who[key] = on
	}
	on[date] = on[date] || !r.thin()
}

// History is what was learned of the HistoryDays before a day.
func (l *Learner) History(before Date) History {
	h := History{known: map[uint64]uint8{}, spoke: map[uint64]bool{}, seed: l.seed}
	for n := HistoryDays; n > 0; n-- {
		if x, ok := l.days[before.Add(-n)]; ok {
			x.Day.Hosts = len(x.hosts)
			h.Days = append(h.Days, x.Day)
		}
	}
	first := before.Add(-HistoryDays)
	for key, on := range l.who {
		n := uint8(0)
		for d, said := range on {
			if !d.before(first) && d.before(before) {
				n++
				if said {
					h.spoke[key] = true
				}
			}
		}
		if n > 0 {
			h.known[key] = n
		}
	}
	return h
}

// Date is a civil day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day of t in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Add is the day that is n days later.
func (d Date) Add(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 12, 0, 0, 0, time.UTC))
}

func (d Date) before(o Date) bool {
	return cmp.Or(cmp.Compare(d.Year, o.Year), cmp.Compare(d.Month, o.Month), cmp.Compare(d.Day, o.Day)) < 0
}

// String is d as YYYY-MM-DD.
func (d Date) String() string {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// host is what counts as one computer: an address, else a name.
type host struct {
	address netip.Addr
	name    string
}

func hostOf(r Row) host {
	if r.Destination.Address.IsValid() {
		return host{address: r.Destination.Address}
	}
	return host{name: r.Destination.Domain}
}

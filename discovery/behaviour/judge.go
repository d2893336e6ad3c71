package behaviour

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Judge holds the rows of one local day against the history before that day.
// The day may not be over yet. Findings come in the order of their kinds.
func (l Limits) Judge(h History, day []Row, s Subject, zone *time.Location) []Finding {
	if len(day) == 0 {
		return nil
	}
	var out []Finding
	add := func(f Finding, found bool) {
		if found {
			f.Day, f.Days = DateOf(day[0].Hour.In(zone)).String(), len(h.Days)
			if s.Coarse {
				f.From, f.To = time.Time{}, time.Time{}
			}
			out = append(out, f)
		}
	}
	search, searches := l.search(h, day, s)
	if !s.Coarse {
		add(l.volume(h, day, s))
		if !searches { // whom it tried are strangers too
			add(l.strangers(h, day))
		}
	}
	add(search, searches)
	add(l.doors(day))
	if !s.Coarse && !slices.ContainsFunc(out, func(f Finding) bool { return f.Kind == Volume }) { // else it is told already
		add(l.oddHours(h, day, s, zone))
	}
	return out
}

// outside are the rows that went out of the home and were not turned away.
func outside(day []Row) []Row {
	out := make([]Row, 0, len(day))
	for _, r := range day {
		if !r.Home && !r.Refused {
			out = append(out, r)
		}
	}
	return out
}

// part is what one recipient got of a day.
type part struct {
	name  string
	sent  uint64
	known bool // it received on earlier days too
}

// parts adds up by recipient, the largest first.
func parts(h History, rows []Row) (all []part, sent, toNew uint64) {
	by := map[string]*part{}
	for _, r := range rows {
		p := by[r.Who]
		if p == nil {
			p = &part{name: r.Name, known: h.Knows(r.Who) > 0}
			by[r.Who] = p
		}
		p.sent += r.Sent()
		sent += r.Sent()
		if !p.known {
			toNew += r.Sent()
		}
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		all = append(all, *by[key])
	}
	slices.SortStableFunc(all, func(a, b part) int { return cmp.Compare(b.sent, a.sent) })
	return all, sent, toNew
}

// mostly is who got more than half of it.
func mostly(all []part, sent uint64) (name string, known bool) {
	if len(all) > 0 && all[0].sent > sent/2 {
		return all[0].name, all[0].known
	}
	return "", true
}

// volume: far more was sent than on the highest day before. For what goes to
// somebody new less is enough; what keeps a household's files may send many of
// them to where it always does.
func (l Limits) volume(h History, day []Row, s Subject) (Finding, bool) {
	if len(h.Days) < l.LearnDays {
		return Finding{}, false
	}
	rows := outside(day)
	all, sent, toNew := parts(h, rows)
	most, _ := h.most()
	much := sent >= l.VolumeBytes && sent >= l.VolumeTimes*most
	away := toNew >= l.NewBytes && toNew >= l.NewTimes*most
	if s.Stores { // its highest day is that of the copies
		much, away = false, toNew >= l.StoreBytes && toNew >= l.NewTimes*h.usual()
	}
	if !much && !away {
		return Finding{}, false
	}
	f := Finding{Kind: Volume, Bytes: sent, UsualBytes: most}
	var known bool
	f.MostlyTo, known = mostly(all, sent)
	f.New = !known
	f.From, f.To = span(rows, Row.Sent)
	return f, true
}

// strangers: many whom it never talked to, and far more than it talks to else.
func (l Limits) strangers(h History, day []Row) (Finding, bool) {
	if len(h.Days) < l.LearnDays {
		return Finding{}, false
	}
	_, most := h.most()
	hosts := map[host]bool{}
	var rows []Row
	for _, r := range outside(day) {
		if h.Knows(r.Who) == 0 {
			hosts[hostOf(r)] = true
			rows = append(rows, r)
		}
	}
	if len(hosts) < l.StrangerHosts || len(hosts) < l.StrangerTimes*most {
		return Finding{}, false
	}
	f := Finding{Kind: Strangers, Hosts: len(hosts), UsualHosts: most, New: true}
	f.From, f.To = span(rows, one)
	return f, true
}

func one(Row) uint64 { return 1 }

// thinBytes is what a flow without any conversation has at most, both ways: a
// handshake and its end, or a question and a refusal.
const thinBytes = 600

// thin reports whether r is only tries: hardly anything was said. What was turned
// away does not count: a device that the household disconnected tries everybody
// whom it knows. Asking for names and for the time is always short.
func (r Row) thin() bool {
	switch {
	case r.Protocol != "tcp" && r.Protocol != "udp" || r.Port == 0 || !r.Destination.Address.IsValid() || r.Destination.Address.IsMulticast():
		return false
	case r.Port == 53 || r.Port == 123 || r.Port == 853 || r.Port == 5353 || r.Port == 1900:
		return false
	}
	return !r.Refused && r.Up+r.Down < thinBytes*max(r.Count, 1)
}

// oddHours: at hours at which it never sent anything to speak of, as much as
// else on its highest day; to somebody known several times that. What keeps a
// household's files copies them at night to where it always does.
func (l Limits) oddHours(h History, day []Row, s Subject, zone *time.Location) (Finding, bool) {
	if len(h.Days) < l.LearnOddDays {
		return Finding{}, false
	}
	var most [24]uint64 // on one day, by hour
	for _, d := range h.Days {
		for i, sent := range d.Hours {
			most[i] = max(most[i], sent)
		}
	}
	rows := outside(day)
	var now [24]uint64
	for _, r := range rows {
		now[r.Hour.In(zone).Hour()] += r.Sent()
	}
	var odd []Row
	usual := uint64(0)
	for _, r := range rows {
		i := r.Hour.In(zone).Hour()
		before := max(most[(i+23)%24], most[i], most[(i+1)%24])
		if before*l.OddQuiet <= slices.Max(most[:]) && before*l.OddShare <= now[i] {
			odd = append(odd, r)
			usual = max(usual, before)
		}
	}
	all, sent, _ := parts(h, odd)
	highest, _ := h.most()
	name, known := mostly(all, sent)
	times := uint64(1)
	if known {
		times = l.OddTimes
	}
	if sent < l.OddBytes || sent < times*highest || s.Stores && known {
		return Finding{}, false
	}
	f := Finding{Kind: OddHours, Bytes: sent, UsualBytes: usual, MostlyTo: name, New: !known}
	f.From, f.To = span(odd, Row.Sent)
	return f, true
}

// spanShare is how much of it must lie in a span, in percent.
const spanShare = 80

// spanHours is how long a span may be; longer is "the whole day".
const spanHours = 8

// span is the shortest run of hours in which most of it happened.
func span(rows []Row, weight func(Row) uint64) (from, to time.Time) {
	by := map[time.Time]uint64{}
	total := uint64(0)
	for _, r := range rows {
		by[r.Hour] += weight(r)
		total += weight(r)
	}
	hours := slices.SortedFunc(maps.Keys(by), time.Time.Compare)
	best := time.Duration(spanHours+1) * time.Hour
	for i := range hours {
		sum := uint64(0)
		for j := i; j < len(hours); j++ {
			sum += by[hours[j]]
			long := hours[j].Sub(hours[i]) + time.Hour
			if long >= best {
				break
			}
			if sum*100 >= total*spanShare {
				best, from, to = long, hours[i], hours[j].Add(time.Hour)
				break
			}
		}
	}
	return from, to
}

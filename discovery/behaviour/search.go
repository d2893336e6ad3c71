package behaviour

import (
	"cmp"
	"time"
)

// door is one port of any computer.
type door struct {
	protocol string
	port     uint16
}

// search: many computers tried on one port. Those with whom it spoke on earlier
// days do not count, unless they are as many as no person has: when the line is
// away, everybody is tried and nobody answers.
func (l Limits) search(h History, day []Row, s Subject) (Finding, bool) {
	f, found := l.searchAmong(day, s, func(r Row) bool { return r.thin() && (r.Home || !h.SpokeWith(r.Who)) })
	if !found {
		f, found = l.searchAmong(day, Subject{Coarse: true}, Row.thin)
	}
	return f, found
}

func (l Limits) searchAmong(day []Row, s Subject, tries func(Row) bool) (Finding, bool) {
	byDay := map[door]map[host]bool{}
	byHour := map[door]map[time.Time]map[host]bool{}
	for _, r := range day {
		if !tries(r) || s.Coarse && (r.Port == 80 || r.Port == 443) {
			continue
		}
		d := door{string(r.Protocol), r.Port}
		if byDay[d] == nil {
			byDay[d], byHour[d] = map[host]bool{}, map[time.Time]map[host]bool{}
		}
		if byHour[d][r.Hour] == nil {
			byHour[d][r.Hour] = map[host]bool{}
		}
		byDay[d][hostOf(r)], byHour[d][r.Hour][hostOf(r)] = true, true
	}
	best := Finding{Kind: Search}
	for d, hosts := range byDay {
		if !l.searches(d, hosts, byHour[d], s) || len(hosts) < best.Hosts || len(hosts) == best.Hosts && d.port > best.Port {
			continue
		}
		best.Hosts, best.Port, best.Protocol = len(hosts), d.port, d.protocol
	}
	if best.Hosts == 0 {
		return best, false
	}
	var rows []Row
	home := 0
	for _, r := range day {
		if tries(r) && r.Port == best.Port && string(r.Protocol) == best.Protocol {
			rows = append(rows, r)
			if r.Home {
				home++
			}
		}
	}
	best.AtHome = 2*home > len(rows)
	best.From, best.To = span(rows, one)
	return best, true
}

// searches reports whether so many hosts behind one door are a search.
func (l Limits) searches(d door, hosts map[host]bool, byHour map[time.Time]map[host]bool, s Subject) bool {
	if s.Coarse {
		if d.protocol == "tcp" && d.port < namedDoor { // programs of a person that speak with strangers take others
			return len(hosts) >= l.SearchDay
		}
		return len(hosts) >= l.SearchCoarse
	}
	hour := l.SearchHour
	if d.protocol == "udp" {
		hour = l.SearchUDP
	} else if len(hosts) >= l.SearchDay {
		return true
	}
	for _, in := range byHour {
		if len(in) >= hour {
			return true
		}
	}
	return false
}

// namedDoor is the first port that is not a well-known service's (RFC 6335).
const namedDoor = 1024

// highDoor is the first port that systems hand out by themselves: there the
// other side may have begun.
const highDoor = 10_000

// at is one computer in one hour.
type at struct {
	hour time.Time
	host host
}

func (a at) before(b at) bool {
	return cmp.Or(a.hour.Compare(b.hour), a.host.address.Compare(b.host.address), cmp.Compare(a.host.name, b.host.name)) < 0
}

// doors: many ports of one computer tried within an hour.
func (l Limits) doors(day []Row) (Finding, bool) {
	tried := map[at]map[uint16]bool{}
	best, found := at{}, 0
	for _, r := range day {
		if !r.thin() || r.Port >= highDoor {
			continue
		}
		k := at{r.Hour, hostOf(r)}
		if tried[k] == nil {
			tried[k] = map[uint16]bool{}
		}
		tried[k][r.Port] = true
		if n := len(tried[k]); n > found || n == found && k.before(best) {
			best, found = k, n
		}
	}
	if found < l.DoorsHour {
		return Finding{}, false
	}
	f := Finding{Kind: Doors, Ports: found, From: best.hour, To: best.hour.Add(time.Hour)}
	for _, r := range day {
		if r.Hour.Equal(best.hour) && hostOf(r) == best.host {
			f.MostlyTo, f.AtHome = r.Name, r.Home
			break
		}
	}
	return f, true
}

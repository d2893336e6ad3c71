package enforce

import (
	"cmp"
	"context"
	"slices"

	"bestbefore/consent"
)

// maxLane is how many actions one connection holds in memory; the rest waits in
// the store, known by its ID only.
const maxLane = 2048

// job is one thing to be done for one action.
type job struct {
	a      consent.Action
	verify bool            // look again, instead of acting
	not    map[string]bool // connections that said that they cannot
}

// lane is the queue of one connection, which does one call at a time. The lane
// "" is for what needs no connection.
type lane struct {
	name    string
	queue   []job
	busy    int   // jobs in hand
	turn    *turn // nil for ""
	waiting []consent.ActionID
}

// result is what became of a job.
type result struct {
	lane    *lane
	j       job
	again   bool // choose another connection
	fault   bool // the store could not be read or written
	unwedge bool // only this: the lane's lost call came back
	wedged  chan struct{}
}

// queue puts j into the lane of its connection, clicks first, then by due time.
func (s *shift) queue(ctx context.Context, j job) {
	s.held[j.a.ID] = true
	l := s.lane(s.r.route(ctx, j))
	if len(l.queue) >= maxLane {
		l.waiting = append(l.waiting, j.a.ID)
		return
	}
	at, _ := slices.BinarySearchFunc(l.queue, j, func(x, y job) int {
		return cmp.Or(cmp.Compare(urgency(x), urgency(y)), x.a.DueAt.Compare(y.a.DueAt), -1)
	})
	l.queue = slices.Insert(l.queue, at, j)
}

// urgency sorts clicks before what the clock asked for, and that before checks.
func urgency(j job) int {
	switch {
	case j.verify:
		return 2
	case j.a.Origin == consent.FromPerson:
		return 0
	default:
		return 1
	}
}

func (s *shift) lane(name string) *lane {
	l := s.lanes[name]
	if l == nil {
		l = &lane{name: name}
		if name != "" {
			l.turn = &turn{}
		}
		s.lanes[name] = l
		s.order = append(s.order, l)
	}
	return l
}

// start gives free workers to lanes, a click's lane first, else in turn.
func (s *shift) start(ctx context.Context) {
	for ctx.Err() == nil {
		l, i := s.next()
		if l == nil {
			return
		}
		j := l.queue[i]
		if s.running >= s.r.c.Workers && (urgency(j) > 0 || s.running >= s.r.c.Workers+clickWorkers) {
			return
		}
		l.queue = slices.Delete(l.queue, i, i+1)
		l.busy++
		s.marks[j.a.Mark] = true
		if l.name != "" {
			s.devices[l.device(j)] = true
		}
		s.running++
		at := slices.Index(s.order, l)
		s.order = append(slices.Delete(s.order, at, at+1), l)
		go func() { s.results <- s.r.work(ctx, l, j) }()
	}
}

// device names a job's device in a lane, "" where nobody else can be in its way.
func (l *lane) device(j job) string {
	if l.name == "" {
		return ""
	}
	return l.name + "/" + string(j.a.Device)
}

// full reports whether j must wait until another of the lane is done.
func (l *lane) full(j job) bool {
	limit := perLane
	if urgency(j) == 0 {
		limit++
	}
	return l.name != "" && l.busy >= limit
}

// next is the lane and the place in its queue that are served next.
func (s *shift) next() (*lane, int) {
	var best *lane
	place := 0
	for _, l := range s.order {
		i := slices.IndexFunc(l.queue, func(j job) bool { return !s.marks[j.a.Mark] && !s.devices[l.device(j)] })
		if i < 0 || l.full(l.queue[i]) {
			continue
		}
		if best == nil || urgency(l.queue[i]) < urgency(best.queue[place]) {
			best, place = l, i
		}
	}
	return best, place
}

package homeassistant

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

const (
	flushEvery = time.Second
	heartbeat  = 10 * time.Second
	maxBatch   = 500
	holdBack   = 2 * time.Second  // until a device has been told as one
	steady     = 30 * time.Second // how long a line must have stood to be made anew at once
)

// protocol is by what a device is seen to report: the registry of states, not a wire.
const protocol = flow.Protocol("home assistant")

// listen makes a line tell of states, and of changes to the registries. A line
// that broke meanwhile is made anew once.
func (s *Session) listen(ctx context.Context) (*link, error) {
	for again := true; ; again = false {
		l, err := s.connected(ctx)
		if err != nil {
			return nil, err
		}
		if err = s.follow(ctx, l); err == nil {
			return l, nil
		}
		if !again || l.alive() || ctx.Err() != nil {
			return nil, err
		}
	}
}

func (s *Session) follow(ctx context.Context, l *link) error {
	l.watching.Lock()
	defer l.watching.Unlock()
	if l.watched {
		return nil
	}
	s.watch.begin(s.now().UTC())
	for _, e := range []string{"device_registry_updated", "entity_registry_updated", "area_registry_updated"} {
		_, err := l.ask(ctx, command{"type": "subscribe_events", "event_type": e}, func(json.RawMessage) { s.watch.news() })
		var no *refusal
		if err != nil && !errors.As(err, &no) { // without it the registries are read anew now and then
			return s.broken(ctx, l, err)
		}
	}
	s.watch.news()
	if _, err := s.known(ctx); err != nil {
		return err
	}
	told, first := make(chan struct{}), true
	_, err := l.ask(ctx, command{"type": "subscribe_entities"}, func(b json.RawMessage) {
		s.watch.take(b, first, s.now().UTC(), s.ahead())
		if first {
			close(told)
		}
		first = false
	})
	if err != nil {
		return s.broken(ctx, l, err)
	}
	select { // before that nothing could be said to be missing
	case <-told:
		l.watched = true
		return nil
	case <-l.lost:
		return l.gone(ctx)
	case <-ctx.Done():
		return connectors.Transient(words.Text("Home Assistant did not tell its states in time."), ctx.Err())
	}
}

// broken is the error of a question on one line.
func (*Session) broken(ctx context.Context, l *link, err error) error {
	if errors.Is(err, errLost) {
		return l.gone(ctx)
	}
	return said(err)
}

// Observe counts which device reports which kind of data, and gives that on each
// second. What Home Assistant took since it was last observed is read from its
// history first, as far as it has one.
func (s *Session) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	last, resume := readPlace(from)
	start := s.now().UTC()
	s.watch.begun(start)
	s.watch.flush(start, true) // what came while nobody observed is in its history
	for {
		l, err := s.listen(ctx)
		if until := s.watch.begun(start); err == nil && resume {
			err = s.resume(ctx, last, until, emit)
		}
		if err != nil {
			return ended(ctx, err)
		}
		began := s.now()
		err = s.observe(ctx, l, emit)
		last, resume = place{At: s.now().UTC()}, true
		if ctx.Err() != nil {
			return nil
		}
		if s.now().Sub(began) < steady { // the pool waits longer each time
			if _, err := s.connected(ctx); err != nil {
				return ended(ctx, err) // why it cannot be reached says more than that it was lost
			}
			return err
		}
	}
}

// resume catches up to where we began to count.
func (s *Session) resume(ctx context.Context, last place, until time.Time, emit func([]flow.Record, connectors.Cursor)) error {
	if !until.After(last.At) {
		return nil
	}
	if err := s.late(ctx, until); err != nil {
		return err
	}
	return s.catchUp(ctx, last, until, emit)
}

func (s *Session) observe(ctx context.Context, l *link, emit func([]flow.Record, connectors.Cursor)) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	last := s.now()
	for {
		select {
		case <-ctx.Done():
			s.give(emit, true)
			return nil
		case <-l.lost:
			s.give(emit, true)
			return l.gone(ctx)
		case <-tick.C:
			if _, fresh := s.watch.home(); !fresh {
				if _, err := s.known(ctx); err != nil {
					s.log.Warn("registries were not read anew", "error", err)
				}
			}
			if s.give(emit, false) || s.now().Sub(last) >= heartbeat {
				last = s.now()
				emit(nil, s.cursor())
			}
		}
	}
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *Session) cursor() connectors.Cursor { return place{At: s.now().UTC()}.cursor() }

// give emits what was counted, in batches; true when there was something.
func (s *Session) give(emit func([]flow.Record, connectors.Cursor), all bool) bool {
	sums := s.watch.flush(s.now(), all)
	for part := range slices.Chunk(sums, maxBatch) {
		emit(s.records(part), s.cursor())
	}
	return len(sums) > 0
}

func (s *Session) records(part []summed) []flow.Record {
	dest, port := s.destination()
	out := make([]flow.Record, 0, len(part))
	for _, x := range part {
		out = append(out, flow.Record{
			Key:   flow.Key{Destination: dest, Protocol: protocol, Port: port},
			Local: flow.Local{Remote: s.remote(x.device)}, Count: x.count,
			First: x.first.UTC(), Last: x.last.UTC(), Source: s.source, Categories: string(x.category),
		})
	}
	return out
}

// destination is Home Assistant itself: to which server a device sent before is
// not known.
func (s *Session) destination() (flow.Destination, uint16) {
	host := s.way.base.Hostname()
	port, err := strconv.ParseUint(s.way.base.Port(), 10, 16)
	if err != nil {
		port = 0
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return flow.Destination{Address: a.Unmap()}, uint16(port)
	}
	return flow.Destination{Domain: host}, uint16(port)
}

// Coverage says what is seen, and what is not.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	me, may := s.whose()
	w := s.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	out := connectors.Coverage{Sees: []string{"categories"}, Since: w.since, Alive: w.alive}
	h, n := w.known, 0
	for id, d := range h.devices {
		if d.real() {
			n++
		}
		if _, reports := w.reports[id]; reports {
			out.Devices = append(out.Devices, discovery.Identifier{Type: discovery.Remote, Value: s.remote(id)})
		}
	}
	slices.SortFunc(out.Devices, func(x, y discovery.Identifier) int { return cmp.Compare(x.Value, y.Value) })
	said := []string{words.Sprintf("%s knows %d devices and was told %d times", peer, n, w.total)}
	if c := h.clouds(); len(c) > 0 {
		said = append(said, words.Sprintf("%d of %d integrations go through their makers' clouds: %s", len(c), len(h.entries), strings.Join(c[:min(len(c), 8)], ", ")))
	}
	said = append(said, words.Text("to which server a device sends is not seen here"))
	said = append(said, w.missing...)
	if me.others > 0 {
		said = append(said, words.Sprintf("the logins of %s are listed, those of %d other people only they can see", me.Name, me.others))
	}
	if !may {
		said = append(said, words.Text("the token is of a user who may not disable integrations"))
	}
	if odd := w.odd + w.over + uint64(h.odd); odd > 0 {
		said = append(said, words.Sprintf("%d things it told could not be read", odd))
	}
	out.Text = strings.Join(said, "; ") + "."
	return out, nil
}

// clouds are the integrations that go through a maker's cloud, sorted.
func (h *home) clouds() []string {
	var out []string
	for _, e := range h.entries {
		if h.kinds[e.Domain].cloud() && !e.off() {
			out = append(out, h.title(e))
		}
	}
	slices.Sort(out)
	return out
}

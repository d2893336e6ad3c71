package fritzbox

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// An unchanged list is not read again for refreshAfter. One that has just changed
// may still be the old one: documented is that it lags by 10 to 13 seconds.
const (
	refreshAfter = 10 * time.Minute
	lag          = 15 * time.Second
)

// Discover tells of the devices that are present, and keeps our blocks on them
// when the box gives one another address.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	w := watch{told: map[string]string{}}
	return connectors.Rounds(ctx, s.interval, func() error { return s.look(ctx, &w, emit) })
}

// watch is what one Discover has told already.
type watch struct {
	counter string
	changed time.Time // when the counter was last seen to change
	read    time.Time
	told    map[string]string
}

func (s *Session) look(ctx context.Context, w *watch, emit func(discovery.Sighting)) error {
	n, err := s.counter(ctx)
	if err != nil {
		return err
	}
	now := s.now().UTC()
	if n == "" || n != w.counter {
		w.changed = now
	}
	if w.read.Sub(w.changed) >= lag && now.Sub(w.read).Abs() < refreshAfter {
		s.seen(now, nil)
		return nil
	}
	hosts, err := s.list(ctx)
	if err != nil {
		return err
	}
	w.counter, w.read = n, now
	s.seen(now, hosts)
	for _, h := range hosts {
		if ctx.Err() != nil {
			return nil
		}
		if h.active {
			said := fmt.Sprint(h)
			sight := s.sighting(h, now)
			sight.Quiet = w.told[h.mac] == said
			w.told[h.mac] = said
			emit(sight)
		}
	}
	return s.follow(ctx, hosts, now.Sub(w.changed).Abs() < lag)
}

func (s *Session) sighting(h host, now time.Time) discovery.Sighting {
	out := discovery.Sighting{
		Source: s.source, At: now, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: h.mac}},
		Detail: words.Text("in the FRITZ!Box's list of devices"),
	}
	if h.addr.IsValid() {
		out.Addresses = []netip.Addr{h.addr}
	}
	if h.guest {
		out.Detail += words.Text(", in its guest network")
	}
	for _, f := range [][2]string{{"friendly_name", h.label}, {"hostname", h.name}, {"model", h.model}} {
		if f[1] != "" {
			out.Facts = append(out.Facts, discovery.Fact{Key: f[0], Value: f[1], Source: s.source})
		}
	}
	return out
}

// seen notes what was last read; nil leaves the devices as they were.
func (s *Session) seen(at time.Time, hosts []host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive = at
	if hosts != nil {
		s.known = hosts
	}
}

// Coverage says what the box can tell, which is who is there.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	present := 0
	out := connectors.Coverage{Since: s.opened, Alive: s.alive, Sees: []string{"presence"}}
	for _, h := range s.known {
		if h.active {
			present++
		}
		out.Devices = append(out.Devices, discovery.Identifier{Type: discovery.MAC, Value: h.mac})
	}
	slices.SortFunc(out.Devices, func(a, b discovery.Identifier) int { return strings.Compare(a.Value, b.Value) })
	out.Text = words.Sprintf("The box knows %d devices, %d of them present; it does not tell where they send.", len(s.known), present)
	if !s.filter {
		out.Text += " " + words.Text("It cannot block: it has no filter for devices, as a repeater has none.")
	}
	return out, nil
}

package homeassistant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/assets/words"
	"bestbefore/discovery"
)

// The times between two readings of the registries, the least and the most: they
// change in bursts.
const (
	tellPause = 2 * time.Second
	readEvery = 15 * time.Minute // whatever is told
)

// Discover tells of the devices in the registry: at first, and when something
// changes there.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	s.watch.tell(&home{})
	l, err := s.listen(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	for {
		h, err := s.known(ctx)
		if err != nil {
			return ended(ctx, err)
		}
		for _, v := range s.sightings(h) {
			if ctx.Err() != nil {
				return nil
			}
			emit(v)
		}
		s.watch.tell(h)
		pause := time.NewTimer(tellPause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		pause.Reset(readEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-l.lost:
			pause.Stop()
			return l.gone(ctx)
		case <-pause.C:
			s.watch.old()
		case <-s.watch.changed:
			pause.Stop()
		}
	}
}

// sightings describe the devices of the registry, in order.
func (s *Session) sightings(h *home) []discovery.Sighting {
	out := make([]discovery.Sighting, 0, len(h.devices))
	for _, d := range h.devices {
		if d.real() {
			out = append(out, s.sighting(h, d))
		}
	}
	slices.SortFunc(out, func(x, y discovery.Sighting) int { return cmp.Compare(x.Identifiers[0].Value, y.Identifiers[0].Value) })
	return out
}

// sighting describes one. A hardware address in the registry is a claim, since an
// integration wrote it there; but it is what the device is joined with ours by.
func (s *Session) sighting(h *home, d device) discovery.Sighting {
	out := discovery.Sighting{
		Source: s.source, At: s.watch.heard(string(d.ID), h.at), Claimed: true,
		Identifiers: append([]discovery.Identifier{{Type: discovery.Remote, Value: s.remote(string(d.ID))}}, d.identifiers()...),
		Detail:      cleanLong(h.evidence(d)),
	}
	fact := func(key, value string) {
		if value != "" {
			out.Facts = append(out.Facts, discovery.Fact{Key: key, Value: value, Source: s.source, Seen: discovery.At(out.At)})
		}
	}
	fact("friendly_name", d.name())
	fact("manufacturer", clean(string(d.Manufacturer)))
	fact("model", clean(string(d.Model)))
	fact("serial", clean(string(d.Serial)))
	fact("room", h.rooms[string(d.Area)])
	fact("integration", h.through(d))
	return out
}

// heard is when a device last reported, but not before the registry was read.
func (w *watch) heard(id string, read time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := w.reports[id]; at.After(read) {
		return at
	}
	return read
}

// evidence says in a sentence by what a device is in the list.
func (h *home) evidence(d device) string {
	text := words.Text("Home Assistant has it in its list of devices")
	if room := h.rooms[string(d.Area)]; room != "" {
		text += words.Sprintf(", in the room %s", room)
	}
	if by := h.through(d); by != "" {
		text += words.Sprintf(", through %s", by)
	}
	return text + "."
}

// through names the integrations by which a device is in the list, and which of
// them go through a maker's cloud.
func (h *home) through(d device) string {
	var out []string
	for _, id := range h.entriesOf(string(d.ID)) {
		e := h.entries[id]
		switch {
		case e.off():
			out = append(out, fmt.Sprintf("%s (disabled)", h.title(e)))
		case h.kinds[e.Domain].cloud():
			out = append(out, fmt.Sprintf("%s (by way of its maker's cloud)", h.title(e)))
		default:
			out = append(out, h.title(e))
		}
	}
	return strings.Join(out, ", ")
}

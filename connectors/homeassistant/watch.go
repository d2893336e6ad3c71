package homeassistant

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"bestbefore/consent"
)

// maxStates bounds how many entities are followed.
const maxStates = maxEntities

// watch is what Home Assistant told while we listened: which entities there are
// and which device reported which kind of data how often. It holds no value.
type watch struct {
	changed chan struct{} // the registries may differ from what was read; capacity 1

	mu      sync.Mutex // guards all below
	known   *home
	stale   bool
	states  map[string]state
	tallies map[tallyKey]*tally
	told    map[string]bool      // devices that were told as such; nil while nobody tells any
	reports map[string]time.Time // when a device last reported
	byEntry map[string]time.Time // when something of an integration last reported
	since   time.Time            // since when this line tells
	from    time.Time            // what is older than that is in the history, and counted there
	alive   time.Time
	total   uint64
	over    uint64 // states beyond the bound
	odd     uint64 // events that could not be read
	missing []string
}

// state is what is kept of an entity's state.
type state struct {
	class  string // device class
	source string // of a tracker
	live   bool   // it has a value: it is neither unavailable nor unknown
}

type tallyKey struct {
	device   string
	category consent.Category
}

type tally struct {
	count       uint64
	first, last time.Time
}

func newWatch() *watch {
	return &watch{
		changed: make(chan struct{}, 1), known: &home{}, stale: true,
		states: map[string]state{}, tallies: map[tallyKey]*tally{}, reports: map[string]time.Time{}, byEntry: map[string]time.Time{},
	}
}

// home is what was last read; false where it should be read anew.
func (w *watch) home() (*home, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known, !w.stale
}

// reading marks that the registries are being read: what changes from now on is
// news again. old takes that back.
func (w *watch) reading() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stale = false
}

func (w *watch) old() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stale = true
}

func (w *watch) put(h *home) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for domain, m := range w.known.kinds { // the manifest of a disabled integration is not listed any more
		if _, listed := h.kinds[domain]; !listed {
			h.kinds[domain] = m
		}
	}
	w.known = h
}

// news says that the registries differ from what was read.
func (w *watch) news() {
	w.mu.Lock()
	w.stale = true
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// begin is a new line, which first tells all states.
func (w *watch) begin(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since, w.alive = now, now
	clear(w.states)
}

// event is what subscribe_entities tells: entities that are there now, that
// differ, that are gone.
type event struct {
	Added   map[string]shown `json:"a"`
	Changed map[string]struct {
		Now *shown `json:"+"`
	} `json:"c"`
	Gone []string `json:"r"`
}

// shown is an entity's state in its short form. Of the value only whether there
// is one is ever decoded.
type shown struct {
	State      *living     `json:"s"`
	Attributes *attributes `json:"a"`
	Changed    float64     `json:"lc"`
	Updated    float64     `json:"lu"`
}

// at is when it was told, by Home Assistant's clock.
func (x *shown) at() time.Time { return seconds(max(x.Changed, x.Updated)) }

type attributes struct {
	Class  word `json:"device_class"`
	Source word `json:"source_type"`
}

// living says whether a state is a value.
type living bool

// UnmarshalJSON looks whether it is a value and forgets it.
func (l *living) UnmarshalJSON(b []byte) error {
	s := string(b)
	*l = s != `"unavailable"` && s != `"unknown"` && s != "null"
	return nil
}

func parseEvent(b json.RawMessage) (event, error) {
	var e event
	err := json.Unmarshal(b, &e)
	return e, err
}

// take counts one event. The first of a line only tells how things are. Ahead is
// how far Home Assistant's clock is ahead of ours.
func (w *watch) take(b json.RawMessage, first bool, now time.Time, ahead time.Duration) {
	e, err := parseEvent(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive = now
	if err != nil {
		w.odd++
		return
	}
	for id, x := range e.Added {
		if _, known := w.states[id]; !known && len(w.states) >= maxStates {
			w.over++
			continue
		}
		st := state{}.with(&x)
		w.states[id] = st
		if !first && w.fresh(&x, now, ahead) {
			w.count(id, st, now)
		}
	}
	for id, d := range e.Changed {
		st, known := w.states[id]
		if !known || d.Now == nil {
			continue
		}
		st = st.with(d.Now)
		w.states[id] = st
		if (d.Now.State != nil || d.Now.Attributes != nil || d.Now.Changed+d.Now.Updated > 0) && w.fresh(d.Now, now, ahead) {
			w.count(id, st, now)
		}
	}
	for _, id := range e.Gone {
		delete(w.states, id)
	}
}

// overtaken is how long after we began to count something may still come that is
// in the history too. Later nobody's clock needs to be trusted.
const overtaken = 5 * time.Second

// fresh reports whether something told now is not in the history already. The
// caller holds mu.
func (w *watch) fresh(x *shown, now time.Time, ahead time.Duration) bool {
	return now.Sub(w.from) > overtaken || x.Changed+x.Updated == 0 || x.at().Add(-ahead).After(w.from)
}

// with is st after what was shown.
func (st state) with(x *shown) state {
	if x.State != nil {
		st.live = bool(*x.State)
	}
	if x.Attributes != nil {
		st.class = cmp.Or(clean(string(x.Attributes.Class)), st.class)
		st.source = cmp.Or(clean(string(x.Attributes.Source)), st.source)
	}
	return st
}

// key is what an entity tells and of which device; false where no device says it.
// The caller holds mu.
func (w *watch) key(id string, st state) (tallyKey, bool) {
	x, known := w.known.entities[id]
	if !known {
		return tallyKey{}, false
	}
	c, reported := w.known.category(x, st)
	d := w.known.devices[string(x.Device)]
	return tallyKey{string(d.ID), c}, reported && d.real()
}

// count notes that the device behind an entity reported. That there is no value
// any more is Home Assistant's own finding. The caller holds mu.
func (w *watch) count(id string, st state, now time.Time) {
	k, ok := w.key(id, st)
	if !ok || !st.live {
		return
	}
	w.total++
	w.reports[k.device] = now
	if e := w.known.entities[id].Entry; e != "" {
		w.byEntry[string(e)] = now
	}
	t := w.tallies[k]
	if t == nil {
		t = &tally{first: now}
		w.tallies[k] = t
	}
	t.count++
	t.last = now
}

// tell notes which devices were told as such.
func (w *watch) tell(h *home) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told == nil {
		w.told = map[string]bool{}
	}
	for id := range h.devices {
		w.told[id] = true
	}
}

// flush takes the sums out, in order. Those of a device that was not told yet
// wait a moment, so that they find it.
func (w *watch) flush(now time.Time, all bool) []summed {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]summed, 0, len(w.tallies))
	for k, t := range w.tallies {
		if !all && w.told != nil && !w.told[k.device] && now.Sub(t.first) < holdBack {
			continue
		}
		out = append(out, summed{k, *t})
		delete(w.tallies, k)
	}
	slices.SortFunc(out, func(a, b summed) int {
		return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.device, b.device), cmp.Compare(a.category, b.category))
	})
	return out
}

type summed struct {
	tallyKey
	tally
}

// living is how many entities of an integration have a value now, and when one
// last reported.
func (w *watch) living(entry string) (live int, last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, st := range w.states {
		if st.live && string(w.known.entities[id].Entry) == entry {
			live++
		}
	}
	return live, w.byEntry[entry]
}

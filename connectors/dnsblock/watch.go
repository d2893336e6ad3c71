package dnsblock

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/discovery"
)

// maxClients bounds how many devices are remembered.
const maxClients = 4096

// Watch remembers what observing a query log found out. It is safe for
// concurrent use.
type Watch struct {
	Now func() time.Time

	mu      sync.Mutex // guards all below, and what a connector notes beside
	since   time.Time
	alive   time.Time
	rows    uint64
	lost    uint64
	lostAt  time.Time
	odd     uint64 // rows that could not be read
	clients map[netip.Addr]time.Time
	fresh   map[netip.Addr]bool // asked since the last telling
}

// Note runs f alone; in it a connector reads and writes what it notes itself.
func (w *Watch) Note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// Skipped notes rows that could not be read.
func (w *Watch) Skipped(n int) { w.Note(func() { w.odd += uint64(n) }) }

// begin notes that observing has begun.
func (w *Watch) begin() {
	w.Note(func() {
		if w.since.IsZero() {
			w.since = w.Now().UTC()
		}
	})
}

// looked notes that the log was read to its present end.
func (w *Watch) looked() { w.Note(func() { w.alive = w.Now().UTC() }) }

// Gap notes that rows are missing that nobody read.
func (w *Watch) Gap(n uint64) {
	w.Note(func() {
		w.lost += n
		w.lostAt = w.Now().UTC()
	})
}

// Took notes one row that was counted.
func (w *Watch) Took(client netip.Addr, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows++
	if !client.IsValid() {
		return
	}
	if w.clients == nil {
		w.clients, w.fresh = map[netip.Addr]time.Time{}, map[netip.Addr]bool{}
	}
	if _, known := w.clients[client]; !known && len(w.clients) >= maxClients {
		return
	}
	if at.After(w.clients[client]) {
		w.clients[client] = at
	}
	w.fresh[client] = true
}

// Coverage is what was noted; nobody is asked. mac gives the hardware address at
// an address, where the peer knows it; said is what the peer keeps from us now.
// Both are called alone, as in Note.
func (w *Watch) Coverage(ahead time.Duration, mac func(netip.Addr) string, said func() []string) connectors.Coverage {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := connectors.Coverage{Since: w.since, Alive: w.alive, Sees: []string{"names", "queries"}, Lost: w.lost, Lessen: words.Text("If it goes on, let it keep its log for longer, or leave this program running.")}
	text := []string{words.Text("DNS only: which names are looked up, not what is sent; a device with its own DNS is not seen")}
	for a := range w.clients {
		out.Addresses = append(out.Addresses, a.String())
		if m := mac(a); m != "" {
			out.Devices = append(out.Devices, discovery.Identifier{Type: discovery.MAC, Value: m})
		}
	}
	if w.rows > 0 {
		text = append(text, words.Sprintf("%d look-ups of %d addresses", w.rows, len(w.clients)))
	}
	text = append(text, said()...)
	if w.lost > 0 {
		text = append(text, words.Sprintf("its log no longer held all that was asked since we last looked (noticed %s UTC)", words.Date(w.lostAt, "2 January 15:04")))
	}
	if w.odd > 0 {
		text = append(text, words.Sprintf("%d rows could not be read", w.odd))
	}
	if ahead != 0 {
		way := "ahead"
		if ahead < 0 {
			way = "behind"
		}
		text = append(text, words.Sprintf("its clock is %s %s; times are corrected", ahead.Abs().Round(10*time.Second), way))
	}
	out.Text = strings.Join(text, "; ") + "."
	slices.Sort(out.Addresses) // two coverages of the same things are equal
	slices.SortFunc(out.Devices, func(x, y discovery.Identifier) int { return cmp.Compare(x.Value, y.Value) })
	out.Devices = slices.Compact(out.Devices)
	return out
}

// tell describes the devices that have asked since the last telling.
func (w *Watch) tell(describe func(netip.Addr, time.Time) discovery.Sighting) []discovery.Sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]discovery.Sighting, 0, len(w.fresh))
	for a := range w.fresh {
		out = append(out, describe(a, w.clients[a]))
	}
	clear(w.fresh)
	slices.SortFunc(out, func(x, y discovery.Sighting) int { return x.Addresses[0].Compare(y.Addresses[0]) })
	return out
}

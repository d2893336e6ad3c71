package engine

import (
	"encoding/json"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"bestbefore/discovery"
)

// dirty remembers what was written of the inventory, so that a refresh that
// changes nothing a person could see is not written again.
type dirty struct {
	ch chan struct{} // capacity 1: something may have changed

	mu      sync.Mutex // guards all below
	written map[discovery.DeviceID]digest
	rest    uint64                      // hash of aliases, questions and pairs
	told    map[discovery.DeviceID]bool // newcomers that the diary has named
}

// digest is what makes a device worth writing again.
type digest struct {
	hash uint64
	seen time.Time
}

// seenStep is how far LastSeen may move before it is written again.
const seenStep = 5 * time.Minute

func newDirty(inv *discovery.Inventory) *dirty {
	d := &dirty{ch: make(chan struct{}, 1), written: map[discovery.DeviceID]digest{}, told: map[discovery.DeviceID]bool{}}
	d.introduced(inv.Devices())
	d.wrote(discovery.Saved{Devices: inv.Devices(), Aliases: inv.Aliases(), Questions: inv.Questions(), Distinct: inv.Distinct()})
	return d
}

func (d *dirty) touch() {
	select {
	case d.ch <- struct{}{}:
	default:
	}
}

func (d *dirty) get(id discovery.DeviceID) (digest, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x, ok := d.written[id]
	return x, ok
}

// introduceAfter is how long a newcomer is watched before the diary names it:
// its name comes some moments after its address.
const introduceAfter = 5 * time.Second

// introduce gives the newcomers whose first line in the diary is due.
func (d *dirty) introduce(ds []discovery.Device, now time.Time) []discovery.Device {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []discovery.Device
	for _, x := range ds {
		if !d.told[x.ID] && now.Sub(x.FirstSeen) >= introduceAfter {
			out = append(out, x)
		}
	}
	return out
}

func (d *dirty) introduced(ds []discovery.Device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, x := range ds {
		d.told[x.ID] = true
	}
}

// gone are the ids that were written and are no longer there.
func (d *dirty) gone(now map[discovery.DeviceID]bool) []discovery.DeviceID {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []discovery.DeviceID
	for id := range d.written {
		if !now[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// differs reports whether s holds anything that is not written yet.
func (d *dirty) differs(s discovery.Saved) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(s.Devices) > 0 || len(s.Gone) > 0 || d.rest != restOf(s)
}

func (d *dirty) wrote(s discovery.Saved) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, x := range s.Devices {
		d.written[x.ID] = digestOf(x)
	}
	for _, id := range s.Gone {
		delete(d.written, id)
	}
	d.rest = restOf(s)
}

func sameDevice(old digest, d discovery.Device) bool {
	now := digestOf(d)
	return old.hash == now.hash && now.seen.Sub(old.seen) < seenStep
}

// digestOf leaves out the moments of sighting: they move all the time.
func digestOf(d discovery.Device) digest {
	seen := d.LastSeen
	d.LastSeen = time.Time{}
	d.Addresses, d.Services = slices.Clone(d.Addresses), slices.Clone(d.Services)
	for i := range d.Addresses {
		d.Addresses[i].Seen = 0
	}
	for i := range d.Services {
		d.Services[i].Seen = 0
	}
	return digest{hash: hashOf(d), seen: seen}
}

func restOf(s discovery.Saved) uint64 {
	return hashOf(struct{ A, B, C any }{s.Aliases, s.Questions, s.Distinct})
}

func hashOf(v any) uint64 {
	h := fnv.New64a()
	if err := json.NewEncoder(h).Encode(v); err != nil { // only encodable fields are in it
		panic("engine: " + err.Error()) //nolint:forbidigo // a wiring mistake, found by the first start
	}
	return h.Sum64()
}

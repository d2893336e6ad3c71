package discovery

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// The bounds of the Inventory. Whatever a network shouts, one home takes no
// more memory than they allow.
const (
	defaultUnconfirmed = 2000
	maxServices        = 64
	maxAddresses       = 32
	maxFacts           = 64
	maxIdentifiers     = 160
	maxHardware        = 16
	maxGroups          = 32
	maxQuestions       = 200
	maxEmitters        = 1024
	maxAliases         = 10_000
)

// The times that evidence counts.
const (
	sameMoment   = 10 * time.Minute // a name and a hardware address seen at one address within this belong together
	addressFresh = 30 * time.Minute // an address not seen for longer says nothing about who has it now
	longGone     = time.Hour        // an unconfirmed device not seen for longer makes room for a new one
	newPerSecond = 20               // new entries that one sender may bring, once its burst is spent
	newBurst     = 200
)

// ErrUnknownDevice says that there is no device with the given id.
var ErrUnknownDevice = errors.New("unknown device")

// ErrUnknownQuestion says that there is no open question with the given id.
var ErrUnknownQuestion = errors.New("unknown question")

// Pair names two entries that a person said are different devices. A is the
// smaller id.
type Pair struct {
	A DeviceID `json:"a"`
	B DeviceID `json:"b"`
}

// NewPair orders a and b.
func NewPair(a, b DeviceID) Pair {
	if b < a {
		a, b = b, a
	}
	return Pair{a, b}
}

// InventoryConfig is what an Inventory needs.
type InventoryConfig struct {
	Now   func() time.Time // required
	NewID func() DeviceID  // required; must never give the same id twice

	Devices   []Device              // what was known at the last run; may be nil
	Questions []Question            // open questions of the last run; may be nil
	Distinct  []Pair                // what a person said are different devices; may be nil
	Aliases   map[DeviceID]DeviceID // ids that were merged away and what they became; may be nil

	// These three are called under the Inventory's lock and must not call it.
	Fingerprint func(Device) Guess           // nil means that nothing is guessed
	Identify    func(Service) []Identifier   // reads identifiers out of a service's TXT; may be nil
	Notice      func(what Notice, total int) // told once per kind when a bound is reached; may be nil

	MaxUnconfirmed int // 0 means 2,000
}

// Notice is a bound that was reached.
type Notice string

// The notices.
const (
	NoticeFull Notice = "too many devices" // newcomers are refused until old ones make room
	NoticeFast Notice = "too many new devices at once"
)

// Validate names everything that is wrong with c.
func (c InventoryConfig) Validate() error {
	var errs []error
	if c.Now == nil {
		errs = append(errs, errors.New("inventory: Now is missing"))
	}
	if c.NewID == nil {
		errs = append(errs, errors.New("inventory: NewID is missing"))
	}
	if c.MaxUnconfirmed < 0 {
		errs = append(errs, errors.New("inventory: MaxUnconfirmed is negative"))
	}
	return errors.Join(errs...)
}

// Inventory is everything known to be in the home. It merges sightings into
// devices. It is safe for concurrent use, starts nothing and stores nothing:
// the caller keeps what Devices, Questions, Distinct and Aliases return.
type Inventory struct {
	cfg InventoryConfig

	mu        sync.Mutex // guards everything below
	entries   map[DeviceID]*entry
	owners    map[Identifier][]*entry // who claims an identifier, oldest first
	holders   map[netip.Addr][]*entry // who has an address
	aliases   map[DeviceID]DeviceID
	distinct  map[Pair]bool
	questions map[Pair]Question
	emitters  map[netip.Addr]*bucket
	noticed   map[Notice]int
	confirmed int       // entries that are never evicted
	fullUntil time.Time // no use looking for room before
}

// NewInventory checks c and takes over what was stored.
func NewInventory(c InventoryConfig) (*Inventory, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.MaxUnconfirmed == 0 {
		c.MaxUnconfirmed = defaultUnconfirmed
	}
	inv := &Inventory{
		cfg:       c,
		entries:   map[DeviceID]*entry{},
		owners:    map[Identifier][]*entry{},
		holders:   map[netip.Addr][]*entry{},
		aliases:   maps.Clone(c.Aliases),
		distinct:  map[Pair]bool{},
		questions: map[Pair]Question{},
		emitters:  map[netip.Addr]*bucket{},
		noticed:   map[Notice]int{},
	}
	if inv.aliases == nil {
		inv.aliases = map[DeviceID]DeviceID{}
	}
	for _, d := range c.Devices {
		if d.ID == "" || inv.entries[d.ID] != nil {
			return nil, fmt.Errorf("restoring devices: %q is there twice or has no id", d.ID)
		}
		inv.restore(d)
	}
	for _, p := range c.Distinct {
		inv.distinct[NewPair(p.A, p.B)] = true
	}
	for _, q := range c.Questions {
		if inv.entries[q.Device] != nil && inv.entries[q.Other] != nil {
			inv.questions[NewPair(q.Device, q.Other)] = q
		}
	}
	return inv, nil
}

func (inv *Inventory) restore(d Device) {
	e := &entry{d: cloneDevice(d), holds: map[netip.Addr]*hold{}, rooted: map[Identifier]bool{}}
	addrs := e.d.Addresses
	ids := e.d.Identifiers
	e.d.Addresses, e.d.Identifiers = nil, nil
	inv.entries[d.ID] = e
	for _, id := range ids {
		inv.claim(e, id)
		e.rooted[id] = true
	}
	for _, a := range addrs {
		h := &hold{seen: a.Seen.Time(), mac: a.MAC}
		if !a.Claimed {
			h.proven = h.seen
		}
		inv.hold(e, a.Addr, h)
	}
	if e.safe() {
		inv.confirmed++
	}
}

// Devices returns copies of all devices, by the time they were first seen.
func (inv *Inventory) Devices() []Device {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	out := make([]Device, 0, len(inv.entries))
	for _, e := range inv.entries {
		out = append(out, e.device())
	}
	slices.SortFunc(out, func(a, b Device) int {
		return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Device returns a copy of the device that id names, also by an id that was
// merged into another. False when there is none (any more).
func (inv *Inventory) Device(id DeviceID) (Device, bool) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	e, err := inv.find(id)
	if err != nil {
		return Device{}, false
	}
	return e.device(), true
}

// Aliases returns the ids that were merged away and what each is now.
func (inv *Inventory) Aliases() map[DeviceID]DeviceID {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return maps.Clone(inv.aliases)
}

// Canonical returns the id under which the device that id names is kept now.
func (inv *Inventory) Canonical(id DeviceID) (DeviceID, bool) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	e, err := inv.find(id)
	if err != nil {
		return "", false
	}
	return e.d.ID, true
}

// Distinct returns the pairs that a person said are different devices.
func (inv *Inventory) Distinct() []Pair {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return slices.SortedFunc(maps.Keys(inv.distinct), func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
}

// find follows aliases.
func (inv *Inventory) find(id DeviceID) (*entry, error) {
	for range len(inv.aliases) + 1 {
		if e := inv.entries[id]; e != nil {
			return e, nil
		}
		next, ok := inv.aliases[id]
		if !ok {
			break
		}
		id = next
	}
	return nil, fmt.Errorf("%w %q", ErrUnknownDevice, id)
}

// onWire returns the entry whose hardware address mac is.
func (inv *Inventory) onWire(mac string) *entry {
	for _, e := range inv.owners[Identifier{MAC, mac}] {
		if e.has(mac) {
			return e
		}
	}
	return nil
}

// Package discovery holds what is in the home: devices, the services that they
// announce, and the sightings from which both are known.
//
// Sources (mDNS, SSDP, the neighbour table, connectors) emit Sightings; the
// Inventory merges them into Devices. What a device says about itself is a claim,
// shown as a claim, never a key: identity is a set of Identifiers with the
// evidence of when and by whom each was first seen.
package discovery

import (
	"context"
	"net/netip"
	"time"

	"bestbefore/assets/words"
)

// DeviceID is our own opaque name for a physical device. It never changes and
// is never derived from anything that the device says.
type DeviceID string

// IdentifierType says what kind of identifier a value is.
type IdentifierType string

// The identifier types, strongest first.
const (
	MAC      IdentifierType = "mac"           // EUI-48, lower case, colons
	Serial   IdentifierType = "serial"        // serial number from TXT or a description
	UUID     IdentifierType = "uuid"          // UUID or vendor id from TXT (googlecast id, hue bridgeid ...)
	UDN      IdentifierType = "upnp_udn"      // uuid part of the UPnP USN
	Instance IdentifierType = "mdns_instance" // "instance._type._tcp", lower case
	Hostname IdentifierType = "hostname"      // host name in .local, lower case, no trailing dot
	Remote   IdentifierType = "remote"        // "connection/id": the id that a connector's peer uses
)

// Identifier is one of the names by which a device can be recognised.
// Values are cleaned and in canonical form (see each type).
type Identifier struct {
	Type  IdentifierType `json:"type"`
	Value string         `json:"value"`
}

// Source names who made a sighting.
type Source string

// The sources that we ship. A connector uses "connector:<connection id>".
const (
	SourceMDNS     Source = "mdns"
	SourceSSDP     Source = "ssdp"
	SourceNeighbor Source = "neighbor"
	SourceSelf     Source = "self"
	SourcePerson   Source = "person"
)

// Service is one DNS-SD service instance (RFC 6763). Instance and TXT hold the
// bytes as sent, unescaped; they are cleaned only for display (see Clean).
type Service struct {
	Type     string   `json:"type"`     // "_http._tcp"
	Instance string   `json:"instance"` // raw instance label, unescaped
	Domain   string   `json:"domain,omitempty"`
	Host     string   `json:"host"` // SRV target, unescaped, no trailing dot
	Port     int      `json:"port"`
	TXT      TXT      `json:"txt"` // character strings in the order sent
	Stale    bool     `json:"stale,omitempty"`
	Gone     bool     `json:"gone,omitempty"` // said goodbye or ran out; kept because it was once seen
	Seen     Millis   `json:"seen"`
	Source   Source   `json:"source,omitempty"`
	Addrs    []string `json:"addresses,omitempty"` // addresses of Host, with zone where link-local
	// Once holds what TXT said earlier and no longer says: some devices drop
	// their maker's name minutes after they start. The Inventory fills it in.
	Once TXT `json:"once,omitempty"`
}

// Fact is one thing that a source read about a device: "manufacturer",
// "model", "friendly_name", "serial", "device_type", "server" ... A claim.
type Fact struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // cleaned
	Source Source `json:"source"`
	// Of is the part of the device that it was said of (a UDN), where a device has several.
	Of   string `json:"of,omitempty"`
	Seen Millis `json:"seen,omitempty"` // when this value was first read; the Inventory fills it in
}

// Sighting is one observation of one device by one source at one moment.
// Everything in it that came from the network is bounded; Services carry raw bytes.
type Sighting struct {
	Source      Source
	At          time.Time
	Interface   string       // network interface name, "" when not known
	From        netip.Addr   // who sent it, invalid when not applicable
	Senders     []netip.Addr // all who sent it, where they are several; nil means From alone
	Identifiers []Identifier // all known to belong to the same device
	Addresses   []netip.Addr // link-local ones with zone
	Services    []Service    // present now (or Gone)
	Facts       []Fact
	Role        Role // RoleOrdinary unless the source knows better
	Quiet       bool // a mere refresh: nothing new is claimed, only that it is here
	Gone        bool // the source says that the device left; never removes anything
	// Claimed says that the hardware addresses in it come from a text that
	// somebody sent, even if the source else reads them from the network.
	Claimed bool
	Detail  string // one cleaned sentence of evidence for the diary and the device page
}

// Scanner is a source of sightings. Scan blocks until ctx ends and cleans up
// before it returns; emit must not be called after that. A dead interface or a
// bad packet is reported through the scanner's own Config, never by returning.
type Scanner interface {
	Scan(ctx context.Context, emit func(Sighting)) error
}

// Role marks the devices that must never be blocked.
type Role string

// The roles. This computer and the router are refused before any connector is asked.
const (
	RoleOrdinary     Role = ""
	RoleThisComputer Role = "this_computer"
	RoleRouter       Role = "router"
	RoleDNS          Role = "dns_server"
	RoleConnector    Role = "connector_host"
)

// Essential says what must not be cut without a person.
type Essential string

// The grades of Essential. Safety and medical devices are never cut by the clock.
const (
	EssentialNone    Essential = ""
	EssentialComfort Essential = "comfort"
	EssentialSafety  Essential = "safety"
	EssentialMedical Essential = "medical"
)

// Address is one address of a device and when it was last used.
type Address struct {
	Addr netip.Addr `json:"address"`
	Seen Millis     `json:"seen"`
	// Claimed says that only a name that the device announced leads to this
	// address: nobody has seen the device's hardware address answer there.
	Claimed bool `json:"claimed,omitempty"`
	// MAC is the hardware address that last answered there, where one source
	// named just one.
	MAC string `json:"mac,omitempty"`
}

// Group is a set of identifiers that belong together by themselves, because
// one sighting named them all. A device of several groups can be taken apart.
type Group struct {
	Identifiers []Identifier `json:"identifiers"`
	Source      Source       `json:"source"`
	Seen        Millis       `json:"seen"`
	// From, Label and Essential say what the group was when a person merged it in.
	From      DeviceID  `json:"from,omitempty"`
	Label     string    `json:"label,omitempty"`
	Essential Essential `json:"essential,omitempty"`
}

// Evidence is one reason for a guess, in words that a person understands.
type Evidence struct {
	What       string  `json:"what"` // "maker", "model", "kind", "name"
	Value      string  `json:"value"`
	Because    string  `json:"because"` // "says so itself (_googlecast._tcp md=Chromecast Ultra)"
	Source     Source  `json:"source"`
	Confidence float64 `json:"confidence"` // 0 to 1
}

// Guess is what we think that a device is. It never overrides a person's label.
type Guess struct {
	Name       string     `json:"name"`
	Vendor     string     `json:"vendor"`
	Model      string     `json:"model"`
	Kind       Kind       `json:"kind"`
	Confidence float64    `json:"confidence"` // of the kind; under 0.5 the page asks for help
	Evidence   []Evidence `json:"evidence"`
}

// Device is one physical thing on the home network: one entry across IPv4 and
// IPv6, Wi-Fi and cable, services, restarts and new addresses.
type Device struct {
	ID          DeviceID     `json:"id"`
	Label       string       `json:"label"` // the person's own name for it; wins for ever
	Guess       Guess        `json:"guess"`
	Role        Role         `json:"role,omitempty"`
	Essential   Essential    `json:"essential,omitempty"`
	Identifiers []Identifier `json:"identifiers"`
	Hardware    []string     `json:"hardware,omitempty"` // the MACs among them that answered on the network, not only in a text
	Groups      []Group      `json:"groups,omitempty"`   // how the identifiers came together
	Addresses   []Address    `json:"addresses"`
	Services    []Service    `json:"services"`
	Facts       []Fact       `json:"facts,omitempty"`
	Sources     []Source     `json:"sources"`
	FirstSeen   time.Time    `json:"first_seen"`
	LastSeen    time.Time    `json:"last_seen"`
}

// Name is what to call d on screen: the person's label, else our guess, else a
// plain word. Never an address.
func (d Device) Name() string {
	switch {
	case d.Label != "":
		return d.Label
	case d.Guess.Name != "":
		return d.Guess.Name
	case d.Guess.Vendor != "":
		return words.Sprintf("%s device", d.Guess.Vendor)
	default:
		return words.Text("Unknown device")
	}
}

// MACs returns the hardware addresses of d.
func (d Device) MACs() []string {
	var out []string
	for _, i := range d.Identifiers {
		if i.Type == MAC {
			out = append(out, i.Value)
		}
	}
	return out
}

// Question asks the person whether two entries are one device. Nothing moves
// until it is answered; a consent never moves without it.
type Question struct {
	ID     string    `json:"id"`
	Device DeviceID  `json:"device"` // the known one
	Other  DeviceID  `json:"other"`  // the newcomer
	Why    string    `json:"why"`
	Asked  time.Time `json:"asked"`
}

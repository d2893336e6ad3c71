// Package mud reads Manufacturer Usage Descriptions (RFC 8520): what the maker of
// a device says that it talks to. Others may import it; it is pure and bounded,
// since such a file comes from anywhere.
//
// Parse takes a file apart; Compare holds it against what was seen. A description
// is a claim of its maker: that something is declared does not make it wanted.
package mud

import (
	"net/netip"
	"time"
)

// Profile is what a MUD file says (RFC 8520 section 2.1). All texts are cleaned
// and fit to be shown.
type Profile struct {
	URL           string        `json:"mud_url"`
	LastUpdate    time.Time     `json:"last_update,omitzero"`
	CacheValidity time.Duration `json:"cache_validity,omitempty"` // how long the file may be kept; 0: not said
	Supported     bool          `json:"is_supported"`             // whether the maker still looks after the device
	SystemInfo    string        `json:"systeminfo,omitempty"`
	Documentation string        `json:"documentation,omitempty"`
	Maker         string        `json:"mfg_name,omitempty"`
	Model         string        `json:"model_name,omitempty"`
	Firmware      string        `json:"firmware_rev,omitempty"`
	From          []Entry       `json:"from_device"` // what the device may send, in order
	To            []Entry       `json:"to_device"`   // what may be sent to the device, in order
	// Skipped counts entries with conditions that this package does not know; they
	// are left out, so that nothing seems declared that may not be.
	Skipped int `json:"skipped,omitempty"`
}

// Entry is one access control entry (RFC 8519, RFC 8520 sections 3 and 5).
// "Remote" is the other side, whichever way the packets go. A zero field sets no
// condition; all conditions that are set must hold.
type Entry struct {
	Name     string         `json:"name"`
	Accept   bool           `json:"accept"`
	Family   int            `json:"family,omitempty"`   // 4, 6, or 0 for both
	DNS      string         `json:"dns,omitempty"`      // name of the remote side, lower case
	Networks []netip.Prefix `json:"networks,omitempty"` // of the remote side: any of them
	Protocol string         `json:"protocol,omitempty"` // "tcp", "udp", "icmp", "icmpv6", or a number
	Remote   Ports          `json:"remote_ports,omitzero"`
	Local    Ports          `json:"local_ports,omitzero"`
	// Initiated says who may begin: "from-device" or "to-device" (section 5.3).
	Initiated string `json:"initiated,omitempty"`

	// The abstract remote sides of section 3.
	SameManufacturer bool   `json:"same_manufacturer,omitempty"` // devices of the same maker here
	Manufacturer     string `json:"manufacturer,omitempty"`      // devices here whose MUD URL has this authority
	Model            string `json:"model,omitempty"`             // devices here with this MUD URL
	Controller       string `json:"controller,omitempty"`        // whatever the household put into this class
	MyController     bool   `json:"my_controller,omitempty"`     // whatever the household chose for this device
	LocalNetworks    bool   `json:"local_networks,omitempty"`    // anything at home
}

// Ports is a condition on a port. The zero value is none.
type Ports struct {
	Low  uint16 `json:"low"`
	High uint16 `json:"high"`
	Not  bool   `json:"not,omitempty"` // all but Low to High
}

// Any reports whether p sets no condition.
func (p Ports) Any() bool { return p == Ports{} }

// Has reports whether p holds for port.
func (p Ports) Has(port uint16) bool {
	return p.Any() || (p.Low <= port && port <= p.High) != p.Not
}

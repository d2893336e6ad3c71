// Package flow holds where devices talk: records of traffic with common
// properties (RFC 7011's flows), their keys, and how they are added up.
package flow

import (
	"net/netip"
	"time"

	"bestbefore/discovery"
)

// Protocol is the transport: "tcp", "udp", "icmp", "dns", "mqtt" ...
type Protocol string

// Destination is where a flow goes. Address is always known to a flow source,
// Domain only where a source saw the name; "" and the invalid address mean "not known".
type Destination struct {
	Domain  string     `json:"domain,omitempty"`
	Address netip.Addr `json:"address,omitzero"`
}

// String is the domain, else the address.
func (d Destination) String() string {
	if d.Domain != "" {
		return d.Domain
	}
	if d.Address.IsValid() {
		return d.Address.String()
	}
	return ""
}

// Local is how a flow source knows the device: at least one field is set. The
// engine resolves it to a Device; an unknown one is a new sighting.
type Local struct {
	MAC     string     `json:"mac,omitempty"` // lower case, colons
	Address netip.Addr `json:"address,omitzero"`
	Remote  string     `json:"remote,omitempty"` // the peer's own id of the device
	// Somebody says that the source cannot tell which of the home's devices it
	// was; such a record is kept under the device Somebody.
	Somebody bool `json:"somebody,omitempty"`
}

// Somebody stands for whoever at home sent what no source can tell apart. It is
// no device: it is in no list, and nobody can permit it anything.
const Somebody discovery.DeviceID = "somebody"

// Key is what makes two records the same flow.
type Key struct {
	Device      discovery.DeviceID `json:"device"`
	Destination Destination        `json:"destination"`
	Protocol    Protocol           `json:"protocol"`
	Port        uint16             `json:"port"`
}

// Record is traffic of one key during [First, Last]. Up and Down are bytes
// since the previous record of the same flow, never running totals. Device is
// empty until the engine has resolved Local.
type Record struct {
	Key
	Local  Local            `json:"local,omitzero"`
	Up     uint64           `json:"bytes_up"`
	Down   uint64           `json:"bytes_down"`
	Count  uint64           `json:"count"` // flows or queries in this record, at least 1
	First  time.Time        `json:"first"`
	Last   time.Time        `json:"last"`
	Source discovery.Source `json:"source"`
	// Refused says that the peer turned this traffic away (a drop counter, a blocked query).
	Refused bool `json:"refused,omitempty"`
	// Categories are the kinds of data that it carried where the source can tell
	// (consent's words, sorted, with commas); never a value.
	Categories string `json:"categories,omitempty"`
	// Answers are what the device was told that Domain stands for, where this is its
	// question for a name and the source knows the answer. They are never stored.
	Answers []Answer `json:"-"`
}

// Answer is one address that a name stands for, for a while.
type Answer struct {
	Address netip.Addr
	TTL     time.Duration
}

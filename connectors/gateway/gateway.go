// Package gateway is the connector for a Linux box that routes the home: it
// sees every flow with its bytes, and it stops one device, or one device's
// traffic to one recipient, in the kernel itself.
//
// Everything that it sets lives in one nftables table of its own, "inet
// bestbefore"; other tables are never touched. Upstream packets are dropped by
// the device's hardware address before connection tracking sees them, so what
// connection tracking counts afterwards is what really left the house.
// Downstream packets of flows that such a device opened are dropped too, so
// that an open download freezes both ways. A start and an end are part of the
// kernel's rules and hold with our program off.
package gateway

import (
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "gateway"

// Option keys of the connector.
const (
	optLAN      = "lan"
	optWAN      = "wan"
	optBoot     = "boot"
	optBootUnit = "boot_unit"
	optInterval = "interval"

	bootInstall = "install" // the answer to optBootUnit that sets up a unit
)

// Connector is the gateway connector. It holds nothing.
type Connector struct{}

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	s := connectors.Spec{
		Kind:  Kind,
		Name:  "Linux router",
		Once:  true,
		Sees:  words.Text("Every flow between the home and the outside that passes this box, with addresses and bytes."),
		Stops: words.Text("A device, or its traffic to one recipient, IPv4 and IPv6, open flows included; the date is kept by the kernel itself."),
		Options: []connectors.Option{
			{Key: optLAN, Label: words.Text("Interface of the home"), Seldom: true, Help: words.Text("Name or names with commas, such as br0. Empty: found by itself.")},
			{Key: optWAN, Label: words.Text("Interface to the internet"), Seldom: true, Help: words.Text("Name or names with commas. Empty: where the default route goes.")},
			{Key: optBoot, Label: words.Text("Folder of the boot file"), Seldom: true, Help: words.Text("Where the rules are kept for the next start of this box. Empty: the connection's own folder.")},
			{
				Key: optBootUnit, Label: words.Text("When this box restarts"), Help: words.Text("For a date to hold even then, a systemd unit is set up that loads the rules before the network starts."),
				Choices: []connectors.Answer{{Label: words.Text("its rules are gone until Best Before runs")}, {Value: bootInstall, Label: words.Text("its rules are loaded before the network")}},
			},
			{Key: optInterval, Label: words.Text("Seconds between two looks at the flows"), Default: "5", Seldom: true},
		},
		Needs: []string{words.Text("Linux with nftables and connection tracking"), words.Text("administrator rights on the box that routes the home")},
	}
	if !supported {
		s.Needs = append(s.Needs, words.Text("not supported on this system: run the agent on the Linux box that routes the home"))
	}
	return s
}

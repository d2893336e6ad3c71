// Package netflow is the connector for routers and firewalls that export what
// passes them: it collects NetFlow version 5, version 9 and IPFIX. It only sees;
// it stops nothing.
//
// An export is a datagram that anybody on the network can send in the router's
// name. What comes from another address than the one that the household named is
// counted and not looked at, but an address can be forged, so that everything
// seen here is a claim: shown as one, never a proof that something stopped, and
// never the reason why a device comes to be known.
package netflow

import (
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "netflow"

// Option keys of the connector.
const (
	optExporter = "exporter"
	optPort     = "port"
	optHome     = "home"
	optInterval = "interval"
)

// defaultPort is where exporters send unless they are told otherwise.
const defaultPort = "2055"

// Connector is the NetFlow connector. It holds nothing.
type Connector struct{}

var _ connectors.Connector = (*Connector)(nil)

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  Kind,
		Name:  "Router that exports flows (NetFlow, IPFIX)",
		Sees:  words.Text("Where the devices send and how much, as the router tells it. Anybody on the network could send such a message in its name, so it is shown as a claim."),
		Stops: words.Text("Nothing. It never proves that something stopped either."),
		Options: []connectors.Option{
			{Key: optExporter, Label: words.Text("Address of the router"), Required: true, Address: true, Help: words.Text("Such as 192.168.1.1. What comes from any other address is not looked at.")},
			{Key: optPort, Label: words.Text("Port on this computer"), Default: defaultPort, Help: words.Text("Give the router this computer's address and this UDP port as its collector. Often 2055, 4739 or 9995.")},
			{Key: optHome, Label: words.Text("Networks of the home"), Help: words.Text("Such as 192.168.1.0/24, 2001:db8:1::/56, with commas. Empty: all private addresses. An IPv6 home whose devices have public addresses must be named.")},
			{Key: optInterval, Label: words.Text("Seconds over which flows are added up"), Default: "5", Seldom: true},
		},
		SetsNothing: true,
		Stays: connectors.Stays{
			What:  words.Text("The router goes on sending what it exports to this computer's address, where nobody listens any more."),
			Steps: []string{words.Text("On the router: take this computer away as a collector of NetFlow or IPFIX.")},
		},
		Needs: []string{words.Text("a router or firewall that exports NetFlow version 5 or 9, or IPFIX, over UDP"), words.Text("this computer must be on: what is exported meanwhile is lost")},
	}
}

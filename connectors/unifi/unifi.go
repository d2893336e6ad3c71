// Package unifi is the connector for a UniFi gateway, over the official API of
// UniFi Network (read in full as its OpenAPI description, 10.5.66). It tells
// which devices are connected, and stops one, or its traffic to one recipient,
// with firewall policies that go by its hardware address. There is no block of a
// client in that API; policies came with 10.1.68.
//
// Every policy of ours has a name that begins with bestbefore:; no other is ever
// changed.
//
// A policy may carry a schedule, but no date is handed over, since nothing says by
// which clock it goes. Read for that: all OpenAPI descriptions that are public,
// 9.0.99 to 10.5.66, and of 11.0.81 what stands of policies, which is the same but
// for a switch for its own reports (a schedule is "date" or "startDate" and
// "stopDate", YYYY-MM-DD, and "startTime" and "stopTime", HH:MM; no zone stands
// beside it, no path tells the console's zone or time, and "time offset" is an
// option of DHCP);
// the maker's help pages on zone-based firewalls and on traffic and firewall
// rules; and the clients aiounifi (4ba00ff), go-unifi of paultyng (3ade172),
// filipowm (0afeca0) and ubiquiti-community (b2bf4ce), the Terraform providers of
// ubiquiti-community (60d37091, its issue 370 and pull request 418), jamesbraid
// (26bcad84) and alexklibisz, and unifi-network-rules (b748f30). The older API
// does tell a zone of the site and of the console (settings "locale", "sysinfo"),
// but nobody writes that policies go by either, and the kernel's own time match
// goes by UTC unless it is told otherwise. A guess that is wrong ends a permission
// hours too soon or too late.
package unifi

import (
	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "unifi"

// peer is what it is called on screen.
const peer = "the UniFi console"

// Option keys of the connector.
const (
	optAddress = "address"
	optKey     = "key"
	optSite    = "site"
)

// Connector is the UniFi connector. It holds nothing.
type Connector struct{}

var _ connectors.Connector = (*Connector)(nil)

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  Kind,
		Name:  "UniFi gateway",
		Sees:  words.Text("Which devices are in the home, with their names and addresses; not where they send."),
		Stops: words.Text("A device, or its traffic to one recipient, IPv4 and IPv6, by its hardware address."),
		Options: []connectors.Option{
			{Key: optAddress, Label: words.Text("Address of the console"), Default: "https://192.168.1.1", Required: true, Address: true, Help: words.Text("The address of its own page, such as https://192.168.1.1.")},
			{Key: optKey, Label: words.Text("API key"), Required: true, Secret: true, Help: words.Text("Made on the console under Settings, Control Plane, Integrations.")},
			{Key: optSite, Label: words.Text("Site"), Seldom: true, Help: words.Text("Its name, where the console has several. Empty: the only one, or the one called Default.")},
			connectors.CertificateOption(),
		},
		Knocks: []connectors.Knock{{Scheme: "https", Port: 443, Path: "/", Key: optAddress, Status: []int{200}, Has: []string{"<title>UniFi OS</title>"}}},
		Needs: []string{
			words.Text("a UniFi gateway with zone-based firewall and UniFi Network 10.1.68 or newer"),
			words.Text("an API key of an administrator"),
		},
		Stays: connectors.Stays{
			What:  words.Text("The API key that you made for Best Before goes on being valid at the console."),
			Steps: []string{words.Text("On the console: Settings, Control Plane, Integrations: delete that key.")},
		},
	}
}

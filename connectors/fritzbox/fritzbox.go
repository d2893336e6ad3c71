// Package fritzbox is the connector for AVM's FRITZ!Box, over TR-064 (SOAP with
// HTTP digest). It tells which devices the box knows, and switches the internet
// access of one device off and on again.
//
// The box blocks by IPv4 address and has no name for a block. So every act first
// asks the box twice which device has the address, the list of what we blocked is
// our own, kept in the connection's folder, and a block that a person set in the
// box is never lifted. What the box says of a single address is believed, its
// list of devices is not: that lags by ten seconds and more.
package fritzbox

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "fritzbox"

// peer is what it is called on screen.
const peer = "the FRITZ!Box"

// Option keys of the connector.
const (
	optAddress  = "address"
	optUsername = "username"
	optPassword = "password"
	optInterval = "interval"
)

// The box's ports for programs.
const (
	portPlain = "49000"
	portTLS   = "49443"
)

// DeviceType is how a box calls itself when it is searched for by SSDP.
const DeviceType = "urn:dslforum-org:device:InternetGatewayDevice:1"

func sixNote() string {
	return words.Text("it stops IPv4 only, so what a device sends over IPv6 goes on")
}

// Connector is the FRITZ!Box connector. It holds nothing.
type Connector struct{}

var _ connectors.Connector = (*Connector)(nil)

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  Kind,
		Name:  "FRITZ!Box",
		Sees:  words.Text("Which devices are in the home, with their names and addresses; not where they send."),
		Stops: words.Text("The internet access of one whole device, over IPv4 only; it can be given back at any time."),
		Options: []connectors.Option{
			{Key: optAddress, Label: words.Text("Address of the box"), Default: "fritz.box", Required: true, Address: true, Help: words.Text("A name such as fritz.box or an address such as 192.168.178.1. It is spoken to over TLS; write http:// in front if your box is too old for that.")},
			{Key: optUsername, Label: words.Text("User name"), Help: words.Text("A user of the box (System, FRITZ!Box Users) with the right to change the box's settings. An account of its own for Best Before is best. Empty: the one that signed in last.")},
			{Key: optPassword, Label: words.Text("Password"), Required: true, Secret: true},
			{Key: optInterval, Label: words.Text("Seconds between two looks at the list of devices"), Default: "30", Seldom: true},
			connectors.CertificateOption(),
		},
		Announced: []connectors.Announced{{Type: DeviceType, Key: optAddress}},
		Stays: connectors.Stays{
			What:  words.Text("The box's user whose password you gave stays there, with its rights."),
			Steps: []string{words.Text("If it is for Best Before alone: in the box, System, FRITZ!Box Users: delete that user."), words.Text("If nothing else needs it: Home Network, Network, Network Settings: switch the access for applications off.")},
		},
		Needs: []string{
			words.Text("a FRITZ!Box that is the home's router"), words.Text("a user of the box with the right to change its settings"),
			words.Text("in the box: Home Network, Network, Network Settings: allow access for applications"),
		},
	}
}

// baseOf is where the box is spoken to, from what a person typed.
func baseOf(typed string) (*url.URL, error) {
	text, scheme := strings.TrimSpace(typed), ""
	if s, rest, ok := strings.Cut(text, "://"); ok {
		scheme, text = s, rest
	}
	text = strings.TrimSuffix(text, "/")
	host, port := strings.Trim(text, "[]"), ""
	if h, p, err := net.SplitHostPort(text); err == nil {
		host, port = h, p
	}
	if scheme == "" {
		scheme = "https"
		if port == portPlain {
			scheme = "http"
		}
	}
	if port == "" {
		port = map[string]string{"http": portPlain, "https": portTLS}[scheme]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || len(host) > 253 || strings.ContainsAny(host, "/ @?#\\") || scheme != "http" && scheme != "https" {
		return nil, connectors.NeedsPerson(words.Sprintf("%q is not the address of a FRITZ!Box; write fritz.box or 192.168.178.1.", typed), nil)
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}, nil
}

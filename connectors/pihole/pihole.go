// Package pihole is the connector for Pi-hole, version 6: a DNS server that many
// households run to block advertising. Its log says which names each device asks
// for; a group of its own refuses names to one device.
//
// A block is a group, a deny rule in it, and the device's addresses and hardware
// address as members: an address acts at once, the hardware address only after
// Pi-hole has met it in its neighbour table, but follows the device. What a
// device asks another DNS server is not seen here and not stopped.
package pihole

import (
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "pihole"

// peer is what it is called on screen.
const peer = "Pi-hole"

// Option keys of the connector.
const (
	optAddress  = dnsblock.OptAddress
	optPassword = dnsblock.OptPassword
)

// loginInfo is what version 6 tells everybody for its own page.
const loginInfo = "/api/info/login"

var loginSigns = []string{`"https_port":`, `"dns":`, `"took":`}

// Connector is the Pi-hole connector. It holds nothing.
type Connector struct{}

var (
	_ connectors.Connector = (*Connector)(nil)
	_ connectors.Stayer    = (*Connector)(nil)
)

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  Kind,
		Name:  peer,
		Sees:  words.Text("Which names each device looks up, and when; not how much is sent. A device with its own DNS is not seen."),
		Stops: words.Text("All names or those of chosen companies for one device. A device that needs no look-up passes it."),
		Options: []connectors.Option{
			{Key: optAddress, Label: words.Text("Address of the Pi-hole"), Required: true, Address: true, Help: words.Text("The address of its own page, such as http://pi.hole or http://192.168.1.5:8080.")},
			{Key: optPassword, Label: words.Text("Password"), Secret: true, Help: words.Text("Of its own page or, with a second factor, an application password. It is tried once; a wrong one is not tried again by itself.")},
			connectors.CertificateOption(),
		},
		Knocks: []connectors.Knock{
			{Scheme: "http", Port: 80, Path: loginInfo, Key: optAddress, Status: []int{200}, Has: loginSigns},
			{Scheme: "http", Port: 8080, Path: loginInfo, Key: optAddress, Status: []int{200}, Has: loginSigns},
			{Scheme: "https", Port: 443, Path: loginInfo, Key: optAddress, Status: []int{200}, Has: loginSigns},
		},
		Stays: connectors.Stays{
			What:  words.Text("The password that you gave goes on being valid at the Pi-hole."),
			Steps: []string{words.Text("If it is an application password for Best Before alone: in Pi-hole, Settings, Web interface / API, Configure app password: take it away. Or on its command line: pihole-FTL --config webserver.api.app_pwhash ''")},
		},
		Needs: []string{words.Text("Pi-hole 6 or newer"), words.Text("its password, or an application password")},
	}
}

// StaysAt implements connectors.Stayer: one that asks for no password keeps none.
func (c *Connector) StaysAt(s connectors.Settings) connectors.Stays {
	return dnsblock.StaysWithPassword(c.Spec(), s)
}

func signIn(text string) error { return connectors.Fault(consent.KindSignIn, text, nil) }

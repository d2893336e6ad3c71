// Package adguardhome is the connector for AdGuard Home, a DNS server that many
// households run to block advertising. Its log says which names each device asks
// for; its own filter rules can refuse names to one device.
//
// It acts on addresses: it knows a hardware address only where it is the home's
// DHCP server too. So a block carries the hardware address it is meant for, is
// moved along where a lease tells of a new address, and is reported lost rather
// than left on an address that somebody else has now. What a device asks another
// DNS server, or reaches without asking, is not seen here and not stopped.
package adguardhome

import (
	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "adguardhome"

// peer is what it is called on screen.
const peer = "AdGuard Home"

// Option keys of the connector.
const (
	optAddress  = dnsblock.OptAddress
	optUsername = "username"
	optPassword = dnsblock.OptPassword
)

// loginPage names nothing, but has the maker's colour beside its title.
const loginPage = "/login.html"

var loginSigns = []string{"<title>Login</title>", `safari-pinned-tab.svg" color="#67B279"`}

// Connector is the AdGuard Home connector. It holds nothing.
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
			{Key: optAddress, Label: words.Text("Address of AdGuard Home"), Required: true, Address: true, Help: words.Text("The address of its own page, such as http://192.168.1.5 or http://192.168.1.5:3000.")},
			{Key: optUsername, Label: words.Text("User name"), Help: words.Text("The one of its own page. Empty where it asks for none.")},
			{Key: optPassword, Label: words.Text("Password"), Secret: true, Help: words.Text("It is tried once; a wrong one is not tried again by itself.")},
			connectors.CertificateOption(),
		},
		Knocks: []connectors.Knock{
			{Scheme: "http", Port: 80, Path: loginPage, Key: optAddress, Status: []int{200}, Has: loginSigns},
			{Scheme: "http", Port: 3000, Path: loginPage, Key: optAddress, Status: []int{200}, Has: loginSigns},
			{Scheme: "https", Port: 443, Path: loginPage, Key: optAddress, Status: []int{200}, Has: loginSigns},
		},
		Stays: connectors.Stays{
			What:  words.Text("The user whose password you gave stays in AdGuard Home, with all rights there."),
			Steps: []string{words.Text("If it is for Best Before alone: stop AdGuard Home, take that user away from users: in its file AdGuardHome.yaml, and start it again.")},
		},
		Needs: []string{words.Text("the user name and password of AdGuard Home's own page"), words.Text("its query log switched on, without shortened addresses")},
	}
}

// StaysAt implements connectors.Stayer: one that asks for no password keeps none.
func (c *Connector) StaysAt(s connectors.Settings) connectors.Stays {
	return dnsblock.StaysWithPassword(c.Spec(), s)
}

func signIn(text string) error { return connectors.Fault(consent.KindSignIn, text, nil) }

// Package homeassistant is the connector for Home Assistant, over its websocket.
// It tells which devices Home Assistant has, by what they are joined with ours,
// and through which integrations; which kinds of data each of them reports, never
// a value, and from its history those of the time when nobody listened; which
// logins and tokens our own user has given, and ends them; and it disables an
// integration and enables it again.
//
// What is disabled stops Home Assistant's use of a device, not what the device
// sends by itself. An answer of success proves nothing here: what was asked for
// is read back, and where Home Assistant needs a restart first, that is said.
// Our marks are kept in Home Assistant, among the data that it keeps for our
// user, so that a new installation finds them again.
package homeassistant

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "homeassistant"

// peer is what it is called on screen.
const peer = "Home Assistant"

// serviceType is how it announces itself by mDNS.
const serviceType = "_home-assistant._tcp"

// usualPort is where it listens unless somebody changed that.
const usualPort = "8123"

// Option keys of the connector.
const (
	optAddress = "address"
	optToken   = "token"
)

// Connector is the Home Assistant connector. It holds nothing.
type Connector struct{}

var _ connectors.Connector = (*Connector)(nil)

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  Kind,
		Name:  peer,
		Sees:  words.Text("Its devices and their rooms, which integrations go through a maker's cloud, and which kinds of data each device reports; never the values."),
		Stops: words.Text("Logins and tokens of your own user there, for good. An integration: that ends Home Assistant's use of a device, not what the device sends by itself."),
		Options: []connectors.Option{
			{Key: optAddress, Label: words.Text("Address of Home Assistant"), Default: "http://homeassistant.local:8123", Required: true, Address: true, Help: words.Text("The address of its own page. Write https:// where it has a certificate: over http:// the token can be read by whoever listens at home.")},
			{Key: optToken, Label: words.Text("Long-lived access token"), Required: true, Secret: true, Help: words.Text("In Home Assistant: your profile, Security, Long-lived access tokens, Create token. Call it Best Before. It is tried once; a wrong one is not tried again by itself.")},
			connectors.CertificateOption(),
		},
		Announced: []connectors.Announced{{Type: serviceType, Key: optAddress, Scheme: "http://"}},
		Needs:     []string{words.Text("Home Assistant 2022.10 or newer"), words.Text("a long-lived access token; to disable integrations, one of an administrator")},
		Access:    words.Text("logins and tokens of your own user"),
		Stays: connectors.Stays{
			What:  words.Text("The long-lived token that you made for Best Before goes on being valid in Home Assistant."),
			Steps: []string{words.Text("In Home Assistant: your profile, Security, Long-lived access tokens: delete the one that you made for Best Before.")},
		},
	}
}

// baseOf is where Home Assistant is asked, from what a person typed. Without a
// port it is asked at its usual one, but over https where a server in front of
// it has the usual one of that.
func baseOf(typed string) (*url.URL, error) {
	u, err := web.ParseBase(typed, peer)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = usualPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, connectors.NeedsPerson(words.Sprintf("%q is not the address of Home Assistant; write it as in http://192.168.1.5:8123.", clean(typed)), err)
	}
	// What a person copies is the address of a page in it; the interface lies at the root.
	return &url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(strings.ToLower(u.Hostname()), port)}, nil
}

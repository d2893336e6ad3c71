// Package openwrt is the connector for routers that run OpenWrt, over ubus and
// HTTP. It tells which devices have a lease, what each sends where, and stops
// one device, or one device's traffic to one recipient, by its hardware address
// with a named rule of the router's firewall. A start and an end are part of the
// rule: the router keeps them with our program off.
//
// Every rule of ours is a section whose name begins with bb_; nothing else is
// ever changed. The first change of a session is made so that the router takes it
// back by itself unless we confirm it. Times are written in the router's own
// local time, because its firewall ignores the option that says otherwise.
package openwrt

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// Kind is the connector's name in settings and on the command line.
const Kind = "openwrt"

// peer is what it is called on screen.
const peer = "the router"

// Option keys of the connector.
const (
	optAddress  = "address"
	optUsername = "username"
	optPassword = "password"
	optZone     = "zone"
	optInterval = "interval"
)

// Connector is the OpenWrt connector. It holds nothing.
type Connector struct{}

var _ connectors.Connector = (*Connector)(nil)

// New gives the connector.
func New() *Connector { return &Connector{} }

// Spec describes it.
func (*Connector) Spec() connectors.Spec {
	return connectors.Spec{
		Kind:  Kind,
		Name:  "OpenWrt router",
		Sees:  words.Text("Which devices are in the home, and every flow between them and the outside, with addresses and bytes."),
		Stops: words.Text("A device, or its traffic to one recipient, IPv4 and IPv6; the date is kept by the router itself."),
		Options: []connectors.Option{
			{Key: optAddress, Label: words.Text("Address of the router"), Default: "https://192.168.1.1", Required: true, Address: true, Help: words.Text("Such as https://192.168.1.1 or https://openwrt.lan. With http:// in front the password goes through the home unprotected.")},
			{Key: optUsername, Label: words.Text("User name"), Default: "bestbefore", Required: true, Help: words.Text("An account for Best Before alone. A few lines to paste on the router make one that may do no more than is needed (on the command line: \"connect openwrt --setup\"); root is not needed.")},
			{Key: optPassword, Label: words.Text("Password"), Required: true, Secret: true},
			{Key: optZone, Label: words.Text("Firewall zone of the home"), Default: "lan", Seldom: true},
			{Key: optInterval, Label: words.Text("Seconds between two looks at the flows"), Default: "10", Seldom: true},
			connectors.CertificateOption(),
		},
		Needs: []string{
			words.Text("OpenWrt 22.03 or newer with the web interface (packages uhttpd-mod-ubus and rpcd-mod-luci)"),
			words.Text("an account on it; the setup text makes one with no more rights than needed"),
			words.Text("to cut what is open: the package conntrack"),
		},
		// The web interface says to everybody that it wants a log-in.
		Knocks: []connectors.Knock{
			{Scheme: "https", Port: 443, Path: "/cgi-bin/luci/", Key: optAddress, Status: []int{403}, Header: "X-LuCI-Login-Required: yes"},
			{Scheme: "http", Port: 80, Path: "/cgi-bin/luci/", Key: optAddress, Status: []int{403}, Header: "X-LuCI-Login-Required: yes"},
		},
		Setup: Setup,
		Stays: connectors.Stays{
			What:  words.Text("The router's account whose password you gave stays there, with its rights."),
			Steps: []string{words.Text("If the setup text made it, on the router's command line: uci delete rpcd.bestbefore; uci commit rpcd; rm /usr/share/rpcd/acl.d/bestbefore.json; service rpcd restart")},
		},
	}
}

// ubusAt is where the router is spoken to, from what a person typed.
func ubusAt(typed string) (string, error) {
	text, scheme := strings.TrimSpace(typed), "https"
	if s, rest, ok := strings.Cut(text, "://"); ok {
		scheme, text = s, rest
	}
	text = strings.TrimSuffix(text, "/")
	host, port := strings.Trim(text, "[]"), ""
	if h, p, err := net.SplitHostPort(text); err == nil {
		host, port = h, p
	}
	n, err := uint64(1), error(nil)
	if port != "" {
		n, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil || n == 0 || host == "" || len(host) > 253 || strings.ContainsAny(host, "/ @?#\\") || scheme != "http" && scheme != "https" {
		return "", connectors.NeedsPerson(words.Sprintf("%q is not the address of a router; write https://192.168.1.1.", typed), nil)
	}
	if port != "" {
		host = net.JoinHostPort(host, port)
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return (&url.URL{Scheme: scheme, Host: host, Path: "/ubus"}).String(), nil
}

package behaviour

import (
	"net/netip"
	"strings"

	"bestbefore/discovery/flow"
)

// Asking is how a device asks for names past the home's own name server.
type Asking string

// The ways.
const (
	NotAsking Asking = ""
	Plain     Asking = "own"       // an ordinary name server that is not the home's
	Encrypted Asking = "encrypted" // so that nobody between can read which names
)

// Resolver is a name server that a flow leads to.
type Resolver struct {
	How    Asking `json:"how"`
	Name   string `json:"name"`             // of the service where it is known, else its address
	Source string `json:"source,omitempty"` // the page that says so; "" where the port alone does
}

// The ports of names: DNS (RFC 1035), DNS over TLS and over QUIC (RFC 7858, RFC
// 9250), HTTPS (RFC 8484).
const (
	portDNS   = 53
	portDoT   = 853
	portHTTPS = 443
)

// ResolverOf says whether traffic of key asks a name server that is not the
// home's; ours reports whether an address is at home or is a name server that
// the home's own computers were told. What only a DNS log tells went to the
// home's server.
func ResolverOf(key flow.Key, ours func(netip.Addr) bool) (Resolver, bool) {
	a := key.Destination.Address
	if key.Protocol != "tcp" && key.Protocol != "udp" || a.IsValid() && ours(a) {
		return Resolver{}, false
	}
	known, found := serviceOf(key.Destination)
	name := known.name
	if name == "" {
		name = key.Destination.String()
	}
	switch {
	case key.Port == portDNS:
		return Resolver{Plain, name, known.source}, true
	case key.Port == portDoT:
		return Resolver{Encrypted, name, known.source}, true
	case key.Port == portHTTPS && found:
		return Resolver{Encrypted, name, known.source}, true
	default:
		return Resolver{}, false
	}
}

// service is a public name server that can be asked over HTTPS.
type service struct {
	name, source string
	domains      []string // with what is below them
	networks     []netip.Prefix
}

func serviceOf(d flow.Destination) (service, bool) {
	domain := strings.ToLower(strings.TrimSuffix(d.Domain, "."))
	for _, s := range services {
		for _, x := range s.domains {
			if domain == x || strings.HasSuffix(domain, "."+x) {
				return s, true
			}
		}
		for _, n := range s.networks {
			if d.Address.IsValid() && n.Contains(d.Address.Unmap().WithZone("")) {
				return s, true
			}
		}
	}
	return service{}, false
}

func prefixes(all ...string) (out []netip.Prefix) {
	for _, s := range all {
		if !strings.Contains(s, "/") {
			a := netip.MustParseAddr(s)
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// services are the well-known ones, each as its own page gives it.
var services = []service{
	{
		"Google Public DNS", "https://developers.google.com/speed/public-dns/docs/doh",
		[]string{"dns.google", "dns.google.com", "dns64.dns.google"},
		prefixes("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844", "2001:4860:4860::6464", "2001:4860:4860::64"),
	},
	{
		"Cloudflare DNS", "https://developers.cloudflare.com/1.1.1.1/ip-addresses/",
		[]string{"cloudflare-dns.com", "one.one.one.one"},
		prefixes("1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "1.1.1.3", "1.0.0.3", "2606:4700:4700::1111", "2606:4700:4700::1001", "2606:4700:4700::1112", "2606:4700:4700::1002", "2606:4700:4700::1113", "2606:4700:4700::1003"),
	},
	{
		"Quad9", "https://quad9.net/service/service-addresses-and-features/",
		[]string{"dns.quad9.net", "dns9.quad9.net", "dns10.quad9.net", "dns11.quad9.net", "dns12.quad9.net"},
		prefixes("9.9.9.9", "9.9.9.10", "9.9.9.11", "9.9.9.12", "149.112.112.112", "149.112.112.9", "149.112.112.10", "149.112.112.11", "149.112.112.12", "2620:fe::fe", "2620:fe::9", "2620:fe::10", "2620:fe::11"),
	},
	{
		"OpenDNS", "https://www.opendns.com/setupguide/",
		[]string{"doh.opendns.com", "doh.familyshield.opendns.com", "doh.sandbox.opendns.com", "doh.umbrella.com", "dns.opendns.com"},
		prefixes("208.67.222.222", "208.67.220.220", "208.67.222.123", "208.67.220.123", "2620:119:35::35", "2620:119:53::53"),
	},
	{
		"AdGuard DNS", "https://adguard-dns.io/en/public-dns.html",
		[]string{"dns.adguard-dns.com", "family.adguard-dns.com", "unfiltered.adguard-dns.com", "dns.adguard.com", "d.adguard-dns.com"},
		prefixes("94.140.14.14", "94.140.15.15", "94.140.14.15", "94.140.15.16", "94.140.14.140", "94.140.14.141", "2a10:50c0::ad1:ff", "2a10:50c0::ad2:ff"),
	},
	{"NextDNS", "https://nextdns.io/", []string{"dns.nextdns.io", "dns1.nextdns.io", "dns2.nextdns.io", "doh3.dns.nextdns.io"}, prefixes("45.90.28.0/24", "45.90.30.0/24")},
	{"CleanBrowsing", "https://cleanbrowsing.org/filters/", []string{"doh.cleanbrowsing.org"}, prefixes("185.228.168.0/24", "185.228.169.0/24")},
	{"Control D", "https://controld.com/free-dns", []string{"dns.controld.com", "freedns.controld.com"}, prefixes("76.76.2.0/24", "76.76.10.0/24")},
	{"Mullvad DNS", "https://mullvad.net/en/help/dns-over-https-and-dns-over-tls", []string{"dns.mullvad.net"}, prefixes("194.242.2.0/24")},
	{"Apple", "https://support.apple.com/en-us/101555", []string{"doh.dns.apple.com", "dns.apple.com"}, nil},
	{"DNS4EU", "https://www.joindns4.eu/for-public", []string{"joindns4.eu"}, prefixes("86.54.11.0/24")},
	{"Digitale Gesellschaft", "https://www.digitale-gesellschaft.ch/dns/", []string{"dns.digitale-gesellschaft.ch"}, prefixes("185.95.218.42", "185.95.218.43")},
	{"Digitalcourage", "https://digitalcourage.de/support/zensurfreier-dns-server", []string{"dns3.digitalcourage.de"}, prefixes("5.9.164.112")},
	{"CZ.NIC ODVR", "https://www.nic.cz/odvr/", []string{"odvr.nic.cz"}, prefixes("193.17.47.1", "185.43.135.1")},
	{"UncensoredDNS", "https://blog.uncensoreddns.org/", []string{"anycast.uncensoreddns.org", "unicast.uncensoreddns.org"}, prefixes("91.239.100.100", "89.233.43.71")},
	{"AliDNS", "https://www.alidns.com/", []string{"dns.alidns.com"}, prefixes("223.5.5.5", "223.6.6.6")},
	{"DNSPod", "https://www.dnspod.cn/products/publicdns", []string{"doh.pub", "dot.pub", "dns.pub"}, prefixes("119.29.29.29", "1.12.12.12", "120.53.53.53")},
}

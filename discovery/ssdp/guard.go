package ssdp

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const maxLocation = 512

// ErrLocation says that a description must not be fetched from where a device
// points to. The reason follows.
var ErrLocation = errors.New("refusing description address")

// Location checks the address at which sender says that its description is. It
// gives the only address that may be dialled, which is the sender's own, and
// the URL to ask there. Anybody on the network can send anything as LOCATION,
// so names, other hosts, other schemes, credentials, privileged ports and odd
// spellings of addresses are all refused: they are how a device would make this
// computer talk to the router's pages, to itself or to somebody outside.
func Location(location string, sender netip.Addr) (netip.AddrPort, *url.URL, error) {
	refuse := func(why string) (netip.AddrPort, *url.URL, error) {
		return netip.AddrPort{}, nil, fmt.Errorf("%w: %s", ErrLocation, why)
	}
	if !sender.IsValid() || sender.Is4In6() || sender.IsUnspecified() || sender.IsLoopback() || sender.IsMulticast() || sender.IsLinkLocalUnicast() {
		return refuse("the sender has no ordinary address")
	}
	if len(location) > maxLocation || strings.ContainsFunc(location, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
		return refuse("too long or with characters that no address has")
	}
	u, err := url.Parse(location)
	switch {
	case err != nil:
		return refuse("not an address")
	case u.Scheme != "http":
		return refuse("not http")
	case u.User != nil || strings.Contains(u.Host, "@"):
		return refuse("with credentials")
	case u.Opaque != "" || u.Host == "":
		return refuse("without a host")
	}
	// Only the plain spelling of an address passes: no name, whose meaning can
	// change between this check and the dialling, no decimal or octal number, no
	// IPv4 in IPv6, no zone.
	host, err := netip.ParseAddr(u.Hostname())
	switch {
	case err != nil:
		return refuse("a name or an odd spelling instead of an address")
	case host.Is4In6() || host.Zone() != "":
		return refuse("an odd spelling of an address")
	case host != sender:
		return refuse("another host than the sender")
	}
	port := 80
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return refuse("not a port")
		}
	}
	if port != 80 && port < 1024 || port > 65535 {
		return refuse("a port of the system's own services")
	}
	u.Fragment, u.RawFragment = "", ""
	return netip.AddrPortFrom(host, uint16(port)), u, nil
}

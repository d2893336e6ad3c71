package recipient

import (
	"net/netip"
	"strings"

	"bestbefore/discovery/flow"
)

// maxName is the length of the longest name in the DNS.
const maxName = 253

// canonical gives the name in lower case without its last dot, and the address
// without zone or IPv6 wrapping. A name that is an address counts as one; what
// cannot be a name is "".
func canonical(d flow.Destination) (string, netip.Addr) {
	addr := d.Address.Unmap().WithZone("")
	name := strings.TrimSuffix(d.Domain, ".")
	if name == "" {
		return "", addr
	}
	if c := name[len(name)-1]; c >= '0' && c <= '9' || strings.IndexByte(name, ':') >= 0 {
		if a, err := netip.ParseAddr(name); err == nil {
			if !addr.IsValid() {
				addr = a.Unmap().WithZone("")
			}
			return "", addr
		}
	}
	if !plain(name) {
		if name = strings.ToLower(name); !plain(name) {
			return "", addr
		}
	}
	return name, addr
}

// plain reports whether s is a host name in lower case: labels of 63 letters,
// digits, hyphens and underscores, 253 in all.
func plain(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	label := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0
}

// lastLabels is the end of name with n labels at most.
func lastLabels(name string, n int) string {
	at := len(name)
	for range n {
		at = strings.LastIndexByte(name[:at], '.')
		if at < 0 {
			return name
		}
	}
	return name[at+1:]
}

// homeNames are endings that mean the home network: RFC 6762, RFC 8375, RFC
// 6761, ICANN's .internal, and what routers call their own networks.
var homeNames = []string{"local", "home.arpa", "localhost", "internal", "lan", "home", "localdomain", "fritz.box", "in-addr.arpa", "ip6.arpa"}

// homeName reports whether a name never leaves the home: one of the endings
// above, or a single word.
func homeName(name string) bool {
	if name == "" {
		return false
	}
	if strings.IndexByte(name, '.') < 0 {
		return true
	}
	for _, h := range homeNames {
		if end, ok := strings.CutSuffix(name, h); ok && (end == "" || end[len(end)-1] == '.') {
			return true
		}
	}
	return false
}

// homeAddress reports whether an address is of the home network.
func homeAddress(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a == broadcast
}

// broadcast is everybody on the home network.
var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// outside reports whether an address is somewhere on the internet. Blockers
// answer with the unspecified address or this computer's own: it says nothing.
func outside(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsLoopback() && !homeAddress(a)
}

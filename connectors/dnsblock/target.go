package dnsblock

import (
	"net/netip"
	"slices"
	"strings"

	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// MaxAddresses is how many addresses of one device are acted on.
const MaxAddresses = 16

// maxMark is how long a mark may be that goes into a comment.
const maxMark = 160

// GoodMark reports whether a mark can be kept in a comment over there.
func GoodMark(m string) bool {
	return m != "" && len(m) <= maxMark && string(discovery.CleanLong(m)) == m && !strings.ContainsAny(m, "\n\r")
}

// Addresses are the addresses at which a target is known now, each once.
func Addresses(t connectors.Target) []netip.Addr {
	var out []netip.Addr
	for _, s := range t.Addresses {
		if a := Client(s); a.IsValid() && !slices.Contains(out, a) && len(out) < MaxAddresses {
			out = append(out, a)
		}
	}
	return out
}

// MACs are the hardware addresses of a target, sorted.
func MACs(t connectors.Target) []string {
	var out []string
	for _, i := range t.Identifiers {
		if i.Type != discovery.MAC {
			continue
		}
		if mac, ok := discovery.NormalizeMAC(i.Value); ok && !slices.Contains(out, mac) {
			out = append(out, mac)
		}
	}
	slices.Sort(out)
	return out
}

// Names are the host names of a recipient, sorted, and how many of its
// destinations are addresses, which no DNS blocker can stop.
func Names(r consent.Recipient) (names []string, addresses int) {
	for _, d := range r.Destinations {
		if _, err := netip.ParseAddr(d); err == nil {
			addresses++
			continue
		}
		if _, err := netip.ParsePrefix(d); err == nil {
			addresses++
			continue
		}
		if n, ok := Destination(d); ok && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names, addresses
}

// Covers reports whether a question for name is about one of names, or all of them.
func Covers(names []string, name string) bool {
	if len(names) == 0 {
		return true
	}
	n, ok := Destination(name)
	if !ok {
		return false
	}
	return slices.ContainsFunc(names, func(p string) bool { return n == p || strings.HasSuffix(n, "."+p) })
}

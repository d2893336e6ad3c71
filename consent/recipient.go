package consent

import (
	"net/netip"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// MaxDestinations is how many destinations a recipient may have.
const MaxDestinations = 256

// Normal returns r with a cleaned name and its destinations in canonical form:
// addresses and masked prefixes as netip writes them, host names in lower case
// without a trailing dot, sorted, each once. It refuses what is neither.
func (r Recipient) Normal() (Recipient, error) {
	out := Recipient{Name: string(discovery.Clean(r.Name)), Any: r.Any}
	if r.Any {
		if len(r.Destinations) > 0 {
			return Recipient{}, words.Errorf("%w: a recipient is either any or a list of destinations", ErrInvalid)
		}
		if out.Name == "" {
			out.Name = words.Text("anyone outside")
		}
		return out, nil
	}
	if len(r.Destinations) == 0 {
		return Recipient{}, words.Errorf("%w: a recipient needs a destination (an address or a host name), or any", ErrInvalid)
	}
	if len(r.Destinations) > MaxDestinations {
		return Recipient{}, words.Errorf("%w: a recipient has %d destinations at most", ErrInvalid, MaxDestinations)
	}
	for _, d := range r.Destinations {
		n, err := normalDestination(d)
		if err != nil {
			return Recipient{}, err
		}
		out.Destinations = append(out.Destinations, n)
	}
	slices.Sort(out.Destinations)
	out.Destinations = slices.Compact(out.Destinations)
	if out.Name == "" {
		out.Name = out.Destinations[0]
	}
	return out, nil
}

func normalDestination(s string) (string, error) {
	s = strings.TrimSpace(s)
	if p, ok := asPrefix(s); ok {
		if p.Bits() == 0 {
			return "", words.Errorf("%w: %s is every address; say any", ErrInvalid, p)
		}
		if p.IsSingleIP() {
			return p.Addr().String(), nil
		}
		return p.String(), nil
	}
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	if !hostName(name) {
		return "", words.Errorf("%w: %q is neither an address nor a host name", ErrInvalid, short(s))
	}
	return name, nil
}

// hostName is letters, digits, hyphens and underscores in labels of 63 at most.
// A last label of digits only would be a mistyped address.
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range []byte(l) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// asPrefix reads an address or a prefix; an address is a prefix of one.
// Zones are left out: a destination outside has none.
func asPrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), true
}

// within reports whether name is parent or a subdomain of it.
func within(name, parent string) bool {
	return name == parent || strings.HasSuffix(name, "."+parent)
}

// Overlap reports whether some destination may belong to both a and b.
func Overlap(a, b Recipient) bool {
	if a.Any || b.Any {
		return true
	}
	for _, x := range a.Destinations {
		for _, y := range b.Destinations {
			if meet(x, y) {
				return true
			}
		}
	}
	return false
}

func meet(x, y string) bool {
	p, isP := asPrefix(x)
	q, isQ := asPrefix(y)
	if isP && isQ {
		return p.Overlaps(q)
	}
	if isP || isQ {
		return false
	}
	x, y = strings.ToLower(x), strings.ToLower(y)
	return within(x, y) || within(y, x)
}

// Covers reports whether traffic to d belongs to r: by address, by prefix or by
// name, where a name covers its subdomains. Any covers everything outside the home.
func Covers(r Recipient, d flow.Destination) bool {
	if r.Any {
		return outside(d)
	}
	name := strings.ToLower(strings.TrimSuffix(d.Domain, "."))
	addr := d.Address.Unmap().WithZone("")
	for _, dest := range r.Destinations {
		if p, ok := asPrefix(dest); ok {
			if addr.IsValid() && p.Contains(addr) {
				return true
			}
		} else if name != "" && within(name, strings.ToLower(dest)) {
			return true
		}
	}
	return false
}

// outside reports whether d is beyond the home; what is not known counts as outside.
func outside(d flow.Destination) bool {
	a := d.Address.Unmap()
	if a.IsValid() {
		return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && !a.IsUnspecified()
	}
	name := strings.ToLower(strings.TrimSuffix(d.Domain, "."))
	return !within(name, "local") && !within(name, "home.arpa")
}

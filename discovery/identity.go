package discovery

import (
	"encoding/hex"
	"net/netip"
	"strings"
)

const maxIdentifier = 255 // bytes of an identifier's value

// NormalizeMAC gives the canonical form of a 48-bit hardware address written
// with colons, hyphens, dots or nothing between its digits: lower case, colons.
// Zero, broadcast and multicast addresses name no device and are refused.
func NormalizeMAC(s string) (string, bool) {
	var digits [12]byte
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' || c == '-' || c == '.':
			if i == 0 || i == len(s)-1 {
				return "", false
			}
		case n == len(digits):
			return "", false
		default:
			digits[n] = c
			n++
		}
	}
	var b [6]byte
	if n != len(digits) {
		return "", false
	}
	if _, err := hex.Decode(b[:], digits[:]); err != nil {
		return "", false
	}
	if b[0]&1 != 0 || b == [6]byte{} {
		return "", false
	}
	out := make([]byte, 0, 17)
	for i, x := range b {
		if i > 0 {
			out = append(out, ':')
		}
		out = hex.AppendEncode(out, []byte{x})
	}
	return string(out), true
}

// RandomMAC reports whether mac is locally administered: chosen by software,
// as phones do, so that it has no maker and may change.
func RandomMAC(mac string) bool {
	if len(mac) < 2 {
		return false
	}
	return strings.ContainsRune("2367abefABEF", rune(mac[1]))
}

// Normalize gives the canonical form of i, or false when the value cannot be
// an identifier of its type.
func (i Identifier) Normalize() (Identifier, bool) {
	v := strings.ToValidUTF8(i.Value, "\uFFFD")
	switch i.Type {
	case MAC:
		mac, ok := NormalizeMAC(v)
		return Identifier{MAC, mac}, ok
	case UUID, UDN:
		v = strings.ToLower(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(v)), "uuid:"))
	case Hostname:
		v = strings.ToLower(strings.TrimRight(v, "."))
		if v == "localhost" || v == "localhost.local" {
			return Identifier{}, false // every second gadget is called so
		}
	case Instance:
		v = strings.ToLower(v)
	case Serial:
		v = strings.TrimSpace(v)
		if !telling(v) {
			return Identifier{}, false
		}
	case Remote:
	default:
		return Identifier{}, false
	}
	if v == "" || len(v) > maxIdentifier || (i.Type == UUID || i.Type == UDN) && !telling(v) {
		return Identifier{}, false
	}
	return Identifier{i.Type, v}, true
}

// telling reports whether a serial number or UUID can tell two devices apart:
// not the "0000" or "12345678" that makers forget to fill in.
func telling(v string) bool {
	switch strings.ToLower(v) {
	case "12345678", "123456789", "1234567890", "none", "null", "unknown", "n/a", "default", "serial", "to be filled by o.e.m.":
		return false
	}
	if len(v) < 4 {
		return false
	}
	first := byte(0)
	for i := range len(v) {
		if c := v[i]; c == '-' || c == ':' || c == ' ' {
			continue
		} else if first == 0 {
			first = c
		} else if c != first {
			return true
		}
	}
	return false
}

// weak reports whether an identifier is a mere name, which two devices may
// share by chance or by intent, so that it joins only together with an address.
func (i Identifier) weak() bool { return i.Type == Hostname || i.Type == Instance }

// usable reports whether a can be the address of one device of the home.
func usable(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() &&
		a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// onTheWire reports whether src reads hardware addresses from the network
// itself. What mDNS and SSDP texts say of a MAC is only a claim.
func (s Source) onTheWire() bool {
	return s == SourceNeighbor || s == SourceSelf || strings.HasPrefix(string(s), "connector:")
}

// firstHand reports whether src is this computer's own look at the network.
func (s Source) firstHand() bool { return s == SourceNeighbor || s == SourceSelf }

package capture

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

const (
	maxAnswers = 64
	maxJumps   = 16
)

// answers gives the addresses that a DNS answer tells for the name that was
// asked, whatever aliases lie between.
func answers(b []byte, tell func(a netip.Addr, name string)) {
	if len(b) < 12 || b[2]&0x80 == 0 || b[3]&15 != 0 || binary.BigEndian.Uint16(b[4:]) != 1 {
		return
	}
	name, at, ok := dnsName(b, 12)
	if !ok || name == "" || at+4 > len(b) {
		return
	}
	at += 4
	for range min(int(binary.BigEndian.Uint16(b[6:])), maxAnswers) {
		if at, ok = skipName(b, at); !ok || at+10 > len(b) {
			return
		}
		kind, n := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+8:]))
		if at += 10; at+n > len(b) {
			return
		}
		if kind == 1 && n == 4 || kind == 28 && n == 16 {
			a, _ := netip.AddrFromSlice(b[at : at+n])
			tell(a.Unmap(), name)
		}
		at += n
	}
}

func skipName(b []byte, at int) (int, bool) {
	for at < len(b) {
		switch n := int(b[at]); {
		case n == 0:
			return at + 1, true
		case n >= 0xc0:
			return at + 2, at+2 <= len(b)
		case n > 63:
			return 0, false
		default:
			at += n + 1
		}
	}
	return 0, false
}

// dnsName reads a name and gives where it ends.
func dnsName(b []byte, at int) (name string, end int, ok bool) {
	if end, ok = skipName(b, at); !ok {
		return "", 0, false
	}
	var out []byte
	for jumps := 0; at < len(b); {
		n := int(b[at])
		switch {
		case n == 0:
			s, ok := hostName(out)
			return s, end, ok
		case n >= 0xc0:
			if jumps++; jumps > maxJumps || at+2 > len(b) {
				return "", 0, false
			}
			at = (n&0x3f)<<8 | int(b[at+1])
		case n > 63 || at+1+n > len(b) || len(out)+n > 254:
			return "", 0, false
		default:
			if len(out) > 0 {
				out = append(out, '.')
			}
			out = append(out, b[at+1:at+1+n]...)
			at += n + 1
		}
	}
	return "", 0, false
}

// hostName takes letters, digits, hyphens, underscores and dots, and nothing
// that a screen, a file or a shell could take for anything else.
func hostName(b []byte) (string, bool) {
	if len(b) == 0 || len(b) > 253 {
		return "", false
	}
	for _, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return "", false
		}
	}
	return strings.ToLower(strings.Trim(string(b), ".")), true
}

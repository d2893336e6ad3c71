package mdns

import (
	"strings"

	"bestbefore/discovery"
)

const (
	domain    = "local."
	enumerate = "_services._dns-sd._udp.local."
)

// Names are kept in the escaped form of the DNS library while they travel
// through the cache, because only that form tells a dot inside a label from a
// dot between labels. They become raw bytes in unescape, at the very edge.

// unescape turns an escaped name into the bytes that were on the wire.
func unescape(s string) string { return discovery.UnescapeBytes(s) }

// lower folds A to Z only: DNS compares nothing else without case, and
// strings.ToLower would damage bytes that are not UTF-8.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// inLocal reports whether an escaped name lies below local.
func inLocal(name string) bool {
	return len(name) > len(domain)+1 && strings.HasSuffix(lower(name), "."+domain)
}

// typeOf takes the service type off the end of an escaped name:
// `Büro\.1._http._tcp.local.` gives "_http._tcp.local." and the prefix `Büro\.1`.
// A name that is a type gives an empty prefix. Subtypes are not types.
func typeOf(name string) (typ, prefix string, ok bool) {
	low := lower(name)
	body, found := strings.CutSuffix(low, "."+domain)
	if !found {
		return "", "", false
	}
	proto := lastLabel(body)
	if proto != "_tcp" && proto != "_udp" || len(proto)+1 >= len(body) {
		return "", "", false
	}
	body = body[:len(body)-len(proto)-1]
	service := lastLabel(body)
	if len(service) < 2 || service[0] != '_' || strings.ContainsRune(service, '\\') || service == "_sub" {
		return "", "", false
	}
	typ = service + "." + proto + "." + domain
	if len(body) == len(service) {
		return typ, "", true
	}
	prefix = name[:len(body)-len(service)-1]
	if lastLabel(lower(prefix)) == "_sub" || prefix == "" {
		return "", "", false
	}
	return typ, prefix, true
}

// lastLabel returns what stands after the last dot that separates labels.
func lastLabel(s string) string {
	start := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			if s[i] == '.' {
				start = i + 1
			}
		case i+3 < len(s) && isDigit(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+3]):
			i += 3
		default:
			i++
		}
	}
	return s[start:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// typeLabel is the form of a type that the rest of the program uses: "_http._tcp".
func typeLabel(typ string) string { return strings.TrimSuffix(typ, "."+domain) }

// hostLabel is a host name as the rest of the program uses it: unescaped,
// without the trailing dot.
func hostLabel(name string) string { return strings.TrimSuffix(unescape(name), ".") }

// identifierText makes raw bytes fit to be an identifier: lower case, broken
// UTF-8 and control bytes written as \DDD so that the value prints and stores.
func identifierText(raw string) string {
	s := lower(discovery.EscapeBytes(raw))
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isControl(r) {
			b.WriteString(`\0`)
			b.WriteByte('0' + byte(r)/10%10)
			b.WriteByte('0' + byte(r)%10)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isControl(r rune) bool { return r < 0x20 }

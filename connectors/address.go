package connectors

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"bestbefore/assets/words"
)

// HostOf is the host in what a person typed: "fritz.box", "192.168.1.1:8080",
// "[fd00::1]:443", "http://pi.hole/admin". It is in lower case and without the
// dot at its end. Beside the error about a user name the host is given too. Addresses count
// in their usual form only: 0177.1, 0x7f.1 and 2130706433 are names, and no
// name server knows them.
func HostOf(typed string) (string, error) {
	s := strings.TrimSpace(typed)
	if strings.Contains(s, "://") {
		u, err := url.Parse(s)
		if err != nil || u.Hostname() == "" {
			return "", badAddress(typed)
		}
		if u.User != nil {
			return strings.ToLower(u.Hostname()), words.Errorf("%q holds a user name; give it in its own field", typed)
		}
		s = u.Hostname()
	} else if host, _, err := net.SplitHostPort(s); err == nil && !strings.Contains(s, "@") {
		s = host
	} else if strings.ContainsAny(s, "/@") {
		return HostOf("http://" + s)
	}
	s = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), "."))
	if a, err := netip.ParseAddr(s); err == nil {
		if a.IsMulticast() || a.IsUnspecified() {
			return "", words.Errorf("%q is not the address of one device", typed)
		}
		return s, nil
	}
	if !isName(s) {
		return "", badAddress(typed)
	}
	return s, nil
}

func badAddress(typed string) error {
	return words.Errorf("%q is not an address; give a name such as fritz.box or an address such as 192.168.1.1", typed)
}

// isName says whether s can be a host's name (RFC 1123 section 2.1, and the
// underscore that some boxes use).
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

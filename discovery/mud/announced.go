package mud

import (
	"net/netip"
	"net/url"
	"strings"

	"bestbefore/discovery"
)

// FactURL is the key of a discovery.Fact that holds a MUD URL, from a source
// that reads DHCP (RFC 8520 section 10) or LLDP (section 12).
const FactURL = "mud_url"

// announcedAs are the keys of a TXT record under which devices give theirs. No
// standard names one; makers use these.
var announcedAs = []string{"mud-url", "mud_url", "mudurl", "mud"}

// Announced is the MUD URL that a device announces and who heard it; "" for
// none, or for one that RFC 8520 section 3.6 does not allow.
func Announced(d discovery.Device) (string, discovery.Source) {
	for _, f := range d.Facts {
		if f.Key == FactURL && allowed(f.Value) {
			return f.Value, f.Source
		}
	}
	for _, s := range d.Services {
		for _, txt := range []discovery.TXT{s.TXT, s.Once} {
			for _, key := range announcedAs {
				if v, ok := txt.Get(key); ok && allowed(v) {
					return v, s.Source
				}
			}
		}
	}
	return "", ""
}

// allowed reports whether s may be a MUD URL: https, a host with a name, the
// usual port, no user, and short.
func allowed(s string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || s != string(discovery.CleanLong(s)) {
		return false
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(strings.Trim(host, "."), ".") {
		return false
	}
	return u.Scheme == "https" && u.User == nil && (u.Port() == "" || u.Port() == "443")
}

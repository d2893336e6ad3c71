package mdns

import (
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Apple devices have a TXT record that names their model under
// "<name>._device-info._tcp", but no PTR record points to it: one has to know
// the name from another service and ask.

const (
	deviceInfo      = "_device-info._tcp.local."
	deviceInfoTries = 2 // most devices have none
)

// besideTypes are the types whose instance name may carry a device-info record.
var besideTypes = []string{
	"_airplay._tcp.local.", "_companion-link._tcp.local.", "_smb._tcp.local.", "_afpovertcp._tcp.local.", "_adisk._tcp.local.",
	"_rfb._tcp.local.", "_ssh._tcp.local.", "_sftp-ssh._tcp.local.",
}

// infoName is the device-info name beside in; ok is false when in is of a type
// that has none.
func infoName(in *instance) (name string, ok bool) {
	for _, t := range besideTypes {
		if in.typ == t {
			return strings.TrimSuffix(in.full, t) + deviceInfo, true
		}
	}
	return "", false
}

// askInfo asks for the device-info record beside in, once in has been found.
func (b *browser) askInfo(in *instance, iface string, now time.Time) {
	if name, ok := infoName(in); ok && b.types[deviceInfo] && b.instances[name] == nil {
		b.asker.want(key{name, dns.TypeTXT}, true, deviceInfoTries, iface, now)
	}
}

// besideOf makes an instance of a device-info record that nobody points to, if
// the service beside it is known; else nil.
func (b *browser) besideOf(c *claim, typ, prefix string) *instance {
	if c.typ != dns.TypeTXT || c.ttl == 0 || typ != deviceInfo || !b.types[deviceInfo] {
		return nil
	}
	for _, t := range besideTypes {
		if sib := b.instances[lower(prefix)+"."+t]; sib != nil && sib.shown {
			return &instance{full: c.key, typ: deviceInfo, raw: prefix, beside: true}
		}
	}
	return nil
}

// leaveBeside looks again at the device-info record that in was the ground for.
func (b *browser) leaveBeside(in *instance, now time.Time) {
	name, ok := infoName(in)
	if !ok {
		return
	}
	if other := b.instances[name]; other != nil {
		b.touch(other, now)
		return
	}
	b.asker.drop(key{name, dns.TypeTXT})
}

// ground returns the PTR record by which in exists, and the name that owns its
// SRV record: for a device-info record that nobody points to, both are those of
// the service beside it.
func (b *browser) ground(in *instance, now time.Time) (ptr *record, owner string) {
	if ptr = b.cache.pointer(in.typ, in.full, now); ptr != nil {
		in.beside = false
		return ptr, in.full
	}
	for _, t := range besideTypes {
		if !in.beside {
			break
		}
		sib := strings.TrimSuffix(in.full, deviceInfo) + t
		if ptr = b.cache.pointer(t, sib, now); ptr != nil {
			return ptr, sib
		}
	}
	return nil, ""
}

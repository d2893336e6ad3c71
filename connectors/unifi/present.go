package unifi

import (
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
	"bestbefore/discovery"
)

// baseOf reads the address of a console, which speaks https unless told otherwise.
func baseOf(typed string) (*url.URL, error) {
	address := strings.TrimSpace(typed)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	return web.ParseBase(address, peer)
}

// client is a device that is connected now.
type client struct {
	Name    string `json:"name"`
	Address string `json:"ipAddress"`
	MAC     string `json:"macAddress"` // of wired and wireless ones
}

// lookEvery is how often the list of connected devices is read.
const lookEvery = time.Minute

func sighting(from discovery.Source, now time.Time, c client) (discovery.Sighting, bool) {
	mac, ok := discovery.NormalizeMAC(c.MAC)
	if !ok {
		return discovery.Sighting{}, false
	}
	at := now.UTC()
	out := discovery.Sighting{
		Source: from, At: at, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Detail: words.Text("The UniFi console says that it is connected."),
	}
	if a, err := netip.ParseAddr(c.Address); err == nil {
		out.Addresses = []netip.Addr{a}
	}
	if name := clean(c.Name); name != "" && !strings.EqualFold(name, mac) {
		out.Facts = []discovery.Fact{{Key: "hostname", Value: name, Source: from, Seen: discovery.At(at)}}
	}
	return out, true
}

// present is since when the list of connected devices was read.
type present struct {
	mu           sync.Mutex // guards both below
	since, alive time.Time
}

func (p *present) saw(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive = now.UTC(); p.since.IsZero() {
		p.since = p.alive
	}
}

func (p *present) coverage() connectors.Coverage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return connectors.Coverage{Since: p.since, Alive: p.alive, Sees: []string{"presence"}, Whole: true, Text: words.Text("Sees who is connected; not where they send.")}
}

func clean(s string) string { return string(discovery.Clean(s)) }

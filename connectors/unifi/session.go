package unifi

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery"
)

var (
	_ connectors.Prober     = (*Session)(nil)
	_ connectors.Discoverer = (*Session)(nil)
	_ connectors.Coverer    = (*Session)(nil)
	_ connectors.Blocker    = (*Session)(nil)
	_ connectors.Holder     = (*Session)(nil)
	_ connectors.Verifier   = (*Session)(nil)
	_ connectors.Traiter    = (*Session)(nil)
)

// lookEvery is how often the list of connected devices is read.
const lookEvery = time.Minute

// Session is a live connection to one console.
type Session struct {
	api    *api
	site   string
	source discovery.Source
	now    func() time.Time

	writing sync.Mutex // one change of policies at a time

	mu    sync.Mutex // guards below
	since time.Time
	alive time.Time
}

// Open looks whether that is a console with the API that is needed.
func (*Connector) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(set); err != nil {
		return nil, needsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil || h.Secret == nil {
		return nil, permanent("the UniFi connector was given no clock, no way out or no way to read its key", nil)
	}
	address := strings.TrimSpace(set.Values[optAddress])
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	base, err := dnsblock.ParseBase(address, peer)
	if err != nil {
		return nil, err
	}
	key, err := h.Secret(ctx, set.Secrets[optKey])
	if err != nil {
		return nil, needsPerson("The API key of the UniFi console cannot be read from the key store.", err)
	}
	s := &Session{
		api:    &api{web: &dnsblock.Web{Base: base, HTTP: h.HTTP, Now: h.Now, Peer: peer}, key: key},
		source: discovery.Source("connector:" + h.Connection), now: h.Now,
	}
	if s.site, err = s.api.siteOf(ctx, strings.TrimSpace(set.Values[optSite])); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Session) path(below string) string { return "/sites/" + s.site + below }

// Probe looks whether the firewall can be read.
func (s *Session) Probe(ctx context.Context) error {
	_, _, err := s.zones(ctx)
	return err
}

// Traits say what a block here is.
func (*Session) Traits() connectors.Traits {
	return connectors.Traits{
		Grain: connectors.GrainRecipient, SurvivesRestart: true, IPv4: true, IPv6: true,
		Note: "An open connection may go on until it ends by itself; no document says that the policy cuts it.",
	}
}

// client is a device that is connected now.
type client struct {
	Name    string `json:"name"`
	Address string `json:"ipAddress"`
	MAC     string `json:"macAddress"` // of wired and wireless ones
}

// Discover tells of the connected devices.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		all, err := list[client](ctx, s.api, s.path("/clients"))
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		s.saw()
		for _, c := range all {
			if v, ok := s.sighting(c); ok {
				emit(v)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Session) saw() {
	now := s.now().UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since = now
	}
	s.alive = now
}

func (s *Session) sighting(c client) (discovery.Sighting, bool) {
	mac, ok := discovery.NormalizeMAC(c.MAC)
	if !ok {
		return discovery.Sighting{}, false
	}
	at := s.now().UTC()
	out := discovery.Sighting{
		Source: s.source, At: at, Identifiers: []discovery.Identifier{{Type: discovery.MAC, Value: mac}},
		Detail: "The UniFi console says that it is connected.",
	}
	if a, err := netip.ParseAddr(c.Address); err == nil {
		out.Addresses = []netip.Addr{a}
	}
	if name := clean(c.Name); name != "" && !strings.EqualFold(name, mac) {
		out.Facts = []discovery.Fact{{Key: "hostname", Value: name, Source: s.source, Seen: discovery.At(at)}}
	}
	return out, true
}

// Coverage says that presence is all that the API tells.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return connectors.Coverage{Since: s.since, Alive: s.alive, Sees: []string{"presence"}, Whole: true, Text: "Sees who is connected; not where they send."}, nil
}

// Close needs nothing: the key is not a session.
func (*Session) Close() error { return nil }

func clean(s string) string { return string(discovery.Clean(s)) }

package unifi

import (
	"context"
	"strings"
	"sync"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/web"
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

// Session is a live connection to one console.
type Session struct {
	api    *api
	site   string
	source discovery.Source
	now    func() time.Time

	writing sync.Mutex // one change of policies at a time
	present present
}

// Open looks whether that is a console with the API that is needed.
func (*Connector) Open(ctx context.Context, set connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	if err := New().Spec().Check(set); err != nil {
		return nil, connectors.NeedsPerson(err.Error(), nil)
	}
	if h == nil || h.Now == nil || h.HTTP == nil || h.Secret == nil {
		return nil, connectors.Permanent(words.Text("the UniFi connector was given no clock, no way out or no way to read its key"), nil)
	}
	base, err := baseOf(set.Values[optAddress])
	if err != nil {
		return nil, err
	}
	key, err := h.Secret(ctx, set.Secrets[optKey])
	if err != nil {
		return nil, connectors.NeedsPerson(words.Text("The API key of the UniFi console cannot be read from the key store."), err)
	}
	s := &Session{
		api:    &api{web: &web.Client{Base: base, HTTP: h.HTTP, Now: h.Now, Peer: peer}, key: key},
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
		Note: words.Text("An open connection may go on until it ends by itself; no document says that the policy cuts it."),
	}
}

// Discover tells of the connected devices.
func (s *Session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	return connectors.Rounds(ctx, lookEvery, func() error {
		all, err := list[client](ctx, s.api, s.path("/clients"))
		if err != nil {
			return err
		}
		s.present.saw(s.now())
		for _, c := range all {
			if v, ok := sighting(s.source, s.now(), c); ok {
				emit(v)
			}
		}
		return nil
	})
}

// Coverage says that presence is all that the API tells.
func (s *Session) Coverage(context.Context) (connectors.Coverage, error) {
	return s.present.coverage(), nil
}

// Close needs nothing: the key is not a session.
func (*Session) Close() error { return nil }

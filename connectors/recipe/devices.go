package recipe

import (
	"context"
	"net/netip"
	"time"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Discover tells which devices the peer knows, again and again. What it says of
// hardware addresses stands in a text, so that it is a claim.
func (s *session) Discover(ctx context.Context, emit func(discovery.Sighting)) error {
	d := s.r.Devices
	every, err := time.ParseDuration(d.Every)
	if err != nil {
		return connectors.Fault(consent.KindPermanent, words.Text("The recipe does not say how often to ask."), err)
	}
	for {
		rows, err := s.list(ctx, d.Request, d.Rows, newScope(nil))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		for _, r := range rows {
			if sight, ok := s.sighting(r); ok {
				emit(sight)
			}
		}
		t := time.NewTimer(every)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

func (s *session) sighting(r row) (discovery.Sighting, bool) {
	d := s.r.Devices
	src := discovery.Source("connector:" + s.h.Connection)
	out := discovery.Sighting{Source: src, At: s.h.Now(), Claimed: true}
	if m, ok := discovery.NormalizeMAC(r.fields[d.MAC]); ok {
		out.Identifiers = append(out.Identifiers, discovery.Identifier{Type: discovery.MAC, Value: m})
	}
	if a := asAddress(r.fields[d.Address]); a.IsValid() {
		out.Addresses = []netip.Addr{a}
	}
	if id := discovery.Clean(r.fields[d.ID]); id != "" {
		out.Identifiers = append(out.Identifiers, discovery.Identifier{Type: discovery.Remote, Value: s.h.Connection + "/" + string(id)})
	}
	if name := discovery.Clean(r.fields[d.Label]); name != "" {
		out.Facts = append(out.Facts, discovery.Fact{Key: "name", Value: string(name), Source: src})
	}
	return out, len(out.Identifiers) > 0
}

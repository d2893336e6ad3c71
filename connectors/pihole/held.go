package pihole

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// Held lists our groups by their marks.
func (s *Session) Held(ctx context.Context) ([]connectors.Held, error) {
	on, err := s.blocking(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	var out []connectors.Held
	for _, g := range t.groups {
		mark, ours := markOf(g)
		if !ours {
			continue
		}
		k := t.kept(g)
		data, err := json.Marshal(k)
		if err != nil {
			return nil, connectors.Permanent(words.Text("a receipt cannot be written"), err)
		}
		text := words.Sprintf("Pi-hole refuses %s to nobody.", dnsblock.WhatNames(k.Names))
		if len(k.Clients) > 0 {
			text = words.Sprintf("Pi-hole refuses %s to the device at %s.", dnsblock.WhatNames(k.Names), discovery.Clean(k.Clients[0]))
		}
		out = append(out, connectors.Held{
			Mark: mark, Text: text, Active: on && g.Enabled && len(k.Clients) > 0 && len(t.rulesOf(g.ID)) > 0,
			Receipt: connectors.Receipt{
				Mark: mark, Level: consent.Configured, At: s.Now().UTC(), Target: targetOf(k), Grain: connectors.GrainRecipient, Data: data,
				Text: words.Text("It stands among Pi-hole's own groups."),
			},
		})
	}
	return out, nil
}

// kept is what one of our groups says of itself.
func (t tables) kept(g group) kept {
	k := kept{MACs: macsOf(g)}
	for _, m := range t.membersOf(g.ID) {
		k.Clients = append(k.Clients, m.Client)
	}
	for _, r := range t.rulesOf(g.ID) {
		k.Names = append(k.Names, namesIn(r.Domain)...)
	}
	slices.Sort(k.Names)
	return k
}

// targetOf is what our own block says that it hits.
func targetOf(k kept) connectors.Target {
	var at []string
	for _, a := range addressesIn(k.Clients) {
		at = append(at, a.String())
	}
	return dnsblock.TargetOf(k.MACs, at, k.Names)
}

// Leave takes all our groups away.
func (s *Session) Leave(ctx context.Context) error {
	s.Writing.Lock()
	defer s.Writing.Unlock()
	t, err := s.tables(ctx)
	if err != nil {
		return err
	}
	for _, g := range t.groups {
		if mark, ours := markOf(g); ours {
			now, err := s.tables(ctx) // as the one before has left them
			if err == nil {
				err = s.lift(ctx, now, mark)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// refresh moves blocks along with their devices: a member must not stay on an
// address that somebody else has now.
func (s *Session) refresh(ctx context.Context, n network) error {
	s.Writing.Lock()
	defer s.Writing.Unlock()
	var g struct {
		Groups []group `json:"groups"`
	}
	if err := s.Get(ctx, "/api/groups", &g); err != nil {
		return err
	}
	if !slices.ContainsFunc(g.Groups, func(g group) bool { return strings.HasPrefix(g.Name, groupPrefix) && len(macsOf(g)) > 0 }) {
		return nil
	}
	t, err := s.tables(ctx)
	if err != nil {
		return err
	}
	for _, g := range t.groups {
		if _, ours := markOf(g); !ours || len(macsOf(g)) == 0 {
			continue
		}
		k := t.kept(g)
		if want := clientsOf(n.moved(addressesIn(k.Clients), k.MACs), k.MACs); !sameClients(want, k.Clients) {
			if err := s.ensureMembers(ctx, t, g.ID, want, k.MACs); err != nil {
				return err
			}
		}
	}
	return nil
}

func addressesIn(clients []string) []netip.Addr {
	var out []netip.Addr
	for _, c := range clients {
		if a := dnsblock.Client(c); a.IsValid() {
			out = append(out, a)
		}
	}
	return out
}

func sameClients(a, b []string) bool {
	norm := func(in []string) []string {
		out := make([]string, 0, len(in))
		for _, x := range in {
			out = append(out, strings.ToLower(x))
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(norm(a), norm(b))
}

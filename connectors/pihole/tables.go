package pihole

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
)

// tables are what a block is made of, as they stand there now.
type tables struct {
	groups  []group
	rules   []rule
	members []member
}

func (s *Session) tables(ctx context.Context) (tables, error) {
	var t tables
	var g struct {
		Groups *[]group `json:"groups"`
	}
	var r struct {
		Domains *[]rule `json:"domains"`
	}
	var c struct {
		Clients *[]member `json:"clients"`
	}
	if err := s.Get(ctx, "/api/groups", &g); err != nil {
		return t, err
	}
	if err := s.Get(ctx, "/api/domains/deny/regex", &r); err != nil {
		return t, err
	}
	if err := s.Get(ctx, "/api/clients", &c); err != nil {
		return t, err
	}
	if g.Groups == nil || r.Domains == nil || c.Clients == nil {
		return t, connectors.Transient(words.Text("What answers there does not answer as Pi-hole does."), nil)
	}
	return tables{*g.Groups, *r.Domains, *c.Clients}, nil
}

func (t tables) group(mark string) (group, bool) {
	name := groupName(mark)
	i := slices.IndexFunc(t.groups, func(g group) bool { return g.Name == name })
	if i < 0 {
		return group{}, false
	}
	return t.groups[i], true
}

func (t tables) rulesOf(id int64) []rule {
	var out []rule
	for _, r := range t.rules {
		if slices.Contains(r.Groups, id) {
			out = append(out, r)
		}
	}
	return out
}

func (t tables) membersOf(id int64) []member {
	var out []member
	for _, m := range t.members {
		if slices.Contains(m.Groups, id) {
			out = append(out, m)
		}
	}
	return out
}

// our are the ids of all groups of ours.
func (t tables) our() []int64 {
	var out []int64
	for _, g := range t.groups {
		if _, ours := markOf(g); ours {
			out = append(out, g.ID)
		}
	}
	return out
}

// byName finds a member by its text, which is compared as Pi-hole compares it.
func (t tables) byName(client string) (member, bool) {
	i := slices.IndexFunc(t.members, func(m member) bool { return strings.EqualFold(m.Client, client) })
	if i < 0 {
		return member{}, false
	}
	return t.members[i], true
}

// household are the groups of the household's that apply to a device now. A
// member of ours takes the place of what applied before, so it takes them over.
// Pi-hole looks for the address first, then the narrowest network around it, then
// the hardware address; without any the group 0 applies.
func (t tables) household(client string, macs []string) []int64 {
	var best *member
	bits := -1
	a, err := netip.ParseAddr(client)
	for i, m := range t.members {
		if p, bad := netip.ParsePrefix(m.Client); bad == nil && err == nil && p.Contains(a) && p.Bits() > bits {
			best, bits = &t.members[i], p.Bits()
		}
	}
	if best == nil {
		for _, mac := range macs {
			if m, ok := t.byName(mac); ok && m.Comment != ourComment {
				best = &m
				break
			}
		}
	}
	if best == nil {
		return []int64{0}
	}
	ours := t.our()
	return slices.DeleteFunc(slices.Clone(best.Groups), func(id int64) bool { return slices.Contains(ours, id) })
}

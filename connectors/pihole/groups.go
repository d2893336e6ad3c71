package pihole

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors"
	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery"
)

// Our blocks are kept in Pi-hole's own database, each in a group whose name
// carries the mark and whose comment the hardware addresses it is meant for:
//
//	group   "best-before:consent-c1"   comment "best-before aa:bb:cc:dd:ee:ff"
//	rule    "(^|[.])maker[.]example$|^consent-c1[.]best-before[.]invalid$"
//	members "192.168.1.20" and "aa:bb:cc:dd:ee:ff"
//
// A rule's text may be there only once, so each says its mark in a branch that
// nothing can match. A member that we made has our comment; the household's own
// members keep theirs, and their groups.
const (
	groupPrefix = "best-before:"
	ourComment  = "best-before"
	noMAC       = "-"
)

// group, rule and member are rows of its tables.
type group struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Comment string `json:"comment"`
	Enabled bool   `json:"enabled"`
}

type rule struct {
	ID      int64   `json:"id"`
	Domain  string  `json:"domain"`
	Comment string  `json:"comment"`
	Groups  []int64 `json:"groups"`
	Enabled bool    `json:"enabled"`
}

type member struct {
	Client  string  `json:"client"`
	Comment string  `json:"comment"`
	Groups  []int64 `json:"groups"`
}

// groupName is the group of a mark.
func groupName(mark string) string { return groupPrefix + url.QueryEscape(mark) }

// markOf is the mark of one of our groups.
func markOf(g group) (string, bool) {
	esc, ours := strings.CutPrefix(g.Name, groupPrefix)
	if !ours {
		return "", false
	}
	mark, err := url.QueryUnescape(esc)
	return mark, err == nil && dnsblock.GoodMark(mark)
}

// macsOf are the hardware addresses that one of our groups is meant for.
func macsOf(g group) []string {
	rest, _ := strings.CutPrefix(g.Comment, ourComment+" ")
	var out []string
	for m := range strings.SplitSeq(rest, ",") {
		if mac, ok := discovery.NormalizeMAC(m); ok {
			out = append(out, mac)
		}
	}
	return out
}

func commentFor(macs []string) string {
	if len(macs) == 0 {
		return ourComment + " " + noMAC
	}
	return ourComment + " " + strings.Join(macs, ",")
}

func groupPath(name string) string { return "/api/groups/" + inPath(name) }

func rulePath(pattern string) string { return "/api/domains/deny/regex/" + inPath(pattern) }

func memberPath(client string) string { return "/api/clients/" + inPath(client) }

// inPath writes an item into a path. Pi-hole reads a plus sign there as a space.
func inPath(item string) string { return strings.ReplaceAll(url.PathEscape(item), "+", "%2B") }

// ensureGroup makes the group of a mark and gives its id.
func (s *Session) ensureGroup(ctx context.Context, t tables, mark string, macs []string) (int64, error) {
	name, comment := groupName(mark), commentFor(macs)
	g, there := t.group(mark)
	switch {
	case there && g.Enabled && g.Comment == comment:
		return g.ID, nil
	case there:
		return g.ID, s.put(ctx, http.MethodPut, groupPath(name), map[string]any{"name": name, "comment": comment, "enabled": true})
	}
	if err := s.put(ctx, http.MethodPost, "/api/groups", map[string]any{"name": name, "comment": comment, "enabled": true}); err != nil {
		return 0, err
	}
	now, err := s.tables(ctx)
	if err != nil {
		return 0, err
	}
	if g, there = now.group(mark); !there {
		return 0, connectors.Transient(words.Text("Pi-hole said yes to a group, but does not have it."), nil)
	}
	return g.ID, nil
}

// ensureRules makes the rules of a group exactly those wanted, new ones first.
func (s *Session) ensureRules(ctx context.Context, t tables, id int64, want []string) error {
	have := t.rulesOf(id)
	for _, p := range want {
		i := slices.IndexFunc(have, func(r rule) bool { return r.Domain == p })
		if i >= 0 && have[i].Enabled {
			continue
		}
		method, path, body := http.MethodPost, "/api/domains/deny/regex", map[string]any{"domain": p, "comment": ourComment, "groups": []int64{id}, "enabled": true}
		if slices.ContainsFunc(t.rules, func(r rule) bool { return r.Domain == p }) { // there, but switched off or in no group
			method, path = http.MethodPut, rulePath(p)
			body = map[string]any{"type": "deny", "kind": "regex", "comment": ourComment, "groups": []int64{id}, "enabled": true}
		}
		if err := s.put(ctx, method, path, body); err != nil {
			return err
		}
	}
	return s.dropRules(ctx, t, id, want)
}

// dropRules takes a group off the rules that are not to be kept, and deletes those that were ours.
func (s *Session) dropRules(ctx context.Context, t tables, id int64, keep []string) error {
	for _, r := range t.rulesOf(id) {
		if slices.Contains(keep, r.Domain) {
			continue
		}
		if left := without(r.Groups, id); r.Comment != ourComment || len(left) > 0 {
			body := map[string]any{"type": "deny", "kind": "regex", "comment": r.Comment, "groups": left, "enabled": r.Enabled}
			if err := s.put(ctx, http.MethodPut, rulePath(r.Domain), body); err != nil {
				return err
			}
		} else if err := s.remove(ctx, rulePath(r.Domain)); err != nil {
			return err
		}
	}
	return nil
}

// ensureMembers makes the members of a group exactly those wanted, new ones first.
func (s *Session) ensureMembers(ctx context.Context, t tables, id int64, want, macs []string) error {
	for _, c := range want {
		m, there := t.byName(c)
		switch {
		case there && slices.Contains(m.Groups, id):
			continue
		case there:
			body := map[string]any{"comment": m.Comment, "groups": append(slices.Clone(m.Groups), id)}
			if err := s.put(ctx, http.MethodPut, memberPath(m.Client), body); err != nil {
				return err
			}
		default:
			body := map[string]any{"client": c, "comment": ourComment, "groups": append(t.household(c, macs), id)}
			if err := s.put(ctx, http.MethodPost, "/api/clients", body); err != nil {
				return err
			}
		}
	}
	return s.dropMembers(ctx, t, id, want)
}

// dropMembers takes a group off the members that are not to be kept. One that
// we made, and that no other block of ours needs, is deleted.
func (s *Session) dropMembers(ctx context.Context, t tables, id int64, keep []string) error {
	ours := t.our()
	for _, m := range t.membersOf(id) {
		if slices.ContainsFunc(keep, func(k string) bool { return strings.EqualFold(k, m.Client) }) {
			continue
		}
		left := without(m.Groups, id)
		needed := slices.ContainsFunc(left, func(g int64) bool { return slices.Contains(ours, g) })
		if m.Comment == ourComment && !needed {
			if err := s.remove(ctx, memberPath(m.Client)); err != nil {
				return err
			}
			continue
		}
		if err := s.put(ctx, http.MethodPut, memberPath(m.Client), map[string]any{"comment": m.Comment, "groups": left}); err != nil {
			return err
		}
	}
	return nil
}

func without(ids []int64, id int64) []int64 {
	return slices.DeleteFunc(slices.Clone(ids), func(x int64) bool { return x == id })
}

package discovery

import (
	"cmp"
	"slices"
)

// group notes that ids were named together, and joins the groups they touch.
func (e *entry) group(ids []Identifier, o observation) {
	ids = slices.DeleteFunc(ids, func(id Identifier) bool { return !slices.Contains(e.d.Identifiers, id) })
	if len(ids) == 0 {
		return
	}
	touches := func(g Group) bool {
		return slices.ContainsFunc(g.Identifiers, func(id Identifier) bool { return slices.Contains(ids, id) })
	}
	first := slices.IndexFunc(e.d.Groups, touches)
	if first < 0 {
		if len(e.d.Groups) >= maxGroups {
			first = 0
		} else {
			e.d.Groups = append(e.d.Groups, Group{Source: o.Source, Seen: At(o.At)})
			first = len(e.d.Groups) - 1
		}
	}
	g := &e.d.Groups[first]
	for i := len(e.d.Groups) - 1; i > first; i-- {
		// What a person merged stays apart, so that it can be undone.
		if other := e.d.Groups[i]; touches(other) && other.From == g.From {
			ids = append(ids, other.Identifiers...)
			g.Seen = cmp.Or(min(g.Seen, other.Seen), g.Seen)
			e.d.Groups = slices.Delete(e.d.Groups, i, i+1)
			g = &e.d.Groups[first]
		}
	}
	for _, id := range ids {
		if !slices.Contains(g.Identifiers, id) && !e.grouped(id) {
			g.Identifiers = append(g.Identifiers, id)
		}
	}
}

// grouped reports whether id is already in one of e's groups.
func (e *entry) grouped(id Identifier) bool {
	return slices.ContainsFunc(e.d.Groups, func(g Group) bool { return slices.Contains(g.Identifiers, id) })
}

package pihole

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"bestbefore/assets/words"
	"bestbefore/connectors/dnsblock"
	"bestbefore/discovery"
)

// allow is a name, or a pattern, that the household lets through. For Pi-hole it
// goes before every rule that refuses.
type allow struct {
	Domain  string  `json:"domain"`
	Kind    string  `json:"kind"` // exact or regex
	Groups  []int64 `json:"groups"`
	Enabled bool    `json:"enabled"`
}

// letsThrough says what of a block the household allows the device; "" is nothing.
// What a subscribed list allows is not looked through.
func (s *Session) letsThrough(ctx context.Context, t tables, g group, names []string) (string, error) {
	var a struct {
		Domains []allow `json:"domains"`
	}
	if err := s.Get(ctx, "/api/domains/allow", &a); err != nil {
		return "", err
	}
	var its []int64 // the groups that apply to the device
	for _, m := range t.membersOf(g.ID) {
		its = append(its, m.Groups...)
	}
	its = slices.DeleteFunc(its, func(id int64) bool {
		return !slices.ContainsFunc(t.groups, func(g group) bool { return g.ID == id && g.Enabled })
	})
	for _, x := range a.Domains {
		if x.Enabled && slices.ContainsFunc(x.Groups, func(id int64) bool { return slices.Contains(its, id) }) && x.meets(names) {
			return words.Sprintf("Pi-hole's own list allows %s, and that goes before this block.", discovery.Clean(x.Domain)), nil
		}
	}
	return "", nil
}

// meets reports whether it may allow something of what is refused; no names are all.
func (x allow) meets(names []string) bool {
	if x.Kind != "regex" || len(names) == 0 {
		return dnsblock.Covers(names, x.Domain)
	}
	text, _, _ := strings.Cut(x.Domain, ";") // its own additions
	re, err := regexp.Compile("(?i)" + text)
	return err == nil && slices.ContainsFunc(names, func(n string) bool { return re.MatchString(n) || re.MatchString("www."+n) })
}

package view

import (
	"cmp"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
)

// markAccess begins the ID of a mark that is about access, not about a permission.
const markAccess = "access:"

// MarkRoute is where the mark with an ID leads.
func MarkRoute(id string) Route {
	if strings.HasPrefix(id, markAccess) {
		return Route{Page: PageAccess}
	}
	return Route{Page: PageReview, Arg: id}
}

// tokenMarks are the days on which access that was given ends by itself, those of
// one day at one issuer as one mark. One that a permission goes by leads to it.
func (p Presenter) tokenMarks(all []engine.AccessInfo, on func(Day) (float64, bool)) []TimelineMark {
	type group struct {
		day   Day
		peer  string
		names []string
		id    string
	}
	var groups []*group
	for _, a := range all {
		if a.Expires.IsZero() {
			continue
		}
		day, peer := p.dayOf(a.Expires), clean(a.ConnectionName)
		i := slices.IndexFunc(groups, func(g *group) bool { return g.day == day && g.peer == peer })
		if i < 0 {
			i, groups = len(groups), append(groups, &group{day: day, peer: peer})
		}
		g := groups[i]
		g.names = append(g.names, p.accessName(a))
		if g.id == "" && len(a.Consents) > 0 {
			g.id = string(a.Consents[0])
		}
	}
	var out []TimelineMark
	for _, g := range groups {
		at, ok := on(g.day)
		if !ok {
			continue
		}
		label := p.T("Access “%[1]s” at %[2]s", g.names[0], g.peer)
		if n := len(g.names); n > 1 {
			label = p.N("%d access", "%d accesses", n) + " " + p.T("at %s", g.peer)
		}
		severity := Fresh
		switch days := g.day.since(p.today()); {
		case days < 0:
			severity = Lapsed
		case days <= soonDays:
			severity = Soon
		}
		out = append(out, TimelineMark{
			ID: cmp.Or(g.id, markAccess+g.peer+g.day.String()), Label: label, When: p.dateShort(g.day), Fraction: at, Severity: severity,
		})
	}
	return out
}

// earlierToo is earlier as a sentence that follows others.
func (p Presenter) earlierToo(c engine.ConsentInfo) string {
	if line := p.earlier(c); line != "" {
		return " " + line + "."
	}
	return ""
}

// earlier says that the access by which a live permission goes runs out before
// it (T33); "" where it does not.
func (p Presenter) earlier(c engine.ConsentInfo) string {
	if c.EndsEarlier.IsZero() || !c.Decided.Live() {
		return ""
	}
	day := p.dayOf(c.EndsEarlier)
	if !c.EndsEarlier.After(p.Now) {
		return p.T("The access it goes by ran out on %s", p.date(day))
	}
	return p.T("The access it goes by runs out earlier, on %s", p.date(day))
}

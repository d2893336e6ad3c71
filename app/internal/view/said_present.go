package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
	"bestbefore/discovery/mud"
)

// saidRows is how many rows of a list are shown.
const saidRows = 8

// said is said against seen; nothing for what nobody decides about.
func (p Presenter) said(d engine.DeviceInfo, x *engine.Declaration) SaidSheet {
	if x == nil || d.Role != discovery.RoleOrdinary {
		return SaidSheet{}
	}
	out := SaidSheet{Title: p.T("Said and seen"), Basis: p.saidBasis(*x)}
	week := x.Basis == engine.BasisWeek
	if x.Basis == engine.BasisFile || x.Basis == engine.BasisFetched || week {
		titles := []string{p.T("declared and seen"), p.T("declared, never seen"), p.T("seen, not declared"), p.T("cannot tell")}
		if week {
			titles = []string{p.T("as in that week"), p.T("not any more"), p.T("new since that week"), p.T("cannot tell")}
		}
		for i, rows := range []engine.DeclaredRows{x.Seen, x.Never, x.Undeclared, x.Unclear} {
			out.Groups = append(out.Groups, p.saidGroup(d, titles[i], []Severity{Fresh, None, Soon, None}[i], rows))
		}
	}
	if x.Said != nil {
		out.Note = p.saidNote(*x.Said)
	}
	if x.Announced != "" && x.Basis != engine.BasisFetched {
		out.Offer = p.T("Its maker publishes what it needs at %s; it says so itself. Nothing is fetched before you agree; the maker's server then sees that this home asks.", cleanText(x.Announced))
		out.Address = x.Announced
		out.Actions = append(out.Actions, ActionLink{ID: SaidCopy, Label: p.T("Copy the address")}, ActionLink{ID: SaidVisit, Label: p.T("Open in the browser")}, ActionLink{ID: SaidFetch, Label: p.T("Fetch it")})
	}
	out.Actions = append(out.Actions, ActionLink{ID: SaidFile, Label: p.T("Give a description")})
	if x.Basis == engine.BasisFile || x.Basis == engine.BasisFetched {
		out.Actions = append(out.Actions, ActionLink{ID: SaidForget, Label: p.T("Forget it")})
	}
	return out
}

// saidBasis names against what the device is held.
func (p Presenter) saidBasis(x engine.Declaration) string {
	since := ""
	if !x.Since.IsZero() {
		since = " " + p.T("What was seen counts since %s.", p.date(p.dayOf(x.Since)))
	}
	switch x.Basis {
	case engine.BasisFile:
		return p.T("Held against its maker's description, the file %[1]s that you gave on %[2]s.", clean(x.Source), p.date(p.dayOf(x.Taken))) + since
	case engine.BasisFetched:
		return p.T("Held against its maker's description, fetched from %[1]s on %[2]s.", clean(x.Source), p.date(p.dayOf(x.Taken))) + since
	case engine.BasisWeek:
		return p.T("Its maker's description is not known. Held against its own first quiet week, %[1]s to %[2]s.", p.civil(x.From), p.civil(x.To)) + since
	case engine.BasisLearning:
		return p.T("Its maker's description is not known, so its first quiet week is learned: %[1]s to %[2]s.", p.civil(x.From), p.civil(x.To))
	case engine.BasisPerson:
		return p.T("It stands for a person, so nothing is learned of what is usual for it.")
	default:
		return p.T("Nothing was seen of it yet, so there is nothing to hold against anything.")
	}
}

// civil is a stored date as a person reads it.
func (p Presenter) civil(s string) string {
	at, err := time.ParseInLocation(time.DateOnly, s, p.zone())
	if err != nil {
		return clean(s)
	}
	return p.date(p.dayOf(at))
}

// saidNote is what the maker says beside its rules.
func (p Presenter) saidNote(x mud.Profile) string {
	var parts []string
	if s := clean(x.SystemInfo); s != "" {
		parts = append(parts, p.T("The maker calls it “%s”.", s))
	}
	if !x.Supported {
		parts = append(parts, p.T("The maker says that it no longer looks after it."))
	}
	if x.Skipped > 0 {
		parts = append(parts, p.N("%d rule is not understood and does not count.", "%d rules are not understood and do not count.", x.Skipped))
	}
	return strings.Join(parts, " ")
}

func (p Presenter) saidGroup(d engine.DeviceInfo, title string, s Severity, in engine.DeclaredRows) SaidGroup {
	rows := p.gatherSaid(d, in.Rows)
	g := SaidGroup{Title: title, Count: p.T("%d", len(rows)+in.More), Severity: s, Rows: rows[:min(len(rows), saidRows)]}
	if len(rows)+in.More == 0 {
		g.Severity = None
	}
	if n := len(rows) - len(g.Rows) + in.More; n > 0 {
		g.More = p.N("and %d more", "and %d more", n)
	}
	return g
}

// saidSum is what one recipient got.
type saidSum struct {
	engine.DeclaredRow
	to    string
	ports []string
}

// gatherSaid adds up by who receives, the largest first; rules as they stand.
func (p Presenter) gatherSaid(d engine.DeviceInfo, rows []engine.DeclaredRow) []SaidRow {
	var sums []*saidSum
	by := map[string]*saidSum{}
	for _, r := range rows {
		to := cmp.Or(r.Receiver.Company, r.Name)
		if r.Count == 0 && r.Entry != nil {
			to = p.rule(*r.Entry)
		}
		s := by[to]
		if s == nil {
			s = &saidSum{to: to}
			by[to] = s
			sums = append(sums, s)
		}
		s.Up, s.Down, s.Count = s.Up+r.Up, s.Down+r.Down, s.Count+r.Count
		if r.Last.After(s.Last) {
			s.Last = r.Last
		}
		if port := saidPort(r); port != "" && !slices.Contains(s.ports, port) {
			s.ports = append(s.ports, port)
		}
	}
	slices.SortStableFunc(sums, func(a, b *saidSum) int { return compareDown(a.Up+a.Down, b.Up+b.Down) })
	out := make([]SaidRow, 0, len(sums))
	for _, s := range sums {
		row := SaidRow{Name: p.company(s.to)}
		var parts []string
		if !s.Last.IsZero() {
			parts = append(parts, p.T("last %s", p.moment(s.Last)))
			row.Flows = FlowFilter{Device: string(d.ID), To: s.to}.Route()
		}
		row.Line = strings.Join(append(parts, s.ports[:min(len(s.ports), 2)]...), " · ")
		if s.Up+s.Down > 0 {
			row.Amount = p.Size(s.Up + s.Down)
		} else if s.Count > 0 {
			row.Amount = p.N("%d time", "%d times", int(s.Count))
		}
		out = append(out, row)
	}
	return out
}

func saidPort(r engine.DeclaredRow) string {
	switch {
	case r.Count == 0:
		return ""
	case r.Port == 0:
		return r.Protocol
	default:
		return fmt.Sprintf("%s %d", r.Protocol, r.Port)
	}
}

// rule is a maker's rule in words.
func (p Presenter) rule(e mud.Entry) string {
	var who []string
	for _, n := range e.Networks {
		who = append(who, n.String())
	}
	for _, c := range []struct {
		is   bool
		word string
	}{
		{e.DNS != "", clean(e.DNS)},
		{e.LocalNetworks, p.T("anything at home")},
		{e.SameManufacturer, p.T("other devices of its maker at home")},
		{e.Manufacturer != "", p.T("devices of %s at home", clean(e.Manufacturer))},
		{e.Model != "", p.T("devices like %s at home", clean(e.Model))},
		{e.MyController || e.Controller != "", p.T("whatever controls it")},
	} {
		if c.is {
			who = append(who, c.word)
		}
	}
	out := cmp.Or(strings.Join(who, ", "), p.T("anybody"))
	if !e.Remote.Any() && e.Remote.Low == e.Remote.High && !e.Remote.Not {
		out += fmt.Sprintf(" (%s %d)", cmp.Or(e.Protocol, "port"), e.Remote.Low)
	}
	return out
}

// Declared is the message after a description was taken over, Undeclared after
// it was forgotten.
func (p Presenter) Declared() string {
	return p.T("The description is kept; see under “Said and seen”.")
}

// Undeclared is the message after a description was forgotten.
func (p Presenter) Undeclared() string { return p.T("The description is forgotten.") }

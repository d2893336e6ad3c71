package view

import (
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
)

// unusualKind begins the ID of a problem that is something out of the ordinary.
const unusualKind = "unusual"

// unusualRows are what waits for an answer about one device.
func (p Presenter) unusualRows(all []engine.Unusual) []UnusualRow {
	var out []UnusualRow
	for _, u := range all {
		out = append(out, UnusualRow{
			ID: u.ID, Severity: unusualSeverity(u.Kind), Text: p.unusualText(u.Finding), Hint: p.unusualHint(u.Kind),
			Fine: ActionLink{ID: u.ID, Label: p.T("That's fine")}, Flows: p.unusualFlows(u), Show: p.T("See the flows"),
		})
	}
	return out
}

// unusualFlows leads to the flows behind a finding: of its device on that day, in
// the hours in which it happened where those are known, and to whom most of it went.
func (p Presenter) unusualFlows(u engine.Unusual) Route {
	f := FlowFilter{Device: string(u.Device), To: u.MostlyTo, From: u.From, Until: u.To}
	if u.AtHome {
		f.To = "" // a computer at home is no recipient
	}
	if d := ParseDay(u.Day); !d.Zero() && !u.To.After(u.From) {
		f.From, f.Until = p.midnight(d), p.midnight(d.addDays(1))
	}
	return f.Route()
}

// unusualSeverity is calm where everyday life is the likelier reason.
func unusualSeverity(k behaviour.Kind) Severity {
	if k == behaviour.Volume || k == behaviour.OddHours {
		return None
	}
	return Soon
}

// unusualText is the evidence in sentences.
func (p Presenter) unusualText(f behaviour.Finding) string {
	day := p.unusualDay(f.Day)
	var said []string
	switch f.Kind {
	case behaviour.Volume:
		if n := f.Times(); n > 0 {
			said = append(said, p.T("%[1]s it sent %[2]s, %[3]d times as much as on any of the %[4]d days before.", day, p.Size(f.Bytes), n, f.Days))
		} else {
			said = append(said, p.T("%[1]s it sent %[2]s; on the %[3]d days before it was %[4]s at most.", day, p.Size(f.Bytes), f.Days, p.Size(f.UsualBytes)))
		}
	case behaviour.OddHours:
		said = append(said, p.T("%[1]s it sent %[2]s at hours at which it sent %[3]s at most on the %[4]d days before.", day, p.Size(f.Bytes), p.Size(f.UsualBytes), f.Days))
	case behaviour.Strangers:
		said = append(said, p.T("%[1]s it talked to %[2]d others to whom it never talked before; else it is %[3]d on its busiest day.", day, f.Hosts, f.UsualHosts))
	case behaviour.Search:
		if f.AtHome {
			said = append(said, p.T("%[1]s it tried %[2]d computers at home, all on port %[3]d, and hardly any answered.", day, f.Hosts, int(f.Port)))
		} else {
			said = append(said, p.T("%[1]s it tried %[2]d computers, all on port %[3]d, and hardly any answered.", day, f.Hosts, int(f.Port)))
		}
	case behaviour.Doors:
		said = append(said, p.T("%[1]s it tried %[2]d ports of one computer (%[3]s).", day, f.Ports, p.company(f.MostlyTo)))
	default:
		said = append(said, p.T("%[1]s it did something that this version has no words for.", day))
	}
	if f.MostlyTo != "" && f.Kind != behaviour.Doors {
		if f.New {
			said = append(said, p.T("Mostly to %s, to whom it never sent before.", p.company(f.MostlyTo)))
		} else {
			said = append(said, p.T("Mostly to %s.", p.company(f.MostlyTo)))
		}
	}
	if !f.From.IsZero() {
		said = append(said, p.T("Most of it between %[1]s and %[2]s.", p.clock(f.From), p.clock(f.To)))
	}
	return strings.Join(said, " ")
}

// unusualDay is the day of a finding as a sentence begins with it.
func (p Presenter) unusualDay(day string) string {
	at, err := time.ParseInLocation(time.DateOnly, day, p.zone())
	if err != nil {
		return p.T("Lately")
	}
	if d := p.dayOf(at); d == p.today() {
		return p.T("Today")
	} else {
		return p.T("On %s", p.date(d))
	}
}

// unusualHint is what may be behind it: nobody is frightened, and nobody is lulled.
func (p Presenter) unusualHint(k behaviour.Kind) string {
	switch k {
	case behaviour.Search, behaviour.Doors:
		return p.T("Devices at home hardly ever do that; a program that does not belong there may run on it. Restart it and look for an update, and disconnect it meanwhile if it goes on.")
	case behaviour.Strangers:
		return p.T("Games and the sharing of files look like this; other devices at home hardly ever do it. If nobody plays or shares, disconnect it and look for an update.")
	case behaviour.OddHours:
		return p.T("A copy in the night or a new function can be the reason. If nobody at home knows of one, see to whom it went.")
	default:
		return p.T("A copy, a long call or a new function can be the reason. If nobody at home knows of one, see to whom it went.")
	}
}

// unusualProblems has one notice for each device, so that a bad day is told once.
func (p Presenter) unusualProblems(in HomeInput) []Problem {
	known := map[discovery.DeviceID]engine.DeviceInfo{}
	for _, d := range in.Devices {
		known[d.ID] = d
	}
	at := map[discovery.DeviceID]int{}
	var out []Problem
	for _, u := range in.Overview.Unusual {
		i, there := at[u.Device]
		if !there {
			name := cleanText(u.DeviceName)
			if d, ok := known[u.Device]; ok {
				name = p.name(d)
			}
			at[u.Device] = len(out)
			out = append(out, Problem{
				ID: unusualKind + "/" + string(u.Device) + idGap + u.ID, Severity: unusualSeverity(u.Kind), Word: p.T("Out of the ordinary:"),
				Text: name + ". " + p.unusualText(u.Finding), Action: ActionLink{ID: AnswerLook, Label: p.T("See what it did")}, Also: ActionLink{ID: AnswerFine, Label: p.T("That's fine")},
			})
			continue
		}
		x := &out[i]
		x.ID += idGap + u.ID
		x.Severity = max(x.Severity, unusualSeverity(u.Kind))
		if x.more++; x.more == 1 {
			x.Text += " " + p.T("And more.")
		}
	}
	return out
}

// idGap parts the device and the findings in a problem's ID.
const idGap = ","

// UnusualRef takes the reference of such a problem apart; false for another problem.
func UnusualRef(problem string) (device string, findings []string, ok bool) {
	kind, ref, _ := strings.Cut(problem, "/")
	parts := strings.Split(ref, idGap)
	return parts[0], parts[1:], kind == unusualKind && len(parts) > 1
}

// SaidUsual is the message after "that's fine".
func (p Presenter) SaidUsual() string {
	return p.T("It is not told again unless it becomes much more.")
}

// WithUnusual adds to the message of the day what devices did out of the ordinary.
func (p Presenter) WithUnusual(n Notice, all []engine.Unusual) Notice {
	var order []string
	for _, u := range all {
		name := cleanText(u.DeviceName)
		if len(order) < noticeLines && !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	if len(order) == 0 {
		return n
	}
	if n.Count == 0 {
		n.Title, n.Open, n.Actions = p.T("Something is out of the ordinary"), Route{Page: PageHome}, nil
	}
	n.Body = strings.TrimSpace(n.Body + "\n" + p.T("%s did something out of the ordinary; the home page says what.", p.List(order)))
	n.Count += len(order)
	return n
}

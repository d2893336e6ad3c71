package view

import (
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/consent/category"
	"bestbefore/discovery"
	"bestbefore/discovery/behaviour"
)

// behaviour fills in how a device behaves.
func (p Presenter) behaviour(in DeviceInput) DeviceBehaviour {
	d := in.Device
	out := DeviceBehaviour{Unusual: p.unusualRows(in.Unusual), Said: p.said(d, in.Said)}
	if len(out.Unusual) > 0 {
		out.UnusualTitle = p.T("Out of the ordinary")
	}
	if d.Role != discovery.RoleOrdinary {
		return out
	}
	if out.Data = p.kindsOfData(in); len(out.Data) > 0 {
		out.DataTitle = p.T("Which data, and how that is known")
	}
	if p.sight(&out, d.Sight); len(out.Sight)+len(out.Missing)+len(out.OwnNames) > 0 {
		out.SightTitle = p.T("How well it can be seen")
	}
	return out
}

// kindsOfData marks each kind of data as seen, declared, typical or unknown.
func (p Presenter) kindsOfData(in DeviceInput) []DataRow {
	claims := category.DeclaredOf(in.Device.Device)
	for _, f := range in.Flows {
		for _, c := range f.Categories {
			claims = append(claims, category.Claim{Category: c, Basis: category.Seen, Source: f.Source})
		}
	}
	claims = category.Best(append(claims, category.TypicalOf(in.Device.Guess.Kind)...))
	var out []DataRow
	for _, c := range claims {
		row := DataRow{What: capital(p.category(c.Category))}
		switch c.Basis {
		case category.Seen:
			row.Basis, row.Because = p.T("seen"), p.source(discovery.Source(c.Source))
		case category.Declared:
			row.Basis, row.Because = p.T("declared"), p.T("it announces it")
		case category.Typical:
			row.Basis, row.Because = p.T("typical"), p.T("devices of this kind usually send it; not seen here")
		}
		if n := len(out) - 1; n >= 0 && out[n].Basis == row.Basis && out[n].Because == row.Because {
			out[n].What += ", " + lowerFirst(row.What)
			continue
		}
		out = append(out, row)
	}
	if len(out) == 0 {
		return []DataRow{{What: p.T("not known"), Basis: p.T("unknown"), Because: p.T("it announces nothing of it, and of its kind nothing is known")}}
	}
	return out
}

// sight says who sees the device, and what is missing.
func (p Presenter) sight(out *DeviceBehaviour, s engine.Sight) {
	for _, by := range s.By {
		line := EvidenceLine{What: clean(by.Name), Value: p.seesWords(by.Sees)}
		var more []string
		if !by.Since.IsZero() {
			more = append(more, p.T("since %s", p.sinceDay(by.Since)))
		}
		if by.Claim {
			more = append(more, p.T("anybody at home could send it, so it is a claim"))
		}
		if by.Away {
			more = append(more, p.T("not heard of for a while"))
		}
		line.Because = strings.Join(more, " · ")
		out.Sight = append(out.Sight, line)
	}
	for _, m := range s.Missing {
		if w := p.needed(m); w != "" {
			out.Missing = append(out.Missing, w)
		}
	}
	for _, n := range s.OwnNames {
		text := p.T("It asks its own name server, %s: what a DNS blocker shows of it is not all.", clean(n.Name))
		if n.How == behaviour.Encrypted {
			text = p.T("It asks its own name server encrypted, %s: what a DNS blocker shows of it is not all.", clean(n.Name))
		}
		out.OwnNames = append(out.OwnNames, text+" "+p.T("Last %s.", p.sinceDay(n.Last)))
	}
}

// seesWords is what a connection sees.
func (p Presenter) seesWords(all []string) string {
	words := map[string]string{
		"bytes": p.T("how much"), "destinations": p.T("to which addresses"), "names": p.T("which names it looks up"),
		"queries": p.T("how often"), "categories": p.T("which kinds of data"), "presence": p.T("that it is there"),
	}
	var out []string
	for _, w := range all {
		if words[w] != "" {
			out = append(out, words[w])
		}
	}
	return p.List(out)
}

func (p Presenter) needed(m engine.Missing) string {
	switch m {
	case engine.MissingAny:
		return p.T("To see what it sends, connect your router or gateway, a DNS blocker, or what your router exports (NetFlow).")
	case engine.MissingAddress:
		return p.T("What is connected does not know this device. Your router or gateway sees all that passes it.")
	case engine.MissingBytes:
		return p.T("To see how much it sends and to which addresses, connect your router or gateway, or what your router exports (NetFlow).")
	case engine.MissingNames:
		return p.T("To see which names it looks up, connect a DNS blocker (AdGuard Home, Pi-hole).")
	default:
		return ""
	}
}

package view

import (
	"cmp"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// The filters and orders of the list of devices.
const (
	DevicesAll          = "all"
	DevicesNoPermission = "no_permission"
	DevicesDated        = "dated"
	DevicesCut          = "cut"
	DevicesNameless     = "nameless"

	OrderName  = "name"
	OrderEnds  = "ends"
	OrderBytes = "bytes"
	OrderNew   = "new"
)

// surely is the confidence above which a guess counts as recognised.
const surely = 0.5

// The groups of the list, in the order shown.
const (
	groupRecognised = iota
	groupHelp
	groupUnknown
)

// name is what to call d: the person's label, else the guess, never an address.
func (p Presenter) name(d engine.DeviceInfo) string {
	switch n := clean(d.Device.Name()); {
	case d.Label == "" && d.Guess.Name == "" && d.Guess.Vendor != "" && !isAddress(d.Guess.Vendor):
		return p.T("%s device", clean(d.Guess.Vendor))
	case d.Label == "" && isAddress(n) && d.Guess.Vendor != "":
		return p.T("%s device", clean(d.Guess.Vendor))
	default:
		return p.deviceName(n)
	}
}

// called is the name inside a sentence, where "Unknown device" alone would stumble.
func (p Presenter) called(d engine.DeviceInfo) string {
	n := p.name(d)
	if n == p.T("Unknown device") {
		return p.T("this unknown device")
	}
	return n
}

// makerLine is "Bell Maker · doorbell".
func (p Presenter) makerLine(d engine.DeviceInfo) string {
	var parts []string
	if v := clean(d.Guess.Vendor); v != "" {
		parts = append(parts, v)
	}
	if m := clean(d.Guess.Model); m != "" && !strings.Contains(strings.ToLower(p.name(d)), strings.ToLower(m)) {
		parts = append(parts, m)
	}
	k := p.kind(d.Guess.Kind)
	if d.Guess.Kind != discovery.KindUnknown && d.Guess.Confidence < surely && d.Role == discovery.RoleOrdinary {
		k = p.T("perhaps: %s", k)
	}
	return strings.Join(append(parts, k), " · ")
}

func (p Presenter) mark(d engine.DeviceInfo) string {
	switch d.Role {
	case discovery.RoleThisComputer:
		return p.T("this computer")
	case discovery.RoleRouter:
		return p.T("router")
	case discovery.RoleDNS:
		return p.T("name server")
	case discovery.RoleConnector:
		return p.T("connector")
	}
	switch d.Essential {
	case discovery.EssentialSafety:
		return p.T("safety")
	case discovery.EssentialMedical:
		return p.T("medical")
	default:
		return ""
	}
}

func groupOf(d engine.DeviceInfo) int {
	named := d.Guess.Name != "" && !isAddress(d.Guess.Name)
	switch {
	case d.Label != "" || d.Role != discovery.RoleOrdinary:
		return groupRecognised
	case d.Guess.Kind != discovery.KindUnknown && d.Guess.Confidence >= surely:
		return groupRecognised
	case d.Guess.Kind != discovery.KindUnknown || named || d.Guess.Vendor != "":
		return groupHelp
	default:
		return groupUnknown
	}
}

// Devices is the list, as q wants it.
func (p Presenter) Devices(ds []engine.DeviceInfo, cs []engine.ConsentInfo, q Query) Devices {
	byDevice := byDevice(cs)
	rows := make([]DeviceRow, 0, len(ds))
	nameless := 0
	for _, d := range ds {
		rows = append(rows, p.deviceRow(d, byDevice[d.ID]))
		if groupOf(d) != groupRecognised {
			nameless++
		}
	}
	out := Devices{
		Revision: p.Revision, Loaded: true, Query: q, Total: len(ds),
		Sentence: p.devicesSentence(p.here(ds), len(ds), nameless), Subline: p.devicesSubline(ds),
	}
	out.Filters = p.filters(cmp.Or(q.Filter, DevicesAll), []Choice{
		{ID: DevicesAll, Label: p.T("all")},
		{ID: DevicesNoPermission, Label: p.T("no permission")},
		{ID: DevicesDated, Label: p.T("has a date")},
		{ID: DevicesNameless, Label: p.T("need a name")},
		{ID: DevicesCut, Label: p.T("disconnected")},
	}, func(id string) int { return count(rows, func(r DeviceRow) bool { return r.fits(id) }) })
	out.Orders = p.filters(cmp.Or(q.Order, OrderName), []Choice{
		{ID: OrderName, Label: p.T("by name")},
		{ID: OrderEnds, Label: p.T("ends first")},
		{ID: OrderBytes, Label: p.T("sends most")},
		{ID: OrderNew, Label: p.T("newest first")},
	}, func(string) int { return 0 })
	for i := range out.Orders {
		out.Orders[i].Count = ""
	}
	kept := slices.DeleteFunc(rows, func(r DeviceRow) bool {
		return !r.fits(q.Filter) || !matchesText(q.Text, r.searchable)
	})
	slices.SortStableFunc(kept, func(a, b DeviceRow) int {
		return cmp.Or(cmp.Compare(a.groupOrder, b.groupOrder), compareRows(a.compareKeys, b.compareKeys, q.Order))
	})
	out.Shown = len(kept)
	out.Rows = p.withHeadings(kept)
	out.Empty = p.devicesEmpty(out)
	return out
}

func byDevice(cs []engine.ConsentInfo) map[discovery.DeviceID][]engine.ConsentInfo {
	out := map[discovery.DeviceID][]engine.ConsentInfo{}
	for _, c := range byUrgency(cs) {
		out[c.Device] = append(out[c.Device], c)
	}
	return out
}

func count(rows []DeviceRow, keep func(DeviceRow) bool) int {
	n := 0
	for _, r := range rows {
		if keep(r) {
			n++
		}
	}
	return n
}

func (r DeviceRow) fits(filter string) bool {
	switch filter {
	case DevicesNoPermission:
		return r.compareKeys.strays && r.compareKeys.ends == noEnd
	case DevicesDated:
		return r.compareKeys.ends != noEnd
	case DevicesNameless:
		return r.groupOrder != groupRecognised
	case DevicesCut:
		return r.Cut.Reconnect
	default:
		return true
	}
}

// noEnd sorts devices without a date behind those that have one.
const noEnd = int64(1) << 62

func compareRows(a, b compareKeys, order string) int {
	byName := cmp.Compare(a.name, b.name)
	switch order {
	case OrderEnds:
		return cmp.Or(cmp.Compare(a.ends, b.ends), byName)
	case OrderBytes:
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), byName)
	case OrderNew:
		return cmp.Or(cmp.Compare(b.first, a.first), byName)
	default:
		return byName
	}
}

func (p Presenter) withHeadings(rows []DeviceRow) []DeviceRow {
	titles := [...]string{p.T("Recognised"), p.T("Help me name these"), p.T("Unknown")}
	hints := [...]string{"", p.T("A guess, and what it rests on. One click confirms it."), p.T("They say nothing about themselves.")}
	var out []DeviceRow
	group := -1
	for i, r := range rows {
		if r.groupOrder != group {
			group = r.groupOrder
			out = append(out, DeviceRow{Heading: titles[group], Hint: hints[group]})
		}
		r.Place = i + 1
		out = append(out, r)
	}
	return out
}

// devicesSentence is about the devices that are here, of all that are known.
func (p Presenter) devicesSentence(here, known, nameless int) string {
	if known == 0 {
		return p.T("Looking around your home.")
	}
	line := p.Words("%s device is at home.", "%s devices are at home.", here)
	if away := known - here; away > 0 {
		line += " " + p.Words("%s was here before.", "%s were here before.", away)
	}
	if nameless > 0 {
		line += " " + p.Words("%s could do with a name.", "%s could do with a name.", nameless)
	}
	return line
}

func (p Presenter) devicesSubline(ds []engine.DeviceInfo) string {
	covered, cut := 0, 0
	for _, d := range ds {
		if len(d.CoveredBy) > 0 {
			covered++
		}
		if isCut(d) {
			cut++
		}
	}
	var parts []string
	switch {
	case len(ds) == 0:
		return p.T("They are found by what they announce, by questions asked to all of them (mDNS and UPnP), and by one small packet to each address of the home every ten minutes. Nothing leaves the home for it.")
	case covered == 0:
		parts = append(parts, p.T("I can see who is here, not yet what they send"))
	default:
		parts = append(parts, p.N("we can see what %d of them sends", "we can see what %d of them send", covered))
	}
	if cut > 0 {
		parts = append(parts, p.N("%d disconnected", "%d disconnected", cut))
	}
	return capital(strings.Join(parts, " · "))
}

func (p Presenter) devicesEmpty(d Devices) Invitation {
	switch {
	case d.Shown > 0:
		return Invitation{}
	case d.Total == 0:
		return Invitation{Title: p.T("Listening"), Text: p.T("Devices appear here within seconds, as they announce themselves.")}
	default:
		return Invitation{Title: p.T("Nothing like that here"), Text: p.T("None of your devices fits what you look for.")}
	}
}

package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/category"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
	"bestbefore/discovery/recipient"
)

// sent is what one recipient of a device got.
type sent struct {
	to       string
	ids      []string // destinations
	up, down uint64
	count    uint64
	refused  uint64
	last     time.Time
	ports    []string
	kinds    []consent.Category // that were seen in it
	consent  consent.ID
	receiver engine.Receiver
	asked    bool                    // its name is from the device's own question
	secrecy  map[flow.Secrecy]string // and one port of each
}

// gather adds up flows by recipient, largest first.
func gather(flows []engine.FlowInfo) []sent {
	var out []sent
	at := map[string]int{}
	for _, f := range flows {
		to := cmp.Or(f.Recipient, f.Receiver.Company, f.Destination)
		i, ok := at[to]
		if !ok {
			i = len(out)
			at[to] = i
			out = append(out, sent{to: to, receiver: f.Receiver, secrecy: map[flow.Secrecy]string{}})
		}
		s := &out[i]
		if f.Destination != "" && !slices.Contains(s.ids, f.Destination) {
			s.ids = append(s.ids, f.Destination)
		}
		if port := portOf(f); port != "" && !slices.Contains(s.ports, port) {
			s.ports = append(s.ports, port)
		}
		s.asked = s.asked || f.NameBy != ""
		s.addSecrecy(f)
		for _, k := range f.Categories {
			if !slices.Contains(s.kinds, k) {
				s.kinds = append(s.kinds, k)
			}
		}
		s.up, s.down = s.up+f.BytesUp, s.down+f.BytesDown
		if f.Refused {
			s.refused += f.Count
		} else {
			s.count += f.Count
			if f.Last.After(s.last) {
				s.last = f.Last
			}
		}
		s.consent = cmp.Or(s.consent, f.Consent)
	}
	slices.SortStableFunc(out, func(a, b sent) int { return compareDown(a.up+a.down, b.up+b.down) })
	return out
}

func portOf(f engine.FlowInfo) string {
	if f.Port == 0 {
		return f.Protocol
	}
	return fmt.Sprintf("%s %d", f.Protocol, f.Port)
}

func (p Presenter) sends(in DeviceInput) []SendRow {
	by := map[consent.ID]engine.ConsentInfo{}
	for _, c := range in.Consents {
		by[c.ID] = c
	}
	var out []SendRow
	for _, s := range gather(in.Flows) {
		row := SendRow{
			To: p.company(s.to), Who: p.who(s.receiver), What: p.T("not known"), Amount: p.amount(s), ToLine: p.toLine(in.Device, s),
			Secrecy: p.secrecy(s), Way: p.way(s), Flows: FlowFilter{Device: string(in.Device.ID), To: s.to}.Route(),
		}
		if kinds := p.typical(in.Device.Guess.Kind, s.receiver); kinds != "" {
			row.What, row.Basis = kinds, p.T("typical, not seen")
		}
		c, ok := by[s.consent]
		if ok {
			row.Consent = string(c.ID)
			row.What, row.Basis = lowerFirst(p.dataLine(c.Data)), p.T("you said")
		}
		if len(s.kinds) > 0 { // what was seen says more than what was allowed
			row.What, row.Basis = lowerFirst(p.dataLine(s.kinds)), p.T("seen")
		}
		switch {
		case ok:
			row.Pill, row.PillState = p.sendPill(c)
			row.standing = over
			if c.Decided.Live() {
				row.standing = agreed
			}
		case recipient.Purpose(s.receiver.Purpose).Everyday():
			row.Pill, row.standing = p.T("needs no date"), everyday
		case in.Device.Role == discovery.RoleOrdinary:
			row.Pill, row.PillState = p.T("no permission"), Soon
			row.Allow = ActionLink{ID: recipientID(s), Label: p.T("Allow until…")}
		}
		row.Lacking = p.lacking(row.Pill)
		out = append(out, row)
	}
	return out
}

// sendsShown is how many recipients the page of a device lists; the others are a
// click away, so that hundreds neither bury the page nor hold up the window.
const sendsShown = 24

// mostOf keeps every row that a permission is about, and of the others the first.
func mostOf(rows []SendRow) []SendRow {
	room := sendsShown
	for _, r := range rows {
		if r.Consent != "" {
			room--
		}
	}
	var out []SendRow
	for _, r := range rows {
		if r.Consent == "" {
			if room <= 0 {
				continue
			}
			room--
		}
		out = append(out, r)
	}
	return out
}

// typicalNamed is how many typical kinds of data a row names.
const typicalNamed = 3

// typical is what devices of a kind usually send to their makers; of other
// recipients nothing is guessed.
func (p Presenter) typical(k discovery.Kind, r engine.Receiver) string {
	if recipient.Purpose(r.Purpose) != recipient.Maker {
		return ""
	}
	var kinds []consent.Category
	for _, c := range category.TypicalOf(k) {
		if len(kinds) < typicalNamed {
			kinds = append(kinds, c.Category)
		}
	}
	return lowerFirst(p.dataLine(kinds))
}

func (p Presenter) sendPill(c engine.ConsentInfo) (string, Severity) {
	if c.Decided.Live() && !c.Expires.IsZero() {
		if p.timed(c.Consent) && p.end(c.Consent) == p.today() {
			return p.T("until %s", p.clock(c.DueAt())), severityOf(c.Headline)
		}
		return p.T("until %s", p.dateShort(p.end(c.Consent))), severityOf(c.Headline)
	}
	if c.Decided.Live() {
		return p.T("no end"), Fresh
	}
	return p.stateWord(c), severityOf(c.Headline)
}

// amount is bytes where they were counted, else how often.
func (p Presenter) amount(s sent) string {
	switch {
	case s.up+s.down > 0:
		return p.Size(s.up + s.down)
	case s.refused > 0 && s.count == 0:
		return p.N("%d turned away", "%d turned away", int(s.refused))
	default:
		return p.N("%d time", "%d times", int(s.count))
	}
}

// toLine says when last; for what stands for a person no finer than a day.
func (p Presenter) toLine(d engine.DeviceInfo, s sent) string {
	var parts []string
	if !s.last.IsZero() {
		when := p.moment(s.last)
		if d.Guess.Kind.Personal() {
			when = p.sinceDay(s.last)
		}
		parts = append(parts, p.T("last %s", when))
	}
	if s.refused > 0 && s.up+s.down > 0 {
		parts = append(parts, p.N("%d turned away", "%d turned away", int(s.refused)))
	}
	return strings.Join(parts, " · ")
}

// way says to which destinations, by which ports and how its name is known: for engineers.
func (p Presenter) way(s sent) string {
	var parts []string
	if len(s.ids) > 0 && (len(s.ids) > 1 || s.ids[0] != s.to) {
		ids := s.ids
		if len(ids) > 2 {
			parts = append(parts, clean(ids[0])+", "+p.N("%d more", "%d more", len(ids)-1))
		} else {
			parts = append(parts, clean(strings.Join(ids, ", ")))
		}
	}
	if len(s.ports) > 0 {
		parts = append(parts, strings.Join(s.ports[:min(len(s.ports), 2)], ", "))
	}
	if s.asked {
		parts = append(parts, p.T("named by its own DNS question"))
	}
	if why := p.secrecyBy(s); why != "" {
		parts = append(parts, why)
	}
	return strings.Join(parts, " · ")
}

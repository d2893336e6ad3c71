package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// DeviceInput is what the page of one device is made of. Flows are of the last
// 7 days, Days of the last 14.
type DeviceInput struct {
	Device   engine.DeviceInfo
	Consents []engine.ConsentInfo // of this device
	Flows    []engine.FlowInfo
	Days     []engine.Day
	Diary    []engine.DiaryEntry
}

// Device is the page of one device.
func (p Presenter) Device(in DeviceInput) DevicePage {
	d := in.Device
	confirm, _ := p.confirm(d)
	out := DevicePage{
		Revision: p.Revision, Loaded: true, ID: string(d.ID), Kind: d.Guess.Kind, Name: p.name(d), Mark: p.mark(d),
		Line: p.deviceLine(d), Confirm: confirm, Cut: p.cut(d),
		SendsTitle: p.T("Sends, and to whom"), WhatTitle: p.T("What it is, and why we think so"), HistoryTitle: p.T("What happened"),
		HistoryEmpty: p.T("Nothing is written about it yet."), Coverage: cleanText(d.Coverage),
	}
	if d.Role == discovery.RoleOrdinary && len(in.Consents) > 0 { // else the empty place offers it
		out.Give = ActionLink{ID: string(d.ID), Label: p.T("Give a permission")}
	}
	last := LastSeen(in.Flows)
	for _, c := range byUrgency(in.Consents) {
		card := p.Card(c, last[c.ID])
		out.Cards = append(out.Cards, CardTruths{Card: card, Title: p.recipient(c.Recipient)})
	}
	if len(out.Cards) == 0 {
		out.NoCard = p.noCard(d)
	}
	out.Sends = p.sends(in)
	out.Sentence = p.deviceSentence(d, out.Sends)
	if len(out.Sends) == 0 {
		out.SendsEmpty = p.sendsEmpty(d)
	}
	out.Chart, out.ChartNote = p.chart(in.Days)
	out.Evidence, out.Technical = p.evidence(d.Guess.Evidence), p.technical(d)
	for _, e := range in.Diary {
		out.History = append(out.History, p.diaryRow(e))
	}
	return out
}

// NoDevice is the page of a device that is not there (any more).
func (p Presenter) NoDevice(reason string) DevicePage {
	return DevicePage{Revision: p.Revision, Loaded: true, Missing: cleanText(capital(reason))}
}

func (p Presenter) deviceLine(d engine.DeviceInfo) string {
	parts := []string{p.makerLine(d)}
	if !d.FirstSeen.IsZero() {
		parts = append(parts, p.T("here since %s", p.sinceDay(d.FirstSeen)))
	}
	if !d.LastSeen.IsZero() && p.Now.Sub(d.LastSeen) > time.Hour {
		parts = append(parts, p.T("last here %s", p.moment(d.LastSeen)))
	}
	return strings.Join(parts, " · ")
}

func (p Presenter) deviceSentence(d engine.DeviceInfo, sends []SendRow) string {
	without, still := 0, 0
	for _, s := range sends {
		if s.Allow.Label != "" {
			without++
		}
		if s.PillState == Still {
			still++
		}
	}
	switch {
	case d.Role == discovery.RoleThisComputer:
		return p.T("You are sitting at it.")
	case len(sends) == 0 && len(d.CoveredBy) == 0:
		return p.T("I can see that it is here, not yet what it sends.")
	case len(sends) == 0:
		return p.T("Nothing was seen leaving it this week.")
	case still > 0:
		return p.T("It still sends although its permission has ended.")
	case without == 0:
		return p.Words("It sends to %s recipient, with your permission.", "It sends to %s recipients, with your permission.", len(sends))
	case without == len(sends):
		return p.Words("It sends to %s recipient, and nobody has agreed to it.", "It sends to %s recipients, and nobody has agreed to it.", len(sends))
	default:
		return p.Words("It sends to %s recipient; ", "It sends to %s recipients; ", len(sends)) +
			lowerFirst(p.Words("%s has no permission.", "%s have no permission.", without))
	}
}

func (p Presenter) sendsEmpty(d engine.DeviceInfo) string {
	if len(d.CoveredBy) == 0 {
		return p.T("Nobody that we are connected to can see what it sends. That does not mean that it sends nothing.")
	}
	return p.T("Nothing was seen leaving it in the last 7 days.")
}

func (p Presenter) noCard(d engine.DeviceInfo) Invitation {
	if d.Role != discovery.RoleOrdinary {
		return Invitation{Title: p.T("No permission needed"), Text: capital(p.never(d.Role)) + "."}
	}
	return Invitation{
		Title:  p.T("No permission yet"),
		Text:   p.T("Say who may receive what it sends, and until when. On that day it ends."),
		Action: ActionLink{ID: string(d.ID), Label: p.T("Give a permission")},
	}
}

// sent is what one recipient of a device got.
type sent struct {
	to       string
	ids      []string // destinations
	up, down uint64
	count    uint64
	refused  uint64
	last     time.Time
	ports    []string
	consent  consent.ID
}

// gather adds up flows by recipient, largest first.
func gather(flows []engine.FlowInfo) []sent {
	var out []sent
	at := map[string]int{}
	for _, f := range flows {
		to := cmp.Or(f.Recipient, f.Destination)
		i, ok := at[to]
		if !ok {
			i = len(out)
			at[to] = i
			out = append(out, sent{to: to})
		}
		s := &out[i]
		if f.Destination != "" && !slices.Contains(s.ids, f.Destination) {
			s.ids = append(s.ids, f.Destination)
		}
		if port := portOf(f); port != "" && !slices.Contains(s.ports, port) {
			s.ports = append(s.ports, port)
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
		row := SendRow{To: p.company(s.to), What: p.T("not known"), Amount: p.amount(s), ToLine: p.toLine(in.Device, s)}
		c, ok := by[s.consent]
		switch {
		case ok:
			row.Consent = string(c.ID)
			row.What, row.Basis = lowerFirst(p.dataLine(c.Data)), p.T("you said")
			row.Pill, row.PillState = p.sendPill(c)
		case in.Device.Role == discovery.RoleOrdinary:
			row.Pill, row.PillState = p.T("no permission"), Soon
			row.Allow = ActionLink{ID: recipientID(s), Label: p.T("Allow until…")}
		}
		out = append(out, row)
	}
	return out
}

func (p Presenter) sendPill(c engine.ConsentInfo) (string, Severity) {
	if c.Decided.Live() && !c.Expires.IsZero() {
		if timed(c.Consent) && p.end(c.Consent) == p.today() {
			return p.T("until %s", p.clock(c.Expires)), severityOf(c.Headline)
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

// toLine says when last and by which way; for what stands for a person no finer than a day.
func (p Presenter) toLine(d engine.DeviceInfo, s sent) string {
	var parts []string
	if !s.last.IsZero() {
		when := p.moment(s.last)
		if d.Guess.Kind.Personal() {
			when = p.sinceDay(s.last)
		}
		parts = append(parts, p.T("last %s", when))
	}
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
	if s.refused > 0 && s.up+s.down > 0 {
		parts = append(parts, p.N("%d turned away", "%d turned away", int(s.refused)))
	}
	return strings.Join(parts, " · ")
}

func (p Presenter) chart(days []engine.Day) ([]Column, string) {
	var most uint64
	for _, d := range days {
		most = max(most, d.Up+d.Down)
	}
	if most == 0 {
		return nil, ""
	}
	var out []Column
	for _, d := range days {
		n := d.Up + d.Down
		out = append(out, Column{Label: p.dateShort(ParseDay(d.Date)), Value: p.Size(n), Fraction: float64(n) / float64(most)})
	}
	return out, p.T("The last %[1]d days, at most %[2]s a day", len(days), p.Size(most))
}

// evidence is each guess with its reason, the surest first, once each.
func (p Presenter) evidence(in []discovery.Evidence) []EvidenceLine {
	words := map[string]string{"maker": p.T("Maker"), "vendor": p.T("Maker"), "model": p.T("Model"), "kind": p.T("Kind"), "name": p.T("Name")}
	es := slices.Clone(in)
	slices.SortStableFunc(es, func(a, b discovery.Evidence) int { return cmp.Compare(b.Confidence, a.Confidence) })
	var out []EvidenceLine
	told := map[EvidenceLine]bool{}
	for _, e := range es {
		l := EvidenceLine{What: clean(e.What), Value: clean(e.Value), Because: cleanText(e.Because)}
		if w, ok := words[e.What]; ok {
			l.What = w
		}
		if e.What == "kind" {
			l.Value = p.kind(discovery.Kind(e.Value))
		}
		if !told[l] {
			told[l] = true
			out = append(out, l)
		}
	}
	return out
}

// technical is for the one in the family who knows what an address is.
func (p Presenter) technical(d engine.DeviceInfo) []EvidenceLine {
	var addrs, macs, names, services, sources []string
	for _, a := range d.Addresses {
		addrs = append(addrs, a.Addr.String())
	}
	for _, i := range d.Identifiers {
		switch i.Type {
		case discovery.MAC:
			macs = append(macs, clean(i.Value))
		case discovery.Hostname:
			names = append(names, clean(i.Value))
		}
	}
	for _, s := range d.Services {
		if !s.Gone && !slices.Contains(services, clean(s.Type)) {
			services = append(services, clean(s.Type))
		}
	}
	for _, s := range d.Sources {
		sources = append(sources, p.source(s))
	}
	var out []EvidenceLine
	for _, l := range []struct {
		what   string
		values []string
	}{
		{p.T("Addresses"), addrs},
		{p.T("Hardware address"), macs},
		{p.T("Announced name"), names},
		{p.T("Announced services"), services},
		{p.T("Known from"), sources},
	} {
		if len(l.values) > 0 {
			out = append(out, EvidenceLine{What: l.what, Value: strings.Join(l.values[:min(len(l.values), 12)], ", ")})
		}
	}
	return append(out, EvidenceLine{What: p.T("Our name for it"), Value: string(d.ID)})
}

func (p Presenter) source(s discovery.Source) string {
	switch s {
	case discovery.SourceMDNS:
		return p.T("its own announcements (mDNS)")
	case discovery.SourceSSDP:
		return p.T("its own announcements (UPnP)")
	case discovery.SourceNeighbor:
		return p.T("this computer's list of neighbours")
	case discovery.SourceSelf:
		return p.T("this computer itself")
	case discovery.SourcePerson:
		return p.T("you")
	}
	if id, ok := strings.CutPrefix(string(s), "connector:"); ok {
		return p.peer(id)
	}
	return clean(string(s))
}

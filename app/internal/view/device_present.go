package view

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// DeviceInput is what the page of one device is made of. Flows are of the last 7 days.
type DeviceInput struct {
	Device   engine.DeviceInfo
	Consents []engine.ConsentInfo // of this device
	Flows    []engine.FlowInfo
	Span     string        // of the chart; "" is a week
	Days     []engine.Day  // for a week or a year
	Hours    []engine.Hour // for a day
	Diary    []engine.DiaryEntry
	Others   []engine.DeviceInfo // the rest of the home
	Unusual  []engine.Unusual    // of this device, not answered
	Said     *engine.Declaration // what was said of it against what was seen; nil shows none
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
	for _, c := range byUrgency(in.Consents) {
		card := p.Card(c, c.LastSent)
		out.Cards = append(out.Cards, CardTruths{Card: card, Title: p.recipient(c.Recipient)})
	}
	if len(out.Cards) == 0 {
		out.NoCard = p.noCard(d)
	}
	out.Sends = p.sends(in)
	out.Sentence = p.deviceSentence(d, out.Sends)
	if all := len(out.Sends); all > sendsShown {
		out.Sends, out.AllSends = mostOf(out.Sends), FlowFilter{Device: string(d.ID)}.Route()
		out.MoreSends = p.N("All %d recipients", "All %d recipients", all)
	}
	if len(out.Sends) == 0 {
		out.SendsEmpty = p.sendsEmpty(d)
	}
	p.chart(&out, in)
	var reasons []EvidenceLine
	out.Evidence, reasons = p.evidence(d.Guess.Evidence)
	out.Technical = slices.Concat(p.technical(d), p.ways(out.Sends), reasons)
	p.edits(&out, in)
	out.Behaviour = p.behaviour(in)
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
	if room := fact(d, "room"); room != "" {
		parts = append(parts, p.T("room: %s", room))
	}
	if !d.FirstSeen.IsZero() {
		parts = append(parts, p.T("here since %s", p.sinceDay(d.FirstSeen)))
	}
	if !d.LastSeen.IsZero() && p.Now.Sub(d.LastSeen) > time.Hour {
		parts = append(parts, p.T("last here %s", p.moment(d.LastSeen)))
	}
	return strings.Join(parts, " · ")
}

func (p Presenter) deviceSentence(d engine.DeviceInfo, sends []SendRow) string {
	n := map[standing]int{}
	still := false
	for _, s := range sends {
		n[s.standing]++
		still = still || s.PillState == Still
	}
	switch {
	case d.Role == discovery.RoleThisComputer:
		return p.T("You are sitting at it.")
	case len(sends) == 0 && len(d.CoveredBy) == 0:
		return p.T("I can see that it is here, not yet what it sends.")
	case len(sends) == 0:
		return p.T("Nothing was seen leaving it this week.")
	case still:
		return p.T("It still sends although its permission has ended.")
	case n[everyday] == len(sends):
		return p.T("It asks only for what every device asks for, such as the time.")
	}
	var parts []string
	switch now := n[agreed] + n[stray]; {
	case now == 0:
	case n[stray] == 0:
		parts = append(parts, p.Words("It sends to %s recipient, with your permission.", "It sends to %s recipients, with your permission.", now))
	case n[agreed] == 0:
		parts = append(parts, p.Words("It sends to %s recipient, and nobody has agreed to it.", "It sends to %s recipients, and nobody has agreed to it.", now))
	default:
		parts = append(parts, p.Words("It sends to %s recipient; ", "It sends to %s recipients; ", now)+
			lowerFirst(p.Words("%s has no permission.", "%s have no permission.", n[stray])))
	}
	if n[over] > 0 {
		parts = append(parts, p.Words("It sent to %s recipient whose permission has ended since.", "It sent to %s recipients whose permissions have ended since.", n[over]))
	}
	return strings.Join(parts, " ")
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

// evidence is each guess with its reasons, the surest first, once each, and once
// more, in full, those that quote what a protocol says.
func (p Presenter) evidence(in []discovery.Evidence) (plain, full []EvidenceLine) {
	words := map[string]string{"maker": p.T("Maker"), "vendor": p.T("Maker"), "model": p.T("Model"), "kind": p.T("Kind"), "name": p.T("Name")}
	es := slices.Clone(in)
	slices.SortStableFunc(es, func(a, b discovery.Evidence) int { return cmp.Compare(b.Confidence, a.Confidence) })
	for _, e := range es {
		l := EvidenceLine{What: clean(e.What), Value: clean(e.Value), Because: cleanText(e.Because)}
		if w, ok := words[e.What]; ok {
			l.What = w
		}
		if e.What == "kind" {
			l.Value = p.kind(discovery.Kind(e.Value))
		}
		if why := unquoted(l.Because); why != l.Because {
			full = tell(full, l)
			l.Because = why
		}
		plain = tell(plain, l)
	}
	return together(plain), together(full)
}

// tell adds l to lines, or its reason to the line that says the same.
func tell(lines []EvidenceLine, l EvidenceLine) []EvidenceLine {
	i := slices.IndexFunc(lines, func(o EvidenceLine) bool { return o.What == l.What && o.Value == l.Value })
	switch {
	case i < 0:
		return append(lines, l)
	case lines[i].Because == "":
		lines[i].Because = l.Because
	case l.Because != "" && !strings.Contains(lines[i].Because, l.Because):
		lines[i].Because += "; " + l.Because
	}
	return lines
}

// unquoted is a reason without what it quotes in brackets at its end: "says so
// itself (_ipp._tcp ty=Printer)" tells a household no more than its first words.
func unquoted(because string) string {
	if i := strings.Index(because, " ("); i > 0 && strings.HasSuffix(because, ")") {
		return because[:i]
	}
	return because
}

// ways is by which way each recipient gets what the device sends.
func (p Presenter) ways(sends []SendRow) []EvidenceLine {
	var out []EvidenceLine
	for _, s := range sends {
		if s.Way != "" {
			out = append(out, EvidenceLine{What: p.T("Sends to %s", s.To), Value: s.Way})
		}
	}
	return out
}

// together sets the lines about one thing below each other, in the order in
// which things come up first.
func together(in []EvidenceLine) []EvidenceLine {
	first := map[string]int{}
	for i, l := range in {
		if _, there := first[l.What]; !there {
			first[l.What] = i
		}
	}
	slices.SortStableFunc(in, func(a, b EvidenceLine) int { return cmp.Compare(first[a.What], first[b.What]) })
	return in
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
		{p.T("Name that it gives the router"), one(fact(d, "hostname"))},
		{p.T("What it says it runs"), one(fact(d, "vendor_class"))},
		{p.T("Reached by its hub through"), one(fact(d, "integration"))},
	} {
		if len(l.values) > 0 {
			out = append(out, EvidenceLine{What: l.what, Value: strings.Join(l.values[:min(len(l.values), 12)], ", ")})
		}
	}
	return append(out, EvidenceLine{What: p.T("Our name for it"), Value: string(d.ID)})
}

// fact is what a source knows of a device under a key, such as a hub its room; "" where none does.
func fact(d engine.DeviceInfo, key string) string {
	for _, f := range d.Facts {
		if f.Key == key {
			return clean(f.Value)
		}
	}
	return ""
}

// one is a list of s, or none where it is empty.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
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

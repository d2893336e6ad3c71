package view

import (
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

func (p Presenter) deviceRow(d engine.DeviceInfo, cs []engine.ConsentInfo) DeviceRow {
	r := DeviceRow{
		ID: string(d.ID), Kind: d.Guess.Kind, Name: p.name(d), Mark: p.mark(d), Line: p.makerLine(d),
		Receives: p.receives(d), Cut: p.cut(d), groupOrder: groupOf(d),
	}
	if d.BytesWeek > 0 {
		r.Amount = p.T("%s this week", p.Size(d.BytesWeek))
	}
	if gone := p.gone(d); gone != "" {
		r.Line += " · " + gone
	}
	r.Pill, r.PillState = p.pill(d, cs)
	r.Lacking = p.lacking(r.Pill)
	r.Confirm, r.Because = p.confirm(d)
	r.compareKeys = compareKeys{name: strings.ToLower(r.Name), ends: noEnd, bytes: d.BytesWeek, strays: d.Strays > 0, first: d.FirstSeen.UnixMilli()}
	if !d.NextEnd.IsZero() {
		r.compareKeys.ends = d.NextEnd.UnixMilli()
	} else if len(cs) > 0 && cs[0].Headline != consent.NotInForce {
		r.compareKeys.ends = noEnd - 1 // it had a date, or has one without an end
	}
	fields := []string{r.Name, r.Line, r.Mark, r.Receives, string(d.ID), d.Label}
	for _, i := range d.Identifiers {
		fields = append(fields, i.Value)
	}
	for _, a := range d.Addresses {
		fields = append(fields, a.Addr.String())
	}
	r.searchable = strings.Join(fields, " ")
	return r
}

// goneAfter is how long a device that is not heard counts as being at home.
const goneAfter = 24 * time.Hour

// gone says when a device was last here; "" while it is, and where nobody knows.
func (p Presenter) gone(d engine.DeviceInfo) string {
	if d.LastSeen.IsZero() || p.Now.Sub(d.LastSeen) <= goneAfter {
		return ""
	}
	return p.T("last here %s", p.sinceDay(d.LastSeen))
}

// here counts the devices that were heard within a day.
func (p Presenter) here(ds []engine.DeviceInfo) int {
	n := 0
	for _, d := range ds {
		if p.gone(d) == "" {
			n++
		}
	}
	return n
}

// receives is "sends to Bell Maker and Example Ads"; what cannot be seen is not
// called nothing.
func (p Presenter) receives(d engine.DeviceInfo) string {
	var who []string
	nameless := 0
	for _, r := range d.Recipients {
		if isAddress(clean(r)) {
			nameless++
			continue
		}
		who = append(who, p.company(r))
	}
	if nameless > 0 {
		who = append(who, p.N("%d address without a name", "%d addresses without a name", nameless))
	}
	switch {
	case len(who) > 0:
		return p.T("sends to %s", p.List(who))
	case len(d.CoveredBy) == 0:
		return p.T("what it sends is not seen")
	default:
		return p.T("nothing seen leaving this week")
	}
}

// pill is the best-before date that counts: the worst of the permissions of a device.
func (p Presenter) pill(d engine.DeviceInfo, cs []engine.ConsentInfo) (string, Severity) {
	var next, unsettled *engine.ConsentInfo
	for i, c := range cs {
		if severityOf(c.Headline) == Still {
			return p.stateWord(c), Still
		}
		if unsettled == nil && (c.Headline == consent.EndedPending || c.Headline == consent.EndedUnchecked) {
			unsettled = &cs[i]
		}
		if c.Decided.Live() && next == nil {
			next = &cs[i]
		}
	}
	switch {
	case unsettled != nil: // a date that was reached, and nobody knows yet that it was kept
		return p.stateWord(*unsettled), severityOf(unsettled.Headline)
	case next != nil && next.Expires.IsZero():
		return p.T("no end"), Fresh
	case next != nil && p.timed(next.Consent) && p.end(next.Consent) == p.today():
		return p.T("until %s", p.clock(next.DueAt())), severityOf(next.Headline)
	case next != nil:
		return p.T("until %s", p.dateShort(p.end(next.Consent))), severityOf(next.Headline)
	case len(cs) > 0 && cs[0].Headline != consent.NotInForce:
		return p.stateWord(cs[0]), severityOf(cs[0].Headline)
	case d.Strays > 0 && d.Role == discovery.RoleOrdinary:
		return p.T("no permission"), Soon
	default:
		return "", None
	}
}

// confirm is the one click that turns a guess into the device's name.
func (p Presenter) confirm(d engine.DeviceInfo) (ActionLink, string) {
	if groupOf(d) != groupHelp {
		return ActionLink{}, ""
	}
	because := ""
	best := -1.0
	for _, e := range d.Guess.Evidence {
		if e.Confidence > best && e.Because != "" {
			best, because = e.Confidence, unquoted(cleanText(e.Because))
		}
	}
	guess := p.name(d)
	if d.Guess.Name == "" && d.Guess.Kind == discovery.KindUnknown {
		return ActionLink{}, because // a maker alone is no name
	}
	return ActionLink{ID: guess, Label: p.T("Yes, that's right")}, because
}

func isCut(d engine.DeviceInfo) bool {
	return d.Blocked != nil && d.Blocked.Kind == consent.ActBlock && d.Blocked.State != consent.Cancelled
}

// cut is the button of a device and the result in place.
func (p Presenter) cut(d engine.DeviceInfo) Cut {
	if never := p.never(d.Role); never != "" {
		return Cut{Never: never}
	}
	c := Cut{Label: p.T("Disconnect")}
	b := d.Blocked
	if b == nil || b.State == consent.Cancelled {
		return c
	}
	c.Line, c.LineState = p.Result(d, *b)
	c.Busy = b.State == consent.Pending || b.State == consent.Running
	if isCut(d) {
		c.Label, c.Reconnect = p.T("Reconnect"), true
	}
	return c
}

func (p Presenter) never(r discovery.Role) string {
	switch r {
	case discovery.RoleThisComputer:
		return p.T("never cut: you are sitting at it")
	case discovery.RoleRouter:
		return p.T("never cut: it carries the others")
	case discovery.RoleDNS:
		return p.T("never cut: the others ask it for names")
	case discovery.RoleConnector:
		return p.T("never cut: it does the cutting")
	default:
		return ""
	}
}

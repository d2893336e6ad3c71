package view

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// ReviewInput is what the renewal of one permission is made of.
type ReviewInput struct {
	Info    engine.ReviewInfo
	Device  engine.DeviceInfo
	Waiting []string  // IDs that wait for a person, in order
	Last    time.Time // newest traffic under the permission
	Busy    bool
	Saved   Outcome
	Opened  int // the version that the message spoke of which led here; 0 for none
}

// Review is the statement of one permission. Nothing in it is chosen beforehand.
func (p Presenter) Review(in ReviewInput) Review {
	c := in.Info.Consent
	live := c.Decided.Live()
	out := Review{
		Revision: p.Revision, Loaded: true, ID: string(c.ID), Busy: in.Busy,
		Title:   p.T("%[1]s → %[2]s", p.deviceName(c.DeviceName), p.recipient(c.Recipient)),
		Subline: p.reviewSubline(c), Card: p.Card(c, in.Last), Anew: p.anew(in),
		SinceTitle: p.T("Since you agreed"), Since: p.since(in.Info), SinceEmpty: p.T("Nothing has changed that we could see."),
		LapseTitle: p.T("What happens if it lapses"), LapseText: cleanText(strings.Join(in.Info.IfLapses.Lines, " ")),
		CanRenew: in.Info.Renewable, CanLapse: live && !c.Expires.IsZero() && !c.Lapsing, CanEnd: live,
		NothingLine: p.T("If you do nothing, it lapses."),
		Save:        ActionLink{ID: string(c.ID), Label: p.T("Save a copy of this permission …")}, Saved: in.Saved,
	}
	for _, s := range in.Info.IfLapses.AlsoStops {
		if s != c.Recipient.Name {
			out.AlsoStops = append(out.AlsoStops, clean(s))
		}
	}
	if in.Info.IfLapses.Holds != "" {
		out.LapseText += " " + cleanText(in.Info.IfLapses.Holds)
	}
	if live && c.Remedy.Deletes() {
		out.Second = p.T("Its access is deleted for good. There is no way back but to set %s up anew.", p.deviceName(c.DeviceName))
	}
	if !live {
		out.LapseTitle, out.LapseText, out.AlsoStops = "", "", nil // what was done stands among the three truths
		out.NothingLine = p.T("If you do nothing, it stays ended.")
		out.ResultLine, out.ResultSev = p.endResult(in)
		out.Retry = p.tryAgain(c.Actions)
		p.byHand(&out, c)
		out.Ladder = p.ladder(c)
	}
	if c.Lapsing {
		out.NothingLine = p.T("It lapses on its date, as you chose.")
	}
	if c.Expires.IsZero() && live {
		out.NothingLine = p.T("It has no end. You are asked once a year.")
		if c.Asked(p.Now) {
			out.NothingLine = p.T("If you do nothing, it goes on, and you are asked again in a year.")
		}
	}
	p.grace(&out, c)
	p.renewals(&out, in.Info)
	if i := slices.Index(in.Waiting, out.ID); i >= 0 && len(in.Waiting) > 1 {
		out.Position = p.T("Review · %[1]d of %[2]d", i+1, len(in.Waiting))
		if i > 0 {
			out.Previous = in.Waiting[i-1]
		}
		if i+1 < len(in.Waiting) {
			out.Next = in.Waiting[i+1]
		}
	}
	return out
}

// anew says what was decided since the message that led here.
func (p Presenter) anew(in ReviewInput) string {
	c := in.Info.Consent
	switch {
	case in.Opened == 0 || c.Version <= in.Opened:
		return ""
	case c.Decided == consent.Expired || c.Decided == consent.Revoked:
		return p.T("Since the message that led you here: %s.", p.decided(c.Consent))
	default:
		return p.T("You have decided anew since: %s.", p.decided(c.Consent))
	}
}

// grace is the short extension, which can be given once and never comes by itself.
func (p Presenter) grace(out *Review, c engine.ConsentInfo) {
	switch {
	case !c.Decided.Live() || c.Expires.IsZero() || c.Headline != consent.Soon:
	case c.GraceUsed && c.GraceUntil.After(c.Expires):
		out.GraceLine = p.T("It has its two more days already: the date was %s.", p.date(p.lastDay(c.Consent, c.Expires)))
	case c.GraceUsed:
		out.GraceLine = p.T("Two more days were given and taken back; that can be done once.")
	case !c.Due(p.Now):
		more := c.Consent
		more.GraceUntil = c.Expires.Add(consent.MaxGrace)
		out.Grace = p.T("Give me two more days")
		out.GraceLine = p.T("Two more days can be given once: it then ends on %s.", p.date(p.end(more)))
	}
}

// endResult is the result in place of what was asked for at the end.
func (p Presenter) endResult(in ReviewInput) (string, Severity) {
	for _, a := range in.Info.Consent.Actions {
		if a.State == consent.Cancelled || a.Kind == consent.ActHandOver {
			continue
		}
		if a.Kind == consent.ActUnblock || a.Kind == consent.ActBlock && in.Info.Consent.Seen != consent.Flowing {
			d := in.Device
			d.LastFlow = in.Last // what it sends to others goes on
			return p.Result(d, a)
		}
		line, severity := p.doneBy(a)
		seen, worse := p.seen(in.Info.Consent, in.Last)
		return line + " · " + seen, max(severity, worse)
	}
	return "", None
}

// tryAgain is offered for what goes on being tried; it need not be waited for.
func (p Presenter) tryAgain(as []consent.Action) ActionLink {
	for _, a := range as {
		if a.State == consent.Cancelled || a.Kind == consent.ActHandOver || a.Kind == consent.ActUnblock {
			continue
		}
		if a.State == consent.Stuck || a.State == consent.Waiting || a.State == consent.NeedsPerson && a.Kind != consent.ActGuide {
			return ActionLink{ID: string(a.ID), Label: p.T("Try again now")}
		}
		break
	}
	return ActionLink{}
}

func (p Presenter) reviewSubline(c engine.ConsentInfo) string {
	agreed := p.T("You agreed on %s.", p.dateYear(p.dayOf(c.Given)))
	if period := p.period(c.Term); period != "" {
		agreed = p.T("You agreed on %[1]s for %[2]s.", p.dateYear(p.dayOf(c.Given)), period)
	}
	switch {
	case c.Headline == consent.NotInForce:
		return p.statusLine(c) + "."
	case c.Decided.Live():
		if inDoubt(c) {
			return agreed + " " + p.T("Whether its date has come is not known: the clock is in doubt.")
		}
		return agreed + " " + p.endsIn(c.Consent) + p.explained(c) + p.earlierToo(c)
	default:
		return agreed + " " + p.statusLine(c) + "." + p.explained(c)
	}
}

// explained is the sentence about an end that was agreed in another zone.
func (p Presenter) explained(c engine.ConsentInfo) string {
	line := p.agreedElsewhere(c.Consent)
	if line == "" {
		return ""
	}
	return " " + p.T("%s: the moment is the same, shown as the clocks here show it.", line)
}

var isoPeriod = regexp.MustCompile(`^P(?:T?)(\d+)([DWMYHS])$`)

// period is "six months" for a term that was chosen as a length of time.
func (p Presenter) period(t consent.Term) string {
	m := isoPeriod.FindStringSubmatch(t.Rule)
	if t.Kind != consent.ForPeriod || m == nil {
		return ""
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n > 1_000_000_000 {
		return ""
	}
	short := strings.HasPrefix(t.Rule, "PT")
	words := map[string][2]string{
		"D": {"%s day", "%s days"}, "W": {"%s week", "%s weeks"}, "M": {"%s month", "%s months"}, "Y": {"%s year", "%s years"},
	}
	if short {
		return p.clockPeriod(n, m[2])
	}
	w := words[m[2]]
	return lowerFirst(p.Words(w[0], w[1], n))
}

// clockPeriod is n hours, minutes or seconds in the largest unit that says them
// to a hundredth: nobody agreed for 86,404 seconds.
func (p Presenter) clockPeriod(n int, unit string) string {
	length := map[string]int{"D": 86_400, "H": 3600, "M": 60, "S": 1}
	for _, u := range []struct{ unit, one, many string }{
		{"D", "%s day", "%s days"}, {"H", "%s hour", "%s hours"}, {"M", "%s minute", "%s minutes"}, {"S", "%s second", "%s seconds"},
	} {
		total, per := n*length[unit], length[u.unit]
		units := (total + per/2) / per
		if off := max(total-units*per, units*per-total); units > 0 && off*100 <= total {
			return lowerFirst(p.Words(u.one, u.many, units))
		}
	}
	return ""
}

// since is what changed since the household agreed.
func (p Presenter) since(r engine.ReviewInfo) []Change {
	if !r.Observed {
		return []Change{{
			Lead: p.T("Cannot be seen."), Text: p.T("Nobody that we are connected to sees what this device sends."), Severity: Soon,
		}}
	}
	var out []Change
	if n := len(r.NewRecipients); n > 0 {
		var names []string
		for _, x := range r.NewRecipients[:min(n, 4)] {
			names = append(names, p.company(x))
		}
		if n > 4 {
			names = append(names, p.N("%d other", "%d others", n-4))
		}
		to := ""
		if n == 1 {
			to = r.NewRecipients[0]
		}
		out = append(out, p.behind(r, to, Change{
			Lead: p.N("+%d recipient.", "+%d recipients.", n), Text: p.List(names), Severity: Soon,
		}))
	}
	if v, ok := p.volume(r); ok {
		to := r.Consent.Recipient.Name
		if r.Consent.Recipient.Any {
			to = ""
		}
		out = append(out, p.behind(r, to, v))
	}
	return append(out, p.alsoChanged(r)...)
}

// behind has c lead to the flows of the device, to one recipient or to all, since it
// was agreed.
func (p Presenter) behind(r engine.ReviewInfo, to string, c Change) Change {
	c.Flows = FlowFilter{Device: string(r.Consent.Device), To: to, From: r.Since, Until: p.midnight(p.today().addDays(1))}.Route()
	c.Show = p.T("See the flows")
	return c
}

// volume compares only where the first week is over.
func (p Presenter) volume(r engine.ReviewInfo) (Change, bool) {
	now, then := p.Size(r.BytesNow), p.Size(r.BytesThen)
	ratio := 0.0
	if r.BytesThen > 0 {
		ratio = float64(r.BytesNow) / float64(r.BytesThen)
	}
	both := p.T("%[1]s in the first week, %[2]s in the last", then, now)
	switch {
	case r.BytesNow == 0 && r.BytesThen == 0:
		return Change{}, false
	case p.Now.Sub(r.Since) < 14*24*time.Hour || ratio == 0 && r.BytesNow > 0:
		return Change{Lead: now, Text: p.T("in the last 7 days")}, true
	case r.BytesNow == 0:
		return Change{Lead: p.T("Nothing this week."), Text: p.T("%s in the first week", then)}, true
	case ratio >= 1.5:
		return Change{Lead: p.T("%s × as much.", strings.TrimSuffix(fmt.Sprintf("%.1f", min(ratio, 999)), ".0")), Text: both, Severity: Soon}, true
	case ratio <= 0.67:
		return Change{Lead: p.T("Less than then."), Text: both}, true
	default:
		return Change{Lead: p.T("About as much."), Text: both}, true
	}
}

// renewals are the lengths of time to choose from: counted from the old end
// before it, from today after it.
func (p Presenter) renewals(out *Review, r engine.ReviewInfo) {
	base := p.lastDay(r.Consent.Consent, r.Consent.Expires) // what was given beyond it is not counted
	if !r.Consent.Decided.Live() || base.Zero() || p.today().since(base) > 0 {
		base = p.today()
	}
	out.First, out.Last = base.addDays(1), base.addMonths(12)
	if !r.Consent.Decided.Live() || p.timed(r.Consent.Consent) {
		out.First = base // a later time of the same day
	}
	if !out.CanRenew {
		switch {
		case r.Consent.Expires.IsZero() && r.Consent.Decided.Live():
			out.WhyNot = p.T("It has no end that could be moved.")
		case !r.RenewableFrom.IsZero() && r.RenewableFrom.After(p.Now):
			out.WhyNot = p.T("It can be renewed from %s on.", p.from(r.RenewableFrom))
		default:
			out.WhyNot = p.T("It cannot be renewed.")
		}
		return
	}
	out.Presets = p.presets(base)
	if r.Consent.Asked(p.Now) {
		out.Presets = append(out.Presets, Preset{ID: presetNoEnd, Label: p.T("Go on without an end"), Term: "no-end"})
	}
	if p.timed(r.Consent.Consent) { // what was meant for minutes is renewed for minutes
		hour := p.short()[0]
		hour.Label = p.N("%d hour", "%d hours", 1)
		out.Presets = append([]Preset{hour}, out.Presets...)
	}
}

// from is the moment from which something is possible: its time when that is today.
func (p Presenter) from(t time.Time) string {
	if p.dayOf(t) == p.today() {
		return p.clock(t)
	}
	return p.date(p.dayOf(t))
}

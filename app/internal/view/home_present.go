package view

import (
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// HomeInput is what the first page is made of. Totals are of the last 7 days.
type HomeInput struct {
	Overview engine.Overview
	Devices  []engine.DeviceInfo
	Consents []engine.ConsentInfo
	Totals   []engine.Total
}

// The answers to what is new. Pages hand back the item's ID and the answer's.
const (
	AnswerYes   = "yes"   // it is the same device
	AnswerNo    = "no"    // it is another one
	AnswerRight = "right" // the guess is right: it becomes the device's name
	AnswerAllow = "allow" // give a permission
	AnswerStop  = "stop"  // disconnect the device
	AnswerRetry = "retry" // try what could not be done again
	AnswerLook  = "look"  // look through all newcomers
	AnswerFine  = "fine"  // new recipients need no permission
	AnswerKey   = "key"   // look for the key store again
	AnswerClock = "clock" // the clock of this computer is right
	AnswerZone  = "zone"  // the dates stay as they are in another time zone
)

// homeCards is how many cards the first page shows.
const homeCards = 6

// Home is the first page.
func (p Presenter) Home(in HomeInput) Home {
	out := Home{
		Revision: p.Revision, Loaded: true,
		Sentence: p.homeSentence(in), Subline: p.homeSubline(in.Overview, in.Devices),
		FlowTitle: p.T("Where your home's data went this week"),
		NewsTitle: p.T("New"), NewsEmpty: p.T("Nothing new."),
		Problems: append(p.problems(in.Overview.Problems), p.unusualProblems(in)...),
	}
	p.homeFound(&out, in.Overview.Found)
	p.homeCards(&out, in)
	out.Bars, out.Countries, out.Purposes = p.bars(in.Totals), p.countryBars(in.Totals), p.purposeBars(in.Totals)
	if len(out.Bars) > 0 && !slices.ContainsFunc(in.Totals, func(t engine.Total) bool { return t.Up+t.Down > 0 }) {
		out.FlowTitle = p.T("Whom your home asked for this week, by how often: how much it sends is not seen")
	}
	if len(out.Bars) > 0 {
		out.AllFlows = ActionLink{ID: string(PageFlows), Label: p.T("Search and save all of it")}
	}
	if len(out.Bars) == 0 {
		out.FlowEmpty = p.flowEmpty(in.Overview)
	}
	out.CoverageLine = p.coverageLine(in.Overview)
	out.Fresh = len(in.Overview.SeenBy) == 0
	if !in.Overview.NewSince.IsZero() {
		out.NewsTitle = p.T("New since %s", p.sinceDay(in.Overview.NewSince))
		if p.dayOf(in.Overview.NewSince) == p.today() {
			out.NewsTitle = p.T("New since %s", p.clock(in.Overview.NewSince))
		}
	}
	out.News = p.allNews(in)
	return out
}

// homeFound is one calm line about what could be connected.
func (p Presenter) homeFound(out *Home, names []string) {
	if len(names) == 0 {
		return
	}
	var shown []string
	for _, n := range names[:min(len(names), foundNames)] {
		shown = append(shown, clean(n))
	}
	list := strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		list = p.T("%[1]s and %[2]d more", list, more)
	}
	out.Found = p.T("I also found: %s. Connect one to see where data goes and to switch things off.", list)
	out.FoundLink = ActionLink{ID: string(PageConnectors), Label: p.T("Show what was found")}
}

// foundNames is how many are named on the first page.
const foundNames = 4

func (p Presenter) homeCards(out *Home, in HomeInput) {
	cs := byUrgency(in.Consents)
	for _, c := range cs {
		if len(out.Cards) < homeCards && c.Headline != consent.NotInForce {
			out.Cards = append(out.Cards, p.Card(c, c.LastSent))
		}
	}
	if len(cs) > len(out.Cards) {
		out.MoreCards = p.N("All %d permissions", "All %d permissions", len(cs))
	}
	if len(out.Cards) > 0 {
		return
	}
	out.Empty = Invitation{
		Title:  p.T("Put a date on something"),
		Text:   p.T("Choose a device, say who may receive what it sends, and until when. On that day it ends."),
		Action: ActionLink{ID: string(PageDevices), Label: p.T("Choose a device")},
	}
	if in.Overview.Devices > 0 && in.Overview.Depth < connectors.SeesNames {
		out.Empty = Invitation{
			Title:  p.T("See where it goes"),
			Text:   p.T("Connect your router or gateway: it knows where the data goes, and it can end it on the day you choose."),
			Action: ActionLink{ID: string(PageConnectors), Label: p.T("Connect one")},
		}
	}
}

func (p Presenter) homeSentence(in HomeInput) string {
	o := in.Overview
	switch {
	case o.Devices == 0:
		return p.T("Looking around your home.")
	case clockInDoubt(o) && len(in.Consents) > 0:
		return p.T("This computer's clock is in doubt. No date is decided until it is right.")
	case len(in.Consents) > 0:
		return p.endsSentence(in.Consents)
	case o.Depth == connectors.SeesTraffic:
		return p.T("I can see what your home sends. Nothing has a date yet.")
	case o.Depth == connectors.SeesThrough:
		return p.T("I can see a part of what your home sends. Nothing has a date yet.")
	case o.Depth == connectors.SeesNames:
		return p.T("I can see which names your home asks for, not what it sends. Nothing has a date yet.")
	default:
		return p.T("I can see who is here, not yet what they send.")
	}
}

func (p Presenter) homeSubline(o engine.Overview, ds []engine.DeviceInfo) string {
	if o.Devices == 0 {
		return p.T("Nothing leaves this computer. The first devices appear within seconds.")
	}
	parts := []string{p.N("%d device at home", "%d devices at home", p.here(ds))}
	if o.Covered > 0 {
		parts = append(parts, p.N("we can see what %d of them sends", "we can see what %d of them send", o.Covered))
	}
	if o.Named > 0 {
		parts = append(parts, p.N("which names %d asks for", "which names %d ask for", o.Named))
	}
	if !o.LastLook.IsZero() {
		look := p.clock(o.LastLook)
		if p.dayOf(o.LastLook) != p.today() {
			look = p.moment(o.LastLook)
		}
		parts = append(parts, p.T("last look %s", look))
	}
	return strings.Join(parts, " · ")
}

func (p Presenter) flowEmpty(o engine.Overview) string {
	switch {
	case o.Depth < connectors.SeesNames:
		return p.T("Not known yet: nothing that we are connected to can see it. Connect your router or gateway.")
	case o.Depth == connectors.SeesNames:
		return p.T("No name was asked for this week. What is sent is not seen: connect your router or gateway.")
	default:
		return p.T("Nothing was seen leaving your home this week.")
	}
}

func (p Presenter) coverageLine(o engine.Overview) string {
	if len(o.SeenBy) == 0 {
		return ""
	}
	line := p.T("Seen by: %s.", cleanText(strings.Join(o.SeenBy, " · ")))
	if n := o.Devices - o.Covered; n > 0 {
		line += " " + p.Words("What %s device sends is not seen.", "What %s devices send is not seen.", n)
	}
	if o.OwnNames > 0 {
		line += " " + p.Words("%s device asks its own name server: what a DNS blocker shows of it is not all.", "%s devices ask their own name servers: what a DNS blocker shows of them is not all.", o.OwnNames)
	}
	return line
}

func compareDown(a, b uint64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	default:
		return 0
	}
}

// Frame is what stands around every page.
func (p Presenter) Frame(o engine.Overview, cs []engine.ConsentInfo) Frame {
	f := Frame{}
	if o.Devices > 0 {
		f.Devices = p.T("%d", o.Devices)
	}
	n := 0
	for _, c := range cs {
		if waits(c) {
			n++
			f.PermissionsState = max(f.PermissionsState, severityOf(c.Headline))
		}
	}
	if n > 0 {
		f.Permissions = p.T("%d", n)
	}
	f.Next, f.Dates = p.next(cs)
	f.HoldingLine = p.holding(o.HeldDates, cs)
	return f
}

func (p Presenter) holding(dates int, cs []engine.ConsentInfo) string {
	if dates == 0 {
		return ""
	}
	var who []string
	for _, c := range cs {
		if n := clean(c.HeldBy); n != "" && !slices.Contains(who, n) {
			who = append(who, n)
		}
	}
	if len(who) != 1 {
		return p.N("Holding %d date outside this computer.", "Holding %d dates outside this computer.", dates)
	}
	line := p.N("Holding %d date on ", "Holding %d dates on ", dates)
	return line + who[0] + "."
}

package view

import (
	"slices"
	"strings"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// The filters of the card wall.
const (
	FilterAll   = "all"
	FilterSoon  = "soon"
	FilterStill = "still"
	FilterFresh = "fresh"
	FilterEnded = "ended"
)

// Permissions is the card wall with the year ahead, in which tokens end too.
func (p Presenter) Permissions(cs []engine.ConsentInfo, q Query, tokens ...engine.AccessInfo) Permissions {
	cs = byUrgency(cs)
	out := Permissions{Revision: p.Revision, Loaded: true, Timeline: p.Timeline(cs, tokens...)}
	if len(cs) > 0 {
		out.Filters = p.permissionFilters(cs, q.Filter)
	}
	waiting := len(Waiting(cs))
	for _, c := range cs {
		card := p.Card(c, c.LastSent)
		if matchesFilter(c, q.Filter) && matchesText(q.Text, card.Device, card.ReceivesLine, card.DataLine, card.StatusLine) {
			out.Cards = append(out.Cards, card)
		}
	}
	out.Sentence = p.endsSentence(cs)
	out.Subline = p.N("%d permission", "%d permissions", len(cs))
	if waiting > 0 {
		out.Subline += " · " + p.N("%d waits for you", "%d wait for you", waiting)
		out.Review = p.N("Review %d permission", "Review %d permissions", waiting)
	}
	if len(cs) == 0 {
		out.Subline = p.T("A permission says who may receive what from a device, and until when.")
		out.Empty = Invitation{
			Title:  p.T("Nothing has a date yet"),
			Text:   p.T("Choose a device, say who may receive what it sends, and until when. On that day it ends."),
			Action: ActionLink{ID: string(PageDevices), Label: p.T("Choose a device")},
		}
	} else if len(out.Cards) == 0 {
		out.Empty = Invitation{Title: p.T("Nothing like that here"), Text: p.T("None of your permissions fits what you look for.")}
	}
	return out
}

func matchesFilter(c engine.ConsentInfo, filter string) bool {
	s := severityOf(c.Headline)
	switch filter {
	case FilterSoon:
		return c.Headline == consent.Soon
	case FilterStill:
		return s == Still
	case FilterFresh:
		return s == Fresh
	case FilterEnded:
		return !c.Decided.Live() && c.Headline != consent.NotInForce
	default:
		return true
	}
}

// matchesText reports whether every word of text is somewhere in the fields.
func matchesText(text string, fields ...string) bool {
	all := strings.ToLower(strings.Join(fields, " "))
	for _, w := range strings.Fields(strings.ToLower(text)) {
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

func (p Presenter) permissionFilters(cs []engine.ConsentInfo, chosen string) []Choice {
	if chosen == "" {
		chosen = FilterAll
	}
	return p.filters(chosen, []Choice{
		{ID: FilterAll, Label: p.T("all")},
		{ID: FilterSoon, Label: p.T("ends soon")},
		{ID: FilterStill, Label: p.T("needs you")},
		{ID: FilterFresh, Label: p.T("fresh")},
		{ID: FilterEnded, Label: p.T("ended")},
	}, func(id string) int {
		n := 0
		for _, c := range cs {
			if matchesFilter(c, id) {
				n++
			}
		}
		return n
	})
}

// filters counts each choice and marks the chosen one.
func (p Presenter) filters(chosen string, choices []Choice, count func(string) int) []Choice {
	for i := range choices {
		n := count(choices[i].ID)
		choices[i].Count = p.T("%d", n)
		choices[i].Chosen = choices[i].ID == chosen
	}
	return choices
}

// Timeline puts the ends of the coming year on one axis: of permissions, of
// tokens, and of support.
func (p Presenter) Timeline(cs []engine.ConsentInfo, tokens ...engine.AccessInfo) Timeline {
	today := p.today()
	first := Day{Year: today.Year, Month: today.Month, Day: 1}
	end := first.addMonths(12)
	length := float64(end.since(first))
	at := func(d Day) float64 { return float64(d.since(first)) / length }
	out := Timeline{Title: p.T("The year ahead")}
	for i := range 12 {
		m := first.addMonths(i)
		label := p.monthShort(m.Month)
		if m.Month == time.January {
			label = p.T("%[1]s %[2]d", label, m.Year)
		}
		out.Months = append(out.Months, TimelineMonth{Label: label, Fraction: at(m)})
	}
	for _, c := range cs {
		d := p.end(c.Consent)
		if d.Zero() || d.since(first) < 0 || d.since(end) >= 0 || c.Headline == consent.NotInForce {
			continue
		}
		out.Marks = append(out.Marks, TimelineMark{
			ID: string(c.ID), Label: p.deviceName(c.DeviceName), When: p.dateShort(d), Fraction: at(d), Severity: severityOf(c.Headline),
		})
	}
	within := func(d Day) (float64, bool) { return at(d), !d.Zero() && d.since(first) >= 0 && d.since(end) < 0 }
	out.Marks = append(out.Marks, p.tokenMarks(tokens, within)...)
	out.Marks = append(out.Marks, p.supportMarks(cs, within)...)
	slices.SortStableFunc(out.Marks, func(a, b TimelineMark) int {
		switch {
		case a.Fraction < b.Fraction:
			return -1
		case a.Fraction > b.Fraction:
			return 1
		default:
			return 0
		}
	})
	return out
}

// tally is how the permissions stand, for the sentence about all of them.
type tally struct {
	live, soon             int
	still                  map[string]bool // devices that send after a date
	pending, unsure        int             // being ended; ended, and whether it stopped is not known
	stuck                  int
	asked                  int  // without an end: the yearly question is open
	allThisMonth, allToday bool // all that end then, and no other, may be renewed now
	next                   *engine.ConsentInfo
}

func (p Presenter) tally(cs []engine.ConsentInfo) tally {
	t := tally{still: map[string]bool{}, allThisMonth: true, allToday: true}
	for i, c := range cs {
		switch c.Headline {
		case consent.EndedStill:
			t.still[string(c.Device)] = true
		case consent.EndedStuck, consent.EndedPerson:
			t.stuck++
		case consent.EndedPending:
			t.pending++
		case consent.EndedUnchecked:
			t.unsure++
		case consent.Soon:
			if c.Expires.IsZero() {
				t.asked++
				continue
			}
			t.soon++
		}
		if !c.Decided.Live() {
			continue
		}
		t.live++
		e := p.end(c.Consent)
		within := !e.Zero() && e.Month == p.today().Month && e.Year == p.today().Year
		t.allThisMonth = t.allThisMonth && within == (c.Headline == consent.Soon)
		t.allToday = t.allToday && (e == p.today()) == (c.Headline == consent.Soon)
		if !e.Zero() && (t.next == nil || c.DueAt().Before(t.next.DueAt())) {
			t.next = &cs[i]
		}
	}
	return t
}

// endsSentence is what a person would say about all permissions: first what
// still sends, then what ended, then what goes on.
func (p Presenter) endsSentence(cs []engine.ConsentInfo) string {
	t := p.tally(cs)
	stopped := p.stoppedToday(cs)
	var parts []string
	if n := len(t.still); n > 0 {
		parts = append(parts, p.Words("%s device is still sending after its date.", "%s devices are still sending after their date.", n))
	}
	if t.pending > 0 {
		parts = append(parts, p.Words("%s permission is being ended now.", "%s permissions are being ended now.", t.pending))
	}
	if t.unsure > 0 {
		parts = append(parts, p.Words("%s has ended, and whether it stopped is not known.", "%s have ended, and whether they stopped is not known.", t.unsure))
	}
	if stopped > 0 {
		parts = append(parts, p.Words("%s permission ended today, and it stopped.", "%s permissions ended today, and they stopped.", stopped))
	}
	if t.asked > 0 {
		parts = append(parts, p.Words("%s permission without an end waits for its yearly answer.", "%s permissions without an end wait for their yearly answer.", t.asked))
	}
	switch {
	case t.soon > 0 && t.allToday:
		parts = append(parts, p.Words("%s permission ends today.", "%s permissions end today.", t.soon))
	case t.soon > 0 && t.allThisMonth:
		parts = append(parts, p.Words("%s permission ends this month.", "%s permissions end this month.", t.soon))
	case t.soon > 0:
		parts = append(parts, p.Words("%s permission ends soon.", "%s permissions end soon.", t.soon))
	case t.live > 0 && len(parts) == 0 && t.stuck == 0:
		parts = append(parts, p.T("Everything is fresh."), p.nextEnd(t.next))
	case t.live > 0:
		parts = append(parts, p.T("Everything else is fresh."))
	}
	if t.stuck > 0 {
		parts = append(parts, p.Words("%s could not be ended without you.", "%s could not be ended without you.", t.stuck))
	}
	switch {
	case len(parts) > 0:
		return strings.TrimSpace(strings.Join(parts, " "))
	case len(cs) > 0:
		return p.T("No permission is in force.")
	default:
		return p.T("Nothing has a date yet.")
	}
}

// stoppedToday counts what ended today and was seen to stop.
func (p Presenter) stoppedToday(cs []engine.ConsentInfo) int {
	n := 0
	for _, c := range cs {
		if c.Headline == consent.EndedStopped && p.ended(c.Consent) == p.today() {
			n++
		}
	}
	return n
}

// nextEnd says when the first of the fresh ones ends; "" when none has an end.
func (p Presenter) nextEnd(c *engine.ConsentInfo) string {
	if c == nil {
		return ""
	}
	days := p.end(c.Consent).since(p.today())
	switch {
	case p.timed(c.Consent) && days <= 0:
		return p.T("The next one ends at %s.", p.clock(c.DueAt()))
	case days <= 0:
		return p.T("The next one ends when today is over.")
	case days == 1:
		return p.T("The next one ends tomorrow.")
	default:
		return p.T("The next one ends on %s.", p.date(p.end(c.Consent)))
	}
}

package view

import (
	"net/url"
	"time"
)

// Flows is what lies behind a figure: who sent what to whom, as it was seen.
type Flows struct {
	Revision uint64
	Loaded   bool
	Sentence string
	Subline  string
	Query    Query
	Spans    []Choice // how far back
	Rows     []FlowRow
	Empty    Invitation
	Save     ActionLink
	Export   Outcome
}

// FlowRow is the traffic of one device with one destination.
type FlowRow struct {
	Device   string
	DeviceID string
	To       string
	Who      string // "its maker's cloud · Germany"
	Way      string // "video.bell.example · tcp 443"
	What     string // "video, seen"; "" where it is not known
	Amount   string
	When     string
	Source   string // "seen by Gateway · from our table of makers"
	Refused  bool
}

// FlowFilter is which flows a figure stands for; it is the Arg of PageFlows.
type FlowFilter struct {
	Device  string
	To      string // a recipient, a company or a destination
	Country string
	Purpose string
	Span    string    // one of the spans; "" is a week
	From    time.Time // a period of its own goes before a span
	Until   time.Time
}

// The spans.
const (
	SpanDay   = "day"
	SpanWeek  = "week"
	SpanMonth = "month"
	SpanYear  = "year"
)

// Route leads to the flows that f stands for.
func (f FlowFilter) Route() Route {
	v := url.Values{}
	for key, value := range map[string]string{"device": f.Device, "to": f.To, "country": f.Country, "purpose": f.Purpose, "span": f.Span} {
		if value != "" {
			v.Set(key, value)
		}
	}
	for key, t := range map[string]time.Time{"from": f.From, "until": f.Until} {
		if !t.IsZero() {
			v.Set(key, t.UTC().Format(time.RFC3339))
		}
	}
	return Route{Page: PageFlows, Arg: v.Encode()}
}

// ParseFlowFilter reads the Arg of a route; what it does not understand selects all.
func ParseFlowFilter(arg string) FlowFilter {
	v, err := url.ParseQuery(arg)
	if err != nil {
		return FlowFilter{}
	}
	f := FlowFilter{Device: v.Get("device"), To: v.Get("to"), Country: v.Get("country"), Purpose: v.Get("purpose"), Span: v.Get("span")}
	if from, err := time.Parse(time.RFC3339, v.Get("from")); err == nil {
		f.From = from
	}
	if until, err := time.Parse(time.RFC3339, v.Get("until")); err == nil {
		f.Until = until
	}
	return f
}

// Period is from when and until when f reaches, counted from now.
func (f FlowFilter) Period(now time.Time) (from, until time.Time) {
	if !f.From.IsZero() {
		return f.From, f.Until
	}
	days := map[string]int{SpanDay: 1, SpanMonth: 30, SpanYear: 365}[f.Span]
	if days == 0 {
		days = 7
	}
	return now.AddDate(0, 0, -days), time.Time{}
}

package view

import (
	"cmp"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
)

// FlowsInput is what the page of flows is made of.
type FlowsInput struct {
	Filter FlowFilter
	Text   string
	Device engine.DeviceInfo // of the filter; zero for the whole home
	Flows  []engine.FlowInfo
	More   bool // there are more than these
	Export Outcome
}

// Flows is the page of what lies behind a figure.
func (p Presenter) Flows(in FlowsInput) Flows {
	out := Flows{
		Revision: p.Revision, Loaded: true, Query: Query{Text: in.Text}, Export: in.Export, Sentence: p.flowsSentence(in),
		Save: ActionLink{ID: "save", Label: p.T("Save this list")},
	}
	if in.Filter.From.IsZero() {
		out.Spans = p.oneOf(cmp.Or(in.Filter.Span, SpanWeek),
			Choice{ID: SpanDay, Label: p.T("a day")}, Choice{ID: SpanWeek, Label: p.T("7 days")},
			Choice{ID: SpanMonth, Label: p.T("30 days")}, Choice{ID: SpanYear, Label: p.T("a year")})
	}
	bytes, sources := uint64(0), []string(nil)
	for _, f := range in.Flows {
		bytes += f.BytesUp + f.BytesDown
		if s := p.seenBy(f.Source); !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
		out.Rows = append(out.Rows, p.flowRow(f))
	}
	slices.Sort(sources)
	out.Subline = p.N("%d entry", "%d entries", len(out.Rows)) + " · " + p.Size(bytes)
	if len(sources) > 0 {
		out.Subline += " · " + p.T("seen by %s", p.List(sources))
	}
	if in.More {
		out.Subline += " · " + p.T("the largest are shown; the saved list holds more")
	}
	if len(out.Rows) == 0 {
		out.Save = ActionLink{}
		out.Empty = Invitation{Title: p.T("Nothing like that was seen"), Text: p.T("Only what a connected source could see stands here. Try a longer time, or fewer words.")}
	}
	return out
}

func (p Presenter) flowRow(f engine.FlowInfo) FlowRow {
	r := FlowRow{
		Device: p.deviceName(f.DeviceName), DeviceID: string(f.Device), To: p.company(cmp.Or(f.Recipient, f.Receiver.Company, f.Destination)),
		Who: p.who(f.Receiver), Amount: p.amount(sent{up: f.BytesUp, down: f.BytesDown, count: f.Count}), When: p.flowWhen(f),
		Source: p.T("seen by %s", p.seenBy(f.Source)) + " · " + p.basis(f), Refused: f.Refused,
	}
	way := []string{portOf(f)}
	if d := clean(f.Destination); d != "" && d != r.To {
		way = append([]string{d}, way...)
	}
	r.Way = strings.Join(way, " · ")
	if f.Refused {
		r.Amount = p.N("%d turned away", "%d turned away", int(f.Count))
	}
	if len(f.Categories) > 0 {
		r.What = lowerFirst(p.dataLine(f.Categories)) + ", " + p.T("seen")
	}
	return r
}

// flowWhen is a day where nothing finer is kept: both ends are the same noon then.
func (p Presenter) flowWhen(f engine.FlowInfo) string {
	if f.First.Equal(f.Last) && p.local(f.Last).Format("15:04:05") == "12:00:00" {
		return p.sinceDay(f.Last)
	}
	return p.moment(f.Last)
}

// seenBy is the connection that a flow was seen by.
func (p Presenter) seenBy(source string) string {
	if id, ok := strings.CutPrefix(source, "connector:"); ok {
		return p.peer(id)
	}
	return clean(source)
}

func (p Presenter) flowsSentence(in FlowsInput) string {
	who := p.T("your home")
	if in.Filter.Device != "" {
		who = p.called(in.Device)
	}
	to := ""
	switch {
	case in.Filter.To != "":
		to = p.company(in.Filter.To)
	case in.Filter.Country == engine.Unknown:
		to = p.T("companies whose country is not known")
	case strings.HasPrefix(in.Filter.Country, engine.Registered):
		code := strings.TrimPrefix(in.Filter.Country, engine.Registered)
		to = p.T("address registered in %s", cmp.Or(p.country(code), clean(code)))
	case in.Filter.Country != "":
		to = cmp.Or(p.country(in.Filter.Country), clean(in.Filter.Country))
	case in.Filter.Purpose == engine.Unknown:
		to = p.T("somebody whose purpose is not known")
	case in.Filter.Purpose != "":
		to = cmp.Or(p.purpose(in.Filter.Purpose), clean(in.Filter.Purpose))
	}
	if to == "" {
		return p.T("What %s sent", who)
	}
	return p.T("What %[1]s sent to %[2]s", who, to)
}

// FlowsSaved says where the list lies.
func (p Presenter) FlowsSaved(files []string, dir string) Outcome { return p.Exported(files, dir) }

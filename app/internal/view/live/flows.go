package live

import (
	"context"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/discovery"
)

// flowsShown is how many rows the page of flows shows.
const flowsShown = 500

// Chart changes the span of the chart of the device that is seen.
func (p *Pump) Chart(span string) { p.change(func(w *want) { w.span = span }) }

// chart asks for what the chart of a span needs.
func (p *Pump) chart(ctx context.Context, id discovery.DeviceID, span string) (hours []engine.Hour, days []engine.Day, err error) {
	if span == view.SpanDay {
		hours, err = p.config.Engine.Hours(ctx, id)
	}
	if err == nil && (span != view.SpanDay || len(hours) == 0) {
		days, err = p.config.Engine.Days(ctx, id, view.ChartDays(span))
	}
	return hours, days, err
}

// FindFlows changes what is searched for among the flows that are seen.
func (p *Pump) FindFlows(q view.Query) { p.change(func(w *want) { w.flows = q }) }

// SaveFlows writes the list that is seen, whole, into dir.
func (p *Pump) SaveFlows(dir string) {
	w := p.wanted()
	if w.route.Page != view.PageFlows {
		return
	}
	q := p.flowQuery(w)
	p.change(func(w *want) { w.flowsSaved = view.Outcome{Busy: true} })
	p.do(func(ctx context.Context) {
		files, err := p.config.Engine.ExportFlows(ctx, q, dir)
		out := p.presenter().FlowsSaved(files, dir)
		if err != nil {
			out = view.Outcome{Line: p.presenter().Failure(err), Severity: view.Still}
		}
		p.change(func(w *want) { w.flowsSaved = out })
	})
}

func (p *Pump) flowQuery(w want) engine.FlowQuery {
	f := view.ParseFlowFilter(w.route.Arg)
	q := engine.FlowQuery{Device: discovery.DeviceID(f.Device), To: f.To, Country: f.Country, Purpose: f.Purpose, Text: w.flows.Text}
	q.Since, q.Until = f.Period(p.config.Now())
	return q
}

func (p *Pump) flows(ctx context.Context, w want) error {
	in := view.FlowsInput{Filter: view.ParseFlowFilter(w.route.Arg), Text: w.flows.Text, Export: w.flowsSaved}
	q := p.flowQuery(w)
	q.Limit = flowsShown + 1
	var err error
	if in.Flows, err = p.config.Engine.Flows(ctx, q); err != nil {
		return err
	}
	if len(in.Flows) > flowsShown {
		in.Flows, in.More = in.Flows[:flowsShown], true
	}
	if in.Filter.Device != "" {
		if in.Device, err = p.config.Engine.Device(ctx, in.Filter.Device); err != nil {
			in.Device = engine.DeviceInfo{Device: discovery.Device{ID: discovery.DeviceID(in.Filter.Device)}}
		}
	}
	put(p, string(view.PageFlows), p.presenter().Flows(in), same, func(f *view.Flows, r uint64) { f.Revision = r }, p.config.Screen.Flows)
	return nil
}

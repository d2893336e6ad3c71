package devices

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// sendsSheet shows what the device sends: to whom, what, how much, when, and
// how well that can be seen.
type sendsSheet struct {
	commands DeviceCommands
	box      *fyne.Container
	title    *kit.Text
	give     *kit.Button
	device   string
	rows     *fyne.Container
	empty    *kit.Text
	chart    *kit.Columns
	note     *kit.Text // the last 14 days, or the day that is pointed at
	graph    *fyne.Container
	shown    view.DevicePage
	coverage *kit.Text
}

func newSendsSheet(c DeviceCommands) *sendsSheet {
	s := &sendsSheet{
		commands: c, title: kit.NewHeading(""), rows: kit.NewColumn(2 * kit.Step), empty: kit.NewText("").Wrapped(0),
		note: kit.NewSoft(""), coverage: kit.NewSoft("").Wrapped(0),
	}
	s.give = kit.NewSignButton("calendar", " ", kit.Main, func() { c.Give(s.device, "") })
	s.chart = kit.NewColumns(128, s.point)
	s.graph = kit.NewPad(3*kit.Step, 0, 0, 0, kit.NewColumn(3*kit.Step, s.note, s.chart))
	s.box = kit.NewSheet("", kit.NewRow(2*kit.Step, kit.Grow(s.title), s.give), s.rows, s.empty, s.graph, s.coverage)
	return s
}

func (s *sendsSheet) set(d view.DevicePage) {
	s.shown, s.device = d, d.ID
	s.title.Set(d.SendsTitle)
	s.give.SetLabel(d.Give.Label)
	setVisible(s.give, d.Give.Label != "")
	s.rows.Objects = nil
	if len(d.Sends) > 0 {
		s.rows.Add(sendColumns(
			kit.NewSoft(lang.L("to")), kit.NewSoft(lang.L("what")), kit.NewSoft(lang.L("last 7 days")), kit.NewSoft("")))
	}
	for _, r := range d.Sends {
		s.rows.Add(s.row(r))
	}
	setVisible(s.rows, len(d.Sends) > 0)
	s.empty.Set(d.SendsEmpty)
	setVisible(s.empty, d.SendsEmpty != "")
	s.chart.Set(d.Chart)
	setVisible(s.graph, len(d.Chart) > 0)
	s.note.Set(d.ChartNote)
	s.coverage.Set(d.Coverage)
	setVisible(s.coverage, d.Coverage != "")
}

// point says the amount of the day that is pointed at.
func (s *sendsSheet) point(c view.Column, any bool) {
	s.note.Set(s.shown.ChartNote)
	if any {
		s.note.Set(c.Label + ": " + c.Value)
	}
}

func (s *sendsSheet) row(r view.SendRow) fyne.CanvasObject {
	to := kit.NewColumn(0, kit.NewText(r.To).Bold().Wrapped(2))
	if r.ToLine != "" {
		to.Add(kit.NewSoft(r.ToLine).Wrapped(2))
	}
	what := kit.NewColumn(0, small(r.What))
	if r.Basis != "" {
		what.Add(kit.NewSoft(r.Basis))
	}
	state := kit.NewColumn(0, kit.NewFlow(0, kit.NewPill(r.PillState, r.Pill)))
	if r.Allow.Label != "" {
		state.Add(kit.NewFlow(0, kit.NewButton(r.Allow.Label, kit.Link, func() { s.commands.Give(s.device, r.Allow.ID) })))
	}
	if r.Consent != "" {
		state.Add(kit.NewFlow(0, kit.NewButton(lang.L("Open"), kit.Link, func() {
			s.commands.Open(view.Route{Page: view.PageReview, Arg: r.Consent})
		})))
	}
	return kit.NewColumn(2*kit.Step, newRule(), sendColumns(to, what, small(r.Amount), state))
}

func small(s string) *kit.Text {
	t := kit.NewText(s).Wrapped(2)
	t.Height = kit.SizeSmall
	return t
}

// newRule is a line between rows.
func newRule() fyne.CanvasObject {
	return container.New(ruleLayout{}, kit.NewPanel(kit.ColorLine, 0))
}

type ruleLayout struct{}

func (ruleLayout) Layout(o []fyne.CanvasObject, s fyne.Size)          { o[0].Resize(s) }
func (ruleLayout) MinSize([]fyne.CanvasObject) fyne.Size              { return fyne.NewSize(1, 1) }
func (ruleLayout) HeightFor(_ []fyne.CanvasObject, _ float32) float32 { return 1 }

// sendColumns sets the four cells of a row in columns that agree from row to row.
func sendColumns(to, what, amount, state fyne.CanvasObject) *fyne.Container {
	return container.New(&columnsLayout{fixed: []float32{0, 0, 92, 138}, share: []float32{1.5, 1, 0, 0}}, to, what, amount, state)
}

// columnsLayout is a row of a table whose cells wrap.
type columnsLayout struct {
	fixed []float32 // at normal text size
	share []float32 // of the width that is left
}

func (l *columnsLayout) widths(width float32) []float32 {
	const gap = 3 * kit.Step
	rest := width - gap*float32(len(l.fixed)-1)
	var shares float32
	for i := range l.fixed {
		rest -= l.fixed[i] * scale()
		shares += l.share[i]
	}
	out := make([]float32, len(l.fixed))
	for i := range out {
		out[i] = l.fixed[i] * scale()
		if shares > 0 {
			out[i] += max(rest, 0) * l.share[i] / shares
		}
	}
	return out
}

func (l *columnsLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	var x float32
	for i, w := range l.widths(s.Width) {
		o[i].Move(fyne.NewPos(x, 0))
		o[i].Resize(fyne.NewSize(w, kit.HeightFor(o[i], w)))
		x += w + 3*kit.Step
	}
}

func (l *columnsLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	var h float32
	for i, w := range l.widths(width) {
		h = max(h, kit.HeightFor(o[i], w))
	}
	return h
}

func (l *columnsLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	var h float32
	for _, x := range o {
		h = max(h, x.MinSize().Height)
	}
	return fyne.NewSize(1, h)
}

// factsSheet shows what the device is and what that rests on; what only few
// want to know is folded away.
type factsSheet struct {
	box       *fyne.Container
	title     *kit.Text
	evidence  *fyne.Container
	technical *fyne.Container
	more      *kit.Button
	open      bool
}

func newFactsSheet() *factsSheet {
	f := &factsSheet{title: kit.NewHeading("").Wrapped(2), evidence: kit.NewColumn(2 * kit.Step), technical: kit.NewColumn(2 * kit.Step)}
	f.more = kit.NewSignButton("down", lang.L("Technical details"), kit.Link, func() {
		f.open = !f.open
		setVisible(f.technical, f.open)
		f.box.Refresh()
	})
	f.technical.Hide()
	f.box = kit.NewSheet("", f.title, f.evidence, kit.NewPad(0, 0, 0, -kit.Step, kit.NewFlow(0, f.more)), f.technical)
	return f
}

func (f *factsSheet) fold() {
	f.open = false
	setVisible(f.technical, false)
}

func (f *factsSheet) set(d view.DevicePage) {
	f.title.Set(d.WhatTitle)
	f.evidence.Objects, f.technical.Objects = nil, nil
	for _, e := range d.Evidence {
		f.evidence.Add(fact(e))
	}
	if len(d.Evidence) == 0 {
		f.evidence.Add(kit.NewSoft(lang.L("It says nothing about itself.")).Wrapped(0))
	}
	for _, e := range d.Technical {
		f.technical.Add(fact(e))
	}
	setVisible(f.more, len(d.Technical) > 0)
}

func fact(e view.EvidenceLine) fyne.CanvasObject {
	value := kit.NewColumn(0, small(e.Value))
	value.Objects[0].(*kit.Text).Lines = 4
	if e.Because != "" {
		value.Add(kit.NewSoft(e.Because).Wrapped(0))
	}
	return kit.NewTopRow(3*kit.Step, kit.NewWide(84, kit.NewSoft(e.What).Wrapped(2)), kit.Grow(value))
}

// historySheet shows what the diary says about the device.
type historySheet struct {
	box   *fyne.Container
	title *kit.Text
	rows  *fyne.Container
}

func newHistorySheet() *historySheet {
	h := &historySheet{title: kit.NewHeading(""), rows: kit.NewColumn(2 * kit.Step)}
	h.box = kit.NewSheet("", h.title, h.rows)
	return h
}

func (h *historySheet) set(d view.DevicePage) {
	h.title.Set(d.HistoryTitle)
	h.rows.Objects = nil
	for _, r := range d.History {
		text := kit.NewParagraph(kit.Span{Text: r.Axis + " ", Bold: true, Color: kit.InkOf(r.Severity)}, kit.Span{Text: r.Text})
		text.Height = kit.SizeSmall
		if r.Severity == view.None {
			text.SetSpans(kit.Span{Text: r.Axis + " ", Color: kit.ColorSoft}, kit.Span{Text: r.Text})
		}
		when := kit.NewSoft(r.Day + " " + r.When).Wrapped(2)
		h.rows.Add(kit.NewTopRow(3*kit.Step, kit.NewWide(116, when), kit.Grow(text)))
	}
	if len(d.History) == 0 {
		h.rows.Add(kit.NewSoft(d.HistoryEmpty).Wrapped(0))
	}
}

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
	lines    []*sendLine
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
	setLabel(s.give, d.Give.Label)
	s.setRows(d.Sends)
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

// setRows changes the rows in place, so that figures that grow take the focus
// from no button.
func (s *sendsSheet) setRows(sends []view.SendRow) {
	if len(s.lines) == 0 && len(sends) > 0 {
		s.rows.Objects = []fyne.CanvasObject{sendColumns(
			kit.NewSoft(lang.L("to")), kit.NewSoft(lang.L("what")), kit.NewSoft(lang.L("last 7 days")), kit.NewSoft(""))}
	}
	for len(s.lines) < len(sends) {
		l := newSendLine(s)
		s.lines = append(s.lines, l)
		s.rows.Add(l.box)
	}
	for i, l := range s.lines {
		setVisible(l.box, i < len(sends))
		if i < len(sends) {
			l.set(sends[i])
		}
	}
}

// sendLine is one recipient of what the device sends.
type sendLine struct {
	shown                           view.SendRow
	box                             *fyne.Container
	to, toLine, what, basis, amount *kit.Text
	pill                            *kit.Pill
	link                            *kit.Button
}

func newSendLine(s *sendsSheet) *sendLine {
	l := &sendLine{
		to: kit.NewText("").Bold().Wrapped(2), toLine: kit.NewSoft("").Wrapped(2), what: small(""), basis: kit.NewSoft(""),
		amount: small(""), pill: kit.NewPill(view.None, " "),
	}
	l.link = kit.NewButton(" ", kit.Link, func() {
		if l.shown.Consent != "" {
			s.commands.Open(view.Route{Page: view.PageReview, Arg: l.shown.Consent})
			return
		}
		s.commands.Give(s.device, l.shown.Allow.ID)
	})
	state := kit.NewColumn(0, kit.NewFlow(0, l.pill), kit.NewFlow(0, l.link))
	l.box = kit.NewColumn(2*kit.Step, newRule(), sendColumns(kit.NewColumn(0, l.to, l.toLine), kit.NewColumn(0, l.what, l.basis), l.amount, state))
	return l
}

func (l *sendLine) set(r view.SendRow) {
	l.shown = r
	l.to.Set(r.To)
	l.toLine.Set(r.ToLine)
	l.what.Set(r.What)
	l.basis.Set(r.Basis)
	l.amount.Set(r.Amount)
	l.pill.Set(r.PillState, r.Pill)
	label := r.Allow.Label
	if r.Consent != "" {
		label = lang.L("Open")
	}
	setVisible(l.toLine, r.ToLine != "")
	setVisible(l.basis, r.Basis != "")
	setLabel(l.link, label)
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

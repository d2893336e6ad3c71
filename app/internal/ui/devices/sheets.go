package devices

import (
	"slices"

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
	changed  func() // the sheet may be higher now
	device   string
	rows     *fyne.Container
	more     *kit.Button // leads to all of them
	lines    []*sendLine
	empty    *kit.Text
	spans    *kit.Chips
	chart    *kit.Columns
	note     *kit.Text // the last 14 days, or the day that is pointed at
	graph    *fyne.Container
	shown    view.DevicePage
	picks    map[string]bool // recipients that are ticked, by their IDs
	order    []string        // of the recipients, as they were first shown
	coverage *kit.Text
}

func newSendsSheet(c DeviceCommands, changed func()) *sendsSheet {
	s := &sendsSheet{
		commands: c, changed: changed, title: kit.NewHeading("").Wrapped(0), rows: kit.NewColumn(2 * kit.Step), empty: kit.NewText("").Wrapped(0),
		note: kit.NewSoft("").Wrapped(0), coverage: kit.NewSoft("").Wrapped(0),
	}
	s.give = kit.NewSignButton("calendar", " ", kit.Main, func() { c.Give(s.device, s.picked()...) })
	s.more = kit.NewButton(" ", kit.Link, func() { c.Open(s.shown.AllSends) })
	s.chart = kit.NewColumns(128, s.point, c.Open)
	s.spans = kit.NewChips(func(span string) { c.Chart(span) })
	s.graph = kit.NewPad(3*kit.Step, 0, 0, 0, kit.NewColumn(3*kit.Step, kit.NewHead(s.note, s.spans.Content()), s.chart))
	s.box = kit.NewSheet("", kit.NewHead(s.title, kit.NewFlow(0, s.give)), s.rows, kit.NewFlow(0, s.more), s.empty, s.graph, s.coverage)
	return s
}

func (s *sendsSheet) set(d view.DevicePage) {
	if s.device != d.ID {
		s.picks, s.order = nil, nil
	}
	d.Sends, s.order = view.Steady(s.order, d.Sends, func(r view.SendRow) string { return r.To })
	s.shown, s.device = d, d.ID
	s.title.Set(d.SendsTitle)
	s.setRows(d.Sends)
	s.setGive()
	kit.SetVisible(s.rows, len(d.Sends) > 0)
	kit.SetWord(s.more, d.MoreSends)
	s.empty.Set(d.SendsEmpty)
	kit.SetVisible(s.empty, d.SendsEmpty != "")
	s.spans.Set(d.Spans)
	s.chart.Set(d.Chart)
	kit.SetVisible(s.chart, len(d.Chart) > 0)
	kit.SetVisible(s.graph, len(d.Chart) > 0 || len(d.Spans) > 0)
	s.note.Set(d.ChartNote)
	s.coverage.Set(d.Coverage)
	kit.SetVisible(s.coverage, d.Coverage != "")
}

// picked are the ticked recipients that are still without a permission, in their order.
func (s *sendsSheet) picked() []string {
	var out []string
	for _, r := range s.shown.Sends {
		if r.Allow.Label != "" && s.picks[r.Allow.ID] {
			out = append(out, r.Allow.ID)
		}
	}
	return out
}

// setGive says on the button for whom it gives a permission. Where nobody is
// ticked yet it waits: a button that comes would move what is pointed at.
func (s *sendsSheet) setGive() {
	label, waits := s.shown.Give.Label, false
	n := len(s.picked())
	switch {
	case n == 1:
		label = lang.L("Set an end date for this one")
	case n > 1:
		label = lang.L("Set an end date for these {{.Count}}", map[string]any{"Count": n})
	case label == "" && slices.ContainsFunc(s.shown.Sends, func(r view.SendRow) bool { return r.Allow.Label != "" }):
		label, waits = lang.L("Set an end date"), true
	}
	kit.SetWord(s.give, label)
	kit.SetBusy(s.give, waits)
}

func (s *sendsSheet) pick(id string, on bool) {
	if s.picks == nil {
		s.picks = map[string]bool{}
	}
	s.picks[id] = on
	s.setRows(s.shown.Sends)
	s.setGive()
	s.changed()
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
		s.rows.Objects = []fyne.CanvasObject{kit.NewCells(true, sendHeads,
			kit.NewSoft(""), kit.NewSoft(lang.L("to")), kit.NewSoft(lang.L("what")), kit.NewSoft(lang.L("last 7 days")), kit.NewSoft(""))}
	}
	for len(s.lines) < len(sends) {
		l := newSendLine(s)
		s.lines = append(s.lines, l)
		s.rows.Objects = append(s.rows.Objects, l.box) // Add would lay all of them out, once for each
	}
	for i, l := range s.lines {
		kit.SetVisible(l.box, i < len(sends))
		if i < len(sends) {
			l.set(sends[i], s.picks[sends[i].Allow.ID])
		}
	}
}

// sendLine is one recipient of what the device sends.
type sendLine struct {
	shown                                 view.SendRow
	box                                   *fyne.Container
	tick                                  *kit.Tick
	to, who, toLine, secrecy, what, basis *kit.Text
	amount                                *kit.Button // leads to what lies behind it
	pill                                  *kit.Pill
	link                                  *kit.Button
}

func newSendLine(s *sendsSheet) *sendLine {
	l := &sendLine{
		to: kit.NewText("").Bold().Wrapped(0), who: small(""), toLine: kit.NewSoft("").Wrapped(0), secrecy: kit.NewSoft("").Wrapped(0), what: small(""), basis: kit.NewSoft("").Wrapped(0),
		pill: kit.NewPill(view.None, " "),
	}
	l.amount = kit.NewButton(" ", kit.Link, func() { s.commands.Open(l.shown.Flows) })
	l.link = kit.NewButton(" ", kit.Link, func() {
		if l.shown.Consent != "" {
			s.commands.Open(view.Route{Page: view.PageReview, Arg: l.shown.Consent})
			return
		}
		s.commands.Give(s.device, l.shown.Allow.ID)
	})
	l.tick = kit.NewTick(func(on bool) { s.pick(l.shown.Allow.ID, on) })
	state := kit.NewColumn(0, kit.NewFlow(0, l.pill), kit.NewFlow(0, l.link))
	l.box = kit.NewColumn(2*kit.Step, newRule(), kit.NewCells(true, sendCells, l.tick, kit.NewColumn(0, l.to, l.who, l.toLine, l.secrecy), kit.NewColumn(0, l.what, l.basis), kit.NewPad(-1.5*kit.Step, 0, 0, -kit.Step, kit.NewFlow(0, l.amount)), state))
	return l
}

func (l *sendLine) set(r view.SendRow, picked bool) {
	l.shown = r
	l.tick.Set(view.Choice{ID: r.Allow.ID, Label: r.To, Chosen: picked})
	kit.SetVisible(l.tick, r.Allow.Label != "")
	l.to.Set(r.To)
	l.toLine.Set(r.ToLine)
	l.secrecy.Set(r.Secrecy)
	kit.SetVisible(l.secrecy, r.Secrecy != "")
	l.what.Set(r.What)
	l.basis.Set(r.Basis)
	l.amount.SetLabel(r.Amount)
	l.who.Set(r.Who)
	kit.SetVisible(l.who, r.Who != "")
	l.pill.SetLacking(r.PillState, r.Pill, r.Lacking)
	label := r.Allow.Label
	if r.Consent != "" {
		label = lang.L("Open")
	}
	kit.SetVisible(l.toLine, r.ToLine != "")
	kit.SetVisible(l.basis, r.Basis != "")
	kit.SetWord(l.link, label)
}

func small(s string) *kit.Text {
	t := kit.NewText(s).Wrapped(0)
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

// sendCells are a tick, to whom, what, how much, and the state. In a narrower
// table the others stand under to whom.
var sendCells = []kit.Cell{{Width: 22}, {Share: 1.5}, {Share: 1, From: 440, Under: 2}, {Width: 88, From: 440, Under: 2}, {Width: 156, From: 440, Under: 2}}

// sendHeads are the same without lines below.
var sendHeads = []kit.Cell{sendCells[0], sendCells[1], {Share: 1, From: 440}, {Width: 88, From: 440}, {Width: 156, From: 440}}

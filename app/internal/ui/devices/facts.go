package devices

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// factsSheet shows what the device is and what that rests on; what only few
// want to know is folded away.
type factsSheet struct {
	box       *fyne.Container
	title     *kit.Text
	evidence  *fyne.Container
	technical *fyne.Container
	more      *kit.Button
	open      bool
	shown     [][]view.EvidenceLine
}

func newFactsSheet() *factsSheet {
	f := &factsSheet{title: kit.NewHeading("").Wrapped(2), evidence: kit.NewColumn(2 * kit.Step), technical: kit.NewColumn(2 * kit.Step)}
	f.more = kit.NewSignButton("down", lang.L("Technical details"), kit.Link, func() {
		f.open = !f.open
		kit.SetVisible(f.technical, f.open)
		f.box.Refresh()
	})
	f.technical.Hide()
	f.box = kit.NewSheet("", f.title, f.evidence, kit.NewPad(0, 0, 0, -kit.Step, kit.NewFlow(0, f.more)), f.technical)
	return f
}

func (f *factsSheet) fold() {
	f.open = false
	kit.SetVisible(f.technical, false)
}

func (f *factsSheet) set(d view.DevicePage) {
	f.title.Set(d.WhatTitle)
	if len(f.shown) > 0 && slices.Equal(f.shown[0], d.Evidence) && slices.Equal(f.shown[1], d.Technical) {
		return
	}
	f.shown = [][]view.EvidenceLine{d.Evidence, d.Technical}
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
	kit.SetVisible(f.more, len(d.Technical) > 0)
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
	shown []view.DiaryRow
}

func newHistorySheet() *historySheet {
	h := &historySheet{title: kit.NewHeading(""), rows: kit.NewColumn(2 * kit.Step)}
	h.box = kit.NewSheet("", h.title, h.rows)
	return h
}

func (h *historySheet) set(d view.DevicePage) {
	h.title.Set(d.HistoryTitle)
	if len(h.rows.Objects) > 0 && slices.Equal(h.shown, d.History) {
		return
	}
	h.shown = d.History
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

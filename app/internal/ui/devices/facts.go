package devices

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// factsSheet shows what the device is and what that rests on, and takes the
// person's corrections; what only few want to know is folded away.
type factsSheet struct {
	box       *fyne.Container
	title     *kit.Text
	evidence  *fyne.Container
	lines     *fyne.Container // of technical
	technical *kit.Fold
	shown     [][]view.EvidenceLine
	device    view.DevicePage

	depends      *kit.Chips
	dependsTitle *kit.Text
	dependsBox   *fyne.Container
	split        *kit.Button
	same         *kit.Chips
	sameTitle    *kit.Text
}

func newFactsSheet(c DeviceCommands) *factsSheet {
	f := &factsSheet{
		title: kit.NewHeading("").Wrapped(0), evidence: kit.NewColumn(2 * kit.Step), lines: kit.NewColumn(2 * kit.Step),
		dependsTitle: small("").Bold(), sameTitle: small("").Bold(),
	}
	f.depends = kit.NewChips(func(grade string) { c.Depends(f.device.ID, grade) })
	f.dependsBox = kit.NewColumn(2*kit.Step, f.dependsTitle, f.depends.Content())
	f.split = kit.NewButton(" ", kit.Ordinary, func() { c.Split(f.device.ID) })
	f.same = kit.NewChips(func(gone string) { c.Merge(f.device.ID, gone) })
	f.technical = kit.NewFold(lang.L("Technical details"), kit.NewColumn(3*kit.Step, f.lines, kit.NewFlow(0, f.split), f.sameTitle, f.same.Content()))
	f.box = kit.NewSheet("", f.title, f.evidence, f.dependsBox, f.technical.Content())
	return f
}

func (f *factsSheet) fold() { f.technical.Unfold(false) }

func (f *factsSheet) set(d view.DevicePage) {
	f.device = d
	f.title.Set(d.WhatTitle)
	f.dependsTitle.Set(d.DependsTitle)
	f.depends.Set(d.Depends)
	kit.SetVisible(f.dependsBox, len(d.Depends) > 0)
	kit.SetWord(f.split, d.Split.Label)
	f.sameTitle.Set(d.SameTitle)
	f.same.Set(d.Same)
	kit.SetVisible(f.sameTitle, len(d.Same) > 0)
	kit.SetVisible(f.same.Content(), len(d.Same) > 0)
	if len(f.shown) > 0 && slices.Equal(f.shown[0], d.Evidence) && slices.Equal(f.shown[1], d.Technical) {
		return
	}
	f.shown = [][]view.EvidenceLine{d.Evidence, d.Technical}
	f.evidence.Objects, f.lines.Objects = nil, nil
	for i, e := range d.Evidence {
		if i > 0 && e.What == d.Evidence[i-1].What {
			e.What = ""
		}
		f.evidence.Add(fact(e))
	}
	if len(d.Evidence) == 0 {
		f.evidence.Add(kit.NewSoft(lang.L("It says nothing about itself.")).Wrapped(0))
	}
	for _, e := range d.Technical {
		f.lines.Add(fact(e))
	}
	kit.SetVisible(f.technical.Content(), len(d.Technical) > 0)
}

func fact(e view.EvidenceLine) fyne.CanvasObject {
	value := kit.NewColumn(0, small(e.Value))
	if e.Because != "" {
		value.Add(kit.NewSoft(e.Because).Wrapped(0))
	}
	return kit.NewTopRow(3*kit.Step, kit.NewWide(84, kit.NewSoft(e.What).Wrapped(0)), kit.Grow(value))
}

// historySheet shows what the diary says about the device.
type historySheet struct {
	box   *fyne.Container
	title *kit.Text
	rows  *fyne.Container
	shown []view.DiaryRow
}

func newHistorySheet() *historySheet {
	h := &historySheet{title: kit.NewHeading("").Wrapped(0), rows: kit.NewColumn(2 * kit.Step)}
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
		when := kit.NewSoft(r.Day + " " + r.When).Wrapped(0)
		h.rows.Add(kit.NewTopRow(3*kit.Step, kit.NewWide(116, when), kit.Grow(text)))
	}
	if len(d.History) == 0 {
		h.rows.Add(kit.NewSoft(d.HistoryEmpty).Wrapped(0))
	}
}

package devices

import (
	"reflect"

	"fyne.io/fyne/v2"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// BehaviourCommands are what the sheets about behaviour can ask for; each
// returns at once and none may be nil.
type BehaviourCommands struct {
	Fine   func(findings ...string) // what is out of the ordinary is fine
	Give   func(device string)      // asks for a maker's description as a file
	Fetch  func(device string)      // fetches the one that the device announces
	Forget func(device string)
	Copy   func(text string)
	Visit  func(page string) // opens it in the person's own browser
}

// behaviourSheets show how a device behaves: what was out of the ordinary, said
// against seen, which data it handles, and how well it can be seen. They are
// built anew when they changed, so that a figure elsewhere takes no focus.
type behaviourSheets struct {
	commands DeviceCommands
	unusual  *fyne.Container
	said     *fyne.Container
	data     *fyne.Container
	sight    *fyne.Container
	shown    view.DeviceBehaviour
	device   string
}

func newBehaviourSheets(c DeviceCommands) *behaviourSheets {
	b := &behaviourSheets{commands: c, unusual: kit.NewColumn(0), said: kit.NewColumn(0), data: kit.NewColumn(0), sight: kit.NewColumn(0)}
	for _, o := range []*fyne.Container{b.unusual, b.said, b.data, b.sight} {
		o.Hide()
	}
	return b
}

func (b *behaviourSheets) set(d view.DevicePage) {
	if b.device == d.ID && reflect.DeepEqual(b.shown, d.Behaviour) {
		return
	}
	b.device, b.shown = d.ID, d.Behaviour
	s := d.Behaviour
	fill(b.unusual, len(s.Unusual) > 0, func() fyne.CanvasObject { return b.unusualSheet(s) })
	fill(b.said, s.Said.Title != "", func() fyne.CanvasObject { return b.saidSheet(s.Said) })
	fill(b.data, len(s.Data) > 0, func() fyne.CanvasObject { return dataSheet(s) })
	fill(b.sight, s.SightTitle != "", func() fyne.CanvasObject { return b.sightSheet(s) })
}

// fill shows what build makes, or nothing.
func fill(in *fyne.Container, shown bool, build func() fyne.CanvasObject) {
	in.Objects = nil
	if shown {
		in.Add(build())
	}
	kit.SetVisible(in, shown)
}

func (b *behaviourSheets) unusualSheet(s view.DeviceBehaviour) fyne.CanvasObject {
	rows := kit.NewColumn(3 * kit.Step)
	for _, u := range s.Unusual {
		row := kit.NewColumn(kit.Step, kit.NewText(u.Text).Wrapped(0), kit.NewSoft(u.Hint).Wrapped(0),
			aligned(
				kit.NewButton(u.Fine.Label, kit.Link, func() { b.commands.Behaviour.Fine(u.Fine.ID) }),
				kit.NewButton(u.Show, kit.Link, func() { b.commands.Open(u.Flows) })))
		rows.Add(kit.NewTopRow(2*kit.Step, kit.NewSign(severitySign(u.Severity), kit.InkOf(u.Severity), 20), kit.Grow(row)))
	}
	return kit.NewSheet(s.UnusualTitle, rows)
}

func severitySign(s view.Severity) string {
	if s == view.None {
		return "info"
	}
	return "still"
}

// aligned lets words without a border stand in line with the text above, by
// giving up their margin.
func aligned(words ...fyne.CanvasObject) fyne.CanvasObject {
	return kit.NewPad(0, 0, 0, -kit.Step, kit.NewFlow(0, words...))
}

func (b *behaviourSheets) saidSheet(s view.SaidSheet) fyne.CanvasObject {
	content := kit.NewColumn(3*kit.Step, kit.NewText(s.Basis).Wrapped(0))
	if s.Note != "" {
		content.Add(kit.NewSoft(s.Note).Wrapped(0))
	}
	for _, g := range s.Groups {
		content.Add(b.saidGroup(g))
	}
	if s.Offer != "" {
		content.Add(kit.NewText(s.Offer).Wrapped(0))
	}
	var words []fyne.CanvasObject
	for _, a := range s.Actions {
		words = append(words, kit.NewButton(a.Label, kit.Link, func() { b.answer(a.ID) }))
	}
	content.Add(aligned(words...))
	return kit.NewSheet(s.Title, content)
}

func (b *behaviourSheets) answer(action string) {
	switch action {
	case view.SaidFile:
		b.commands.Behaviour.Give(b.device)
	case view.SaidFetch:
		b.commands.Behaviour.Fetch(b.device)
	case view.SaidCopy:
		b.commands.Behaviour.Copy(b.shown.Said.Address)
	case view.SaidVisit:
		b.commands.Behaviour.Visit(b.shown.Said.Address)
	case view.SaidForget:
		b.commands.Behaviour.Forget(b.device)
	}
}

// saidGroup is one of the four lists, under its name and how many they are.
func (b *behaviourSheets) saidGroup(g view.SaidGroup) fyne.CanvasObject {
	out := kit.NewColumn(kit.Step, kit.NewFlow(2*kit.Step, kit.NewPill(g.Severity, g.Title+" · "+g.Count)))
	for _, r := range g.Rows {
		left := kit.NewColumn(0, kit.NewText(r.Name).Wrapped(0))
		if r.Line != "" {
			left.Add(kit.NewSoft(r.Line).Wrapped(0))
		}
		switch {
		case r.Amount != "" && r.Flows.Page != "":
			out.Add(kit.NewHead(left, kit.NewFlow(0, kit.NewButton(r.Amount, kit.Link, func() { b.commands.Open(r.Flows) }))))
		case r.Amount != "":
			out.Add(kit.NewHead(left, kit.NewFlow(0, kit.NewSoft(r.Amount).Wrapped(0).Fitted())))
		default:
			out.Add(left)
		}
	}
	if g.More != "" {
		out.Add(kit.NewSoft(g.More).Wrapped(0))
	}
	return out
}

// dataSheet marks each kind of data as seen, declared, typical or unknown.
func dataSheet(s view.DeviceBehaviour) fyne.CanvasObject {
	rows := kit.NewColumn(2 * kit.Step)
	for _, d := range s.Data {
		rows.Add(kit.NewColumn(kit.Step, kit.NewFlow(0, kit.NewPill(view.None, d.Basis)), kit.NewText(d.What).Wrapped(0), kit.NewSoft(d.Because).Wrapped(0)))
	}
	return kit.NewSheet(s.DataTitle, rows)
}

func (b *behaviourSheets) sightSheet(s view.DeviceBehaviour) fyne.CanvasObject {
	rows := kit.NewColumn(2 * kit.Step)
	for _, l := range s.Sight {
		rows.Add(fact(l))
	}
	for _, text := range s.OwnNames {
		rows.Add(kit.NewTopRow(2*kit.Step, kit.NewSign("still", kit.InkOf(view.Soon), 20), kit.Grow(kit.NewText(text).Wrapped(0))))
	}
	for _, text := range s.Missing {
		rows.Add(kit.NewSoft(text).Wrapped(0))
	}
	return kit.NewSheet(s.SightTitle, rows)
}

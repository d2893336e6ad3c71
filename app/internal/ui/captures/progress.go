package captures

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// progress is how far a file is read, in words and as a bar, and the way to stop it.
type progress struct {
	box  *fyne.Container
	line *kit.Text
	bar  *fyne.Container
	part *barLayout
	stop *kit.Button
}

func newProgress(stop func()) *progress {
	p := &progress{line: kit.NewText("").Wrapped(0), part: &barLayout{}, stop: kit.NewButton(" ", kit.Ordinary, stop)}
	p.bar = container.New(p.part, kit.NewPanel(kit.ColorGreyTint, barHeight/2), kit.NewPanel(kit.ColorAct, barHeight/2))
	p.box = kit.NewSheet("", kit.NewHead(p.line, kit.NewFlow(0, p.stop)), p.bar)
	p.box.Hide()
	return p
}

func (p *progress) set(s view.Capture) {
	kit.SetVisible(p.box, s.Busy)
	if !s.Busy {
		return
	}
	p.line.Set(s.Reading)
	kit.SetWord(p.stop, s.Stop.Label)
	p.part.share = float32(s.Progress)
	p.bar.Refresh()
	p.part.Layout(p.bar.Objects, p.bar.Size())
}

// barHeight is how thick the bar is.
const barHeight float32 = 8

// barLayout sets a bar over its ground.
type barLayout struct{ share float32 }

func (l *barLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Resize(s)
	o[1].Resize(fyne.NewSize(s.Width*min(max(l.share, 0), 1), s.Height))
}

func (*barLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, barHeight) }

package connectors

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// setup is what has to be done at the peer before the form can be filled in: the
// steps, and a text to paste or to save there.
type setup struct {
	commands Commands
	box      *fyne.Container
	saved    *fyne.Container
}

func newSetup(c Commands) *setup {
	s := &setup{commands: c, box: kit.NewColumn(2 * kit.Step), saved: kit.NewColumn(0)}
	s.box.Hide()
	s.saved.Hide()
	return s
}

// open makes the steps of another form.
func (s *setup) open(f view.Form) {
	s.box.Objects = nil
	kit.SetVisible(s.box, f.StepsTitle != "")
	if f.StepsTitle == "" {
		return
	}
	s.box.Add(kit.NewText(f.StepsTitle).Bold().Wrapped(0))
	for _, step := range f.Steps {
		s.box.Add(kit.NewTopRow(2*kit.Step, kit.NewSign("dot", kit.ColorSoft, 16), kit.Grow(kit.NewText(step).Wrapped(0))))
	}
	if f.Setup == "" {
		return
	}
	s.box.Add(newPaste(f.Setup))
	s.box.Add(kit.NewFlow(2*kit.Step,
		kit.NewButton(f.Copy.Label, kit.Ordinary, func() { s.commands.Copy(f.Setup) }),
		kit.NewSignButton("save", f.Save.Label, kit.Ordinary, func() { s.commands.Save(f.SetupName, f.Setup) })))
	s.box.Add(s.saved)
}

// set shows what became of saving it.
func (s *setup) set(f view.Form) {
	s.saved.Objects = nil
	if f.Saved.Line != "" {
		s.saved.Add(kit.NewNotice(f.Saved.Severity, "", f.Saved.Line, "", nil))
	}
	kit.SetVisible(s.saved, f.Saved.Line != "")
}

// pasteHeight is how much of a text to paste is seen at once, at normal text size.
const pasteHeight float32 = 150

// newPaste shows a text as it is to be pasted, line by line; the rest scrolls.
func newPaste(text string) fyne.CanvasObject {
	l := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	l.SizeName, l.Selectable, l.Wrapping = kit.SizeSmall, true, fyne.TextWrapWord
	return kit.NewStack(kit.NewFrame(kit.ColorPaper, kit.ColorLine, kit.RadiusControl), container.New(pasteLayout{}, container.NewVScroll(l)))
}

type pasteLayout struct{}

func (pasteLayout) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }

func (pasteLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(120, pasteHeight*kit.Scale())
}

package connectors

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// link is the step on the peer's own page: what to do there, the code that is to
// be typed, and the button that opens it.
type link struct {
	commands Commands
	box      *fyne.Container
	shown    view.LinkStep
}

func newLink(c Commands) *link {
	l := &link{commands: c, box: kit.NewColumn(2 * kit.Step)}
	l.box.Hide()
	return l
}

// set shows s; what stays keeps its focus.
func (l *link) set(s view.LinkStep) {
	if s == l.shown {
		return
	}
	l.shown = s
	l.box.Objects = nil
	kit.SetVisible(l.box, s.Line != "")
	if s.Line == "" {
		return
	}
	l.box.Add(kit.NewText(s.Line).Bold().Wrapped(0))
	if s.Code != "" {
		l.box.Add(kit.NewTitle(s.Code))
	}
	l.box.Add(kit.NewFlow(2*kit.Step, kit.NewButton(s.Open.Label, kit.Main, func() { l.commands.Visit(s.Page) })))
	l.box.Add(kit.NewSoft(s.Until).Wrapped(0))
}

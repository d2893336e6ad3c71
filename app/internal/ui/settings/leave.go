package settings

import (
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// LeaveCommands are the answers; none may be nil.
type LeaveCommands struct {
	Keep   func()
	Quit   func()
	Cancel func()
}

// NewLeave is the question when the window is closed.
func NewLeave(v view.Leaving, c LeaveCommands) *kit.Dialog {
	body := kit.NewColumn(3*kit.Step, kit.NewText(v.Text).Wrapped(0))
	for _, l := range v.Lines {
		body.Add(kit.NewSoft(l).Wrapped(0))
	}
	return kit.NewDialog(v.Title, 520, body, kit.NewEnds(
		kit.NewFlow(0, kit.NewButton(lang.L("Cancel"), kit.Ordinary, c.Cancel)),
		kit.NewFlow(2*kit.Step, kit.NewButton(v.Quit, kit.Ordinary, c.Quit), kit.NewButton(v.Keep, kit.Main, c.Keep))))
}

// StartCommands are the answers to NewStart; none may be nil.
type StartCommands struct {
	Yes func()
	No  func()
}

// NewStart asks once, after the first end date, whether to start with the computer.
func NewStart(c StartCommands) *kit.Dialog {
	body := kit.NewText(lang.L("Your first date is set. It is kept while Best Before runs. Shall it start by itself when you sign in? You can change this in Settings.")).Wrapped(0)
	return kit.NewDialog(lang.L("Start with the computer?"), 520, body, kit.NewEnds(kit.NewFlow(0), kit.NewFlow(2*kit.Step,
		kit.NewButton(lang.L("No"), kit.Ordinary, c.No), kit.NewButton(lang.L("Start with the computer"), kit.Main, c.Yes))))
}

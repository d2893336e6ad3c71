package connectors

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// FileCommands are what the part about connectors as files can ask for; each
// returns at once and none may be nil.
type FileCommands struct {
	Choose  func()           // who listens asks for the file
	Approve func(sum string) // just the file that is shown
	Close   func()
	Remove  func(kind string)
}

// files shows connectors as files: the one that is looked at, and those kept here.
type files struct {
	commands FileCommands
	asked    string // the kind whose removal was asked for once
	shown    view.ConnectorFiles
	box      *fyne.Container
	look     *fyne.Container
}

func newFiles(c FileCommands) *files {
	f := &files{commands: c, box: kit.NewColumn(0), look: kit.NewColumn(0)}
	f.look.Hide()
	return f
}

func (f *files) set(s view.ConnectorFiles) {
	f.shown = s
	f.look.Objects = nil
	if s.Look.Title != "" {
		f.look.Add(f.question(s.Look))
	}
	kit.SetVisible(f.look, s.Look.Title != "")
	f.box.Objects = nil
	if s.Add.Label == "" {
		return
	}
	rows := kit.NewColumn(4*kit.Step, kit.NewHead(kit.NewSoft(s.Hint).Wrapped(0), kit.NewFlow(0, kit.NewButton(s.Add.Label, kit.Ordinary, f.commands.Choose))))
	for _, r := range s.Rows {
		rows.Add(f.row(r))
	}
	f.box.Add(kit.NewSheet(s.Title, rows))
}

// question is what the household is asked about a file before it is used.
func (f *files) question(l view.FileLook) fyne.CanvasObject {
	column := kit.NewColumn(3 * kit.Step)
	if l.By != "" {
		column.Add(kit.NewSoft(l.By).Wrapped(0))
	}
	if len(l.Lines) > 0 {
		lines := kit.NewColumn(kit.Step)
		for _, x := range l.Lines {
			lines.Add(kit.NewTopRow(3*kit.Step, kit.NewWide(96, kit.NewSoft(x.Word).Wrapped(0)), kit.Grow(kit.NewText(x.Text).Wrapped(0))))
		}
		column.Add(lines)
	}
	for _, x := range l.Faults {
		column.Add(kit.NewNotice(view.Still, "", x, "", nil))
	}
	for _, x := range []string{l.WayOut, l.Print} {
		if x != "" {
			column.Add(kit.NewSoft(x).Wrapped(0))
		}
	}
	if l.Error != "" {
		column.Add(kit.NewNotice(view.Still, lang.L("It did not work:"), l.Error, "", nil))
	}
	buttons := kit.NewFlow(2 * kit.Step)
	if l.Approve.Label != "" {
		b := kit.NewButton(l.Approve.Label, kit.Main, func() { f.commands.Approve(l.Approve.ID) })
		kit.SetBusy(b, l.Busy)
		buttons.Add(b)
	}
	buttons.Add(kit.NewButton(l.Close.Label, kit.Ordinary, f.commands.Close))
	column.Add(buttons)
	return kit.NewSheet(l.Title, column)
}

// row is a file that is kept here.
func (f *files) row(r view.FileRow) fyne.CanvasObject {
	text := kit.NewColumn(1, kit.NewText(r.Name).Bold().Wrapped(0), kit.NewSoft(r.Line).Wrapped(0))
	right := kit.NewFlow(2*kit.Step, kit.NewPad(6, 0, 0, 0, kit.NewPill(r.State, r.Pill)))
	if r.Remove.Label != "" {
		right.Add(f.remove(r))
	}
	column := kit.NewColumn(2*kit.Step, kit.NewHead(text, right))
	for _, x := range r.Faults {
		column.Add(kit.NewNotice(view.Still, "", x, "", nil))
	}
	if f.asked != "" && f.asked == r.Remove.ID {
		column.Add(kit.NewNotice(view.Soon, lang.L("Sure?"), r.Sure, "", nil))
	}
	return column
}

// remove asks a second time.
func (f *files) remove(r view.FileRow) fyne.CanvasObject {
	weight := kit.Ordinary
	if f.asked == r.Remove.ID {
		weight = kit.Danger
	}
	return kit.NewButton(r.Remove.Label, weight, func() {
		if f.asked != r.Remove.ID {
			f.asked = r.Remove.ID
		} else {
			f.asked = ""
			f.commands.Remove(r.Remove.ID)
		}
		f.set(f.shown)
		f.box.Refresh()
	})
}

package permissions

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// DisconnectCommands are what the preview can ask for; each returns at once and none may be nil.
type DisconnectCommands struct {
	Confirm func(device string)
	Pause   func(device, id string) // for how long; see view.Disconnect
	Undo    func(action string)
	Close   func()
}

// Disconnect is the dialog before a device is cut from the internet: what stops,
// what stays, and after the click the result in the same place.
type Disconnect struct {
	commands DisconnectCommands
	shown    view.Disconnect
	second   bool // the first confirmation was given

	dialog  *kit.Dialog
	tile    *kit.PictureTile
	text    *kit.Text
	lists   *fyne.Container
	pauses  *kit.Chips
	note    *kit.Text
	confirm *kit.Button
	undo    *kit.Button
	closing *kit.Button
}

// NewDisconnect builds the dialog.
func NewDisconnect(c DisconnectCommands) *Disconnect {
	d := &Disconnect{
		commands: c,
		tile:     kit.NewPictureTile(40),
		text:     kit.NewText("").Wrapped(0),
		lists:    kit.NewColumn(4 * kit.Step),
		note:     kit.NewSoft("").Wrapped(0),
	}
	d.pauses = kit.NewChips(func(id string) { c.Pause(d.shown.DeviceID, id) })
	d.confirm = kit.NewSignButton("disconnect", lang.L("Disconnect now"), kit.Danger, d.tapped)
	d.undo = kit.NewSignButton("undo", " ", kit.Ordinary, func() { c.Undo(d.shown.Undo.ID) })
	d.closing = kit.NewButton(lang.L("Cancel"), kit.Ordinary, c.Close)
	body := kit.NewColumn(4*kit.Step, kit.NewTopRow(4*kit.Step, d.tile.Box, kit.Grow(d.text)), d.lists)
	d.dialog = kit.NewDialog("", 560, body, kit.NewEnds(kit.NewFlow(0, d.undo), kit.NewFlow(2*kit.Step, d.closing, d.confirm)))
	return d
}

// Content is the dialog for the shell to show.
func (d *Disconnect) Content() *kit.Dialog { return d.dialog }

// SetSnapshot shows s.
func (d *Disconnect) SetSnapshot(s view.Disconnect) {
	if s.DeviceID != d.shown.DeviceID {
		d.second = false
	}
	d.shown = s
	d.dialog.SetTitle(s.Title)
	d.tile.Set(s.Kind, view.None)
	d.text.Set(s.Text)
	d.setLists(s)
	done := s.Result != ""
	kit.SetVisible(d.confirm, s.Refused == "" && !done)
	d.confirm.SetLabel(s.Confirm)
	kit.SetBusy(d.confirm, s.Busy)
	kit.SetWord(d.undo, s.Undo.Label)
	d.closing.SetLabel(lang.L("Cancel"))
	if done || s.Refused != "" {
		d.closing.SetLabel(lang.L("Close"))
	}
	d.dialog.Refresh()
}

func (d *Disconnect) setLists(s view.Disconnect) {
	d.lists.Objects = nil
	if s.Refused != "" {
		d.lists.Add(kit.NewNotice(view.Soon, lang.L("Not possible:"), s.Refused, "", nil))
		return
	}
	if s.Result != "" {
		d.lists.Add(kit.NewNotice(s.ResultSev, "", s.Result, "", nil))
		return
	}
	d.addList(lang.L("This stops"), "close", kit.ColorStill, s.Stops)
	d.addList(lang.L("This goes on at home"), "check", kit.ColorFresh, s.Stays)
	d.addList(lang.L("These permissions stop with it"), "still", kit.ColorSoon, s.AlsoStops)
	if len(s.Pauses) > 0 {
		d.pauses.Set(s.Pauses)
		d.note.Set(s.PauseNote)
		kit.SetVisible(d.note, s.PauseNote != "")
		d.lists.Add(kit.NewColumn(kit.Step, kit.NewText(lang.L("For how long")).Bold(), d.pauses.Content(), d.note))
	}
	if d.second {
		d.lists.Add(kit.NewNotice(view.Still, lang.L("Sure?"), s.Second, "", nil))
	}
}

func (d *Disconnect) addList(title, sign string, ink fyne.ThemeColorName, items []string) {
	if len(items) == 0 {
		return
	}
	column := kit.NewColumn(kit.Step, kit.NewText(title).Bold())
	for _, v := range items {
		column.Add(kit.NewTopRow(2*kit.Step, kit.NewSign(sign, ink, 18), kit.Grow(kit.NewText(v).Wrapped(0))))
	}
	d.lists.Add(column)
}

// tapped asks a second time where a life may depend on the device.
func (d *Disconnect) tapped() {
	if d.shown.Second != "" && !d.second {
		d.second = true
		d.SetSnapshot(d.shown)
		return
	}
	d.commands.Confirm(d.shown.DeviceID)
}

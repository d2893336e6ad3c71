package devices

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// head says what the device is called and what it is, and holds its buttons.
// Its name is changed in place.
type head struct {
	commands DeviceCommands
	shown    view.DevicePage
	naming   bool

	box      *fyne.Container
	tile     *kit.PictureTile
	name     *kit.Text
	mark     *kit.Pill
	line     *kit.Text
	sentence *kit.Text
	entry    *kit.Entry
	confirm  *kit.Button
	rename   *kit.Button
	cancel   *kit.Button
	cut      *kit.Button
	never    *kit.Text
	buttons  *fyne.Container
}

func newHead(c DeviceCommands) *head {
	h := &head{
		commands: c, tile: kit.NewPictureTile(64), name: kit.NewTitle(""), mark: kit.NewPill(view.None, " "),
		line: kit.NewSoft("").Wrapped(0), sentence: kit.NewText("").Wrapped(0), never: kit.NewSoft("").Fitted(),
	}
	h.line.Height = kit.SizeBody
	h.entry = kit.NewEntry(lang.L("Its name"), nil)
	h.entry.OnSubmitted = func(string) { h.save() }
	h.entry.OnEscape(h.stop)
	h.confirm = kit.NewSignButton("check", " ", kit.Main, func() { c.Confirm(h.shown.ID) })
	h.rename = kit.NewSignButton("pen", lang.L("Rename"), kit.Ordinary, h.start)
	h.cancel = kit.NewButton(lang.L("Cancel"), kit.Ordinary, h.stop)
	h.cut = kit.NewSignButton("disconnect", " ", kit.Danger, h.tapped)
	h.buttons = kit.NewFlow(2*kit.Step, h.confirm, h.rename, h.cancel, h.cut, h.never)
	text := kit.NewColumn(2, h.name, h.entry, h.line, kit.NewFlow(0, h.mark), h.sentence)
	h.box = kit.NewHead(kit.NewTopRow(4*kit.Step, h.tile.Box, kit.Grow(text)), h.buttons)
	h.entry.Hide()
	h.wait()
	return h
}

// wait is what stands there before the first snapshot.
func (h *head) wait() { h.none(lang.L("Looking around at home …")) }

// none is a head without a device.
func (h *head) none(title string) {
	h.shown = view.DevicePage{}
	h.name.Set(title)
	h.line.Set("")
	h.sentence.Set("")
	h.tile.Set("", view.None)
	for _, o := range []fyne.CanvasObject{h.mark, h.line, h.sentence, h.confirm, h.rename, h.cancel, h.cut, h.never} {
		kit.SetVisible(o, false)
	}
}

func (h *head) set(s view.DevicePage) {
	h.shown = s
	h.tile.Set(s.Kind, worst(s))
	h.name.Set(s.Name)
	h.mark.Set(view.None, s.Mark)
	h.line.Set(s.Line)
	h.sentence.Set(s.Sentence)
	kit.SetWord(h.confirm, s.Confirm.Label)
	kit.SetWord(h.cut, s.Cut.Label)
	h.cut.SetWeight(kit.Danger)
	if s.Cut.Reconnect {
		h.cut.SetWeight(kit.Ordinary)
	}
	kit.SetBusy(h.cut, s.Cut.Busy)
	h.never.Set(s.Cut.Never)
	kit.SetVisible(h.line, s.Line != "")
	kit.SetVisible(h.sentence, s.Sentence != "")
	h.refresh()
}

func worst(s view.DevicePage) view.Severity {
	w := view.None
	for _, c := range s.Cards {
		w = max(w, c.Card.Severity)
	}
	return w
}

func (h *head) refresh() {
	s := h.shown
	kit.SetVisible(h.entry, h.naming)
	kit.SetVisible(h.name, !h.naming)
	kit.SetVisible(h.confirm, s.Confirm.Label != "" && !h.naming)
	kit.SetVisible(h.cancel, h.naming)
	kit.SetVisible(h.rename, s.ID != "")
	kit.SetVisible(h.cut, s.Cut.Label != "" && !h.naming)
	kit.SetVisible(h.never, s.Cut.Never != "" && !h.naming)
	h.rename.SetLabel(lang.L("Rename"))
	h.rename.SetWeight(kit.Ordinary)
	if h.naming {
		h.rename.SetLabel(lang.L("Keep this name"))
		h.rename.SetWeight(kit.Main)
	}
	h.box.Refresh()
}

// start lets the person type a name; a second tap keeps it.
func (h *head) start() {
	if h.naming {
		h.save()
		return
	}
	h.naming = true
	h.entry.SetText(h.shown.Name)
	h.refresh()
	if c := fyne.CurrentApp().Driver().CanvasForObject(h.entry); c != nil {
		c.Focus(h.entry)
	}
}

func (h *head) save() {
	id, name := h.shown.ID, h.entry.Text
	changed := name != h.shown.Name
	h.stop()
	if changed {
		h.commands.Rename(id, name)
	}
}

func (h *head) stop() {
	if h.naming {
		h.naming = false
		h.refresh()
	}
}

func (h *head) tapped() {
	if h.shown.Cut.Reconnect {
		h.commands.Reconnect(h.shown.ID)
		return
	}
	h.commands.Disconnect(h.shown.ID)
}

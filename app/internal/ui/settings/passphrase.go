package settings

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// PassphraseCommands are the answers; none may be nil.
type PassphraseCommands struct {
	// Give hands over what was typed; done is told why it was not taken, "" when it was.
	Give   func(passphrase string, done func(why string))
	Cancel func()
}

// NewPassphrase asks for the passphrase, or for a first one twice. What was
// typed stays in the dialog only.
func NewPassphrase(v view.Passphrase, c PassphraseCommands) (*kit.Dialog, fyne.Focusable) {
	first, again := kit.NewEntry(lang.L("Passphrase"), nil), kit.NewEntry(lang.L("Once more"), nil)
	first.Password, again.Password = true, true
	fault := kit.NewColumn(0)
	body := kit.NewColumn(3*kit.Step, kit.NewText(v.Text).Wrapped(0), first)
	if v.New {
		body.Add(again)
	}
	body.Add(fault)
	var give *kit.Button
	var d *kit.Dialog
	say := func(why string) {
		give.Enable()
		fault.Objects = nil
		if why != "" {
			fault.Add(kit.NewNotice(view.Still, "", why, "", nil))
		}
		d.Refresh() // it grows with what is said
	}
	take := func() {
		if v.New && first.Text != again.Text {
			say(lang.L("The two are not the same."))
			return
		}
		say("")
		give.Disable()
		c.Give(first.Text, say)
	}
	give = kit.NewButton(v.Button, kit.Main, take)
	first.OnSubmitted, again.OnSubmitted = func(string) { take() }, func(string) { take() }
	foot := kit.NewEnds(kit.NewFlow(0, kit.NewButton(lang.L("Cancel"), kit.Ordinary, c.Cancel)), kit.NewFlow(0, give))
	d = kit.NewDialog(v.Title, 520, body, foot)
	return d, first
}

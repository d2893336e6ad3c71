package main

import (
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
)

// greet asks for the passphrase once, where one was chosen and is needed.
func (d *desk) greet() {
	if d.demo {
		return
	}
	d.win.pump.AskKey(func(v view.Passphrase) {
		if v.Needed {
			d.showPassphrase(v)
		}
	})
}

// askPassphrase is the button of the settings page.
func (d *desk) askPassphrase() { d.win.pump.AskKey(d.showPassphrase) }

func (d *desk) showPassphrase(v view.Passphrase) {
	dialog, first := settings.NewPassphrase(v, settings.PassphraseCommands{
		Give: func(text string, done func(string)) {
			d.win.pump.GiveKey(text, func(why string) {
				if why == "" {
					d.win.shell.CloseDialog()
					return
				}
				done(why)
			})
		},
		Cancel: func() { d.win.shell.CloseDialog() },
	})
	d.unlocking = true
	d.win.shell.ShowDialog(dialog, func() { d.unlocking = false })
	d.win.fyne.Canvas().Focus(first)
}

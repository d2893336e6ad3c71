package main

import (
	"cmp"
	"os"
	"os/exec"

	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/view"
)

// takeOver has a new start of this program own the data folder, which nobody
// owns now, and ends this window. Should the other program be back meanwhile,
// the new window opens beside it as this one did.
func (d *desk) takeOver() {
	d.leave() // else the new start would only raise this window
	if err := d.start(d.words()); err != nil {
		d.win.shell.Toast(view.Toast{Text: lang.L("Start Best Before again, please."), Severity: view.Still})
		return
	}
	d.app.Quit()
}

// words are those with which this window is started anew, at the page that is seen.
func (d *desk) words() []string {
	var out []string
	if d.dir != "" {
		out = append(out, "--data", d.folder())
	}
	r := d.win.shell.Route()
	place := map[view.Page]string{view.PageDevice: "device/" + r.Arg, view.PageReview: "consent/" + r.Arg}[r.Page]
	return append(out, "--open", cmp.Or(place, string(r.Page)))
}

// startSelf starts this program once more.
func startSelf(words []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return exec.Command(self, words...).Start() //nolint:gosec // this program itself, with its own folder
}

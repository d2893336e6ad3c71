package main

import (
	"os"
	"os/exec"

	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/view"
)

// tryDemo starts the demo home as a program of its own: another window, another
// engine, another data folder. One at a time; it goes on when this window closes.
func (win *window) tryDemo() {
	if win.demo {
		win.shell.Toast(view.Toast{Text: lang.L("The demo home is open already."), Severity: view.Fresh})
		return
	}
	if self, err := os.Executable(); err == nil {
		cmd := exec.Command(self, "--demo")
		if cmd.Start() == nil {
			win.demo = true
			go func() {
				_ = cmd.Wait() // what went wrong there is shown there
				win.do(func() { win.demo = false })
			}()
			return
		}
	}
	win.shell.Toast(view.Toast{Text: lang.L("The demo home could not be started."), Severity: view.Still})
}

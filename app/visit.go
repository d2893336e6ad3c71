package main

import (
	"net/url"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/view"
)

// visit opens a page in the person's own browser, never in a window of ours.
func (win *window) visit(page string) {
	u, err := url.Parse(page)
	if err == nil && u.Scheme == "https" {
		err = fyne.CurrentApp().OpenURL(u)
	}
	if err != nil {
		win.shell.Toast(view.Toast{Text: lang.L("The browser could not be opened."), Severity: view.Still})
	}
}

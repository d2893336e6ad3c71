package picture

import (
	"fmt"

	"fyne.io/fyne/v2"

	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/home"
	"bestbefore/app/internal/ui/permissions"
	"bestbefore/app/internal/view"
)

// Screen is a page with made-up content, ready to be drawn.
type Screen struct {
	Name  string
	Build func(fyne.Window) fyne.CanvasObject
}

// Screens are the pages that can be drawn.
func Screens() []Screen {
	return []Screen{
		{"home", inShell(view.PageHome, func(*ui.Shell) ui.Page { return homePage(homeFixture()) })},
		{"home-fresh", inShell(view.PageHome, func(*ui.Shell) ui.Page { return homePage(freshFixture()) })},
		{"permissions", inShell(view.PagePermissions, func(*ui.Shell) ui.Page { return wallPage() })},
		{"review", inShell(view.PageReview, func(*ui.Shell) ui.Page { return reviewPage() })},
		{"give", overHome(giveDialog)},
		{"disconnect", overHome(func() fyne.CanvasObject { return disconnectDialog(disconnectFixture()) })},
		{"disconnected", overHome(func() fyne.CanvasObject { return disconnectDialog(disconnectedFixture()) })},
	}
}

func homePage(s view.Home) ui.Page {
	p := home.New(home.Commands{
		Open: func(view.Route) {}, Card: func(view.PermissionCard) {}, Invite: func(string) {},
		News: func(string, string) {}, Problem: func(string, string) {},
	})
	p.SetSnapshot(s)
	return p
}

func wallPage() ui.Page {
	p := permissions.NewWall(permissions.WallCommands{
		Open: func(view.Route) {}, Card: func(view.PermissionCard) {}, Filter: func(string) {}, Invite: func(string) {},
	})
	p.SetSnapshot(permissionsFixture())
	return p
}

func reviewPage() ui.Page {
	p := permissions.NewReview(permissions.ReviewCommands{
		Shown: func(string) {}, Renew: func(string, view.Day) {}, Lapse: func(string) {}, End: func(string) {},
		Open: func(view.Route) {}, ShowDialog: func(fyne.CanvasObject) {}, CloseDialog: func() {},
	})
	p.SetSnapshot(reviewFixture())
	return p
}

func giveDialog() fyne.CanvasObject {
	g := permissions.NewGive(permissions.GiveCommands{
		Preview: func(view.GiveDraft) {}, Give: func(view.GiveDraft) {}, Cancel: func() {},
	})
	g.SetSnapshot(giveFixture())
	return g.Content()
}

func disconnectDialog(s view.Disconnect) fyne.CanvasObject {
	d := permissions.NewDisconnect(permissions.DisconnectCommands{
		Confirm: func(string) {}, Undo: func(string) {}, Close: func() {},
	})
	d.SetSnapshot(s)
	return d.Content()
}

// overHome shows a dialog over the home page.
func overHome(build func() fyne.CanvasObject) func(fyne.Window) fyne.CanvasObject {
	return func(w fyne.Window) fyne.CanvasObject {
		content := inShell(view.PageHome, func(*ui.Shell) ui.Page { return homePage(homeFixture()) })(w)
		w.Canvas().Overlays().Add(build())
		return content
	}
}

// inShell sets one page into the whole window, the navigation around it.
func inShell(page view.Page, build func(*ui.Shell) ui.Page) func(fyne.Window) fyne.CanvasObject {
	return func(w fyne.Window) fyne.CanvasObject {
		var shell *ui.Shell
		nothing := func() ui.Page { return build(shell) }
		shell, err := ui.New(ui.Config{Window: w, Undo: func(string) {}, Places: []ui.Place{
			{Page: view.PageHome, Label: "Home", Sign: "home", Build: nothing},
			{Page: view.PageDevices, Label: "Devices", Sign: "devices", Build: nothing},
			{Page: view.PagePermissions, Label: "Permissions", Sign: "permissions", Build: nothing},
			{Page: view.PageReview, Under: view.PagePermissions, Build: nothing},
			{Page: view.PageDiary, Label: "Diary", Sign: "diary", Build: nothing},
		}})
		if err != nil {
			panic(fmt.Sprintf("the shell of a picture: %v", err))
		}
		shell.SetFrame(frameFixture())
		shell.Open(view.Route{Page: page})
		return w.Content()
	}
}

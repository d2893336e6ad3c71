package picture

import (
	"fmt"

	"fyne.io/fyne/v2"

	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/home"
	"bestbefore/app/internal/ui/permissions"
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
)

// Screen is a page with made-up content, ready to be drawn.
type Screen struct {
	Name  string
	Build func(fyne.Window) error // fills the window
}

// Screens are the pages that can be drawn.
func Screens() []Screen { return screens(func(any) {}) }

// screens builds the pages from the fixtures, each changed by adapt before it is shown.
func screens(adapt func(snapshot any)) []Screen {
	return []Screen{
		{"home", inShell(view.PageHome, func() ui.Page { return homePage(homeFixture(), adapt) })},
		{"home-fresh", inFrame(freshFrame(), view.PageHome, func() ui.Page { return homePage(freshFixture(), adapt) })},
		{"permissions", inShell(view.PagePermissions, func() ui.Page { return wallPage(adapt) })},
		{"review", inShell(view.PageReview, func() ui.Page { return reviewPage(adapt) })},
		{"give", overHome(func() fyne.CanvasObject { return giveDialog(adapt) })},
		{"disconnect", overHome(func() fyne.CanvasObject { return disconnectDialog(disconnectFixture(), adapt) })},
		{"message", withMessage(adapt)},
		{"settings", inShell(view.PageSettings, func() ui.Page { return settingsPage(adapt) })},
		{"leave", overHome(func() fyne.CanvasObject { return leaveDialog(adapt) })},
		{"home-trouble", inShell(view.PageHome, func() ui.Page { return homePage(troubledHome(), adapt) })},
		{"devices", inShell(view.PageDevices, func() ui.Page { return devicesPage(adapt) })},
		{"device", inShell(view.PageDevices, func() ui.Page { return devicePage(adapt) })},
		{"flows", inShell(view.PageDevices, func() ui.Page { return flowsPage(adapt) })},
		{"access", inShell(view.PageAccess, func() ui.Page { return accessPage(accessFixture(), adapt) })},
		{"access-none", inShell(view.PageAccess, func() ui.Page { return accessPage(noAccessFixture(), adapt) })},
		{"guides", inShell(view.PageAccess, func() ui.Page { return guidesPage(guidesFixture(""), adapt) })},
		{"guides-steps", inShell(view.PageAccess, func() ui.Page { return guidesPage(guidesFixture("google"), adapt) })},
		{"access-end", overPage(view.PageAccess, func() ui.Page { return accessPage(accessFixture(), adapt) }, func() fyne.CanvasObject { return disconnectDialog(endAccessFixture(), adapt) })},
		{"connectors", inShell(view.PageConnectors, func() ui.Page { return connectorsPage(connectorsFixture(), adapt) })},
		{"connectors-file", inShell(view.PageConnectors, func() ui.Page { return connectorsPage(fileQuestionFixture(), adapt) })},
		{"connectors-faults", inShell(view.PageConnectors, func() ui.Page { return connectorsPage(fileFaultsFixture(), adapt) })},
		{"connectors-setup", inShell(view.PageConnectors, func() ui.Page { return connectorsPage(setupFixture(), adapt) })},
		{"capture", inShell(view.PageConnectors, func() ui.Page { return capturePage(captureFixture(), adapt) })},
		{"capture-reading", inShell(view.PageConnectors, func() ui.Page { return capturePage(readingFixture(), adapt) })},
		{"capture-none", inShell(view.PageConnectors, func() ui.Page { return capturePage(view.CaptureInput{}, adapt) })},
		{"capture-bad", inShell(view.PageConnectors, func() ui.Page { return capturePage(badCaptureFixture(), adapt) })},
		{"diary", inShell(view.PageDiary, func() ui.Page { return diaryPage(adapt) })},
		{"disconnected", overHome(func() fyne.CanvasObject { return disconnectDialog(disconnectedFixture(), adapt) })},
	}
}

func homePage(s view.Home, adapt func(any)) ui.Page {
	p := home.New(home.Commands{
		Open: func(view.Route) {}, Card: func(view.PermissionCard) {}, Invite: func(string) {},
		News: func(string, string) {}, Problem: func(string, string) {}, Demo: func() {},
	})
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

func wallPage(adapt func(any)) ui.Page {
	p := permissions.NewWall(permissions.WallCommands{
		Open: func(view.Route) {}, Card: func(view.PermissionCard) {}, Find: func(view.Query) {}, Invite: func(string) {},
	})
	s := permissionsFixture()
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

func reviewPage(adapt func(any)) ui.Page {
	s := reviewFixture()
	adapt(&s)
	var p *permissions.Review
	p = permissions.NewReview(permissions.ReviewCommands{
		Shown: func(string) { p.SetSnapshot(s) }, Renew: func(string, string) {}, RenewAt: func(string, string, func(string)) {}, Retry: func(string) {}, Lapse: func(string) {}, Extend: func(string) {}, End: func(string) {}, Confirm: func(string) {},
		Open: func(view.Route) {}, ShowDialog: func(fyne.CanvasObject) {}, CloseDialog: func() {},
	})
	return p
}

func giveDialog(adapt func(any)) fyne.CanvasObject {
	g := permissions.NewGive(permissions.GiveCommands{
		Preview: func(view.GiveDraft) {}, Give: func(view.GiveDraft) {}, Cancel: func() {},
	})
	s := giveFixture()
	adapt(&s)
	g.SetSnapshot(s)
	return g.Content()
}

func settingsPage(adapt func(any)) ui.Page {
	p := settings.New(settings.Commands{Set: func(string, string) {}, Press: func(string) {}})
	s := settingsFixture()
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

func leaveDialog(adapt func(any)) fyne.CanvasObject {
	s := leavingFixture()
	adapt(&s)
	return settings.NewLeave(s, settings.LeaveCommands{Keep: func() {}, Quit: func() {}, Cancel: func() {}})
}

func disconnectDialog(s view.Disconnect, adapt func(any)) fyne.CanvasObject {
	d := permissions.NewDisconnect(permissions.DisconnectCommands{
		Confirm: func(string) {}, Undo: func(string) {}, Close: func() {},
	})
	adapt(&s)
	d.SetSnapshot(s)
	return d.Content()
}

// overHome shows a dialog over the home page.
func overHome(build func() fyne.CanvasObject) func(fyne.Window) error {
	return overPage(view.PageHome, func() ui.Page { return homePage(homeFixture(), func(any) {}) }, build)
}

// overPage shows a dialog over a page.
func overPage(page view.Page, under func() ui.Page, build func() fyne.CanvasObject) func(fyne.Window) error {
	return func(w fyne.Window) error {
		if err := inShell(page, under)(w); err != nil {
			return err
		}
		w.Canvas().Overlays().Add(build())
		return nil
	}
}

// withMessage shows the short message after something was done.
func withMessage(adapt func(any)) func(fyne.Window) error {
	return func(w fyne.Window) error {
		t := view.Toast{Text: "Front door bell is disconnected.", Severity: view.Fresh, Undo: "1"}
		adapt(&t)
		shell, err := newShell(w, frameFixture(), func() ui.Page { return homePage(homeFixture(), adapt) })
		if err != nil {
			return err
		}
		shell.Start()
		shell.Toast(t)
		return nil
	}
}

// inShell sets one page into the whole window, the navigation around it.
func inShell(page view.Page, build func() ui.Page) func(fyne.Window) error {
	return inFrame(frameFixture(), page, build)
}

// inFrame is inShell for another household than that of the pictures.
func inFrame(frame view.Frame, page view.Page, build func() ui.Page) func(fyne.Window) error {
	return func(w fyne.Window) error {
		shell, err := newShell(w, frame, build)
		if err != nil {
			return err
		}
		shell.Open(view.Route{Page: page})
		return nil
	}
}

// newShell is the window's frame in which every page is the one that build makes.
func newShell(w fyne.Window, frame view.Frame, build func() ui.Page) (*ui.Shell, error) {
	shell, err := ui.New(ui.Config{Window: w, Undo: func(string) {}, Places: []ui.Place{
		{Page: view.PageHome, Label: "Home", Sign: "home", Build: build},
		{Page: view.PageDevices, Label: "Devices", Sign: "devices", Build: build},
		{Page: view.PagePermissions, Label: "Permissions", Sign: "permissions", Build: build},
		{Page: view.PageReview, Under: view.PagePermissions, Build: build},
		{Page: view.PageAccess, Label: "Access", Sign: "access", Build: build},
		{Page: view.PageConnectors, Label: "Connectors", Sign: "connectors", Build: build},
		{Page: view.PageDiary, Label: "Diary", Sign: "diary", Build: build},
		{Page: view.PageSettings, Label: "Settings", Sign: "settings", Build: build},
	}})
	if err != nil {
		return nil, fmt.Errorf("making the window of a picture: %w", err)
	}
	shell.SetFrame(frame)
	return shell, nil
}

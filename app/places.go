package main

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/access"
	"bestbefore/app/internal/ui/captures"
	"bestbefore/app/internal/ui/connectors"
	"bestbefore/app/internal/ui/devices"
	"bestbefore/app/internal/ui/diary"
	"bestbefore/app/internal/ui/flows"
	"bestbefore/app/internal/ui/guides"
	"bestbefore/app/internal/ui/home"
	"bestbefore/app/internal/ui/permissions"
	"bestbefore/app/internal/ui/settings"
	"bestbefore/app/internal/view"
)

// places are the pages of the window, built on the first visit.
func (win *window) places() []ui.Place {
	return []ui.Place{
		{Page: view.PageHome, Label: lang.L("Home"), Sign: "home", Build: win.buildHome},
		{Page: view.PageDevices, Label: lang.L("Devices"), Sign: "devices", Build: win.buildDevices},
		{Page: view.PagePermissions, Label: lang.L("Permissions"), Sign: "permissions", Build: win.buildPermissions},
		{Page: view.PageAccess, Label: lang.L("Access"), Sign: "access", Build: win.buildAccess},
		{Page: view.PageConnectors, Label: lang.L("Connectors"), Sign: "connectors", Build: win.buildConnectors},
		{Page: view.PageDiary, Label: lang.L("Diary"), Sign: "diary", Build: win.buildDiary},
		{Page: view.PageSettings, Label: lang.L("Settings"), Sign: "settings", Build: win.buildSettings},
		{Page: view.PageDevice, Under: view.PageDevices, Build: win.buildDevice},
		{Page: view.PageReview, Under: view.PagePermissions, Build: win.buildReview},
		{Page: view.PageCapture, Under: view.PageConnectors, Build: win.buildCapture},
		{Page: view.PageGuides, Under: view.PageAccess, Build: win.buildGuides},
		{Page: view.PageFlows, Under: view.PageDevices, Build: win.buildFlows},
	}
}

func (win *window) buildHome() ui.Page {
	c := home.Commands{
		Open: win.open, Card: win.pump.Card, Invite: win.pump.Invite, News: win.pump.News, Problem: win.pump.Problem,
	}
	if !win.desk.demo {
		c.Demo = win.tryDemo
	}
	p := home.New(c)
	win.pages.home = p
	return p
}

func (win *window) buildDevices() ui.Page {
	p := devices.New(devices.Commands{
		Open: win.open, Find: win.pump.FindDevices, Disconnect: win.pump.Disconnect, Reconnect: win.pump.Reconnect,
		Confirm: win.pump.Confirm,
	})
	win.pages.devices = p
	return p
}

func (win *window) buildDevice() ui.Page {
	p := devices.NewDevice(devices.DeviceCommands{
		Open: win.open, Card: win.pump.Card, Give: win.pump.StartGive, Disconnect: win.pump.AskDisconnect,
		Reconnect: win.pump.Reconnect, Rename: win.pump.Rename, Confirm: win.pump.Confirm,
		Chart: win.pump.Chart, Depends: win.pump.SetEssential, Split: win.pump.Split, Merge: win.pump.Merge, Behaviour: win.behaviour(),
	})
	win.pages.device = p
	return p
}

func (win *window) buildFlows() ui.Page {
	p := flows.New(flows.Commands{Open: win.open, Find: win.pump.FindFlows, Save: func() { win.askFolder(win.pump.SaveFlows) }})
	win.pages.flows = p
	return p
}

func (win *window) buildPermissions() ui.Page {
	p := permissions.NewWall(permissions.WallCommands{
		Open: win.open, Card: win.pump.Card, Invite: win.pump.Invite,
		Find: win.pump.FindPermissions,
	})
	win.pages.permissions = p
	return p
}

func (win *window) buildReview() ui.Page {
	p := permissions.NewReview(permissions.ReviewCommands{
		Shown: func(string) {}, Renew: win.pump.Renew, RenewAt: win.pump.RenewAt, Retry: win.pump.Retry, Lapse: win.pump.Lapse, Extend: win.pump.Extend, End: win.pump.End, Confirm: win.pump.ConfirmByHand, Step: win.pump.Step, Open: win.open,
		Save:        func(id string) { win.askFolder(func(dir string) { win.pump.SaveReceipt(id, dir) }) },
		ShowDialog:  func(o fyne.CanvasObject) { win.shell.ShowDialog(o, nil) },
		CloseDialog: func() { win.shell.CloseDialog() },
	})
	win.pages.review = p
	return p
}

func (win *window) buildAccess() ui.Page {
	p := access.New(access.Commands{Open: win.open, Find: win.pump.FindAccess, End: win.pump.AskEndAccess})
	win.pages.access = p
	return p
}

func (win *window) buildGuides() ui.Page {
	p := guides.New(guides.Commands{Open: win.open, Find: win.pump.FindGuides, Visit: win.visit})
	win.pages.guides = p
	return p
}

func (win *window) buildConnectors() ui.Page {
	p := connectors.New(connectors.Commands{
		OpenForm: win.pump.OpenForm, OpenFound: win.pump.OpenFound, Connect: win.pump.Connect,
		AskRemove: win.pump.AskRemove, Remove: win.pump.Remove, EndAndRemove: win.pump.EndAndRemove, Abandon: win.pump.Abandon,
		ChangeForm: win.pump.ChangeForm, Change: win.pump.Change, Trust: win.pump.Trust,
		Test: win.pump.Test, ShowLog: win.pump.ShowLog, Copy: win.copy, Save: win.saveText, Visit: win.visit,
		Captures: func() { win.open(view.Route{Page: view.PageCapture}) },
		Files: connectors.FileCommands{
			Choose: func() { win.askFile(recipeEndings, win.pump.TakeFile) }, Approve: win.pump.ApproveFile,
			Close: win.pump.CloseFile, Remove: win.pump.RemoveFile,
		},
	})
	win.pages.connectors = p
	return p
}

func (win *window) buildCapture() ui.Page {
	p := captures.New(captures.Commands{
		Choose: func() { win.askFile(captureEndings, win.pump.LookAtCapture) }, Take: win.pump.TakeCapture, Add: win.pump.AddDevices,
		Stop: win.pump.StopCapture, Close: win.pump.CloseCapture, Forget: win.pump.ForgetCapture, Open: win.open,
	})
	win.pages.capture = p
	return p
}

func (win *window) buildDiary() ui.Page {
	p := diary.New(diary.Commands{
		Open: win.open, Find: win.pump.FindDiary, Older: win.pump.OlderDiary, Check: win.pump.CheckDiary, Save: func() { win.askFolder(win.pump.Export) },
	})
	win.pages.diary = p
	return p
}

func (win *window) buildSettings() ui.Page {
	p := settings.New(settings.Commands{Set: win.pump.Set, Press: win.pressed, Forget: settings.ForgetCommands{Choose: win.pump.Forgetting, Delete: win.pump.Forget}})
	win.pages.settings = p
	return p
}

// pressed does what a button of the settings says.
func (win *window) pressed(id string) {
	switch name, restore := strings.CutPrefix(id, view.SetRestore); {
	case restore:
		win.pump.Restore(name)
	case id == view.SetKeep:
		win.pump.Restore("")
	case id == view.SetBackup:
		win.pump.BackupNow()
	case id == view.SetCalendar:
		win.askCalendar()
	case id == view.SetExport:
		win.askFolder(win.pump.Export)
	case id == view.SetKeyLook:
		win.pump.LookForKey()
	case id == view.SetKey:
		win.desk.askPassphrase()
	case id == view.SetLeave:
		win.pump.Leave()
	}
}

// askFolder asks where a copy shall go; closing the question does nothing.
func (win *window) askFolder(save func(dir string)) {
	dialog.ShowFolderOpen(func(dir fyne.ListableURI, err error) {
		if err == nil && dir != nil {
			save(dir.Path())
		}
	}, win.fyne)
}

func (win *window) open(r view.Route) { win.shell.Open(r) }

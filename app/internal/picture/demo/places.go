package main

import (
	"fyne.io/fyne/v2"
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
	"bestbefore/app/internal/view/live"
)

// pages are those of the window. Nobody clicks here: their commands do nothing.
type pages struct {
	home        *home.Page
	devices     *devices.Page
	device      *devices.Device
	permissions *permissions.Wall
	review      *permissions.Review
	access      *access.Page
	guides      *guides.Page
	flows       *flows.Page
	capture     *captures.Page
	connectors  *connectors.Page
	diary       *diary.Page
	settings    *settings.Page
}

// places builds all pages at once; each is filled when it is opened.
func (s *stage) places() []ui.Place {
	p := &s.pages
	p.home = home.New(home.Commands{})
	p.devices = devices.New(devices.Commands{})
	p.device = devices.NewDevice(devices.DeviceCommands{})
	p.permissions = permissions.NewWall(permissions.WallCommands{})
	p.review = permissions.NewReview(permissions.ReviewCommands{Shown: func(string) {}})
	p.access = access.New(access.Commands{})
	p.guides = guides.New(guides.Commands{})
	p.flows = flows.New(flows.Commands{})
	p.capture = captures.New(captures.Commands{})
	p.connectors = connectors.New(connectors.Commands{})
	p.diary = diary.New(diary.Commands{})
	p.settings = settings.New(settings.Commands{})
	built := func(page ui.Page) func() ui.Page { return func() ui.Page { return page } }
	return []ui.Place{
		{Page: view.PageHome, Label: lang.L("Home"), Sign: "home", Build: built(p.home)},
		{Page: view.PageDevices, Label: lang.L("Devices"), Sign: "devices", Build: built(p.devices)},
		{Page: view.PagePermissions, Label: lang.L("Permissions"), Sign: "permissions", Build: built(p.permissions)},
		{Page: view.PageAccess, Label: lang.L("Access"), Sign: "access", Build: built(p.access)},
		{Page: view.PageConnectors, Label: lang.L("Connectors"), Sign: "connectors", Build: built(p.connectors)},
		{Page: view.PageDiary, Label: lang.L("Diary"), Sign: "diary", Build: built(p.diary)},
		{Page: view.PageSettings, Label: lang.L("Settings"), Sign: "settings", Build: built(p.settings)},
		{Page: view.PageDevice, Under: view.PageDevices, Build: built(p.device)},
		{Page: view.PageReview, Under: view.PagePermissions, Build: built(p.review)},
		{Page: view.PageGuides, Under: view.PageAccess, Build: built(p.guides)},
		{Page: view.PageFlows, Under: view.PageDevices, Build: built(p.flows)},
		{Page: view.PageCapture, Under: view.PageConnectors, Build: built(p.capture)},
	}
}

// screen fills the pages and notes which was filled.
func (s *stage) screen() live.Screen {
	p := &s.pages
	return live.Screen{
		Frame:   func(x view.Frame) { s.frame = x; s.shell.SetFrame(x) },
		Home:    func(x view.Home) { p.home.SetSnapshot(x); s.fill(view.PageHome, x.Loaded) },
		Devices: func(x view.Devices) { p.devices.SetSnapshot(x); s.fill(view.PageDevices, x.Loaded) },
		Device:  func(x view.DevicePage) { p.device.SetSnapshot(x); s.fill(view.PageDevice, x.Loaded) },
		Permissions: func(x view.Permissions) {
			p.permissions.SetSnapshot(x)
			s.fill(view.PagePermissions, x.Loaded)
		},
		Review:     func(x view.Review) { p.review.SetSnapshot(x); s.fill(view.PageReview, x.Loaded) },
		Guides:     func(x view.Guides) { p.guides.SetSnapshot(x); s.fill(view.PageGuides, x.Loaded) },
		Access:     func(x view.Access) { p.access.SetSnapshot(x); s.fill(view.PageAccess, x.Loaded) },
		Flows:      func(x view.Flows) { p.flows.SetSnapshot(x); s.fill(view.PageFlows, x.Loaded) },
		Capture:    func(x view.Capture) { p.capture.SetSnapshot(x); s.fill(view.PageCapture, x.Loaded) },
		Connectors: func(x view.Connectors) { p.connectors.SetSnapshot(x); s.fill(view.PageConnectors, x.Loaded) },
		Diary:      func(x view.Diary) { p.diary.SetSnapshot(x); s.fill(view.PageDiary, x.Loaded) },
		Settings:   func(x view.Settings) { p.settings.SetSnapshot(x); s.fill(view.PageSettings, x.Loaded) },
		Give: func(x view.Give) {
			g := permissions.NewGive(permissions.GiveCommands{})
			g.SetSnapshot(x)
			s.dialog("give", g.Content(), s.pump.CloseGive)
		},
		Disconnect: func(x view.Disconnect) {
			d := permissions.NewDisconnect(permissions.DisconnectCommands{})
			d.SetSnapshot(x)
			s.dialog("disconnect", d.Content(), s.pump.CloseDisconnect)
		},
	}
}

func (s *stage) fill(page view.Page, loaded bool) {
	if loaded {
		s.fresh[string(page)] = true
	}
}

// dialog shows a dialog in place of the one that is open.
func (s *stage) dialog(name string, o fyne.CanvasObject, closed func()) {
	if s.fresh[name] {
		return // one picture of it is enough
	}
	s.shell.ShowDialog(o, closed)
	s.fresh[name] = true
}

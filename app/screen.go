package main

import (
	"bestbefore/app/internal/ui/permissions"
	"bestbefore/app/internal/view"
	"bestbefore/app/internal/view/live"
)

// screen hands the pump's snapshots to the pages. A page that was never visited
// takes none: it asks for its own when it is first seen.
func (win *window) screen() live.Screen {
	p := &win.pages
	return live.Screen{
		Frame:       func(s view.Frame) { win.shell.SetFrame(s); win.desk.frame(s) },
		Home:        func(s view.Home) { show(p.home != nil, func() { p.home.SetSnapshot(s) }) },
		Devices:     func(s view.Devices) { show(p.devices != nil, func() { p.devices.SetSnapshot(s) }) },
		Device:      func(s view.DevicePage) { show(p.device != nil, func() { p.device.SetSnapshot(s) }) },
		Permissions: func(s view.Permissions) { show(p.permissions != nil, func() { p.permissions.SetSnapshot(s) }) },
		Review:      func(s view.Review) { show(p.review != nil, func() { p.review.SetSnapshot(s) }) },
		Connectors:  func(s view.Connectors) { show(p.connectors != nil, func() { p.connectors.SetSnapshot(s) }) },
		Diary:       func(s view.Diary) { show(p.diary != nil, func() { p.diary.SetSnapshot(s) }) },
		Flows:       func(s view.Flows) { show(p.flows != nil, func() { p.flows.SetSnapshot(s) }) },
		Settings:    func(s view.Settings) { show(p.settings != nil, func() { p.settings.SetSnapshot(s) }) },
		Access:      func(s view.Access) { show(p.access != nil, func() { p.access.SetSnapshot(s) }) },
		Capture:     func(s view.Capture) { show(p.capture != nil, func() { p.capture.SetSnapshot(s) }) },
		Guides:      func(s view.Guides) { show(p.guides != nil, func() { p.guides.SetSnapshot(s) }) },
		Open:        func(r view.Route) { win.shell.Open(r) },
		Toast:       func(t view.Toast) { win.shell.Toast(t) },
		Away:        func(v view.Problem) { win.shell.SetNotice(v, func(string) { win.desk.takeOver() }) },
		Give:        win.showGive,
		Disconnect:  win.showDisconnect,
		Close:       func() { win.shell.CloseDialog() },
	}
}

func show(visited bool, f func()) {
	if visited {
		f()
	}
}

// showGive opens the dialog with the first snapshot and changes it with the next.
func (win *window) showGive(s view.Give) {
	if win.give != nil {
		win.give.SetSnapshot(s)
		return
	}
	win.give = permissions.NewGive(permissions.GiveCommands{
		Preview: win.pump.ChangeGive, Give: win.pump.ConfirmGive, Cancel: func() { win.shell.CloseDialog() },
	})
	win.give.SetSnapshot(s)
	win.shell.ShowDialog(win.give.Content(), func() {
		win.give = nil
		win.pump.CloseGive()
	})
}

// showDisconnect is showGive for the preview of a disconnect and its result.
func (win *window) showDisconnect(s view.Disconnect) {
	if win.disconnect != nil {
		win.disconnect.SetSnapshot(s)
		return
	}
	win.disconnect = permissions.NewDisconnect(permissions.DisconnectCommands{
		Confirm: win.pump.ConfirmDisconnect, Pause: win.pump.ChoosePause, Undo: win.pump.Undo, Close: func() { win.shell.CloseDialog() },
	})
	win.disconnect.SetSnapshot(s)
	win.shell.ShowDialog(win.disconnect.Content(), func() {
		win.disconnect = nil
		win.pump.CloseDisconnect()
	})
}

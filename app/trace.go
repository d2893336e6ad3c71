package main

import (
	"context"
	"io"
	"log/slog"

	"bestbefore/app/internal/view"
	"bestbefore/app/internal/view/live"
)

// newTrace writes to w what is shown when, for whoever measures the window. It
// counts and names nothing.
func newTrace(w io.Writer, on bool) *slog.Logger {
	if !on {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})).With("component", "window")
}

// traced tells log of each snapshot that a page with rows has taken, and of the
// frame around the pages, whose rows are the dates; "away" has one while the
// engine does not answer.
func traced(s live.Screen, log *slog.Logger) live.Screen {
	if !log.Enabled(context.Background(), slog.LevelDebug) {
		return s
	}
	shown := func(page view.Page, rows int) { log.Debug("page shown", "page", string(page), "rows", rows) }
	frame, home, devices, permissions, away := s.Frame, s.Home, s.Devices, s.Permissions, s.Away
	s.Frame = func(x view.Frame) { frame(x); shown("frame", x.Dates) }
	s.Away = func(x view.Problem) { away(x); shown("away", min(len(x.Text), 1)) }
	s.Home = func(x view.Home) { home(x); shown(view.PageHome, len(x.Cards)) }
	s.Devices = func(x view.Devices) { devices(x); shown(view.PageDevices, x.Shown) }
	s.Permissions = func(x view.Permissions) { permissions(x); shown(view.PagePermissions, len(x.Cards)) }
	return s
}

package picture

import (
	"errors"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/ui"
	"bestbefore/app/internal/ui/captures"
	"bestbefore/app/internal/view"
	"bestbefore/discovery/flow"
)

func capturePage(in view.CaptureInput, adapt func(any)) ui.Page {
	p := captures.New(captures.Commands{
		Choose: func() {}, Take: func() {}, Add: func(bool) {}, Stop: func() {}, Close: func() {}, Forget: func(string) {}, Open: func(view.Route) {},
	})
	s := presenter().Capture(in)
	adapt(&s)
	p.SetSnapshot(s)
	return p
}

// readingFixture is a large file on its way.
func readingFixture() view.CaptureInput {
	return view.CaptureInput{
		Looking: true, Now: engine.CaptureProgress{File: "holiday-week.pcapng", Done: 410_000_000, Size: 1_100_000_000},
		Taken: []engine.TakenCapture{
			{File: "router-monday.pcap", Time: pictureNow().AddDate(0, 0, -6), Records: 1204, Devices: 3},
			{File: "broken-off.pcap", Time: pictureNow().AddDate(0, 0, -8), Records: 88, Devices: 1, Unfinished: true},
		},
	}
}

// captureFixture is a file that was looked at.
func captureFixture() view.CaptureInput {
	i := engine.CaptureInfo{File: "router-sunday.pcapng"}
	i.Packets, i.Bytes, i.Broken, i.NotSeen, i.Cut = 182_004, 140_200_000, 12, 3_100, true
	i.First, i.Last = pictureNow().Add(-28*time.Hour), pictureNow().Add(-26*time.Hour)
	i.Known = []engine.CaptureDevice{
		{ID: "bell", Name: "Front door bell", CaptureDevice: flow.CaptureDevice{MAC: "02:00:5e:10:00:01", Up: 120_000_000, Down: 2_000_000, Encrypted: 118_000_000, Names: []string{"video.bell-maker.example", "time.example", "events.bell-maker.example", "cdn.example", "metrics.example"}}},
		{ID: "heat", Name: "Thermostat", Before: true, CaptureDevice: flow.CaptureDevice{MAC: "02:00:5e:10:00:02", Up: 40_000, Down: 12_000, Encrypted: 30_000, Names: []string{"api.warm-home.example"}}},
	}
	i.Unknown = []engine.CaptureDevice{{CaptureDevice: flow.CaptureDevice{MAC: "02:00:5e:10:00:77", Up: 9_000, Down: 1_000, Names: []string{"pool.example"}}}}
	i.Before = true
	return view.CaptureInput{Info: &i, Add: true}
}

// badCaptureFixture is a file that is none, and one that was forgotten.
func badCaptureFixture() view.CaptureInput {
	return view.CaptureInput{
		Outcome: presenter().CaptureFailed("letter.pdf", errors.New("this is no capture file: neither pcap nor pcapng"), false),
		Taken:   []engine.TakenCapture{{File: "router-monday.pcap", Time: pictureNow().AddDate(0, 0, -6), Records: 1204, Devices: 3}},
		Forgot:  map[string]view.Outcome{"old.pcap": presenter().CaptureForgotten(engine.Forgotten{Rows: 88})},
	}
}

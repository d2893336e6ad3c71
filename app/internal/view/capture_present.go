package view

import (
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
)

// CaptureInput is what the page is made of.
type CaptureInput struct {
	Now     engine.CaptureProgress // what is being read; no file when nothing is
	Looking bool                   // it is only looked at
	Info    *engine.CaptureInfo    // what was looked at; nil for nothing
	Add     bool                   // devices that were never seen here are wanted too
	Outcome Outcome
	Taken   []engine.TakenCapture
	Forgot  map[string]Outcome // by file
}

// AddNew is the choice to take over devices that were never seen here.
const AddNew = "new"

// captureNames is how many names of a device are told.
const captureNames = 3

// Capture is the page.
func (p Presenter) Capture(in CaptureInput) Capture {
	out := Capture{
		Revision: p.Revision, Loaded: true, Outcome: in.Outcome, Title: p.T("Read a capture file"),
		Subline: p.T("A capture is a copy of what devices sent, made by a router or a program such as Wireshark. It is read on this computer. Kept is to whom, when and how much; never what was said."),
		Choose:  ActionLink{ID: "choose", Label: p.T("Choose a file …")}, Hint: p.T("Choose it, or drop it anywhere on this window (.pcap or .pcapng)."),
		TakenTitle: p.T("Taken over"),
	}
	if in.Now.File != "" {
		p.reading(&out, in)
	}
	if in.Info != nil && !out.Busy {
		p.inside(&out, *in.Info, in.Add)
	}
	for _, t := range in.Taken {
		out.Taken = append(out.Taken, p.takenCapture(t, in.Forgot[t.File]))
	}
	for _, file := range sortedKeys(in.Forgot) {
		if !slices.ContainsFunc(in.Taken, func(t engine.TakenCapture) bool { return t.File == file }) {
			out.Taken = append(out.Taken, TakenCapture{File: clean(file), Outcome: in.Forgot[file]})
		}
	}
	if len(out.Taken) == 0 {
		out.TakenEmpty = p.T("No capture was taken over yet.")
	}
	return out
}

func sortedKeys(m map[string]Outcome) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// reading is how far the file under way is. To be taken over it is read twice.
func (p Presenter) reading(out *Capture, in CaptureInput) {
	out.Busy, out.Stop = true, ActionLink{ID: "stop", Label: p.T("Stop")}
	if in.Now.Size > 0 {
		out.Progress = min(float64(in.Now.Done)/float64(in.Now.Size), 1)
	}
	done := p.T("%[1]s of %[2]s", p.Size(uint64(max(in.Now.Done, 0))), p.Size(uint64(max(in.Now.Size, 0))))
	switch file := clean(in.Now.File); {
	case in.Now.Storing:
		out.Reading = p.T("Taking over %[1]s: %[2]s", file, done)
		out.Progress = 0.5 + out.Progress/2
	case in.Looking:
		out.Reading = p.T("Looking into %[1]s: %[2]s", file, done)
	default:
		out.Reading = p.T("Looking into %[1]s once more: %[2]s", file, done)
		out.Progress /= 2
	}
}

// inside is what a file holds, and what may be done with it.
func (p Presenter) inside(out *Capture, i engine.CaptureInfo, add bool) {
	out.File, out.Close = clean(i.File), ActionLink{ID: "close", Label: p.T("Close")}
	if i.Packets > 0 {
		out.Facts = []string{p.N("%d packet", "%d packets", int(i.Packets)) + " · " + p.Size(i.Bytes)}
	}
	if !i.First.IsZero() {
		out.Facts = append(out.Facts, p.T("from %[1]s to %[2]s", p.moment(i.First), p.moment(i.Last)))
	}
	fresh, left := 0, 0
	for _, d := range i.Known {
		out.Known = append(out.Known, p.captureRow(d))
		if !d.Before {
			left++
		}
	}
	for _, d := range i.Unknown {
		out.New = append(out.New, p.captureRow(d))
		if !d.Before {
			fresh++
		}
	}
	out.KnownTitle = p.Words("%s device of your home is in it", "%s devices of your home are in it", len(out.Known))
	out.NewTitle = p.Words("%s device was never seen here", "%s devices were never seen here", len(out.New))
	out.Notes = p.captureNotes(i)
	if fresh > 0 {
		out.Add = []Choice{{
			ID: AddNew, Chosen: add, Label: p.N("Add this device too", "Add these %d devices too", fresh),
			Detail: p.T("Not if the file is of another home."),
		}}
		if add {
			left += fresh
		}
	}
	if left > 0 {
		out.Take = ActionLink{ID: "take", Label: p.N("Take over %d device", "Take over %d devices", left)}
	}
}

func (p Presenter) captureRow(d engine.CaptureDevice) CaptureRow {
	r := CaptureRow{ID: string(d.ID), Line: clean(d.MAC), Name: p.deviceName(d.Name)}
	if d.ID == "" {
		r.Name = p.T("Never seen here")
	}
	r.Amount = p.T("sent %[1]s, received %[2]s", p.Size(d.Up), p.Size(d.Down))
	if all := d.Up + d.Down; all > 0 {
		r.Amount += ", " + p.T("%d %% of it encrypted", min(int(float64(d.Encrypted)/float64(all)*100), 100))
	}
	if d.Before {
		r.Before = p.T("taken over before")
	}
	var names []string
	for _, n := range d.Names[:min(len(d.Names), captureNames)] {
		names = append(names, clean(n))
	}
	if more := len(d.Names) - len(names); more > 0 {
		names = append(names, p.N("%d other", "%d others", more))
	}
	if len(names) > 0 {
		r.Names = p.T("sends to %s", p.List(names))
	}
	return r
}

// captureNotes is what of a file could not be used, and the way out.
func (p Presenter) captureNotes(i engine.CaptureInfo) []string {
	var out []string
	if len(i.Known)+len(i.Unknown) == 0 {
		out = append(out, p.T("It holds no device of a home: no hardware address beside a router's. Make the capture at the router or at the switch, not at the modem."))
	}
	if i.Before && len(i.Known)+len(i.Unknown) > 0 {
		out = append(out, p.T("This file was taken over before; nothing of it is counted twice."))
	}
	if i.Cut {
		out = append(out, p.T("The file ends in the middle of a packet. What stands before that is good."))
	}
	if i.Broken > 0 {
		out = append(out, p.N("%d packet was cut short, made no sense or is no internet traffic.", "%d packets were cut short, made no sense or are no internet traffic.", int(i.Broken)))
	}
	if i.NotSeen > 0 {
		out = append(out, p.N("Of %d packet it cannot be told whose it is.", "Of %d packets it cannot be told whose they are.", int(i.NotSeen)))
	}
	return out
}

func (p Presenter) takenCapture(t engine.TakenCapture, o Outcome) TakenCapture {
	line := []string{
		p.T("taken over %s", p.moment(t.Time)), p.N("%d record", "%d records", int(t.Records)), p.N("%d device", "%d devices", t.Devices),
	}
	if t.Unfinished {
		line = append(line, p.T("interrupted; choose the file again and it goes on"))
	}
	return TakenCapture{
		File: clean(t.File), Line: strings.Join(line, " · "), Outcome: o, Forget: ActionLink{ID: t.File, Label: p.T("Forget this capture")},
		Sure: p.T("What it told is deleted for good. The file itself is not touched, and may be taken over again."),
	}
}

// CaptureTaken says what was taken over.
func (p Presenter) CaptureTaken(i engine.CaptureInfo) Outcome {
	if i.Taken == 0 {
		return Outcome{Severity: Soon, Line: p.T("Nothing was new in %s.", clean(i.File))}
	}
	return Outcome{Severity: Fresh, Line: p.T("Taken over from %[1]s: %[2]s.", clean(i.File), p.N("%d record", "%d records", int(i.Taken)))}
}

// OneCapture says that files are read one after the other.
func (p Presenter) OneCapture() string {
	return p.T("Another capture is being read. Wait for it, or stop it.")
}

// CaptureForgotten says how much went.
func (p Presenter) CaptureForgotten(f engine.Forgotten) Outcome {
	return Outcome{Severity: Fresh, Line: p.N("Forgotten: %d row of traffic was deleted.", "Forgotten: %d rows of traffic were deleted.", int(f.Rows))}
}

// CaptureFailed is why a file could not be read, and the way out.
func (p Presenter) CaptureFailed(file string, err error, stopped bool) Outcome {
	if stopped {
		return Outcome{Severity: Soon, Line: p.T("Stopped. What was taken over before that is kept, and next time it goes on from there.")}
	}
	return Outcome{Severity: Still, Line: p.T("%[1]s could not be read. %[2]s", clean(file), p.Failure(err)) + " " + p.T("Choose another one, or save it again as pcap or pcapng.")}
}

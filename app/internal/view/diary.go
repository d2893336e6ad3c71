package view

import (
	"path/filepath"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// Diary is everything that was decided, done and seen, newest first.
type Diary struct {
	Revision uint64
	Loaded   bool
	Sentence string
	Subline  string
	Query    Query
	Rows     []DiaryRow
	More     string // "Show older"; "" when all is shown
	Empty    Invitation
	Check    Outcome // of checking for tampering
	Export   Outcome
}

// Outcome is the result of something that takes a moment, in place.
type Outcome struct {
	Busy     bool
	Line     string
	Severity Severity
}

// DiaryRow is one line of the diary.
type DiaryRow struct {
	Day      string // "today", where it differs from the row before; "" else
	When     string // "14:03"
	Axis     string // "decided", "done", "seen" or "noted"
	Severity Severity
	Device   string // "" when it is about no device
	DeviceID string
	Text     string
	Erased   bool
	Number   string // "118"
}

// The axes of the diary.
const (
	axisDecided = "decided"
	axisDone    = "done"
	axisSeen    = "seen"
	axisNoted   = "noted"
)

// axes sorts the kinds of entries by the three truths; the rest is noted.
var axes = map[ledger.Kind]string{
	consent.NoteGiven: axisDecided, consent.NoteRenewed: axisDecided, consent.NoteWithdrawn: axisDecided,
	consent.NoteExpired: axisDecided, consent.NoteRevoked: axisDecided, consent.NoteGrace: axisDecided, consent.NoteLapse: axisDecided,
	consent.NoteFine: axisDecided, consent.NoteRefused: axisDecided, consent.NoteRecipientNew: axisSeen,
	engine.NoteUnusual: axisSeen, engine.NoteUsual: axisDecided, engine.NoteDeclared: axisDecided, engine.NoteUndeclared: axisDecided,
	consent.NoteUndone: axisDecided, consent.NoteDisconnect: axisDecided, consent.NoteReconnect: axisDecided,
	consent.NoteDeviceNamed: axisDecided, consent.NoteDeviceMerged: axisDecided, consent.NoteDeviceSplit: axisDecided,
	consent.NoteEssential: axisDecided, consent.NoteErased: axisDecided,
	consent.NoteAction: axisDone, consent.NoteHandedOver: axisDone, consent.NoteStuck: axisDone,
	consent.NoteWarned: axisDone, consent.NoteGuide: axisDone, consent.NoteLifted: axisDone,
	consent.NoteConnected: axisDone, consent.NoteDisconnected: axisDone,
	consent.NoteVerified: axisSeen, consent.NoteRelapse: axisSeen, consent.NoteDeviceNew: axisSeen,
}

// noteSeverity is loud only for what needs a person's eye.
func noteSeverity(k ledger.Kind) Severity {
	switch k {
	case consent.NoteRelapse, consent.NoteStuck, consent.NoteQuarantine:
		return Still
	case consent.NoteExpired, consent.NoteWithdrawn:
		return Lapsed
	case consent.NoteWarned, consent.NoteGuide, consent.NoteClock:
		return Soon
	default:
		return None
	}
}

func (p Presenter) axis(k ledger.Kind) string {
	switch axes[k] {
	case axisDecided:
		return p.T("decided")
	case axisDone:
		return p.T("done")
	case axisSeen:
		return p.T("seen")
	default:
		return p.T("noted")
	}
}

// withoutClick leaves out that something was decided by a click: it stays
// written, but only what came another way says something to who reads.
func withoutClick(text string) string {
	if said, ok := strings.CutSuffix(text, " (clicked)."); ok {
		return said + "."
	}
	return text
}

func (p Presenter) diaryRow(e engine.DiaryEntry) DiaryRow {
	r := DiaryRow{
		Day: capital(p.sinceDay(e.Time)), When: p.clock(e.Time), Axis: p.axis(e.Kind), Severity: noteSeverity(e.Kind),
		DeviceID: e.Device, Text: cleanText(withoutClick(e.Text)), Number: p.T("%d", e.Seq),
	}
	if e.DeviceName != "" {
		r.Device = p.deviceName(e.DeviceName)
	}
	if e.Text == "(deleted)" {
		r.Erased, r.Text = true, p.T("deleted by you; that something stood here is kept")
	}
	return r
}

// DiaryInput is what the diary's page is made of. More says that older entries exist.
type DiaryInput struct {
	Entries []engine.DiaryEntry
	More    bool
	Check   Outcome
	Export  Outcome
}

// Diary is the page. The day stands only where it changes.
func (p Presenter) Diary(in DiaryInput, q Query) Diary {
	out := Diary{
		Revision: p.Revision, Loaded: true, Query: q, Check: in.Check, Export: in.Export,
		Sentence: p.T("What was decided, done and seen."),
		Subline:  p.T("Nothing in it can be changed without it being noticed. It stays on this computer."),
	}
	day := ""
	for _, e := range in.Entries {
		r := p.diaryRow(e)
		if r.Day == day {
			r.Day = ""
		} else {
			day = r.Day
		}
		out.Rows = append(out.Rows, r)
	}
	if in.More {
		out.More = p.T("Show older")
	}
	switch {
	case len(out.Rows) > 0:
	case q.Text != "":
		out.Empty = Invitation{Title: p.T("Nothing like that here"), Text: p.T("No line of the diary fits what you look for.")}
	default:
		out.Empty = Invitation{Title: p.T("A clean page"), Text: p.T("From now on everything that is decided, done and seen is written here.")}
	}
	return out
}

// Checked says what checking the diary found, in one line.
func (p Presenter) Checked(r ledger.Report) Outcome {
	if r.Fault != nil {
		return Outcome{Severity: Still, Line: p.T("Not as it was written: %s. %s", p.fault(*r.Fault), p.N("%d line before it is sound.", "%d lines before it are sound.", int(r.Entries)))}
	}
	line := p.N("%d line checked, none altered or missing.", "%d lines checked, none altered or missing.", int(r.Entries))
	if r.Erased > 0 {
		line += " " + p.N("%d was deleted by you.", "%d were deleted by you.", int(r.Erased))
	}
	if !r.Sealed {
		return Outcome{Severity: Soon, Line: line + " " + p.T("Not sealed: if the end had been cut off, it could not be noticed.")}
	}
	return Outcome{Severity: Fresh, Line: line}
}

func (p Presenter) fault(f ledger.Fault) string {
	n := int(f.Seq)
	switch f.Why {
	case ledger.Altered:
		return p.T("line %d was altered", n)
	case ledger.Missing:
		return p.T("line %d is missing", n)
	case ledger.Reordered:
		return p.T("line %d stands in another place", n)
	case ledger.CutOff:
		return p.T("line %d and all after it were cut off", n)
	case ledger.Rewritten:
		return p.T("the diary was rewritten")
	case ledger.TextAltered:
		return p.T("the text of line %d was altered", n)
	case ledger.TextMissing:
		return p.T("the text of line %d is gone, and nobody deleted it", n)
	case ledger.SealBroken:
		return p.T("the seal is damaged")
	default:
		return p.T("line %d cannot be read", n)
	}
}

// Exported says where the copy lies.
func (p Presenter) Exported(files []string, dir string) Outcome {
	out := Outcome{Severity: Fresh, Line: p.N("%d file saved in ", "%d files saved in ", len(files)) + dir}
	if slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == engine.CutNote }) {
		out.Severity = Soon
		out.Line += ". " + p.T("Of the traffic only the largest rows are in it; %s says how many. Choose a device, a company or a shorter time to have all of one of them.", engine.CutNote)
	}
	return out
}

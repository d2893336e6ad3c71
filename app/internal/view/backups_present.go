package view

import (
	"strings"

	"bestbefore/app/internal/engine"
)

// The rows of what was lost, and of not losing it. A copy's row ends with its name.
const (
	SetBackup   = "backup"
	SetRestore  = "restore/"
	SetKeep     = "keep" // takes the wish to put a copy back away again
	SetCalendar = "calendar"
)

// BackupsInput is what the rows about copies are made of.
type BackupsInput struct {
	Copies  []engine.Backup
	Damaged []engine.Quarantined
	Outcome Outcome
}

// copiesShown is how many copies have a row; the older ones are in the folder.
const copiesShown = 4

// damagedShown is how many damaged records are named.
const damagedShown = 6

// backupRows are the copies. The demo has none to put back: it never starts a
// second time, so its row only says what a home of one's own gets.
func (p Presenter) backupRows(in BackupsInput, demo bool) []SettingRow {
	if demo {
		return []SettingRow{{
			ID: SetBackup, Label: p.T("What if something breaks?"),
			Detail: p.T("In your own home permissions, the diary and devices are copied each day, sealed with your key, and can be put back here. The demo keeps nothing."),
		}}
	}
	top := SettingRow{
		ID: SetBackup, Label: p.T("What if something breaks?"), Outcome: in.Outcome, Button: ActionLink{ID: SetBackup, Label: p.T("Make one now")},
		Detail: p.T("Permissions, the diary and devices are copied each day, sealed with your key. There is no copy yet."),
	}
	if n := len(in.Copies); n > 0 {
		top.Detail = p.T("Permissions, the diary and devices are copied each day, sealed with your key.") + " " + p.N("There is %d copy.", "There are %d copies.", n)
	}
	rows := []SettingRow{top}
	if row, some := p.damagedRow(in.Damaged); some {
		rows = append(rows, row)
	}
	for i, b := range in.Copies {
		if i < copiesShown || b.Wanted || b.Outcome != "" {
			rows = append(rows, p.copyRow(b))
		}
	}
	return rows
}

func (p Presenter) copyRow(b engine.Backup) SettingRow {
	row := SettingRow{
		ID: SetRestore + b.Name, Label: p.T("Copy of %s", p.moment(b.Time)), Detail: p.Size(uint64(max(b.Bytes, 0))),
		Button: ActionLink{ID: SetRestore + b.Name, Label: p.T("Put it back …")}, Danger: true,
		Sure: p.T("It is put back when Best Before starts the next time. Newer decisions that can still be read are kept, and what is there now is set aside, not deleted."),
	}
	if b.Outcome != "" {
		row.Detail += " · " + p.T("Put back %[1]s: %[2]s", p.moment(b.Restored), cleanText(b.Outcome))
	}
	if b.Wanted {
		row.Detail, row.Danger, row.Sure = p.T("It is put back when Best Before starts the next time."), false, ""
		row.Button = ActionLink{ID: SetKeep, Label: p.T("Do not put it back")}
	}
	return row
}

// damagedRow names what was set aside; the rest goes on.
func (p Presenter) damagedRow(in []engine.Quarantined) (SettingRow, bool) {
	var lines []string
	for i, q := range in {
		if i == damagedShown {
			lines = append(lines, p.N("and %d other", "and %d others", len(in)-i))
			break
		}
		lines = append(lines, p.T("%[1]s %[2]s: %[3]s", p.recordWord(q.What), clean(q.Key), strings.TrimRight(cleanText(q.Reason), ".")))
	}
	return SettingRow{
		ID: "damaged", Label: p.Words("%s damaged record was set aside", "%s damaged records were set aside", len(in)),
		Detail: p.T("Everything else goes on. Decide it anew, or put a copy back: %s.", strings.Join(lines, "; ")),
	}, len(in) > 0
}

// calendarRow saves the dates for a calendar program.
func (p Presenter) calendarRow(o Outcome) SettingRow {
	return SettingRow{
		ID: SetCalendar, Label: p.T("The dates in your own calendar"), Outcome: o, Button: ActionLink{ID: SetCalendar, Label: p.T("Save the calendar file …")},
		Detail: p.T("A file that calendar programs import, with a reminder 30, 7 and 1 days before each end. Import it again after a renewal: the dates move, none is there twice."),
	}
}

// BackedUp says that a copy was made.
func (p Presenter) BackedUp(b engine.Backup) Outcome {
	return Outcome{Severity: Fresh, Line: p.T("A sealed copy was made, %s.", p.Size(uint64(max(b.Bytes, 0))))}
}

// WillRestore says that a copy is put back at the next start.
func (p Presenter) WillRestore() Outcome {
	return Outcome{Severity: Soon, Line: p.T("It is put back when Best Before starts the next time. Quit and start it again when you are ready.")}
}

// WillNotRestore says that everything stays as it is.
func (p Presenter) WillNotRestore() Outcome {
	return Outcome{Severity: Fresh, Line: p.T("Everything stays as it is.")}
}

// CalendarSaved says where the file lies.
func (p Presenter) CalendarSaved(path string) Outcome {
	return Outcome{Severity: Fresh, Line: p.T("Saved: %s", cleanText(path))}
}

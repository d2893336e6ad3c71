package view

import (
	"slices"
	"strconv"
	"strings"

	"bestbefore/app/internal/engine"
)

// Settings is the page of settings: groups of rows, each with choices of which
// one is chosen, or with a button.
type Settings struct {
	Revision uint64
	Loaded   bool
	Groups   []SettingGroup
	Forget   Forget
}

// SettingGroup is one sheet.
type SettingGroup struct {
	Title string
	Rows  []SettingRow
}

// SettingRow is one setting.
type SettingRow struct {
	ID      string
	Label   string
	Detail  string
	Choices []Choice   // of which one is chosen; empty where there is a button or nothing
	Button  ActionLink // "" label is none
	Also    ActionLink // a second one beside it; "" label is none
	Danger  bool       // the button takes something away
	Sure    string     // asked before the button does it
	Outcome Outcome
}

// The rows.
const (
	SetAutostart  = "autostart"
	SetBackground = "background"
	SetReminders  = "reminders"
	SetLook       = "look"
	SetText       = "text"
	SetLanguage   = "language"
	SetExport     = "export"
	SetLeave      = "leave"
)

// What the choices are called.
const (
	On          = "on"
	Off         = "off"
	Ask         = "ask"
	LookSystem  = "system"
	LookLight   = "light"
	LookDark    = "dark"
	textNormal  = 100
	textLargest = 200
	textStep    = 25
)

// Desk is what is set for this window on this computer.
type Desk struct {
	CanAutostart bool // there is a program of our own that the system could start
	Autostart    bool
	Owner        bool   // this window runs the engine; else another program goes on without it
	Demo         bool   // it shows the demo home, which is gone when the window is closed
	Background   string // On, Off or Ask
	Tray         bool   // the desktop shows a symbol while the window is hidden
	Look         string // LookSystem, LookLight or LookDark
	Text         int    // in percent
	Folder       string // where the data lie
	Recipients   string // where the person's own tables of recipients lie
}

// SettingsInput is what the page is made of.
type SettingsInput struct {
	Desk        Desk
	Preferences engine.Preferences
	Problems    []engine.Problem
	Connections []engine.ConnectionInfo
	Held        []engine.HeldInfo
	Export      Outcome
	Leave       Outcome
	Key         engine.KeyInfo
	Forget      ForgetInput
	Backups     BackupsInput
	Calendar    Outcome
}

// Settings is the page.
func (p Presenter) Settings(in SettingsInput) Settings {
	out := Settings{Revision: p.Revision, Loaded: true, Forget: p.Forget(in.Forget), Groups: []SettingGroup{
		{Title: p.T("While you are away"), Rows: p.awayRows(in)},
		{Title: p.T("How it looks"), Rows: p.lookRows(in.Desk)},
		{Title: p.T("Your data"), Rows: p.dataRows(in)},
		{Title: p.T("Backups"), Rows: p.backupRows(in.Backups, in.Desk.Demo)},
		{Title: p.T("Leaving"), Rows: []SettingRow{p.leaveRow(in)}},
	}}
	if len(in.Backups.Damaged) > 0 { // what needs a person comes first
		at := len(out.Groups) - 2
		backups := out.Groups[at]
		out.Groups = slices.Insert(slices.Delete(out.Groups, at, at+1), 0, backups)
	}
	return out
}

func (p Presenter) awayRows(in SettingsInput) []SettingRow {
	var rows []SettingRow
	if in.Desk.Demo {
		return []SettingRow{{
			ID: SetBackground, Label: p.T("The demo ends with its window"),
			Detail: p.T("Nothing goes on without it: its made-up devices, its dates and its data are gone then. Your own home is not touched."),
		}}
	}
	if in.Desk.CanAutostart {
		rows = append(rows, SettingRow{
			ID: SetAutostart, Label: p.T("Start with the computer"),
			Detail: p.T("Dates that need this computer are then kept as soon as somebody signs in."), Choices: p.onOff(in.Desk.Autostart),
		})
	}
	if in.Desk.Owner {
		rows = append(rows, SettingRow{
			ID: SetBackground, Label: p.T("Keep working when the window is closed"), Detail: p.whenClosed(in.Desk),
			Choices: p.oneOf(in.Desk.Background, Choice{ID: On, Label: p.T("Keep working")}, Choice{ID: Off, Label: p.T("Quit")}, Choice{ID: Ask, Label: p.T("Ask me")}),
		})
	} else {
		rows = append(rows, SettingRow{ID: SetBackground, Label: p.T("Another program keeps the dates"), Detail: p.T("Best Before also runs without a window here. It goes on when this window is closed.")})
	}
	return append(rows, SettingRow{
		ID: SetReminders, Label: p.T("Reminders"), Choices: p.onOff(in.Preferences.Reminders),
		Detail: p.T("30, 7 and 1 days before an end, and what came of it. At most one message a day."),
	})
}

// whenClosed says what closing the window does as it is set now.
func (p Presenter) whenClosed(d Desk) string {
	switch {
	case d.Background == Off:
		return p.T("Closing the window ends Best Before. What ends meanwhile is ended when it runs again.")
	case !d.Tray:
		return p.T("This desktop shows no tray. Start Best Before again to see the window.")
	case d.Background == Ask:
		return p.T("You are asked when you close the window. While it keeps working, a symbol stays in the tray.")
	default:
		return p.T("Closing the window leaves a symbol in the tray.")
	}
}

func (p Presenter) lookRows(d Desk) []SettingRow {
	var sizes []Choice
	for n := textNormal; n <= textLargest; n += textStep {
		sizes = append(sizes, Choice{ID: strconv.Itoa(n), Label: p.T("%d %%", n)})
	}
	return []SettingRow{
		{ID: SetLook, Label: p.T("Light or dark"), Choices: p.oneOf(d.Look,
			Choice{ID: LookSystem, Label: p.T("Like the system")}, Choice{ID: LookLight, Label: p.T("Light")}, Choice{ID: LookDark, Label: p.T("Dark")})},
		{ID: SetText, Label: p.T("Size of the text"), Choices: p.oneOf(strconv.Itoa(d.Text), sizes...)},
		{ID: SetLanguage, Label: p.T("Language"), Detail: p.T("English is the one that is there now.")},
	}
}

func (p Presenter) dataRows(in SettingsInput) []SettingRow {
	rows := []SettingRow{
		{ID: "folder", Label: p.T("Where it is kept"), Detail: p.T("Only on this computer, in %s", cleanText(in.Desk.Folder))},
		p.keyRow(in.Key, in.Problems),
		{
			ID: "recipients", Label: p.T("Your own tables of who receives"),
			Detail: p.T("Who is behind a name or an address: your own tables (*.tsv), lists in its folder lists, and newer files of addresses (*.mmdb). Put them into %s; they are read within a minute, and win over ours.", cleanText(in.Desk.Recipients)),
		},
		{
			ID: SetExport, Label: p.T("Take everything along"), Detail: p.T("Devices, traffic, permissions and the diary, as tables and as JSON. Without passwords."),
			Button: ActionLink{ID: SetExport, Label: p.T("Save a copy …")}, Outcome: in.Export,
		},
		p.calendarRow(in.Calendar),
	}
	if in.Desk.Demo { // its folder is gone before anybody has put a table there
		rows[1].Detail = p.T("The demo has a key of its own, which goes with it. This computer's key store is not asked.")
		rows = slices.DeleteFunc(rows, func(r SettingRow) bool { return r.ID == "recipients" })
	}
	return rows
}

// leaveRow lifts what was set outside by letting every connection go: one that
// stays would be told the dates again.
func (p Presenter) leaveRow(in SettingsInput) SettingRow {
	row := SettingRow{ID: SetLeave, Label: p.T("Lift everything that we set outside"), Outcome: in.Leave, Danger: true}
	if len(in.Connections) == 0 {
		row.Detail = p.T("Nothing is connected, so nothing is set outside this computer.")
		return row
	}
	var names []string
	for _, c := range in.Connections {
		names = append(names, clean(c.Name))
	}
	held := slices.DeleteFunc(slices.Clone(in.Held), func(h engine.HeldInfo) bool { return h.Unasked != "" })
	row.Detail = p.N("%d thing outside carries our mark.", "%d things outside carry our mark.", len(held)) + " " +
		p.T("Connected: %s.", p.List(names))
	if len(held) < len(in.Held) {
		row.Detail += " " + p.T("Some of them do not answer now, so there may be more.")
	}
	row.Button = ActionLink{ID: SetLeave, Label: p.T("Lift and let go")}
	row.Sure = p.T("What is cut off now can send again, no date is kept outside any more, and the connections are forgotten. Devices, permissions and the diary stay on this computer.")
	return row
}

// Left says what came of leaving: who was let go, and who could not be.
func (p Presenter) Left(gone int, stayed []string) Outcome {
	line := p.N("%d connection was lifted and let go.", "%d connections were lifted and let go.", gone)
	if len(stayed) == 0 {
		return Outcome{Severity: Fresh, Line: line}
	}
	var names []string
	for _, s := range stayed {
		names = append(names, clean(s))
	}
	return Outcome{Severity: Still, Line: line + " " + p.T("Not yet: %s. What is set there stays until it answers.", p.List(names))}
}

func (p Presenter) onOff(on bool) []Choice {
	return []Choice{{ID: On, Label: p.T("On"), Chosen: on}, {ID: Off, Label: p.T("Off"), Chosen: !on}}
}

func (p Presenter) oneOf(chosen string, of ...Choice) []Choice {
	for i := range of {
		of[i].Chosen = of[i].ID == chosen
	}
	return of
}

// next is the permission that ends first, in a line, and how many have an end.
func (p Presenter) next(cs []engine.ConsentInfo) (line string, dates int) {
	var first *engine.ConsentInfo
	for i, c := range cs {
		if !c.Decided.Live() || c.Expires.IsZero() {
			continue
		}
		dates++
		if first == nil || c.DueAt().Before(first.DueAt()) {
			first = &cs[i]
		}
	}
	if first == nil {
		return "", 0
	}
	return p.T("%[1]s: %[2]s", p.date(p.end(first.Consent)), p.noticeHead(*first)), dates
}

// Leaving is the question when the window is closed.
type Leaving struct {
	Title string
	Text  string   // what goes on without us, and what does not
	Lines []string // how the window comes back
	Keep  string
	Quit  string

	Needed bool // some date is kept by nobody while we are off
}

// Leaving asks whether to go on without a window. It says what nobody keeps
// while the program is off.
func (p Presenter) Leaving(cs []engine.ConsentInfo) Leaving {
	out := Leaving{
		Title: p.T("Keep working in the background?"), Keep: p.T("Keep working"), Quit: p.T("Quit"),
	}
	here, there, who := 0, 0, []string(nil)
	for _, c := range cs {
		switch {
		case !c.Decided.Live() || c.Expires.IsZero():
		case c.HeldBy == "":
			here++
		default:
			there++
			if n := clean(c.HeldBy); !slices.Contains(who, n) {
				who = append(who, n)
			}
		}
	}
	var parts []string
	if here > 0 {
		parts = append(parts, p.N("%d date needs this program to run", "%d dates need this program to run", here))
	}
	if there > 0 {
		parts = append(parts, p.N("%d is kept by ", "%d are kept by ", there)+p.List(who))
	}
	out.Needed = here > 0
	switch {
	case len(parts) == 0:
		out.Text = p.T("No date needs this program now. While it is off nothing new is seen.")
	case here == 0:
		out.Text = p.T("If you quit: %s. Nothing new is seen meanwhile.", strings.Join(parts, "; "))
	default:
		out.Text = p.T("If you quit: %s. What ends meanwhile is ended when Best Before runs again.", strings.Join(parts, "; "))
	}
	return out
}

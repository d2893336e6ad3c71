package view

import (
	"bestbefore/app/internal/engine"
	"bestbefore/discovery"
)

// The things that can be forgotten, as choices.
const (
	ForgetDevice = "device"
	ForgetPeriod = "period"
	ForgetAll    = "all"
)

// Forget asks what of that which was seen shall be deleted for good, and says
// what goes with it and what stays.
type Forget struct {
	Title   string
	Text    string
	Draft   ForgetDraft // what this answers to
	Scopes  []Choice
	Devices []Choice // of which one is chosen; empty unless one device is meant
	Dates   bool     // the two days are asked for
	First   Day      // from which day on a day can be chosen, and till which
	Last    Day
	From    string // "First day: 1 May 2027"
	To      string
	Texts   []Choice // keep or erase the diary's texts; empty where there is no choice
	Goes    []string
	Stays   []string
	Error   string     // what is missing or wrong
	Button  ActionLink // "" label until it is clear what is meant
	Sure    string
	Outcome Outcome
}

// ForgetDraft is what the person has chosen so far.
type ForgetDraft struct {
	Scope    string
	Device   string
	From, To Day  // both included
	Erase    bool // the diary's texts too
}

// ForgetInput is what the form is made of.
type ForgetInput struct {
	Draft   ForgetDraft
	Devices []engine.DeviceInfo
	Preview engine.ForgetPreview
	Error   string
	Outcome Outcome
}

// Ready reports whether it is clear what is meant.
func (d ForgetDraft) Ready() bool {
	switch d.Scope {
	case ForgetDevice:
		return d.Device != ""
	case ForgetPeriod:
		return !d.From.Zero() && !d.To.Zero()
	default:
		return d.Scope == ForgetAll
	}
}

// Request is what the draft asks of the engine.
func (d ForgetDraft) Request() engine.ForgetRequest {
	r := engine.ForgetRequest{How: "clicked"}
	switch d.Scope {
	case ForgetDevice:
		r.Device, r.Texts = discovery.DeviceID(d.Device), d.Erase
	case ForgetPeriod:
		r.From, r.To = d.From.String(), d.To.String()
	case ForgetAll:
		r.All, r.Texts = true, d.Erase
	}
	return r
}

// Forget is the form.
func (p Presenter) Forget(in ForgetInput) Forget {
	d := in.Draft
	out := Forget{
		Title: p.T("Delete what was seen"), Text: p.T("Where devices sent, when and how much. Permissions and the diary's chain stay."),
		Draft: d, Error: cleanText(in.Error), Outcome: in.Outcome, Dates: d.Scope == ForgetPeriod,
		Scopes: p.oneOf(d.Scope, Choice{ID: ForgetDevice, Label: p.T("Of one device")}, Choice{ID: ForgetPeriod, Label: p.T("Of a period")}, Choice{ID: ForgetAll, Label: p.T("All of it")}),
	}
	if d.Scope == ForgetDevice {
		for _, x := range in.Devices {
			out.Devices = append(out.Devices, Choice{ID: string(x.ID), Label: p.name(x), Chosen: string(x.ID) == d.Device})
		}
	}
	if d.Scope == ForgetDevice || d.Scope == ForgetAll {
		chosen := Off
		if d.Erase {
			chosen = On
		}
		out.Texts = p.oneOf(chosen, Choice{ID: Off, Label: p.T("Keep the diary's texts")}, Choice{ID: On, Label: p.T("Erase the diary's texts too")})
	}
	if out.Dates {
		p.forgetDays(&out)
	}
	if !d.Ready() || out.Error != "" {
		return out
	}
	for _, l := range in.Preview.Goes {
		out.Goes = append(out.Goes, cleanText(l))
	}
	for _, l := range in.Preview.Stays {
		out.Stays = append(out.Stays, cleanText(l))
	}
	out.Button = ActionLink{ID: ForgetAll, Label: p.T("Delete for good")}
	out.Sure = p.T("This cannot be undone. Press once more to delete it.")
	return out
}

// forgetMonths is how far back a day can be chosen: nothing seen is kept longer.
const forgetMonths = 14

// forgetDays says which days can be chosen, and which are.
func (p Presenter) forgetDays(out *Forget) {
	out.First, out.Last = p.today().addMonths(-forgetMonths), p.today()
	out.From, out.To = p.T("First day"), p.T("Last day")
	if d := out.Draft.From; !d.Zero() {
		out.From = p.T("First day: %s", p.dateYear(d))
	}
	if d := out.Draft.To; !d.Zero() {
		out.To = p.T("Last day: %s", p.dateYear(d))
	}
}

// Forgotten says what was deleted.
func (p Presenter) Forgotten(f engine.Forgotten) Outcome {
	line := p.N("%d record was deleted.", "%d records were deleted.", int(f.Rows))
	if f.Texts > 0 {
		line += " " + p.N("%d text of the diary was erased.", "%d texts of the diary were erased.", f.Texts)
	}
	return Outcome{Severity: Fresh, Line: line}
}

// keyRow says which key store holds the key.
func (p Presenter) keyRow(k engine.KeyInfo, problems []engine.Problem) SettingRow {
	row := SettingRow{ID: SetKey, Label: p.T("Key store")}
	row.Button, row.Also = p.keyButtons(k)
	use := p.T("It seals passwords, and the end of the diary.")
	switch k.Provider {
	case "":
		row.Detail = p.T("Without a key no password can be kept, and the end of the diary is not sealed.")
		if k.Trouble != "" {
			row.Outcome = Outcome{Severity: Soon, Line: capital(sentence(cleanText(k.Trouble)))}
		}
	case "key store":
		row.Detail = p.T("The key is in this computer's key store.") + " " + use
	case "systemd credential":
		row.Detail = p.T("The key was handed over by the system at the start (a systemd credential).") + " " + use
	case "passphrase":
		row.Detail = p.T("The key opens with your passphrase.") + " " + use
	default:
		row.Detail = p.T("The key comes from: %s.", clean(k.Provider)) + " " + use
	}
	for _, x := range problems {
		if said, ok := p.keyWords(x); ok {
			row.Detail = ""
			row.Outcome = Outcome{Severity: Soon, Line: said.text}
		}
	}
	return row
}

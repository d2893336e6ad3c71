package view

import (
	"encoding/json"
	"strings"

	"bestbefore/connectors"
	"bestbefore/consent"
)

// For how long a device is disconnected.
const (
	pauseNone    = "" // until it is reconnected
	pauseHour    = "hour"
	pauseMorning = "morning"
)

// morning is when a pause until the next morning ends.
const morning = "07:00"

// pauses offers an end in the preview of a disconnect, and says who keeps it.
func (p Presenter) pauses(out *Disconnect, in DisconnectInput) {
	if in.Preview.Refused != "" || in.Preview.Pause == "" {
		return
	}
	out.Pauses = []Choice{
		{ID: pauseNone, Label: p.T("Until I reconnect it")},
		{ID: pauseHour, Label: p.T("For an hour")},
		{ID: pauseMorning, Label: p.T("Until tomorrow morning, %s", morning)},
	}
	for i := range out.Pauses {
		out.Pauses[i].Chosen = out.Pauses[i].ID == in.Pause
	}
	if in.Pause != pauseNone {
		out.PauseNote = cleanText(in.Preview.Pause)
	}
}

// PauseTerm is a choice among Disconnect.Pauses as consent.ParseTerm reads it, ""
// for no end.
func (p Presenter) PauseTerm(id string) string {
	switch id {
	case pauseHour:
		return "PT1H"
	case pauseMorning:
		return Moment(p.today().addDays(1), morning)
	default:
		return ""
	}
}

// untilWhen says until when a device is cut off, and who ends that; "" where it
// has no end.
func (p Presenter) untilWhen(a consent.Action) string {
	if a.Until.IsZero() || a.Kind != consent.ActBlock {
		return ""
	}
	var r connectors.Receipt
	_ = json.Unmarshal(a.Receipt, &r) // without one nobody said that it keeps the end
	if r.Until.IsZero() {
		return p.T("until %s, given back by this program while this computer is on", p.moment(a.Until))
	}
	return p.T("until %[1]s, %[2]s gives it back by itself", p.moment(a.Until), p.peer(a.Connection))
}

// separate joins what there is with the sign between facts.
func separate(facts ...string) string {
	var out []string
	for _, f := range facts {
		if f != "" {
			out = append(out, f)
		}
	}
	return strings.Join(out, " · ")
}

package view

import (
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// DisconnectInput is what the preview of a disconnect is made of.
type DisconnectInput struct {
	Device  engine.DeviceInfo
	Preview engine.Preview
	Pause   string          // the choice among Disconnect.Pauses
	Action  *consent.Action // the one asked for in this preview; nil before the click
	Error   string
	Busy    bool
}

// Disconnect is the preview before a device is cut, and then its result.
func (p Presenter) Disconnect(in DisconnectInput) Disconnect {
	d := in.Device
	out := Disconnect{
		Revision: p.Revision, DeviceID: string(d.ID), Device: p.name(d), Kind: d.Guess.Kind,
		Title: p.T("Disconnect %s?", p.called(d)), Text: cleanText(strings.Join(in.Preview.Lines, " ")),
		Refused: cleanText(in.Preview.Refused), Confirm: p.T("Disconnect now"), Busy: in.Busy,
	}
	for _, r := range d.Recipients {
		out.Stops = append(out.Stops, p.T("what it sends to %s", p.company(r)))
	}
	if in.Preview.Refused == "" && !in.Preview.AtHome {
		out.Stays = []string{p.T("what it does with your other devices")}
	}
	for _, s := range in.Preview.AlsoStops {
		out.AlsoStops = append(out.AlsoStops, clean(s))
	}
	if in.Preview.Confirm {
		out.Second = p.T("%s is marked as something that somebody may depend on. I am sure that it can be cut now.", p.name(d))
	}
	if in.Error != "" {
		out.Result, out.ResultSev = cleanText(in.Error), Still
		return out
	}
	if in.Action == nil {
		p.pauses(&out, in)
		return out
	}
	out.Title, out.Text = p.T("Disconnecting %s", p.called(d)), cleanText(strings.Join(in.Preview.Limits, " "))
	if !in.Preview.AtHome {
		out.Text = strings.TrimSpace(out.Text + " " + p.T("What it does with your other devices goes on."))
	}
	out.Result, out.ResultSev = p.Result(d, *in.Action)
	if in.Action.State == consent.Done {
		out.Title = capital(p.T("%s is disconnected", p.called(d)))
		if in.Preview.Partly { // what gets past it is named beneath
			out.Title = capital(p.T("%s is disconnected in part", p.called(d)))
		}
	}
	if in.Action.Kind == consent.ActUnblock {
		out.Title, out.Text = p.T("Reconnecting %s", p.called(d)), p.T("It may send again. Permissions that have ended stay ended.")
		if in.Action.State == consent.Done {
			out.Title = capital(p.T("%s is connected again", p.called(d)))
		}
		return out
	}
	out.Undo = ActionLink{ID: string(d.ID), Label: p.T("Reconnect")}
	return out
}

package view

import (
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
)

// FoundRow is a peer that announces itself at home.
type FoundRow struct {
	Kind    string
	Text    string // "Home server looks like an MQTT broker."
	Values  map[string]string
	Connect ActionLink
}

// maxLogShown is how many lines of a log are shown.
const maxLogShown = 40

// found are the suggestions.
func (p Presenter) found(in engine.ConnectorsInfo) []FoundRow {
	var out []FoundRow
	for _, f := range in.Found {
		name := clean(f.Kind)
		for _, k := range in.Kinds {
			if k.Kind == f.Kind {
				name = clean(k.Name)
			}
		}
		text := p.T("%[1]s announces itself as: %[2]s", clean(f.Name), name)
		if f.Here {
			text = p.T("This computer carries what your home sends: %s", name)
		}
		out = append(out, FoundRow{
			Kind: f.Kind, Text: text, Values: f.Values,
			Connect: ActionLink{ID: f.Kind, Label: p.T("Connect")},
		})
	}
	return out
}

// closer adds what is seen when one looks closer at a connection.
func (p Presenter) closer(r *ConnectionRow, c engine.ConnectionInfo, in ConnectorsInput) {
	r.Test, r.Tested = ActionLink{ID: c.ID, Label: p.T("Test")}, in.Testing[c.ID]
	if r.Tested.Busy {
		r.Test.Label = p.T("Testing…")
	}
	if c.Lost > 0 {
		r.Lines = append(r.Lines, p.T("Missed since %[1]s: %[2]d observations; what is shown is less than what was sent", p.moment(c.LostSince), c.Lost))
	}
	for _, h := range in.Held {
		if h.Connection == c.ID {
			r.Held = append(r.Held, p.heldLine(h))
		}
	}
	r.Log = ActionLink{ID: c.ID, Label: p.T("Show log")}
	if in.LogOf != c.ID {
		return
	}
	r.Log.Label = p.T("Hide log")
	for _, l := range slices.Backward(in.Log[max(0, len(in.Log)-maxLogShown):]) {
		r.LogLines = append(r.LogLines, p.T("%[1]s  %[2]s", p.moment(l.Time), cleanText(l.Text)))
	}
	if len(r.LogLines) == 0 {
		r.LogLines = []string{p.T("Nothing was written down yet.")}
	}
}

// heldLine says whom a thing set outside is about; the peer's own words are for
// what our records cannot name.
func (p Presenter) heldLine(h engine.HeldInfo) string {
	switch {
	case h.Unasked != "":
		return p.T("It does not answer now, so what it holds for you cannot be listed.")
	case !h.Known:
		return cleanText(h.Text) + " " + p.T("(nobody here knows why)")
	case h.Device == "":
		return cleanText(h.Text)
	}
	about := p.T("%[1]s → %[2]s", p.deviceName(h.Device), p.recipient(h.Recipient))
	switch {
	case h.From.After(p.Now):
		return p.T("%[1]s: stops %[2]s", about, p.moment(h.From))
	case !h.Active:
		return p.T("%s: not in force now", about)
	case h.Until.After(p.Now):
		return p.T("%[1]s: stopped until %[2]s", about, p.moment(h.Until))
	default:
		return p.T("%s: stopped", about)
	}
}

// Tested says that a peer answered, what works, what does not, and what the peer
// and its kind say about that: a missing right, or what a block here is.
func (p Presenter) Tested(c engine.ConnectionInfo) Outcome {
	said := []string{p.T("It answered, and may end what it is asked to.")}
	if !slices.Contains(c.Can, engine.AbleToBlock) && !slices.Contains(c.Can, engine.AbleToRevoke) {
		said[0] = p.T("It answered. It may only watch; nothing can be ended through it.")
	}
	if can := p.abilities(c.Can); can != "" {
		said = append(said, p.T("Works: %s.", can))
	}
	if cannot := p.abilities(c.Cannot()); cannot != "" {
		said = append(said, p.T("Not through this connection: %s.", cannot))
	}
	if line := cleanText(c.Coverage.Text); line != "" {
		said = append(said, p.T("It sees: %s", strings.TrimPrefix(line, "sees ")))
	}
	return Outcome{Severity: Fresh, Line: strings.Join(said, " ")}
}

// abilities are words of the engine in those of the screen.
func (p Presenter) abilities(words []string) string {
	say := map[string]string{
		engine.AbleToFind: p.T("find devices"), engine.AbleToSee: p.T("see what devices send"), engine.AbleToBlock: p.T("stop what a device sends"),
		engine.AbleToRevoke: p.T("end an access for good"), engine.AbleToList: p.T("list access"), engine.AbleToCheck: p.T("check that it stopped"),
		engine.AbleToKeep: p.T("keep an end date with this computer off"),
	}
	var out []string
	for _, w := range words {
		if say[w] != "" {
			out = append(out, say[w])
		}
	}
	return strings.Join(out, ", ")
}

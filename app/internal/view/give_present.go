package view

import (
	"cmp"
	"slices"
	"strings"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// RecipientAny is the choice of everybody outside the home.
const RecipientAny = "any"

// recipientPrefix stands before the name of a single recipient.
const recipientPrefix = "to:"

// blockDevice is the choice to block the whole device where nothing finer can.
const blockDevice = "block-device"

// GiveInput is what the form of a new permission is made of.
type GiveInput struct {
	Device      engine.DeviceInfo
	Consents    []engine.ConsentInfo // of this device
	Flows       []engine.FlowInfo
	Connections []engine.ConnectionInfo
	Draft       GiveDraft
	Preview     engine.Preview // of the draft; zero while it is not complete
	Error       string
	Busy        bool
}

func recipientID(s sent) string { return recipientPrefix + s.to }

// Give is the form, with what is chosen so far. Nothing is chosen beforehand
// but what happens on the day, which has a safe default.
func (p Presenter) Give(in GiveInput) Give {
	d := in.Draft
	out := Give{
		Revision: p.Revision, DeviceID: string(in.Device.ID), Device: p.name(in.Device), Kind: in.Device.Guess.Kind,
		Title: p.T("How long may %s send?", p.called(in.Device)), Recipients: p.recipients(in), Data: p.dataChoices(in),
		Presets: p.presets(p.today()), PresetID: d.PresetID, Until: d.Until, First: p.today(), Last: p.today().addMonths(12),
		Remedies: p.remedies(in), Error: cleanText(in.Error), Busy: in.Busy,
	}
	if !d.Until.Zero() {
		out.StampText, out.Severity = p.Stamp(d.Until), Fresh
		if d.Until.since(p.today()) <= int(consent.SoonBefore.Hours()/24) {
			out.Severity = Soon
		}
	}
	out.Missing = p.missing(d)
	out.Confirm = p.T("Give")
	if out.Missing == "" {
		out.Confirm = p.T("Give until %s", p.date(d.Until))
		out.Preview = p.previewLines(in.Preview)
		for _, s := range in.Preview.AlsoStops {
			out.AlsoStops = append(out.AlsoStops, clean(s))
		}
	}
	return out
}

func (p Presenter) missing(d GiveDraft) string {
	switch {
	case d.Recipient == "":
		return p.T("Choose who may receive it.")
	case len(d.Data) == 0:
		return p.T("Say what it may send.")
	case d.Until.Zero():
		return p.T("Choose until when.")
	default:
		return ""
	}
}

func (p Presenter) previewLines(pv engine.Preview) []PreviewLine {
	var out []PreviewLine
	if pv.Refused != "" {
		out = append(out, PreviewLine{Text: cleanText(pv.Refused), Severity: Still})
	}
	for _, l := range pv.Lines {
		out = append(out, PreviewLine{Text: cleanText(l)})
	}
	if pv.Holds != "" {
		out = append(out, PreviewLine{Text: cleanText(pv.Holds)})
	}
	return out
}

// recipients are those that it was seen to send to, and everybody.
func (p Presenter) recipients(in GiveInput) []Choice {
	live := map[string]string{}
	for _, c := range in.Consents {
		if c.Decided.Live() {
			live[c.Recipient.Name] = p.T("has a permission %s", p.until(c.Consent))
		}
	}
	var out []Choice
	for _, s := range gather(in.Flows) {
		c := Choice{ID: recipientID(s), Label: p.company(s.to), Detail: p.T("seen, %s in the last 7 days", p.amount(s))}
		if why, ok := live[s.to]; ok {
			c.Detail, c.Disabled = why, true
		}
		c.Chosen = !c.Disabled && c.ID == in.Draft.Recipient
		out = append(out, c)
		if len(out) == 12 {
			break
		}
	}
	anyone := Choice{ID: RecipientAny, Label: p.T("Anybody outside your home"), Detail: p.T("one date for everything that it sends")}
	for _, c := range in.Consents {
		if c.Decided.Live() && c.Recipient.Any {
			anyone.Detail, anyone.Disabled = p.T("has a permission %s", p.until(c.Consent)), true
		}
	}
	anyone.Chosen = !anyone.Disabled && in.Draft.Recipient == RecipientAny
	return append(out, anyone)
}

// likely is what a kind of device has to send, most likely first.
func likely(k discovery.Kind) []consent.Category {
	switch k {
	case discovery.KindCamera, discovery.KindDoorbell:
		return []consent.Category{"video", "audio", "motion", "presence"}
	case discovery.KindTelevision, discovery.KindMedia, discovery.KindGame:
		return []consent.Category{"viewing", "usage", "voice"}
	case discovery.KindSpeaker:
		return []consent.Category{"voice", "audio", "usage"}
	case discovery.KindThermostat, discovery.KindSensor, discovery.KindAir:
		return []consent.Category{"temperature", "presence", "usage"}
	case discovery.KindPlug, discovery.KindEnergy, discovery.KindLight, discovery.KindAppliance:
		return []consent.Category{"energy", "usage", "presence"}
	case discovery.KindLock, discovery.KindAlarm, discovery.KindGarage:
		return []consent.Category{"presence", "usage"}
	case discovery.KindVacuum:
		return []consent.Category{"location", "video", "usage"}
	default:
		return []consent.Category{"usage", "location"}
	}
}

func (p Presenter) dataChoices(in GiveInput) []Choice {
	cats := append(likely(in.Device.Guess.Kind), "any")
	var out []Choice
	for _, c := range cats {
		out = append(out, Choice{ID: string(c), Label: p.category(c), Chosen: slices.Contains(in.Draft.Data, string(c))})
	}
	return out
}

// blockers says whether anything can block, and whether it can block one recipient alone.
func blockers(cs []engine.ConnectionInfo) (can, fine bool) {
	for _, c := range cs {
		if c.Open && c.Traits.Grain != "" {
			can = true
			fine = fine || c.Traits.Grain == connectors.GrainRecipient
		}
	}
	return can, fine
}

func (p Presenter) remedies(in GiveInput) []Choice {
	can, fine := blockers(in.Connections)
	chosen := cmp.Or(in.Draft.Remedy, defaultRemedy(can))
	block := Choice{ID: string(consent.Block), Label: p.T("Block it"), Detail: p.T("it can be undone")}
	if !can {
		block.Disabled, block.Detail = true, p.T("nothing that is connected can; connect your router or gateway")
	}
	out := []Choice{block}
	if can && !fine && in.Draft.Recipient != RecipientAny {
		out[0].Detail = p.T("asks you first, since only the whole device can be cut")
		out = append(out, Choice{ID: blockDevice, Label: p.T("Block the whole device"), Detail: p.T("everything else that it sends stops too")})
	}
	out = append(out,
		Choice{ID: string(consent.Warn), Label: p.T("Tell me"), Detail: p.T("nothing is cut")},
		Choice{ID: string(consent.Guide), Label: p.T("Show me how"), Detail: p.T("steps to end it by hand")},
	)
	for i := range out {
		out[i].Chosen = out[i].ID == chosen && !out[i].Disabled
	}
	return out
}

func defaultRemedy(can bool) string {
	if can {
		return string(consent.Block)
	}
	return string(consent.Warn)
}

// Complete reports whether everything was chosen.
func (d GiveDraft) Complete() bool {
	return d.Recipient != "" && len(d.Data) > 0 && !d.Until.Zero()
}

// Request is what the draft asks of the engine.
func (in GiveInput) Request() engine.AllowRequest {
	d := in.Draft
	r := engine.AllowRequest{Device: in.Device.ID, Until: d.Until.String(), How: "clicked"}
	for _, c := range d.Data {
		r.Data = append(r.Data, consent.Category(c))
	}
	r.Recipient = consent.Recipient{Name: "everybody", Any: true}
	if to, ok := strings.CutPrefix(d.Recipient, recipientPrefix); ok {
		r.Recipient = consent.Recipient{Name: to, Destinations: []string{to}}
		for _, s := range gather(in.Flows) {
			if s.to == to && len(s.ids) > 0 {
				r.Recipient.Destinations = s.ids
			}
		}
		for _, c := range in.Consents { // an ended one keeps its destinations
			if c.Recipient.Name == to && !c.Recipient.Any {
				r.Recipient = c.Recipient
			}
		}
	}
	can, _ := blockers(in.Connections)
	switch rem := cmp.Or(d.Remedy, defaultRemedy(can)); rem {
	case blockDevice:
		r.Then, r.Coarse = consent.Block, true
	default:
		r.Then = consent.Remedy(rem)
	}
	return r
}

// DisconnectInput is what the preview of a disconnect is made of.
type DisconnectInput struct {
	Device  engine.DeviceInfo
	Preview engine.Preview
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
	if in.Preview.Refused == "" {
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
		return out
	}
	out.Title, out.Text = p.T("Disconnecting %s", p.called(d)), p.T("What it does with your other devices goes on.")
	out.Result, out.ResultSev = p.Result(d, *in.Action)
	if in.Action.State == consent.Done {
		out.Title = capital(p.T("%s is disconnected", p.called(d)))
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

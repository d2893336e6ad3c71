package view

import (
	"cmp"
	"slices"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/category"
)

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

// Give is the form, with what is chosen so far. Nothing is chosen beforehand
// but what happens on the day, which has a safe default, and three months for
// sensitive data.
func (p Presenter) Give(in GiveInput) Give {
	d, why := p.Settle(in.Draft)
	in.Draft = d
	out := Give{
		Revision: p.Revision, Draft: d, DeviceID: string(in.Device.ID), Device: p.name(in.Device), Kind: in.Device.Guess.Kind,
		Title: p.T("How long may %s send?", p.called(in.Device)), Recipients: p.recipients(in), TypedError: why, Data: p.dataChoices(in),
		Presets: append(p.short(), p.presets(p.today())...), PresetID: d.PresetID, Until: d.Until, First: p.today(), Last: p.today().addMonths(12),
		EndsTitle: p.T("When that day is over"), Remedies: p.remedies(in), Error: cleanText(in.Error), Busy: in.Busy,
	}
	if len(d.Recipients) > 1 || len(d.Added) > 0 {
		out.Proposed = p.proposed(in)
	}
	if !d.Until.Zero() {
		out.StampText, out.StampTime, out.Severity = p.Stamp(d.Until), p.stamped(d), Fresh
	}
	if out.StampTime != "" {
		out.EndsTitle = p.T("When that time has come")
	}
	if d.PresetID == presetSensitive && sensitive(d.Data) {
		out.TermNote = p.T("Three months are proposed for what is sensitive.")
	}
	out.Missing = p.missing(d)
	out.Confirm = p.T("Give")
	if out.Missing == "" {
		out.Confirm = p.giveUntil(d)
		out.Preview = append(p.adsLine(in), p.previewLines(in.Preview)...)
		for _, s := range in.Preview.AlsoStops {
			out.AlsoStops = append(out.AlsoStops, clean(s))
		}
	}
	return out
}

func (p Presenter) missing(d GiveDraft) string {
	switch {
	case len(d.Recipients) == 0:
		return p.T("Choose who may receive it.")
	case len(d.Data) == 0:
		return p.T("Say what it may send.")
	case d.Until.Zero():
		return p.T("Choose until when.")
	default:
		return p.notWhen(d.term())
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

// typicalShown is how many typical kinds of data the form offers.
const typicalShown = 6

// dataChoices are what was seen first, then what devices of the kind usually
// send, what was chosen elsewhere, and everything.
func (p Presenter) dataChoices(in GiveInput) []Choice {
	var out []Choice
	add := func(c consent.Category, mark string) {
		if !slices.ContainsFunc(out, func(o Choice) bool { return o.ID == string(c) }) {
			out = append(out, Choice{ID: string(c), Label: p.category(c), Count: mark, Chosen: slices.Contains(in.Draft.Data, string(c))})
		}
	}
	for _, f := range in.Flows {
		for _, c := range f.Categories {
			add(c, p.T("seen"))
		}
	}
	typical := category.TypicalOf(in.Device.Guess.Kind)
	for _, c := range typical[:min(len(typical), typicalShown)] {
		add(c.Category, "")
	}
	if len(typical) == 0 {
		add("usage", "")
		add("location", "")
	}
	for _, c := range in.Draft.Data {
		add(consent.Category(c), "")
	}
	add(category.Any, "")
	return out
}

// blockers says whether anything can block, and whether it can block one recipient alone.
func blockers(cs []engine.ConnectionInfo) (can, fine bool) {
	for _, c := range cs {
		if may(c, engine.AbleToBlock) {
			can = true
			fine = fine || c.Traits.Grain == connectors.GrainRecipient
		}
	}
	return can, fine
}

// may reports whether an open connection has an ability, whatever it cuts by.
func may(c engine.ConnectionInfo, ability string) bool {
	return c.Open && slices.Contains(c.Can, ability)
}

func (p Presenter) remedies(in GiveInput) []Choice {
	can, fine := blockers(in.Connections)
	chosen := cmp.Or(in.Draft.Remedy, defaultRemedy(can))
	block := Choice{ID: string(consent.Block), Label: p.T("Block it"), Detail: p.T("it can be undone")}
	if !can {
		block.Disabled, block.Detail = true, p.T("nothing that is connected can; connect your router or gateway")
	}
	out := []Choice{block}
	if can && !fine && !slices.Contains(in.Draft.Recipients, RecipientAny) {
		out[0].Detail = p.T("asks you first, since only the whole device can be cut")
		out = append(out, Choice{ID: blockDevice, Label: p.T("Block the whole device"), Detail: p.T("everything else that it sends stops too")})
	}
	out = p.byAccount(in, out)
	out = append(out,
		Choice{ID: string(consent.Warn), Label: p.T("Tell me"), Detail: p.T("nothing is cut")},
		Choice{ID: string(consent.Guide), Label: p.T("Show me how"), Detail: p.T("steps to end it by hand")},
	)
	for i := range out {
		out[i].Chosen = out[i].ID == chosen && !out[i].Disabled
	}
	return out
}

// defaultRemedy is the steps by hand where nothing that is connected can act.
func defaultRemedy(can bool) string {
	if can {
		return string(consent.Block)
	}
	return string(consent.Guide)
}

// Complete reports whether everything was chosen and can be given.
func (p Presenter) Complete(d GiveDraft) bool {
	d, _ = p.Settle(d)
	return p.missing(d) == ""
}

// Request is what the draft asks of the engine.
func (p Presenter) Request(in GiveInput) engine.AllowRequest {
	d, _ := p.Settle(in.Draft)
	in.Draft = d
	r := engine.AllowRequest{Device: in.Device.ID, Recipient: p.together(in), Until: d.term(), How: "clicked"}
	for _, c := range d.Data {
		r.Data = append(r.Data, consent.Category(c))
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

package view

// Give is the form by which a permission is given. Each change of the draft is
// handed to the presenter, which answers with a new Give.
type Give struct {
	Revision   uint64
	DeviceID   string
	Device     string
	Kind       Kind
	Title      string   // "How long may Front door bell send?"
	Recipients []Choice // exactly one is chosen, or none yet
	Data       []Choice // categories, any number
	Presets    []Preset
	PresetID   string // the chosen preset, "" for a date of one's own or none yet
	Until      Day    // the chosen end, zero when none yet
	StampText  string // "30 NOV 26"; "" when there is no date yet
	Severity   Severity
	First      Day // range of the date picker
	Last       Day
	Remedies   []Choice // block, warn, guide
	Preview    []PreviewLine
	AlsoStops  []string // "Doorbell events → Bell Maker events (until 3 March)"
	Missing    string   // "Choose who may receive it."; "" when the form is complete
	Error      string   // why the last attempt was refused
	Busy       bool
	Confirm    string // "Give until 30 November"
}

// GiveDraft is what the person has chosen so far.
type GiveDraft struct {
	DeviceID  string
	Recipient string
	Data      []string
	PresetID  string
	Until     Day
	Remedy    string
}

// PreviewLine is one sentence about what will happen.
type PreviewLine struct {
	Text     string
	Severity Severity
}

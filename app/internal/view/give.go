package view

// Give is the form by which a permission is given. Each change of the draft is
// handed to the presenter, which answers with a new Give.
type Give struct {
	Revision   uint64
	Draft      GiveDraft // what this answers to
	DeviceID   string
	Device     string
	Kind       Kind
	Title      string   // "How long may Front door bell send?"
	Recipients []Choice // any number is chosen, or RecipientAny alone
	TypedError string   // why what was typed names nobody
	Proposed   string   // the name of those who are chosen together; "" when one name is enough
	Data       []Choice // categories, any number
	Presets    []Preset
	PresetID   string // the chosen preset, "" for a date of one's own or none yet
	Until      Day    // the chosen end, zero when none yet
	TermNote   string // why a length of time was chosen beforehand
	StampText  string // "30 NOV 26"; "" when there is no date yet
	StampTime  string // "18:00", where it does not end with its day
	Severity   Severity
	First      Day // range of the date picker
	Last       Day
	EndsTitle  string   // "When that day is over"
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
	Edit       int // counts the changes, so that a late answer undoes no newer choice
	DeviceID   string
	Recipients []string // chosen, by their IDs
	Added      []string // destinations that were typed and are offered, chosen or not
	Typing     string   // what was typed just now: addresses, host names, or "Name=a, b"
	Name       string   // of the chosen ones together; "" takes the proposed one
	Data       []string
	PresetID   string
	Until      Day
	At         string // "18:00"; "" is the end of the day
	Remedy     string
}

// PreviewLine is one sentence about what will happen.
type PreviewLine struct {
	Text     string
	Severity Severity
}

package view

// Review is the renewal of one permission, like a statement of account.
type Review struct {
	Revision uint64
	Loaded   bool
	ID       string
	Position string // "Review · 1 of 3"; "" when opened alone
	Title    string // "Front door bell → Bell Maker, United States"
	Subline  string // "You agreed on 3 May 2026 for six months. It ends in 8 days."
	Anew     string // "You have decided anew since: ..."; "" when the newest version was asked for
	Card     PermissionCard

	SinceTitle string // "Since you agreed"
	Since      []Change
	SinceEmpty string // "Nothing has changed."

	LapseTitle string   // "What happens if it lapses"; "" where it has ended
	LapseText  string   // "When 30 November is over the router cuts the bell from the internet."
	AlsoStops  []string // other live permissions that would stop with it

	Presets     []Preset // at most six; the keys from 1 on choose them
	First, Last Day      // the range of the date picker
	CanRenew    bool
	CanLapse    bool
	CanEnd      bool
	Grace       string // the button that gives two more days; "" when there is none to give
	GraceLine   string // what it means, or that they were given
	WhyNot      string // why it cannot be renewed now; "" when it can
	Second      string // what ending it takes away for good; asked a second time. "" where it can be undone
	NothingLine string // "If you do nothing, it lapses."

	Steps    []string   // what only a person can do to end it; empty when there is nothing
	StepsFor string     // the title over them
	Confirm  ActionLink // says that the steps were taken; ID names the action

	Ladder Ladder // what blocks where another way failed

	Retry ActionLink // tries what is stuck again; ID names the action

	Busy       bool   // a decision is under way
	ResultLine string // "asked the router · router confirms · last data 14:03:22, none since"
	ResultSev  Severity

	Save  ActionLink // saves this permission alone, to be handed to somebody; ID is its own
	Saved Outcome    // what became of that

	Previous, Next string // IDs of the neighbours in the review; "" at the ends
}

// Change is one line of what has changed since the household agreed.
type Change struct {
	Lead     string // bold: "+2 recipients."
	Text     string
	Severity Severity
	Flows    Route  // the flows behind the figure; none where it has none
	Show     string // the words that lead there
}

// Preset is one length of time to choose by one click.
type Preset struct {
	ID    string // "1h", "today", "1m", "3m", "6m", "12m"
	Label string // "6 months"
	Until Day
	Term  string // as consent.ParseTerm reads it: "PT1H", "P6M"
	Ends  string // "31 MAY 27", as it will be stamped
}

package view

// CardAction is what the one button of a permission card does.
type CardAction string

// The actions of a card. CardNone shows the state's word instead of a button.
const (
	CardNone   CardAction = ""
	CardReview CardAction = "review" // open the renewal
	CardWhy    CardAction = "why"    // open the same page: what was done, what is seen
	CardGive   CardAction = "give"   // nothing was agreed yet: give a permission
)

// PermissionCard is one permission, in the shape of a bank card.
type PermissionCard struct {
	ID           string // of the consent; "" when none was given yet
	DeviceID     string
	Device       string // "Front door bell"
	Kind         Kind
	ReceivesLine string   // "receives: Bell Maker Inc · US"
	DataLine     string   // "Video, who comes and goes"
	StatusLine   string   // "Ended, still sending — 41 requests since"; "" when there is nothing to say
	StampCaption string   // "BEST BEFORE"
	StampText    string   // "30 NOV 26", printed in dots: digits, A to Z and spaces
	Struck       bool     // the stamp is struck through: the date is over
	Severity     Severity // the worst of the three truths
	StateWord    string   // "fresh", "8 days", "ended": always shown with the colour
	Lacking      bool     // nothing is agreed: no date comes near
	ActionLabel  string   // "Review"; "" with CardNone
	Action       CardAction
	Truths       Truths
}

// Truths are the three facts of a permission, never mixed: what the person
// chose, what we did about it, what was observed since.
type Truths struct {
	Decided      string
	Done         string
	Seen         string
	DoneSeverity Severity // None unless something is wrong
	SeenSeverity Severity
}

// Permissions is the card wall.
type Permissions struct {
	Revision uint64
	Loaded   bool
	Sentence string   // "Three permissions end this month."
	Subline  string   // "14 permissions · 3 wait for you"
	Filters  []Choice // all, ends soon, still sending, fresh, ended
	Cards    []PermissionCard
	Timeline Timeline
	Review   string // "Review 3 permissions"; "" when none waits
	Empty    Invitation
}

// Timeline is the year ahead on one axis. Fractions run from 0 (Start) to 1.
type Timeline struct {
	Title  string // "The year ahead"
	Months []TimelineMonth
	Marks  []TimelineMark
}

// TimelineMonth is one tick of the axis.
type TimelineMonth struct {
	Label    string // "Dec"
	Fraction float64
}

// TimelineMark is one end on the axis.
type TimelineMark struct {
	ID       string // of the permission, or what MarkRoute reads
	Label    string // "Front door bell"
	When     string // "30 Nov"
	Fraction float64
	Severity Severity
}

// Invitation is what an empty place says instead of nothing.
type Invitation struct {
	Title  string
	Text   string
	Action ActionLink // Label "" means that there is nothing to do but wait
}

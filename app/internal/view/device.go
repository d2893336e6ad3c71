package view

// Devices is the list of what is at home.
type Devices struct {
	Revision uint64
	Loaded   bool
	Sentence string // "23 devices are at home. Two need a name."
	Subline  string
	Query    Query // what the rows answer to
	Filters  []Choice
	Orders   []Choice
	Rows     []DeviceRow // headings and devices, in the order of the page
	Total    int         // devices, whether shown or not
	Shown    int
	Empty    Invitation
}

// DeviceRow is one line of the list: a heading of a group where Heading is set,
// else a device.
type DeviceRow struct {
	Heading string // "Help me name these"
	Hint    string // beside the heading: what the group means

	ID          string
	Kind        Kind
	Name        string
	Mark        string     // "this computer", "router"; "" for an ordinary one
	Line        string     // "Bell Maker · doorbell"
	Receives    string     // "sends to Bell Maker, Example Ads and 2 others"
	Amount      string     // "4.1 GB this week"; "" when nothing was seen
	Pill        string     // "until 30 Nov", "still sending", "no permission"; "" for none
	PillState   Severity   // colour of the pill
	Lacking     bool       // the pill says that a permission is lacking, not that a date comes
	Confirm     ActionLink // "Yes, it is a Chromecast"; Label "" when there is nothing to confirm
	Because     string     // what the guess rests on
	Cut         Cut
	Place       int    // for tests and keyboards: counts devices from 1
	searchable  string // lower case: names, makers, recipients, addresses
	groupOrder  int
	compareKeys compareKeys
}

type compareKeys struct {
	name   string
	ends   int64
	bytes  uint64
	strays bool
	first  int64
}

// Cut is the one button that disconnects a device, and what came of it.
type Cut struct {
	Label     string // "Disconnect", "Reconnect"; "" when it is never cut
	Reconnect bool   // the button reconnects
	Busy      bool   // under way: the button waits
	Never     string // why there is no button: "never cut: it is the router"
	Line      string // "disconnected · Gateway confirms · last data 14:03:22, none since"
	LineState Severity
}

// DevicePage is one device.
type DevicePage struct {
	Revision uint64
	Loaded   bool
	Missing  string // why there is nothing to show; "" when there is
	ID       string
	Kind     Kind
	Name     string
	Line     string // "Bell Maker · doorbell · here since 3 May 2025"
	Mark     string
	Sentence string // "It sends to two companies; one has no permission."
	Confirm  ActionLink
	Cut      Cut
	Give     ActionLink // "Give a permission"

	Cards  []CardTruths
	NoCard Invitation

	SendsTitle string
	Sends      []SendRow
	AllSends   Route  // where the rest of them is
	MoreSends  string // "All 300 recipients"; "" where all are shown
	SendsEmpty string
	Spans      []Choice // day, week, year
	Chart      []Column
	ChartNote  string // "The last 14 days, at most 620 MB a day"
	Coverage   string

	// Depends asks whether somebody depends on it; empty where the clock never cuts it anyway.
	DependsTitle string
	Depends      []Choice
	// Split takes apart what was joined; SameTitle asks which of Same it is.
	Split     ActionLink
	SameTitle string
	Same      []Choice

	WhatTitle string
	Evidence  []EvidenceLine
	Technical []EvidenceLine // folded away: addresses, identifiers, ways and the words of protocols

	Behaviour DeviceBehaviour

	HistoryTitle string
	History      []DiaryRow
	HistoryEmpty string
}

// CardTruths is a permission card with its three truths beside it.
type CardTruths struct {
	Card  PermissionCard
	Title string // "decided", "done", "seen" follow
}

// SendRow is one recipient of what a device sends.
type SendRow struct {
	To        string
	Who       string // "its maker's cloud · Germany"; "" where it is not known
	Flows     Route  // what lies behind the amount
	ToLine    string // "last today 14:03"
	Secrecy   string // "probably encrypted"; "" where only names were looked up
	Way       string // "bell.example · tcp 443 · tcp 443 is usual for encrypted data": stands among the technical details
	What      string // "video"; "not known"
	Basis     string // "you said"; "" when it is not known
	Amount    string // "4.1 GB"
	Pill      string // "until 30 Nov", "no permission"
	PillState Severity
	Lacking   bool       // the pill says that a permission is lacking, not that a date comes
	Consent   string     // leads to its review
	Allow     ActionLink // ID is the recipient for Give; Label "" when there is a permission

	standing standing
}

// standing is how a recipient stands with the household.
type standing int

const (
	stray    standing = iota // nobody has agreed to it
	agreed                   // with a permission in force
	over                     // its permission has ended
	everyday                 // what every device does; no date is put on it
)

// EvidenceLine is one reason for what we think.
type EvidenceLine struct {
	What    string // "Maker"
	Value   string // "Bell Maker"
	Because string // "it says so itself (_bell._tcp)"
}

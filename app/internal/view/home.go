package view

// Home is the first page.
type Home struct {
	Revision     uint64
	Loaded       bool
	Sentence     string           // "Three permissions end this month. One device is still sending."
	Subline      string           // "23 devices at home · we can see what 17 of them send · last look 14:03"
	Found        string           // "I also found: FRITZ!Box, Pi-hole. Connect one …"; "" for nothing
	FoundLink    ActionLink       // leads to where it is connected
	Cards        []PermissionCard // those that end next, at most six
	MoreCards    string           // "All 14 permissions"; "" when these are all
	Empty        Invitation       // shown instead of cards while there are none
	Fresh        bool             // nothing is connected yet, so there is little to try
	FlowTitle    string           // "Where your home's data went this week"
	Bars         []Bar
	Countries    []Bar
	Purposes     []Bar
	AllFlows     ActionLink // leads to all that was seen, to be searched and saved
	FlowEmpty    string     // what is said instead of bars while nothing can be seen
	CoverageLine string     // "Seen by: router since 3 May · Pi-hole since 3 May. Six devices use their own DNS."
	NewsTitle    string     // "New since Thursday"
	News         []NewsItem
	NewsEmpty    string // "Nothing new."
	Problems     []Problem
}

// Bar is one company in a bar chart.
type Bar struct {
	Label    string  // "Bell Maker · US"
	Value    string  // "4.1 GB"
	Fraction float64 // of the longest bar, 0 to 1
	Severity Severity
	Muted    bool  // "9 others"
	Flows    Route // what lies behind it; the zero Route for others together
}

// Column is one day in a column chart.
type Column struct {
	Label    string  // "14 Nov"
	Value    string  // "620 MB", shown when pointed at
	Fraction float64 // of the highest column, 0 to 1
	Severity Severity
	Flows    Route // what lies behind it
}

// NewsItem is one thing that happened since the last visit, with what can be
// answered to it.
type NewsItem struct {
	ID      string
	Lead    string // bold: "A phone joined"
	Text    string // " — is it your phone with a new address?"
	Actions []ActionLink
	Route   Route // where its lead leads; the zero Route leads nowhere
}

// Problem is something that could not be enforced or needs a person.
type Problem struct {
	ID       string
	Severity Severity
	Word     string // "Needs you", "Not enforced"
	Text     string // one sentence that says what to do
	Detail   string // what was reported, for whoever helps; may be empty
	Action   ActionLink
	Also     ActionLink // a second answer; Label "" is none
	more     int        // told together with it
}

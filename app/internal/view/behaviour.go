package view

// DeviceBehaviour is how a device behaves, on its page: what was out of the
// ordinary, what data it handles and how that is known, what was said of it
// against what was seen, and how well it can be seen.
type DeviceBehaviour struct {
	UnusualTitle string
	Unusual      []UnusualRow

	DataTitle string
	Data      []DataRow

	Said SaidSheet

	SightTitle string
	Sight      []EvidenceLine // who sees it: name, what, since when
	Missing    []string       // what would be needed to see more
	OwnNames   []string       // that it asks its own name server, and which
}

// UnusualRow is one thing out of the ordinary.
type UnusualRow struct {
	ID       string
	Severity Severity
	Text     string // the evidence, in sentences
	Hint     string // what it may be
	Fine     ActionLink
	Flows    Route // the flows behind it
	Show     string
}

// DataRow is kinds of data and how it is known that the device handles them.
type DataRow struct {
	What    string // "Video, sound"
	Basis   string // "seen", "declared", "typical", "unknown"
	Because string // who saw it, or what it announces
}

// SaidSheet is said against seen.
type SaidSheet struct {
	Title   string
	Basis   string // against what it is held, and since when
	Note    string // what else is to be known of the description; may be empty
	Offer   string // that the device announces a description; "" for none
	Address string // where that is; for copying and for the person's own browser
	Groups  []SaidGroup
	Actions []ActionLink // give a file, fetch, forget
}

// SaidGroup is one of the four lists.
type SaidGroup struct {
	Title    string
	Count    string
	Severity Severity
	Rows     []SaidRow
	More     string // "and 12 more"
}

// SaidRow is one recipient or rule.
type SaidRow struct {
	Name   string
	Line   string // "tcp 443 · last today 14:03"
	Amount string
	Flows  Route
}

// The answers on the sheets of behaviour.
const (
	SaidFile   = "file"   // give a description as a file
	SaidFetch  = "fetch"  // fetch the announced one
	SaidCopy   = "copy"   // copy its address
	SaidVisit  = "visit"  // open it in the person's own browser
	SaidForget = "forget" // forget it
)

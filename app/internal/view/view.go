// Package view holds what the window shows: immutable snapshots of rows with
// ready-made strings and a severity for each, and the presenters that fill them
// from the engine. It knows neither Fyne nor the store, so that every text and
// every order can be tested as plain data.
//
// The strings of a snapshot are final: cleaned, translated, dates in the
// person's locale. A page never formats, sorts or decides anything.
package view

import (
	"time"

	"bestbefore/discovery"
)

// Kind is the kind of a device; its picture is chosen by it.
type Kind = discovery.Kind

// Severity says how old or how wrong something is. It chooses the colour and
// the icon; the word always stands beside them.
type Severity int

// The severities, calm to loud. None has no colour of its own.
const (
	None   Severity = iota
	Fresh           // good until later
	Soon            // ends within 30 days, or has no permission
	Lapsed          // ended, and quiet
	Still           // ended and still sending; something needs a person
)

// Snapshot is one immutable page of rows. Total counts all rows that the query
// matches, also those outside its window. Loaded is false until the first
// answer has come, so that a page can say "looking" instead of "nothing".
type Snapshot[R any] struct {
	Revision uint64
	Rows     []R
	Total    int
	Loaded   bool
}

// Query is what a list shows: the text searched for, a filter by its ID, an
// order by its ID, and the window of rows wanted. Zero means everything.
type Query struct {
	Text   string
	Filter string
	Order  string
	Offset int
	Limit  int // 0 means no limit
}

// Page names a page of the window.
type Page string

// The pages.
const (
	PageHome        Page = "home"
	PageDevices     Page = "devices"
	PageDevice      Page = "device" // Arg is the device's ID
	PagePermissions Page = "permissions"
	PageReview      Page = "review" // Arg is the permission's ID, "" for the first that waits
	PageAccess      Page = "access"
	PageConnectors  Page = "connectors"
	PageDiary       Page = "diary"
	PageSettings    Page = "settings"
	PageFlows       Page = "flows" // Arg is a FlowFilter
	PageCapture     Page = "capture"
	PageGuides      Page = "guides" // Arg is a guide's ID, or GuideAccess and an access's; "" for the list
)

// Route is a place in the window: a page and what it is about. It is comparable,
// makes the history, and is what a notification or a test opens.
type Route struct {
	Page    Page
	Arg     string
	Version int // of the permission that a message spoke of; 0 when there was none
}

// Day is a civil date without a zone, as a person picks it. The zero Day is no day.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// Choice is one of several things to choose from.
type Choice struct {
	ID       string
	Label    string // "Bell Maker · US"
	Detail   string // "seen, 4.1 GB last week"; may be empty
	Count    string // "3" in a filter; may be empty
	Chosen   bool
	Disabled bool // Detail then says why
}

// ActionLink is a word in the text that does something.
type ActionLink struct {
	ID    string
	Label string
}

// Frame is what stands around every page: the navigation's counts and the
// lines at its foot.
type Frame struct {
	Devices          string // "23"; "" shows none
	Permissions      string // "3", those that wait for a person; "" shows none
	PermissionsState Severity
	HoldingLine      string // "Holding 4 dates on the router."; may be empty
	Next             string // the next end, for the tray; may be empty
	Dates            int    // how many permissions have an end
}

// Toast is a short message after something was done. Undo names what can be
// undone; "" means that it cannot.
type Toast struct {
	Text     string
	Severity Severity
	Undo     string
}

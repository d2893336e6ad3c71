package view

// Capture is the page of capture files: what one holds, how far it is read, and
// which were taken over.
type Capture struct {
	Revision uint64
	Loaded   bool
	Title    string
	Subline  string
	Choose   ActionLink // "Choose a file …"
	Hint     string     // that it may be dropped on the window

	Busy     bool    // a file is being read
	Progress float64 // 0 to 1
	Reading  string  // "Reading home.pcapng: 120 of 1.1 GB"
	Stop     ActionLink

	File       string   // what the rest is about; "" when nothing was looked at
	Facts      []string // "1,204 packets from 3 May 14:03 to 16:00"
	KnownTitle string
	Known      []CaptureRow
	NewTitle   string
	New        []CaptureRow
	Notes      []string // what could not be read
	Add        []Choice // whether the devices that were never seen here are added
	Take       ActionLink
	Close      ActionLink
	Outcome    Outcome

	TakenTitle string
	Taken      []TakenCapture
	TakenEmpty string
}

// CaptureRow is one device of a file.
type CaptureRow struct {
	Name   string // "Front door bell", "a device that was never seen here"
	Line   string // its hardware address
	Names  string // "asks for video.bell.example and 3 others"
	Amount string // "sent 4.1 GB, received 20 MB, most of it encrypted"
	Before string // "taken over before"
	ID     string // of the device; "" for one that was never seen
}

// TakenCapture is a file that was taken over.
type TakenCapture struct {
	File    string
	Line    string // "taken over yesterday 14:03 · 1,204 records of 3 devices"
	Forget  ActionLink
	Sure    string
	Outcome Outcome
}

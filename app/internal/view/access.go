package view

// Access is the page of what apps, accounts and devices hold: tokens, keys,
// logins and accounts that connected peers gave and can list.
type Access struct {
	Revision uint64
	Loaded   bool
	Sentence string // "Seven accesses were given. One was not used for a year."
	Subline  string
	Query    Query
	Filters  []Choice
	Orders   []Choice
	Rows     []AccessRow
	Ended    []Outcome // what became of those that were ended here and are no longer listed
	Empty    Invitation
	ByHand   ActionLink // leads to the steps for what cannot be listed or ended from here
}

// AccessRow is one access: whose, for what, last used, ends when.
type AccessRow struct {
	ID         string
	Name       string
	Kind       Kind   // of its device
	Line       string // "login at Home Assistant"
	DeviceID   string
	Whose      string // "of Front door bell", "nobody knows whose"
	For        string // "role role-cam"; what it is good for
	Used       string // "last used 3 May"
	Ends       string // "ends 31 May 2027", "never ends by itself"
	Pill       string // "ends in 8 days"; "" for none
	PillState  Severity
	End        ActionLink // "End this access"; Label "" when it cannot be ended from here
	Never      string     // why not
	Steps      ActionLink // "How to end it" by hand; Label "" where it can be ended from here
	Busy       bool
	Result     string // what became of ending it
	ResultSev  Severity
	searchable string
	used       int64
	ends       int64
	given      int64
	owned      bool
	idle       bool
}

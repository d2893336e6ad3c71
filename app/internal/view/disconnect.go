package view

// Disconnect is the preview before a device is cut from the internet.
type Disconnect struct {
	Revision  uint64
	DeviceID  string
	Device    string
	Kind      Kind
	Title     string   // "Disconnect Front door bell?"
	Text      string   // "The router cuts it from the internet within a second."
	Stops     []string // what stops working
	Stays     []string // what goes on working at home
	AlsoStops []string // other live permissions that would stop
	Refused   string   // why it may not be cut at all; "" when it may
	Second    string   // the sentence to confirm a second time (safety, medical); "" when once is enough
	Pauses    []Choice // for how long; the first is until it is reconnected
	PauseNote string   // who gives it back; "" while no end is chosen
	Confirm   string   // "Disconnect now"
	Busy      bool
	Result    string // "asked the router · router confirms · last data 14:03:22, none since"
	ResultSev Severity
	Undo      ActionLink // "Reconnect", once done
}

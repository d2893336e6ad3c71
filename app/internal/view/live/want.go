package live

import (
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/consent"
)

// diaryPage is how many lines of the diary are added at a time.
const diaryPage = 100

// want is what the person looks at and has half filled in.
type want struct {
	route       view.Route
	hidden      bool // the window is
	devices     view.Query
	permissions view.Query
	diary       view.Query
	diaryLimit  int
	check       view.Outcome
	export      view.Outcome
	leave       view.Outcome
	forget      forgetting
	span        string // of the chart of a device
	flows       view.Query
	flowsSaved  view.Outcome
	receipt     receipt
	backup      view.Outcome
	calendar    view.Outcome
	held        []engine.HeldInfo
	reviewing   map[string]bool // reviews with a decision under way
	cut         *cut
	give        *give
	form        form
	removal     view.RemovalInput
	tested      map[string]view.Outcome // by connection
	logOf       string                  // the connection whose log is open
	access      view.Query
	endings     []view.Ending // what was ended on the page of access, in this order
	guides      view.Query
	capture     capture
	file        connectorFile
	setupSaved  view.Outcome
}

// receipt is what became of saving one permission.
type receipt struct {
	of      string
	outcome view.Outcome
}

// cut is the open dialog about disconnecting a device, or ending an access.
type cut struct {
	device string           // or the ID of the access
	access *view.Ending     // nil where it is about a device
	action consent.ActionID // "" before the click
	pause  string           // for how long, as view.Disconnect offers it
	busy   bool
	err    string
}

// give is the open form of a new permission.
type give struct {
	draft view.GiveDraft
	busy  bool
	err   string
}

// form is the open form of a connector. Secrets never stay in it.
type form struct {
	kind    string
	id      string // of the connection that is changed; "" for a new one
	answers map[string]string
	busy    bool
	err     string
	unknown *connectors.CertificateError // what the peer showed instead of an answer
	link    engine.LinkInfo              // the peer's own page, while it waits for a yes
}

// Seen says whether the window can be seen. While it cannot, no page is made anew.
func (p *Pump) Seen(on bool) { p.change(func(w *want) { w.hidden = !on }) }

// Shown is told which place is seen; only that one is kept current.
func (p *Pump) Shown(r view.Route) {
	p.forget(string(r.Page))
	if r.Page != view.PageConnectors {
		p.leaveLink()
	}
	p.change(func(w *want) {
		if w.route.Page == view.PageConnectors && r.Page != view.PageConnectors {
			w.form, w.logOf, w.tested, w.file, w.setupSaved, w.removal = form{}, "", nil, connectorFile{}, view.Outcome{}, view.RemovalInput{}
		}
		if w.route.Page == view.PageAccess && r.Page != view.PageAccess {
			w.endings = nil
		}
		if w.route != r {
			w.span, w.flowsSaved, w.receipt = "", view.Outcome{}, receipt{}
		}
		if r.Page != view.PageFlows {
			w.flows = view.Query{}
		}
		w.route = r
	})
	if r.Page == view.PageSettings || r.Page == view.PageConnectors {
		p.askHeld()
	}
}

// FindDevices changes what the list of devices shows.
func (p *Pump) FindDevices(q view.Query) { p.change(func(w *want) { w.devices = q }) }

// FindAccess changes what the list of access shows.
func (p *Pump) FindAccess(q view.Query) { p.change(func(w *want) { w.access = q }) }

// FindPermissions changes what the card wall shows.
func (p *Pump) FindPermissions(q view.Query) { p.change(func(w *want) { w.permissions = q }) }

// FindDiary changes what the diary shows.
func (p *Pump) FindDiary(q view.Query) {
	p.change(func(w *want) { w.diary, w.diaryLimit = q, diaryPage })
}

// OlderDiary adds older lines to the diary.
func (p *Pump) OlderDiary() { p.change(func(w *want) { w.diaryLimit += diaryPage }) }

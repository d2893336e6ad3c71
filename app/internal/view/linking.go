package view

import (
	"bestbefore/app/internal/engine"
)

// LinkStep is the peer's own page, on which the person says yes.
type LinkStep struct {
	Line  string // what is to be done there; "" where no page waits
	Code  string // what is to be typed there; "" where nothing is
	Page  string
	Until string
	Open  ActionLink
}

// linkStep says what is to be done on a page that waits.
func (p Presenter) linkStep(l engine.LinkInfo) LinkStep {
	if l.ID == "" {
		return LinkStep{}
	}
	s := LinkStep{
		Code: clean(l.Code), Page: l.URL, Open: ActionLink{ID: l.ID, Label: p.T("Open the page")},
		Line:  p.T("Open the page in the browser of this computer, and say yes there."),
		Until: p.T("It goes on here by itself, and waits until %s.", p.clock(l.Until)),
	}
	if l.Code != "" {
		s.Line = p.T("Open the page on any device, and type this code there:")
	}
	return s
}

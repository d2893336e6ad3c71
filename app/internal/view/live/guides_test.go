package live

import (
	"strings"
	"testing"
	"testing/synctest"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
)

// The steps by hand are a place of their own: for an access that cannot be ended
// from here, and as a list; an access that is gone says so.
func TestTheStepsByHandAreAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{
			devices: oneDevice("Bell"), access: []engine.AccessInfo{{ID: "k1/app", Name: "Old app", Kind: "app key", ConnectionName: "Bridge"}},
			guides: []connectors.Guide{{ID: "hue", Name: "Philips Hue", Steps: []string{"Delete it."}}},
		}
		p, s := pump(t, f)
		for arg, want := range map[string]string{"access:k1/app": "Bridge", "hue": "Philips Hue", "access:k1/gone": ""} {
			p.Shown(view.Route{Page: view.PageGuides, Arg: arg})
			s.settle()
			if got := last(t, s.guides); got.Sheet.Title != want || (want == "") != (got.Empty.Title != "") {
				t.Errorf("%q: %+v", arg, got)
			}
		}
		p.Shown(view.Route{Page: view.PageGuides})
		s.settle()
		if got := last(t, s.guides); len(got.Rows) != 1 || !strings.Contains(got.Subline, "1 maker") {
			t.Errorf("%+v", got)
		}
		p.FindGuides(view.Query{Text: "toaster"})
		s.settle()
		if got := last(t, s.guides); len(got.Rows) != 0 || got.Empty.Title == "" {
			t.Errorf("%+v", got)
		}
	})
}

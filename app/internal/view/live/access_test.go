package live

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/consent"
)

func TestAnAccessIsEndedFromItsRowWithTheResultInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		act := consent.Action{ID: "a1", Kind: consent.ActRevoke, State: consent.Pending}
		var asked []string
		f := &fake{devices: oneDevice("Bell"), access: []engine.AccessInfo{{ID: "k1/cam", Name: "cam", ConnectionName: "Broker", Revocable: true}}}
		f.action = func() consent.Action { return act }
		f.endAccess = func(id string, sure bool) (consent.Action, error) {
			if !sure {
				t.Error("it was ended without a second confirmation")
			}
			asked = append(asked, id)
			return act, nil
		}
		p, s := pump(t, f)
		p.Shown(view.Route{Page: view.PageAccess})
		s.settle()
		if got := last(t, s.access); len(got.Rows) != 1 || got.Rows[0].End.ID != "k1/cam" {
			t.Fatalf("%+v", got)
		}
		p.AskEndAccess("k1/cam")
		s.settle()
		if got := last(t, s.cut); got.Second == "" || got.Result != "" || len(asked) != 0 {
			t.Fatalf("the preview %+v", got)
		}
		p.ConfirmDisconnect("k1/cam")
		s.settle()
		if got := last(t, s.cut); got.Result != "About to be done." || !slices.Equal(asked, []string{"k1/cam"}) {
			t.Fatalf("after the click %+v, asked %q", got, asked)
		}
		act.State, act.Level, f.access = consent.Done, consent.Configured, nil
		f.hub.Publish(changes.Actions)
		time.Sleep(gathered)
		s.settle()
		if got := last(t, s.cut); got.ResultSev != view.Fresh || !strings.Contains(got.Title, "is ended") {
			t.Errorf("in the dialog %+v", got)
		}
		p.CloseDisconnect()
		s.settle()
		if got := last(t, s.access); len(got.Rows) != 0 || len(got.Ended) != 1 || got.Ended[0].Severity != view.Fresh {
			t.Errorf("on the page %+v", got)
		}
		p.Shown(view.Route{Page: view.PageDiary})
		s.settle()
		p.Shown(view.Route{Page: view.PageAccess})
		s.settle()
		if got := last(t, s.access); len(got.Ended) != 0 {
			t.Errorf("told again at the next visit: %+v", got.Ended)
		}
	})
}

func TestAnAccessThatIsGoneIsNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pump(t, &fake{devices: oneDevice("Bell")})
		p.AskEndAccess("k1/cam")
		s.settle()
		if len(s.cut) != 0 || len(s.toasts) != 1 || s.toasts[0].Severity != view.Still {
			t.Errorf("%+v, %+v", s.cut, s.toasts)
		}
	})
}

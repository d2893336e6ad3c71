package live

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
)

// linking is an engine with one page that waits for a yes.
type linking struct {
	answer chan error // what comes of the page
	given  chan struct{}
}

func newLinking() *linking {
	return &linking{answer: make(chan error, 1), given: make(chan struct{})}
}

func (f *fake) StartLink(_ context.Context, r engine.ConnectRequest) (engine.LinkInfo, error) {
	if r.Values["client_id"] == "" {
		return engine.LinkInfo{}, errors.New("the client ID is missing")
	}
	return engine.LinkInfo{ID: "l1", LinkPage: connectors.LinkPage{URL: "https://login.example/codes", Code: "WDJB-MJHT"}}, nil
}

func (f *fake) WaitLink(ctx context.Context, _ string) (engine.ConnectionInfo, error) {
	select {
	case err := <-f.link.answer:
		return engine.ConnectionInfo{Connection: connectors.Connection{Name: "Bell account"}}, err
	case <-f.link.given:
		return engine.ConnectionInfo{}, errors.New("connecting was given up")
	case <-ctx.Done():
		return engine.ConnectionInfo{}, ctx.Err()
	}
}

func (f *fake) CancelLink(context.Context, string) error {
	close(f.link.given)
	return nil
}

func linkPump(t *testing.T) (*fake, *Pump, *screen) {
	t.Helper()
	f := &fake{link: newLinking(), kinds: []connectors.Spec{{Kind: "oauth", Name: "Online account", Links: true}}}
	p, s := pump(t, f)
	p.Shown(view.Route{Page: view.PageConnectors})
	p.OpenForm("oauth")
	p.Connect("oauth", map[string]string{"client_id": "house"}, map[string]string{"client_secret": "hunter2"})
	s.settle()
	return f, p, s
}

func (s *screen) form() view.Form { return s.connectors[len(s.connectors)-1].Form }

func TestAPageIsShownUntilSomebodySaysYes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, p, s := linkPump(t)
		if x := s.form(); x.Link.Code != "WDJB-MJHT" || x.Link.Page != "https://login.example/codes" || !x.Busy || x.Submit != "Waiting for your yes…" {
			t.Fatalf("shown %+v", x)
		}
		f.link.answer <- nil
		s.settle()
		if w := p.wanted(); w.form.kind != "" || len(s.toasts) != 1 {
			t.Errorf("open %+v, said %+v", w.form, s.toasts)
		}
	})
}

func TestAPageThatIsAnsweredWithNoSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, p, s := linkPump(t)
		f.link.answer <- errors.New("the page was answered with no")
		s.settle()
		if w := p.wanted(); w.form.kind != "oauth" || w.form.err == "" || w.form.link.ID != "" || w.form.busy || len(w.form.answers) != 1 {
			t.Errorf("open %+v", w.form)
		}
	})
}

// Closing the form, or going elsewhere, gives the page up, and nobody is told.
func TestAPageIsGivenUpWithItsForm(t *testing.T) {
	for name, leave := range map[string]func(*Pump){
		"cancel":    func(p *Pump) { p.OpenForm("") },
		"elsewhere": func(p *Pump) { p.Shown(view.Route{Page: view.PageDevices}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, p, s := linkPump(t)
				leave(p)
				s.settle()
				select {
				case <-f.link.given:
				default:
					t.Error("the page still waits")
				}
				if w := p.wanted(); w.form.kind != "" || w.form.err != "" || len(s.toasts) != 0 {
					t.Errorf("open %+v, said %+v", w.form, s.toasts)
				}
			})
		})
	}
}

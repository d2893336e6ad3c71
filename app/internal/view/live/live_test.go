package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bestbefore/app/internal/changes"
	"bestbefore/app/internal/engine"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// gathered is a little more than changes are gathered for.
const gathered = 300 * time.Millisecond

func TestAChangeReachesThePageThatIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{devices: oneDevice("Bell")}
		p, s := pump(t, f)
		p.Shown(view.Route{Page: view.PageDevices})
		s.settle()
		if len(s.devices) != 1 || s.devices[0].Rows[1].Name != "Bell" {
			t.Fatalf("first look: %+v", s.devices)
		}
		f.devices = oneDevice("Front door bell")
		f.hub.Publish(changes.Devices)
		time.Sleep(gathered)
		s.settle()
		if n := len(s.devices); n != 2 || s.devices[1].Rows[1].Name != "Front door bell" {
			t.Fatalf("after the change %d looks", n)
		}
		if s.devices[1].Revision <= s.devices[0].Revision {
			t.Error("the revision does not rise")
		}
	})
}

func TestAHiddenPageIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{devices: oneDevice("Bell")}
		p, s := pump(t, f)
		p.Shown(view.Route{Page: view.PageDiary})
		s.settle()
		asked := f.asked["diary"]
		f.hub.Publish(changes.Devices, changes.Flows)
		time.Sleep(gathered)
		s.settle()
		if f.asked["devices"] != 0 || f.asked["diary"] != asked {
			t.Errorf("asked for %v", f.asked)
		}
		f.hub.Publish(changes.Diary) // the twin: what concerns the page is asked for
		time.Sleep(gathered)
		s.settle()
		if f.asked["diary"] != asked+1 {
			t.Errorf("asked for %v", f.asked)
		}
	})
}

func TestManyChangesAreOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{devices: oneDevice("Bell")}
		p, s := pump(t, f)
		p.Shown(view.Route{Page: view.PageDevices})
		s.settle()
		asked := f.asked["devices"]
		for range 100 {
			f.hub.Publish(changes.Devices)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(gathered)
		s.settle()
		if n := f.asked["devices"] - asked; n != 1 {
			t.Errorf("%d looks for changes within 100 ms", n)
		}
		if len(s.devices) != 1 {
			t.Errorf("the same rows were shown %d times", len(s.devices))
		}
	})
}

func TestACommandReturnsAtOnceAndItsOutcomeFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{devices: oneDevice("Bell"), label: func(ctx context.Context, _ discovery.DeviceID, _ string) error {
			time.Sleep(30 * time.Second) // a slow engine
			return nil
		}}
		p, s := pump(t, f)
		start := time.Now()
		p.Rename("d1", "Door")
		if time.Since(start) != 0 {
			t.Error("the command waited for the engine")
		}
		s.settle()
		if len(s.toasts) != 0 {
			t.Errorf("said before it was done: %+v", s.toasts)
		}
		time.Sleep(31 * time.Second)
		s.settle()
		if len(s.toasts) != 1 || s.toasts[0].Text != "It is called Door now." || s.toasts[0].Undo == "" {
			t.Errorf("got %+v", s.toasts)
		}
	})
}

func TestAFailureIsSaidInOneSentence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{label: func(context.Context, discovery.DeviceID, string) error { return errors.New("the disk is full") }}
		p, s := pump(t, f)
		p.Rename("d1", "Door")
		s.settle()
		if len(s.toasts) != 1 || s.toasts[0].Text != "The disk is full." || s.toasts[0].Severity != view.Still {
			t.Errorf("got %+v", s.toasts)
		}
	})
}

func TestDisconnectShowsItsResultInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := consent.Action{ID: "a1", Kind: consent.ActBlock, State: consent.Pending}
		f := &fake{devices: oneDevice("Bell"), action: func() consent.Action { return now }}
		f.disconnect = func(_ context.Context, id discovery.DeviceID, second bool) (consent.Action, error) {
			if id != "d1" || !second {
				t.Errorf("asked to cut %q, second confirmation %v", id, second)
			}
			return now, nil
		}
		p, s := pump(t, f)
		p.AskDisconnect("d1")
		s.settle()
		if got := last(t, s.cut); got.Result != "" || got.Text != "Gateway cuts it now." {
			t.Fatalf("preview %+v", got)
		}
		p.ConfirmDisconnect("d1")
		s.settle()
		if got := last(t, s.cut); got.Result != "about to be done" {
			t.Fatalf("after the click %+v", got)
		}
		now.State, now.Level = consent.Done, consent.Effective
		now.Evidence = []consent.Evidence{{At: time.Now(), Seen: consent.Stopped}}
		f.hub.Publish(changes.Actions)
		time.Sleep(gathered)
		s.settle()
		if got := last(t, s.cut); got.ResultSev != view.Fresh || !strings.HasSuffix(got.Result, "none since") {
			t.Errorf("result %q", got.Result)
		}
		p.CloseDisconnect()
		s.settle()
		shown := len(s.cut)
		now.State = consent.Stuck
		f.hub.Publish(changes.Actions)
		time.Sleep(gathered)
		s.settle()
		if len(s.cut) != shown {
			t.Error("a closed dialog was opened again by a change")
		}
	})
}

func TestAClosedDialogIsNotOpenedByALateLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{devices: oneDevice("Bell")}
		p, s := pump(t, f)
		p.AskDisconnect("d1")
		p.StartGive("d1")
		synctest.Wait() // both looks are queued at the window, not shown yet
		p.CloseDisconnect()
		p.CloseGive()
		s.settle()
		if len(s.cut) != 0 || len(s.give) != 0 {
			t.Errorf("a look that came late opened %d and %d dialogs", len(s.cut), len(s.give))
		}
	})
}

func TestGiveAllowsOnlyWhatIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []engine.AllowRequest
		refuse := errors.New("there is already a permission for this")
		f := &fake{devices: oneDevice("Bell"), allow: func(r engine.AllowRequest) error { asked = append(asked, r); return refuse }}
		p, s := pump(t, f)
		p.StartGive("d1")
		s.settle()
		if got := last(t, s.give); got.Missing == "" {
			t.Fatalf("an empty form is not complete: %+v", got)
		}
		d := view.GiveDraft{DeviceID: "d1", Recipients: []string{view.RecipientAny}, Data: []string{"any"}, Until: view.Day{Year: 2000, Month: time.June, Day: 30}}
		p.ChangeGive(d)
		s.settle()
		if got := last(t, s.give); got.Missing != "" || len(got.Preview) != 1 {
			t.Fatalf("the complete form: %+v", got)
		}
		p.ConfirmGive(d)
		s.settle()
		if got := last(t, s.give); got.Error == "" || s.closed != 0 {
			t.Fatalf("a refusal stays in the form: %+v", got)
		}
		refuse = nil
		p.ConfirmGive(d)
		s.settle()
		if len(asked) != 2 || asked[1].Until != "2000-06-30" || !asked[1].Recipient.Any || s.closed != 1 || len(s.toasts) != 1 {
			t.Errorf("asked %+v, closed %d, said %+v", asked, s.closed, s.toasts)
		}
	})
}

func TestSecretsOfAFormAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{connect: func(r engine.ConnectRequest) error {
			if r.Secrets["password"] != "hunter2" {
				t.Error("the secret did not arrive")
			}
			return errors.New("the password was refused")
		}}
		p, s := pump(t, f)
		p.Shown(view.Route{Page: view.PageConnectors})
		p.OpenForm("gateway")
		p.Connect("gateway", map[string]string{"interface": "lan0"}, map[string]string{"password": "hunter2"})
		s.settle()
		if w := p.wanted(); w.form.err == "" || len(w.form.answers) != 1 {
			t.Errorf("kept %+v", w.form)
		}
		if len(s.connectors) == 0 {
			t.Error("nothing was shown")
		}
	})
}

func TestTheDiaryIsChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pump(t, &fake{})
		p.Shown(view.Route{Page: view.PageDiary})
		p.CheckDiary()
		s.settle()
		if got := last(t, s.diary); got.Check.Severity != view.Fresh || got.Check.Busy {
			t.Errorf("got %+v", got.Check)
		}
	})
}

func last[T any](t *testing.T, all []T) T {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("nothing was shown")
	}
	return all[len(all)-1]
}

// An unknown certificate is asked about, and with the yes the connection is made.
func TestAnUnknownCertificateIsAskedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unknown := &connectors.CertificateError{Host: "192.0.2.1", Fingerprint: "sha256:0a1b"}
		f := &fake{connect: func(r engine.ConnectRequest) error {
			if r.Values[connectors.OptCertificate] != unknown.Fingerprint {
				return fmt.Errorf("not yet: %w", unknown)
			}
			return nil
		}}
		p, s := pump(t, f)
		p.OpenForm("box")
		p.Connect("box", nil, nil)
		s.settle()
		if w := p.wanted(); w.form.unknown != unknown || w.form.busy {
			t.Fatalf("asked %+v", w.form)
		}
		p.Connect("box", map[string]string{connectors.OptCertificate: unknown.Fingerprint}, nil)
		s.settle()
		if w := p.wanted(); w.form.kind != "" || w.form.unknown != nil {
			t.Errorf("still open: %+v", w.form)
		}
	})
}

// A change of a connection keeps its form open where it was refused, and closes it else.
func TestAChangeIsTriedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := errors.New("the password was refused")
		f := &fake{connections: []string{"k1"}}
		f.mend = func(r engine.ChangeRequest) error {
			if r.ID != "k1" || r.Secrets["password"] != "hunter2" {
				t.Errorf("asked %+v", r)
			}
			return refuse
		}
		p, s := pump(t, f)
		p.ChangeForm("k1")
		s.settle()
		if w := p.wanted(); w.form.id != "k1" {
			t.Fatalf("open %+v", w.form)
		}
		for _, err := range []error{refuse, nil} {
			refuse = err
			p.Change("k1", map[string]string{"host": "192.0.2.2"}, map[string]string{"password": "hunter2"})
			s.settle()
			if w := p.wanted(); (w.form.id == "k1") != (err != nil) || (w.form.err != "") != (err != nil) {
				t.Errorf("%v: %+v", err, w.form)
			}
		}
	})
}

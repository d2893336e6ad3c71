package live

import (
	"testing"
	"testing/synctest"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// What was chosen in the open preview is what is asked for: with an end a pause,
// without one (the first choice again) nothing that ends.
func TestTheChosenEndIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := consent.Action{ID: "a1", Kind: consent.ActBlock, State: consent.Pending}
		var asked []string
		f := &fake{devices: oneDevice("Bell"), action: func() consent.Action { return a }, cut: &engine.Preview{Lines: []string{"Gateway cuts it now."}, Pause: "Gateway gives it back."}}
		f.pause = func(until string) (consent.Action, error) { asked = append(asked, until); return a, nil }
		p, s := pump(t, f)
		p.AskDisconnect("d1")
		s.settle()
		if got := last(t, s.cut); len(got.Pauses) != 3 || !got.Pauses[0].Chosen || got.PauseNote != "" {
			t.Fatalf("offered %+v, %q", got.Pauses, got.PauseNote)
		}
		p.ChoosePause("d1", "hour")
		s.settle()
		if got := last(t, s.cut); !got.Pauses[1].Chosen || got.Pauses[0].Chosen || got.PauseNote != "Gateway gives it back." {
			t.Fatalf("after the choice %+v, %q", got.Pauses, got.PauseNote)
		}
		p.ConfirmDisconnect("d1")
		s.settle()
		if len(asked) != 1 || asked[0] != "PT1H" {
			t.Errorf("asked for %q", asked)
		}
	})
}

package live

import (
	"context"
	"testing"
	"testing/synctest"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// One click cuts a device and offers to take it back; where it is refused, where
// somebody may depend on the device or more than it would be cut, it is asked first.
func TestOneClickDisconnects(t *testing.T) {
	for name, c := range map[string]struct {
		preview engine.Preview
		asks    bool
	}{
		"an ordinary device": {engine.Preview{Lines: []string{"Gateway cuts it now."}, AlsoStops: []string{"its own permission"}}, false},
		"a medical device":   {engine.Preview{Confirm: true}, true},
		"the router":         {engine.Preview{Refused: "It is the router."}, true},
		"a shared account":   {engine.Preview{Coarse: true}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			cut := 0
			f := &fake{devices: oneDevice("Bell"), cut: &c.preview}
			f.disconnect = func(_ context.Context, id discovery.DeviceID, second bool) (consent.Action, error) {
				if cut++; id != "d1" || second {
					t.Errorf("%s: cut %q, second confirmation %v", name, id, second)
				}
				return consent.Action{ID: "a1"}, nil
			}
			p, s := pump(t, f)
			p.Disconnect("d1")
			s.settle()
			if (cut == 0) != c.asks || (len(s.cut) > 0) != c.asks || (len(s.toasts) == 0) != c.asks {
				t.Errorf("%s: cut %d times, %d dialogs, %d messages", name, cut, len(s.cut), len(s.toasts))
			}
			if !c.asks && (s.toasts[0].Undo != undoLast || s.toasts[0].Text != "It is being disconnected.") {
				t.Errorf("%s: said %+v", name, s.toasts[0])
			}
		})
	}
}

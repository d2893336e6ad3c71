//go:build lab && linux

package pihole

import (
	"testing"
	"time"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
)

// TestLabPihole: two devices ask; names are refused to one of them, first those
// of one company, then all, and then no more.
func TestLabPihole(t *testing.T) {
	lab(t, func(f *real) {
		t.Logf("figure: %s", f.version())
		const bell, other = "127.0.0.7", "127.0.0.8"
		s := f.open(t)
		if at, err := s.PeerTime(t.Context()); err != nil || time.Until(at).Abs() > time.Minute {
			t.Errorf("its clock: %s, %v", at, err)
		}
		w := connectortest.Watch(t, s, nil).Begun()
		f.many(bell, "video.maker.example", 20)
		f.many(other, "video.maker.example", 20)
		w.Until("40 questions are seen", func(v *connectortest.Seen) bool { return v.Sum() >= 40 })
		for _, c := range []struct {
			to   consent.Recipient
			free string
		}{{maker(), "some.where.example"}, {consent.Recipient{Any: true}, ""}} {
			r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-real", Target: connectors.Target{Addresses: []string{bell}, Recipient: c.to}})
			if err != nil || r.Level != consent.Configured {
				t.Fatalf("%+v, %v", r, err)
			}
			connectortest.Until(t, "it is refused", func() bool { return !f.answered(bell, "video.maker.example") })
			if !f.answered(other, "video.maker.example") || c.free != "" && !f.answered(bell, c.free) {
				t.Error("the wrong thing is refused")
			}
			var v connectors.Finding
			connectortest.Until(t, "that it is refused is seen", func() bool {
				v, err = s.Verify(t.Context(), r)
				return err != nil || v.Level == consent.Effective && v.Seen == consent.Stopped && v.Refused > 0
			})
			t.Logf("%+v, %v", v, err)
			if hs, err := s.Held(t.Context()); err != nil || len(hs) != 1 || !hs[0].Active {
				t.Errorf("%+v, %v", hs, err)
			}
			if _, err := s.Unblock(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			connectortest.Until(t, "it is answered again", func() bool { return f.answered(bell, "video.maker.example") })
		}
		cursor := w.Stop().Cursor
		f.many(bell, "later.example", 300)
		w = connectortest.Watch(t, s, cursor)
		key := bell + " later.example"
		w.Until("what was asked meanwhile is seen", func(v *connectortest.Seen) bool { return v.Counts[key] >= 300 })
		if v := w.Stop(); v.Counts[key] != 300 {
			t.Errorf("%d questions, 300 were asked", v.Counts[key])
		}
		if c, _ := s.Coverage(t.Context()); c.Lost != 0 {
			t.Errorf("%+v", c)
		}
	})
}

//go:build lab && linux

package pihole

import (
	"context"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery/flow"
)

// logged waits until all that was asked is in its log: what it was asked in its
// last second it writes down nowhere.
func (f *real) logged(s *Session, client string, rows int) {
	f.t.Helper()
	connectortest.Until(f.t, "it writes down what it was asked", func() bool {
		pg, err := s.readLog(f.t.Context(), question{limit: maxRows, client: client})
		return err == nil && len(pg.rows) >= rows
	})
}

// only is a session of which one device's questions are looked at.
func only(client string, s *Session) connectors.Observer { return oneDevice{s, client} }

type oneDevice struct {
	connectors.Observer
	client string
}

// Observe leaves the other devices out.
func (o oneDevice) Observe(ctx context.Context, from connectors.Cursor, emit func([]flow.Record, connectors.Cursor)) error {
	return o.Observer.Observe(ctx, from, func(recs []flow.Record, c connectors.Cursor) {
		emit(slices.DeleteFunc(recs, func(r flow.Record) bool { return r.Local.Address.String() != o.client }), c)
	})
}

// TestLabPiholeRestarts: Pi-hole ends and begins anew while somebody reads its
// log and while nobody does. Every question is counted once; that it kept its
// session is why nobody signs in again.
func TestLabPiholeRestarts(t *testing.T) {
	lab(t, func(f *real) {
		const bell = "127.0.0.7"
		s := f.open(t)
		w := connectortest.Watch(t, only(bell, s), nil).Begun()
		asked, given := uint64(0), uint64(0)
		ask := func(n int) { f.many(bell, "video.maker.example", n); asked += uint64(n) }
		counted := func() {
			t.Helper()
			w.Until("all is counted", func(v *connectortest.Seen) bool { return given+v.Sum() >= asked })
		}
		ask(150)
		counted()
		for range 2 {
			v := w.Stop()
			given += v.Sum()
			ask(130) // nobody looks
			f.logged(s, bell, int(asked))
			if err := f.stop(unix.SIGTERM); err != nil {
				t.Logf("it ended with %v", err)
			}
			f.start()
			ask(70)
			w = connectortest.Watch(t, only(bell, s), v.Cursor)
			counted()
		}
		given += w.Stop().Sum()
		t.Logf("figure: %d questions over 2 restarts, %d counted", asked, given)
		if given != asked {
			t.Errorf("%d counted, %d were asked", given, asked)
		}
		if c, _ := s.Coverage(t.Context()); c.Lost != 0 {
			t.Errorf("%+v", c)
		}
	})
}

// TestLabPiholePowerCut: what it has not yet put on its disk is lost, and its
// numbers are used again. All that was asked since is counted, nothing is given
// twice, and that something may be missing is said.
func TestLabPiholePowerCut(t *testing.T) {
	lab(t, func(f *real) {
		const bell = "127.0.0.7"
		s := f.open(t)
		for _, after := range []int{20, 90, 300} {
			w := connectortest.Watch(t, s, nil).Begun()
			f.many(bell, "before.example", 90)
			w.Until("it sees", func(v *connectortest.Seen) bool { return v.Sum() >= 90 })
			cursor := w.Stop().Cursor
			_ = f.stop(unix.SIGKILL)
			f.start()
			f.many(bell, "after.example", after)
			w = connectortest.Watch(t, s, cursor)
			key := bell + " after.example"
			w.Until("what was asked since is seen", func(v *connectortest.Seen) bool { return v.Counts[key] >= uint64(after) })
			v := w.Stop()
			t.Logf("figure: after a power cut %d questions were asked, %d counted", after, v.Counts[key])
			if v.Counts[key] != uint64(after) || v.Counts[bell+" before.example"] != 0 {
				t.Errorf("%v, %d were asked", v.Counts, after)
			}
			if c, _ := s.Coverage(t.Context()); c.Lost == 0 || !strings.Contains(c.Text, "no longer held") {
				t.Errorf("that something may be missing is not said: %+v", c)
			}
		}
	})
}

// TestLabPiholeBlockOutlivesIt: a block stands after a restart and a power cut.
func TestLabPiholeBlockOutlivesIt(t *testing.T) {
	lab(t, func(f *real) {
		const bell = "127.0.0.7"
		s := f.open(t)
		r, err := s.Block(t.Context(), connectors.BlockRequest{Mark: "consent-real", Target: connectors.Target{Addresses: []string{bell}, Recipient: maker()}})
		if err != nil || r.Level != consent.Configured {
			t.Fatalf("%+v, %v", r, err)
		}
		connectortest.Until(t, "it is refused", func() bool { return !f.answered(bell, "video.maker.example") })
		for _, by := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
			_ = f.stop(by)
			f.start()
			// For a moment it answers all names: it reads its lists after it has begun.
			connectortest.Until(t, "it is refused again", func() bool { return !f.answered(bell, "video.maker.example") })
			connectortest.Until(t, "other names are answered", func() bool { return f.answered(bell, "some.where.example") })
			if hs, err := s.Held(t.Context()); err != nil || len(hs) != 1 || !hs[0].Active {
				t.Errorf("%+v, %v", hs, err)
			}
		}
		if err := s.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		connectortest.Until(t, "it is answered again", func() bool { return f.answered(bell, "video.maker.example") })
		if hs, err := s.Held(t.Context()); err != nil || len(hs) != 0 {
			t.Errorf("%+v, %v", hs, err)
		}
	})
}

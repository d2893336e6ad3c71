package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/connectors"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
	"bestbefore/discovery"
	"bestbefore/discovery/flow"
)

// byHand is a home with a permission that a person has just ended by hand.
func byHand(t *testing.T) (*home, consent.ID, consent.Action) {
	t.Helper()
	h := newHome(t)
	h.kind = discovery.KindCamera // of a phone only whole days are known
	id := h.see("00:11:22:33:44:55")
	info, err := h.Allow(t.Context(), engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}, Data: []consent.Category{"video"},
		Until: "2027-05-31", Then: consent.Guide, How: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err = h.End(t.Context(), info.ID, "test"); err != nil {
		t.Fatal(err)
	}
	a := info.Actions[0]
	if _, err := h.Confirm(t.Context(), a.ID, "test"); !errors.Is(err, consent.ErrNotByHand) {
		t.Fatalf("confirmed before it was asked for: %v", err)
	}
	a.State = consent.NeedsPerson // what the runner makes of it
	if err := h.st.SaveAction(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	h.send(t, info.ID)
	if a, err = h.Confirm(t.Context(), a.ID, "test"); err != nil {
		t.Fatal(err)
	}
	return h, info.ID, a
}

// send has the device send under the permission now.
func (h *home) send(t *testing.T, id consent.ID) {
	t.Helper()
	c, err := h.Consent(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	rec := flow.Record{
		Key: flow.Key{Device: c.Device, Destination: flow.Destination{Address: netip.MustParseAddr("203.0.113.7")}, Protocol: "tcp", Port: 443},
		Up:  1000, Count: 1, First: h.now.Add(-time.Second), Last: h.now, Source: "connector:k1",
	}
	h.arrives(t, rec)
}

// arrives is what an observer told.
func (h *home) arrives(t *testing.T, recs ...flow.Record) {
	t.Helper()
	if err := h.AddFlows(t.Context(), "k1", recs, nil); err != nil {
		t.Fatal(err)
	}
}

// pass lets time go by, as the engine sees it: it asks its sources all the while.
func (h *home) pass(t *testing.T, d time.Duration) {
	t.Helper()
	for end := h.now.Add(d); h.now.Before(end); {
		h.now = h.now.Add(min(2*time.Minute, end.Sub(h.now)))
		if err := h.WatchLosses(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (h *home) watch(t *testing.T, id consent.ID) (consent.Seen, consent.Headline) {
	t.Helper()
	if err := h.WatchEnded(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := h.Consent(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c.Seen, c.Headline
}

// sees is a source that sees where everything is sent, since a week; words are
// others for what it sees, and dead is when it gave no sign of life.
type sees struct {
	h     *home
	words []string
	dead  func() bool
}

func (s sees) Coverage(context.Context) (connectors.Coverage, error) {
	c := connectors.Coverage{Sees: s.words, Whole: true, Since: start.Add(-7 * 24 * time.Hour), Alive: s.h.now}
	if s.words == nil {
		c.Sees = []string{"bytes", "destinations"}
	}
	if s.dead != nil && s.dead() {
		c.Alive = s.h.now.Add(-time.Hour)
	}
	return c, nil
}

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) // of newHome

func TestAWordAloneProvesNothing(t *testing.T) {
	h, id, a := byHand(t)
	if a.State != consent.Done || a.Level != consent.Accepted {
		t.Errorf("the action is %s, %s", a.State, a.Level)
	}
	h.now = h.now.Add(time.Hour)
	if seen, head := h.watch(t, id); seen != consent.NotChecked || head != consent.EndedUnchecked {
		t.Errorf("after an hour: %s, %s", seen, head)
	}
	h.now = h.now.Add(25 * time.Hour) // nobody watches
	if seen, _ := h.watch(t, id); seen != consent.CannotTell {
		t.Errorf("with nobody watching: %s", seen)
	}
}

// TestWhatWasEndedByHandAndGoesOnIsAskedForAgain: the guide is opened again, once.
func TestWhatWasEndedByHandAndGoesOnIsAskedForAgain(t *testing.T) {
	h, id, a := byHand(t)
	h.connect(false)
	h.peers.caps.Coverer = sees{h: h}
	h.pass(t, 30*time.Second)
	h.send(t, id) // a transfer that runs out
	if seen, _ := h.watch(t, id); seen != consent.NotChecked {
		t.Errorf("at once: %s", seen)
	}
	for range 3 {
		h.pass(t, 10*time.Minute)
		h.send(t, id)
		if seen, head := h.watch(t, id); seen != consent.Flowing || head != consent.EndedStill {
			t.Errorf("it goes on: %s, %s", seen, head)
		}
	}
	c, err := h.Consent(t.Context(), id)
	if err != nil || c.Actions[0].State != consent.NeedsPerson || !c.SeenAt.Equal(h.now) {
		t.Errorf("%+v seen at %s, %v", c.Actions[0], c.SeenAt, err)
	}
	if n := h.lines(t, consent.NoteVerified); n != 1 {
		t.Errorf("told %d times", n)
	}
	h.pass(t, time.Minute)
	if _, err := h.Confirm(t.Context(), a.ID, "test"); err != nil { // tried once more
		t.Fatal(err)
	}
	if seen, head := h.watch(t, id); seen != consent.NotChecked || head != consent.EndedUnchecked {
		t.Errorf("said again: %s, %s", seen, head)
	}
}

// lines counts the diary's lines of a kind.
func (h *home) lines(t *testing.T, k ledger.Kind) (n int) {
	t.Helper()
	all, err := h.Diary(t.Context(), engine.DiaryQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.Kind == k {
			n++
		}
	}
	return n
}

func TestADayOfSilenceCountsWhereSomebodyWatched(t *testing.T) {
	h, id, _ := byHand(t)
	h.connect(false)
	h.peers.caps.Coverer = sees{h: h}
	h.pass(t, 23*time.Hour)
	if seen, _ := h.watch(t, id); seen != consent.NotChecked {
		t.Errorf("after 23 hours: %s", seen)
	}
	h.pass(t, 2*time.Hour)
	if seen, head := h.watch(t, id); seen != consent.Stopped || head != consent.EndedStopped {
		t.Errorf("after a day: %s, %s", seen, head)
	}
}

// TestT62OnlyWhoWatchesAllTheWhileCanTell: of the same day of silence nothing can be
// told where this computer slept, where its source was away for an hour, where the
// source sees no traffic, or where it had never seen the device send. The twins have
// none of that. A watch that was broken counts once it has lasted for a day.
func TestT62OnlyWhoWatchesAllTheWhileCanTell(t *testing.T) {
	long := func(h *home) { h.pass(t, 25*time.Hour) }
	away := func(h *home, from, to time.Duration) func() bool {
		return func() bool { s := h.now.Sub(start); return s > from && s < to }
	}
	for name, x := range map[string]struct {
		source func(h *home) connectors.Coverer
		pass   func(h *home)
		want   consent.Seen
	}{
		"watched":           {func(h *home) connectors.Coverer { return sees{h: h} }, long, consent.Stopped},
		"slept":             {func(h *home) connectors.Coverer { return sees{h: h} }, func(h *home) { h.pass(t, 10*time.Hour); h.now = h.now.Add(9 * time.Hour); h.pass(t, 6*time.Hour) }, consent.CannotTell},
		"slept, then awake": {func(h *home) connectors.Coverer { return sees{h: h} }, func(h *home) { h.now = h.now.Add(9 * time.Hour); h.pass(t, 25*time.Hour) }, consent.Stopped},
		"source away":       {func(h *home) connectors.Coverer { return sees{h: h, dead: away(h, 10*time.Hour, 11*time.Hour)} }, long, consent.CannotTell},
		"presence":          {func(h *home) connectors.Coverer { return sees{h: h, words: []string{"presence"}} }, long, consent.CannotTell},
		"names":             {func(h *home) connectors.Coverer { return sees{h: h, words: []string{"names", "queries"}} }, long, consent.CannotTell},
		"kinds":             {func(h *home) connectors.Coverer { return sees{h: h, words: []string{"categories"}} }, long, consent.CannotTell},
	} {
		t.Run(name, func(t *testing.T) {
			h, id, _ := byHand(t)
			h.connect(false)
			h.peers.caps.Coverer = x.source(h)
			x.pass(h)
			if seen, head := h.watch(t, id); seen != x.want || (head == consent.EndedStopped) != (x.want == consent.Stopped) {
				t.Errorf("%s, %s, want %s", seen, head, x.want)
			}
		})
	}
}

// TestWhatIsBackAfterADayIsARelapse: it is told as one, asked for again, and stands
// among what is wrong, once; the twin, which never stopped, is no relapse.
func TestWhatIsBackAfterADayIsARelapse(t *testing.T) {
	for _, stopped := range []bool{true, false} {
		h, id, _ := byHand(t)
		h.connect(false)
		h.peers.caps.Coverer = sees{h: h}
		if stopped {
			h.pass(t, 25*time.Hour)
			h.watch(t, id)
		}
		for range 5 {
			h.pass(t, time.Hour)
			h.send(t, id)
			if seen, head := h.watch(t, id); seen != consent.Flowing || head != consent.EndedStill {
				t.Errorf("%s, %s", seen, head)
			}
		}
		if n := h.lines(t, consent.NoteRelapse); n != map[bool]int{true: 1}[stopped] {
			t.Errorf("stopped before: %v; told as a relapse %d times", stopped, n)
		}
		o, err := h.Overview(t.Context())
		if err != nil || len(o.Problems) != 1 {
			t.Fatalf("%+v, %v", o.Problems, err)
		}
		want := map[bool]string{true: "relapse/", false: "review/"}[stopped] + string(id)
		if o.Problems[0].ID != want {
			t.Errorf("%+v, want %s", o.Problems[0], want)
		}
	}
}

// claims is a source that sees everything, or says so: anybody at home could have sent what it tells.
type claims struct{ sees }

func (c claims) Coverage(ctx context.Context) (connectors.Coverage, error) {
	v, err := c.sees.Coverage(ctx)
	v.Claim = true
	return v, err
}

// TestTheSilenceOfAClaimProvesNothing: not alone; beside a source that is no claim
// (the twin) the same silence counts.
func TestTheSilenceOfAClaimProvesNothing(t *testing.T) {
	for want, source := range map[consent.Seen]func(*home) connectors.Coverer{
		consent.CannotTell: func(h *home) connectors.Coverer { return claims{sees{h: h}} },
		consent.Stopped:    func(h *home) connectors.Coverer { return sees{h: h} },
	} {
		h, id, _ := byHand(t)
		h.connect(false)
		h.peers.caps.Coverer = source(h)
		h.pass(t, 25*time.Hour)
		if seen, _ := h.watch(t, id); seen != want {
			t.Errorf("after a day of silence: %s, want %s", seen, want)
		}
		d, err := h.Device(t.Context(), string(h.see("00:11:22:33:44:55")))
		if err != nil || len(d.Sight.By) != 1 || d.Sight.By[0].Claim != (want == consent.CannotTell) {
			t.Errorf("seen by %+v, %v", d.Sight, err)
		}
	}
}

func TestRemindersAreOnUntilTurnedOff(t *testing.T) {
	h := newHome(t)
	for _, want := range []bool{true, false, true} {
		if !want {
			if err := h.SetPreferences(t.Context(), engine.Preferences{}); err != nil {
				t.Fatal(err)
			}
		}
		p, err := h.Preferences(t.Context())
		if err != nil || p.Reminders != want {
			t.Errorf("reminders %v, %v, want %v", p.Reminders, err, want)
		}
		if err := h.SetPreferences(t.Context(), engine.Preferences{Reminders: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestACardSaysWhenItSentLastHoweverMuchElseIsSent: of a device with more than a
// thousand larger destinations too; what arrives is known at once, and what is deleted
// is forgotten.
func TestACardSaysWhenItSentLastHoweverMuchElseIsSent(t *testing.T) {
	h := newHome(t)
	h.kind = discovery.KindCamera
	id := h.see(bell)
	info := h.allow(id, "Bell Maker", "bell.example")
	row := func(to string, bytes uint64, at time.Time) flow.Record {
		return flow.Record{
			Key: flow.Key{Destination: flow.Destination{Domain: to}, Protocol: "dns"}, Local: flow.Local{MAC: bell},
			Up: bytes, Count: 1, First: at, Last: at, Source: "connector:k1",
		}
	}
	var recs []flow.Record
	for i := range 1100 {
		recs = append(recs, row(fmt.Sprintf("big%d.example", i), 5000, h.now.Add(-time.Minute)))
	}
	asked := h.now.Add(-time.Hour)
	h.arrives(t, append(recs, row("video.bell.example", 0, asked))...)
	sent := func() time.Time {
		t.Helper()
		cs, err := h.Consents(t.Context())
		if err != nil || len(cs) != 1 || cs[0].ID != info.ID {
			t.Fatalf("%+v, %v", cs, err)
		}
		return cs[0].LastSent
	}
	if got := sent(); !got.Equal(asked) {
		t.Errorf("it sent last %s, want %s", got, asked)
	}
	h.arrives(t, row("bell.example", 0, h.now))
	if got := sent(); !got.Equal(h.now) {
		t.Errorf("after it sent again: %s", got)
	}
	fs, err := h.Flows(t.Context(), engine.FlowQuery{Limit: 1000})
	for _, f := range fs {
		if f.Consent == info.ID {
			t.Errorf("the twin: the thousand largest hold it too: %+v", f)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Forget(t.Context(), engine.ForgetRequest{All: true}); err != nil {
		t.Fatal(err)
	}
	if got := sent(); !got.IsZero() {
		t.Errorf("after all was deleted: %s", got)
	}
}

package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
)

// A pause writes its block and its end in one step, says who keeps the end, and
// is taken back, and taken back again, with the same end. The twin: a plain
// disconnect has no end and nothing waits for one.
func TestAPauseHasItsEndFromTheStart(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	open := func() (out []consent.Action) {
		t.Helper()
		as, err := h.st.Actions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range as {
			if a.State.Open() {
				out = append(out, a)
			}
		}
		return out
	}
	for holds, want := range map[bool]string{true: "Gateway gives it back by itself", false: "this computer must be on then"} {
		h.peers.caps.Traits.HoldsEnd = holds
		if p, err := h.PreviewDisconnect(t.Context(), id); err != nil || !strings.Contains(p.Pause, want) {
			t.Errorf("the preview says %q, %v", p.Pause, err)
		}
	}
	end := h.now.Add(time.Hour).UTC()
	paused := func(what string) {
		t.Helper()
		as := open()
		if len(as) != 2 || as[0].Kind != consent.ActUnblock || !as[0].DueAt.Equal(end) || as[0].State != consent.Waiting || !as[1].Until.Equal(end) {
			t.Fatalf("%s: %+v", what, as)
		}
		d, err := h.Device(t.Context(), string(id))
		if err != nil || d.Blocked == nil || d.Blocked.Kind != consent.ActBlock {
			t.Fatalf("%s: the device shows %+v, %v", what, d.Blocked, err)
		}
	}
	if _, err := h.Pause(t.Context(), id, "1h", false, "test"); err != nil {
		t.Fatal(err)
	}
	paused("paused")
	if got := h.diary(t); !strings.Contains(got, " until "+end.In(berlin(t)).Format("2 January 2006 15:04")) {
		t.Errorf("the diary does not say until when: %s", got)
	}
	if _, err := h.Reconnect(t.Context(), id, "test"); err != nil {
		t.Fatal(err)
	}
	if as := open(); len(as) != 1 || as[0].Origin != consent.FromPerson {
		t.Fatalf("after reconnecting %+v", as)
	}
	if _, err := h.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	paused("the reconnect undone")
	if _, err := h.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if as := open(); len(as) != 1 || as[0].Kind != consent.ActUnblock || as[0].Origin != consent.FromPerson {
		t.Fatalf("the pause undone: %+v", as)
	}
	if _, err := h.Disconnect(t.Context(), id, false, "test"); err != nil {
		t.Fatal(err)
	}
	if as := open(); len(as) != 1 || !as[0].Until.IsZero() {
		t.Errorf("a plain disconnect: %+v", as)
	}
}

// A pause that could not be set is told on the page of all that is wrong: that its
// end waits, as the newest action of its mark, says nothing of that.
func TestAPauseThatFailedIsTold(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	a, err := h.Pause(t.Context(), h.see(bell), "1h", false, "test")
	if err != nil {
		t.Fatal(err)
	}
	a.State, a.Reason = consent.Stuck, "It does not answer."
	if err := h.st.SaveAction(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	o, err := h.Overview(t.Context())
	if err != nil || o.Stuck != 1 || !slices.ContainsFunc(o.Problems, func(p engine.Problem) bool { return p.ID == "action/"+string(a.ID) }) {
		t.Errorf("%d stuck, %+v, %v", o.Stuck, o.Problems, err)
	}
}

// A device that was disconnected years ago, and not since reconnected, is shown so.
func TestADisconnectIsShownForYears(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	a, err := h.Disconnect(t.Context(), id, false, "test")
	if err != nil {
		t.Fatal(err)
	}
	a.State, a.Finished = consent.Done, h.now
	if err := h.st.SaveAction(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.AddDate(3, 0, 0)
	if d, err := h.Device(t.Context(), string(id)); err != nil || d.Blocked == nil || d.Blocked.ID != a.ID {
		t.Errorf("%+v, %v", d.Blocked, err)
	}
}

// What has no end, or a past one, is no pause; and a reconnect whose pause is
// over cannot be taken back into a block without an end.
func TestAPauseThatCannotBe(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	for _, until := range []string{"no-end", "", "2019-01-01", "soon"} {
		if a, err := h.Pause(t.Context(), id, until, false, "test"); err == nil {
			t.Errorf("%q was taken: %+v", until, a)
		}
	}
	if _, err := h.Pause(t.Context(), id, "1h", false, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Reconnect(t.Context(), id, "test"); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(2 * time.Hour)
	if text, err := h.Undo(t.Context()); err == nil {
		t.Errorf("Undo() = %q", text)
	}
}

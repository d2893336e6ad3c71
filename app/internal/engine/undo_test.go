package engine_test

import (
	"errors"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// TestLettingItLapseIsAnAnswerThatCanBeTakenBack: it is an answer to the version
// that was asked about, and to no later one.
func TestLettingItLapseIsAnAnswerThatCanBeTakenBack(t *testing.T) {
	h := newHome(t)
	info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	lapsing := func() bool {
		t.Helper()
		one, err := h.Consent(t.Context(), info.ID)
		if err != nil {
			t.Fatal(err)
		}
		all, err := h.Consents(t.Context())
		if err != nil || len(all) != 1 || all[0].Lapsing != one.Lapsing {
			t.Fatalf("the list says %+v, %v", all, err)
		}
		return one.Lapsing
	}
	if lapsing() {
		t.Fatal("it lapses although nobody said so")
	}
	for range 2 { // a second click says nothing new
		if err := h.Lapse(t.Context(), info.ID, "test"); err != nil || !lapsing() {
			t.Fatalf("Lapse() = %v, lapsing %v", err, lapsing())
		}
	}
	text, err := h.Undo(t.Context())
	if err != nil || lapsing() || !strings.Contains(text, "Bell Maker") {
		t.Fatalf("Undo() = %q, %v, lapsing %v", text, err, lapsing())
	}
	if text, err := h.Undo(t.Context()); err != nil || !strings.Contains(text, "the permission of") {
		t.Fatalf("the next undo is of what came before: %q, %v", text, err)
	}
}

func TestARenewalIsANewQuestion(t *testing.T) {
	h := newHome(t)
	info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7")
	if err := h.Lapse(t.Context(), info.ID, "test"); err != nil {
		t.Fatal(err)
	}
	h.now = info.Expires.AddDate(0, 0, -7)
	next, err := h.Renew(t.Context(), info.ID, "3mo", "test")
	if err != nil || next.Lapsing {
		t.Fatalf("Renew() = lapsing %v, %v", next.Lapsing, err)
	}
	if _, err := h.Undo(t.Context()); err != nil { // of the renewal
		t.Fatal(err)
	}
	if _, err := h.Undo(t.Context()); err == nil {
		t.Error("the answer to an older version was taken back")
	}
}

// TestEveryEditCanBeTakenBack: after each the home is as it was before.
func TestEveryEditCanBeTakenBack(t *testing.T) {
	const lamp = "00:11:22:33:44:66"
	for name, edit := range map[string]func(h *home, a, b discovery.DeviceID) error{
		"label": func(h *home, a, _ discovery.DeviceID) error { return h.Label(t.Context(), a, "Door") },
		"merge": func(h *home, a, b discovery.DeviceID) error { return h.Merge(t.Context(), a, b) },
		"essential": func(h *home, a, _ discovery.DeviceID) error {
			return h.SetEssential(t.Context(), a, discovery.EssentialMedical)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			a, b := h.see(bell), h.see(lamp)
			before := h.home()
			if err := edit(h, a, b); err != nil {
				t.Fatal(err)
			}
			if h.home() == before {
				t.Fatal("the edit changed nothing that could be taken back")
			}
			if _, err := h.Undo(t.Context()); err != nil {
				t.Fatal(err)
			}
			if after := h.home(); after != before {
				t.Errorf("after undo the home is %s, it was %s", after, before)
			}
		})
	}
}

func TestTakingApartCanBeTakenBack(t *testing.T) {
	h := newHome(t)
	a, b := h.see(bell), h.see("00:11:22:33:44:66")
	if err := h.Merge(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
	before := h.home()
	if ids, err := h.Split(t.Context(), a); err != nil || len(ids) != 2 {
		t.Fatalf("Split() = %v, %v", ids, err)
	}
	if text, err := h.Undo(t.Context()); err != nil || !strings.Contains(text, "taking apart") {
		t.Fatalf("Undo() = %q, %v", text, err)
	}
	if after := h.home(); after != before {
		t.Errorf("after undo the home is %s, it was %s", after, before)
	}
}

func TestDisconnectAndReconnectCanBeTakenBack(t *testing.T) {
	h := newHome(t)
	h.connect(true)
	id := h.see(bell)
	asked := func(kind consent.ActionKind) {
		t.Helper()
		as, err := h.st.Actions(t.Context())
		if err != nil || len(as) == 0 || as[0].Kind != kind || as[0].State != consent.Pending {
			t.Fatalf("the newest action is %+v, %v; want %s", as, err, kind)
		}
	}
	if _, err := h.Disconnect(t.Context(), id, false, "test"); err != nil {
		t.Fatal(err)
	}
	asked(consent.ActBlock)
	if _, err := h.Reconnect(t.Context(), id, "test"); err != nil {
		t.Fatal(err)
	}
	asked(consent.ActUnblock)
	for _, want := range []consent.ActionKind{consent.ActBlock, consent.ActUnblock} {
		if _, err := h.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
		asked(want)
	}
}

// home is what is at home, in words that can be compared.
func (h *home) home() string {
	h.t.Helper()
	ds, err := h.Devices(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, d := range ds {
		out = append(out, string(d.ID)+" "+d.Label+" "+string(d.Essential)+" "+strings.Join(d.MACs(), "+"))
	}
	return strings.Join(out, "; ")
}

// TestARenewalReachesAYearFromTheOldEnd: not only a year from today.
func TestARenewalReachesAYearFromTheOldEnd(t *testing.T) {
	h := newHome(t)
	info := h.allow(h.see(bell), "Bell Maker", "203.0.113.7") // until 31 May 2027
	h.now = info.Expires.AddDate(0, 0, -7)
	if next, err := h.Renew(t.Context(), info.ID, "2028-05-31", "test"); err != nil || next.ExpiresCivil != "2028-05-31" {
		t.Errorf("Renew() = until %s, %v", next.ExpiresCivil, err)
	}
	if _, err := h.Renew(t.Context(), info.ID, "2028-06-01", "test"); err == nil {
		t.Error("more than a year was taken")
	}
}

// Nothing is taken back in the middle of a deletion: the old name of a device would
// be written into the diary again, from which it is just erased. It is refused in a
// sentence, and can be taken back after it (the twin); what the deletion erased cannot.
func TestNothingIsTakenBackInTheMiddleOfADeletion(t *testing.T) {
	h, a, _, info := twoThatSent(t)
	if err := h.Lapse(t.Context(), info.ID, "test"); err != nil {
		t.Fatal(err)
	}
	var refused error
	h.meanwhile = func() { _, refused = h.Undo(t.Context()) }
	if _, err := h.Forget(t.Context(), engine.ForgetRequest{All: true, Texts: true, How: "test"}); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(refused, engine.ErrDeleting) || !strings.Contains(refused.Error(), "being deleted just now") {
		t.Errorf("in the middle: %v", refused)
	}
	if one, err := h.Consent(t.Context(), info.ID); err != nil || !one.Lapsing {
		t.Errorf("it was taken back all the same: %v", err)
	}
	if _, err := h.Undo(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
	if one, err := h.Consent(t.Context(), info.ID); err != nil || one.Lapsing {
		t.Errorf("after it, it is not taken back: %v", err)
	}
	for _, err := h.Undo(t.Context()); err == nil; _, err = h.Undo(t.Context()) {
	}
	if d, err := h.Device(t.Context(), string(a)); err != nil || d.Label == "Anna's bell" {
		t.Errorf("an erased name came back: %q, %v", d.Label, err)
	}
}

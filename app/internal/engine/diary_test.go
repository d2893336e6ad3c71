package engine_test

import (
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/consent"
	"bestbefore/consent/ledger"
)

// TestTheDiaryIsFoundByTheNameBesideItsText: a line shows the device's name of
// today, so it is found by it, whatever its own text says.
func TestTheDiaryIsFoundByTheNameBesideItsText(t *testing.T) {
	h := newHome(t)
	door, other := h.see(bell), h.see("00:11:22:33:44:66")
	if err := h.Label(t.Context(), door, "Front door 100 %"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{string(door), string(other)} {
		if err := h.st.Note(t.Context(), ledger.Note{Kind: consent.NoteVerified, Device: id, Text: "Looked: it has stopped."}); err != nil {
			t.Fatal(err)
		}
	}
	found := func(text string) (n int) {
		es, err := h.Diary(t.Context(), engine.DiaryQuery{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range es {
			if e.Kind == consent.NoteVerified {
				n++
			}
		}
		return n
	}
	for text, want := range map[string]int{"": 2, "stopped": 2, "front DOOR": 1, "100 %": 1, "window": 0} {
		if n := found(text); n != want {
			t.Errorf("%q finds %d lines about what was looked at, want %d", text, n, want)
		}
	}
}

package engine_test

import (
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/assets"
	"bestbefore/assets/words/wordstest"
	"bestbefore/consent"
)

// said collects what one home says, by what it is.
func (h *home) said(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	id := h.met(t)
	h.add(h.sent(id, "metrics.example", 10, h.now))
	h.newOnes()
	h.connect(true)
	h.peers.caps.Coverer = &deaf{lost: 3}
	if err := h.WatchLosses(t.Context()); err != nil {
		t.Fatal(err)
	}
	o, err := h.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range o.New {
		out["news"] = append(out["news"], n.Text)
	}
	for _, p := range o.Problems {
		out["problem"] = append(out["problem"], p.Text, p.Fix)
	}
	p, err := h.PreviewAllow(t.Context(), engine.AllowRequest{
		Device: id, Recipient: consent.Recipient{Name: "Bell Maker", Destinations: []string{"203.0.113.7"}}, Data: []consent.Category{"video"}, Until: "2027-05-31", How: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	out["preview"] = append(p.Lines, p.Holds)
	f, err := h.PreviewForget(t.Context(), engine.ForgetRequest{Device: id, Texts: true})
	if err != nil {
		t.Fatal(err)
	}
	out["preview"] = append(out["preview"], append(f.Goes, f.Stays...)...)
	info := h.allow(id, "Bell Maker", "203.0.113.7")
	if _, err := h.End(t.Context(), info.ID, "test"); err != nil {
		t.Fatal(err)
	}
	undone, err := h.Undo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out["undone"] = []string{undone}
	es, err := h.Diary(t.Context(), engine.DiaryQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		out["diary"] = append(out["diary"], e.Text)
	}
	_, err = h.Device(t.Context(), "nobody")
	out["error"] = []string{err.Error(), consent.ErrProtected.Error()}
	return out
}

// TestTheEngineSpeaksTheLanguageOfTheFile: news, problems, previews, errors and
// new lines of the diary come out of the language file whole. The twin is the same
// home in English, which has no bracket. What the diary says already stays as it
// was written: it is sealed.
func TestTheEngineSpeaksTheLanguageOfTheFile(t *testing.T) {
	for what, texts := range newHome(t).said(t) {
		for _, text := range texts {
			if wordstest.Spoken(text) || wordstest.Outside(text) == "" {
				t.Errorf("in English the %s says %q", what, text)
			}
		}
	}
	h := newHome(t)
	if err := h.Label(t.Context(), h.see(bell), "Bell"); err != nil {
		t.Fatal(err)
	}
	before, err := h.Diary(t.Context(), engine.DiaryQuery{})
	if err != nil || len(before) == 0 {
		t.Fatal(before, err)
	}
	wordstest.Speak(t, assets.Translations)
	got := h.said(t)
	for _, what := range []string{"news", "problem", "preview", "undone", "diary", "error"} {
		if len(got[what]) == 0 {
			t.Errorf("there is no %s", what)
		}
	}
	for what, texts := range got {
		for _, text := range texts {
			if rest := wordstest.Outside(text); rest != "" && !(what == "diary" && text == before[0].Text) {
				t.Errorf("the %s %q says %q past the language file", what, text, rest)
			}
		}
	}
	if es := got["diary"]; es[len(es)-1] != before[0].Text && es[0] != before[0].Text {
		t.Errorf("the line %q of the diary was changed", before[0].Text)
	}
}

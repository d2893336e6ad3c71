package engine_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"bestbefore/app/internal/engine"
	"bestbefore/assets/words"
	"bestbefore/consent"
)

// speakBrackets speaks a made-up language for one test: each text of the language
// file with brackets around it, and dates that need no other words.
func speakBrackets(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile("../../../assets/translations/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	for key := range texts {
		if !strings.Contains(key, "2006") && !strings.Contains(key, "15:04") { // a layout with brackets is one still
			texts[key] = "⟦" + texts[key] + "⟧"
		}
	}
	words.Use(texts)
	t.Cleanup(func() { words.Use(nil) })
}

// outside is what a text says outside of all brackets: names and what was put
// together in the program, and no word of it.
func outside(text string) string {
	var b strings.Builder
	deep := 0
	for _, r := range text {
		switch r {
		case '⟦':
			deep++
		case '⟧':
			deep--
		default:
			if deep == 0 {
				b.WriteRune(r)
			}
		}
	}
	return strings.Trim(b.String(), " .")
}

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
			if strings.ContainsAny(text, "⟦⟧") || outside(text) == "" {
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
	speakBrackets(t)
	got := h.said(t)
	for _, what := range []string{"news", "problem", "preview", "undone", "diary", "error"} {
		if len(got[what]) == 0 {
			t.Errorf("there is no %s", what)
		}
	}
	for what, texts := range got {
		for _, text := range texts {
			if rest := outside(text); rest != "" && !(what == "diary" && text == before[0].Text) {
				t.Errorf("the %s %q says %q past the language file", what, text, rest)
			}
		}
	}
	if es := got["diary"]; es[len(es)-1] != before[0].Text && es[0] != before[0].Text {
		t.Errorf("the line %q of the diary was changed", before[0].Text)
	}
}

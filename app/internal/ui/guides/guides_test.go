package guides_test

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/guides"
	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// seen are the buttons and texts that can be seen inside o.
func seen(t *testing.T, o fyne.CanvasObject, buttons map[string]*kit.Button, texts *[]string) {
	t.Helper()
	if !o.Visible() {
		return
	}
	var inside []fyne.CanvasObject
	switch v := o.(type) {
	case *kit.Button:
		buttons[v.Label()] = v
		return
	case *kit.Text:
		*texts = append(*texts, v.String())
	case *fyne.Container:
		inside = v.Objects
	}
	if w, ok := o.(fyne.Widget); ok {
		inside = test.TempWidgetRenderer(t, w).Objects()
	}
	for _, child := range inside {
		seen(t, child, buttons, texts)
	}
}

// The list leads to the steps, the steps to their page and back to the list.
func TestTheStepsAreShown(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	var log []string
	p := guides.New(guides.Commands{
		Open: func(r view.Route) { log = append(log, "open "+r.Arg) }, Find: func(q view.Query) { log = append(log, "find "+q.Text) },
		Visit: func(s string) { log = append(log, "visit "+s) },
	})
	w := test.NewTempWindow(t, p.Content())
	w.Resize(fyne.NewSize(900, 700))
	p.SetSnapshot(view.Guides{Loaded: true, Sentence: "All", Subline: "2", Rows: []view.GuideRow{{ID: "a", Name: "Amazon", Line: "The app."}, {ID: "h", Name: "Hue"}}})
	buttons, texts := map[string]*kit.Button{}, []string{}
	seen(t, w.Content(), buttons, &texts)
	if !slices.Contains(texts, "Amazon") || !slices.Contains(texts, "The app.") {
		t.Errorf("%q", texts)
	}
	p.Search().(*kit.Entry).SetText("hue")
	p.OnShow("a")
	p.SetSnapshot(view.Guides{Loaded: true, Sentence: "How", Sheet: view.GuideSheet{
		Title: "Amazon", Why: "No other way.", Where: "There.", Page: view.ActionLink{ID: "https://a.example", Label: "Open its page"}, Steps: []string{"Remove it."}, Sign: "Quiet.",
	}})
	buttons, texts = map[string]*kit.Button{}, nil
	seen(t, w.Content(), buttons, &texts)
	for _, want := range []string{"Amazon", "No other way.", "1. Remove it.", "Quiet."} {
		if !slices.Contains(texts, want) {
			t.Errorf("%q is not shown: %q", want, texts)
		}
	}
	if buttons["Open its page"] == nil || buttons["All makers and accounts"] == nil {
		t.Fatalf("%v", buttons)
	}
	test.Tap(buttons["Open its page"])
	test.Tap(buttons["All makers and accounts"])
	if want := []string{"find hue", "visit https://a.example", "open "}; !slices.Equal(log, want) {
		t.Errorf("%q", log)
	}
}

//go:build !race

package picture_test

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/picture"
	"bestbefore/app/internal/ui/kit"
)

// sticksOut lists what lies beyond the left or right edge of what contains it.
func sticksOut(t *testing.T, o fyne.CanvasObject, path string) []string {
	t.Helper()
	var out []string
	for _, child := range within(t, o) {
		name := fmt.Sprintf("%s/%T", path, child)
		x, w := child.Position().X, child.Size().Width
		if text, ok := child.(*canvas.Text); ok {
			w = text.MinSize().Width
			name += "(" + text.Text + ")"
		}
		if x < -kit.Step-0.5 || x+w > o.Size().Width+1 {
			out = append(out, fmt.Sprintf("%s: %.1f to %.1f in %.1f", name, x, x+w, o.Size().Width))
		}
		out = append(out, sticksOut(t, child, name)...)
	}
	return out
}

// shortened lists the texts of which less is drawn than they say.
func shortened(t *testing.T, o fyne.CanvasObject, path string) []string {
	t.Helper()
	var out []string
	for _, child := range within(t, o) {
		name := fmt.Sprintf("%s/%T", path, child)
		if text, ok := child.(*kit.Text); ok {
			for _, run := range within(t, text) {
				if s := run.(*canvas.Text).Text; strings.HasSuffix(s, "…") && !strings.Contains(text.String(), strings.TrimSpace(s)) {
					out = append(out, fmt.Sprintf("%s: %q is shortened in %.1f", name, text, text.Size().Width))
				}
			}
		}
		out = append(out, shortened(t, child, name)...)
	}
	return out
}

// within are the visible parts of o. What is typed scrolls inside its field, and
// a cell without room is put out of sight.
func within(t *testing.T, o fyne.CanvasObject) []fyne.CanvasObject {
	t.Helper()
	var parts []fyne.CanvasObject
	switch v := o.(type) {
	case *kit.Entry:
	case *fyne.Container:
		parts = v.Objects
	case *container.Scroll:
		parts = []fyne.CanvasObject{v.Content}
	case fyne.Widget:
		parts = test.TempWidgetRenderer(t, v).Objects()
	}
	var out []fyne.CanvasObject
	for _, p := range parts {
		if p.Visible() && p.Position().X+p.Size().Width >= 0 {
			out = append(out, p)
		}
	}
	return out
}

// windows are the sizes and the enlargements of text at which everything must fit.
var windows = []struct {
	size  fyne.Size
	scale float32
}{{fyne.NewSize(1280, 800), 1}, {fyne.NewSize(900, 640), 1}, {fyne.NewSize(900, 640), 2}}

// everywhere opens screens in all windows and reports what find finds in them.
func everywhere(t *testing.T, screens []picture.Screen, find func(*testing.T, fyne.CanvasObject, string) []string) {
	for _, c := range windows {
		for _, s := range screens {
			w := open(t, s, c.size, c.scale)
			for _, top := range append(w.Canvas().Overlays().List(), w.Content()) {
				for _, line := range find(t, top, "") {
					t.Errorf("%v × %v at %v %%, %s: %s", c.size.Width, c.size.Height, 100*c.scale, s.Name, line)
				}
			}
		}
	}
}

// unfilled lists the texts in which a value is missing or too many.
func unfilled(t *testing.T, o fyne.CanvasObject, path string) []string {
	t.Helper()
	var out []string
	for _, child := range within(t, o) {
		name := fmt.Sprintf("%s/%T", path, child)
		if text, ok := child.(*canvas.Text); ok && strings.Contains(text.Text, "%!") {
			out = append(out, fmt.Sprintf("%s: %q", name, text.Text))
		}
		out = append(out, unfilled(t, child, name)...)
	}
	return out
}

func TestEveryTextIsFilledIn(t *testing.T) {
	for _, s := range picture.Screens() {
		w := open(t, s, windows[0].size, windows[0].scale)
		for _, top := range append(w.Canvas().Overlays().List(), w.Content()) {
			for _, line := range unfilled(t, top, "") {
				t.Errorf("%s: %s", s.Name, line)
			}
		}
	}
}

func TestNothingSticksOutInGermanAtAnySize(t *testing.T) {
	everywhere(t, picture.LongScreens(), sticksOut)
}

func TestNoTextIsShortenedAtAnySize(t *testing.T) {
	everywhere(t, picture.LongerScreens(), shortened)
}

func TestAShortenedTextIsFound(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	text := kit.NewText("Front door bell of the neighbours")
	w := test.NewTempWindow(t, container.NewStack(text))
	w.Resize(fyne.NewSize(90, 40))
	if out := shortened(t, w.Content(), ""); len(out) != 1 {
		t.Errorf("a line without room gives %q", out)
	}
	text.Wrapped(0).Refresh()
	if out := shortened(t, w.Content(), ""); len(out) != 0 {
		t.Errorf("the same text in lines gives %q", out)
	}
}

func TestATextThatIsNotFilledInIsFound(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(kit.NewTheme(kit.Light, 1))
	w := test.NewTempWindow(t, container.NewStack(kit.NewText("Add this device too%!(EXTRA int=1)")))
	w.Resize(fyne.NewSize(600, 40))
	if out := unfilled(t, w.Content(), ""); len(out) == 0 {
		t.Error("a value too many was not found")
	}
}

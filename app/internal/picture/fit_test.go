//go:build !race

package picture_test

import (
	"fmt"
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
	check := func(child fyne.CanvasObject) {
		if !child.Visible() {
			return
		}
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
	switch v := o.(type) {
	case *kit.Entry: // what is typed scrolls inside its field
	case *fyne.Container:
		for _, child := range v.Objects {
			check(child)
		}
	case *container.Scroll:
		check(v.Content)
	case fyne.Widget:
		for _, child := range test.TempWidgetRenderer(t, v).Objects() {
			check(child)
		}
	}
	return out
}

func TestNothingSticksOutInGermanAtAnySize(t *testing.T) {
	for _, c := range []struct {
		size  fyne.Size
		scale float32
	}{{fyne.NewSize(1280, 800), 1}, {fyne.NewSize(900, 640), 1}, {fyne.NewSize(900, 640), 2}} {
		for _, s := range picture.LongScreens() {
			w := open(t, s, c.size, c.scale)
			for _, top := range w.Canvas().Overlays().List() {
				report(t, c.size, c.scale, s.Name, sticksOut(t, top, ""))
			}
			report(t, c.size, c.scale, s.Name, sticksOut(t, w.Content(), ""))
		}
	}
}

func report(t *testing.T, size fyne.Size, scale float32, name string, out []string) {
	t.Helper()
	for _, line := range out {
		t.Errorf("%v × %v at %v %%, %s: %s", size.Width, size.Height, 100*scale, name, line)
	}
}

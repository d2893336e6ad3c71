package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// reveal scrolls the page or dialog around what has the focus on c until it can
// be seen. Fyne leaves a focus that is out of sight where it is.
func reveal(c fyne.Canvas) {
	o, ok := c.Focused().(fyne.CanvasObject)
	if !ok {
		return
	}
	scroll := scroller(c)
	if scroll == nil {
		return
	}
	d := fyne.CurrentApp().Driver()
	top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(scroll).Y
	bottom := top + o.Size().Height
	const air = 4 * Step
	switch {
	case top < air:
		scroll.ScrollToOffset(fyne.NewPos(0, max(scroll.Offset.Y+top-air, 0)))
	case bottom > scroll.Size().Height-air:
		scroll.ScrollToOffset(fyne.NewPos(0, scroll.Offset.Y+bottom-scroll.Size().Height+air))
	}
}

// scroller is the scroller of the dialog on top, else of the page.
func scroller(c fyne.Canvas) *container.Scroll {
	if d, ok := c.Overlays().Top().(*Dialog); ok {
		return d.scroll
	}
	if p := pageIn(c.Content()); p != nil {
		return p.scroll
	}
	return nil
}

func pageIn(o fyne.CanvasObject) *Page {
	switch v := o.(type) {
	case *Page:
		return v
	case *fyne.Container:
		for _, child := range v.Objects {
			if p := pageIn(child); p != nil {
				return p
			}
		}
	}
	return nil
}

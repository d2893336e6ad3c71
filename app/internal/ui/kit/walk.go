package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Walk visits o and everything that a page is made of inside it: containers,
// scrollers, pages, dialogs. It is how tests find the button that a person sees.
func Walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch v := o.(type) {
	case *fyne.Container:
		for _, child := range v.Objects {
			Walk(child, visit)
		}
	case *container.Scroll:
		Walk(v.Content, visit)
	case *Page:
		Walk(v.scroll, visit)
	case *PermissionCard:
		Walk(v.button, visit)
	case *Dialog:
		for _, child := range []fyne.CanvasObject{v.title, v.scroll, v.foot} {
			Walk(child, visit)
		}
	case *Timeline:
		for _, m := range v.marks {
			Walk(m, visit)
		}
	}
}

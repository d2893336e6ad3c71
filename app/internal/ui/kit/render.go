package kit

import "fyne.io/fyne/v2"

// composite renders a widget that is made of other objects: body is laid out in
// the whole of the widget, and update (which may be nil) is called before each
// refresh to bring the parts up to date.
type composite struct {
	body   fyne.CanvasObject
	update func()
}

func (r *composite) Destroy()                     {}
func (r *composite) Layout(s fyne.Size)           { r.body.Resize(s) }
func (r *composite) MinSize() fyne.Size           { return r.body.MinSize() }
func (r *composite) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.body} }

func (r *composite) Refresh() {
	if r.update != nil {
		r.update()
	}
	r.body.Refresh()
}

// NewRenderer renders w as body, laid out in the whole of it.
func NewRenderer(w, body fyne.CanvasObject) fyne.WidgetRenderer {
	return laidOut(&composite{body: body}, w)
}

// laidOut is r at the present size of w. Fyne throws the renderer of what was
// hidden for a minute away and makes a new one when it is shown again, without
// laying it out: the size did not change.
func laidOut(r fyne.WidgetRenderer, w fyne.CanvasObject) fyne.WidgetRenderer {
	r.Layout(w.Size())
	return r
}

package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// pageWidest keeps lines readable on very wide windows.
const pageWidest float32 = 1360

// Page is the scrolling ground of a screen: its content is as wide as the window
// allows, with the margins of the design, and as high as it needs.
type Page struct {
	widget.BaseWidget
	scroll *container.Scroll
	ground ground
}

// NewPage returns a page with content.
func NewPage(content fyne.CanvasObject) *Page { return newPage(&pageLayout{}, content) }

// newPage returns the scrolling ground of a screen, its content set by ground.
func newPage(ground ground, content ...fyne.CanvasObject) *Page {
	p := &Page{ground: ground}
	p.ExtendBaseWidget(p)
	p.scroll = container.NewVScroll(container.New(ground, content...))
	return p
}

// ground is the layout of what scrolls: it knows the window's size before its
// own is decided, which is what lets wrapped texts ask for the right height.
type ground interface {
	fyne.Layout
	in(window fyne.Size)
}

// Update sets what is on the page anew after its parts were changed. Parts draw
// themselves when they change; Refresh, which draws all of them again, is for
// what changes them all, such as another look.
func (p *Page) Update() {
	p.ground.in(p.Size())
	p.scroll.Base.Refresh() // the content gets the height that it needs now
	settle(p.scroll.Content)
	if low := max(p.scroll.Content.Size().Height-p.scroll.Size().Height, 0); p.scroll.Offset.Y > low {
		p.scroll.ScrollToOffset(fyne.NewPos(0, low))
	}
}

// settle lays o out anew, and what is in it.
func settle(o fyne.CanvasObject) {
	c, ok := o.(*fyne.Container)
	if !ok || !c.Visible() {
		return
	}
	if c.Layout != nil {
		c.Layout.Layout(c.Objects, c.Size())
	}
	for _, child := range c.Objects {
		settle(child)
	}
}

// Top scrolls to the beginning.
func (p *Page) Top() { p.scroll.ScrollToTop() }

// CreateRenderer implements fyne.Widget.
func (p *Page) CreateRenderer() fyne.WidgetRenderer {
	p.ExtendBaseWidget(p)
	return &pageRenderer{page: p}
}

type pageRenderer struct{ page *Page }

func (r *pageRenderer) Destroy()           {}
func (r *pageRenderer) MinSize() fyne.Size { return fyne.NewSize(320, 200) }
func (r *pageRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.page.scroll}
}

func (r *pageRenderer) Layout(s fyne.Size) {
	r.page.ground.in(s)
	r.page.scroll.Resize(s)
	r.page.scroll.Refresh()
}

func (r *pageRenderer) Refresh() {
	r.page.ground.in(r.page.Size())
	r.page.scroll.Content.Refresh()
	r.page.scroll.Refresh()
}

// pageLayout sets the one content of a page.
type pageLayout struct{ width float32 }

func (l *pageLayout) in(window fyne.Size) { l.width = window.Width }

func (l *pageLayout) margin() float32 {
	if l.width < 760 {
		return 6 * Step
	}
	return 8 * Step
}

func (l *pageLayout) inner() float32 {
	return max(min(l.width, pageWidest)-2*l.margin(), 1)
}

func (l *pageLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	place(o[0], l.margin(), 6*Step, l.inner(), HeightFor(o[0], l.inner()))
}

func (l *pageLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(1, HeightFor(o[0], l.inner())+14*Step)
}

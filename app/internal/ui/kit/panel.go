package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Panel is a rectangle in colours of the palette: the ground of sheets, cards,
// pills and bars. It follows the theme.
type Panel struct {
	widget.BaseWidget
	Fill   fyne.ThemeColorName // "" is clear
	Border fyne.ThemeColorName // "" is none
	Width  float32             // of the border
	Radius float32             // limited to half the height
}

// NewPanel returns a filled panel without a border.
func NewPanel(fill fyne.ThemeColorName, radius float32) *Panel {
	p := &Panel{Fill: fill, Radius: radius}
	p.ExtendBaseWidget(p)
	return p
}

// NewFrame returns a filled panel with a border one pixel wide.
func NewFrame(fill, border fyne.ThemeColorName, radius float32) *Panel {
	p := NewPanel(fill, radius)
	p.Border, p.Width = border, 1
	return p
}

// CreateRenderer implements fyne.Widget.
func (p *Panel) CreateRenderer() fyne.WidgetRenderer {
	r := &panelRenderer{panel: p, rect: &canvas.Rectangle{}}
	r.paint()
	return laidOut(r, p)
}

type panelRenderer struct {
	panel *Panel
	rect  *canvas.Rectangle
}

func (r *panelRenderer) Layout(s fyne.Size) {
	r.rect.CornerRadius = min(r.panel.Radius, s.Height/2, s.Width/2)
	r.rect.Resize(s)
}

func (r *panelRenderer) MinSize() fyne.Size { return fyne.NewSize(0, 0) }

func (r *panelRenderer) Refresh() {
	r.paint()
	r.Layout(r.panel.Size())
	r.rect.Refresh()
}

func (r *panelRenderer) paint() {
	th := r.panel.Theme()
	r.rect.FillColor, r.rect.StrokeColor, r.rect.StrokeWidth = nil, nil, 0
	if r.panel.Fill != "" {
		r.rect.FillColor = colorOf(th, r.panel.Fill)
	}
	if r.panel.Border != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = colorOf(th, r.panel.Border), r.panel.Width
	}
}

func (r *panelRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.rect} }
func (r *panelRenderer) Destroy()                     {}

package kit

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"bestbefore/app/internal/view"
	"bestbefore/assets"
)

// Icon is one of our own drawings in a colour of the palette. It follows the
// theme, has a fixed size that grows with the text, and is never tapped itself.
type Icon struct {
	widget.BaseWidget
	path  string
	color fyne.ThemeColorName
	side  float32
}

// NewSign returns a sign of the window ("home", "check", "close"), side pixels
// wide at normal text size.
func NewSign(name string, c fyne.ThemeColorName, side float32) *Icon {
	return newIcon("icons/ui/"+name+".svg", c, side)
}

// NewPicture returns the picture of a kind of device.
func NewPicture(k view.Kind, c fyne.ThemeColorName, side float32) *Icon {
	return newIcon(picturePath(k), c, side)
}

func newIcon(path string, c fyne.ThemeColorName, side float32) *Icon {
	i := &Icon{path: path, color: c, side: side}
	i.ExtendBaseWidget(i)
	return i
}

func picturePath(k view.Kind) string {
	name := string(k)
	if name == "" {
		name = "unknown"
	}
	return "icons/kinds/" + name + ".svg"
}

// SetPicture shows the picture of k in colour c.
func (i *Icon) SetPicture(k view.Kind, c fyne.ThemeColorName) { i.set(picturePath(k), c) }

// SetSign shows the sign name in colour c.
func (i *Icon) SetSign(name string, c fyne.ThemeColorName) { i.set("icons/ui/"+name+".svg", c) }

func (i *Icon) set(path string, c fyne.ThemeColorName) {
	if i.path == path && i.color == c {
		return
	}
	i.path, i.color = path, c
	i.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (i *Icon) CreateRenderer() fyne.WidgetRenderer {
	img := &canvas.Image{FillMode: canvas.ImageFillContain}
	r := &iconRenderer{icon: i, img: img}
	r.paint()
	return laidOut(r, i)
}

type iconRenderer struct {
	icon  *Icon
	img   *canvas.Image
	path  string      // of what is shown
	color color.Color // and in what
}

func (r *iconRenderer) Layout(s fyne.Size) { r.img.Resize(s) }

func (r *iconRenderer) MinSize() fyne.Size {
	return fyne.NewSquareSize(r.icon.side * scaleOf(r.icon.Theme()))
}

// Refresh reads the drawing only when another one or another colour is due:
// parsing it is by far the most expensive part of a card.
func (r *iconRenderer) Refresh() {
	if r.paint() {
		r.img.Refresh()
	}
}

// paint reports whether another drawing is shown than before.
func (r *iconRenderer) paint() bool {
	c := colorOf(r.icon.Theme(), r.icon.color)
	if r.path == r.icon.path && r.color == c {
		return false
	}
	r.path, r.color = r.icon.path, c
	r.img.Resource = drawing(r.path, c)
	return true
}

func (r *iconRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.img} }
func (r *iconRenderer) Destroy()                     {}

// drawing reads the embedded drawing at path and puts c in the place of black.
// A path that does not exist gives the picture of an unknown device: kinds come
// from outside and may be newer than this program.
func drawing(path string, c color.Color) fyne.Resource {
	data, err := assets.Icons.ReadFile(path)
	if err != nil {
		path = picturePath("")
		data, _ = assets.Icons.ReadFile(path)
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	hex := fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
	return fyne.NewStaticResource(hex[1:]+"-"+path, bytes.ReplaceAll(data, []byte("#000000"), []byte(hex)))
}

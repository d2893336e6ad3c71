package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Cell is one column of rows whose cells agree from row to row.
type Cell struct {
	Width float32 // at normal text size; the least width where Share is set
	Share float32 // of the width that is left
	From  float32 // the width of a row at normal text size from which it is a column of its own; 0 is always
	// Under is the column, counted from one, under which the cell has a line of
	// its own in a narrower row; 0 puts it out of sight there.
	Under int
}

// NewCells sets objects in columns; top puts them all on one line at the top,
// else each stands in the middle. Cells that wrap make the row higher.
func NewCells(top bool, cells []Cell, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&cellLayout{cells: cells, top: top}, objects...)
}

type cellLayout struct {
	cells []Cell
	top   bool
}

const (
	cellGap = 3 * Step // between columns
	lineGap = Step     // between the lines of a narrow row
)

// widths are the widths of the columns; 0 is a cell that is none in a row of width.
func (l *cellLayout) widths(width float32) []float32 {
	scale := scaleNow()
	rest, shares := width+cellGap, float32(0)
	out := make([]float32, len(l.cells))
	for i, c := range l.cells {
		if width < c.From*scale {
			continue
		}
		out[i] = max(c.Width*scale, 1)
		rest -= out[i] + cellGap
		shares += c.Share
	}
	for i, c := range l.cells {
		if out[i] > 0 && c.Share > 0 {
			out[i] += max(rest, 0) * c.Share / shares
		}
	}
	return out
}

// placed is where a cell stands; a width of 0 is out of sight.
type placed struct{ x, y, width, height float32 }

// set places the cells in a row of width and says how high the first line and the whole row are.
func (l *cellLayout) set(o []fyne.CanvasObject, width float32) (out []placed, line, all float32) {
	out = make([]placed, len(o))
	var x float32
	for i, w := range l.widths(width) {
		if w == 0 {
			continue
		}
		out[i] = placed{x: x, width: w, height: HeightFor(o[i], w)}
		line = max(line, out[i].height)
		x += w + cellGap
	}
	all = line
	for i, c := range l.cells {
		if out[i].width > 0 || c.Under == 0 {
			continue
		}
		left := out[c.Under-1].x // a cell that is under another already lends its own place
		p := placed{x: left, y: all + lineGap, width: width - left}
		if p.height = HeightFor(o[i], p.width); p.height > 0 {
			all += lineGap + p.height
		}
		out[i] = p
	}
	return out, line, all
}

func (l *cellLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	cells, line, all := l.set(o, s.Width)
	if !l.top {
		line += max(s.Height-all, 0)
	}
	for i, c := range cells {
		switch {
		case c.width == 0:
			place(o[i], -2*s.Width, 0, 1, 1) // whether it is shown belongs to the row
			continue
		case c.y > 0 && !l.top:
			c.y += max(s.Height-all, 0)
		case !l.top:
			c.y = (line - c.height) / 2
		}
		place(o[i], c.x, c.y, c.width, c.height)
	}
}

func (l *cellLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	_, _, all := l.set(o, width)
	return all
}

func (l *cellLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	var h float32
	for _, x := range o {
		h = max(h, x.MinSize().Height)
	}
	return fyne.NewSize(1, h)
}

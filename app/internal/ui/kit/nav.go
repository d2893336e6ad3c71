package kit

import (
	"fyne.io/fyne/v2"

	"bestbefore/app/internal/view"
)

// NavItem is one page in the navigation, with a sign and a count.
type NavItem struct {
	press
	sign     string
	selected bool
	icon     *Icon
	label    *Text
	count    *Text
	pill     *Pill
	panel    *Panel
	ring     *Panel
}

// NewNavItem returns an item; tapped returns at once.
func NewNavItem(sign, label string, tapped func()) *NavItem {
	n := &NavItem{
		sign:  sign,
		icon:  NewSign(sign, ColorSoft, 20),
		label: NewText(label),
		count: newText(SizeBody, ColorSoft, false, "").Fitted(),
		pill:  NewCount(view.Soon, ""),
		panel: NewPanel("", RadiusControl),
		ring:  newRing(RadiusControl),
	}
	n.onTap, n.repaint = tapped, n.Refresh
	n.count.Hide()
	n.ExtendBaseWidget(n)
	return n
}

// Select shows whether the item's page is open.
func (n *NavItem) Select(on bool) {
	n.selected = on
	n.Refresh()
}

// Selected reports whether the item's page is open.
func (n *NavItem) Selected() bool { return n.selected }

// Label is the name of the page.
func (n *NavItem) Label() string { return n.label.String() }

// SetCount shows a number: plain for view.None, else as a pill of severity s.
func (n *NavItem) SetCount(s view.Severity, count string) {
	plain := s == view.None
	n.count.Set(count)
	show(n.count, plain && count != "")
	n.pill.Set(s, count)
	show(n.pill, !plain && count != "")
	n.Refresh()
}

func (n *NavItem) paint() {
	n.panel.Fill, n.panel.Border, n.panel.Width = "", "", 1
	ink := ColorSoft
	switch {
	case n.selected:
		n.panel.Fill, n.panel.Border, ink = ColorSheet, ColorLine, ColorInk
	case n.hovered:
		n.panel.Fill = ColorGreyTint
	}
	n.icon.SetSign(n.sign, ink)
	n.label.SetSpans(Span{Text: n.label.String(), Bold: n.selected})
	show(n.ring, n.focused)
}

// HeightFor is the same for all items, with and without a count.
func (n *NavItem) HeightFor(float32) float32 { return n.label.HeightFor(0) + 22*scaleOf(n.Theme()) }

// MinSize implements fyne.CanvasObject.
func (n *NavItem) MinSize() fyne.Size {
	n.ExtendBaseWidget(n)
	return fyne.NewSize(120, n.HeightFor(0))
}

// CreateRenderer implements fyne.Widget.
func (n *NavItem) CreateRenderer() fyne.WidgetRenderer {
	n.ExtendBaseWidget(n)
	n.paint()
	row := NewRow(3*Step, n.icon, Grow(n.label), n.count, n.pill)
	return laidOut(&composite{body: NewStack(n.panel, NewPad(0, 3*Step, 0, 3*Step, row), n.ring), update: n.paint}, n)
}

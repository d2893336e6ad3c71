package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// frame is what stands around the pages: the navigation at the left with the
// name above and the promise below, and the place for short messages.
type frame struct {
	box     *fyne.Container
	page    *fyne.Container
	nav     *fyne.Container
	toast   *kit.Toast
	holding *kit.Text
	notice  *fyne.Container // above the page; hidden while all is well
}

func newFrame(items []*kit.NavItem, motto string, toast *kit.Toast) *frame {
	f := &frame{toast: toast, holding: kit.NewSoft("").Wrapped(3), page: container.NewStack(), notice: kit.NewColumn(0)}
	f.notice.Hide()
	f.holding.Hide()
	brand := kit.NewHeading("Best Before")
	brand.Height = kit.SizeBrand
	tagline := kit.NewStamp(0.5)
	tagline.Set("", motto, view.None, false)
	top := kit.NewColumn(0, kit.NewPad(0, 12, 0, 12, kit.NewColumn(2, brand, tagline)))
	list := container.New(itemsLayout{})
	for _, i := range items {
		list.Add(i)
	}
	foot := kit.NewPad(0, 12, 0, 12, kit.NewColumn(0, kit.NewSoft(lang.L("Nothing leaves this computer.")).Wrapped(0), f.holding))
	f.nav = container.New(navLayout{}, top, list, foot)
	f.box = container.New(&frameLayout{text: brand},
		kit.NewPanel(kit.ColorPaper, 0), f.nav, kit.NewPanel(kit.ColorLine, 0), f.page, toast.Box, f.notice)
	return f
}

func (f *frame) setPage(o fyne.CanvasObject) {
	f.page.Objects = []fyne.CanvasObject{o}
	f.page.Refresh()
}

func (f *frame) setHolding(s string) {
	f.holding.Set(s)
	if s == "" {
		f.holding.Hide()
	} else {
		f.holding.Show()
	}
	f.nav.Refresh()
}

// setNotice shows what concerns every page; a text of "" takes it away.
func (f *frame) setNotice(v view.Problem, tapped func(action string)) {
	f.notice.Objects = nil
	if v.Text != "" {
		f.notice.Objects = []fyne.CanvasObject{kit.NewPad(12, 24, 0, 24, kit.NewNotice(v.Severity, v.Word, v.Text, v.Action.Label, func() { tapped(v.Action.ID) }))}
	}
	kit.SetVisible(f.notice, v.Text != "")
	f.box.Layout.Layout(f.box.Objects, f.box.Size())
}

// refreshToast lays the window out again, because a message is as high as its text.
func (f *frame) refreshToast() { f.box.Layout.Layout(f.box.Objects, f.box.Size()) }

// navLayout sets the name at the top, the pages under it and the promise at the
// very foot. Where large text leaves no room for all, the promise goes first, and
// then the pages stand closer.
type navLayout struct{}

func (navLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	const side, top, air = 12, 26, 16
	w := s.Width - 2*side
	name, pages, promise := kit.HeightFor(o[0], w), kit.HeightFor(o[1], w), kit.HeightFor(o[2], w)
	put(o[0], side, top, w, name)
	y := top + name + air
	put(o[1], side, y, w, min(pages, s.Height-y-air/2))
	foot := s.Height - promise - 24
	if foot < y+pages+air {
		foot = s.Height // out of sight
	}
	put(o[2], side, foot, w, promise)
}

func (navLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(160, 400)
}

// itemsLayout sets the pages one below the other and shares the height among
// them where it is less than they want.
type itemsLayout struct{}

func (itemsLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	var y float32
	part := min(s.Height/max(itemsLayout{}.HeightFor(o, s.Width), 1), 1)
	for _, item := range o {
		h := kit.HeightFor(item, s.Width) * part
		put(item, 0, y, s.Width, h)
		y += h + 2*part
	}
}

func (itemsLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	var h float32
	for _, item := range o {
		h += kit.HeightFor(item, width) + 2
	}
	return h
}

func (itemsLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(120, 100) }

// frameLayout sets navigation, the line beside it, the page under what concerns
// every page, and the message near its foot.
type frameLayout struct{ text *kit.Text }

// navWidth is the width of the navigation at normal text size; it grows by
// less than the text, because the pages need the room more.
const navWidth float32 = 208

func (l *frameLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	scale := l.text.Theme().Size(kit.SizeBody) / 15
	nav := navWidth * (1 + (scale-1)*0.6)
	put(o[0], 0, 0, s.Width, s.Height)
	put(o[1], 0, 0, nav-1, s.Height)
	put(o[2], nav-1, 0, 1, s.Height)
	top := float32(0)
	if o[5].Visible() {
		top = kit.HeightFor(o[5], s.Width-nav)
		put(o[5], nav, 0, s.Width-nav, top)
	}
	put(o[3], nav, top, s.Width-nav, s.Height-top)
	w := min(640*scale, s.Width-nav-48)
	h := kit.HeightFor(o[4], w)
	put(o[4], nav+(s.Width-nav-w)/2, s.Height-h-24, w, h)
}

func (l *frameLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(900, 640) }

func put(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}

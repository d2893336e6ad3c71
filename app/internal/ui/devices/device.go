package devices

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
)

// DeviceCommands are what the page of a device can ask for; each returns at
// once and none may be nil.
type DeviceCommands struct {
	Open       func(view.Route)
	Card       func(view.PermissionCard)                 // the button of a card
	Give       func(device string, recipients ...string) // with those that were ticked, if any
	Disconnect func(device string)                       // opens the preview
	Reconnect  func(device string)
	Rename     func(device, name string)
	Confirm    func(device string)
	Chart      func(span string)          // how far back the chart goes
	Depends    func(device, grade string) // says whether somebody depends on it
	Split      func(device string)
	Merge      func(keep, gone string)
	Behaviour  BehaviourCommands
}

// Device is the page of one device.
type Device struct {
	commands DeviceCommands
	shown    view.DevicePage
	arg      string // of the route: the device that should be shown

	page    *kit.Page
	head    *head
	notice  *fyne.Container
	missing *fyne.Container
	body    *fyne.Container
	cards   *fyne.Container
	sends   *sendsSheet
	what    *factsSheet
	history *historySheet
	behaves *behaviourSheets
}

// NewDevice builds the page.
func NewDevice(c DeviceCommands) *Device {
	p := &Device{
		commands: c,
		notice:   kit.NewColumn(0), missing: kit.NewColumn(0), cards: kit.NewColumn(4 * kit.Step),
		what: newFactsSheet(c), history: newHistorySheet(), behaves: newBehaviourSheets(c),
	}
	p.head = newHead(c)
	p.sends = newSendsSheet(c, func() { p.page.Update() })
	p.notice.Hide()
	p.missing.Hide()
	p.body = kit.NewSplit(1, 2.1, 800,
		kit.NewColumn(4*kit.Step, p.cards, p.what.box, p.behaves.data, p.behaves.sight),
		kit.NewColumn(4*kit.Step, p.behaves.unusual, p.sends.box, p.behaves.said, p.history.box))
	p.body.Hide()
	p.page = kit.NewPage(kit.NewColumn(5*kit.Step, p.head.box, p.notice, p.missing, p.body))
	return p
}

// Content implements the shell's page.
func (p *Device) Content() fyne.CanvasObject { return p.page }

// OnShow implements the shell's page. Another device than the one shown begins empty.
func (p *Device) OnShow(arg string) {
	if arg == p.arg {
		return
	}
	p.arg = arg
	p.page.Top()
	p.head.stop()
	p.what.fold()
	if arg != p.shown.ID {
		p.shown = view.DevicePage{}
		kit.SetVisible(p.body, false)
		kit.SetVisible(p.notice, false)
		kit.SetVisible(p.missing, false)
		p.head.wait()
		p.page.Update()
	}
}

// OnHide implements the shell's page.
func (p *Device) OnHide() {}

// SetSnapshot shows s.
func (p *Device) SetSnapshot(s view.DevicePage) {
	if !s.Loaded {
		return
	}
	p.shown = s
	kit.SetVisible(p.body, s.Missing == "")
	kit.SetVisible(p.missing, s.Missing != "")
	kit.SetVisible(p.notice, s.Cut.Line != "")
	if s.Missing != "" {
		p.head.none(lang.L("This device is not here"))
		p.missing.Objects = []fyne.CanvasObject{kit.NewEmpty("devices", view.Invitation{
			Title: lang.L("Perhaps it was merged with another one"), Text: s.Missing,
			Action: view.ActionLink{ID: string(view.PageDevices), Label: lang.L("All devices")},
		}, func(id string) { p.commands.Open(view.Route{Page: view.Page(id)}) })}
		p.page.Update()
		return
	}
	p.head.set(s)
	if s.Cut.Line != "" {
		p.notice.Objects = []fyne.CanvasObject{kit.NewNotice(s.Cut.LineState, "", s.Cut.Line, "", nil)}
	}
	p.setCards(s)
	p.sends.set(s)
	p.what.set(s)
	p.history.set(s)
	p.behaves.set(s)
	p.page.Update()
}

// setCards shows each permission with its three truths under it.
func (p *Device) setCards(s view.DevicePage) {
	if len(s.Cards) == 0 {
		p.cards.Objects = []fyne.CanvasObject{kit.NewEmpty("permissions", s.NoCard, func(id string) { p.commands.Give(id) })}
		return
	}
	if len(p.cards.Objects) != len(s.Cards) || !isPair(p.cards.Objects[0]) {
		p.cards.Objects = nil
		for range s.Cards {
			p.cards.Add(p.newPair())
		}
	}
	for i, c := range s.Cards {
		pair := p.cards.Objects[i].(*fyne.Container).Layout.(*pairLayout)
		pair.card.Set(c.Card)
		pair.truths.Set(c.Card.Truths)
	}
}

func (p *Device) newPair() *fyne.Container {
	l := &pairLayout{
		card: kit.NewPermissionCard(kit.CardConfig{
			Open:   func(c view.PermissionCard) { p.commands.Open(view.Route{Page: view.PageReview, Arg: c.ID}) },
			Action: p.commands.Card,
		}),
		truths: kit.NewTruths(lang.L("decided"), lang.L("done"), lang.L("seen")),
	}
	l.column = kit.NewColumn(3*kit.Step, kit.NewCardGrid(l.card), kit.NewSheet("", l.truths.Content()))
	return &fyne.Container{Layout: l, Objects: []fyne.CanvasObject{l.column}}
}

func isPair(o fyne.CanvasObject) bool {
	c, ok := o.(*fyne.Container)
	if !ok {
		return false
	}
	_, ok = c.Layout.(*pairLayout)
	return ok
}

// pairLayout keeps a card and its truths together.
type pairLayout struct {
	card   *kit.PermissionCard
	truths *kit.Truths
	column *fyne.Container
}

// Layout implements fyne.Layout.
func (l *pairLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Move(fyne.NewPos(0, 0))
	o[0].Resize(s)
}

// MinSize implements fyne.Layout.
func (l *pairLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// HeightFor is the height that card and truths need.
func (l *pairLayout) HeightFor(o []fyne.CanvasObject, width float32) float32 {
	return kit.HeightFor(o[0], width)
}

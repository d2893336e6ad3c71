package main

import (
	"context"
	"errors"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"bestbefore/app/internal/ui/kit"
	"bestbefore/app/internal/view"
	"bestbefore/connectors"
	"bestbefore/connectors/connectortest"
	"bestbefore/consent"
	"bestbefore/discovery"
)

// clicksMost and secretsMost are the promise about a connector that was found.
const (
	clicksMost  = 3
	secretsMost = 1
)

// announced is the router in memory as a box at home that announces itself and
// wants a password.
type announced struct{ connectors.Connector }

func (a announced) Spec() connectors.Spec {
	s := a.Connector.Spec()
	s.Name = "Home box"
	s.Options = []connectors.Option{
		{Key: "address", Label: "Address", Required: true, Address: true},
		{Key: "interval", Label: "Seconds between two looks", Default: "5"},
		{Key: "password", Label: "Password", Required: true, Secret: true},
	}
	s.Announced = []connectors.Announced{{Type: "_homebox._tcp", Key: "address"}}
	return s
}

func (a announced) Open(ctx context.Context, s connectors.Settings, h *connectors.Host) (connectors.Session, error) {
	secret, err := h.Secret(ctx, s.Secrets["password"])
	if err != nil {
		return nil, err
	}
	if secret.Reveal() != "correct horse" || s.Values["address"] != "192.168.77.30:8080" {
		return nil, &connectors.Error{Kind: consent.KindSignIn, Text: "The password is wrong.", Err: errors.New("401")}
	}
	return a.Connector.Open(ctx, s, h)
}

// person clicks and types in the real window, and counts.
type person struct {
	*stage
	clicks, secrets, words int
}

func (p *person) click(o fyne.Tappable) {
	p.clicks++
	test.Tap(o)
	p.settle()
}

func (p *person) clickButton(label string) {
	p.t.Helper()
	b := p.button(label)
	if b == nil {
		p.t.Fatalf("there is no button %q", label)
	}
	p.click(b)
}

func (p *person) clickPage(label string) {
	p.t.Helper()
	var item *kit.NavItem
	p.each(func(o fyne.CanvasObject) {
		if n, ok := o.(*kit.NavItem); ok && n.Label() == label {
			item = n
		}
	})
	if item == nil {
		p.t.Fatalf("there is no page %q", label)
	}
	p.click(item)
}

// entries are the fields of the form that is open.
func (p *person) entries() (out []*kit.Entry) {
	p.each(func(o fyne.CanvasObject) {
		if e, ok := o.(*kit.Entry); ok {
			out = append(out, e)
		}
	})
	return out
}

// fill types into what the form leaves empty and needs; the rest is filled in
// already. A field that does not wait for it must be clicked first.
func (p *person) fill(secret string) {
	p.t.Helper()
	for _, e := range p.entries() {
		switch {
		case e.Password:
			p.secrets++
			if p.w.Canvas().Focused() != fyne.Focusable(e) {
				p.click(e)
				p.w.Canvas().Focus(e)
			}
			test.Type(e, secret)
		case e.Text == "":
			p.words++
		}
	}
}

// connectFound connects what announces itself as a kind of that name, from the
// home page until its session is open and its form is gone. Where pictures are
// wanted, their names begin so.
func (p *person) connectFound(kind, pictures string) {
	p.t.Helper()
	p.until("it is found", func() bool {
		info, err := p.e.Connectors(p.t.Context())
		return err == nil && len(info.Found) == 1
	})
	p.at(view.Route{Page: view.PageHome}, "device")
	p.clickPage("Connectors")
	p.until("it is offered", func() bool { return p.shows("announces itself as: " + kind) })
	p.draw(pictures + "-found")
	p.clickButton("Connect")
	p.until("its form is open", func() bool { return p.button("Test and connect") != nil })
	p.fill("correct horse")
	p.draw(pictures + "-form")
	p.clickButton("Test and connect")
	p.until("it is connected", func() bool {
		info, err := p.e.Connectors(p.t.Context())
		return err == nil && len(info.Connections) == 1 && info.Connections[0].Open && p.button("Test and connect") == nil
	})
}

// Connecting what was found at home takes at most three clicks and one secret,
// and nothing else is typed.
func TestAFoundConnectorTakesThreeClicksAndOneSecret(t *testing.T) {
	h := &hours{}
	peer := connectortest.NewPeer(h.right)
	seen := bell(discovery.Service{Type: "_homebox._tcp", Instance: "Home box", Host: "box.local", Port: 8080})
	s := open(t, t.TempDir(), h, sights{seen}, announced{peer.Connector()})
	p := &person{stage: s}
	p.connectFound("Home box", "clicks")
	t.Logf("figure: %d clicks, %d secret, %d other words", p.clicks, p.secrets, p.words)
	if p.clicks > clicksMost || p.secrets > secretsMost || p.words > 0 {
		t.Errorf("%d clicks, %d secrets and %d other words; at most %d, %d and none are promised", p.clicks, p.secrets, p.words, clicksMost, secretsMost)
	}
	s.until("it is no longer offered", func() bool { return !s.shows("announces itself as") })
}

// The twin: what did not announce itself must be looked for and typed, which the same count shows.
func TestAConnectorThatWasNotFoundTakesMore(t *testing.T) {
	h := &hours{}
	peer := connectortest.NewPeer(h.right)
	s := open(t, t.TempDir(), h, sights{bell()}, announced{peer.Connector()})
	p := &person{stage: s}
	s.at(view.Route{Page: view.PageHome}, "device")
	p.clickPage("Connectors")
	s.until("the kind is offered", func() bool { return s.button("Connect") != nil })
	p.clickButton("Connect")
	s.until("its form is open", func() bool { return s.button("Test and connect") != nil })
	p.fill("correct horse")
	if p.words == 0 {
		t.Error("nothing had to be typed; the count shows nothing")
	}
	p.clickButton("Test and connect")
	s.until("it says what is missing", func() bool { return s.shows("It did not work:") })
}
